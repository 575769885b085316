"""The recorded request as it would be sent: what is recorded matches itself."""

from __future__ import annotations

from typing import Any

import pytest

from matching import example_request
from matching.example import encode_query
from matching.http_text import parse_query
from tests.matching.pacts import decide, load, only_request

RECORDED: list[dict[str, Any]] = [
    {},
    {"method": "delete", "path": "/a/b"},
    {"path": "/a b/é/%2F/100%"},
    {"path": "/a;b=1,c:@!$&'()*+~"},
    {"path": '/quo"te/<>/#/[]{}|\\^`'},
    {"path": "/a?b", "query": {"q": ["1"]}},
    {"path": "//a//"},
    {"query": {"a": ["1", "2"], "b": [None], "c": [""]}},
    {"query": {"ids[]": ["a&b", "c=d", "e+f", "g h", "é", "%", "#"], "": ["x"], "x y": ["z"]}},
    {"query": "a=1&a=2&b&c="},
    {"headers": {"X-A": "1", "X-B": ["1", "2"], "Accept": ["a/b", "c/d"], "Vary": "a, b", "Date": "Sat, 1 Jan 2000"}},
    {"headers": {"X-A": "", "Cookie": "a=1; b=2", "Authorization": "Bearer x"}},
    {"headers": {"Content-Type": "application/json; charset=utf-8", "Accept": "*/*;q=0.5"}},
    {"headers": {"Accept": ["application/json, text/plain, */*"]}},
    {"method": "POST", "body": {"a": [1, 1.5, None, True, "é", {}], "b": 12345678901234567890}},
    {"method": "POST", "body": []},
    {"method": "POST", "body": 0},
    {"method": "POST", "body": False},
    {"method": "POST", "body": "text"},
    {"method": "POST", "body": ""},
    {"method": "POST", "body": None},
    {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": "text"},
    {"method": "POST", "headers": {"Content-Type": "image/png"}, "body": "AAEC/w=="},
    {"method": "POST", "headers": {"Content-Type": "text/plain"}, "body": "a\r\nb\n"},
    {"method": "PUT", "path": "/a/1", "matchingRules": {"$.path": {"match": "regex", "regex": r"/a/\d+"}}},
]


@pytest.mark.parametrize("request_", RECORDED, ids=str)
@pytest.mark.parametrize("version", ["V1", "V2", "V3", "V4"])
def test_a_recorded_request_matches_itself(request_: dict[str, Any], version: str) -> None:
    """The example of an interaction is answered by it."""
    interaction = only_request(request_, version)
    example = example_request(interaction.interaction.request)
    assert decide(interaction, example)


@pytest.mark.parametrize("request_", RECORDED, ids=str)
def test_the_example_can_be_sent(request_: dict[str, Any]) -> None:
    """Path and query of the example hold only what a request line may hold."""
    example = example_request(only_request(request_).interaction.request)
    line = example.path + example.query
    assert line.isascii()
    assert not any(char in line for char in ' #"<>\n\r\t')
    assert "?" not in example.path


@pytest.mark.parametrize(
    "text", ["", "a", "a=", "a=1", "a=1&a=2&b=3", "a=%26&b=%3D&c=%2B&d=%25", "%C3%A9=%E2%82%AC", "=x", "a=x%20y"]
)
def test_a_query_reads_back(text: str) -> None:
    """Encoding a query and reading it gives the same parameters."""
    parameters = {name: tuple(values) for name, values in parse_query(text).items()}
    assert parse_query(encode_query(parameters)) == parse_query(text)


def test_a_content_type_goes_with_a_body() -> None:
    """A body without a recorded header is sent under its own type."""
    example = example_request(only_request({"body": {"a": 1}}).interaction.request)
    assert list(example.header_lines) == [("Content-Type", "application/json")]
    assert list(example_request(only_request({}).interaction.request).header_lines) == []


def test_an_example_that_its_own_rules_refuse() -> None:
    """It is served all the same, and a warning tells who wrote the contract."""
    rules = {"$.body.a": {"match": "regex", "regex": r"\d+"}}
    pact = load({"request": {"method": "POST", "body": {"a": "x"}, "matchingRules": rules}})
    assert len(pact.interactions) == 1
    (problem,) = pact.problems
    assert problem.pointer == "/interactions/0/request"
    assert "does not match its own interaction" in problem.message
