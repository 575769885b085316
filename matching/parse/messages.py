"""Messages of V3 and V4: their contents, metadata, rules and generators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from matching.json_text import text_of
from matching.model import Body, HeaderValues, MessageContent, Role
from matching.parse.http import parse_body, parse_body_envelope
from matching.parse.report import Report
from matching.parse.rules import parse_generators, parse_rules


def parse_v3_message(entry: Mapping[str, Any], report: Report) -> Iterator[MessageContent]:
    """An entry of `messages`: `contents` is any JSON value, its type stands in the metadata."""
    metadata = _metadata(entry, report)
    body = parse_body({"body": entry["contents"]} if "contents" in entry else {}, _type_header(metadata))
    yield _content(Role.MESSAGE, entry, body, metadata, report)


def parse_message(entry: Mapping[str, Any], report: Report) -> Iterator[MessageContent]:
    """An `Asynchronous/Messages` interaction of V4."""
    yield _v4_content(Role.MESSAGE, entry, report)


def parse_synchronous_message(entry: Mapping[str, Any], report: Report) -> Iterator[MessageContent]:
    """A `Synchronous/Messages` interaction of V4: a request and the responses to it."""
    for role in (Role.REQUEST, Role.RESPONSE):
        value = entry.get(role.value)
        contents = value if isinstance(value, list) else [] if value is None else [value]
        for index, content in enumerate(contents):
            at = report.at(role.value, index) if isinstance(value, list) else report.at(role.value)
            if isinstance(content, dict):
                yield _v4_content(role, content, at)
            else:
                at.warn("is not an object; the message is set aside", "write an object with contents and metadata")


def _v4_content(role: Role, entry: Mapping[str, Any], report: Report) -> MessageContent:
    metadata = _metadata(entry, report)
    document = {"body": entry["contents"]} if "contents" in entry else {}
    body = parse_body_envelope(document, _type_header(metadata), report.at("contents"))
    return _content(role, entry, body, metadata, report)


def _content(
    role: Role, entry: Mapping[str, Any], body: Body, metadata: Mapping[str, Any], report: Report
) -> MessageContent:
    return MessageContent(role, body, metadata, parse_rules(entry, report), parse_generators(entry, report))


def _metadata(entry: Mapping[str, Any], report: Report) -> Mapping[str, Any]:
    for name in ("metadata", "metaData"):
        value = entry.get(name)
        if isinstance(value, dict):
            return value
        if value is not None:
            report.at(name).warn("is not an object; it is set aside", "write names and values")
    return {}


def _type_header(metadata: Mapping[str, Any]) -> HeaderValues:
    for name, value in metadata.items():
        if name.lower() in ("contenttype", "content-type"):
            return (("Content-Type", (text_of(value),)),)
    return ()
