"""Method and path to candidates, at a cost that does not grow with the number of interactions.

Theory of operation. Interactions that share a method and a path form a bucket. Buckets of literal paths sit in a dict
under their canonical path (percent-decoded segment by segment). Buckets of path patterns sit in one RE2 set per
method, which tells all patterns that match a path in a single pass. The few path rules that RE2 cannot decide alone
(look-around, `include`, `type`, …) are tried one by one. Inside a bucket, candidates stand in the order of preference,
fixed when the index is built; the index is never changed afterwards. Of a crowded bucket, a sieve (`matching.sieve`)
lets through those that the request's literal values do not rule out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import re2

from matching.http_text import canonical_path, encoded, percent_decoded
from matching.interaction import CompiledInteraction
from matching.parts import LiteralPath, RuledPath
from matching.patterns import re2_options
from matching.request import Request
from matching.sieve import FEW, Sieve, build_sieve

# Which of several matching interactions answers: the smallest key does. The position in the sources settles the rest.
ORDERS: Mapping[str, Callable[[CompiledInteraction], tuple[int, ...]]] = {
    "specific": lambda interaction: interaction.specificity,
    "file": lambda interaction: (),
    "status": lambda interaction: (interaction.response.status,),
}


class Match:
    """The interaction that answers. `lenient` when it does not match in full but is near enough by request, `gave_up`
    when a slow pattern was given up: another time may differ.

    A match in full that nothing was given up for is the same object each time, for as long as there is its index.
    `memo` is for whoever answers with it; nothing here looks at it.
    """

    __slots__ = ("gave_up", "interaction", "lenient", "memo")

    def __init__(self, interaction: CompiledInteraction, *, lenient: bool = False, gave_up: bool = False) -> None:
        self.interaction = interaction
        self.lenient = lenient
        self.gave_up = gave_up
        self.memo: Any = None


SEGMENTS = 16  # how many segments of a path count when paths are compared for resemblance
_GUESSED = 300  # how many different segments are kept for each position
_SHARING = 100  # how many interactions are kept that share a segment


def path_segments(path: str) -> tuple[str, ...]:
    """The segments of a path as resemblance sees them."""
    return tuple(percent_decoded(path).lower().strip("/").split("/"))


class Candidate(Match):
    """An interaction of an index with its place in the order of preference; the lowest rank is preferred. It is the
    match that is found when it accepts a request.
    """

    __slots__ = ("rank",)

    def __init__(self, rank: int, interaction: CompiledInteraction) -> None:
        super().__init__(interaction)
        self.rank = rank


class Bucket:
    """The candidates of one method and path, by rank."""

    __slots__ = ("_constrained_headers", "_is_prepared", "_sieve", "candidates")

    def __init__(self) -> None:
        self.candidates: Sequence[Candidate] = []
        self._constrained_headers: tuple[str, ...] | None = None
        self._sieve: Sieve[Candidate] | None = None
        self._is_prepared = False

    @property
    def constrained_headers(self) -> tuple[str, ...]:
        """The headers that a decision among the candidates can depend on; Content-Type says how a body is compared."""
        if self._constrained_headers is None:
            names = {header.name for candidate in self.candidates for header in candidate.interaction.headers}
            self._constrained_headers = tuple(sorted(names | {"content-type"}))
        return self._constrained_headers

    def prepare(self) -> None:
        """Make ready what deciding among the candidates needs of all of them, which compiles those that are drafts."""
        self._sieve = build_sieve([(candidate, candidate.interaction) for candidate in self.candidates])
        self._is_prepared = True
        _ = self.constrained_headers

    def promising(self, request: Request) -> Sequence[Candidate]:
        """Those that the request's literal values do not rule out."""
        if len(self.candidates) <= FEW:
            return self.candidates
        if not self._is_prepared:
            self.prepare()
        return self.candidates if self._sieve is None else self._sieve.promising(request)


_Member = tuple[RuledPath, Bucket]


@dataclass(frozen=True, slots=True)
class _PatternSet:
    """Path patterns that RE2 matches in one pass, with the path and the bucket of each."""

    patterns: re2.Set
    paths: list[RuledPath]
    members: list[Bucket]

    def buckets(self, request: Request) -> list[Bucket]:
        path = request.path
        hits = self.patterns.Match(encoded(path))
        if "%" in path:
            hits = {*(hits or ()), *(self.patterns.Match(encoded(request.decoded_path)) or ())}
        elif path.isascii():
            return [self.members[hit] for hit in hits] if hits else []
        # Beyond ASCII the set may let through too many.
        return [self.members[hit] for hit in hits or () if self.paths[hit].matches(request)]


@dataclass(slots=True)
class MethodIndex:
    """The buckets of one method."""

    literals: dict[str, Bucket]
    patterns: list[_PatternSet]
    ruled: list[_Member]
    first_ruled: int  # the lowest rank of a candidate that is not under a literal path

    def literal(self, request: Request) -> Bucket | None:
        """The bucket under the request's own path."""
        path = request.path
        return self.literals.get(canonical_path(path) if "%" in path else path)

    def under_rules(self, request: Request) -> list[Bucket]:
        """The buckets under path rules that the request's path satisfies."""
        found: list[Bucket] = []
        for patterns in self.patterns:
            found.extend(patterns.buckets(request))
        for matcher, bucket in self.ruled:
            if matcher.matches(request):
                found.append(bucket)
        return found

    def buckets(self, request: Request) -> list[Bucket]:
        """All of these."""
        literal = self.literal(request)
        return ([] if literal is None else [literal]) + self.under_rules(request)


class Index:
    """A frozen index of interactions. `interactions` keeps the order they were loaded in."""

    __slots__ = ("_methods", "by_segment", "interactions", "ranked", "segments_at")

    def __init__(self, interactions: Iterable[CompiledInteraction], order: str = "specific") -> None:
        """Build the index; `order` is a key of ORDERS."""
        self.interactions = tuple(interactions)
        preference = ORDERS[order]
        # sorted() is stable, so equal keys keep the order they were loaded in.
        self.ranked = tuple(
            Candidate(rank, item) for rank, item in enumerate(sorted(self.interactions, key=preference))
        )
        # Where near misses of a path that nobody records are looked for: ranks by position and segment.
        self.by_segment: dict[tuple[int, str], list[int]] = {}
        self.segments_at: dict[int, list[str]] = {}  # what a misspelt segment may be meant to be
        for candidate in self.ranked:
            segments = path_segments(candidate.interaction.recorded_path)
            for position, segment in enumerate(segments[:SEGMENTS]):
                sharing = self.by_segment.get((position, segment))
                if sharing is None:
                    sharing = self.by_segment[position, segment] = []
                    known = self.segments_at.setdefault(position, [])
                    if len(known) < _GUESSED:
                        known.append(segment)
                if len(sharing) < _SHARING:
                    sharing.append(candidate.rank)
        builders: dict[str, _Builder] = {}
        for candidate in self.ranked:
            builders.setdefault(candidate.interaction.method, _Builder()).add(candidate)
        self._methods = {method: builder.build() for method, builder in builders.items()}

    def of_method(self, method: str) -> MethodIndex | None:
        """The part of the index for one method."""
        return self._methods.get(method)

    def buckets(self, request: Request) -> list[Bucket]:
        """The buckets whose method and path fit the request."""
        method = self._methods.get(request.method)
        return method.buckets(request) if method is not None else []

    def buckets_of_any_method(self, request: Request) -> Iterator[Bucket]:
        """The buckets whose path fits the request, whatever their method."""
        for method in self._methods.values():
            yield from method.buckets(request)


class _Builder:
    """Collects the candidates of one method."""

    def __init__(self) -> None:
        self._literals: dict[str, Bucket] = {}
        self._patterns: dict[Any, _Member] = {}
        self._ruled: dict[Any, _Member] = {}

    def add(self, candidate: Candidate) -> None:
        path = candidate.interaction.path
        if isinstance(path, LiteralPath):
            bucket = self._literals.get(path.key)
            if bucket is None:
                bucket = self._literals[path.key] = Bucket()
        else:
            joinable = path.pattern is not None and path.pattern.linear_source is not None
            key: Any = path.pattern.source if path.pattern is not None else id(path)
            _, bucket = (self._patterns if joinable else self._ruled).setdefault(key, (path, Bucket()))
        assert isinstance(bucket.candidates, list)
        bucket.candidates.append(candidate)

    def build(self) -> MethodIndex:
        sets, refused = _pattern_sets(list(self._patterns.values()))
        ruled = [*self._patterns.values(), *self._ruled.values()]
        for bucket in (*self._literals.values(), *(bucket for _, bucket in ruled)):
            bucket.candidates = tuple(bucket.candidates)
            if len(bucket.candidates) > _CROWD:
                bucket.prepare()
        first = min((bucket.candidates[0].rank for _, bucket in ruled), default=_LAST)
        return MethodIndex(self._literals, sets, [*self._ruled.values(), *refused], first)


_LAST = 1 << 62
_CROWD = 50  # candidates on one path from which on they are made ready when the index is built


def _pattern_sets(members: list[_Member]) -> tuple[list[_PatternSet], list[_Member]]:
    """One set for all patterns if RE2 takes them together, else two for halves of them, and so on; and the rest."""
    if not members:
        return [], []
    patterns = re2.Set.FullMatchSet(re2_options(len(members)))
    try:
        for path, _ in members:
            assert path.pattern is not None
            patterns.Add((path.pattern.linear_source or "").encode("utf-8", "surrogatepass"))
        patterns.Compile()
    except re2.error:
        if len(members) == 1:
            return [], members
        half = len(members) // 2
        first, second = _pattern_sets(members[:half]), _pattern_sets(members[half:])
        return first[0] + second[0], first[1] + second[1]
    return [_PatternSet(patterns, [path for path, _ in members], [bucket for _, bucket in members])], []
