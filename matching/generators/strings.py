"""Strings that match a regular expression, made from a source of random values, with a bound on the work for one."""

from __future__ import annotations

import re
import string
import warnings
from random import Random
from typing import Any

from rstr.xeger import Xeger, sre_parse  # type: ignore[attr-defined]

from matching.dialects import respell
from matching.patterns import PATIENCE, Patience, PatternError, compile_pattern

_TRIES = 10  # strings that are made before giving up: what a look-ahead demands is found by chance only
_MOST_STEPS = 20_000  # pieces of a string
_MOST_REPEATS = 20  # of what may come any number of times
_PRINTABLE = string.ascii_letters + string.digits + string.punctuation + " "
_NAMED_GROUP = re.compile(r"\(\?<(?![=!])")  # as other dialects spell it
_REFUSALS = (re.error, RecursionError, OverflowError, ValueError, KeyError, IndexError, TypeError, AttributeError)


class MatchingStrings:
    """The strings of one pattern."""

    def __init__(self, source: str) -> None:
        """Raises PatternError for a pattern that no strings can be made for."""
        self._pattern = compile_pattern(source)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about spellings that Python may drop some day
                self._parsed = sre_parse.parse(_NAMED_GROUP.sub("(?P<", respell(source).regex), re.MULTILINE)
        except _REFUSALS as error:
            raise PatternError(f"is not read: {error}") from None

    def drawn(self, random: Random) -> str:
        """A string that matches. Raises PatternError when none was found."""
        try:
            writer = _IDLE.pop()
        except IndexError:
            writer = _Writer(random)
        token = PATIENCE.set(Patience())  # one for all tries
        try:
            for _ in range(_TRIES):
                text = writer.written(self._parsed, random)
                if self._pattern.matches(text):
                    return text
        except PatternError:
            raise
        except _REFUSALS as error:
            raise PatternError(f"has something that no string is made for: {error}") from None
        finally:
            PATIENCE.reset(token)
            _IDLE.append(writer)
        raise PatternError("was not matched by any of the strings that were made for it")


class _Writer(Xeger):
    """Writes one string. Unlike the class it extends, it chooses alike in every process, writes nothing that cannot be
    seen unless the pattern demands it, and ends.
    """

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self._left = _MOST_STEPS
        self._cases = {
            **self._cases,
            "assert": lambda _: "",  # what it demands is left to chance, or to what follows
            "groupref": self._copied,
            "any": lambda _: self._random.choice(_PRINTABLE),
            "not_literal": lambda code: self._random.choice(_PRINTABLE.replace(chr(code), "")),
        }

    def written(self, parsed: Any, random: Random) -> str:
        """A string for a parsed pattern; it matches unless the pattern has look-around."""
        self._random = random
        self._left = _MOST_STEPS
        self._cache.clear()
        return str(self._build_string(parsed))

    def _handle_state(self, state: Any) -> Any:
        self._spend(1)
        return super()._handle_state(state)

    def _spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise PatternError("asks for strings that are too long")

    def _copied(self, group: Any) -> str:
        text = self._cache[group]
        self._spend(len(text))
        return text

    def _handle_repeat(self, start_range: int, end_range: int, value: Any) -> str:
        most = max(start_range, min(end_range, start_range + _MOST_REPEATS))
        times = self._random.randint(start_range, most)
        self._spend(times)
        return "".join("".join(self._handle_state(state) for state in value) for _ in range(times))

    def _handle_in(self, value: Any) -> str:
        members = [(opcode.name.lower(), argument) for opcode, argument in value]
        if members[0][0] == "negate":
            return self._random.choice([c for c in _PRINTABLE if not any(self._covers(m, c) for m in members[1:])])
        sizes = [self._size(*member) for member in members]
        name, argument = self._random.choices(members, sizes)[0]
        if name == "range":
            return chr(self._random.randint(*argument))
        return chr(argument) if name == "literal" else self._random.choice(self._members(argument))

    def _size(self, name: str, argument: Any) -> int:
        if name == "range":
            return int(argument[1] - argument[0] + 1)
        return len(self._members(argument)) if name == "category" else 1

    def _covers(self, member: tuple[str, Any], char: str) -> bool:
        name, argument = member
        if name == "range":
            return bool(argument[0] <= ord(char) <= argument[1])
        return chr(argument) == char if name == "literal" else char in self._members(argument)

    def _members(self, category: Any) -> str:
        members = self._categories[category.name.lower()]()
        return "".join(char for char in _PRINTABLE if char in members) or "".join(sorted(members))


_IDLE: list[_Writer] = []  # writers that nobody uses now: making one takes longer than writing most strings
