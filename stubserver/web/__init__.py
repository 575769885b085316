"""The HTTP surface: the stub door, which answers for the pacts, and the control door under one reserved prefix."""
