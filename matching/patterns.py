"""Regular expressions from pacts and requests: compiled once, matched over the whole text, never running away.

RE2 decides in linear time. What it refuses (look-around, back-references), and what it cannot settle for texts beyond
ASCII, goes to `regex`, which backtracks: each match there has a time limit, and each request has patience for a few
slow ones only. `matching.dialects` says which engine settles what. As in the reference implementation, a rule's pattern
has to match the whole text.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import re2
import regex

from matching.dialects import Reading, Respelled, respell, unrolled_length
from matching.http_text import encoded

SLOW = 0.001  # seconds after which a match in the engine that backtracks is slow
TIME_LIMIT = 0.05  # seconds after which it is given up
SLOW_MATCHES = 3  # how many slow matches a request may cost
TOTAL_TIME = 0.2  # seconds that all quick ones of a request may take
UNORDERED_TIME = 0.4  # seconds from the first comparison after which a request's lists are no longer compared so
COMPARISONS = 300_000  # how many items a request may have compared without regard to their order
MAX_LENGTH = 8192  # characters of a pattern of a pact
MAX_UNROLLED = 50_000  # characters of it once counted repeats are written out, for the engine that backtracks
_MAX_SEARCH_MEMORY = 256 << 10  # bytes that RE2 may take for such a pattern
MAX_SEARCH_LENGTH = 1024  # characters of a pattern of a request


class PatternError(ValueError):
    """A pattern that cannot be run; the message says why."""


def re2_options(patterns: int = 1) -> re2.Options:
    """Options for RE2, with memory for a set of that many patterns (the default fails at some thousands)."""
    options = re2.Options()
    options.log_errors = False  # refusals are ours to report
    options.max_mem = max(8 << 20, patterns * (16 << 10))
    return options


class Patience:
    """How much a request may cost that cannot be known beforehand: matching that backtracks (a few slow matches and,
    with a clock, some time in all), and lists compared without regard to their order.

    Once it is used up, all of these fail.
    """

    # Nearly no request uses any of it, so making one sets next to nothing.
    _began: float | None = None
    _slow_left = SLOW_MATCHES
    _time_left = TOTAL_TIME
    _comparisons_left = COMPARISONS
    _timed_out = False

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock

    @property
    def is_used_up(self) -> bool:
        """Whether a match may have been given up that would have succeeded."""
        return self._slow_left <= 0 or self._time_left <= 0 or self._comparisons_left < 0

    @property
    def gave_up(self) -> bool:
        """Whether something was given up that might have succeeded."""
        return self._timed_out or self.is_used_up

    def affords(self, comparisons: int) -> bool:
        """Whether so many items may still be compared without order; if so, they count as compared."""
        self._comparisons_left -= comparisons
        return self._comparisons_left >= 0

    @property
    def is_late(self) -> bool:
        """Whether comparing without order has taken all the time that it may, since this was asked first."""
        if self._clock is not None:
            now = self._clock()
            self._began = now if self._began is None else self._began
            if now - self._began > UNORDERED_TIME:
                self._comparisons_left = -1
        return self._comparisons_left < 0

    def fullmatch(self, pattern: regex.Pattern[str], text: str) -> bool:
        """Match the whole text, as long as patience lasts."""
        if self.is_used_up:
            return False
        began = self._clock() if self._clock is not None else 0.0
        try:
            return pattern.fullmatch(text, timeout=SLOW) is not None
        except TimeoutError:
            self._slow_left -= 1
        finally:
            if self._clock is not None:
                self._time_left -= self._clock() - began
        try:
            return pattern.fullmatch(text, timeout=TIME_LIMIT) is not None
        except TimeoutError:
            self._timed_out = True
            return False


# Whose patience is being used, by the request that is being decided or explained; see `matching.select`.
PATIENCE: ContextVar[Patience] = ContextVar("patience")


@contextmanager
def bounded(clock: Callable[[], float] | None = None) -> Iterator[Patience]:
    """What is decided or explained within may cost as much as one request."""
    patience = Patience(clock)
    token = PATIENCE.set(patience)
    try:
        yield patience
    finally:
        PATIENCE.reset(token)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One compiled pattern.

    `linear_source` is its spelling for RE2, where that lets no text through too few: such patterns may be joined into
    one set. `is_settled_by_re2` tells for which texts the set's word is final.
    """

    source: str
    linear_source: str | None
    _respelled: Respelled
    _linear: re2.Set | None
    _backtracking: regex.Pattern[str] | None  # where RE2 refuses the pattern

    def is_settled_by_re2(self, text: str) -> bool:
        """Whether RE2 alone decides on this text."""
        reading = self._respelled.reading
        return reading is Reading.SAME or (reading is not Reading.OTHER and text.isascii())

    def matches(self, text: str) -> bool:
        """Whether the whole text matches. A match that is given up counts as none."""
        if self._linear is not None:
            settled = self.is_settled_by_re2(text)
            if settled or self.linear_source is not None:
                passed = bool(self._linear.Match(encoded(text)))
                if settled or not passed:
                    return passed
        backtracking = self._backtracking or _beyond_ascii(self._respelled)
        if backtracking is None:  # refused there: RE2's wide reading is the best there is
            return self.linear_source is not None
        return (PATIENCE.get(None) or Patience()).fullmatch(backtracking, text)


@functools.lru_cache(maxsize=65536)
def compile_pattern(source: str) -> Pattern:
    """Compile a pattern of a pact; the same source gives the same object. Raises PatternError."""
    if len(source) > MAX_LENGTH:
        raise PatternError(f"is longer than {MAX_LENGTH} characters")
    respelled = respell(source)
    linear = None if respelled.reading is Reading.OTHER else _linear_set(respelled.re2, re2.Set.FullMatchSet)
    if linear is None:
        try:
            return Pattern(source, None, respelled, None, _compile_backtracking(respelled))
        except _REFUSALS as error:
            raise PatternError(str(error) or type(error).__name__) from None
    joinable = respelled.reading in (Reading.SAME, Reading.WIDE)
    return Pattern(source, respelled.re2 if joinable else None, respelled, linear, None)


_REFUSALS = (regex.error, RecursionError, OverflowError, ValueError)


def _compile_backtracking(respelled: Respelled) -> regex.Pattern[str]:
    if unrolled_length(respelled.regex) > MAX_UNROLLED:
        raise ValueError(f"its repeats make it longer than {MAX_UNROLLED:,} characters")
    version = regex.VERSION1 if respelled.has_set_operations else regex.VERSION0
    return regex.compile(respelled.regex, regex.MULTILINE | version)


@functools.lru_cache(maxsize=4096)
def _beyond_ascii(respelled: Respelled) -> regex.Pattern[str] | None:
    """What settles texts beyond ASCII for a pattern that RE2 took; None when the engine that backtracks refuses it.

    This runs when the first such text comes: most patterns never meet one, and compiling all of them twice would double
    the time that loading takes.
    """
    try:
        return _compile_backtracking(respelled)
    except _REFUSALS:
        return None


def captured(source: str, text: str) -> str | None:
    """The first group of the first match of a pattern of a pact in a text, None without one. Raises PatternError."""
    if len(source) > MAX_LENGTH:
        raise PatternError(f"is longer than {MAX_LENGTH} characters")
    try:
        found = _compile_backtracking(respell(source)).search(text, timeout=TIME_LIMIT)
    except TimeoutError:
        raise PatternError("takes too long") from None
    except _REFUSALS as error:
        raise PatternError(str(error) or type(error).__name__) from None
    return found[1] if found is not None and found.re.groups else None


@functools.lru_cache(maxsize=256)
def compile_search(source: str) -> re2.Set:
    """Compile a pattern that a request brings, to be searched anywhere in a text (`.Match(text)`).

    Only RE2 runs these: whoever may send requests may not choose a pattern that backtracks. Raises PatternError.
    """
    if len(source) > MAX_SEARCH_LENGTH:
        raise PatternError(f"is longer than {MAX_SEARCH_LENGTH} characters")
    found = _linear_set(respell(source).re2, re2.Set.SearchSet, _MAX_SEARCH_MEMORY)
    if found is None:
        raise PatternError("is not a regular expression that RE2 runs (look-around and back-references are not)")
    return found


def _linear_set(source: str, make: Callable[[re2.Options], re2.Set], max_memory: int | None = None) -> re2.Set | None:
    # A set of one: its Match costs a sixth of what the wrapper around a single RE2 object costs.
    options = re2_options()
    options.max_mem = max_memory or options.max_mem
    patterns = make(options)
    try:
        patterns.Add(source.encode("utf-8", "surrogatepass"))
        patterns.Compile()
    except re2.error:
        return None
    return patterns
