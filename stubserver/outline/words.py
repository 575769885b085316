"""Matching rules and generators in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from matching.json_text import kind_of, text_of
from matching.mismatch import shown
from matching.model import Generator, MatchingRule, RuleList, Variant
from matching.paths import Token, Wildcard, render_step


def rules_in_words(rules: RuleList, example: Any = None) -> str:
    """What the rules of a place ask of a value, as one sentence without a subject: `any integer`."""
    words = [rule_in_words(rule, example) for rule in rules.rules]
    return (" or " if rules.any_suffices else " and ").join(dict.fromkeys(words)) or "anything"


def rules_label(rules: RuleList) -> str:
    """The names of the rules of a place."""
    return (" or " if rules.any_suffices else " and ").join(dict.fromkeys(rule.name for rule in rules.rules)) or "any"


def rule_in_words(rule: MatchingRule, example: Any = None) -> str:
    """What one rule asks of a value."""
    its = rule.attributes
    if rule.name in _PLAIN:
        return _PLAIN[rule.name]
    if rule.name == "regex":
        return f"matches {text_of(its.get('regex', ''))}"
    if rule.name == "type":
        return _of_type(its, example)
    if rule.name in ("date", "time", "datetime"):
        form = next((its[key] for key in ("format", rule.name, "timestamp") if its.get(key)), None)
        return f"a {rule.name}" + (f" like {text_of(form)}" if form is not None else " of ISO 8601")
    if rule.name == "include":
        return f"contains {shown(its.get('value'))}"
    if rule.name == "contentType":
        return f"content of type {text_of(its.get('value', ''))}"
    if rule.name == "equality":
        return "exactly this" if example is None or isinstance(example, (dict, list)) else f"exactly {shown(example)}"
    if rule.name in ("eachKey", "eachValue"):
        inner = " and ".join(rule_in_words(each) for each in rule.rules)
        return f"every {'key' if rule.name == 'eachKey' else 'value'}: {inner or 'anything'}"
    if rule.name == "arrayContains":
        kinds = "; ".join(_variant(variant) for variant in rule.variants)
        return f"a list that contains, among others, {kinds or 'anything'}"
    if rule.name == "ignore-order":
        return "these items in any order" + _bounds(its, " of ")
    return rule.name


def _variant(variant: Variant) -> str:
    """What one of several kinds of items has to be like."""
    told = [
        f"{''.join(map(_step, path)).lstrip('.') or 'it'}: {rules_in_words(rules)}" for path, rules in variant.rules
    ]
    return f"item {variant.index + 1}" + (f" ({', '.join(told)})" if told else "")


def _step(token: Token) -> str:
    if isinstance(token, Wildcard):
        return "[]" if token is Wildcard.INDEX else ".*"
    return render_step(token)


_PLAIN: Mapping[str, str] = {
    "integer": "any integer",
    "decimal": "any decimal number",
    "number": "any number",
    "boolean": "true or false",
    "null": "null",
    "semver": "a semantic version",
    "notEmpty": "anything that is not empty",
    "values": "any keys, with values like the recorded ones",
    "statusCode": "a status of this class",
}


def _of_type(its: Mapping[str, Any], example: Any) -> str:
    if ("min" in its or "max" in its) and (example is None or isinstance(example, list)):
        return "a list of" + _bounds(its, " ") + " items like the recorded ones"
    if example is None:
        return "any value of this type"
    kind = kind_of(example)
    if isinstance(example, list):
        return "a list of items like the recorded ones"
    if isinstance(example, dict):
        return "an object like the recorded one"
    return f"any {'number' if kind in ('integer', 'decimal') else kind}"


def _bounds(its: Mapping[str, Any], before: str) -> str:
    least, most = its.get("min"), its.get("max")
    if least is not None and most is not None:
        return f"{before}{text_of(least)} to {text_of(most)}"
    if least is not None:
        return f"{before}{text_of(least)} or more"
    return f"{before}at most {text_of(most)}" if most is not None else ""


def generator_in_words(generator: Generator) -> str:
    """How a value is made."""
    its = {name: text_of(value) for name, value in generator.attributes.items()}
    words = _GENERATED.get(generator.type, f"made by {generator.type}")
    # What is in brackets is told where all of it is given.
    kept = _OPTIONAL.sub(lambda found: found[1] if set(_NAMED.findall(found[1])) <= its.keys() else "", words)
    return _NAMED.sub(lambda found: its.get(found[1], ""), kept)


_OPTIONAL, _NAMED = re.compile(r"\[([^\]]*)\]"), re.compile(r"<(\w+)>")
_GENERATED: Mapping[str, str] = {
    "RandomInt": "a random integer[ from <min> to <max>]",
    "RandomDecimal": "a random decimal number[ of <digits> digits]",
    "RandomHexadecimal": "random hexadecimal digits[, <digits> of them]",
    "RandomString": "a random text[ of length <size>]",
    "RandomBoolean": "true or false at random",
    "Regex": "a random text[ that matches <regex>]",
    "Uuid": "a random UUID",
    "Date": "a date[, moved by <expression>]",
    "Time": "a time[, moved by <expression>]",
    "DateTime": "a moment[, moved by <expression>]",
    "ProviderState": "taken from the parameters of the provider state[: <expression>]",
    "MockServerURL": "the URL of this stub",
}
