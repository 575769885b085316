"""What a source yields: a document, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from stubserver.errors import SourceError


@dataclass(frozen=True, slots=True)
class PactDocument:
    """The bytes of one document and where they came from (a path or a URL without credentials)."""

    origin: str
    content: bytes


@dataclass(frozen=True, slots=True)
class FailedDocument:
    """A document that could not be read."""

    origin: str
    error: SourceError


Yielded = PactDocument | FailedDocument

MAX_DOCUMENT_BYTES = 64 << 20
