"""Where pacts come from. Each source yields documents and knows no other room."""
