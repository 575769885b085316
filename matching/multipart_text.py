"""Multipart bodies to their parts."""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from matching.content_types import ContentType, codec_of, parse_content_type
from matching.http_text import base64_decoded

_MOST_HEADERS = 100  # of a part
_LONGEST_HEADER = 16 << 10  # bytes
_LONGEST_FIRST_LINE = 300  # bytes that are searched for a boundary nobody named
MAX_PARTS = 10_000  # parts of a body that are compared
_DISPOSITION = "content-disposition"
_FIRST_LINE = re.compile(rb"\s*--([^\r\n]{1,200}?)[ \t]*\r?\n")


class MultipartError(ValueError):
    """Bytes that are not a multipart body; the message says why."""


@dataclass(slots=True)
class BodyPart:
    """One part. `headers` have lower-case names; `content` has its transfer encoding undone. `nested` is for whoever
    compares the content as a body of its own to keep what was made of it.
    """

    name: str | None
    filename: str | None
    headers: Mapping[str, str]
    content: bytes
    nested: Any = None

    @property
    def content_type(self) -> ContentType | None:
        """What the part's own Content-Type says."""
        given = self.headers.get("content-type")
        return parse_content_type(given) if given else None


def parse_multipart(content: bytes, boundary: str | None) -> list[BodyPart]:
    """The parts in their order. Without a boundary, the first line tells it. Raises MultipartError."""
    mark = _boundary(content, boundary)
    if b"\r\n" not in content:  # written by hand, in a pact
        content = content.replace(b"\n", b"\r\n")
    if b"--" + mark + b" " in content or b"--" + mark + b"\t" in content:  # blanks that fill up a line
        content = re.sub(rb"(?m)^(--" + re.escape(mark) + rb"(?:--)?)[ \t]+\r\n", rb"\1\r\n", content)
    start = content.find(b"--" + mark)
    if start < 0:
        raise MultipartError(f"the boundary {mark.decode('utf-8', 'replace')!r} does not occur")
    collector = _Collector()
    try:
        parser = MultipartParser(
            mark,
            collector.callbacks(),  # type: ignore[arg-type]
            max_header_count=_MOST_HEADERS,
            max_header_size=_LONGEST_HEADER,
        )
        parser.logger = _Silence()  # type: ignore[assignment]
        parser.write(content[start:])
        parser.finalize()
    except (FormParserError, ValueError) as error:
        raise MultipartError(str(error)) from None
    if not collector.is_complete:
        raise MultipartError("it ends before its last boundary")
    return collector.parts


def _boundary(content: bytes, boundary: str | None) -> bytes:
    if boundary:
        return boundary.encode("utf-8", "surrogateescape")
    first = _FIRST_LINE.match(content[:_LONGEST_FIRST_LINE])
    if first is None:
        raise MultipartError("its Content-Type names no boundary")
    return first[1]


class _Silence:
    """What the parser logs to: what is wrong with a body is told in a mismatch."""

    def __getattr__(self, level: str) -> Callable[..., None]:
        return lambda *_, **__: None


class _Collector:
    """Takes what the parser finds and makes parts of it."""

    def __init__(self) -> None:
        self.parts: list[BodyPart] = []
        self.is_complete = False
        self._headers: dict[str, str] = {}
        self._name = bytearray()
        self._value = bytearray()
        self._content = bytearray()

    def callbacks(self) -> Mapping[str, object]:
        """The parser's events, by the names that it gives them."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_part_data": lambda data, start, end: self._content.extend(data[start:end]),
            "on_part_end": self._end,
            "on_end": self._complete,
        }

    def _begin(self) -> None:
        if len(self.parts) >= MAX_PARTS:
            raise MultipartError(f"more than {MAX_PARTS:,} parts are not compared")
        self._headers = {}
        self._content = bytearray()

    def _end_header(self) -> None:
        name = self._name.decode("utf-8", "surrogateescape").strip().lower()
        self._headers[name] = self._value.decode("utf-8", "surrogateescape").strip()
        self._name.clear()
        self._value.clear()

    def _end(self) -> None:
        disposition = self._headers.get(_DISPOSITION, "")
        _, options = parse_options_header(disposition.encode("utf-8", "surrogateescape"))
        self.parts.append(
            BodyPart(
                _option(disposition, options, "name"),
                _option(disposition, options, "filename"),
                self._headers,
                _transferred(bytes(self._content), self._headers.get("content-transfer-encoding", "")),
            )
        )

    def _complete(self) -> None:
        self.is_complete = True


def _option(disposition: str, options: Mapping[bytes, bytes], name: str) -> str | None:
    """A parameter of a part's disposition, also in the extended form of RFC 5987 (`name*=UTF-8''%c3%a9`)."""
    if name.encode() in options:
        return options[name.encode()].decode("utf-8", "surrogateescape")
    extended = re.search(rf";\s*{name}\*\s*=\s*([\w.-]*)'[\w-]*'([^;\s]*)", disposition, re.IGNORECASE)
    if extended is None:
        return None
    codec = codec_of(ContentType("text", "plain", (("charset", extended[1]),)))
    return unquote(extended[2], codec or "utf-8", "replace")


def _transferred(content: bytes, encoding: str) -> bytes:
    """The content with its transfer encoding undone, where it has the one that it says."""
    if encoding.lower() == "base64":
        decoded = base64_decoded(content.decode("latin-1"))
        return content if decoded is None else decoded
    if encoding.lower() == "quoted-printable":
        try:
            return quopri.decodestring(content)
        except (binascii.Error, ValueError):
            return content
    return content
