"""Query, headers and bodies as documents spell them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matching.content_types import (
    GRAPHQL,
    JSON,
    ContentType,
    Kind,
    codec_of,
    detect_content_type,
    parse_content_type,
    xml_codec,
)
from matching.http_text import base64_decoded, parse_query, split_header
from matching.json_text import JsonError, dump_json, exactly, parse_json, text_of
from matching.model import MISSING_BODY, NULL_BODY, Body, BodyState, HeaderValues, QueryParameters
from matching.parse.report import Report


def parse_query_parameters(value: Any, report: Report) -> QueryParameters:
    """The recorded query: a string as on the wire, or an object of names to values."""
    if value is None:
        return {}
    if isinstance(value, str):
        return {name: tuple(values) for name, values in parse_query(value.removeprefix("?")).items()}
    if not isinstance(value, dict):
        report.warn("the query is neither a text nor an object; none is expected", 'write {"name": ["value"]}')
        return {}
    return {name: _parameter_values(values, report.at(name)) for name, values in value.items()}


def _parameter_values(value: Any, report: Report) -> tuple[str | None, ...]:
    if isinstance(value, list):
        if not value:
            report.warn("the parameter has no values, so no request can match", "list its values, or leave it out")
        return tuple(None if item is None else text_of(item) for item in value)
    return (None if value is None else text_of(value),)


def parse_headers(value: Any, report: Report) -> HeaderValues:
    """The recorded headers: names to a value or a list of values. List headers are split at commas."""
    if value is None:
        return ()
    if not isinstance(value, dict):
        report.warn("the headers are not an object; none are expected", 'write {"Name": "value"}')
        return ()
    return tuple((name.strip(), tuple(_header_values(name, values))) for name, values in value.items())


def _header_values(name: str, value: Any) -> list[str]:
    if isinstance(value, list):
        return [text_of(item).strip() for item in value]
    return split_header(name.strip().lower(), text_of(value))


def header_of(headers: HeaderValues, name: str) -> str | None:
    """The first value of a recorded header; `name` is lower case."""
    return next((values[0] for header, values in headers if header.lower() == name and values), None)


def parse_body(document: Mapping[str, Any], headers: HeaderValues) -> Body:
    """A V1 to V3 body: any JSON value beside the headers that tell its type."""
    if "body" not in document:
        return MISSING_BODY
    value = document["body"]
    if value is None:
        return NULL_BODY
    declared = _declared_type(headers)
    if value == "" and isinstance(value, str):
        return Body(BodyState.EMPTY, b"", declared)
    if not isinstance(value, str):
        return Body(BodyState.PRESENT, exactly(dump_json(value)), declared or JSON)
    content = _text_content(value, declared)
    return Body(BodyState.PRESENT, content, declared or detect_content_type(content))


def _declared_type(headers: HeaderValues) -> ContentType | None:
    header = header_of(headers, "content-type")
    return parse_content_type(header) if header else None


def _text_content(text: str, declared: ContentType | None) -> bytes:
    content = text.encode("utf-8", "surrogatepass")
    if declared is None or declared.kind in (Kind.TEXT, Kind.XML, Kind.FORM):
        return _in_charset(text, content, declared)
    if declared.kind is Kind.JSON:
        # Some writers record JSON as text, others record a JSON string as itself. Objects and quoted strings are
        # taken as the former, as the reference does.
        try:
            verbatim = isinstance(parse_json(content), (dict, str))
        except JsonError:
            verbatim = declared.essence == GRAPHQL
        return content if verbatim else dump_json(text)
    decoded = base64_decoded(text)
    return content if decoded is None else decoded


def _in_charset(text: str, utf8: bytes, declared: ContentType | None) -> bytes:
    """Recorded text as bytes of the charset that its type (or an XML declaration) names, where it can be written so."""
    codec = codec_of(declared)
    if codec is None and declared is not None and declared.kind is Kind.XML:
        codec = xml_codec(text)
    try:
        return utf8 if codec is None or codec == "utf-8" else text.encode(codec)
    except UnicodeEncodeError:
        return utf8


_ENVELOPE = {"content", "contentType", "contentTypeHint", "encoded"}


def is_body_missing(document: Mapping[str, Any], *, envelope: bool) -> bool:
    """Whether no body is recorded; with `envelope`, as V4 writes bodies."""
    if "body" not in document:
        return True
    value = document["body"]
    return envelope and isinstance(value, dict) and "content" not in value and set(value) <= _ENVELOPE


def parse_body_envelope(document: Mapping[str, Any], headers: HeaderValues, report: Report) -> Body:
    """A V4 body: `{"content": …, "contentType": …, "encoded": …}`."""
    if is_body_missing(document, envelope=True):
        return MISSING_BODY
    envelope = document["body"]
    if envelope is None:
        return NULL_BODY
    if not isinstance(envelope, dict) or "content" not in envelope:
        return parse_body(document, headers)  # no envelope: the whole value is the body
    value = envelope["content"]
    if value is None:
        return NULL_BODY
    given = envelope.get("contentType")
    declared = parse_content_type(given) if isinstance(given, str) else None
    by_header = _declared_type(headers)
    if declared is None or (by_header is not None and by_header.essence == declared.essence):
        declared = by_header  # where both say the same type, the header knows which parameters a request carries
    content = _envelope_content(value, envelope.get("encoded"), declared, report)
    if not content:
        return Body(BodyState.EMPTY, b"", declared)
    return Body(BodyState.PRESENT, content, declared or _detected(value, content))


def _detected(value: Any, content: bytes) -> ContentType | None:
    return detect_content_type(content) if isinstance(value, str) else JSON


def _envelope_content(value: Any, encoded: Any, declared: ContentType | None, report: Report) -> bytes:
    if not isinstance(value, str):
        return exactly(dump_json(value))
    text = value.encode("utf-8", "surrogatepass")
    if encoded is None or encoded is False:
        if value and declared is not None and declared.essence == GRAPHQL:
            return _text_content(value, declared)
        if value and declared is not None and declared.kind is Kind.JSON:
            return dump_json(value)
        textual = declared is not None and declared.kind in (Kind.TEXT, Kind.XML, Kind.FORM)
        return _in_charset(value, text, declared) if textual else text
    encoding = encoded.lower() if isinstance(encoded, str) else encoded
    if encoding == "base64":
        decoded = base64_decoded(value)
        if decoded is None:
            report.at("content").warn(
                "is not base64; the text is used as it is", 'correct the content, or set "encoded" to false'
            )
            return text
        return decoded
    if encoding is not True and encoding != "json":
        report.at("encoded").warn(
            f"the encoding {text_of(encoded)!r} is not known; the text is used as it is",
            "use false, true, base64 or json",
        )
    return text
