"""Form bodies: names and values as in a query string, rules for names and for single values."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from matching import Index, NoMatch, find, near_misses
from tests.matching.pacts import any_of, decide, first_mismatch, only_request, post, with_body

FORM = "application/x-www-form-urlencoded"
Rule = dict[str, Any]

TYPE: Rule = {"match": "type"}
INTEGER: Rule = {"match": "integer"}
EQUALITY: Rule = {"match": "equality"}
NOT_EMPTY: Rule = {"match": "notEmpty"}


def regex(source: str) -> Rule:
    return {"match": "regex", "regex": source}


def bounds(least: int | None = None, most: int | None = None) -> Rule:
    return {"match": "type"} | ({} if least is None else {"min": least}) | ({} if most is None else {"max": most})


class Case(NamedTuple):
    """What is recorded, under which rules, what comes, and where and under which rule the first mismatch is."""

    fact: str
    recorded: str
    rules: dict[str, Any]
    actual: str
    mismatch: tuple[str, str] | None = None


def cases(table: list[Case]) -> Any:
    """A test for each case, under its fact."""
    return pytest.mark.parametrize("case", table, ids=[case.fact for case in table])


def decided(case: Case) -> None:
    """The case has the verdict that it names, in every layout of a pact."""
    expected = None if case.mismatch is None else ("body", *case.mismatch)
    for version in ("V3", "V4"):
        recorded = {"content": case.recorded, "contentType": FORM} if version == "V4" else case.recorded
        assert first_mismatch(with_body(recorded, case.rules, FORM, version), post(case.actual, FORM)) == expected


PLAIN = [
    Case("the same", "a=1&b=2", {}, "a=1&b=2"),
    Case("another order", "a=1&b=2", {}, "b=2&a=1"),
    Case("a missing field", "a=1&b=2", {}, "a=1", ("$.b", "present")),
    Case("an extra field", "a=1&b=2", {}, "a=1&b=2&c=3", ("$.c", "absent")),
    Case("another value", "a=1&b=2", {}, "a=1&b=3", ("$.b", "equality")),
    Case("names have a case", "a=1", {}, "A=1", ("$.a", "present")),
    Case("a value twice", "a=1", {}, "a=1&a=1", ("$.a", "equality")),
    Case("several values", "a=1&a=2", {}, "a=1&a=2"),
    Case("several values in another order", "a=1&a=2", {}, "a=2&a=1", ("$.a", "equality")),
    Case("fewer values", "a=1&a=2", {}, "a=1", ("$.a", "equality")),
    Case("no equals sign", "a=", {}, "a"),
    Case("an empty value", "a", {}, "a="),
    Case("a value where none is", "a", {}, "a=1", ("$.a", "equality")),
    Case("empty pieces", "a=1&b=2", {}, "&a=1&&b=2&"),
    Case("a semicolon is no separator", "a=1&b=2", {}, "a=1;b=2", ("$.a", "equality")),
    Case("blanks as plus and percent", "a=x y", {}, "a=x+y"),
    Case("blanks as they are", "a=x+y", {}, "a=x%20y"),
    Case("escapes of letters", "a=1", {}, "%61=%31"),
    Case("Unicode", "a=%C3%A9", {}, "a=é"),
    Case("escapes that are none", "a=%zz", {}, "a=%25zz"),
    Case("escapes that are none keep their case", "a=%zz", {}, "a=%ZZ", ("$.a", "equality")),
    Case("bytes that are no text stay apart", "a=%E9", {}, "a=%E8", ("$.a", "equality")),
    Case("bytes that are no text equal themselves", "a=%E9", {}, "a=%e9"),
    Case("a value with an equals sign", "a=1=2", {}, "a=1%3D2"),
    Case("no name", "=1", {}, "=1"),
    Case("names with brackets", "ids[]=1&ids[]=2", {}, "ids%5B%5D=1&ids[]=2"),
    Case("a line break at the end", "a=1", {}, "a=1\n", ("$.a", "equality")),
    Case("blanks around", "a=1", {}, " a=1", ("$.a", "present")),
    Case("no body", "a=1", {}, "", ("$", "present")),
]


@cases(PLAIN)
def test_without_rules(case: Case) -> None:
    """Every name with its values in order, and no other; names in any order."""
    decided(case)


RULES = [
    Case("type at a name", "a=1&b=2", {"$.a": TYPE}, "a=x&b=2"),
    Case("type at a quoted name", "a=1&b=2", {"$['a']": TYPE}, "a=x&b=2"),
    Case("type at a bare name", "a=1&b=2", {"a": TYPE}, "a=x&b=2"),
    Case("type at a name leaves others", "a=1&b=2", {"$.a": TYPE}, "a=1&b=9", ("$.b", "equality")),
    Case("a rule at a name frees the number", "a=1", {"$.a": INTEGER}, "a=7&a=8&a=9"),
    Case("fewer than recorded", "a=1&a=2", {"$.a": INTEGER}, "a=7"),
    Case("none at all", "a=1&b=1", {"$": TYPE}, "b=1", ("$.a", "present")),
    Case("a name that was not recorded", "a=1", {"$": TYPE}, "a=1&c=1", ("$.c", "absent")),
    Case("a value fails", "a=1", {"$.a": INTEGER}, "a=7&a=x", ("$.a", "integer")),
    Case("inherited from the root", "a=1&b=2", {"$": INTEGER}, "a=7&b=8&b=9"),
    Case("by a star", "a=1&b=2", {"$.*": INTEGER}, "a=7&b=x", ("$.b", "integer")),
    Case("at an index", "a=1", {"$.a[0]": INTEGER}, "a=7"),
    Case("at an index frees no number", "a=1", {"$.a[0]": INTEGER}, "a=7&a=8", ("$.a", "integer")),
    Case("at an index leaves other values", "a=1&a=2", {"$.a[0]": TYPE}, "a=9&a=9", ("$.a", "equality")),
    Case("at all indices", "a=1&a=2", {"$.a[*]": INTEGER}, "a=7&a=8"),
    Case("at all indices frees no number", "a=1&a=2", {"$.a[*]": INTEGER}, "a=7", ("$.a", "integer")),
    Case("equality at an index below a type", "a=1", {"$.a": TYPE, "$.a[0]": EQUALITY}, "a=2", ("$.a", "equality")),
    Case("equality below a type", "a=1&b=2", {"$": TYPE, "$.b": EQUALITY}, "a=9&b=3", ("$.b", "equality")),
    Case("equality frees no number", "a=1", {"$.a": EQUALITY}, "a=1&a=1", ("$.a", "equality")),
    Case("another case of the name", "a=1", {"$.A": TYPE}, "a=2", ("$.a", "equality")),
    Case("a name with brackets", "ids[]=1", {"$['ids[]']": INTEGER}, "ids[]=7&ids[]=8"),
    Case("a rule without the brackets", "ids[]=1", {"$.ids": INTEGER}, "ids[]=7", ("$['ids[]']", "equality")),
    Case("a name with a dot", "a.b=1", {"$['a.b']": INTEGER}, "a.b=7"),
    Case("at least so many", "a=1", {"$.a": bounds(2)}, "a=7&a=8"),
    Case("too few", "a=1", {"$.a": bounds(2)}, "a=7", ("$.a", "type")),
    Case("too many", "a=1", {"$.a": bounds(None, 1)}, "a=7&a=8", ("$.a", "type")),
    Case("bounds at all indices do not count", "a=1&a=2", {"$.a[*]": bounds(3)}, "a=7&a=8"),
    Case("bounds are not inherited", "a=1", {"$": bounds(3)}, "a=7"),
    Case("bounds are not inherited beside a rule for values", "a=1", {"$": bounds(2), "$.a[*]": INTEGER}, "a=5"),
    Case("a number", "a=1.5", {"$.a": {"match": "number"}}, "a=-2e3"),
    Case("a boolean", "a=true", {"$.a": {"match": "boolean"}}, "a=yes", ("$.a", "boolean")),
    Case("a date", "a=2000-01-01", {"$.a": {"match": "date", "format": "yyyy-MM-dd"}}, "a=2024-02-29"),
    Case("a version", "a=1.0.0", {"$.a": {"match": "semver"}}, "a=1.0", ("$.a", "semver")),
    Case("a part", "a=abc", {"$.a": {"match": "include", "value": "b"}}, "a=xbx"),
    Case("no part", "a=abc", {"$.a": {"match": "include", "value": "b"}}, "a=x", ("$.a", 'include "b"')),
    Case("something", "a=1", {"$.a": NOT_EMPTY}, "a=", ("$.a", "notEmpty")),
    Case("a type of content", "a={}", {"$.a": {"match": "contentType", "value": "application/json"}}, "a=[1]"),
    Case("a regex for every value", "a=1&b=2", {"$": regex(r"\d")}, "a=7&b=x", ("$.b", r"regex \d")),
    Case("a regex is not for the whole body", "a=1", {"$": regex("a=.*")}, "a=1", ("$.a", "regex a=.*")),
    Case("both of two rules", "a=12", {"$.a": [INTEGER, regex(".2")]}, "a=33", ("$.a", "integer and regex .2")),
    Case("either of two rules", "a=12", {"$.a": any_of(INTEGER, regex("x"))}, "a=x&a=5"),
    Case("neither of two rules", "a=12", {"$.a": any_of(INTEGER, regex("x"))}, "a=y", ("$.a", "integer or regex x")),
    Case("an empty list of rules", "a=1", {"$.a": []}, "a=1&a=1", ("$.a", "equality")),
]


@cases(RULES)
def test_rules(case: Case) -> None:
    """A rule at a name is for all its values and frees how many there are; one at an index is for single values."""
    decided(case)


def test_flat_rules() -> None:
    """Rules of V2 reach fields as those of V3 do."""
    rules = {"$.body.a": INTEGER, "$.body['b'][0]": regex("x+")}
    request = {"method": "POST", "headers": {"Content-Type": FORM}, "body": "a=1&b=x", "matchingRules": rules}
    interaction = only_request(request, "V2")
    assert first_mismatch(interaction, post("b=xx&a=5", FORM)) is None
    assert first_mismatch(interaction, post("b=y&a=5", FORM)) == ("body", "$.b", "regex x+")


TYPES = [
    (FORM, f"{FORM}; charset=utf-8", None),
    (f"{FORM}; charset=utf-8", f"{FORM};charset=UTF-8", None),
    (f"{FORM}; charset=utf-8", FORM, "header"),
    (FORM, "text/plain", "header"),
]


@pytest.mark.parametrize(("recorded", "actual", "part"), TYPES)
def test_types(recorded: str, actual: str, part: str | None) -> None:
    """The header counts with its parameters, as for every body."""
    mismatch = first_mismatch(with_body("a=1&b=2", {}, recorded), post("b=2&a=1", actual))
    assert (mismatch[0] if mismatch else None) == part


def test_the_type_of_an_envelope() -> None:
    """Without a recorded header, the type of the body decides on its own."""
    interaction = only_request({"method": "POST", "body": {"content": "a=1&b=2", "contentType": FORM}}, "V4")
    assert first_mismatch(interaction, post("b=2&a=1", FORM)) is None
    assert first_mismatch(interaction, post("b=2&a=1", "text/plain")) == ("body type", "", "content type")


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=utf-8", f"{FORM}; charset=iso-8859-1"])
def test_charsets(content_type: str) -> None:
    """Letters that are not escaped are read in the charset of the request; escapes are UTF-8."""
    interaction = with_body("a=é", {"$.a": regex("[éè]")}, FORM)
    charset = "latin-1" if "8859" in content_type else "utf-8"
    assert first_mismatch(interaction, post("a=è".encode(charset), content_type)) is None
    assert first_mismatch(interaction, post("a=%C3%A8", content_type)) is None


def test_a_form_that_was_not_recorded_as_text() -> None:
    """A recorded object under the type of forms is one name: its text."""
    interaction = with_body({"a": "1"}, {}, FORM)
    assert decide(interaction, post('{"a":"1"}', FORM))
    assert not decide(interaction, post("a=1", FORM))


def test_the_marks_of_content_at_the_root() -> None:
    """A contentType rule at `$` looks at the marks of the whole body and at nothing else."""
    interaction = with_body("a=1", {"$": {"match": "contentType", "value": "text/plain"}}, FORM)
    assert first_mismatch(interaction, post("b=2", FORM)) is None
    assert first_mismatch(interaction, post(b"\x89\xff\x00", FORM)) == ("body", "$", "contentType text/plain")


def test_a_form_that_is_anything() -> None:
    """Whatever comes is a form; a JSON document is one with an odd name."""
    mismatch = first_mismatch(with_body("a=1", {}, FORM), post(json.dumps({"a": 1}), FORM))
    assert mismatch == ("body", "$.a", "present")


# Forms that nobody should send

BOUND = 5.0  # seconds: only a guard against hanging


def seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


HOSTILE = {
    "a hundred thousand fields": "&".join(f"f{n}={n}" for n in range(100_000)),
    "a hundred thousand values": "&".join(["a=x"] * 100_000),
    "only separators": "&" * 3_000_000,
    "only blanks": "a=" + "+" * 3_000_000,
    "only escapes": "a=" + "%41" * 500_000,
    "escapes that are none": "a=" + "%" * 1_000_000,
    "a long name": "a" * 3_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("rules", [{}, {"$.a": INTEGER}, {"$.a[*]": INTEGER}], ids=["plain", "ruled", "by index"])
def test_hostile_forms(name: str, rules: dict[str, Any]) -> None:
    """Forms of any size are decided and explained in bounded time, and near misses are short."""
    index = Index([with_body("a=1", rules, FORM)])
    request = post(HOSTILE[name], FORM)
    assert seconds(lambda: find(index, request)) < BOUND
    assert isinstance(find(index, request), NoMatch)
    (miss,) = near_misses(index, request)
    assert miss.mismatches
    assert sum(len(mismatch.message) for mismatch in miss.mismatches) < 20_000


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(?=a)(a+)+$", "(?=(a+)+b)(?!(a|aa)+c)a*"])
@pytest.mark.parametrize("path", ["$", "$.a", "$.a[*]"])
def test_hostile_patterns(pattern: str, path: str) -> None:
    """Fields under patterns that run away are given up soon."""
    index = Index([with_body("&".join(["a=a"] * 100), {path: regex(pattern)}, FORM)])
    request = post("&".join(["a=" + "a" * 3000 + "!"] * 100), FORM)
    assert seconds(lambda: find(index, request)) < BOUND
    assert isinstance(find(index, request), NoMatch)
    assert seconds(lambda: near_misses(index, request)) < BOUND
