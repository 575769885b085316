"""Cases put without what some difference is about: one function for each, None when there is nothing to change.

What is changed is changed on both sides alike, so that for our core the case stays what it was.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote, unquote_to_bytes

from matching.http_text import parse_query
from tests.oracle.cases import Case, Recorded, Sent, all_matchers, recorded_body

Changed = tuple[Case, Sent] | None


def changed_case(case: Case, sent: Sent, recorded: Recorded | None, other: Sent | None) -> Changed:
    """The case with another recorded request or another one sent; None when both are what they were."""
    recorded, other = recorded or case.recorded, other or sent
    if recorded == case.recorded and other == sent:
        return None
    return replace(case, recorded=recorded, sent=(other,)), other


# Path


def decoded_path(case: Case, sent: Sent) -> Changed:
    ruled = any(key in ("path", "$.path") for key in case.recorded.get("matchingRules") or {})
    if ruled:
        return changed_case(case, sent, None, replace(sent, path=quote(unquote(sent.path), safe=_SAFE)))
    recorded = case.recorded | {"path": _respelled(case.recorded["path"])}
    return changed_case(case, sent, recorded, replace(sent, path=_respelled(sent.path)))


_SAFE = "/;=:~()@!$&'*+,"


def _respelled(path: str) -> str:
    return "/".join(quote(unquote_to_bytes(segment), safe=_SAFE[1:]) for segment in path.split("/"))


# Headers


def _ruled_headers(case: Case) -> set[str]:
    rules = case.recorded.get("matchingRules") or {}
    flat = {key.split(".", 2)[2].lower() for key in rules if key.startswith(("$.header.", "$.headers."))}
    return flat | {name.lower() for name in rules.get("header") or {}}


def split_headers(case: Case, sent: Sent) -> Changed:
    if not case.recorded.get("headers"):
        return None
    ruled = _ruled_headers(case)
    recorded: dict[str, Any] = {}
    split: set[str] = set()
    for name, values in case.recorded["headers"].items():
        listed = values if isinstance(values, list) else [values]
        recorded[name] = values
        if name.lower() not in ruled and any("," in value for value in [*listed, *_lines(sent, name)]):
            recorded[name] = [item.strip() for value in listed for item in value.split(",")]
            split.add(name.lower())
    lines = [
        (name, item)
        for name, value in sent.headers
        for item in ([piece.strip() for piece in value.split(",")] if name.lower() in split else [value])
    ]
    return changed_case(case, sent, case.recorded | {"headers": recorded}, replace(sent, headers=tuple(lines)))


def _lines(sent: Sent, name: str) -> list[str]:
    return [value for key, value in sent.headers if key.lower() == name.lower()]


def _each_header(case: Case, sent: Sent, change: Callable[[str], str]) -> Changed:
    """Change Accept and Content-Type, where they are not ruled."""
    ruled = _ruled_headers(case)

    def changed(name: str, value: Any) -> Any:
        if name.lower() not in ("accept", "content-type") or name.lower() in ruled:
            return value
        return [change(item) for item in value] if isinstance(value, list) else change(value)

    recorded = dict(case.recorded)
    if recorded.get("headers"):
        recorded["headers"] = {name: changed(name, value) for name, value in recorded["headers"].items()}
    lines = tuple((name, changed(name, value)) for name, value in sent.headers)
    return changed_case(case, sent, recorded, replace(sent, headers=lines))


def lower_media_types(case: Case, sent: Sent) -> Changed:
    return _each_header(case, sent, lambda value: re.sub(r"[\w.+*-]+/[\w.+*-]+", lambda found: found[0].lower(), value))


def unquoted_parameters(case: Case, sent: Sent) -> Changed:
    return _each_header(case, sent, lambda value: value.replace('"', ""))


def plain_headers(case: Case, sent: Sent) -> Changed:
    """The rules of `eachValue` in its place, for headers."""
    rules = case.recorded.get("matchingRules") or {}
    if "header" not in rules:
        return None
    named = {
        name: entry
        | {"matchers": [inner for matcher in entry["matchers"] for inner in (matcher.get("rules") or [matcher])]}
        for name, entry in rules["header"].items()
    }
    return changed_case(case, sent, case.recorded | {"matchingRules": rules | {"header": named}}, None)


# Query


def _query_of(case: Case) -> dict[str, list[str | None]]:
    query = case.recorded.get("query") or {}
    return parse_query(query) if isinstance(query, str) else query


def _query_text(values: dict[str, list[str | None]]) -> str:
    return "&".join(
        quote(name) if value is None else f"{quote(name)}={quote(value)}"
        for name, listed in values.items()
        for value in listed
    )


def simple_query_names(case: Case, sent: Sent) -> Changed:
    rules = case.recorded.get("matchingRules") or {}
    odd = {found[1] for key in rules if (found := re.match(r"\$\.query\['(.*?)'\](\[.*\])?$", key))}
    odd = {name for name in odd if not name.isidentifier()}
    if not odd:
        return None
    names = {name: f"odd{number}" for number, name in enumerate(sorted(odd))}

    def renamed(values: dict[str, list[str | None]]) -> dict[str, list[str | None]]:
        return {names.get(name, name): listed for name, listed in values.items()}

    def key_renamed(key: str) -> str:
        for name, simple in names.items():
            key = key.replace(f"$.query['{name}']", f"$.query.{simple}")
        return key

    recorded = case.recorded | {
        "query": _query_text(renamed(_query_of(case))),
        "matchingRules": {key_renamed(key): rule for key, rule in rules.items()},
    }
    return changed_case(case, sent, recorded, replace(sent, query=_query_text(renamed(parse_query(sent.query)))))


def textual_query(case: Case, sent: Sent) -> Changed:
    query = case.recorded.get("query")
    if not isinstance(query, dict):
        return None

    def text(value: Any) -> Any:
        return json.dumps(value) if isinstance(value, (bool, int, float)) else value

    textual = {
        name: [text(value) for value in values] if isinstance(values, list) else text(values)
        for name, values in query.items()
    }
    return changed_case(case, sent, case.recorded | {"query": textual}, None)


# Single values, wherever they stand

Change = Callable[[str], str]


def _each_text(case: Case, sent: Sent, change: Change) -> Changed:
    """Change every single value on both sides: parameters, header values, fields, texts, attributes, JSON strings."""
    recorded = dict(case.recorded)
    query, body = recorded.get("query"), recorded.get("body")
    if isinstance(query, str):
        recorded["query"] = _each_parameter(query, change)
    elif query:
        recorded["query"] = {name: _deeply(values, change) for name, values in query.items()}
    if recorded.get("headers"):
        recorded["headers"] = _deeply(recorded["headers"], change)
    if case.version == "V4" and isinstance(body, dict) and "content" in body:
        recorded["body"] = body | {"content": _in_content(case.kind, body["content"], change)}
    elif body is not None:
        recorded["body"] = _in_content(case.kind, body, change)
    other = replace(
        sent,
        query=_each_parameter(sent.query, change),
        headers=tuple((name, change(value)) for name, value in sent.headers),
        body=_in_text(case.kind, sent.body.decode("utf-8", "surrogateescape"), change).encode(
            "utf-8", "surrogateescape"
        ),
    )
    return changed_case(case, sent, recorded, other)


def _deeply(value: Any, change: Change) -> Any:
    if isinstance(value, dict):
        return {key: _deeply(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_deeply(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


def _in_content(kind: str, content: Any, change: Change) -> Any:
    return _in_text(kind, content, change) if isinstance(content, str) and kind != "json" else _deeply(content, change)


def _in_text(kind: str, body: str, change: Change) -> str:
    """The text of a body with each value in it changed."""
    if kind == "form":
        return _each_parameter(body, change)
    if kind in _VALUES:
        return _VALUES[kind].sub(lambda found: change(found[0]), body)
    return change(body)


_VALUES = {
    "json": re.compile(r'(?<=")[^"\\]*(?=")'),
    "xml": re.compile(r'(?<=>)[^<>]+(?=<)|(?<==")[^"<>]*(?=")|(?<=CDATA\[)[^<>\]]*(?=\])'),
    "multipart": re.compile(r"(?<=\r\n\r\n)[^\r\n]*(?=\r\n--)"),
}


def _each_parameter(text: str, change: Change) -> str:
    values = parse_query(text)
    changed = {name: [None if value is None else change(value) for value in listed] for name, listed in values.items()}
    return text if changed == values else _query_text(changed)


_DATED = ("date", "time", "datetime", "timestamp")


def _has_rule(case: Case, *names: str) -> bool:
    return any(matcher["match"] in names for matcher in all_matchers(case.recorded.get("matchingRules")))


def unsigned(case: Case, sent: Sent) -> Changed:
    """Signed integers lose their sign, where there is a rule `integer`."""
    if case.kind == "json" or not _has_rule(case, "integer"):
        return None
    return _each_text(case, sent, lambda text: re.sub(r"^[+-](?=\d+$)", "", text))


_CLOCK = r"\d\d:\d\d(:\d\d([.,]\d+)?)?"
_ISO = {"time": _CLOCK} | dict.fromkeys(("datetime", "timestamp"), rf"\d{{4}}-\d\d-\d\dT{_CLOCK}(Z|[+-]\d\d(:?\d\d)?)?")


def iso_times(case: Case, sent: Sent) -> Changed:
    """A regular expression for what ISO 8601 allows, in place of rules without a format."""
    recorded = copy.deepcopy(case.recorded)
    for matcher in all_matchers(recorded.get("matchingRules")):
        if matcher["match"] in _ISO and not {"format", *_DATED} & matcher.keys():
            matcher.update(match="regex", regex=_ISO[matcher["match"]])
    return changed_case(case, sent, recorded, None)


def spaced_numbers(case: Case, sent: Sent) -> Changed:
    """No date of adjacent numbers with a digit too few."""
    if not any("yyyyMMdd" in matcher.values() for matcher in all_matchers(case.recorded.get("matchingRules"))):
        return None
    return _each_text(case, sent, lambda text: re.sub(r"^\d{7}$", "x", text))


def nothing_like_json(case: Case, sent: Sent) -> Changed:
    """No text that begins like JSON and is none, where a `contentType` is asked for."""
    if not _has_rule(case, "contentType"):
        return None
    begins = re.compile(r'\s*([{\["]|-?\d|true|false|null)')
    return _each_text(case, sent, lambda text: "x" if begins.match(text) and _looks_like(text) != _JSON else text)


def known_zones(case: Case, sent: Sent) -> Changed:
    """GMT with nothing more behind it."""
    return _each_text(case, sent, lambda text: re.sub(r"\bGMT\w+$", "GMT", text)) if _has_rule(case, *_DATED) else None


def near_offsets(case: Case, sent: Sent) -> Changed:
    """Offsets of less than half a day, and the zone GMT in place of UTC."""
    if not _has_rule(case, *_DATED):
        return None
    return _each_text(
        case, sent, lambda text: re.sub(r"([+-])1[2-8](:?\d\d)?$", r"\g<1>10\2", re.sub(r"\bUTC\b", "GMT", text))
    )


# Presence and type of bodies


def no_null_text(case: Case, sent: Sent) -> Changed:
    if "body" not in case.recorded or recorded_body(case.recorded, case.version) not in (None, ""):
        return None
    return changed_case(case, sent, None, replace(sent, body=b"")) if sent.body.strip() == b"null" else None


def typed(case: Case, sent: Sent) -> Changed:
    """Both sides get the content type that they look like, where they have none."""
    recorded = dict(case.recorded)
    body = recorded_body(recorded, case.version)
    if case.kind == "text" and not recorded.get("headers") and isinstance(body, str):
        media_type = _looks_like(body)
        content = json.loads(body) if media_type == _JSON and not body.strip().startswith('"') else body
        recorded["headers"] = {"Content-Type": media_type}
        recorded["body"] = content if case.version != "V4" else {"content": content, "contentType": media_type}
    elif case.kind in _TYPES and not recorded.get("headers"):
        recorded["headers"] = {"Content-Type": _TYPES[case.kind]}
    other = sent
    if not sent.header("content-type"):
        looks = _looks_like(sent.body.decode("utf-8", "replace"))
        other = sent.with_header("Content-Type", _TYPES.get(case.kind, looks))
    return changed_case(case, sent, recorded, other)


_JSON = "application/json"
_TYPES = {"json": _JSON, "xml": "application/xml"}


def _looks_like(text: str) -> str:
    try:
        json.loads(text)
    except ValueError:
        return "text/plain"
    return _JSON


def bare_media_type(case: Case, sent: Sent) -> Changed:
    """The recorded media type without its parameters."""
    recorded = dict(case.recorded)
    body = recorded.get("body")
    if isinstance(body, dict) and ";" in str(body.get("contentType")):
        recorded["body"] = body | {"contentType": body["contentType"].split(";")[0]}
    return changed_case(case, sent, recorded, None)
