"""The recorded request as it would come over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from matching.http_text import LIST_HEADERS, NOT_REPLAYED
from matching.model import ExampleRequest, QueryParameters
from matching.request import Request

_PATH_CHARACTERS = "/%:@!$&'()*+,;=~-._"
_QUERY_CHARACTERS = "/:@!$'()*,;~-._"


def example_request(example: ExampleRequest) -> Request:
    """The recorded request: path and query percent-encoded, header lists as one line, a Content-Type beside a body."""
    lines = list(_header_lines(example))
    if example.body.content and example.body.content_type and not any(n.lower() == "content-type" for n, _ in lines):
        lines.append(("Content-Type", str(example.body.content_type)))
    path = quote(example.path, _PATH_CHARACTERS, errors="surrogatepass")
    return Request(example.method, path, encode_query(example.query), lines, example.body.content)


def _header_lines(example: ExampleRequest) -> Iterator[tuple[str, str]]:
    for name, values in example.headers:
        if name.lower() in NOT_REPLAYED:
            continue  # whoever sends the request knows how
        if name.lower() in LIST_HEADERS and values:
            yield name, ", ".join(values)
        else:
            yield from ((name, value) for value in values)


def encode_query(query: QueryParameters) -> str:
    """Parameters as a query string; a value None is a name without `=`."""
    pieces: list[str] = []
    for name, values in query.items():
        encoded = _quoted(name)
        pieces.extend(encoded if value is None else f"{encoded}={_quoted(value)}" for value in values)
    return "&".join(pieces)


def _quoted(text: str) -> str:
    """A name or value as it stands in a query; bytes that are no UTF-8 as they were read."""
    try:
        return quote(text, _QUERY_CHARACTERS, errors="surrogateescape")
    except UnicodeEncodeError:
        return quote(text, _QUERY_CHARACTERS, errors="surrogatepass")
