"""Plans of JSON documents: trees from which the recorded example, its rules and many fitting documents are drawn.

A plan knows under which rule each of its values stands, so that documents drawn from one plan mostly satisfy the rules
of that plan; one ruled value of a document can be spoilt, by drawing it from those that nearly satisfy its rule.
"""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.cases import rule_list
from tests.oracle.subjects import PATTERNS, Subject, json_subject

KEYS = ["a", "b", "c", "id", "a b", "a.b", "é", "0", "x-y", "@t", "it's"]
PLAIN_KEYS = ["a", "b", "c", "id", "name"]
KEY_PATTERN = r"k\d"
TEXTS = ["", "x", "1", "12", "true", "null", "é", "abc", "1.5", "X", "a b"]

Rules = dict[str, dict[str, Any]]


def scalar(rng: random.Random) -> Any:
    """Any value without parts."""
    text = rng.choice(TEXTS)
    return rng.choice([1, 2, 0, -1, 1.0, 1.5, True, False, None, rng.choice([10**15, 2**64 + 1]), 0.0, text, text])


def same_kind(rng: random.Random, value: Any) -> Any:
    """Another value that `type` takes for the same."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return rng.choice([value + 1, 7, -2, 2.5, 3.0])
    if isinstance(value, str):
        return rng.choice([*TEXTS, value + "x"])
    return copy.deepcopy(value)


class Drawing:
    """How one document is drawn; `spoil` counts down the ruled values until the one that shall not fit."""

    def __init__(self, rng: random.Random, *, vary: bool = True, spoil: int = -1) -> None:
        self.rng = rng
        self.vary = vary
        self._spoil = spoil

    def spoils(self) -> bool:
        """Whether the value that is drawn next shall not fit."""
        self._spoil -= 1
        return self._spoil == -1


@dataclass
class Leaf:
    """A single value: recorded as it is, or under the rules of a subject."""

    example: Any
    subject: Subject | None = None

    def draw(self, drawing: Drawing, *, loose: bool) -> Any:
        rng = drawing.rng
        if self.subject is not None and self.subject.near and drawing.spoils():
            return copy.deepcopy(rng.choice(self.subject.near))
        if not drawing.vary or rng.random() < 0.3:
            return copy.deepcopy(self.example)
        if self.subject is not None:
            return copy.deepcopy(rng.choice(self.subject.good))
        return same_kind(rng, self.example) if loose else copy.deepcopy(self.example)

    def add_rules(self, path: str, rules: Rules, rng: random.Random) -> None:
        if self.subject is not None:
            rules[path] = self.subject.rules


@dataclass
class Fields:
    """An object. `free` when its keys are free: all values are then drawn from one plan."""

    members: dict[str, Any]
    matchers: list[dict[str, Any]] = field(default_factory=list)
    combine: str = "AND"
    free: bool = False
    patterned: bool = False

    def draw(self, drawing: Drawing, *, loose: bool) -> Any:
        rng = drawing.rng
        loose = loose or any(matcher["match"] == "type" for matcher in self.matchers)
        if drawing.spoils():
            return _spoilt_object(rng, {key: plan.draw(drawing, loose=loose) for key, plan in self.members.items()})
        keys = list(self.members)
        if self.free and drawing.vary and rng.random() < 0.7:
            names = ["k1", "k2", "k3"] if self.patterned else ["z", "k1", "a", *keys]
            keys = rng.sample(names, rng.randint(0 if rng.random() < 0.1 else 1, 3))
            if rng.random() < 0.1:
                keys.append("other")
        first = next(iter(self.members.values()), Leaf(1))
        return {key: self.members.get(key, first).draw(drawing, loose=loose) for key in keys}

    def add_rules(self, path: str, rules: Rules, rng: random.Random) -> None:
        if self.matchers:
            rules[path] = rule_list(self.matchers, self.combine)
        if self.free:
            first = next(iter(self.members.values()), None)
            if first is not None and not any(matcher["match"] == "eachValue" for matcher in self.matchers):
                first.add_rules(path + ".*", rules, rng)
            return
        for key, plan in self.members.items():
            plan.add_rules(path + step(rng, key), rules, rng)


@dataclass
class Items:
    """A list. `alike` when all items are drawn from the first plan; `most` bounds how many are drawn."""

    plans: list[Any]
    matchers: list[dict[str, Any]] = field(default_factory=list)
    combine: str = "AND"
    alike: bool = False
    least: int = 1
    most: int = 3
    variants: bool = False

    def draw(self, drawing: Drawing, *, loose: bool) -> Any:
        rng = drawing.rng
        loose = loose or any(matcher["match"] == "type" for matcher in self.matchers)
        plans = list(self.plans)
        if drawing.spoils():
            return _spoilt_list(rng, [plan.draw(drawing, loose=loose) for plan in plans])
        if self.variants and drawing.vary:
            items = [plan.draw(drawing, loose=loose) for plan in plans]
            items += [scalar(rng) for _ in range(rng.randint(0, 2))]
            rng.shuffle(items)
            return items
        if plans and self.matchers and self.alike and drawing.vary and rng.random() < 0.6:
            plans = [self.plans[0]] * rng.randint(self.least, max(self.least, self.most))
        return [plan.draw(drawing, loose=loose) for plan in plans]

    def add_rules(self, path: str, rules: Rules, rng: random.Random) -> None:
        if self.matchers:
            rules[path] = rule_list(self.matchers, self.combine)
        if self.variants or any(matcher["match"] == "eachValue" for matcher in self.matchers):
            return
        if self.alike:
            if self.plans:
                self.plans[0].add_rules(path + rng.choice(["[*]", "[*]", "[*]", "[0]", ".*"]), rules, rng)
            return
        for index, plan in enumerate(self.plans):
            plan.add_rules(f"{path}[{index}]", rules, rng)


Plan = Leaf | Fields | Items


def step(rng: random.Random, key: str) -> str:
    """One step of a rule path, in one of its spellings."""
    plain = key.replace("-", "").replace("@", "").isidentifier()
    if "'" in key:
        return ".*"
    if plain and rng.random() < 0.85:
        return f".{key}"
    return f"['{key}']" if rng.random() < 0.95 else ".*"


def document_plan(rng: random.Random, version: str) -> Plan:
    """A plan with an object or list at its root, rarely with a single value."""
    share = rng.random()
    if share < 0.06:
        return _leaf(rng, version)
    return _items(rng, version, 0) if share < 0.3 else _fields(rng, version, 0)


def _plan(rng: random.Random, version: str, depth: int) -> Plan:
    share = rng.random()
    if depth >= 3 or share < 0.5:
        return _leaf(rng, version)
    return _fields(rng, version, depth) if share < 0.75 else _items(rng, version, depth)


def _leaf(rng: random.Random, version: str) -> Leaf:
    if rng.random() < 0.4:
        return Leaf(scalar(rng))
    subject = json_subject(rng, version)
    if subject.matchers[0]["match"] == "null" and rng.random() < 0.5:
        return Leaf(scalar(rng), subject)
    return Leaf(rng.choice(subject.good), subject)


def _fields(rng: random.Random, version: str, depth: int) -> Fields:
    keys = rng.sample(KEYS if rng.random() < 0.2 else PLAIN_KEYS, rng.choice([0, 1, 1, 2, 2, 3]))
    members: dict[str, Any] = {key: _plan(rng, version, depth + 1) for key in keys}
    share = rng.random()
    if share < 0.62 or not members:
        matchers = [{"match": "type"}] if share < 0.04 else []
        return Fields(members, matchers)
    if share < 0.72:
        return Fields(members, [_bounded(rng, 2)])
    if share < 0.76:
        return Fields(members, [{"match": rng.choice(["notEmpty", "equality"])}])
    if share < 0.79:
        return Fields(members, [{"match": "type"}, {"match": "null"}], "AND" if version == "V2" else "OR")
    if version == "V2":
        return Fields(members)
    first = next(iter(members.values()))
    same = {key: copy.deepcopy(first) for key in sorted(rng.sample(["k1", "k2", "k3"], rng.choice([1, 1, 2])))}
    if share < 0.86:
        return Fields(same, [{"match": "values"}], free=True)
    key_rule = {"match": "eachKey", "value": "k1", "rules": [{"match": "regex", "regex": KEY_PATTERN}]}
    if share < 0.92:
        return Fields(same, [key_rule], free=True, patterned=True)
    leaf = first if isinstance(first, Leaf) and first.subject else _ruled_leaf(rng, version)
    values = {"match": "eachValue", "value": "", "rules": list(leaf.subject.matchers if leaf.subject else ())}
    same = {key: copy.deepcopy(leaf) for key in same}
    if share < 0.97:
        return Fields(same, [values], free=True)
    return Fields(same, [key_rule, values], free=True, patterned=True)


def _ruled_leaf(rng: random.Random, version: str) -> Leaf:
    subject = json_subject(rng, version)
    return Leaf(rng.choice(subject.good), subject)


def _bounded(rng: random.Random, most: int) -> dict[str, Any]:
    bounded: dict[str, Any] = {"match": "type"}
    if rng.random() < 0.75:
        bounded["min"] = rng.choice([0, 1, 1, 2])
    if rng.random() < 0.4 or "min" not in bounded:
        bounded["max"] = rng.choice([most, most + 1, 1])
    return bounded


def _items(rng: random.Random, version: str, depth: int) -> Items:
    count = rng.choice([0, 1, 1, 1, 2, 2, 3])
    alike = rng.random() < 0.75
    plans: list[Any] = [_plan(rng, version, depth + 1) for _ in range(count)]
    if alike and plans:
        plans = [plans[0]] * count
    share = rng.random()
    if share < 0.35 or not plans:
        return Items(plans, [{"match": "type"}] if share < 0.05 else [], alike=alike)
    if share < 0.5:
        return Items(plans, [{"match": "type"}], alike=alike, least=0)
    if share < 0.72:
        bounded = _bounded(rng, 3)
        return Items(plans, [bounded], alike=alike, least=bounded.get("min", 1), most=bounded.get("max", 3))
    if share < 0.77:
        return Items(plans, [{"match": rng.choice(["notEmpty", "equality"])}], alike=alike)
    if version == "V2" or share < 0.8:
        leaf = _ruled_leaf(rng, version)
        matchers = [dict(matcher) for matcher in leaf.subject.matchers] if leaf.subject else []
        combine = leaf.subject.combine if leaf.subject else "AND"
        return Items([Leaf(leaf.example)] * count, matchers, combine, alike=True)
    if share < 0.84:
        return Items(plans, [_bounded(rng, 2), {"match": "null"}], "OR", alike=alike)
    if share < 0.9:
        leaf = _ruled_leaf(rng, version)
        rules = list(leaf.subject.matchers) if leaf.subject else []
        return Items([leaf] * count, [{"match": "eachValue", "value": "", "rules": rules}], alike=True, least=0)
    variants = []
    for index, plan in enumerate(plans):
        if rng.random() < 0.8:
            inner: Rules = {}
            plan.add_rules("$", inner, rng)
            if isinstance(plan, (Fields, Items)) and plan.combine == "OR":
                inner.pop("$", None)  # null instead of a whole variant: for the Rust core, nothing but that
            variants.append({"index": index, "rules": inner, "generators": {}})
    return Items(plans, [{"match": "arrayContains", "variants": variants}], variants=True)


def _spoilt_object(rng: random.Random, value: dict[str, Any]) -> Any:
    """The object with a key too many or too few, or something else in its place."""
    share = rng.random()
    if share < 0.35 and value:
        value.pop(rng.choice(list(value)))
    elif share < 0.65:
        value[rng.choice([*PLAIN_KEYS, "z", "k9"])] = copy.deepcopy(rng.choice(list(value.values()))) if value else 1
    elif share < 0.8 and value:
        value["z"] = value.pop(rng.choice(list(value)))
    else:
        return rng.choice([None, {}, [], "x", [value]])
    return value


def _spoilt_list(rng: random.Random, value: list[Any]) -> Any:
    """The list longer, shorter, empty, reordered, or something else in its place."""
    share = rng.random()
    if share < 0.25 and value:
        value.pop(rng.randrange(len(value)))
    elif share < 0.55:
        value.append(copy.deepcopy(value[0]) if value and rng.random() < 0.7 else scalar(rng))
    elif share < 0.7:
        value.reverse()
    elif share < 0.8 and value:
        value[rng.randrange(len(value))] = scalar(rng)
    else:
        return rng.choice([[], None, {}, "x", value[0] if value else 0, {"0": 1}])
    return value


def stray_rule(rng: random.Random, version: str) -> dict[str, Any]:
    """A rule that was not made for the value it will stand at."""
    share = rng.random()
    if share < 0.3:
        return rule_list([{"match": "type"}])
    if share < 0.45:
        return rule_list([_bounded(rng, 2)])
    if share < 0.6:
        return rule_list([{"match": rng.choice(["equality", "notEmpty", "integer", "null"])}])
    if share < 0.65 and version != "V2":
        return rule_list([{"match": "values"}])
    if share < 0.7 and version != "V2":
        inner = [dict(matcher) for matcher in json_subject(rng, version).matchers]
        entries = {"match": rng.choice(["eachKey", "eachValue"]), "rules": inner}
        return rule_list([rng.choice([entries, {"match": "arrayContains", "variants": []}])])
    if share < 0.8:
        return rng.choice(PATTERNS).rules
    return json_subject(rng, version).rules
