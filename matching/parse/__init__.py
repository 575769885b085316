"""Pact documents, V1 to V4 with every legacy spelling, read into `matching.model`. Nothing is normalised elsewhere."""

from matching.parse.document import parse_pact

__all__ = ["parse_pact"]
