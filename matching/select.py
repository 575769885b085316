"""Choosing the answer: `find` decides, `near_misses` narrates.

`find` returns a `Match` or a `NoMatch`; neither is an exception, and success never pays for an explanation.
"""

from __future__ import annotations

import difflib
import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import re2

from matching.index import SEGMENTS, Bucket, Candidate, Index, Match, path_segments
from matching.interaction import CompiledInteraction
from matching.mismatch import Mismatch, Part, shown
from matching.patterns import PATIENCE, Patience, bounded, compile_search
from matching.request import Request


@dataclass(frozen=True, slots=True)
class NoMatch:
    """No interaction answers. `gave_up`, here and in `Match`: a slow pattern was given up; another time may differ."""

    gave_up: bool = False


class StateSelector:
    """Which provider states are wanted: a pattern searched in the names of an interaction's states.

    An interaction in a wanted state is preferred; one without any state may still answer unless `stateless` is
    false; one in other states may not.
    """

    __slots__ = ("_pattern", "source", "stateless")

    def __init__(self, source: str, *, stateless: bool = True) -> None:
        """Raises PatternError when `source` is not a pattern that can be run."""
        self.source = source
        self.stateless = stateless
        self._pattern: re2.Set = compile_search(source)

    def wants(self, interaction: CompiledInteraction) -> bool:
        """Whether the interaction is in a wanted state."""
        return any(self._pattern.Match(name.encode("utf-8", "replace")) for name in interaction.states)

    def admits_stateless(self, interaction: CompiledInteraction) -> bool:
        """Whether the interaction has no state and may answer nevertheless."""
        return self.stateless and not interaction.states

    def explain(self, interaction: CompiledInteraction) -> Mismatch | None:
        """Why the interaction may not answer, if so."""
        if self.wants(interaction) or self.admits_stateless(interaction):
            return None
        recorded = ", ".join(map(shown, interaction.states))
        message = f"The provider state {shown(self.source)} was asked for, but the interaction is for {recorded}"
        if not interaction.states:
            message = f"The provider state {shown(self.source)} was asked for, but the interaction has none"
        return Mismatch(Part.STATE, "", "search", list(interaction.states), self.source, message)


Condition = Callable[[CompiledInteraction], bool]


def find(
    index: Index,
    request: Request,
    state: StateSelector | None = None,
    *,
    lenient: bool = False,
    clock: Callable[[], float] | None = None,
    buckets: Iterable[Bucket] | None = None,
) -> Match | NoMatch:
    """The interaction that answers the request. `buckets` are those that fit, for a caller that looked them up.

    Only full matches answer, the most preferred first (`matching.index.ORDERS`). With `lenient`, when none matches in
    full, mismatches that the Rust stub server overlooks are overlooked (see `_overlooked`), fewest mismatches first.
    `clock` (seconds, of any origin) bounds the time that patterns which backtrack may take in all.
    """
    patience = Patience(clock)
    token = PATIENCE.set(patience)
    try:
        if state is None:
            found = _first(index, request, None, buckets)
        else:
            buckets = tuple(index.buckets(request) if buckets is None else buckets)
            found = _first(index, request, state.wants, buckets)
            found = found or _first(index, request, state.admits_stateless, buckets)
        if found is not None:
            return Match(found.interaction, gave_up=True) if patience.gave_up else found
        nearest = _nearest_overlooking(index, request, state) if lenient else None
        if nearest is not None:
            return Match(nearest, lenient=True, gave_up=patience.gave_up)
        return NoMatch(patience.gave_up)
    finally:
        PATIENCE.reset(token)


def _first(
    index: Index, request: Request, condition: Condition | None, buckets: Iterable[Bucket] | None
) -> Candidate | None:
    """The most preferred candidate that accepts the request."""
    if buckets is not None:
        return _first_of(buckets, request, condition, None)
    method = index.of_method(request.method)
    if method is None:
        return None
    literal = method.literal(request)
    best = None if literal is None else _first_of((literal,), request, condition, None)
    if best is not None and best.rank < method.first_ruled:
        return best  # nothing under path rules can be preferred to it
    return _first_of(method.under_rules(request), request, condition, best)


def _first_of(
    buckets: Iterable[Bucket], request: Request, condition: Condition | None, best: Candidate | None
) -> Candidate | None:
    for bucket in buckets:
        for candidate in bucket.promising(request):
            if best is not None and candidate.rank > best.rank:
                break
            interaction = candidate.interaction
            if (condition is None or condition(interaction)) and interaction.accepts(request):
                best = candidate
                break
    return best


_LENIENT_CANDIDATES = 200  # how many candidates are compared in full when none matches
_LENIENT_MISMATCHES = 1000  # how many mismatches are counted


def _nearest_overlooking(index: Index, request: Request, state: StateSelector | None) -> CompiledInteraction | None:
    counted = []
    candidates = (candidate for bucket in index.buckets(request) for candidate in bucket.candidates)
    for candidate in itertools.islice(candidates, _LENIENT_CANDIDATES):
        interaction = candidate.interaction
        if state is not None and state.explain(interaction) is not None:
            continue
        mismatches = itertools.islice(interaction.explain(request), _LENIENT_MISMATCHES)
        overlooked = [_overlooked(mismatch, request) for mismatch in mismatches]
        if all(overlooked):
            counted.append((len(overlooked), candidate.rank, interaction))
    return min(counted)[2] if counted else None


def _overlooked(mismatch: Mismatch, request: Request) -> bool:
    """Headers and body types never exclude; neither does a body that did not come, or one of a GET or DELETE."""
    if mismatch.part in (Part.HEADER, Part.BODY_TYPE):
        return True
    return mismatch.part is Part.BODY and (request.method not in ("POST", "PUT", "PATCH") or not request.body)


@dataclass(frozen=True, slots=True)
class NearMiss:
    """An interaction that nearly matched. `mismatches` are the first ones; `more` tells that there are others."""

    interaction: CompiledInteraction
    mismatches: tuple[Mismatch, ...]
    more: bool


MISMATCHES_PER_INTERACTION = 20
COMPARED_INTERACTIONS = 50  # how many candidates are compared in full


def near_misses(
    index: Index,
    request: Request,
    state: StateSelector | None = None,
    *,
    limit: int = 5,
    clock: Callable[[], float] | None = None,
) -> list[NearMiss]:
    """The interactions nearest to a request that none matched, nearest first; bounded whatever the index and request.

    Nearest are those whose method and path fit, fewest mismatches first; then those with the path under another
    method; then those with a path that resembles the request's.
    """
    with bounded(clock):
        heads = []
        for candidate in _near(index, request):
            mismatches = _head_mismatches(candidate.interaction, request, state)
            heads.append((_distance(mismatches), candidate.rank, candidate.interaction, mismatches))
        heads.sort(key=lambda head: head[:2])
        began = clock() if clock is not None else 0.0
        ranked: list[tuple[int, int, NearMiss]] = []
        for distance, rank, interaction, mismatches in heads:
            if len(ranked) >= limit and clock is not None and clock() - began > _EXPLAIN_TIME:
                break  # what is left is further away by all that comes before the body
            room = MISMATCHES_PER_INTERACTION + 1 - len(mismatches)
            body = list(itertools.islice(interaction.body.explain(request), max(room, 0)))
            shown_ones, more = (*mismatches, *body)[:MISMATCHES_PER_INTERACTION], len(body) == room
            ranked.append((distance + _distance(body), rank, NearMiss(interaction, shown_ones, more)))
        return [near for _, _, near in heapq.nsmallest(limit, ranked)]


def _near(index: Index, request: Request) -> list[Candidate]:
    """The candidates to compare in full."""
    for buckets in (index.buckets(request), index.buckets_of_any_method(request)):
        candidates = (candidate for bucket in buckets for candidate in bucket.candidates)
        served = (candidate for candidate in candidates if candidate.interaction.refusal is None)
        fitting = list(itertools.islice(served, COMPARED_INTERACTIONS))
        if fitting:
            return fitting
    return _resembling(index, request)


# How far a mismatch in some part takes an interaction away: another endpoint is further than another value.
_DISTANCE = {
    Part.METHOD: 10,
    Part.PATH: 10,
    Part.STATE: 3,
    Part.BODY_TYPE: 1,
    Part.BODY: 1,
    Part.HEADER: 1,
    Part.QUERY: 1,
    Part.STATUS: 1,
}


def _distance(mismatches: Iterable[Mismatch]) -> int:
    return sum(_DISTANCE[mismatch.part] for mismatch in mismatches)


_EXPLAIN_TIME = 0.3  # seconds after which no more bodies are explained than are asked for


def _head_mismatches(interaction: CompiledInteraction, request: Request, state: StateSelector | None) -> list[Mismatch]:
    """Provider state, method, path, query and headers."""
    state_mismatch = state.explain(interaction) if state is not None else None
    found: Iterable[Mismatch] = interaction.explain_head(request)
    if state_mismatch is not None:
        found = itertools.chain([state_mismatch], found)
    return list(itertools.islice(found, MISMATCHES_PER_INTERACTION + 1))


_GUESSES = 2  # how many segments that nobody records are taken for misspelt ones
_LONGEST_GUESSED = 64  # characters


def _resembling(index: Index, request: Request) -> list[Candidate]:
    """Interactions whose recorded path shares most segments with the request's, misspelt ones included; at most ten."""
    shared: Counter[int] = Counter()
    guesses = _GUESSES
    for position, segment in enumerate(path_segments(request.path)[:SEGMENTS]):
        sharing = index.by_segment.get((position, segment))
        if sharing is None and guesses and len(segment) <= _LONGEST_GUESSED:
            guesses -= 1
            close = difflib.get_close_matches(segment, index.segments_at.get(position, ()), n=1)
            sharing = index.by_segment.get((position, close[0])) if close else None
        shared.update(sharing or ())
    scored = ((-count, index.ranked[rank].interaction.method != request.method, rank) for rank, count in shared.items())
    nearest = [index.ranked[rank] for _, _, rank in heapq.nsmallest(10, scored)]
    return [candidate for candidate in nearest if candidate.interaction.refusal is None]
