"""Mending a request: changing no more of it than it takes for an interaction to accept it.

What is mended are the places that mismatches name. They take what is recorded there; what is not recorded is taken
away. Where that does not suffice, the whole body is the recorded one, and in the end the whole request.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from matching.content_types import Kind
from matching.example import encode_query, example_request
from matching.interaction import CompiledInteraction
from matching.json_text import MAX_DEPTH, depth_of, dump_json, parse_json
from matching.mismatch import Mismatch, Part
from matching.paths import Path, PathError, parse_path
from matching.request import Request

_ROUNDS = 3  # what is mended may show what was hidden behind it
_MOST = 500  # mismatches that are mended in one round


def mended(request: Request, interaction: CompiledInteraction) -> Request | None:
    """A request like this one that the interaction accepts; the request itself where nothing is wrong with it. None
    where not even the recorded request is accepted.
    """
    example = example_request(interaction.interaction.request)
    if not interaction.matches(example):
        return None
    current = request
    for _ in range(_ROUNDS):
        mismatches = list(itertools.islice(interaction.explain(current), _MOST))
        if not mismatches:
            return current
        changed = _mend(current, example, mismatches)
        if changed is None:
            break
        current = changed
    for attempt in (current, _with(current, body=example.body), _with(example, headers=_both(current, example))):
        if interaction.matches(attempt):
            return attempt
    return example


def _with(request: Request, *, headers: list[tuple[str, str]] | None = None, body: bytes | None = None) -> Request:
    lines = list(request.header_lines) if headers is None else headers
    content = request.body if body is None else body
    return Request(request.method, request.path, request.query, lines, content)


def _both(request: Request, example: Request) -> list[tuple[str, str]]:
    """The header lines of the example, and those of the request that it has not."""
    recorded = {name.lower() for name, _ in example.header_lines}
    return [*example.header_lines, *(line for line in request.header_lines if line[0].lower() not in recorded)]


def _mend(request: Request, example: Request, mismatches: Iterable[Mismatch]) -> Request | None:
    """The request with the places mended that these mismatches name; None where nothing can be."""
    by_part: dict[Part, list[Mismatch]] = {}
    for mismatch in mismatches:
        by_part.setdefault(mismatch.part, []).append(mismatch)
    method = example.method if Part.METHOD in by_part else request.method
    path = example.path if Part.PATH in by_part else request.path
    query = request.query
    if Part.QUERY in by_part:
        names = [mismatch.path for mismatch in by_part[Part.QUERY]]
        query = _mended_parameters(request.parameters, example.parameters, names)
    headers = {mismatch.path.lower() for mismatch in by_part.get(Part.HEADER, ())}
    body = request.body
    if Part.BODY_TYPE in by_part:
        headers.add("content-type")
        if _kind(request) is not _kind(example):
            body = example.body
    elif Part.BODY in by_part:
        if not request.body:
            headers.add("content-type")
        body = _mended_body(request, example, [mismatch.path for mismatch in by_part[Part.BODY]])
    lines = _mended_headers(request, example, headers)
    before = (request.method, request.path, request.query, list(request.header_lines), request.body)
    after = (method, path, query, lines, body)
    return None if before == after else Request(*after)


def _kind(request: Request) -> Kind | None:
    content_type = request.content_type
    return content_type.kind if content_type is not None else None


def _mended_parameters(
    actual: dict[str, list[str | None]], recorded: dict[str, list[str | None]], names: Iterable[str]
) -> str:
    parameters = {name: tuple(values) for name, values in actual.items()}
    for name in names:
        if name in recorded:
            parameters[name] = tuple(recorded[name])
        else:
            parameters.pop(name, None)
    return encode_query(parameters)


def _mended_headers(request: Request, example: Request, names: set[str]) -> list[tuple[str, str]]:
    lines = [line for line in request.header_lines if line[0].lower() not in names]
    return [*lines, *(line for line in example.header_lines if line[0].lower() in names)]


def _mended_body(request: Request, example: Request, places: Iterable[str]) -> bytes:
    kind = _kind(request)
    if request.body and example.body and kind is _kind(example):
        if kind is Kind.JSON and request.json[1] is None and depth_of(request.json[0]) <= MAX_DEPTH:
            return _mended_json(request.json[0], example.json[0], places)
        if kind is Kind.FORM:
            names = [str(path[0]) for path in _paths(places) if path]
            return _mended_parameters(request.form, example.form, names).encode("utf-8", "surrogateescape")
    return example.body


def _paths(places: Iterable[str]) -> list[Path]:
    found: list[Path] = []
    for place in places:
        try:
            found.append(parse_path(place))
        except PathError:  # a place within a text that is no document
            found.append(())
    return found


def _mended_json(actual: Any, example: Any, places: Iterable[str]) -> bytes:
    document = _copied(actual)
    # The last items of a list first, so that taking one away moves none that is still to come.
    for path in reversed(_paths(places)):
        document = _put(document, example, path)
    return dump_json(document)


def _copied(value: Any) -> Any:
    """A copy of a JSON value: what is put into a document must not change with it."""
    return parse_json(dump_json(value)) if isinstance(value, (dict, list)) else value


_ABSENT = object()


def _put(document: Any, example: Any, path: Path) -> Any:
    """The document with what the example has at a place; without anything there where the example has nothing."""
    value, node, parent, key = example, document, None, None
    for step in path:
        value = _below(value, step)
        parent, key = node, step
        node = _below(node, step, exactly=True)
        if node is _ABSENT:
            break
    if value is not _ABSENT:
        value = _copied(value)
    if parent is None:
        return value
    if isinstance(parent, dict):
        if value is _ABSENT:
            parent.pop(key, None)
        else:
            parent[key] = value
    elif isinstance(parent, list) and isinstance(key, int):
        if value is _ABSENT:
            del parent[key : key + 1]
        else:
            parent[key : key + 1] = [value]
    return document


def _below(value: Any, step: Any, *, exactly: bool = False) -> Any:
    """What stands one step below; beyond the end of a list, its last item, unless it has to be `exactly` there."""
    if isinstance(value, dict):
        return value.get(step, _ABSENT)
    if isinstance(value, list) and isinstance(step, int) and value:
        if step < len(value):
            return value[step]
        return _ABSENT if exactly else value[-1]
    return _ABSENT
