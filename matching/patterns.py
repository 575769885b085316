"""Regular expressions from pacts and requests: compiled once, matched over the whole text, never running away.

Patterns come from Java, Ruby, JavaScript, .NET, Rust and Python. RE2 runs them in linear time; what RE2 refuses
(look-around, back-references) goes to `regex` with a time limit. RE2's `\\d`, `\\w` and `\\s` know ASCII only while
those of the pact world know Unicode, so they are spelled out for it; where that cannot be done (`\\b`, `[\\W]`), texts
beyond ASCII go to `regex` as well. As in the reference implementation, `^` and `$` also stand at line breaks.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import re2
import regex

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
    """A text as RE2 takes it; bytes that were not UTF-8 become what they were, and match nothing."""
    return text.encode("utf-8", "surrogateescape") if text.isascii() else text.encode("utf-8", "replace")


@functools.lru_cache(maxsize=65536)
def compile_pattern(source: str) -> Pattern:
    """Compile a pattern of a pact; the same source gives the same object. Raises PatternError."""
    if len(source) > MAX_LENGTH:
        raise PatternError(f"is longer than {MAX_LENGTH} characters")
    spelled_out, faithful = _spelled_out(source)
    linear = _linear_set(spelled_out, re2.Set.FullMatchSet)
    if linear is not None and faithful:
        return Pattern(source, spelled_out, linear, None)
    try:
        backtracking = regex.compile(source, regex.MULTILINE)
    except (regex.error, RecursionError, OverflowError, ValueError) as error:
        if linear is None:
            raise PatternError(str(error) or type(error).__name__) from None
        backtracking = None
    return Pattern(source, spelled_out if backtracking is None else None, linear, backtracking)


@functools.lru_cache(maxsize=256)
def compile_search(source: str) -> re2.Set:
    """Compile a pattern that a request brings, to be searched anywhere in a text (`.Match(text)`).

    Only RE2 runs these: whoever may send requests may not choose a pattern that backtracks. Raises PatternError.
    """
    if len(source) > MAX_SEARCH_LENGTH:
        raise PatternError(f"is longer than {MAX_SEARCH_LENGTH} characters")
    found = _linear_set(_spelled_out(source)[0], re2.Set.SearchSet)
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


_CLASS_MEMBERS = {
    "d": r"\p{Nd}",
    "w": r"\p{L}\p{M}\p{Nd}\p{Pc}",
    "s": r"\s\x{0b}\x{85}\p{Z}",
}


def _spelled_out(source: str) -> tuple[str, bool]:
    """The pattern with `\\d`, `\\w`, `\\s` (and their negations) in Unicode terms, and whether that is faithful."""
    if "\\Q" in source:
        return f"(?m){source}", False
    pieces, faithful, in_class, at = ["(?m)"], True, False, 0
    while at < len(source):
        char = source[at]
        if char == "\\" and at + 1 < len(source):
            letter = source[at + 1]
            at += 2
            members = _CLASS_MEMBERS.get(letter.lower())
            if members is None:
                faithful = faithful and letter not in "bB"
                pieces.append("\\" + letter)
            elif letter.islower():
                pieces.append(members if in_class else f"[{members}]")
            elif in_class:
                faithful = False
                pieces.append("\\" + letter)
            else:
                pieces.append(f"[^{members}]")
            continue
        pieces.append(char)
        at += 1
        if in_class:
            if char == "[" and source[at : at + 1] == ":":
                end = source.find(":]", at)
                if end > 0:
                    pieces.append(source[at : end + 2])
                    at = end + 2
                    faithful = False  # POSIX classes are ASCII in RE2
            elif char == "]":
                in_class = False
        elif char == "[":
            in_class = True
            for opening in ("^", "]"):
                if source[at : at + 1] == opening:
                    pieces.append(opening)
                    at += 1
    return "".join(pieces), faithful
