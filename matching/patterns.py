"""Regular expressions from pacts and requests: compiled once, matched over the whole text, never running away.

RE2 runs them in linear time. What it refuses (look-around, back-references) or reads otherwise goes to `regex` with a
time limit; `matching.dialects` says which. As in the reference implementation, a rule's pattern has to match the whole text.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import re2
import regex

from matching.dialects import Reading, Respelled, respell

TIME_LIMIT = 0.05  # seconds one match may take in the engine that backtracks
MAX_LENGTH = 8192  # characters of a pattern of a pact
MAX_SEARCH_LENGTH = 1024  # characters of a pattern of a request


class PatternError(ValueError):
    """A pattern that cannot be run; the message says why."""


def re2_options(patterns: int = 1) -> re2.Options:
    """Options for RE2, with memory for a set of that many patterns (the default fails at some thousands)."""
    options = re2.Options()
    options.log_errors = False  # refusals are ours to report
    options.max_mem = max(8 << 20, patterns * (16 << 10))
    return options


@dataclass(frozen=True, slots=True)
class Pattern:
    """One compiled pattern.

    `linear_source` is set when RE2 alone decides, for every text: such patterns may be joined into one set.
    """

    source: str
    linear_source: str | None
    _linear: re2.Set | None
    _backtracking: regex.Pattern[str] | None

    def matches(self, text: str) -> bool:
        """Whether the whole text matches. A match that passes the time limit counts as none."""
        if self._linear is not None and (self._backtracking is None or text.isascii()):
            return bool(self._linear.Match(re2_text(text)))
        if self._backtracking is None:
            return False
        try:
            return self._backtracking.fullmatch(text, timeout=TIME_LIMIT) is not None
        except TimeoutError:
            return False


def re2_text(text: str) -> bytes:
    """A text as RE2 takes it; bytes that were not UTF-8 become question marks."""
    return text.encode("utf-8", "replace")


@functools.lru_cache(maxsize=65536)
def compile_pattern(source: str) -> Pattern:
    """Compile a pattern of a pact; the same source gives the same object. Raises PatternError."""
    if len(source) > MAX_LENGTH:
        raise PatternError(f"is longer than {MAX_LENGTH} characters")
    respelled = respell(source)
    linear = None if respelled.reading is Reading.OTHER else _linear_set(respelled.re2, re2.Set.FullMatchSet)
    if linear is not None and respelled.reading is Reading.SAME:
        return Pattern(source, respelled.re2, linear, None)
    try:
        return Pattern(source, None, linear, _compile_backtracking(respelled))
    except (regex.error, RecursionError, OverflowError, ValueError) as error:
        if linear is None:
            raise PatternError(str(error) or type(error).__name__) from None
        return Pattern(source, respelled.re2, linear, None)


def _compile_backtracking(respelled: Respelled) -> regex.Pattern[str]:
    version = regex.VERSION1 if respelled.has_set_operations else regex.VERSION0
    return regex.compile(respelled.regex, regex.MULTILINE | version)


@functools.lru_cache(maxsize=256)
def compile_search(source: str) -> re2.Set:
    """Compile a pattern that a request brings, to be searched anywhere in a text (`.Match(text)`).

    Only RE2 runs these: whoever may send requests may not choose a pattern that backtracks. Raises PatternError.
    """
    if len(source) > MAX_SEARCH_LENGTH:
        raise PatternError(f"is longer than {MAX_SEARCH_LENGTH} characters")
    found = _linear_set(respell(source).re2, re2.Set.SearchSet)
    if found is None:
        raise PatternError("is not a regular expression that RE2 runs (look-around and back-references are not)")
    return found


def _linear_set(source: str, make: Callable[[re2.Options], re2.Set]) -> re2.Set | None:
    # A set of one: its Match costs a sixth of what the wrapper around a single RE2 object costs.
    patterns = make(re2_options())
    try:
        patterns.Add(source.encode("utf-8", "surrogatepass"))
        patterns.Compile()
    except re2.error:
        return None
    return patterns
