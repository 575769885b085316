"""JSON Schemas (2020-12, as OpenAPI 3.1 has them) of recorded documents and their rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from matching.json_text import kind_of, text_of
from matching.mismatch import shortened
from matching.model import MatchingRule, RuleList
from matching.paths import Scope
from stubserver.outline.words import rules_in_words

Schema = dict[str, Any]
_TYPES = {"integer": "integer", "decimal": "number", "string": "string", "boolean": "boolean", "null": "null"}
_EXAMPLES = 3
_DEEPEST = 60  # levels; what is below them may be anything
_ITEMS = 2000


def schema_of(value: Any, scope: Scope[RuleList], depth: int = 0) -> Schema:
    """The schema of a recorded value under the rules that its scope carries."""
    found = scope.governing()
    rules = found[0] if found is not None else None
    own = rules if found is not None and not found[1] else None
    if depth > _DEEPEST:
        return {}
    if isinstance(value, dict):
        return _object(value, scope, own, depth)
    if isinstance(value, list):
        return _array(value, scope, own, depth)
    return leaf_schema(value, rules)


def _object(value: dict[str, Any], scope: Scope[RuleList], rules: RuleList | None, depth: int) -> Schema:
    members = {key: schema_of(item, scope.child(key), depth + 1) for key, item in value.items()}
    if _has(rules, "values", "eachKey", "eachValue"):
        return {"type": "object", "additionalProperties": merged(members.values()) if members else True}
    if not members:
        return {"type": "object"}
    return {"type": "object", "properties": members, "required": list(members)}


def _array(value: list[Any], scope: Scope[RuleList], rules: RuleList | None, depth: int) -> Schema:
    made: Schema = {"type": "array"}
    if 0 < len(value) <= _ITEMS:  # of longer lists, nothing is said of the items
        items = (schema_of(item, scope.child(index), depth + 1) for index, item in enumerate(value))
        made["items"] = merged(items)
    for rule in rules.rules if rules is not None and not rules.any_suffices else ():
        for name, keyword in (("min", "minItems"), ("max", "maxItems")):
            bound = rule.attributes.get(name)
            if isinstance(bound, int) and not isinstance(bound, bool) and bound >= 0:
                made[keyword] = bound
    return made


def _has(rules: RuleList | None, *names: str) -> bool:
    return rules is not None and any(rule.name in names for rule in rules.rules)


def leaf_schema(value: Any, rules: RuleList | None) -> Schema:
    """The schema of a value that is no object or list."""
    made: Schema = {"type": _TYPES[kind_of(value)]}
    if rules is not None and rules.rules:
        if len(rules.rules) == 1:
            made |= _ruled(rules.rules[0], value)
        else:
            made["description"] = rules_in_words(rules, value)
            if rules.any_suffices and any(rule.name == "null" for rule in rules.rules):
                made["type"] = sorted({made["type"], "null"})
    made["examples"] = [shortened(value)]
    return made


def _ruled(rule: MatchingRule, value: Any) -> Schema:
    name, its = rule.name, rule.attributes
    is_text = isinstance(value, str)
    if name == "regex" and is_text:
        source = text_of(its.get("regex", ""))
        pattern = ecma_pattern(source)
        return {"pattern": pattern} if pattern is not None else {"description": f"matches {source}"}
    if name in ("type", "number") and kind_of(value) in ("integer", "decimal"):
        return {"type": "number"}
    if name in ("integer", "decimal", "number", "boolean") and not is_text:
        return {"type": {"decimal": "number"}.get(name, name)}
    if name in ("date", "time", "datetime") and is_text:
        form = next((its[key] for key in ("format", name, "timestamp") if its.get(key)), None)
        if name in _STANDARD and (form is None or (name, form) in _FORMATS) and _STANDARD[name].fullmatch(value):
            return {"format": "date" if name == "date" else "date-time"}
        return {"description": f"a {name} like {form or value}"}
    if name == "include" and is_text:
        return {"pattern": re.sub(r"([\\^$.*+?()\[\]{}|/])", r"\\\1", text_of(its.get("value", "")))}
    if name == "notEmpty" and is_text:
        return {"minLength": 1}
    return {}


_FORMATS = {("date", "yyyy-MM-dd"), ("datetime", "yyyy-MM-dd'T'HH:mm:ssXXX"), ("datetime", "yyyy-MM-dd'T'HH:mm:ss'Z'")}

# How RFC 3339 writes them, which is what a format stands for.
_STANDARD = {
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "datetime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"),
}

# What both our expressions and those of JSON Schema (ECMA-262 with its u flag) know.
_PIECE = re.compile(
    r"""
      \\[dwsDWSbBnrtfv]            # classes
    | \\[\^$\\.*+?()\[\]{}|/]      # escaped special characters
    | \((?:\?[:=!]|(?!\?))       # groups
    | \[\^?(?:\\.|[^\[\]\\])+\]   # character classes
    | \{\d+(?:,\d*)?\}\??          # quantifiers
    | [*+?]\??(?![*+?{])
    | [)|.^$]
    | [^\\\[\](){}*+?|^$.]         # plain characters
    """,
    re.VERBOSE,
)
# In classes: escapes that not both know, and what is or may become an operation on sets.
_CLASS_ODDITIES = re.compile(r"\\(?![dwsDWSnrtfv\^$\\.*+?()\[\]{}|/-])|--|&&|~~|\|\|")


def ecma_pattern(source: str) -> str | None:
    """A regular expression for the whole text, as JSON Schema writes it; None for one that it may not understand."""
    source = re.sub(r"\\([-_ @:#,;=<>!\"'%&~`])", lambda found: found[1] if found[1] != "-" else "\\-", source)
    at, pieces = 0, []
    opened: list[bool] = []  # the groups that are open; whether each looks ahead
    looked_ahead = False  # what stands before is a group that looks ahead, which cannot be repeated
    while at < len(source):
        if source.startswith("\\-", at):  # outside of classes, a hyphen is never escaped there
            pieces.append("-")
            at += 2
            continue
        found = _PIECE.match(source, at)
        if found is None or (found[0].startswith("[") and _CLASS_ODDITIES.search(found[0])):
            return None
        piece = found[0]
        if looked_ahead and piece[0] in "*+?{":
            return None
        looked_ahead = False
        if piece[0] == "(":
            opened.append(piece in ("(?=", "(?!"))
        elif piece == ")":
            if not opened:
                return None
            looked_ahead = opened.pop()
        pieces.append(piece)
        at = found.end()
    text = "".join(pieces)
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError):
        return None
    plain = text.removeprefix("^")
    plain = plain[:-1] if plain.endswith("$") and not plain.endswith("\\$") else plain
    return f"^(?:{plain})$" if not opened else None


def merged(schemas: Iterable[Schema]) -> Schema:
    """One schema for values that have one of these."""
    result: Schema | None = None
    for schema in schemas:
        result = schema if result is None else _merge(result, schema)
    return result if result is not None else {}


def _merge(one: Schema, other: Schema) -> Schema:
    if one == other:
        return one
    if not one or not other:
        return {}
    kinds = one.get("type"), other.get("type")
    if kinds == ("object", "object"):
        return _merged_objects(one, other)
    if kinds == ("array", "array"):
        return _merged_arrays(one, other)
    if "anyOf" in one or "anyOf" in other:
        return _alternatives(one, other)
    types = {*_listed(kinds[0]), *_listed(kinds[1])}
    if {"integer", "number"} <= types:
        types.discard("integer")
    if types & {"object", "array"}:
        return _alternatives(one, other)
    kept = {key: value for key, value in one.items() if key not in ("type", "examples") and other.get(key) == value}
    examples = list(_distinct([*one.get("examples", ()), *other.get("examples", ())]))[:_EXAMPLES]
    ordered = sorted(types)
    return {"type": ordered[0] if len(ordered) == 1 else ordered, **kept, "examples": examples}


def _listed(kinds: Any) -> list[str]:
    return kinds if isinstance(kinds, list) else [kinds]


def _distinct(values: Iterable[Any]) -> Iterable[Any]:
    return {repr(value): value for value in values}.values()


def _merged_objects(one: Schema, other: Schema) -> Schema:
    if "additionalProperties" in one or "additionalProperties" in other:
        inner = [
            its[key] for its in (one, other) for key in ("additionalProperties",) if isinstance(its.get(key), dict)
        ]
        inner += [member for its in (one, other) for member in its.get("properties", {}).values()]
        return {"type": "object", "additionalProperties": merged(inner) if inner else True}
    ours, theirs = one.get("properties", {}), other.get("properties", {})
    properties = {**ours, **theirs, **{key: _merge(ours[key], theirs[key]) for key in ours if key in theirs}}
    required = [key for key in one.get("required", ()) if key in other.get("required", ())]
    made: Schema = {"type": "object"}
    if properties:
        made["properties"] = properties
    if required:
        made["required"] = required
    return made


def _merged_arrays(one: Schema, other: Schema) -> Schema:
    made: Schema = {"type": "array"}
    items = [its["items"] for its in (one, other) if "items" in its]
    if items:
        made["items"] = merged(items)
    for keyword, choose in (("minItems", min), ("maxItems", max)):
        if keyword in one and keyword in other:
            made[keyword] = choose(one[keyword], other[keyword])
    return made


def _alternatives(one: Schema, other: Schema) -> Schema:
    choices = [*one.get("anyOf", [one]), *other.get("anyOf", [other])]
    return {"anyOf": list(_distinct(choices))[:10]}


def parameter_schema(values: Iterable[str], rules: RuleList | None) -> Schema:
    """The schema of a text in a path, query or header."""
    return merged(_parameter(value, rules) for value in values) or {"type": "string"}


def text_schema(values: Iterable[str], rules: RuleList | None) -> Schema:
    """The schema of a text that stays one, whatever it says."""
    return merged(leaf_schema(value, rules) for value in values) or {"type": "string"}


def _parameter(value: str, rules: RuleList | None) -> Schema:
    names = {rule.name for rule in rules.rules} if rules is not None else set()
    if names == {"integer"}:
        return {"type": "integer", "examples": [int(value)] if re.fullmatch(r"[+-]?\d{1,18}", value) else []}
    if names and names <= {"number", "decimal"}:
        return {"type": "number", "examples": []}
    return leaf_schema(value, rules)


def without_empty(schema: Mapping[str, Any]) -> Schema:
    """A schema without lists of examples that are empty."""
    return {key: value for key, value in schema.items() if not (key == "examples" and not value)}
