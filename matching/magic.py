"""Whether content is what a media type says, told by the marks that content of that type begins with."""

from __future__ import annotations

import re

import puremagic

from matching.content_types import ContentType, Kind, detect_content_type

_HEAD = 64 << 10  # bytes that are looked at; the marks of archives and images stand at the beginning

# Different names of one type, each with the name used here.
_ALIASES = {
    "application/x-gzip": "application/gzip",
    "application/x-zip": "application/zip",
    "application/x-zip-compressed": "application/zip",
    "application/x-pdf": "application/pdf",
    "application/x-javascript": "text/javascript",
    "application/javascript": "text/javascript",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/mp3": "audio/mpeg",
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-bmp": "image/bmp",
    "image/x-ms-bmp": "image/bmp",
    "image/vnd.microsoft.icon": "image/x-icon",
    "text/json": "application/json",
    "text/xml": "application/xml",
}


# What content in one of these containers is cannot be told from its beginning.
_CONTAINERS: tuple[tuple[bytes, re.Pattern[str]], ...] = (
    (b"PK\x03\x04", re.compile(r"application/(zip|.*\+zip|epub.*|java-archive|vnd\.(openxmlformats|oasis|ms-).*)")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", re.compile(r"application/(msword|vnd\.(ms-|visio).*|x-ole-storage)")),
)


def looks_like(content: bytes, expected: ContentType) -> bool:
    """Whether bytes may be content of the expected type.

    Content without marks is text when it is UTF-8; text of one kind cannot be told from text of another, except that
    JSON and XML have to be what they say, and HTML has to begin with a tag. Everything is an octet stream.
    """
    wanted = _known(expected.essence)
    if wanted == "application/octet-stream":
        return True
    text = _text_type(content)
    if expected.kind is Kind.JSON:
        return text is not None and text.kind is Kind.JSON
    if expected.kind is Kind.XML:
        return text is not None and text.kind is Kind.XML
    if wanted in _by_marks(content):
        return True
    if any(content.startswith(mark) and types.fullmatch(wanted) for mark, types in _CONTAINERS):
        return True
    if text is None:
        return False
    if wanted == "text/html":
        return text.essence == wanted or (text.kind is Kind.XML and not content.lstrip().startswith(b"<?xml"))
    return text.essence == wanted or expected.kind in (Kind.TEXT, Kind.FORM)


def described(content: bytes) -> str:
    """What content looks like, in words."""
    text = _text_type(content)
    if text is not None and text.essence != "text/plain":
        return str(text)
    return min(_by_marks(content), default="text/plain" if text is not None else "content of no known type")


def _text_type(content: bytes) -> ContentType | None:
    """The type of content that is text; a NUL is in none."""
    return None if b"\0" in content[:_HEAD] else detect_content_type(content)


def _known(essence: str) -> str:
    return _ALIASES.get(essence, essence)


def _by_marks(content: bytes) -> set[str]:
    """The media types whose marks the content has, those with the longest marks only."""
    try:
        found = puremagic.magic_string(content[:_HEAD])
    except (puremagic.PureError, ValueError):
        return set()
    best = max((match.confidence for match in found), default=0)
    return {_known(match.mime_type.lower()) for match in found if match.mime_type and match.confidence == best}
