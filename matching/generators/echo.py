"""Echo: where a request may ask for another value than the recorded one, the answer can hold the value asked for.

A rule on a query parameter or on the path lets other values through than the example. Where the recorded response
(JSON) holds that example at a leaf of the same name, the leaf takes the value that was asked for. A query parameter has
a name; a segment of the path goes by `id`, and by the segment before it: the `10` of `/orders/10` is `id`, `order`,
`orderId`, `order_id`. A plain `id` counts only where it stands nearest to the root, for further down it is that of
something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from matching.content_types import Kind
from matching.generators.context import GeneratorContext
from matching.generators.places import Placement
from matching.generators.values import GeneratorError, ValueGenerator
from matching.http_text import percent_decoded
from matching.json_text import JsonError, parse_json, text_of
from matching.model import BodyState, ExampleRequest, Interaction
from matching.paths import Path
from matching.request import Request

_Asked = Callable[[Request], str | None]


class _Echo:
    """The value that a request asks for, in the kind of the recorded one."""

    def __init__(self, asked: _Asked, example: Any) -> None:
        self._asked = asked
        self._example = example

    def value(self, context: GeneratorContext, random: Random) -> Any:
        text = self._asked(context.request) if context.request is not None else None
        if text is None:
            raise GeneratorError("nothing was asked for")
        if isinstance(self._example, str):
            return text
        if isinstance(self._example, bool):
            if text in ("true", "false"):
                return text == "true"
        elif isinstance(self._example, int) and re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text):
            return int(text)
        raise GeneratorError(f"{text[:50]!r} is not of the kind of the recorded value")


def echo_placements(interaction: Interaction) -> list[Placement]:
    """The places of the recorded response that hold what a request may ask for."""
    body = interaction.response.body
    kind = body.content_type.kind if body.content_type is not None else None
    if body.state is not BodyState.PRESENT or kind is not Kind.JSON:
        return []
    try:
        document = parse_json(body.content)
    except JsonError:
        return []
    placements: list[Placement] = []
    for example, names, asked in _variables(interaction.request):
        leaves = _leaves(document, example, names)
        placements.extend(Placement(path, _maker(asked), gives_way=True) for path in leaves)
    return placements


def _maker(asked: _Asked) -> Callable[[Any], ValueGenerator]:
    return lambda example: _Echo(asked, example)


def _variables(request: ExampleRequest) -> Iterator[tuple[str, set[str], _Asked]]:
    """(recorded text, names it goes by, how to find what is asked for) of all that a request may vary."""
    rules = request.rules
    for name, values in request.query.items():
        if rules.query.get(name, rules.query_default) is not None and len(values) == 1 and values[0]:
            yield values[0], {_folded(name)}, _parameter(name)
    if rules.path is None:
        return
    segments = [percent_decoded(segment) for segment in request.path.split("/")]
    for position, segment in enumerate(segments):
        if segment:
            yield segment, _segment_names(segments, position), _segment(position, len(segments))


def _parameter(name: str) -> _Asked:
    def asked(request: Request) -> str | None:
        return next(iter(request.parameters.get(name, ())), None)

    return asked


def _segment(position: int, count: int) -> _Asked:
    def asked(request: Request) -> str | None:
        segments = request.path.split("/")
        return percent_decoded(segments[position]) if len(segments) == count else None

    return asked


def _folded(name: str) -> str:
    """A name without case and separators: `order_id` and `orderId` are one."""
    return re.sub(r"[\W_]", "", name.lower())


def _segment_names(segments: list[str], position: int) -> set[str]:
    names = {"id"}
    before = _folded(segments[position - 1]) if position else ""
    if before:
        singular = f"{before[:-3]}y" if before.endswith("ies") else before.removesuffix("s")
        names |= {before, singular, f"{before}id", f"{singular}id"}
    return names


def _leaves(document: Any, example: str, names: set[str]) -> Iterator[Path]:
    """The paths of leaves that hold the example under one of the names."""
    shallowest: int | None = None
    todo: list[tuple[Path, Any]] = [((), document)]
    for path, value in todo:  # breadth first: what is nearest to the root comes first
        if isinstance(value, dict):
            for key, item in value.items():
                name = _folded(key)
                if name in names and isinstance(item, (str, int)) and text_of(item) == example:
                    if name == "id":
                        shallowest = len(path) if shallowest is None else shallowest
                        if len(path) > shallowest:
                            continue
                    yield (*path, key)
                else:
                    todo.append(((*path, key), item))
        elif isinstance(value, list):
            todo.extend(((*path, index), item) for index, item in enumerate(value))
