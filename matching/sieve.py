"""Many interactions on one method and path: which of them are worth comparing with a request.

Theory of operation. Interactions that share a path (a GraphQL endpoint, a search) mostly differ in some value that is
recorded without a rule: a query parameter, a header, a field of a form or of a JSON body. A sieve looks at the one
place where the candidates differ most, and lets through those that record the request's value there, together with
those that record none. What it lets through is sieved again by another place, until few are left. A sieve only ever
drops a candidate whose literal value differs from the request's, so it never changes a decision, only its cost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from matching.bodies import FormBody, JsonBody
from matching.http_text import squeezed
from matching.interaction import CompiledInteraction
from matching.request import Request

FEW = 4  # candidates that are simply compared one by one
_MOST_PLACES = 64  # places of one interaction that are considered
_WORTH_IT = 0.7  # of the candidates at most, on average, have to be left for a sieve to be worth its cost
_MOST_COPIES = 8  # times as many entries as candidates all sieves of a bucket together may hold

# Where a value is recorded: ("query", name), ("header", name), ("form", name) or ("json", keys that lead to it).
Place = tuple[str, Any]
T = TypeVar("T")

_NONE: tuple[str, ...] = ()  # a parameter or field that does not come


@dataclass(frozen=True, slots=True)
class Sieve(Generic[T]):
    """Candidates by the values that they record at one place. Each value, and any other value, leads to candidates in
    their order, or to the next sieve.
    """

    read: Callable[[Request], Any]
    by_value: Mapping[Any, Sieve[T] | Sequence[T]]
    others: Sieve[T] | Sequence[T]


def promising(sieve: Sieve[T] | Sequence[T], request: Request) -> Sequence[T]:
    """The candidates that the request's values do not rule out, in their order."""
    while isinstance(sieve, Sieve):
        sieve = sieve.by_value.get(sieve.read(request), sieve.others)
    return sieve


def build_sieve(candidates: Sequence[tuple[T, CompiledInteraction]]) -> Sieve[T] | Sequence[T]:
    """The sieve for candidates with their interactions; just the candidates where none would help."""
    recorded = [_recorded(interaction) for _, interaction in candidates]
    named = {place for values in recorded for place in values if place[0] in ("query", "form")}
    if len(named) <= _MOST_PLACES:  # a parameter that is not recorded must not come
        for values in recorded:
            for place in named:
                if place[0] == "query" or _HAS_FORM in values:
                    values.setdefault(place, _NONE)
    items = [(candidate, values) for (candidate, _), values in zip(candidates, recorded, strict=True)]
    return _sieved(items, frozenset(), [_MOST_COPIES * len(items)])


_RULED = object()  # a value under rules: nothing is known of it
_HAS_FORM: Place = ("has form", None)


def _recorded(interaction: CompiledInteraction) -> dict[Place, Any]:
    """What an interaction demands literally, by place; _RULED where a name has to come with some value or other."""
    values: dict[Place, Any] = {}
    for name, texts in interaction.query.literals():
        values["query", name] = _RULED if texts is None else texts
    for header in interaction.headers:
        if header.literal is not None:
            values["header", header.name] = header.literal
    body = interaction.body
    if isinstance(body, FormBody):
        values[_HAS_FORM] = _RULED
        for name, texts in body.literals():
            values["form", name] = _RULED if texts is None else texts
    elif isinstance(body, JsonBody):
        for path, value in body.literals():
            if len(values) >= _MOST_PLACES:
                break
            values["json", path] = (type(value), value)
    return values


_Item = tuple[T, dict[Place, Any]]


def _sieved(items: list[_Item[T]], used: frozenset[Place], room: list[int]) -> Sieve[T] | Sequence[T]:
    """`room` (one number) is how many entries may still be made, in all sieves together: what records no value at a
    place has to be copied for each value there.
    """
    place = _best_place(items, used, room[0]) if FEW < len(items) <= room[0] else None
    if place is None:
        return [candidate for candidate, _ in items]
    used |= {place}
    groups: dict[Any, list[_Item[T]]] = {}
    for item in items:
        value = item[1].get(place, _RULED)
        if value is not _RULED:
            groups.setdefault(value, [])
    others = [item for item in items if item[1].get(place, _RULED) is _RULED]
    room[0] -= len(items) + len(others) * len(groups)
    for item in items:
        value = item[1].get(place, _RULED)
        for group in groups.values() if value is _RULED else (groups[value],):
            group.append(item)
    by_value = {value: _sieved(group, used, room) for value, group in groups.items()}
    return Sieve(_READERS[place[0]](place[1]), by_value, _sieved(others, used, room))


def _best_place(items: Iterable[_Item[T]], used: frozenset[Place], room: int) -> Place | None:
    """The place that leaves fewest candidates on average, if there is one that is worth it."""
    counts: dict[Place, Counter[Any]] = {}
    total = 0
    for _, values in items:
        total += 1
        for place, value in values.items():
            if value is not _RULED and place not in used:
                counts.setdefault(place, Counter())[value] += 1
    best, least = None, total * _WORTH_IT
    for place, counter in counts.items():
        literal = counter.total()
        others = total - literal
        left = others + sum(count * count for count in counter.values()) / literal
        if left < least and len(counter) * others <= room:
            best, least = place, left
    return best


def _query_reader(name: str) -> Callable[[Request], Any]:
    return lambda request: tuple(value or "" for value in request.parameters.get(name, _NONE))


def _form_reader(name: str) -> Callable[[Request], Any]:
    return lambda request: tuple(value or "" for value in request.form.get(name, _NONE))


def _header_reader(name: str) -> Callable[[Request], Any]:
    def read(request: Request) -> Any:
        values = request.headers.get(name)
        return None if values is None else tuple(squeezed(values))

    return read


def _json_reader(path: tuple[str, ...]) -> Callable[[Request], Any]:
    def read(request: Request) -> Any:
        value = request.json[0]
        for key in path:
            if type(value) is not dict or key not in value:
                return None
            value = value[key]
        return None if type(value) in (dict, list) else (type(value), value)

    return read


_READERS: Mapping[str, Callable[[Any], Callable[[Request], Any]]] = {
    "query": _query_reader,
    "form": _form_reader,
    "header": _header_reader,
    "json": _json_reader,
}
