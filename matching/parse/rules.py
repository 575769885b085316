"""matchingRules and generators: the flat form of V2 and the categories of V3 and V4, told apart by their keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from matching.model import Generator, MatchingRule, MatchingRules, RuleList, Variant
from matching.parse.report import Report
from matching.paths import Path, PathError, Wildcard, parse_path

ALIASES: Mapping[str, str] = {
    "real": "decimal",
    "timestamp": "datetime",
    "min-type": "type",
    "max-type": "type",
    "min-max-type": "type",
    "minType": "type",
    "maxType": "type",
    "minMaxType": "type",
    "content-type": "contentType",
    "array-contains": "arrayContains",
    "not-empty": "notEmpty",
    "each-key": "eachKey",
    "each-value": "eachValue",
    "status-code": "statusCode",
    "ignoreOrder": "ignore-order",
    "min-ignore-order": "ignore-order",
    "max-ignore-order": "ignore-order",
    "minmax-ignore-order": "ignore-order",
}

# A rule without a name goes by the first of these attributes that it has.
_NAME_BY_ATTRIBUTE = (
    ("regex", "regex"),
    ("min", "type"),
    ("max", "type"),
    ("timestamp", "datetime"),
    ("time", "time"),
    ("date", "date"),
)


def parse_rules(document: Mapping[str, Any], report: Report, query_names: Iterable[str] = ()) -> MatchingRules:
    """Read the matching rules of a request or response object.

    `query_names` are the recorded parameters: a key of the query category that is none of them may be a path.
    """
    builder = _Rules(set(query_names))
    for key in _RULE_MEMBERS:
        value = document.get(key)
        if value is None:
            continue
        at = report.at(key)
        if not isinstance(value, dict):
            at.warn("is not an object", "write the matching rules as an object, or leave them out")
            continue
        for name, rules in value.items():
            if name.startswith("$"):
                builder.add_flat(name, rules, at.at(name))
            else:
                builder.add_category(name, rules, at.at(name))
    return builder.build()


_RULE_MEMBERS = ("matchingRules", "requestMatchingRules", "responseMatchingRules")


def parse_path_rules(document: Mapping[str, Any], report: Report) -> RuleList | None:
    """Read the matching rules of a request's path, and no others."""
    builder = _Rules(set())
    for key in _RULE_MEMBERS:
        value = document.get(key)
        for name, rules in value.items() if isinstance(value, dict) else ():
            if name.startswith("$") and "path" in name[:8]:
                if parse_category(name) == "path":
                    builder.add_flat(name, rules, report.at(key, name))
            elif name == "path":
                builder.add_category(name, rules, report.at(key, name))
    return builder.build().path


def parse_category(key: str) -> str | None:
    """The category that a key of the V2 form is for; None when it cannot be read."""
    try:
        path = parse_path(key)
    except PathError:
        return None
    return str(path[0]) if path else "body"


def count_rules(document: Mapping[str, Any]) -> int:
    """How many entries the matching rules of a request have, those for the path aside; only used to break ties."""
    count = 0
    for key in _RULE_MEMBERS:
        value = document.get(key)
        for name, rules in value.items() if isinstance(value, dict) else ():
            if name.startswith("$"):
                count += not name.startswith(("$.path", "$.status"))
            elif name not in ("path", "status", "method") and isinstance(rules, dict):
                count += len(rules)
    return count


_NAMED_CATEGORIES = ("header", "headers", "query", "body", "content", "contents", "metadata")


def _looks_like_body(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(key.startswith("$") for key in value)


class _Rules:
    """Matching rules while they are being collected."""

    def __init__(self, query_names: set[str]) -> None:
        self._query_names = query_names
        self._path: RuleList | None = None
        self._status: RuleList | None = None
        self._query: dict[str, RuleList] = {}
        self._query_default: RuleList | None = None
        self._header: dict[str, RuleList] = {}
        self._body: dict[Path, RuleList] = {}
        self._metadata: dict[str, RuleList] = {}

    def build(self) -> MatchingRules:
        return MatchingRules(
            self._path,
            self._status,
            self._query,
            self._query_default,
            self._header,
            tuple(self._body.items()),
            self._metadata,
        )

    def add_flat(self, key: str, value: Any, report: Report) -> None:
        """One entry of the V2 form: `"$.body.id": {"match": "type"}`."""
        try:
            path = parse_path(key)
        except PathError as error:
            report.warn(f"the path {key!r} {error}; the rule is set aside", _PATH_CURE)
            return
        rule = parse_rule(value, report)
        if rule is None:
            return
        rules = RuleList((rule,), pointer=report.pointer)
        category = path[0] if path else "body"
        if category == "body":
            self._body[path[1:]] = rules
        elif category == "path":
            self._path = _joined(self._path, rules)
        elif category in ("header", "headers") and len(path) > 1 and isinstance(path[1], str):
            name = path[1].lower()
            self._header[name] = _joined(self._header.get(name), rules)
        elif category == "query" and len(path) > 1 and isinstance(path[1], str):
            self._query[path[1]] = _joined(self._query.get(path[1]), rules)
        elif category == "query":
            self._query_default = _joined(self._query_default, rules)
        elif category == "status":
            self._status = _joined(self._status, rules)
        else:
            report.warn(
                f"the path {key!r} names no part of a request or response; it is taken for one of the body",
                "begin it with $.body, $.path, $.query or $.header",
            )
            self._body[path] = rules

    def add_category(self, name: str, value: Any, report: Report) -> None:
        """One category of the V3 form."""
        if name in ("path", "status"):
            if rules := _single_rule_list(value, report):
                if name == "path":
                    self._path = _joined(self._path, rules)
                else:
                    self._status = _joined(self._status, rules)
        elif name == "method":
            report.warn("matching rules on the method are set aside", "a method is always compared as recorded")
        elif name in _NAMED_CATEGORIES or _looks_like_body(value):
            if name not in _NAMED_CATEGORIES:
                report.warn(f"there is no category {name!r}; its rules are taken for the body", "call it body")
                name = "body"
            if not isinstance(value, dict):
                report.warn("is not an object", "write one entry per path or name, or leave the category out")
                return
            for key, entry in value.items():
                if rules := _parse_rule_list(entry, report.at(key)):
                    self._add_entry(name, key, rules, report.at(key))
        else:
            report.warn(
                f"there is no category {name!r}; its rules are set aside",
                "use path, query, header, body or status",
            )

    def _add_entry(self, category: str, key: str, rules: RuleList, report: Report) -> None:
        if category in ("header", "headers"):
            header = _literal_name(key).lower()
            self._header[header] = _joined(self._header.get(header), rules)
        elif category == "query":
            if key == "$":
                self._query_default = rules
            else:
                name = key if key in self._query_names else _literal_name(key)
                self._query[name] = _joined(self._query.get(name), rules)
        elif category == "metadata":
            name = _literal_name(key)
            self._metadata[name] = _joined(self._metadata.get(name), rules)
        else:
            self._add_body(key, rules, report)

    def add_body_path(self, key: str, value: Any, report: Report) -> None:
        """One entry of the body category: a path and its rules."""
        if rules := _parse_rule_list(value, report):
            self._add_body(key, rules, report)

    def _add_body(self, key: str, rules: RuleList, report: Report) -> None:
        try:
            self._body[parse_path(key or "$")] = rules
        except PathError as error:
            report.warn(f"the path {key!r} {error}; the rule is set aside", _PATH_CURE)


_PATH_CURE = "write it like $.items[*].id or $['odd name']; filters, slices and .. are not part of pact paths"


def _joined(first: RuleList | None, second: RuleList) -> RuleList:
    return second if first is None else RuleList(first.rules + second.rules, first.any_suffices, first.pointer)


def _literal_name(key: str) -> str:
    """A header or parameter name from `X`, `$.X`, `$['X']`, `X[0]` or `X[*]`; a name with other brackets is literal."""
    try:
        path = parse_path(key)
    except PathError:
        return key
    names = [token for token in path if isinstance(token, str)]
    rest = [token for token in path if not isinstance(token, str)]
    if len(names) == 1 and path[0] == names[0] and all(isinstance(token, (int, Wildcard)) for token in rest):
        return names[0]
    return key


def _single_rule_list(value: Any, report: Report) -> RuleList | None:
    """The rules of a category with a single place: directly, or keyed by "" or "$"."""
    if isinstance(value, dict) and "matchers" not in value:
        for key in ("", "$"):
            if key in value:
                return _parse_rule_list(value[key], report.at(key))
        if not value:
            return None
        if "match" in value or any(attribute in value for attribute, _ in _NAME_BY_ATTRIBUTE):
            rule = parse_rule(value, report)
            return RuleList((rule,), pointer=report.pointer) if rule else None
    return _parse_rule_list(value, report)


def _parse_rule_list(value: Any, report: Report) -> RuleList | None:
    """`{"combine": …, "matchers": […]}`; None when it holds no rule that can be used."""
    if not isinstance(value, dict):
        report.warn("is not an object with matchers; the rule is set aside", 'write {"matchers": [{"match": "type"}]}')
        return None
    matchers = value.get("matchers")
    entries = matchers if isinstance(matchers, list) else []
    rules = []
    for index, entry in enumerate(entries):
        rule = parse_rule(entry, report.at("matchers", index))
        if rule is not None:
            rules.append(rule)
    if not rules:
        return None
    combine = value.get("combine")
    any_suffices = isinstance(combine, str) and combine.upper() == "OR"
    return RuleList(tuple(rules), any_suffices and len(rules) > 1, report.pointer)


def parse_rule(value: Any, report: Report) -> MatchingRule | None:
    """One matcher object; None (and a warning) when it says nothing that can be used."""
    if not isinstance(value, dict):
        report.warn("is not an object; the rule is set aside", 'write a rule like {"match": "type"}')
        return None
    name = value.get("match", value.get("pact:matcher:type"))
    if name is None:
        name = next((rule for attribute, rule in _NAME_BY_ATTRIBUTE if attribute in value), None)
    if not isinstance(name, str):
        report.warn("names no matching rule; it is set aside", 'add "match", for example {"match": "type"}')
        return None
    attributes = {key: item for key, item in value.items() if key not in ("match", "pact:matcher:type")}
    name = ALIASES.get(name, name)
    if name == "regex" and not isinstance(attributes.get("regex"), str):
        report.warn("a regex rule without a regex; it is set aside", 'add "regex" with the pattern as text')
        return None
    for bound in ("min", "max"):
        if bound in attributes:
            number = _whole_number(attributes[bound])
            if number is None:
                report.warn(f"{bound} is not a whole number; it is set aside", f"write {bound} as a number")
                del attributes[bound]
            else:
                attributes[bound] = number
    if name in ("eachKey", "eachValue"):
        return MatchingRule(name, attributes, rules=_parse_nested(attributes.get("rules"), report.at("rules")))
    if name == "arrayContains":
        variants = _parse_variants(attributes.get("variants"), report.at("variants"))
        return MatchingRule(name, attributes, variants=variants)
    return MatchingRule(name, attributes)


def _parse_nested(value: Any, report: Report) -> tuple[MatchingRule, ...]:
    """The rules within an eachKey or eachValue rule."""
    if value is None:
        return ()
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        report.warn("is not a list of rules; it is set aside", 'write it like [{"match": "type"}]')
        return ()
    parsed = (parse_rule(entry, report.at(index)) for index, entry in enumerate(value))
    return tuple(rule for rule in parsed if rule is not None)


def _parse_variants(value: Any, report: Report) -> tuple[Variant, ...]:
    """The variants of an arrayContains rule."""
    variants: list[Variant] = []
    for position, entry in enumerate(value if isinstance(value, list) else []):
        at = report.at(position)
        index = _whole_number(entry.get("index", position)) if isinstance(entry, dict) else None
        if index is None or index < 0:
            at.warn("is not a variant; it is set aside", 'write it like {"index": 0, "rules": {}}')
            continue
        builder = _Rules(set())
        rules = entry.get("rules")
        for key, rule_list in rules.items() if isinstance(rules, dict) else ():
            builder.add_body_path(key, rule_list, at.at("rules", key))
        generators = entry.get("generators")
        found = [
            generator
            for path, value in (generators.items() if isinstance(generators, dict) else ())
            for generator in _generator("body", path, value, at.at("generators", path))
        ]
        variants.append(Variant(index, builder.build().body, tuple(found)))
    return tuple(variants)


def _whole_number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 20:
        return int(value)
    if isinstance(value, float) and abs(value) < 1e15:
        return int(value)
    return value if isinstance(value, int) else None


def parse_generators(document: Mapping[str, Any], report: Report) -> tuple[Generator, ...]:
    """Read the generators of a request or response object."""
    value = document.get("generators")
    if value is None:
        return ()
    at = report.at("generators")
    if not isinstance(value, dict):
        at.warn("is not an object", "write the generators as an object, or leave them out")
        return ()
    return tuple(_generators(value, at))


_GENERATED = {"headers": "header", "content": "body", "contents": "body"}


def _generators(value: Mapping[str, Any], report: Report) -> Iterator[Generator]:
    for category, entry in value.items():
        at = report.at(category)
        if not isinstance(entry, dict):
            at.warn("is not an object; the generator is set aside", 'write a generator like {"type": "Uuid"}')
        elif category in ("path", "method", "status"):
            yield from _generator(category, "", entry, at)
        else:
            name = _GENERATED.get(category, category)
            for path, generator in entry.items():
                yield from _generator(name, path, generator, at.at(path))


def _generator(category: str, path: str, value: Any, report: Report) -> Iterator[Generator]:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        report.warn("names no generator type; it is set aside", 'add "type", for example {"type": "Uuid"}')
        return
    attributes = {key: item for key, item in value.items() if key != "type"}
    yield Generator(category, path, value["type"], attributes, report.pointer)
