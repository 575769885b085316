"""A hosted stub server for Pact contracts."""

__version__ = "0.1.0"
