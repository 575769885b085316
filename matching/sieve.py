"""Many interactions on one method and path: which of them are worth comparing with a request.

Theory of operation. Interactions that share a path (a GraphQL endpoint, a search) mostly differ in some value that is
recorded without a rule: a query parameter, a header, a field of a form or of a JSON body. A sieve looks at the one
place where the candidates differ most, and parts them by what they record there; those that record nothing there go
through the next sieve. Each candidate ends in one place only, so sieves take no more memory than the candidates. A
sieve only ever drops a candidate whose literal value differs from the request's, so it never changes a decision, only
its cost.
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
_DEEPEST = 32  # sieves within each other; what is left then is compared one by one
_MOST_PLACES = 64  # places of one interaction that are considered

# Where a value is recorded: ("query", name), ("header", name), ("form", name) or ("json", keys that lead to it).
Place = tuple[str, Any]
T = TypeVar("T")

_NONE: tuple[str, ...] = ()  # a parameter or field that does not come


_Leaf = tuple[tuple[int, T], ...]  # candidates with their positions


@dataclass(frozen=True, slots=True)
class Sieve(Generic[T]):
    """Candidates by the values that they record at one place, and the others: each a leaf, or the next sieve."""

    read: Callable[[Request], Any]
    by_value: Mapping[Any, Sieve[T] | _Leaf[T]]
    others: Sieve[T] | _Leaf[T]

    def promising(self, request: Request) -> list[T]:
        """The candidates that the request's values do not rule out, in their order."""
        found: list[tuple[int, T]] = []
        todo: list[Sieve[T] | _Leaf[T]] = [self]
        while todo:
            current = todo.pop()
            if isinstance(current, Sieve):
                todo.append(current.others)
                fitting = current.by_value.get(current.read(request))
                if fitting is not None:
                    todo.append(fitting)
            else:
                found.extend(current)
        found.sort(key=_position)
        return [candidate for _, candidate in found]


def _position(item: tuple[int, T]) -> int:
    return item[0]


def build_sieve(candidates: Sequence[tuple[T, CompiledInteraction]]) -> Sieve[T] | None:
    """The sieve for candidates with their interactions; None where it would not help."""
    recorded = [_recorded(interaction) for _, interaction in candidates]
    named = {place for values in recorded for place in values if place[0] in ("query", "form")}
    if len(named) <= _MOST_PLACES:  # a parameter that is not recorded must not come
        for values in recorded:
            for place in named:
                if place[0] == "query" or _HAS_FORM in values:
                    values.setdefault(place, _NONE)
    items = [
        (position, candidate, values)
        for position, ((candidate, _), values) in enumerate(zip(candidates, recorded, strict=True))
    ]
    built = _sieved(items, frozenset())
    return built if isinstance(built, Sieve) else None


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


_Item = tuple[int, T, dict[Place, Any]]


def _sieved(items: list[_Item[T]], used: frozenset[Place]) -> Sieve[T] | _Leaf[T]:
    place = _best_place(items, used) if len(items) > FEW and len(used) < _DEEPEST else None
    if place is None:
        return tuple((position, candidate) for position, candidate, _ in items)
    used |= {place}
    groups: dict[Any, list[_Item[T]]] = {}
    others: list[_Item[T]] = []
    for item in items:
        value = item[2].get(place, _RULED)
        (others if value is _RULED else groups.setdefault(value, [])).append(item)
    by_value = {value: _sieved(group, used) for value, group in groups.items()}
    return Sieve(_READERS[place[0]](place[1]), by_value, _sieved(others, used))


def _best_place(items: Iterable[_Item[T]], used: frozenset[Place]) -> Place | None:
    """The place that rules out most candidates on average, if there is one that rules out some."""
    counts: dict[Place, Counter[Any]] = {}
    for _, _, values in items:
        for place, value in values.items():
            if value is not _RULED and place not in used:
                counts.setdefault(place, Counter())[value] += 1
    best, most = None, 1.0
    for place, counter in counts.items():
        recorded = counter.total()
        ruled_out = recorded - sum(count * count for count in counter.values()) / recorded
        if ruled_out > most:
            best, most = place, ruled_out
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
