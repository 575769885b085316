"""The request as matching sees it: raw parts given once, everything derived at most once and only when asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from matching.content_types import ContentType, codec_of, decoded_text, detect_content_type, parse_content_type
from matching.http_text import encoded, parse_query, percent_decoded, split_header
from matching.json_text import JsonError, parse_json
from matching.multipart_text import BodyPart, MultipartError, parse_multipart
from matching.xml_text import Element, XmlError, parse_xml

_BOM = b"\xef\xbb\xbf"
_UTF8 = (None, "utf-8", "ascii")


class Headers:
    """The headers of a request: their lines, and their values by name."""

    __slots__ = ()

    @property
    def lines(self) -> Iterable[tuple[str, str]]:
        """The lines in their order, names in any case."""
        raise NotImplementedError

    def get(self, name: str) -> list[str] | None:
        """The values of a header (its name in lower case), list headers split, lines in order; None without any."""
        raise NotImplementedError


class HeaderLines(Headers):
    """Headers that are given as lines."""

    __slots__ = ("_by_name", "_lines")

    def __init__(self, lines: Iterable[tuple[str, str]]) -> None:
        """`lines` may be iterated more than once."""
        self._lines = lines
        self._by_name: dict[str, list[str]] | None = None

    @property
    def lines(self) -> Iterable[tuple[str, str]]:
        return self._lines

    def get(self, name: str) -> list[str] | None:
        if self._by_name is None:
            self._by_name = {}
            for given, value in self._lines:
                folded = given.lower()
                self._by_name.setdefault(folded, []).extend(split_header(folded, value))
        return self._by_name.get(name)


class Request:
    """One request from the wire.

    `method` is upper case, `path` raw (still percent-encoded), `query` the raw text after `?`, `headers` the lines in
    order with names in any case, or `Headers`, `body` the decoded entity. Malformed content never raises: see `json`.
    """

    # Derived when asked for. Most requests ask for few of these, so making one does not set them.
    _decoded_path: str | None = None
    _query: dict[str, list[str | None]] | None = None
    _text: str | None = None
    _declared: tuple[str | None] | None = None
    _type: tuple[ContentType | None] | None = None
    _json: tuple[Any, str | None] | None = None
    _xml: tuple[Element | None, str | None] | None = None
    _form: dict[str, list[str | None]] | None = None
    _parts: tuple[list[BodyPart], str | None] | None = None

    def __init__(
        self,
        method: str,
        path: str,
        query: str = "",
        headers: Iterable[tuple[str, str]] | Headers = (),
        body: bytes = b"",
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers if isinstance(headers, Headers) else HeaderLines(headers)
        self.body = body

    @property
    def header_lines(self) -> Iterable[tuple[str, str]]:
        """The header lines in their order."""
        return self.headers.lines

    def with_method(self, method: str) -> Request:
        """The same request with another method."""
        return Request(method, self.path, self.query, self.headers, self.body)

    @property
    def decoded_path(self) -> str:
        """The path with percent escapes decoded."""
        if self._decoded_path is None:
            self._decoded_path = percent_decoded(self.path)
        return self._decoded_path

    @property
    def parameters(self) -> dict[str, list[str | None]]:
        """The query parameters by name."""
        if self._query is None:
            self._query = parse_query(self.query) if self.query else {}
        return self._query

    @property
    def declared_type(self) -> str | None:
        """What the Content-Type header says."""
        if self._declared is None:
            given = self.headers.get("content-type")
            self._declared = (given[0] if given else None,)
        return self._declared[0]

    @property
    def content_type(self) -> ContentType | None:
        """What the Content-Type header says; without one (or with an unreadable one), what the body looks like."""
        if self._type is None:
            declared = self.declared_type
            content_type = parse_content_type(declared) if declared else None
            self._type = (content_type or detect_content_type(self.body, holds_json=lambda: self.json[1] is None),)
        return self._type[0]

    @property
    def charset(self) -> str | None:
        """The codec that the Content-Type header names, where it names one that is known."""
        declared = self.declared_type
        return codec_of(parse_content_type(declared)) if declared and ";" in declared else None

    @property
    def text(self) -> str:
        """The body as text; bytes that are not in its charset stay distinct from each other."""
        if self._text is None:
            self._text = decoded_text(self.body, self.charset)
        return self._text

    @property
    def json(self) -> tuple[Any, str | None]:
        """(the body as a JSON value, None), or (None, why it is not JSON)."""
        if self._json is None:
            content = self.body
            if self.charset not in _UTF8:
                content = encoded(self.text)
            try:
                self._json = (parse_json(content), None)
            except JsonError as error:
                self._json = self._without_bom(content) or (None, str(error))
        return self._json

    @staticmethod
    def _without_bom(content: bytes) -> tuple[Any, None] | None:
        """What some writers put before JSON is passed over, where it is the only thing wrong."""
        if content.startswith(_BOM):
            with contextlib.suppress(JsonError):
                return parse_json(content.removeprefix(_BOM)), None
        return None

    @property
    def xml(self) -> tuple[Element | None, str | None]:
        """(the root element of the body, None), or (None, why it is not XML)."""
        if self._xml is None:
            try:
                self._xml = (parse_xml(self.body, self.charset), None)
            except XmlError as error:
                self._xml = (None, str(error))
        return self._xml

    @property
    def form(self) -> dict[str, list[str | None]]:
        """The fields of a form by name."""
        if self._form is None:
            self._form = parse_query(self.text)
        return self._form

    @property
    def parts(self) -> tuple[list[BodyPart], str | None]:
        """(the parts of a multipart body, None), or ([], why it is none)."""
        if self._parts is None:
            boundary = self.content_type.param("boundary") if self.content_type else None
            try:
                self._parts = (parse_multipart(self.body, boundary), None)
            except MultipartError as error:
                self._parts = ([], str(error))
        return self._parts
