"""The Pact Broker API, as real clients use it: publishing, reading, verifying, environments, tokens, audit."""
