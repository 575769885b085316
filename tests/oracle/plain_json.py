"""Cases about JSON bodies put without what some difference is about; see `plain`."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.oracle.cases import Case, Sent, all_matchers, body_rules, flat_body_rules, recorded_body, rule_list
from tests.oracle.plain import Changed, changed_case
from tests.oracle.ties import is_about_entries, meet, score, steps_of


def _each_document(case: Case, sent: Sent, change: Callable[[Any], Any]) -> Changed:
    """Change the JSON documents of both sides."""
    if case.kind != "json":
        return None
    recorded = dict(case.recorded)
    body = recorded.get("body")
    if isinstance(body, dict) and case.version == "V4" and "content" in body:
        as_text = body.get("encoded") == "json"
        content = change(json.loads(body["content"]) if as_text else body["content"])
        recorded["body"] = body | {"content": json.dumps(content) if as_text else content}
    elif "body" in recorded:
        recorded["body"] = change(body)
    try:
        document = json.loads(sent.body)
    except ValueError:
        return changed_case(case, sent, recorded, None)
    changed = change(document)
    other = sent if changed == document else replace(sent, body=json.dumps(changed).encode())
    return changed_case(case, sent, recorded, other)


def _mapped(value: Any, key: Callable[[str], str], leaf: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key(name): _mapped(item, key, leaf) for name, item in value.items()}
    if isinstance(value, list):
        return [_mapped(item, key, leaf) for item in value]
    return leaf(value)


def small_integers(case: Case, sent: Sent) -> Changed:
    def small(value: Any) -> Any:
        return value % 10**6 if type(value) is int and not -(2**63) <= value < 2**64 else value

    return _each_document(case, sent, lambda value: _mapped(value, str, small))


def printable_strings(case: Case, sent: Sent) -> Changed:
    """Strings without control characters, where a string is recorded as the body."""
    if not isinstance(case.recorded.get("body"), str):
        return None

    def printable(value: Any) -> Any:
        return re.sub(r"[\x00-\x1f]", "-", value) if isinstance(value, str) else value

    return _each_document(case, sent, lambda value: _mapped(value, str, printable))


def no_minus_zero(case: Case, sent: Sent) -> Changed:
    """Zero without a sign."""
    if case.kind != "json":
        return None
    return changed_case(case, sent, None, replace(sent, body=re.sub(rb"(?<=[\[:, ])-0(?=[\],} ])", b"0", sent.body)))


def what_was_sent(case: Case, sent: Sent) -> Changed:
    """No rules, and recorded what was sent, where the root is under `contentType`."""
    rules = body_rules(case.recorded).get("$", {"matchers": []})["matchers"]
    if case.kind != "json" or not any(matcher["match"] == "contentType" for matcher in rules):
        return None
    text = sent.body.decode("utf-8", "replace")
    media_type = sent.header("content-type") or "application/json"
    try:
        document = json.loads(text)
    except ValueError:
        document, media_type = text, "text/plain"
    recorded = {key: value for key, value in case.recorded.items() if key != "matchingRules"}
    recorded["headers"] = {"Content-Type": media_type}
    recorded["body"] = text if isinstance(document, str) and case.version != "V4" else document
    if case.version == "V4":
        recorded["body"] = {"content": document, "contentType": media_type}
    return changed_case(case, sent, recorded, sent.with_header("Content-Type", media_type))


def equality_of_values(case: Case, sent: Sent) -> Changed:
    """`equality` for what is no list and has a rule `arrayContains`."""
    recorded = _document(recorded_body(case.recorded, case.version))
    rules = body_rules(case.recorded)
    places = {
        place: rule_list([{"match": "equality"}])
        for path, entry in rules.items()
        if any(matcher["match"] == "arrayContains" for matcher in entry["matchers"])
        for document in (recorded, _document(sent.body.decode("utf-8", "replace")))
        for place, value in _placed(document, "$")
        if not isinstance(value, list)
        and len(steps_of(place)) == len(steps_of(path))
        and meet(steps_of(place), steps_of(path))
    }
    exact = [steps_of(place) for place in places]
    kept = {path: entry for path, entry in rules.items() if steps_of(path) not in exact}
    return (with_body_rules(case, kept | places), sent) if places else None


def _placed(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value of a document with its path."""
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        step = f"[{key}]" if isinstance(key, int) else f"['{key}']"
        yield from _placed(item, path + step)


def objects_below_values(case: Case, sent: Sent) -> Changed:
    """Below `values`, lists that no rule is written for become objects with indices as keys."""
    paths = [steps_of(path) for path in body_rules(case.recorded)]
    above = [
        steps_of(path)
        for path, entry in body_rules(case.recorded).items()
        if any(matcher["match"] == "values" for matcher in entry["matchers"])
    ]
    if not above:
        return None

    def opened(value: Any, place: list[str]) -> Any:
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        parts = {str(key): opened(item, [*place, str(key)]) for key, item in items}
        below = any(len(place) > len(steps) and meet(place, steps) for steps in above)
        ruled = any(len(place) == len(path) and meet(place, path) for path in paths)
        if isinstance(value, list) and below and not ruled:
            return {f"i{key}": item for key, item in parts.items()}
        return list(parts.values()) if isinstance(value, list) else parts if isinstance(value, dict) else value

    changed = _each_document(case, sent, lambda document: opened(document, []))
    if changed is None:
        return None
    rules = {
        path.replace("[*]", ".*") if any(meet(steps_of(path), steps) for steps in above) else path: entry
        for path, entry in body_rules(case.recorded).items()
    }
    return with_body_rules(changed[0], rules), changed[1]


def nothing_weaker(case: Case, sent: Sent) -> Changed:
    """No rules below one about keys or entries that it outranks."""
    rules = body_rules(case.recorded)
    ranking = [steps_of(path) for path, entry in rules.items() if is_about_entries(entry)]
    kept = {
        path: entry
        for path, entry in rules.items()
        if not any(
            len(steps_of(path)) > len(steps) and meet(steps, steps_of(path)) and score(steps_of(path)) < score(steps)
            for steps in ranking
        )
    }
    return (with_body_rules(case, kept), sent) if len(kept) < len(rules) else None


_FORMAT = re.compile(r"'(?P<literal>[^']*)'|(?P<letters>[a-zA-Z])(?P=letters)*|(?P<open>\[)|(?P<close>\])|(?P<other>.)")


def plain_formats(case: Case, sent: Sent) -> Changed:
    """Date formats with quotes around literal letters, and regular expressions for those with optional sections."""
    recorded = copy.deepcopy(case.recorded)
    for matcher in all_matchers(recorded.get("matchingRules")):
        for name in ("format", "date", "time", "datetime", "timestamp"):
            given = matcher.get(name)
            if isinstance(given, str) and "[" in given:
                matcher.update(match="regex", regex=_FORMAT.sub(_digits, given))
            elif isinstance(given, str):
                matcher[name] = re.sub(r"(?<=d)T(?=H)", "'T'", given)
    return changed_case(case, sent, recorded, None)


def _digits(found: re.Match[str]) -> str:
    if found["letters"]:
        return rf"\d{{{len(found[0])}}}"
    return "(?:" if found["open"] else ")?" if found["close"] else re.escape(found["literal"] or found["other"])


def no_digit_keys(case: Case, sent: Sent) -> Changed:
    if not any("[*]" in path for path in body_rules(case.recorded)):
        return None

    def named(key: str) -> str:
        return f"d{key}" if key.isdigit() else key

    changed = _each_document(case, sent, lambda value: _mapped(value, named, lambda leaf: leaf))
    if changed is None:
        return None
    rules = {re.sub(r"\['(\d+)'\]", r"['d\1']", path): rule for path, rule in body_rules(case.recorded).items()}
    return with_body_rules(changed[0], rules), changed[1]


def nothing_below_equality(case: Case, sent: Sent) -> Changed:
    rules = body_rules(case.recorded)
    final = [
        steps_of(path)
        for path, entry in rules.items()
        if any(matcher["match"] == "equality" for matcher in entry["matchers"])
    ]
    kept = {
        path: entry
        for path, entry in rules.items()
        if not any(len(steps_of(path)) > len(steps) and meet(steps, steps_of(path)) for steps in final)
    }
    return (with_body_rules(case, kept), sent) if len(kept) < len(rules) else None


def with_body_rules(case: Case, rules: dict[str, Any]) -> Case:
    recorded = dict(case.recorded)
    others = recorded.get("matchingRules") or {}
    if case.version == "V2":
        others = {key: rule for key, rule in others.items() if not key.startswith("$.body")}
        recorded["matchingRules"] = others | flat_body_rules(rules)
    else:
        recorded["matchingRules"] = others | {"body": rules}
    return replace(case, recorded=recorded)


def nothing_empty(case: Case, sent: Sent) -> Changed:
    """Recorded objects and lists that are empty get something in them."""
    if not body_rules(case.recorded):
        return None

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(item) for key, item in value.items()} or {"-": "-"}
        return ([filled(item) for item in value] or ["-"]) if isinstance(value, list) else value

    changed = _each_document(case, Sent(), filled)
    return (changed[0].alone(sent), sent) if changed else None


def null_items(case: Case, sent: Sent) -> Changed:
    """`null` at a list is put at its items, and the length of the list left free."""
    document = _document(recorded_body(case.recorded, case.version))
    rules = body_rules(case.recorded)
    moved = {}
    for path, entry in rules.items():
        while _NULL in entry["matchers"] and any(isinstance(item, list) for item in _reached(document, steps_of(path))):
            moved[path] = rule_list([{"match": "type"}])
            path += "[*]"
            if any(
                len(steps_of(path)) == len(steps_of(other)) and meet(steps_of(path), steps_of(other)) for other in rules
            ):
                break
            moved[path] = entry
    return (with_body_rules(case, rules | moved), sent) if moved else None


_NULL = {"match": "null"}


# Rules for single values, which nothing else can be under in the Rust core.
_SCALAR = {"null", "number", "integer", "decimal", "boolean", "include", "semver"}
_SCALAR |= {"date", "time", "datetime", "timestamp"}


def container_alternatives(case: Case, sent: Sent) -> Changed:
    """Alternatives for single values are taken from objects and lists; where null came for a value, that comes."""
    document = _document(recorded_body(case.recorded, case.version))
    rules = body_rules(case.recorded)
    others = {}
    for path, entry in rules.items():
        if _within_variants(entry) != entry:
            others[path] = entry = _within_variants(entry)
        kept = [matcher for matcher in entry["matchers"] if matcher["match"] not in _SCALAR]
        ruled = _reached(document, steps_of(path))
        if _NULL in entry["matchers"]:
            kept = [{"match": "type"}] if b"null" in sent.body or not kept else kept
        if entry.get("combine") == "OR" and kept and any(isinstance(value, (dict, list)) for value in ruled):
            others[path] = entry | {"matchers": kept}
    if case.kind != "json" or others.items() <= rules.items():
        return None
    try:
        actual = json.loads(sent.body)
    except ValueError:
        return None
    if actual is None and _NULL in rules.get("$", {}).get("matchers", []):  # null in place of everything
        return with_body_rules(case, {"$": rules["$"] | {"matchers": [{"match": "type"}]}}), replace(
            sent, body=json.dumps(document).encode()
        )
    filled = replace(sent, body=json.dumps(_filled(actual, document, [steps_of(path) for path in rules])).encode())
    return with_body_rules(case, rules | others), filled


def _within_variants(entry: dict[str, Any]) -> dict[str, Any]:
    """The rules with null taken from the alternatives of the variants of `arrayContains`."""
    entry = copy.deepcopy(entry)
    for matcher in entry["matchers"]:
        for variant in matcher.get("variants", []):
            for inner in variant.get("rules", {}).values():
                others = [rule for rule in inner["matchers"] if rule != _NULL]
                inner["matchers"] = others if inner.get("combine") == "OR" and others else inner["matchers"]
    return entry


def _document(recorded: Any) -> Any:
    try:
        return json.loads(recorded) if isinstance(recorded, str) else recorded
    except ValueError:
        return recorded


def _reached(value: Any, steps: list[str]) -> list[Any]:
    """The values that a path leads to."""
    found = [value]
    for step in steps:
        below: list[Any] = []
        for item in found:
            if isinstance(item, dict):
                below += [part for key, part in item.items() if step in ("*", key)]
            elif isinstance(item, list):
                below += [part for index, part in enumerate(item) if step in ("*", "[*]", str(index))]
        found = below
    return found


def _filled(actual: Any, recorded: Any, ruled: list[list[str]], place: tuple[str, ...] = ()) -> Any:
    """The document with what is recorded for every null that came, but for those that a rule is written for."""
    if actual is None and not any(len(steps) == len(place) and meet(steps, list(place)) for steps in ruled):
        return copy.deepcopy(recorded)
    if actual is None and isinstance(recorded, (dict, list)):
        return copy.deepcopy(recorded)
    if isinstance(actual, dict) and isinstance(recorded, dict):
        first = next(iter(recorded.values()), None)
        return {key: _filled(value, recorded.get(key, first), ruled, (*place, key)) for key, value in actual.items()}
    if isinstance(actual, list) and isinstance(recorded, list) and recorded:
        return [
            _filled(value, recorded[index if index < len(recorded) else 0], ruled, (*place, str(index)))
            for index, value in enumerate(actual)
        ]
    return actual
