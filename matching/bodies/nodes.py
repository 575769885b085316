"""The nodes that a recorded JSON document is compiled into; `matching.bodies.json` says how they are made and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import orjson

from matching.json_text import exactly, kind_of, strict_equal
from matching.matchers import Matcher, OneKind, SameType
from matching.mismatch import Mismatch, Part, counted, inequality, shown
from matching.paths import render_step


class Node(Protocol):
    """A compiled part of a recorded document."""

    def matches(self, actual: Any) -> bool:
        """Whether the actual value may stand here."""

    def explain(self, actual: Any, path: str) -> Iterator[Mismatch]:
        """Every mismatch of the actual value, which stands at `path`; none when it matches."""


class Check(Protocol):
    """What the rules of a container demand of it as a whole."""

    @property
    def rule(self) -> str:
        """The rule as reports name it."""

    def matches(self, actual: Any) -> bool:
        """Whether the list or object passes."""

    def explain(self, actual: Any) -> str | None:
        """Why it does not."""


class SizeCheck:
    """`min`, `max` or `notEmpty` on a container: bounds on the number of its items or keys."""

    __slots__ = ("_noun", "least", "most", "rule")

    def __init__(self, rule: str, noun: str, least: int, most: int | None) -> None:
        self.rule = rule
        self._noun = noun
        self.least = least
        self.most = most

    def matches(self, actual: Any) -> bool:
        return len(actual) >= self.least and (self.most is None or len(actual) <= self.most)

    def explain(self, actual: Any) -> str | None:
        if self.matches(actual):
            return None
        if len(actual) < self.least:
            return f"Expected at least {counted(self.least, self._noun)} but received {len(actual)}"
        return f"Expected at most {counted(self.most or 0, self._noun)} but received {len(actual)}"


class WholeCheck:
    """`equality` among alternatives: the whole container as recorded."""

    __slots__ = ("_node",)
    rule = "equality"

    def __init__(self, example: Any) -> None:
        self._node = Same(example)

    def matches(self, actual: Any) -> bool:
        return self._node.matches(actual)

    def explain(self, actual: Any) -> str | None:
        return None if self.matches(actual) else f"Expected {shown(self._node.example)} but received {shown(actual)}"


class AnyCheck:
    """Alternatives: one of them suffices."""

    __slots__ = ("_checks", "rule")

    def __init__(self, checks: list[Check]) -> None:
        self._checks = checks
        self.rule = " or ".join(check.rule for check in checks)

    def matches(self, actual: Any) -> bool:
        return any(check.matches(actual) for check in self._checks)

    def explain(self, actual: Any) -> str | None:
        if self.matches(actual):
            return None
        return "None of the alternatives holds: " + "; ".join(filter(None, (c.explain(actual) for c in self._checks)))


Literal = tuple[tuple[str, ...], Any]


class Same:
    """No rule: equal in kind and value."""

    __slots__ = ("_canonical", "example", "is_scalar")

    def __init__(self, example: Any) -> None:
        self.example = example
        self.is_scalar = not isinstance(example, (dict, list))
        canonical = None if self.is_scalar else _canonical(example)
        self._canonical = None if canonical is None else exactly(canonical)

    def matches(self, actual: Any) -> bool:
        if type(actual) is not type(self.example) or actual != self.example:
            return False
        # `==` takes 1, 1.0 and true for one; the canonical text tells them apart faster than a walk in Python.
        if self.is_scalar or (self._canonical is not None and _canonical(actual) == self._canonical):
            return True
        return strict_equal(self.example, actual)

    def literals(self, path: tuple[str, ...]) -> Iterator[Literal]:
        """The scalars that must stand at certain places of objects for this to match: (keys that lead there, value)."""
        todo = [(path, self.example)]
        while todo:
            where, value = todo.pop()
            if isinstance(value, dict):
                todo.extend(((*where, key), item) for key, item in value.items())
            elif not isinstance(value, list):
                yield where, value

    def explain(self, actual: Any, path: str) -> Iterator[Mismatch]:
        yield from _differences(self.example, actual, path)


def _canonical(value: Any) -> bytes | None:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer beyond 64 bits
        return None


def _differences(expected: Any, actual: Any, path: str) -> Iterator[Mismatch]:
    if isinstance(expected, dict) and isinstance(actual, dict):
        yield from _key_differences(expected, actual, path, "equality")
        for key, value in expected.items():
            if key in actual:
                yield from _differences(value, actual[key], path + render_step(key))
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            yield _length_mismatch(len(expected), actual, path)
        for index, (value, other) in enumerate(zip(expected, actual, strict=False)):
            yield from _differences(value, other, f"{path}[{index}]")
    elif not strict_equal(expected, actual):
        yield Mismatch(Part.BODY, path, "equality", expected, actual, inequality(expected, actual))


def _key_differences(
    expected: dict[str, Any], actual: dict[str, Any], path: str, rule: str, *, extra_keys: bool = False
) -> Iterator[Mismatch]:
    for key in expected:
        if key not in actual:
            message = f"Expected the key {shown(key)} but it is missing"
            yield Mismatch(Part.BODY, path + render_step(key), rule, "present", None, message)
    if not extra_keys:
        for key, value in actual.items():
            if key not in expected:
                message = f"Unexpected key {shown(key)}: the contract records no such key here"
                yield Mismatch(Part.BODY, path + render_step(key), rule, None, value, message)


def _length_mismatch(expected: int, actual: list[Any], path: str) -> Mismatch:
    message = f"Expected an array of {counted(expected, 'item')} but received {len(actual)}"
    return Mismatch(Part.BODY, path, "equality", counted(expected, "item"), counted(len(actual), "item"), message)


def kind_mismatch(expected: str, actual: Any, path: str) -> Mismatch:
    """The mismatch of a value that is not even of the recorded kind."""
    message = f"Expected an {expected} but received {shown(actual)} ({kind_of(actual)})"
    return Mismatch(Part.BODY, path, "type", expected, actual, message)


class Value:
    """A scalar under rules. `kinds` are set where nothing but the kind counts."""

    __slots__ = ("_example", "_matcher", "kinds", "matches")

    def __init__(self, matcher: Matcher, example: Any) -> None:
        self._matcher = matcher
        self._example = example
        self.kinds = matcher.kinds if isinstance(matcher, (SameType, OneKind)) else None
        self.matches = matcher.matches  # a leaf is met often enough to save it a call

    def explain(self, actual: Any, path: str) -> Iterator[Mismatch]:
        message = self._matcher.explain(actual)
        if message is not None:
            yield Mismatch(Part.BODY, path, self._matcher.rule, self._example, actual, message)


def _dearness(node: Node) -> int:
    """The order in which members are decided: scalars, then what is compared as a whole, then what is walked."""
    if isinstance(node, Same):
        return 0 if node.is_scalar else 2
    if isinstance(node, Value):
        return 0 if node.kinds is not None else 1
    return 3


class Object:
    """Recorded keys, each with its node."""

    __slots__ = ("cheap_first", "checks", "extra_keys", "members")

    def __init__(self, members: dict[str, Node], extra_keys: bool, checks: tuple[Check, ...]) -> None:
        self.members = members
        # A difference in a scalar is found before a long list is walked.
        self.cheap_first = tuple(sorted(members.items(), key=lambda member: _dearness(member[1])))
        self.extra_keys = extra_keys
        self.checks = checks

    def matches(self, actual: Any) -> bool:
        if type(actual) is not dict:
            return False
        if len(actual) != len(self.members) and not (self.extra_keys and len(actual) > len(self.members)):
            return False
        for key, node in self.cheap_first:
            if key not in actual or not node.matches(actual[key]):
                return False
        return all(check.matches(actual) for check in self.checks)

    def literals(self, path: tuple[str, ...]) -> Iterator[Literal]:
        for key, node in self.members.items():
            if isinstance(node, (Same, Object)):
                yield from node.literals((*path, key))

    def explain(self, actual: Any, path: str) -> Iterator[Mismatch]:
        if type(actual) is not dict:
            yield kind_mismatch("object", actual, path)
            return
        yield from explain_checks(self.checks, actual, path)
        yield from _key_differences(self.members, actual, path, "equality", extra_keys=self.extra_keys)
        for key, node in self.members.items():
            # Most scalars are as they should be, and finding that out costs less than beginning to explain them.
            if key in actual and not (isinstance(node, (Same, Value)) and node.matches(actual[key])):
                yield from node.explain(actual[key], path + render_step(key))


class Array:
    """Recorded items; under a rule the length is free and further items are held against the first. `alike` is the node
    of all items, where all of them demand the same and any number may come.
    """

    __slots__ = ("_fixed", "_further", "_items", "_rest", "alike", "checks")

    def __init__(
        self,
        items: tuple[Node, ...],
        rest: Node | None,
        further: dict[int, Node],
        *,
        fixed: bool,
        checks: tuple[Check, ...],
        alike: Node | None = None,
    ) -> None:
        self.alike = alike
        self._items = items
        self._rest = rest
        self._further = further  # nodes of indices beyond the recorded ones that a rule names
        self._fixed = fixed
        self.checks = checks

    def matches(self, actual: Any) -> bool:
        if type(actual) is not list:
            return False
        size, recorded = len(actual), len(self._items)
        if self._fixed and size != recorded:
            return False
        if self.checks and not all(check.matches(actual) for check in self.checks):
            return False
        for node, value in zip(self._items, actual, strict=False):
            if not node.matches(value):
                return False
        if size > recorded and self._rest is not None:
            if self._further:
                return all(
                    self._further.get(index, self._rest).matches(actual[index]) for index in range(recorded, size)
                )
            matches = self._rest.matches
            return all(matches(value) for value in actual[recorded:])
        return True

    def explain(self, actual: Any, path: str) -> Iterator[Mismatch]:
        if type(actual) is not list:
            yield kind_mismatch("array", actual, path)
            return
        recorded = len(self._items)
        if self._fixed and len(actual) != recorded:
            yield _length_mismatch(recorded, actual, path)
        yield from explain_checks(self.checks, actual, path)
        for index, value in enumerate(actual):
            node = self._items[index] if index < recorded else self._further.get(index, self._rest)
            if node is not None and not node.matches(value):
                yield from node.explain(value, f"{path}[{index}]")


def explain_checks(checks: tuple[Check, ...], actual: Any, path: str) -> Iterator[Mismatch]:
    """The mismatches of a container as a whole."""
    for check in checks:
        message = check.explain(actual)
        if message is not None:
            yield Mismatch(Part.BODY, path, check.rule, None, len(actual), message)
