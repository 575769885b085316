"""Matching-rule paths: `$.items[*].id` to tokens, and which rule governs a value.

A path is a tuple of tokens without its root. Which of several rules governs a value is decided by weight
(specification V2 and V3, "Matching path expressions"): every token contributes 2 when it names the key or
index exactly, 1 when it is a wildcard; the product times the number of tokens (the root counts as one) is the
score; the highest score wins, and a rule shorter than the path is inherited by everything below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar


class Wildcard(Enum):
    """`.*` stands for any key or index, `[*]` for any index."""

    ANY = ".*"
    INDEX = "[*]"


Token = str | int | Wildcard
Path = tuple[Token, ...]


class PathError(ValueError):
    """A text that is not a path expression of pact; says where."""


_STEP = re.compile(
    r"""
    \.?\[ (?: (?P<any_index>\*) | (?P<index>[0-9]{1,9})
            | '(?P<single>(?:[^'\\]|\\.|'')*)' | "(?P<double>(?:[^"\\]|\\.)*)" ) \]
    | \. (?: (?P<any>\*) | (?P<name>[\w\-:#@]+) )
    """,
    re.VERBOSE,
)
_BARE_NAME = re.compile(r"[\w\-:#@]+")


def parse_path(text: str) -> Path:
    """Parse a path expression such as `$.a[0]['b c'].*`; a bare leading name means a key of the root.

    Raises PathError for anything else (`..`, filters, slices, negative indices).
    """
    tokens: list[Token] = []
    at = 0
    if text.startswith("$"):
        at = 1
    elif bare := _BARE_NAME.match(text):
        tokens.append(bare[0])
        at = bare.end()
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            raise PathError(f"not understood from character {at + 1}: {text[at : at + 20]!r}")
        tokens.append(_token(step))
        at = step.end()
    if not text:
        raise PathError("is empty")
    return tuple(tokens)


def _token(step: re.Match[str]) -> Token:
    if step["any"]:
        return Wildcard.ANY
    if step["any_index"]:
        return Wildcard.INDEX
    if step["index"] is not None:
        return int(step["index"])
    if step["name"] is not None:
        return step["name"]
    quoted = step["single"]
    quoted = quoted.replace("''", "'") if quoted is not None else step["double"]
    return re.sub(r"\\(.)", r"\1", quoted)


def token_weight(token: Token, key: str | int) -> int:
    """2 for an exact token, 1 for a wildcard that covers the key, 0 when the token does not apply."""
    if token is Wildcard.ANY:
        return 1
    if token is Wildcard.INDEX:
        return 1 if isinstance(key, int) else 0
    if isinstance(token, int) and isinstance(key, str):
        return 2 if str(token) == key else 0  # an index may also spell a key of digits
    return 2 if token == key and isinstance(token, str) == isinstance(key, str) else 0


def reaches(path: Path, document: object) -> bool:
    """Whether a path leads to anything in a JSON document."""
    found = [document]
    for token in path:
        below: list[object] = []
        for value in found:
            if isinstance(value, dict):
                below.extend(item for key, item in value.items() if token_weight(token, key))
            elif isinstance(value, list):
                below.extend(item for index, item in enumerate(value) if token_weight(token, index))
        found = below
    return bool(found)


_PLAIN_NAME = re.compile(r"[A-Za-z_][\w\-]*\Z")


def render_step(key: str | int) -> str:
    """One step as people write it: `.name`, `[0]` or `['odd name']`."""
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if _PLAIN_NAME.match(key) else "['{}']".format(key.replace("\\", "\\\\").replace("'", "\\'"))


R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class _Reached(Generic[R]):
    """A rule whose whole path has been walked: it governs this node or is inherited from above."""

    rules: R
    score: int
    weights: tuple[int, ...]
    order: int
    length: int

    @property
    def rank(self) -> tuple[int, int, tuple[int, ...], int]:
        # Equal scores have no order in the specification. Ours is fixed: the longer rule, then the one that is
        # exact earlier, then the one recorded first.
        return (self.score, self.length, self.weights, -self.order)


@dataclass(frozen=True, slots=True)
class _Live(Generic[R]):
    """A rule whose path agrees so far and goes on below this node."""

    path: Path
    rules: R
    weights: tuple[int, ...]
    order: int


class Scope(Generic[R]):
    """The rules that can still apply at one node of a document, carried down while it is compiled.

    Rules are kept by the token they name next, so a step costs as many rules as cover its key, and choosing rules for a
    whole document never compares every rule with every node.
    """

    __slots__ = ("_best", "_by_token", "_depth")

    def __init__(self, live: tuple[_Live[R], ...], best: _Reached[R] | None, depth: int) -> None:
        self._best = best
        self._depth = depth
        self._by_token: dict[Token, list[_Live[R]]] = {}
        for rule in live:
            self._by_token.setdefault(rule.path[depth], []).append(rule)

    @classmethod
    def root(cls, rules: list[tuple[Path, R]]) -> Scope[R]:
        """The scope of the document's root, from (path, rules) pairs in file order."""
        live = tuple(_Live(path, value, (), order) for order, (path, value) in enumerate(rules) if path)
        reached = [_Reached(value, 2, (), order, 0) for order, (path, value) in enumerate(rules) if not path]
        return cls(live, _best_of(reached), 0)

    def child(self, key: str | int | Wildcard) -> Scope[R]:
        """The scope one step down. A `Wildcard` stands for every key (or index) that no rule names."""
        depth = self._depth + 1
        live: list[_Live[R]] = []
        reached: list[_Reached[R]] = []
        for token in self._covering(key):
            weight = _wildcard_weight(token, key) if isinstance(key, Wildcard) else token_weight(token, key)
            for rule in self._by_token.get(token, ()):
                weights = (*rule.weights, weight)
                if len(rule.path) == depth:
                    product = 2
                    for factor in weights:
                        product *= factor
                    reached.append(_Reached(rule.rules, product * (depth + 1), weights, rule.order, depth))
                else:
                    live.append(_Live(rule.path, rule.rules, weights, rule.order))
        if self._best is not None:
            reached.append(self._best)
        return Scope(tuple(live), _best_of(reached), depth)

    def _covering(self, key: str | int | Wildcard) -> Iterator[Token]:
        """The tokens that cover a key."""
        yield Wildcard.ANY
        if isinstance(key, int) or key is Wildcard.INDEX:
            yield Wildcard.INDEX
        if not isinstance(key, Wildcard):
            yield key
        if isinstance(key, str) and key.isdecimal() and key.isascii() and str(int(key[:9])) == key:
            yield int(key)  # an index may also spell a key of digits

    def governing(self) -> tuple[R, bool] | None:
        """The rules that govern this node and whether they are inherited from above; None when it has none."""
        return None if self._best is None else (self._best.rules, self._best.length < self._depth)

    @property
    def is_free(self) -> bool:
        """True when no rule reaches this node or anything below it."""
        return not self._by_token and self._best is None

    def named_keys(self) -> set[str]:
        """The keys that living rules name at the next step."""
        return {str(token) for token in self._by_token if not isinstance(token, Wildcard)}

    def named_indices(self) -> set[int]:
        """The indices that living rules name at the next step."""
        return {token for token in self._by_token if isinstance(token, int)}


def _best_of(reached: list[_Reached[R]]) -> _Reached[R] | None:
    return max(reached, key=lambda rule: rule.rank, default=None)


def _wildcard_weight(token: Token, key: Wildcard) -> int:
    if token is Wildcard.ANY:
        return 1
    return 1 if token is Wildcard.INDEX and key is Wildcard.INDEX else 0
