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

from typing import Any

from matching.bodies.nodes import (
    AnyCheck,
    Array,
    Check,
    Entries,
    Never,
    Node,
    Nullable,
    Object,
    Same,
    SizeCheck,
    Value,
    WholeCheck,
)
from matching.json_text import size_of
from matching.matchers import JSON_RULES, RuleError, compile_rules, shown
from matching.model import MatchingRule, RuleList
from matching.paths import Path, Scope, Wildcard


def compile_json(example: Any, rules: tuple[tuple[Path, RuleList], ...], *, extra_keys: bool = False) -> Node:
    """Compile a recorded document and its body rules. `extra_keys` lets objects hold keys that were not recorded,
    as responses may. Raises RuleError.
    """
    for _, rule_list in rules:
        for rule in rule_list.rules:
            if rule.name not in JSON_RULES and rule.name != "values":
                message = f"the matching rule {shown(rule.name)} is not supported in JSON bodies"
                raise RuleError(message, rule_list.pointer)
    return _Compiler(extra_keys, _MOST_CHECKS + 20 * size_of(example)).compile(example, Scope.root(list(rules)))


# Rules that look only at the node they are written for.
_NOT_INHERITED = frozenset({"values"})
# Rules about a single value: lists hand them to their items, objects refuse them.
_SCALAR_RULES = frozenset({"number", "integer", "decimal", "boolean", "null", "include"})
# Rules that name indices on many levels can ask for a node per combination; beside what the document itself takes, a
# body may have this many.
_MOST_CHECKS = 10_000


def _governing(scope: Scope[RuleList]) -> tuple[RuleList | None, bool]:
    """The rules of this node and whether they are inherited; (None, False) when it has none.

    Only the path that weighs most counts: when none of its rules is for this node, the node has none.
    """
    found = scope.governing()
    if found is None:
        return None, False
    rules, inherited = found
    kept = tuple(rule for rule in rules.rules if rule.name not in _NOT_INHERITED) if inherited else rules.rules
    return (RuleList(kept, rules.any_suffices, rules.pointer), inherited) if kept else (None, False)


class _Compiler:
    """Makes the nodes of one document."""

    def __init__(self, extra_keys: bool, most_nodes: int) -> None:
        self._extra_keys = extra_keys
        self._most_nodes = most_nodes
        self._nodes = 0

    def compile(self, example: Any, scope: Scope[RuleList]) -> Node:
        """The node for a part of the document, under the rules of the scope."""
        self._nodes += 1
        if self._nodes > self._most_nodes:
            raise RuleError(f"the rules of the body ask for more than {self._most_nodes:,} different checks")
        if scope.is_free and not (self._extra_keys and isinstance(example, (dict, list))):
            return Same(example)
        rules, inherited = _governing(scope)
        if not isinstance(example, (dict, list)):
            return _scalar(example, rules)
        names = {rule.name for rule in rules.rules} if rules else set()
        if "equality" in names and not (rules and rules.any_suffices):
            return Same(example)
        checks = _container_checks(example, rules, inherited)
        if isinstance(example, dict):
            node = self._object(example, scope, rules, checks)
        else:
            node = self._array(example, scope, checks, fixed=rules is None)
        if rules and rules.any_suffices and "null" in names:
            return Nullable(node)
        return node

    def _object(
        self, example: dict[str, Any], scope: Scope[RuleList], rules: RuleList | None, checks: tuple[Check, ...]
    ) -> Node:
        names = [rule.name for rule in rules.rules] if rules else []
        refused = [name for name in names if name in _SCALAR_RULES]
        if refused and (len(refused) == len(names) or not (rules and rules.any_suffices)):
            return Never(f"the rule {refused[0]} cannot be applied to an object", refused[0])
        if "values" in names:
            return self._entries(example, scope, checks)
        members = {key: self.compile(value, scope.child(key)) for key, value in example.items()}
        return Object(members, self._extra_keys, checks)

    def _entries(self, example: dict[str, Any], scope: Scope[RuleList], checks: tuple[Check, ...]) -> Node:
        if not example:
            return Entries({}, None, checks)
        first, template = next(iter(example.items()))
        named = {
            key: self.compile(example.get(key, template), scope.child(key)) for key in {*example, *scope.named_keys()}
        }
        if first in scope.named_keys():
            return Entries(named, self.compile(template, scope.child(Wildcard.ANY)), checks)
        return Entries(named, named[first], checks)

    def _array(self, example: list[Any], scope: Scope[RuleList], checks: tuple[Check, ...], *, fixed: bool) -> Node:
        items = tuple(self.compile(item, scope.child(index)) for index, item in enumerate(example))
        if fixed or not example:
            return Array(items, None, {}, fixed=fixed, checks=checks)
        named = scope.named_indices()
        further = {index: self.compile(example[0], scope.child(index)) for index in named if index >= len(example)}
        # The first item stands for those beyond the recorded ones, under the same rules unless one names it.
        rest = self.compile(example[0], scope.child(Wildcard.INDEX)) if 0 in named else items[0]
        return Array(items, rest, further, fixed=False, checks=checks)


def _scalar(example: Any, rules: RuleList | None) -> Node:
    # `values` says nothing about a scalar.
    kept = tuple(rule for rule in rules.rules if rule.name != "values") if rules else ()
    if rules is None or not kept:
        return Same(example)
    return Value(compile_rules(RuleList(kept, rules.any_suffices, rules.pointer), example, JSON_RULES), example)


def _container_checks(example: Any, rules: RuleList | None, inherited: bool) -> tuple[Check, ...]:
    """The checks of a list or object under these rules; all of them must pass."""
    if rules is None:
        return ()
    noun = "items" if isinstance(example, list) else "keys"
    checks: list[Check] = []
    for rule in rules.rules:
        if rule.name == "null" or (noun == "keys" and rule.name in _SCALAR_RULES):
            continue  # no alternative for a container; see Nullable and Never
        check = _container_check(rule, example, noun, inherited)
        if check is not None:
            checks.append(check)
        elif rules.any_suffices:
            return ()  # an alternative that every container of this kind satisfies
    return (AnyCheck(checks),) if rules.any_suffices and checks else tuple(checks)


def _container_check(rule: MatchingRule, example: Any, noun: str, inherited: bool) -> Check | None:
    least, most = rule.attributes.get("min"), rule.attributes.get("max")
    if rule.name == "type" and not inherited and (least is not None or most is not None):
        return SizeCheck("type", noun, least or 0, most)
    if rule.name == "notEmpty":
        return SizeCheck("notEmpty", noun, 1, None)
    return WholeCheck(example) if rule.name == "equality" else None
