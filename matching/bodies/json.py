"""JSON bodies.

Theory of operation. A recorded JSON document and the rules of its paths are compiled into a tree of nodes that mirrors
the document. While the tree is built, a `Scope` carries the rules that can still apply downwards, so each node
knows its rules once and for all; deciding on a request never looks at a path, a weight or a rule again. Parts of the
document that no rule reaches become one `Same` node, compared as a whole.

    Same      no rule here or below: equal in kind and value
    Value     a scalar under rules
    Object    recorded keys, each with its node; other keys refused (in requests)
    Array     recorded items, and one node for all further ones
    Entries   an object under `values` or `eachValue`: keys are free, each value has a node
    Keys      an object under `eachKey`: keys have a matcher, values of recorded keys a node
    Contains  a list under `arrayContains`: items to be found somewhere in it
    Unordered a list under `ignore-order`: items in any order
    Both      several of these for one container
    Nullable  an object or array that an OR with `null` lets be null
    Anything  nothing is demanded

The rule tables for containers (specification V2 to V4): a list under any rule except `equality` may have any length,
items beyond the recorded ones are held against the first; `type` with `min`/`max` bounds the number of items (or
keys) at exactly its path; rules meant for scalars pass through lists to their items and refuse objects. Rules about a
container as a whole (`values`, `eachKey`, `eachValue`, `arrayContains`, `ignore-order`) are for exactly their path; the
rules within `eachValue` and within variants stand alone, no other rule of the body reaches below them.
"""

from __future__ import annotations

from typing import Any

from matching.bodies.free import Anything, Both, Contains, Entries, Keys, Never, Nullable, OneOf, Unordered
from matching.bodies.nodes import AnyCheck, Array, Check, Node, Object, Same, SizeCheck, Value, WholeCheck
from matching.json_text import size_of
from matching.matchers import JSON_RULES, RuleError, compile_rules
from matching.mismatch import shown
from matching.model import BodyRules, MatchingRule, RuleList, Variant
from matching.paths import Scope, Wildcard


def compile_json(example: Any, rules: BodyRules, *, extra_keys: bool = False) -> Node:
    """Compile a recorded document and its body rules. `extra_keys` lets objects hold keys that were not recorded,
    as responses may. Raises RuleError.
    """
    for _, rule_list in rules:
        for rule in rule_list.rules:
            _demand_supported(rule, rule_list.pointer)
    return _Compiler(extra_keys, _MOST_CHECKS + 20 * size_of(example)).compile(example, Scope.root(list(rules)))


# Rules about a container as a whole: they look only at the node they are written for.
_WHOLE_RULES = frozenset({"values", "eachKey", "eachValue", "arrayContains", "ignore-order"})
# Rules about a single value: lists hand them to their items, objects refuse them.
_SCALAR_RULES = frozenset(
    {"number", "integer", "decimal", "boolean", "null", "include", "date", "time", "datetime", "semver", "contentType"}
)
# Rules that name indices on many levels can ask for a node per combination; beside what the document itself takes, a
# body may have this many.
_MOST_CHECKS = 10_000


def _demand_supported(rule: MatchingRule, pointer: str) -> None:
    if rule.name not in JSON_RULES and rule.name not in _WHOLE_RULES:
        raise RuleError(f"the matching rule {shown(rule.name)} is not supported in JSON bodies", pointer)
    if rule.name == "eachValue" and not rule.rules:
        raise RuleError("an eachValue rule needs rules for the values", pointer)
    for inner in rule.rules:
        _demand_supported(inner, pointer)
    for variant in rule.variants:
        for _, rule_list in variant.rules:
            for inner in rule_list.rules:
                _demand_supported(inner, rule_list.pointer)


def _governing(scope: Scope[RuleList]) -> tuple[RuleList | None, bool]:
    """The rules of this node and whether they are inherited; (None, False) when it has none.

    Only the path that weighs most counts: when none of its rules is for this node, the node has none. Below `eachKey`
    (and not `values`) that means that nothing is demanded: an empty list of rules.
    """
    found = scope.governing()
    if found is None:
        return None, False
    rules, inherited = found
    kept = tuple(rule for rule in rules.rules if rule.name not in _WHOLE_RULES) if inherited else rules.rules
    if not kept and not _frees_values(rules):
        return None, False
    return RuleList(kept, rules.any_suffices, rules.pointer), inherited


def _frees_values(rules: RuleList) -> bool:
    names = {rule.name for rule in rules.rules}
    return "values" not in names and bool(names & {"eachKey", "eachValue"})


class _Compiler:
    """Makes the nodes of one document."""

    def __init__(self, extra_keys: bool, most_nodes: int) -> None:
        self._extra_keys = extra_keys
        self._most_nodes = most_nodes
        self._nodes = 0
        self._demands: dict[Any, int] = {}  # a number for each different demand
        # By identity; the node is kept, so that its identity is not used again.
        self._demand_by_node: dict[int, tuple[Node, int]] = {}

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
            node = self._array(example, scope, rules, checks)
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
        nodes: list[Node] = []
        for rule in rules.rules if rules else ():
            if rule.name == "values":
                nodes.append(self._entries(example, scope, checks))
            elif rule.name == "eachValue":
                nodes.append(self._entries(example, _inner_scope(rule, rules), checks))
            elif rule.name == "eachKey":
                nodes.append(self._keys(example, scope, RuleList(rule.rules, pointer=_pointer(rules)), checks))
        if nodes:
            return nodes[0] if len(nodes) == 1 else Both(tuple(nodes))
        members = {key: self.compile(value, scope.child(key)) for key, value in example.items()}
        return Object(members, self._extra_keys, checks)

    def _entries(self, example: dict[str, Any], scope: Scope[RuleList], checks: tuple[Check, ...]) -> Node:
        if not example:
            return Entries({}, None, checks)
        first = min(example)  # stands for keys that were not recorded
        template = example[first]
        named = {
            key: self.compile(example.get(key, template), scope.child(key)) for key in {*example, *scope.named_keys()}
        }
        if first in scope.named_keys():
            return Entries(named, self.compile(template, scope.child(Wildcard.ANY)), checks)
        return Entries(named, named[first], checks)

    def _keys(
        self, example: dict[str, Any], scope: Scope[RuleList], rules: RuleList, checks: tuple[Check, ...]
    ) -> Node:
        if not example:
            return Entries({}, None, checks)
        key = compile_rules(rules, min(example), JSON_RULES) if rules.rules else None
        return Keys(key, {name: self.compile(value, scope.child(name)) for name, value in example.items()}, checks)

    def _array(
        self, example: list[Any], scope: Scope[RuleList], rules: RuleList | None, checks: tuple[Check, ...]
    ) -> Node:
        nodes: list[Node] = []
        for rule in rules.rules if rules else ():
            if rule.name == "eachValue":
                nodes.append(self._free_array(example, _inner_scope(rule, rules), checks))
            elif rule.name == "arrayContains" and example:
                nodes.append(self._contains(example, rule, _pointer(rules), checks))
            elif rule.name == "ignore-order":
                nodes.append(self._unordered(example, scope, rule))
        if rules is None:
            items = tuple(self.compile(item, scope.child(index)) for index, item in enumerate(example))
            return Array(items, None, {}, fixed=True, checks=checks)
        if not nodes or any(rule.name not in _WHOLE_RULES for rule in rules.rules):
            nodes.append(self._free_array(example, scope, checks))
        if len(nodes) == 1:
            return nodes[0]
        return OneOf(tuple(nodes)) if rules.any_suffices else Both(tuple(nodes))

    def _free_array(self, example: list[Any], scope: Scope[RuleList], checks: tuple[Check, ...]) -> Node:
        items = tuple(self.compile(item, scope.child(index)) for index, item in enumerate(example))
        if not example:
            return Array(items, None, {}, fixed=False, checks=checks)
        named = scope.named_indices()
        further = {index: self.compile(example[0], scope.child(index)) for index in named if index >= len(example)}
        # The first item stands for those beyond the recorded ones, under the same rules unless one names it.
        rest = self.compile(example[0], scope.child(Wildcard.INDEX)) if 0 in named else items[0]
        is_uniform = not further and len({self._demand(item) for item in (*items, rest)}) == 1
        return Array(items, rest, further, fixed=False, checks=checks, alike=rest if is_uniform else None)

    def _demand(self, node: Node) -> int:
        """The same number for nodes that accept the same values, as the items of a list mostly do under a rule."""
        known = self._demand_by_node.get(id(node))
        if known is None:
            key: Any = id(node)
            if isinstance(node, Same) and node.is_scalar:
                key = (type(node.example), node.example)
            elif isinstance(node, Value) and node.kinds is not None:
                key = node.kinds
            elif isinstance(node, Object) and not node.checks:
                key = frozenset((name, self._demand(member)) for name, member in node.members.items())
            known = (node, self._demands.setdefault((type(node), key), len(self._demands)))
            self._demand_by_node[id(node)] = known
        return known[1]

    def _contains(self, example: list[Any], rule: MatchingRule, pointer: str, checks: tuple[Check, ...]) -> Node:
        variants = rule.variants or tuple(Variant(index, ()) for index in range(len(example)))
        nodes: list[tuple[int, Node, Any]] = []
        for variant in variants:
            if variant.index >= len(example):
                raise RuleError(f"variant {variant.index} of arrayContains has no recorded item", pointer)
            item = example[variant.index]
            nodes.append((variant.index, self.compile(item, Scope.root(list(variant.rules))), item))
        return Contains(tuple(nodes), checks)

    def _unordered(self, example: list[Any], scope: Scope[RuleList], rule: MatchingRule) -> Node:
        least, most = rule.attributes.get("min"), rule.attributes.get("max")
        items = tuple(self.compile(item, scope.child(index)) for index, item in enumerate(example))
        if least is None and most is None:
            return Unordered(items, example, (), fixed=True)
        return Unordered(items, example, (SizeCheck("ignore-order", "item", least or 0, most),), fixed=False)


def _inner_scope(rule: MatchingRule, rules: RuleList | None) -> Scope[RuleList]:
    """The scope of a container whose every value is under the rules within `eachValue`."""
    return Scope.root([((Wildcard.ANY,), RuleList(rule.rules, pointer=_pointer(rules)))])


def _pointer(rules: RuleList | None) -> str:
    return rules.pointer if rules is not None else ""


def _scalar(example: Any, rules: RuleList | None) -> Node:
    if rules is None:
        return Same(example)
    kept = tuple(rule for rule in rules.rules if rule.name not in _WHOLE_RULES)
    if not kept:  # rules about containers say nothing about a scalar
        return Anything() if not rules.rules or _frees_values(rules) else Same(example)
    return Value(compile_rules(RuleList(kept, rules.any_suffices, rules.pointer), example, JSON_RULES), example)


def _container_checks(example: Any, rules: RuleList | None, inherited: bool) -> tuple[Check, ...]:
    """The checks of a list or object under these rules; all of them must pass."""
    if rules is None:
        return ()
    noun = "item" if isinstance(example, list) else "key"
    checks: list[Check] = []
    for rule in rules.rules:
        if rule.name == "null" or (noun == "key" and rule.name in _SCALAR_RULES):
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
