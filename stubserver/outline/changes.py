"""What changed between two versions of a contract, as it matters to a consumer: what it sends, and what it reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from matching import CompiledInteraction
from stubserver.outline.fields import Field, as_mapping, request_fields, response_fields


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
    one. Of one that changed without any details, only examples did.
    """

    kind: str
    interaction: CompiledInteraction
    details: Sequence[Detail] = ()


def changes_between(earlier: Iterable[CompiledInteraction], later: Iterable[CompiledInteraction]) -> list[Change]:
    """The interactions that differ: removed, changed, added."""
    before, after = _by_identity(earlier), _by_identity(later)
    removed = [Change("removed", item) for key, item in before.items() if key not in after]
    added = [Change("added", item) for key, item in after.items() if key not in before]
    changed = [
        Change("changed", after[key], list(_details(item, after[key])))
        for key, item in before.items()
        if key in after and item.id != after[key].id
    ]
    return [*removed, *changed, *added]


_Identity = tuple[str, tuple[str, ...], int]


def _by_identity(interactions: Iterable[CompiledInteraction]) -> dict[_Identity, CompiledInteraction]:
    """Interactions by description and states; several may have the same."""
    found: dict[_Identity, CompiledInteraction] = {}
    for interaction in interactions:
        number = 0
        while (key := (interaction.interaction.description, interaction.states, number)) in found:
            number += 1
        found[key] = interaction
    return found


def _details(earlier: CompiledInteraction, later: CompiledInteraction) -> Iterator[Detail]:
    yield from _scalar("sends", "method", earlier.method, later.method)
    yield from _scalar("sends", "path", _path(earlier), _path(later))
    one, other = earlier.interaction, later.interaction
    yield from _fields("sends", request_fields(one.request), request_fields(other.request))
    yield from _scalar("reads", "status", str(earlier.response.status), str(later.response.status))
    yield from _fields("reads", response_fields(one.response), response_fields(other.response))
    for state, was in ((state, before) for state in other.states for before in one.states if state.name == before.name):
        yield from _scalar("holds", f"parameters of {state.name}", str(dict(was.params)), str(dict(state.params)))


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
        if was != now:
            yield Detail(side, f"{key[0]} {key[1]}".strip(), was, now)
