"""Media types: parsing, kinds of comparison, detection from bytes, and when two of them agree."""

from __future__ import annotations

import codecs
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from matching.http_text import is_sendable_value, is_token
from matching.json_text import JsonError, parse_json


class Kind(Enum):
    """How a body of some content type is compared."""

    JSON = "JSON"
    XML = "XML"
    FORM = "form"
    MULTIPART = "multipart"
    TEXT = "text"
    BINARY = "binary"


@dataclass(frozen=True, slots=True)
class ContentType:
    """A parsed media type. `type` and `subtype` are lower case; `params` keeps its order, names lower case."""

    type: str
    subtype: str
    params: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return "; ".join([self.essence, *(f"{name}={value}" for name, value in self.params)])

    @property
    def essence(self) -> str:
        """The media type without parameters."""
        return f"{self.type}/{self.subtype}"

    @property
    def suffix_base(self) -> str | None:
        """`application/json` for `application/hal+json`; None when there is no suffix."""
        _, plus, suffix = self.subtype.rpartition("+")
        return f"{self.type}/{suffix}" if plus else None

    def param(self, name: str) -> str | None:
        """A parameter, if it is there; `name` is lower case."""
        return next((value for param, value in self.params if param == name), None)

    @property
    def kind(self) -> Kind:
        """How bodies of this type are compared."""
        base, subtype = self.type, self.subtype
        if subtype.endswith("+json") or (base in ("application", "text") and re.match(r"(x-)?json|graphql$", subtype)):
            return Kind.JSON
        if subtype.endswith("+xml") or (base in ("application", "text") and subtype == "xml"):
            return Kind.XML
        if self.essence == "application/x-www-form-urlencoded":
            return Kind.FORM
        if base == "multipart":
            return Kind.MULTIPART
        if base in ("audio", "font", "image", "video"):
            return Kind.BINARY
        if base == "application" and subtype not in _TEXTUAL_APPLICATION_TYPES:
            return Kind.BINARY
        return Kind.TEXT


# Codecs that a message may choose. Python has others, some of which take quadratic time.
_CODEC = re.compile(r"(us-)?ascii|utf-?(8|16|32)([-_]?[lb]e)?|iso-8859-[0-9]{1,2}|latin-?1|(windows-|cp)125[0-8]")


def codec_of(content_type: ContentType | None) -> str | None:
    """The codec that the `charset` parameter names; None when there is none, or none that is known."""
    charset = content_type.param("charset") if content_type is not None and content_type.params else None
    return None if charset is None or len(charset) > _LONGEST_KEPT else _codec(charset)


@functools.lru_cache(maxsize=256)
def _codec(charset: str) -> str | None:
    if not _CODEC.fullmatch(charset.lower()):
        return None
    try:
        return codecs.lookup(charset).name
    except LookupError:
        return None


_XML_ENCODING = re.compile(r"""\s*<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]+)["']""")


def xml_codec(head: str) -> str | None:
    """The codec that an XML declaration at the beginning of a text names, where it names one that is known."""
    found = _XML_ENCODING.match(head)
    return None if found is None else codec_of(ContentType("text", "xml", (("charset", found[1]),)))


def decoded_text(content: bytes, codec: str | None) -> str:
    """Bytes as text; what is not in the codec is read as UTF-8, and what is not that stays distinct."""
    if codec is not None and codec != "utf-8":
        try:
            return content.decode(codec)
        except UnicodeDecodeError:
            pass
    return content.decode("utf-8", "surrogateescape")


# Application types that people read and write as text.
_TEXTUAL_APPLICATION_TYPES = frozenset(
    {"javascript", "ecmascript", "x-javascript", "yaml", "x-yaml", "toml", "sql", "x-sh", "x-ndjson", "jwt"}
)

JSON = ContentType("application", "json")
GRAPHQL = "application/graphql"  # its bodies are JSON by custom, or documents of GraphQL
XML = ContentType("application", "xml")
HTML = ContentType("text", "html")
PLAIN_TEXT = ContentType("text", "plain")


_LONGEST_KEPT = 200  # characters of a value that may be remembered; requests bring others, each different


def parse_content_type(text: str) -> ContentType | None:
    """Parse a `Content-Type` value; None when it is not a media type."""
    return _parsed(text) if len(text) <= _LONGEST_KEPT else _parsed.__wrapped__(text)


@functools.lru_cache(maxsize=1024)
def _parsed(text: str) -> ContentType | None:
    essence, *rest = text.split(";")
    base, slash, subtype = essence.strip().lower().partition("/")
    if not slash or not is_token(base) or not is_token(subtype) or not is_sendable_value(text):
        return None
    return ContentType(base, subtype, tuple(parse_parameters(rest)))


def parse_parameters(pieces: list[str]) -> list[tuple[str, str]]:
    """`["charset=utf-8", " q=1"]` to pairs; names lower case, values unquoted."""
    params = []
    for piece in pieces:
        name, equals, value = piece.strip().partition("=")
        if equals:
            params.append((name.strip().lower(), value.strip().strip('"')))
    return params


_XML_DECLARATION = re.compile(rb"\s*<\?xml\b")
_HTML = re.compile(rb"\s*<(!doctype|html)\b", re.IGNORECASE)
_XML_ELEMENT = re.compile(rb"\s*<\w+")
_JSON_START = re.compile(rb'\s*([{\["]|-?\d|true\b|false\b|null\b)')
_DETECTION_WINDOW = 256


def detect_content_type(content: bytes, *, holds_json: Callable[[], bool] | None = None) -> ContentType | None:
    """Guess the media type of bytes that came without one; None when they are not even text.

    `holds_json` tells whether the bytes parse as JSON, for a caller that parses them anyway.
    """
    head = content[:_DETECTION_WINDOW]
    if _XML_DECLARATION.match(head):
        return XML
    if _HTML.match(head):
        return HTML
    if _XML_ELEMENT.match(head):
        return XML
    if _JSON_START.match(head) and (holds_json() if holds_json is not None else _is_json(content)):
        return JSON
    try:
        content.decode()
    except UnicodeDecodeError:
        return None
    return PLAIN_TEXT


def _is_json(content: bytes) -> bool:
    try:
        parse_json(content)
    except JsonError:
        return False
    return True


def agrees(expected: ContentType | None, actual: ContentType | None) -> bool:
    """Whether a body of type `actual` may stand where `expected` is recorded.

    An unknown side agrees with everything; `text/xml` is `application/xml`; parameters count only when the
    expected type has some (the multipart boundary never: it differs on every call); and
    `application/hal+json` may stand for `application/json`, not the other way round.
    """
    if expected is None or actual is None or expected is actual:
        return True
    if expected.kind is Kind.MULTIPART and actual.kind is Kind.MULTIPART:
        return expected.essence == actual.essence
    if _unaliased(expected) != _unaliased(actual) and actual.suffix_base != expected.essence:
        return False
    return not expected.params or _params(expected) == _params(actual)


def _unaliased(content_type: ContentType) -> str:
    return "application/xml" if content_type.essence == "text/xml" else content_type.essence


def _params(content_type: ContentType) -> set[tuple[str, str]]:
    return {(name, value.lower()) for name, value in content_type.params}
