"""Each type of generator: what its attributes mean, and of which kind its values are."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from matching import Severity
from tests.generators.answers import BASE, Recorded, generated, value_of, values_of

# type and attributes, recorded example, what every value looks like
TEXTS: list[tuple[dict[str, Any], Any, str]] = [
    ({"type": "RandomInt"}, "5", r"[0-9]|10"),
    ({"type": "RandomInt", "min": 201, "max": 299}, "5", r"2(0[1-9]|[1-9][0-9])"),
    ({"type": "RandomDecimal"}, "1.5", r"(?=.{11}$)[1-9][0-9]*\.[0-9]+"),
    ({"type": "RandomDecimal", "digits": 1}, "1.5", r"[1-9]"),
    ({"type": "RandomDecimal", "digits": 2}, "1.5", r"[1-9]\.[0-9]"),
    ({"type": "RandomDecimal", "digits": 40}, "x", r"(?=.{41}$)[1-9][0-9]*\.[0-9]+"),
    ({"type": "RandomHexadecimal"}, "ff", r"[0-9a-fA-F]{10}"),
    ({"type": "RandomHexadecimal", "digits": 1}, "ff", r"[0-9a-fA-F]"),
    ({"type": "RandomHexadecimal", "digits": 64}, "ff", r"[0-9a-fA-F]{64}"),
    ({"type": "RandomHexadecimal", "digits": 8}, 5, r"[0-9a-fA-F]{8}"),
    ({"type": "RandomString"}, "x", r"[0-9A-Za-z]{10}"),
    ({"type": "RandomString", "size": 0}, "x", r""),
    ({"type": "RandomString", "size": 1}, "x", r"[0-9A-Za-z]"),
    ({"type": "RandomString", "size": 500}, "x", r"[0-9A-Za-z]{500}"),
    ({"type": "RandomString", "size": "20"}, "x", r"[0-9A-Za-z]{20}"),
    ({"type": "RandomBoolean"}, "true", r"true|false"),
    ({"type": "Regex", "regex": r"[A-Z]{2}-\d{3}"}, "x", r"[A-Z]{2}-[0-9]{3}"),
    ({"type": "Uuid"}, "x", r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
    ({"type": "Uuid", "format": "simple"}, "x", r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}"),
    ({"type": "Uuid", "format": "lower-case-hyphenated"}, "x", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ({"type": "Uuid", "format": "upper-case-hyphenated"}, "x", r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}"),
    ({"type": "Uuid", "format": "URN"}, "x", r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ({"type": "Uuid", "format": "of my own"}, "x", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ({"type": "Uuid", "format": None}, "x", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
]


@pytest.mark.parametrize(("generator", "example", "pattern"), TEXTS, ids=lambda value: str(value)[:40])
def test_texts(generator: dict[str, Any], example: Any, pattern: str) -> None:
    """Every value is a text of the promised form, and there are several."""
    values = values_of(example, generator, range(100))
    for value in values:
        assert isinstance(value, str)
        assert re.fullmatch(pattern, value), value
    assert len(set(values)) > 1 or generator.get("size") == 0


def test_whole_numbers() -> None:
    """A number is recorded: numbers come, each between `min` and `max`, and both of these do come."""
    values = values_of(5, {"type": "RandomInt", "min": 3, "max": 6})
    assert set(values) == {3, 4, 5, 6}
    assert {type(value) for value in values} == {int}
    assert set(values_of(5, {"type": "RandomInt"}, range(500))) == set(range(11))


@pytest.mark.parametrize(
    ("bounds", "least", "most"),
    [
        ({"min": 7, "max": 7}, 7, 7),
        ({"min": -5, "max": -3}, -5, -3),
        ({"max": 2}, 0, 2),
        ({"min": 5}, 5, 10),
        ({"min": "5", "max": " 6 "}, 5, 6),
        ({"min": 5.0, "max": 6.0}, 5, 6),
        ({"min": None, "max": None}, 0, 10),
        ({"min": 0, "max": 2147483647}, 0, 2147483647),
        ({"min": 10**17, "max": 10**17 + 1}, 10**17, 10**17 + 1),
    ],
)
def test_bounds(bounds: dict[str, Any], least: int, most: int) -> None:
    """Bounds may be numbers, texts that hold one, or absent (0 and 10)."""
    values = values_of(1, {"type": "RandomInt", **bounds}, range(50))
    assert all(least <= value <= most for value in values)
    assert len(set(values)) > 1 or least == most


def test_a_least_number_beyond_the_default_greatest() -> None:
    """`min` alone may be greater than the default of `max`."""
    assert all(value >= 500 for value in values_of(1, {"type": "RandomInt", "min": 500}, range(20)))


def test_decimals_are_numbers_where_numbers_are_recorded() -> None:
    """A decimal beside a recorded number is a JSON number with exactly the digits that were asked for."""
    recorded = generated({"a": 1.5, "b": 2}, {"$.*": {"type": "RandomDecimal", "digits": 30}})
    for seed in range(50):
        body = recorded.answer(seed).text
        assert re.fullmatch(r'\{"a":(?=[0-9.]{31},)[1-9][0-9]*\.[0-9]+,"b":(?=[0-9.]{31}\})[1-9][0-9]*\.[0-9]+\}', body)


def test_hexadecimal_digits_repeat() -> None:
    """Hexadecimal digits are drawn one by one: all sixteen come, and some come twice."""
    values = values_of("ff", {"type": "RandomHexadecimal", "digits": 32}, range(20))
    assert {digit for value in values for digit in value.lower()} == set("0123456789abcdef")
    assert any(value != "".join(sorted(value)) for value in values)


def test_booleans() -> None:
    """Where true or false is recorded, both come."""
    values = values_of(True, {"type": "RandomBoolean"})
    assert set(values) == {True, False}
    assert {type(value) for value in values} == {bool}


def test_uuids_are_version_4() -> None:
    """Every UUID says that it is random, and no two are alike."""
    values = [uuid.UUID(value) for value in values_of("x", {"type": "Uuid"})]
    assert {value.version for value in values} == {4}
    assert len(set(values)) == len(values)


MOCK_SERVER: list[tuple[dict[str, Any], str, str]] = [
    ({"regex": ".*(/a)", "example": "http://1234:8080/a"}, "x", f"{BASE}/a"),
    ({"regex": r".*\/(orders\/\d+)$", "example": "http://localhost:1/orders/12"}, "x", f"{BASE}/orders/12"),
    ({"regex": "http://[^/]+(.*)", "example": "http://x/a?b=c#d"}, "x", f"{BASE}/a?b=c#d"),
    ({"regex": "https?://[^/]+(/?.*)", "example": "http://x"}, "x", BASE),
    ({"regex": ".*(/a)"}, "http://recorded/a", f"{BASE}/a"),
    ({"regex": ".*(/ä ö)", "example": "http://x/ä ö"}, "x", f"{BASE}/ä ö"),
]


@pytest.mark.parametrize(("attributes", "example", "expected"), MOCK_SERVER)
def test_mock_server_url(attributes: dict[str, Any], example: str, expected: str) -> None:
    """The address of the stub stands before what the group of the regex finds in the example."""
    assert value_of(example, {"type": "MockServerURL", **attributes}) == expected


STATE: list[tuple[dict[str, Any], dict[str, Any], Any]] = [
    ({"expression": "id"}, {"id": 10}, 10),
    ({"expression": "id"}, {"id": "10"}, "10"),
    ({"expression": "${id}"}, {"id": 10}, 10),
    ({"expression": "${id}"}, {"id": {"x": [1, None, "é"]}}, {"x": [1, None, "é"]}),
    ({"expression": "${id}"}, {"id": False}, False),
    ({"expression": "/u/${id}"}, {"id": 10}, "/u/10"),
    ({"expression": "/u/${id}/o/${order id}?x=${id}"}, {"id": 10, "order id": "b c"}, "/u/10/o/b c?x=10"),
    ({"expression": "${a}${b}"}, {"a": "${b}", "b": 1.5}, "${b}1.5"),
    ({"expression": "the ${flag}"}, {"flag": True}, "the true"),
    ({"expression": "id", "dataType": "RAW"}, {"id": 1.0}, 1.0),
    ({"expression": "id", "dataType": "STRING"}, {"id": 10}, "10"),
    ({"expression": "id", "dataType": "STRING"}, {"id": True}, "true"),
    ({"expression": "id", "dataType": "INTEGER"}, {"id": "10"}, 10),
    ({"expression": "id", "dataType": "INTEGER"}, {"id": "-10"}, -10),
    ({"expression": "id", "dataType": "integer"}, {"id": "10"}, 10),
    ({"expression": "${a}${b}", "dataType": "INTEGER"}, {"a": 1, "b": "2"}, 12),
    ({"expression": "id", "dataType": "DECIMAL"}, {"id": "10.25"}, 10.25),
    ({"expression": "id", "dataType": "DECIMAL"}, {"id": 10.25}, 10.25),
    ({"expression": "id", "dataType": "FLOAT"}, {"id": "1e3"}, 1000.0),
    ({"expression": "id", "dataType": "BOOLEAN"}, {"id": "true"}, True),
    ({"expression": "id", "dataType": "BOOLEAN"}, {"id": False}, False),
    ({"expression": "id", "dataType": "BOOLEAN"}, {"id": "False"}, False),
    ({"expression": "id", "dataType": None}, {"id": "10"}, "10"),
]


@pytest.mark.parametrize(("attributes", "params", "expected"), STATE, ids=lambda value: str(value)[:50])
def test_provider_state(attributes: dict[str, Any], params: dict[str, Any], expected: Any) -> None:
    """A parameter of the provider state by its name, or texts made of several, in the data type that is asked for."""
    found = value_of("example", {"type": "ProviderState", **attributes}, params=params)
    assert found == expected
    assert type(found) is type(expected)


NO_VALUE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"expression": "id"}, {}),
    ({"expression": "id"}, {"ID": 1}),
    ({"expression": "${id}"}, {}),
    ({"expression": "/u/${id}/${other}"}, {"id": 1}),
    ({"expression": "${}"}, {"id": 1}),
    ({"expression": "id", "dataType": "INTEGER"}, {"id": "ten"}),
    ({"expression": "id", "dataType": "INTEGER"}, {"id": ""}),
    ({"expression": "id", "dataType": "INTEGER"}, {"id": [1]}),
    ({"expression": "id", "dataType": "INTEGER"}, {"id": "1_0"}),
    ({"expression": "id", "dataType": "INTEGER"}, {"id": "٣"}),
    ({"expression": "id", "dataType": "DECIMAL"}, {"id": "nan"}),
    ({"expression": "id", "dataType": "DECIMAL"}, {"id": "1e999"}),
    ({"expression": "id", "dataType": "FLOAT"}, {"id": "infinity"}),
    ({"expression": "id", "dataType": "BOOLEAN"}, {"id": "yes"}),
    ({"expression": "id", "dataType": "BOOLEAN"}, {"id": 1}),
]


@pytest.mark.parametrize(("attributes", "params"), NO_VALUE, ids=str)
def test_provider_state_without_a_value(attributes: dict[str, Any], params: dict[str, Any]) -> None:
    """Where a parameter is missing, or is not of the data type, the recorded example is answered."""
    recorded = generated({"a": "example", "b": 1}, {"$.a": {"type": "ProviderState", **attributes}})
    assert recorded.answer(params=params).body == recorded.body


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"type": "Nope"}, "Nope"),
    ({"type": "uuid"}, "uuid"),
    ({"type": "RandomInt", "min": "many"}, "min"),
    ({"type": "RandomInt", "min": 1.5}, "min"),
    ({"type": "RandomInt", "max": True}, "max"),
    ({"type": "RandomInt", "max": [1]}, "max"),
    ({"type": "RandomInt", "min": 5, "max": 1}, "5"),
    ({"type": "RandomInt", "max": 10**30}, "max"),
    ({"type": "RandomInt", "max": -1}, "max"),
    ({"type": "RandomDecimal", "digits": 0}, "digits"),
    ({"type": "RandomDecimal", "digits": -1}, "digits"),
    ({"type": "RandomDecimal", "digits": 10**9}, "digits"),
    ({"type": "RandomHexadecimal", "digits": "x"}, "digits"),
    ({"type": "RandomString", "size": -1}, "size"),
    ({"type": "RandomString", "size": 10**12}, "size"),
    ({"type": "RandomString", "size": {}}, "size"),
    ({"type": "Regex"}, "regex"),
    ({"type": "Regex", "regex": 5}, "regex"),
    ({"type": "Regex", "regex": "("}, "regular expression"),
    ({"type": "Regex", "regex": "x" * 10_000}, "regular expression"),
    ({"type": "Date", "format": "yyyy-bb"}, "yyyy-bb"),
    ({"type": "Date", "format": "'unclosed"}, "unclosed"),
    ({"type": "Date", "format": 5}, "format"),
    ({"type": "Date", "expression": "the day after tomorrow"}, "expression"),
    ({"type": "Date", "expression": "next tue"}, "expression"),
    ({"type": "Date", "expression": "+ 1 hour"}, "expression"),
    ({"type": "Date", "expression": ["today"]}, "expression"),
    ({"type": "Time", "expression": "tomorrow"}, "expression"),
    ({"type": "Time", "expression": "25 o'clock"}, "expression"),
    ({"type": "DateTime", "expression": "today @ tomorrow"}, "expression"),
    ({"type": "ProviderState"}, "expression"),
    ({"type": "ProviderState", "expression": ""}, "expression"),
    ({"type": "ProviderState", "expression": 5}, "expression"),
    ({"type": "MockServerURL", "regex": ".*(/a)", "example": "/b"}, "group"),
    ({"type": "MockServerURL", "regex": ".*/a", "example": "/a"}, "group"),
    ({"type": "MockServerURL", "regex": "(", "example": "/a"}, "regular expression"),
    ({"type": "MockServerURL", "example": "/a"}, "regex"),
    ({"type": "MockServerURL", "regex": "(.*)", "example": 5}, "example"),
]


@pytest.mark.parametrize(("generator", "told"), REFUSED, ids=lambda value: str(value)[:50])
def test_generator_that_cannot_be_read(generator: dict[str, Any], told: str) -> None:
    """A generator that makes no sense is told when the pact is loaded, with place and cure; the example is answered."""
    recorded = generated({"a/b": "example", "n": 1}, {"$['a/b']": generator})
    [problem] = recorded.problems
    assert problem.severity is Severity.WARNING
    assert problem.pointer == "/interactions/0/response/generators/body/$['a~1b']"
    assert told in problem.message
    assert "the recorded example is served" in problem.message
    assert problem.cure
    assert recorded.answer().body == recorded.body == b'{"a/b":"example","n":1}'


@pytest.mark.parametrize("generator", [{}, {"min": 1}, {"type": 5}, {"type": None}, "Uuid", ["Uuid"], None, 5])
def test_generator_without_a_type(generator: Any) -> None:
    """Whatever names no type is told as well."""
    recorded = generated({"a": "example"}, {"$.a": generator})
    [problem] = recorded.problems
    assert (problem.severity, problem.pointer) == (
        Severity.WARNING,
        "/interactions/0/response/generators/body/$.a",
    )
    assert problem.cure
    assert recorded.answer().body == recorded.body


@pytest.mark.parametrize("value", ["Uuid", ["x"], 5, True])
def test_generators_that_are_no_object(value: Any) -> None:
    """So is whatever is no object where generators stand."""
    for generators in ({"body": value}, value):
        recorded = Recorded({"body": {"content": {"a": 1}}, "generators": generators})
        assert [problem.severity for problem in recorded.problems] == [Severity.WARNING]
        assert recorded.answer().body == recorded.body
