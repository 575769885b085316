"""Nodes for places where a rule leaves something free: the keys of an object, the order of a list, everything."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from matching.bodies.nodes import Check, Node, explain_checks, kind_mismatch
from matching.matchers import Matcher
from matching.mismatch import Mismatch, Part, counted, shown
from matching.paths import render_step
from matching.patterns import PATIENCE, Patience


class Anything:
    """Nothing is demanded."""

    __slots__ = ()

    def matches(self, actual: Any) -> bool:
        return True

    def explain(self, actual: Any, path: str) -> Iterator[Mismatch]:
        return iter(())


class Nullable:
    """An object or array that may also be null."""

    __slots__ = ("_node",)

    def __init__(self, node: Node) -> None:
        self._node = node

    def matches(self, actual: Any) -> bool:
        return actual is None or self._node.matches(actual)

    def explain(self, actual: Any, path: str) -> Iterator[Mismatch]:
        if actual is not None:
            yield from self._node.explain(actual, path)


class Never:
    """Nothing can match: the contract put a rule where it cannot be applied."""

    __slots__ = ("_reason", "_rule")

    def __init__(self, reason: str, rule: str) -> None:
        self._reason = reason
        self._rule = rule

    def matches(self, actual: Any) -> bool:
        return False

    def explain(self, actual: Any, path: str) -> Iterator[Mismatch]:
        message = f"Nothing can match here: {self._reason}"
        yield Mismatch(Part.BODY, path, self._rule, None, actual, message)


class Both:
    """Several rules that each look at the whole container."""

    __slots__ = ("_nodes",)

    def __init__(self, nodes: tuple[Node, ...]) -> None:
        self._nodes = nodes

    def matches(self, actual: Any) -> bool:
        return all(node.matches(actual) for node in self._nodes)

    def explain(self, actual: Any, path: str) -> Iterator[Mismatch]:
        told: set[tuple[str, str]] = set()
        for node in self._nodes:
            for mismatch in node.explain(actual, path):
                if (mismatch.path, mismatch.message) not in told:
                    told.add((mismatch.path, mismatch.message))
                    yield mismatch


class Entries:
    """An object under `values`: the keys are free, every value has a node."""

    __slots__ = ("_checks", "_named", "_other")

    def __init__(self, named: dict[str, Node], other: Node | None, checks: tuple[Check, ...]) -> None:
        self._named = named
        self._other = other  # None when no entry was recorded: then no entry may come
        self._checks = checks

    def matches(self, actual: Any) -> bool:
        if type(actual) is not dict:
            return False
        for key, value in actual.items():
            node = self._named.get(key, self._other)
            if node is None or not node.matches(value):
                return False
        return all(check.matches(actual) for check in self._checks)

    def explain(self, actual: Any, path: str) -> Iterator[Mismatch]:
        if type(actual) is not dict:
            yield kind_mismatch("object", actual, path)
            return
        yield from explain_checks(self._checks, actual, path)
        for key, value in actual.items():
            node = self._named.get(key, self._other)
            if node is None:
                message = f"Unexpected key {shown(key)}: the contract records an object without entries"
                yield Mismatch(Part.BODY, path + render_step(key), "values", None, value, message)
            else:
                yield from node.explain(value, path + render_step(key))


class OneOf:
    """Alternatives for a list, each of which would do."""

    __slots__ = ("_nodes",)

    def __init__(self, nodes: tuple[Node, ...]) -> None:
        self._nodes = nodes

    def matches(self, actual: Any) -> bool:
        return any(node.matches(actual) for node in self._nodes)

    def explain(self, actual: Any, path: str) -> Iterator[Mismatch]:
        if not self.matches(actual):
            yield from self._nodes[0].explain(actual, path)


class Keys:
    """An object under `eachKey`: every key passes the rules; values of recorded keys have nodes, others are free."""

    __slots__ = ("_checks", "_key", "_named")

    def __init__(self, key: Matcher | None, named: dict[str, Node], checks: tuple[Check, ...]) -> None:
        self._key = key
        self._named = named
        self._checks = checks

    def matches(self, actual: Any) -> bool:
        if type(actual) is not dict:
            return False
        for key, value in actual.items():
            if self._key is not None and not self._key.matches(key):
                return False
            node = self._named.get(key)
            if node is not None and not node.matches(value):
                return False
        return all(check.matches(actual) for check in self._checks)

    def explain(self, actual: Any, path: str) -> Iterator[Mismatch]:
        if type(actual) is not dict:
            yield kind_mismatch("object", actual, path)
            return
        yield from explain_checks(self._checks, actual, path)
        for key, value in actual.items():
            where = path + render_step(key)
            if self._key is not None and (reason := self._key.explain(key)) is not None:
                yield Mismatch(Part.BODY, where, f"eachKey {self._key.rule}", None, key, f"Key {shown(key)}: {reason}")
            if key in self._named:
                yield from self._named[key].explain(value, where)


def _affords(comparisons: int) -> bool:
    return (PATIENCE.get(None) or Patience()).affords(comparisons)


_AT_ONCE = 64  # items that are compared before the time is looked at


def _fitting(node: Node, actual: list[Any]) -> Iterator[int]:
    """The items that meet a node, as long as patience lasts."""
    patience = PATIENCE.get(None)
    for at, value in enumerate(actual):
        if patience is not None and at % _AT_ONCE == _AT_ONCE - 1 and patience.is_late:
            return
        if node.matches(value):
            yield at


def _too_long(rule: str, path: str, actual: list[Any]) -> Mismatch:
    message = f"The {len(actual)} items are too many to be compared without regard to their order"
    return Mismatch(Part.BODY, path, rule, None, f"{len(actual)} items", message)


_COMPARED_ITEMS = 20  # of a list in which an item is missing
_SHOWN_MISMATCHES = 5  # of the item that is nearest to it


def _nearest_item(node: Node, example: Any, actual: list[Any], path: str) -> list[Mismatch]:
    """Where the item that is nearest to a missing one differs from it; nothing unless both are objects, or lists."""
    found: list[list[Mismatch]] = []
    for index, value in enumerate(actual[:_COMPARED_ITEMS]):
        if type(value) is type(example) and isinstance(value, (dict, list)):
            mismatches = node.explain(value, f"{path}[{index}]")
            found.append(list(itertools.islice(mismatches, _SHOWN_MISMATCHES)))
    return min(filter(None, found), key=len, default=[])


class Contains:
    """A list under `arrayContains`: each variant is met by some item."""

    __slots__ = ("_checks", "_variants")

    def __init__(self, variants: tuple[tuple[int, Node, Any], ...], checks: tuple[Check, ...]) -> None:
        self._variants = variants  # index of the recorded item, its node, the item
        self._checks = checks

    def matches(self, actual: Any) -> bool:
        if type(actual) is not list or not all(check.matches(actual) for check in self._checks):
            return False
        return _affords(len(actual) * len(self._variants)) and self._missing(actual) is None

    def _missing(self, actual: list[Any]) -> tuple[int, Node, Any] | None:
        """The first variant that no item meets."""
        for variant in self._variants:
            if next(_fitting(variant[1], actual), None) is None:
                return variant
        return None

    def explain(self, actual: Any, path: str) -> Iterator[Mismatch]:
        if type(actual) is not list:
            yield kind_mismatch("array", actual, path)
            return
        yield from explain_checks(self._checks, actual, path)
        if not _affords(len(actual) * len(self._variants)):
            yield _too_long("arrayContains", path, actual)
            return
        missing = self._missing(actual)
        if missing is not None:
            index, node, item = missing
            yield from _nearest_item(node, item, actual, path)
            message = f"Expected an item like {shown(item)} (variant {index}), but there is none"
            yield Mismatch(Part.BODY, path, "arrayContains", item, actual, message)


class Unordered:
    """A list under `ignore-order`: each recorded item is met by an item of its own; others only within bounds."""

    __slots__ = ("_checks", "_examples", "_fixed", "_items")

    def __init__(self, items: tuple[Node, ...], examples: list[Any], checks: tuple[Check, ...], *, fixed: bool) -> None:
        self._items = items
        self._examples = examples
        self._checks = checks
        self._fixed = fixed

    def matches(self, actual: Any) -> bool:
        if type(actual) is not list or (self._fixed and len(actual) != len(self._items)):
            return False
        if not all(check.matches(actual) for check in self._checks):
            return False
        return _affords(len(actual) * len(self._items)) and self._unmet(actual) is None

    def _unmet(self, actual: list[Any]) -> int | None:
        """The first recorded item that is left without an item of its own, however they are paired."""
        fitting = [list(_fitting(node, actual)) for node in self._items]
        taken_by: dict[int, int] = {}
        for wanted in range(len(fitting)):
            if not _placed(wanted, fitting, taken_by):
                return wanted
        return None

    def explain(self, actual: Any, path: str) -> Iterator[Mismatch]:
        if type(actual) is not list:
            yield kind_mismatch("array", actual, path)
            return
        if self._fixed and len(actual) != len(self._items):
            expected, received = counted(len(self._items), "item"), counted(len(actual), "item")
            message = f"Expected {expected} in any order but received {len(actual)}"
            yield Mismatch(Part.BODY, path, "ignore-order", expected, received, message)
            return
        yield from explain_checks(self._checks, actual, path)
        if not _affords(len(actual) * len(self._items)):
            yield _too_long("ignore-order", path, actual)
            return
        unmet = self._unmet(actual)
        if unmet is not None:
            item = self._examples[unmet]
            yield from _nearest_item(self._items[unmet], item, actual, path)
            message = f"Expected an item like {shown(item)} of its own, in any order, but there is none"
            yield Mismatch(Part.BODY, path, "ignore-order", item, actual, message)


def _placed(wanted: int, fitting: list[list[int]], taken_by: dict[int, int]) -> bool:
    """Pair one recorded item, moving earlier ones along an alternating path where that helps (breadth first)."""
    came_from: dict[int, int] = {}  # item to the recorded item that reached it
    reached = [wanted]
    for recorded in reached:
        for at in fitting[recorded]:
            if at in came_from:
                continue
            came_from[at] = recorded
            if at not in taken_by:
                _shift_along(at, came_from, taken_by, wanted)
                return True
            reached.append(taken_by[at])
    return False


def _shift_along(at: int, came_from: dict[int, int], taken_by: dict[int, int], wanted: int) -> None:
    holds = {recorded: place for place, recorded in taken_by.items()}
    while True:
        recorded = came_from[at]
        previous = holds.get(recorded)
        taken_by[at] = recorded
        if recorded == wanted or previous is None:
            return
        at = previous
