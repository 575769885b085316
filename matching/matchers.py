"""One small class per matching rule: `matches()` decides, `explain()` narrates, side by side.

Rules look at two kinds of values. In a JSON body a value has a kind, and `"1"` is not a number. In a query string, a
header, a path or a text body everything is text, and `1` is a number when it reads like one. Each rule name has
one factory per kind, in the two tables at the end; a name in neither table is not supported, and the interaction
that uses it is not served.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from matching.content_types import parse_content_type
from matching.datetimes import DatePatternError
from matching.formats import DateFormat, Media, SemanticVersion
from matching.json_text import kind_of, strict_equal, text_of
from matching.mismatch import inequality, shown
from matching.model import MatchingRule, RuleList
from matching.patterns import PatternError, compile_pattern


class RuleError(ValueError):
    """A rule that cannot be applied: unknown, lacking an attribute, or out of place. The message says which and why,
    `pointer` where it stands in the document (when known).
    """

    def __init__(self, message: str, pointer: str | None = None) -> None:
        super().__init__(message)
        self.pointer = pointer


class Matcher(Protocol):
    """A compiled rule for one value."""

    @property
    def rule(self) -> str:
        """The rule as reports name it."""

    def matches(self, value: Any) -> bool:
        """Whether the value passes."""

    def explain(self, value: Any) -> str | None:
        """None when the value passes; otherwise a sentence that says why not."""


class Equality:
    """`equality`: same kind and value; an integer never equals a decimal."""

    __slots__ = ("expected",)
    rule = "equality"

    def __init__(self, expected: Any) -> None:
        self.expected = expected

    def matches(self, value: Any) -> bool:
        return strict_equal(self.expected, value)

    def explain(self, value: Any) -> str | None:
        return None if self.matches(value) else inequality(self.expected, value)


class Regex:
    """`regex`: the whole text of the value matches the pattern; numbers, booleans and null by their JSON text."""

    __slots__ = ("pattern", "rule")

    def __init__(self, source: str) -> None:
        self.pattern = compile_pattern(source)
        self.rule = f"regex {source}"

    def matches(self, value: Any) -> bool:
        return self.pattern.matches(value if type(value) is str else text_of(value))

    def explain(self, value: Any) -> str | None:
        if self.matches(value):
            return None
        return f"Expected {shown(value)} to match the regular expression {self.pattern.source}"


@functools.lru_cache(maxsize=4096)
def _shared_regex(source: str) -> Regex:
    """Many values are under the same pattern: one matcher for all of them stays at hand. Raises PatternError."""
    return Regex(source)


class Include:
    """`include`: the text of the value contains the given text."""

    __slots__ = ("part", "rule")

    def __init__(self, part: str) -> None:
        self.part = part
        self.rule = f"include {shown(part)}"

    def matches(self, value: Any) -> bool:
        return self.part in text_of(value)

    def explain(self, value: Any) -> str | None:
        return None if self.matches(value) else f"Expected {shown(value)} to include {shown(self.part)}"


_TYPE_GROUPS: Mapping[type, tuple[type, ...]] = {
    str: (str,),
    int: (int, float),
    float: (int, float),
    bool: (bool,),
    type(None): (type(None),),
    list: (list,),
    dict: (dict,),
}


class SameType:
    """`type`: the same JSON kind as the example; integer and decimal count as one, null only matches null."""

    __slots__ = ("example", "kinds")
    rule = "type"

    def __init__(self, example: Any) -> None:
        self.example = example
        self.kinds = _TYPE_GROUPS[type(example)]

    def matches(self, value: Any) -> bool:
        return type(value) in self.kinds

    def explain(self, value: Any) -> str | None:
        if self.matches(value):
            return None
        kind = "number" if int in self.kinds else kind_of(self.example)
        return f"Expected {shown(value)} ({kind_of(value)}) to be the same type as {shown(self.example)} ({kind})"


class OneKind:
    """`number`, `integer`, `decimal`, `null` in JSON: the value is of one of the given kinds."""

    __slots__ = ("kinds", "rule")

    def __init__(self, rule: str, *kinds: type) -> None:
        self.rule = rule
        self.kinds = kinds

    def matches(self, value: Any) -> bool:
        return type(value) in self.kinds

    def explain(self, value: Any) -> str | None:
        return None if self.matches(value) else f"Expected {shown(value)} ({kind_of(value)}) to be {_a(self.rule)}"


class Boolean:
    """`boolean`: true or false, or a text that says so."""

    __slots__ = ()
    rule = "boolean"

    def matches(self, value: Any) -> bool:
        return value is True or value is False or value == "true" or value == "false"

    def explain(self, value: Any) -> str | None:
        return None if self.matches(value) else f"Expected {shown(value)} to be a boolean"


class NotEmpty:
    """`notEmpty`: anything but null and the empty text, list or object."""

    __slots__ = ()
    rule = "notEmpty"

    def matches(self, value: Any) -> bool:
        return value is not None and value != "" and value != [] and value != {}

    def explain(self, value: Any) -> str | None:
        return None if self.matches(value) else f"Expected a value that is not empty but received {shown(value)}"


class TextNumber:
    """`number`, `integer`, `decimal` on text: the text reads like one."""

    __slots__ = ("_form", "rule")

    FORMS: Mapping[str, re.Pattern[str]] = {
        "integer": re.compile(r"[+-]?[0-9]+"),
        "decimal": re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"),
        "number": re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"),
    }

    def __init__(self, rule: str) -> None:
        self.rule = rule
        self._form = self.FORMS[rule]

    def matches(self, value: str) -> bool:
        return self._form.fullmatch(value) is not None

    def explain(self, value: str) -> str | None:
        return None if self.matches(value) else f"Expected {shown(value)} to be {_a(self.rule)}"


class AnyText:
    """`type` on text: every text has the type of every other."""

    __slots__ = ()
    rule = "type"

    def matches(self, value: str) -> bool:
        return True

    def explain(self, value: str) -> str | None:
        return None


class AllOf:
    """Rules combined with AND."""

    __slots__ = ("matchers", "rule")

    def __init__(self, matchers: tuple[Matcher, ...]) -> None:
        self.matchers = matchers
        self.rule = " and ".join(matcher.rule for matcher in matchers)

    def matches(self, value: Any) -> bool:
        return all(matcher.matches(value) for matcher in self.matchers)

    def explain(self, value: Any) -> str | None:
        return "; ".join(filter(None, (matcher.explain(value) for matcher in self.matchers))) or None


class AnyOf:
    """Rules combined with OR."""

    __slots__ = ("matchers", "rule")

    def __init__(self, matchers: tuple[Matcher, ...]) -> None:
        self.matchers = matchers
        self.rule = " or ".join(matcher.rule for matcher in matchers)

    def matches(self, value: Any) -> bool:
        return any(matcher.matches(value) for matcher in self.matchers)

    def explain(self, value: Any) -> str | None:
        if self.matches(value):
            return None
        return "None of the alternatives holds: " + "; ".join(
            filter(None, (matcher.explain(value) for matcher in self.matchers))
        )


def _a(noun: str) -> str:
    if noun == "null":
        return noun
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _regex(rule: MatchingRule, _: Any) -> Matcher:
    source = rule.attributes.get("regex")
    if not isinstance(source, str):
        raise RuleError("a regex rule needs a regex attribute with a text")
    try:
        return _shared_regex(source)
    except PatternError as error:
        raise RuleError(f"the regular expression {shown(source)} cannot be run: {error}") from None


def _include(rule: MatchingRule, _: Any) -> Matcher:
    value = rule.attributes.get("value")
    if value is None:
        raise RuleError("an include rule needs a value attribute")
    return Include(text_of(value))


def _date(rule: MatchingRule, _: Any) -> Matcher:
    name = rule.name
    source = next((rule.attributes[key] for key in ("format", name, "timestamp") if key in rule.attributes), None)
    source = None if source is None else text_of(source)
    try:
        return DateFormat(name, source or None)
    except DatePatternError as error:
        raise RuleError(f"the {name} format {shown(source)} {error}") from None


def _media(rule: MatchingRule, _: Any) -> Matcher:
    value = rule.attributes.get("value")
    content_type = parse_content_type(value) if isinstance(value, str) else None
    if content_type is None:
        raise RuleError("a contentType rule needs a value attribute like image/png")
    return Media(content_type)


Factory = Callable[[MatchingRule, Any], Matcher]

# The rules that a single JSON value can be under.
JSON_RULES: Mapping[str, Factory] = {
    "equality": lambda rule, example: Equality(example),
    "regex": _regex,
    "type": lambda rule, example: SameType(example),
    "number": lambda rule, example: OneKind("number", int, float),
    "integer": lambda rule, example: OneKind("integer", int),
    "decimal": lambda rule, example: OneKind("decimal", float),
    "boolean": lambda rule, example: Boolean(),
    "null": lambda rule, example: OneKind("null", type(None)),
    "include": _include,
    "date": _date,
    "time": _date,
    "datetime": _date,
    "semver": lambda rule, example: SemanticVersion(),
    "contentType": _media,
    "notEmpty": lambda rule, example: NotEmpty(),
}

# The rules that a text (query value, header value, path, text body) can be under.
TEXT_RULES: Mapping[str, Factory] = {
    "equality": lambda rule, example: Equality(example),
    "values": lambda rule, example: Equality(example),  # each value equal, however many there are
    "regex": _regex,
    "type": lambda rule, example: AnyText(),
    "number": lambda rule, example: TextNumber("number"),
    "integer": lambda rule, example: TextNumber("integer"),
    "decimal": lambda rule, example: TextNumber("decimal"),
    "boolean": lambda rule, example: Boolean(),
    "include": _include,
    "date": _date,
    "time": _date,
    "datetime": _date,
    "semver": lambda rule, example: SemanticVersion(),
    "contentType": _media,
    "notEmpty": lambda rule, example: NotEmpty(),
}


def compile_rules(rules: RuleList, example: Any, table: Mapping[str, Factory]) -> Matcher:
    """One matcher for all rules of a path, given the recorded example value. Raises RuleError."""
    try:
        matchers = tuple(compile_rule(rule, example, table) for rule in rules.rules)
    except RuleError as error:
        raise RuleError(str(error), error.pointer or rules.pointer) from None
    if len(matchers) == 1:
        return matchers[0]
    return AnyOf(matchers) if rules.any_suffices else AllOf(matchers)


def compile_rule(rule: MatchingRule, example: Any, table: Mapping[str, Factory]) -> Matcher:
    """The matcher for one rule. Raises RuleError."""
    factory = table.get(rule.name)
    if factory is None:
        raise RuleError(f"the matching rule {shown(rule.name)} is not supported here")
    return factory(rule, example)
