"""JSON bodies.

Theory of operation. A recorded JSON document and the rules of its paths are compiled into a tree of nodes that mirrors
the document. While the tree is built, a `Scope` carries the rules that can still apply downwards, so each node
knows its rules once and for all; deciding on a request never looks at a path, a weight or a rule again. Parts of the
document that no rule reaches become one `Same` node, compared as a whole.

    Same      no rule here or below: equal in kind and value
    Value     a scalar under rules
    Object    recorded keys, each with its node; other keys refused (in requests)
    Entries   an object under `values`: keys are free, each value has a node
    Array     recorded items, and one node for all further ones
    Nullable  an object or array that an OR with `null` lets be null

The rule tables for containers (specification V2 to V4): a list under any rule except `equality` may have any length,
items beyond the recorded ones are held against the first; `type` with `min`/`max` bounds the number of items (or
keys) at exactly its path; rules meant for scalars pass through lists to their items and refuse objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import orjson

from matching.json_text import kind_of, strict_equal
from matching.matchers import JSON_RULES, Matcher, RuleError, compile_rules, inequality, shown
from matching.mismatch import Mismatch, Part
from matching.model import RuleList
from matching.paths import Path, Scope, Wildcard, render_step


class Node(Protocol):
    """A compiled part of a recorded document."""

    def matches(self, actual: Any) -> bool:
        """Whether the actual value may stand here."""

    def explain(self, actual: Any, path: str) -> Iterator[Mismatch]:
        """Every mismatch of the actual value, which stands at `path`; none when it matches."""


def compile_json(example: Any, rules: tuple[tuple[Path, RuleList], ...], *, extra_keys: bool = False) -> Node:
    """Compile a recorded document and its body rules. `extra_keys` lets objects hold keys that were not recorded,
    as responses may. Raises RuleError.
    """
    for _, rule_list in rules:
        for rule in rule_list.rules:
            if rule.name not in JSON_RULES and rule.name != "values":
                message = f"the matching rule {shown(rule.name)} is not supported in JSON bodies"
                raise RuleError(message, rule_list.pointer)
    return _compile(example, Scope.root(list(rules)), extra_keys)


# Rules that look only at the node they are written for.
_NOT_INHERITED = frozenset({"values"})
# Rules about a single value: lists hand them to their items, objects refuse them.
_SCALAR_RULES = frozenset({"number", "integer", "decimal", "boolean", "null", "include"})


def _governing(scope: Scope[RuleList]) -> tuple[RuleList | None, bool]:
    """The rules of this node and whether they are inherited; (None, False) when it has none."""
    for rules, inherited in scope.governing():
        kept = tuple(rule for rule in rules.rules if rule.name not in _NOT_INHERITED) if inherited else rules.rules
        if kept:
            return RuleList(kept, rules.any_suffices, rules.pointer), inherited
    return None, False


def _compile(example: Any, scope: Scope[RuleList], extra_keys: bool) -> Node:
    if scope.is_free and not (extra_keys and isinstance(example, (dict, list))):
        return Same(example)
    rules, inherited = _governing(scope)
    if not isinstance(example, (dict, list)):
        if rules is None:
            return Same(example)
        kept = tuple(rule for rule in rules.rules if rule.name != "values")  # says nothing about a scalar
        if not kept:
            return Same(example)
        return Value(compile_rules(RuleList(kept, rules.any_suffices), example, JSON_RULES), example)
    names = {rule.name for rule in rules.rules} if rules else set()
    if "equality" in names and not (rules and rules.any_suffices):
        return Same(example)
    if isinstance(example, dict):
        node = _compile_object(example, scope, rules, inherited, extra_keys)
    else:
        node = _compile_array(example, scope, rules, inherited, extra_keys)
    if rules and rules.any_suffices and "null" in names:
        return Nullable(node)
    return node


def _compile_object(
    example: dict[str, Any], scope: Scope[RuleList], rules: RuleList | None, inherited: bool, extra_keys: bool
) -> Node:
    checks = _size_checks(rules, inherited, "keys")
    names = [rule.name for rule in rules.rules] if rules else []
    refused = [name for name in names if name in _SCALAR_RULES]
    if refused and (len(refused) == len(names) or not (rules and rules.any_suffices)):
        return Never(f"the rule {refused[0]} cannot be applied to an object", refused[0])
    if "values" in names:
        return _compile_entries(example, scope, checks, extra_keys)
    members = {key: _compile(value, scope.child(key), extra_keys) for key, value in example.items()}
    return Object(members, extra_keys, checks)


def _compile_entries(
    example: dict[str, Any], scope: Scope[RuleList], checks: tuple[SizeCheck, ...], extra_keys: bool
) -> Node:
    if not example:
        return Entries({}, None, checks)
    template = next(iter(example.values()))
    named = {
        key: _compile(example.get(key, template), scope.child(key), extra_keys)
        for key in {*example, *scope.named_keys()}
    }
    return Entries(named, _compile(template, scope.child(Wildcard.ANY), extra_keys), checks)


def _compile_array(
    example: list[Any], scope: Scope[RuleList], rules: RuleList | None, inherited: bool, extra_keys: bool
) -> Node:
    items = [_compile(item, scope.child(index), extra_keys) for index, item in enumerate(example)]
    if rules is None:
        return Array(tuple(items), None, {}, fixed=True, checks=())
    if not example:
        return Array((), None, {}, fixed=False, checks=_size_checks(rules, inherited, "items"))
    further = {
        index: _compile(example[0], scope.child(index), extra_keys)
        for index in scope.named_indices()
        if index >= len(example)
    }
    rest = _compile(example[0], scope.child(Wildcard.INDEX), extra_keys)
    return Array(tuple(items), rest, further, fixed=False, checks=_size_checks(rules, inherited, "items"))


class SizeCheck:
    """`min`, `max` or `notEmpty` on a container: bounds on the number of its items or keys."""

    __slots__ = ("_least", "_most", "_noun", "rule")

    def __init__(self, rule: str, noun: str, least: int, most: int | None) -> None:
        self.rule = rule
        self._noun = noun
        self._least = least
        self._most = most

    def matches(self, size: int) -> bool:
        return size >= self._least and (self._most is None or size <= self._most)

    def explain(self, size: int) -> str | None:
        if size < self._least:
            return f"Expected at least {self._least} {self._noun} but received {size}"
        if self._most is not None and size > self._most:
            return f"Expected at most {self._most} {self._noun} but received {size}"
        return None


def _size_checks(rules: RuleList | None, inherited: bool, noun: str) -> tuple[SizeCheck, ...]:
    checks = []
    for rule in rules.rules if rules else ():
        least, most = rule.attributes.get("min"), rule.attributes.get("max")
        if rule.name == "type" and not inherited and (least is not None or most is not None):
            checks.append(SizeCheck("type", noun, least or 0, most))
        elif rule.name == "notEmpty":
            checks.append(SizeCheck("notEmpty", noun, 1, None))
        elif rules and rules.any_suffices and noun == "items" and rule.name != "null":
            return ()  # an alternative that does not bound the length
    if rules and rules.any_suffices and len(checks) > 1 and noun == "items":
        raise RuleError("alternatives (OR) of length bounds are not supported")
    return tuple(checks)


class Same:
    """No rule: equal in kind and value."""

    __slots__ = ("_canonical", "_scalar", "example")

    def __init__(self, example: Any) -> None:
        self.example = example
        self._scalar = not isinstance(example, (dict, list))
        self._canonical = None if self._scalar else _canonical(example)

    def matches(self, actual: Any) -> bool:
        if type(actual) is not type(self.example) or actual != self.example:
            return False
        # `==` takes 1, 1.0 and true for one; the canonical text tells them apart faster than a walk in Python.
        if self._scalar or (self._canonical is not None and _canonical(actual) == self._canonical):
            return True
        return strict_equal(self.example, actual)

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
    message = f"Expected an array of {expected} items but received {len(actual)}"
    return Mismatch(Part.BODY, path, "equality", f"{expected} items", f"{len(actual)} items", message)


def _kind_mismatch(expected: str, actual: Any, path: str) -> Mismatch:
    message = f"Expected an {expected} but received {shown(actual)} ({kind_of(actual)})"
    return Mismatch(Part.BODY, path, "type", expected, actual, message)


class Value:
    """A scalar under rules."""

    __slots__ = ("_example", "_matcher", "matches")

    def __init__(self, matcher: Matcher, example: Any) -> None:
        self._matcher = matcher
        self._example = example
        self.matches = matcher.matches  # a leaf is met often enough to save it a call

    def explain(self, actual: Any, path: str) -> Iterator[Mismatch]:
        message = self._matcher.explain(actual)
        if message is not None:
            yield Mismatch(Part.BODY, path, self._matcher.rule, self._example, actual, message)


class Object:
    """Recorded keys, each with its node."""

    __slots__ = ("_checks", "_deciders", "_extra_keys", "_members")

    def __init__(self, members: dict[str, Node], extra_keys: bool, checks: tuple[SizeCheck, ...]) -> None:
        self._members = members
        self._deciders = tuple((key, node.matches) for key, node in members.items())
        self._extra_keys = extra_keys
        self._checks = checks

    def matches(self, actual: Any) -> bool:
        if type(actual) is not dict:
            return False
        if len(actual) != len(self._members) and not (self._extra_keys and len(actual) > len(self._members)):
            return False
        for key, matches in self._deciders:
            if key not in actual or not matches(actual[key]):
                return False
        return not self._checks or all(check.matches(len(actual)) for check in self._checks)

    def explain(self, actual: Any, path: str) -> Iterator[Mismatch]:
        if type(actual) is not dict:
            yield _kind_mismatch("object", actual, path)
            return
        yield from _explain_size(self._checks, len(actual), path)
        yield from _key_differences(self._members, actual, path, "equality", extra_keys=self._extra_keys)
        for key, node in self._members.items():
            if key in actual:
                yield from node.explain(actual[key], path + render_step(key))


class Entries:
    """An object under `values`: the keys are free, every value has a node."""

    __slots__ = ("_checks", "_named", "_other")

    def __init__(self, named: dict[str, Node], other: Node | None, checks: tuple[SizeCheck, ...]) -> None:
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
        return all(check.matches(len(actual)) for check in self._checks)

    def explain(self, actual: Any, path: str) -> Iterator[Mismatch]:
        if type(actual) is not dict:
            yield _kind_mismatch("object", actual, path)
            return
        yield from _explain_size(self._checks, len(actual), path)
        for key, value in actual.items():
            node = self._named.get(key, self._other)
            if node is None:
                message = f"Unexpected key {shown(key)}: the contract records an object without entries"
                yield Mismatch(Part.BODY, path + render_step(key), "values", None, value, message)
            else:
                yield from node.explain(value, path + render_step(key))


class Array:
    """Recorded items; under a rule the length is free and further items are held against the first."""

    __slots__ = ("_checks", "_fixed", "_further", "_items", "_rest")

    def __init__(
        self,
        items: tuple[Node, ...],
        rest: Node | None,
        further: dict[int, Node],
        *,
        fixed: bool,
        checks: tuple[SizeCheck, ...],
    ) -> None:
        self._items = items
        self._rest = rest
        self._further = further  # nodes of indices beyond the recorded ones that a rule names
        self._fixed = fixed
        self._checks = checks

    def matches(self, actual: Any) -> bool:
        if type(actual) is not list:
            return False
        size, recorded = len(actual), len(self._items)
        if self._fixed and size != recorded:
            return False
        if self._checks and not all(check.matches(size) for check in self._checks):
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
            yield _kind_mismatch("array", actual, path)
            return
        recorded = len(self._items)
        if self._fixed and len(actual) != recorded:
            yield _length_mismatch(recorded, actual, path)
        yield from _explain_size(self._checks, len(actual), path)
        for index, value in enumerate(actual):
            node = self._items[index] if index < recorded else self._further.get(index, self._rest)
            if node is not None:
                yield from node.explain(value, f"{path}[{index}]")


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


def _explain_size(checks: tuple[SizeCheck, ...], size: int, path: str) -> Iterator[Mismatch]:
    for check in checks:
        message = check.explain(size)
        if message is not None:
            yield Mismatch(Part.BODY, path, check.rule, None, size, message)
