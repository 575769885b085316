"""The texts of HTTP that pact compares: paths, query strings and header values, split the same on both sides."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

# Headers whose string value is a list; every other value keeps its commas (dates, cookies, user agents).
LIST_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-expose-headers",
        "access-control-request-headers",
        "allow",
        "cache-control",
        "if-match",
        "if-none-match",
        "vary",
    }
)


# Headers that belong to one connection, or that the server computes from what it really sends.
NOT_REPLAYED = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def is_token(text: str) -> bool:
    """Whether a text can be a method or a header name (RFC 9110 section 5.6.2)."""
    return _TOKEN.fullmatch(text) is not None


_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def is_sendable_value(text: str) -> bool:
    """Whether a text can be a header value as it is."""
    return _CONTROL.search(text) is None and not any("\ud800" <= char <= "\udfff" for char in text)


def percent_decoded(text: str) -> str:
    """Decode percent escapes; invalid ones stay, bytes that are not UTF-8 stay distinct from each other."""
    if "%" not in text:
        return text
    return unquote_to_bytes(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogateescape")


# Stands for a slash that was percent-encoded. Decoding yields lone surrogates only from U+DC80 on, so no path holds it.
_ENCODED_SLASH = "\udc2f"


def canonical_path(path: str) -> str:
    """The key under which two paths are the same: equal segment by segment after percent-decoding.

    `/a%20b` and `/a b` agree; `/a%2Fb` and `/a/b` do not. Nothing else is normalised.
    """
    if "%" not in path:
        return path
    return "/".join(percent_decoded(segment).replace("/", _ENCODED_SLASH) for segment in path.split("/"))


def parse_query(text: str) -> dict[str, list[str | None]]:
    """Split a query string: names in order of appearance, all values of a name in order, None where `=` is missing.

    An empty piece (`a=1&&b=2`, a trailing `&`) counts for nothing; `+` is a blank.
    """
    query: dict[str, list[str | None]] = {}
    for piece in text.split("&"):
        if piece:
            name, equals, value = piece.partition("=")
            values = query.setdefault(_query_decoded(name), [])
            values.append(_query_decoded(value) if equals else None)
    return query


def _query_decoded(text: str) -> str:
    return percent_decoded(text.replace("+", " "))


def split_header(name: str, value: str) -> list[str]:
    """The values of one header line; `name` is lower case. Only list headers are split at commas."""
    return [item.strip() for item in value.split(",")] if name in LIST_HEADERS else [value.strip()]


def squeezed(values: list[str]) -> list[str]:
    """The values of a header as they would be on one line, split at every comma."""
    return [item.strip() for item in ",".join(values).split(",")]


def encoded(text: str) -> bytes:
    """A text as UTF-8; bytes that were not UTF-8 when they were decoded are themselves again."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def base64_decoded(text: str) -> bytes | None:
    """What a text says in base64 (blanks and line breaks are skipped); None when it is not base64."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
