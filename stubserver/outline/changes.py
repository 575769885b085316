"""What changed between two versions of a contract, as it matters to a consumer: what it sends, and what it reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matching import CompiledInteraction
from matching.content_types import Kind
from matching.json_text import JsonError, parse_json
from matching.model import Body
from stubserver.outline.fields import Field, as_mapping, request_fields, response_fields

_SHOWN = 60  # characters of a value around the place where it differs


@dataclass(frozen=True, slots=True)
class Detail:
    """One place that changed: `side` is sends, reads or holds; `before` or `after` is None where there is nothing."""

    side: str
    place: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """An interaction that was added, removed or changed (`kind`), as it is in the later version, or else the earlier
    one. Of one that changed without any details, only examples, comments or generators did.
    """

    kind: str
    interaction: CompiledInteraction
    details: Sequence[Detail] = ()


def changes_between(earlier: Iterable[CompiledInteraction], later: Iterable[CompiledInteraction]) -> list[Change]:
    """The interactions that differ: removed, changed, added. The order of interactions, keys and rules is none."""
    before, after = _by_name(earlier), _by_name(later)
    removed: list[Change] = []
    changed: list[Change] = []
    added: list[Change] = []
    for name in [*before, *(name for name in after if name not in before)]:
        gone, came = _without_equals(before.get(name, []), after.get(name, []))
        pairs = list(zip(gone, came, strict=False))
        changed += [Change("changed", other, list(_details(one, other))) for one, other in pairs]
        removed += [Change("removed", item) for item in gone[len(pairs) :]]
        added += [Change("added", item) for item in came[len(pairs) :]]
    return [*removed, *changed, *added]


def _by_name(interactions: Iterable[CompiledInteraction]) -> dict[Any, list[CompiledInteraction]]:
    """Interactions by description and states; several may have the same."""
    found: dict[Any, list[CompiledInteraction]] = {}
    for interaction in interactions:
        found.setdefault((interaction.interaction.description, interaction.states), []).append(interaction)
    return found


def _without_equals(
    earlier: list[CompiledInteraction], later: list[CompiledInteraction]
) -> tuple[list[CompiledInteraction], list[CompiledInteraction]]:
    """What of two lists has no equal in the other."""
    left = list(later)
    gone: list[CompiledInteraction] = []
    for item in earlier:
        same = next((other for other in left if other.interaction == item.interaction), None)
        if same is None and left:
            told = canonical(item.interaction)
            same = next((other for other in left if canonical(other.interaction) == told), None)
        if same is None:
            gone.append(item)
        else:
            left.remove(same)
    return gone, left


def canonical(value: Any) -> Any:
    """A part of the model as plain values that are equal where it says the same, wherever it stood."""
    if isinstance(value, Body) and value.content_type is not None and value.content_type.kind is Kind.JSON:
        try:
            return value.state, str(value.content_type), _exact(parse_json(value.content))
        except JsonError:
            pass
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in dataclasses.fields(value))
        return {name: canonical(getattr(value, name)) for name in names if name not in ("pointer", "key")}
    if isinstance(value, Mapping):
        return {key: canonical(item) for key, item in value.items()}
    if isinstance(value, tuple):
        items = [canonical(item) for item in value]
        is_unordered = all(isinstance(item, tuple) or dataclasses.is_dataclass(item) for item in value)
        return sorted(items, key=repr) if is_unordered else items
    return _exact(value)


def _exact(value: Any) -> Any:
    """A JSON value in which numbers, truth values and texts that Python takes for equal differ."""
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_exact(item) for item in value]
    return (type(value).__name__, value)


def _details(earlier: CompiledInteraction, later: CompiledInteraction) -> Iterator[Detail]:
    yield from _scalar("sends", "method", earlier.method, later.method)
    yield from _scalar("sends", "path", _path(earlier), _path(later))
    one, other = earlier.interaction, later.interaction
    yield from _fields("sends", request_fields(one.request, exact=True), request_fields(other.request, exact=True))
    yield from _scalar("reads", "status", str(earlier.response.status), str(later.response.status))
    yield from _fields("reads", response_fields(one.response, exact=True), response_fields(other.response, exact=True))
    before = {state.name: state.params for state in one.states}
    for state in other.states:
        was = dict(before.get(state.name, {}))
        yield from _scalar("holds", f"parameters of {state.name}", str(was), str(dict(state.params)))


def _path(interaction: CompiledInteraction) -> str:
    rules = interaction.interaction.request.rules.path
    patterns = [str(rule.attributes["regex"]) for rule in rules.rules if "regex" in rule.attributes] if rules else []
    return f"{interaction.recorded_path} (matches {' and '.join(patterns)})" if patterns else interaction.recorded_path


def _scalar(side: str, place: str, before: str, after: str) -> Iterator[Detail]:
    if before != after:
        yield Detail(side, place, before, after)


def _fields(side: str, earlier: Iterable[Field], later: Iterable[Field]) -> Iterator[Detail]:
    before, after = as_mapping(earlier), as_mapping(later)
    for key in [*before, *(key for key in after if key not in before)]:
        one, other = before.get(key), after.get(key)
        was = one.expectation if one is not None else None
        now = other.expectation if other is not None else None
        if one is not None and other is not None and was == now and not one.rule and one.exact != other.exact:
            was, now = _around(one.exact, other.exact)
        if was != now:
            yield Detail(side, f"{key[0]} {key[1]}".strip(), was, now)


def _around(before: str, after: str) -> tuple[str, str]:
    """Two long values, shown where they begin to differ."""
    pairs = enumerate(zip(before, after, strict=False))
    at = next((place for place, (one, other) in pairs if one != other), min(len(before), len(after)))
    start = max(0, at - _SHOWN // 3)
    return _cut_out(before, start), _cut_out(after, start)


def _cut_out(text: str, start: int) -> str:
    end = start + _SHOWN
    return f"exactly {'…' if start else ''}{text[start:end]}{'…' if len(text) > end else ''}"
