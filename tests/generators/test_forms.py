"""Forms: values of fields are generated where they stand; every other byte goes out as it was recorded."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from matching import Severity
from tests.generators.answers import FROM_STATE, generated

FORM = "application/x-www-form-urlencoded"

PLACES: list[tuple[str, str, str]] = [
    ("a=1&b=2", "$.a", "a=NEW&b=2"),
    ("a=1&b=2", "a", "a=NEW&b=2"),
    ("a=1&b=2", "$['b']", "a=1&b=NEW"),
    ("a=1&b=2", "$.*", "a=NEW&b=NEW"),
    ("a=1&b=2&a=3", "$.a", "a=NEW&b=2&a=NEW"),
    ("a=1&b=2&a=3", "$.a[1]", "a=1&b=2&a=NEW"),
    ("a=1&b=2&a=3", "$.a[*]", "a=NEW&b=2&a=NEW"),
    ("ids[]=1&ids[]=2", "$['ids[]']", "ids[]=NEW&ids[]=NEW"),
    ("ids%5B%5D=1&x=%20", "$['ids[]']", "ids%5B%5D=NEW&x=%20"),
    ("order[items][0]=1", "$['order[items][0]']", "order[items][0]=NEW"),
    ("caf%C3%A9=1&b=+", "$['café']", "caf%C3%A9=NEW&b=+"),
    ("full+name=1&b=%zz", "$['full name']", "full+name=NEW&b=%zz"),
    ("a=&b=2", "$.a", "a=NEW&b=2"),
    ("a=1&&b=2&", "$.a", "a=NEW&&b=2&"),
    ("a=1=2&b", "$.a", "a=NEW&b"),
]


@pytest.mark.parametrize(("form", "path", "expected"), PLACES)
def test_places(form: str, path: str, expected: str) -> None:
    """A path names a field, an index one of its values; names are compared decoded, and stay as they were spelled."""
    recorded = generated(form, {path: FROM_STATE}, FORM)
    assert not recorded.problems
    assert recorded.answer(params={"v": "NEW"}).text == expected


@pytest.mark.parametrize("path", ["$.c", "$.a[1]", "$.a.b", "$.A"])
def test_paths_that_lead_nowhere(path: str) -> None:
    """A path that leads to no field has no effect; a note says so."""
    recorded = generated("a=1&b=2", {path: FROM_STATE}, FORM)
    [problem] = recorded.problems
    assert problem.severity is Severity.NOTE
    assert recorded.answer(params={"v": "NEW"}).text == "a=1&b=2"


@pytest.mark.parametrize("value", ["a b", "a&b=c", "a+b%20", "é 世界 🛒", "#?/", "", "\r\n\x00", "%", ";"], ids=repr)
def test_values_are_escaped(value: str) -> None:
    """Whatever a value holds, it arrives as that text, and the other fields as they were."""
    recorded = generated("a=1&b=2", {"$.a": FROM_STATE}, FORM)
    fields = parse_qsl(recorded.answer(params={"v": value}).text, keep_blank_values=True, strict_parsing=True)
    assert fields == [("a", value), ("b", "2")]


def test_values_of_one_name_differ() -> None:
    """Each value of a name is drawn by itself."""
    recorded = generated("a=1&a=2", {"$.a": {"type": "Uuid"}}, FORM)
    values = [value for _, value in parse_qsl(recorded.answer().text)]
    assert len(set(values)) == 2
