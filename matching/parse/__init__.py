"""Pact documents, V1 to V4 with every legacy spelling, read into `matching.model`. Nothing is normalised elsewhere."""

from matching.parse.document import Draft, parse_document, parse_pact, read_document

__all__ = ["Draft", "parse_document", "parse_pact", "read_document"]
