"""The page on matching is true: every row of its tables is run."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from matching import GeneratorContext, Request, draw_key
from matching.datetimes import compile_date_pattern, shift_datetime
from tests.matching.pacts import decide, get, only, only_request, post

PAGE = Path(__file__).resolve().parents[1] / "docs" / "matching.md"
CLOCK = datetime(2000, 1, 1, 10, tzinfo=UTC)


def rows(name: str) -> list[Any]:
    """The rows of a table, each a parameter whose id is its first cell; cells as lists of what stands in backticks."""
    after = PAGE.read_text().split(f"<!-- table: {name} -->\n", 1)[1]
    found = []
    for line in after.splitlines()[2:]:
        if not line.startswith("|"):
            break
        case, *cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
        values = [[text.replace("\\|", "|") for text in re.findall(r"`([^`]*)`", cell)] for cell in cells]
        found.append(pytest.param(*values, id=case.strip()))
    assert len(found) > 5, name
    return found


def rules_at(path: str, rule: list[str]) -> dict[str, Any]:
    return {path: {"matchers": [json.loads(rule[0])]}} if rule else {}


Cells = list[str]


@pytest.mark.parametrize(("rule", "recorded", "matching", "other"), rows("json rules"))
def test_json_rules(rule: Cells, recorded: Cells, matching: Cells, other: Cells) -> None:
    """A rule at `$.a` of a JSON body."""
    rules = {"body": rules_at("$.a", rule)}
    body = json.loads(f'{{"a": {recorded[0]}}}')
    interaction = only_request({"method": "POST", "body": body, "matchingRules": rules})
    for text in (*matching, recorded[0]) if not EXAMPLES_OUT_OF_BOUNDS & set(rule) else matching:
        if rule and json.loads(rule[0])["match"] == "null" and text == recorded[0]:
            continue
        assert decide(interaction, post(f'{{"a": {text}}}')), text
    for text in other:
        assert not decide(interaction, post(f'{{"a": {text}}}')), text
    assert matching
    assert other


# Rules that the recorded example itself does not satisfy: it only shows what an item is.
EXAMPLES_OUT_OF_BOUNDS = {'{"match": "type", "min": 2}'}


@pytest.mark.parametrize(("rule", "recorded", "matching", "other"), rows("text rules"))
@pytest.mark.parametrize("part", ["query", "header", "form", "text"])
def test_text_rules(part: str, rule: Cells, recorded: Cells, matching: Cells, other: Cells) -> None:
    """The same rule on a query parameter, a header, a field of a form and a text body."""
    if part == "text" and json.loads(rule[0])["match"] in ("eachValue", "arrayContains"):
        pytest.skip("rules about several values")
    for text, verdict in [*((text, True) for text in (*matching, *recorded)), *((text, False) for text in other)]:
        assert decide(*of_text(part, rule, recorded[0], text)) == verdict, text


def of_text(part: str, rule: Cells, recorded: str, actual: str) -> tuple[Any, Request]:
    """An interaction with the text in some part, and a request with another text there."""
    if part == "query":
        rules = {"query": rules_at("a", rule)}
        return only_request({"query": {"a": [recorded]}, "matchingRules": rules}), get(f"/?a={quote(actual)}")
    if part == "header":
        rules = {"header": rules_at("X-A", rule)}
        return only_request({"headers": {"X-A": recorded}, "matchingRules": rules}), get("/", ("X-A", actual))
    content_type = "text/plain" if part == "text" else "application/x-www-form-urlencoded"
    path, prefix = ("$", "") if part == "text" else ("$.a", "a=")
    request = {
        "method": "POST",
        "headers": {"Content-Type": content_type},
        "body": prefix + recorded,
        "matchingRules": {"body": rules_at(path, rule)},
    }
    written = actual if part == "text" else quote(actual)
    return only_request(request), post(prefix + written, content_type)


@pytest.mark.parametrize(("path", "rule", "recorded", "matching", "other"), rows("xml"))
def test_xml(path: Cells, rule: Cells, recorded: Cells, matching: Cells, other: Cells) -> None:
    """A rule at some path of an XML body."""
    check_bodies("application/xml", path[0], rule, recorded[0], matching, other)


@pytest.mark.parametrize(("kind", "path", "rule", "recorded", "matching", "other"), rows("bodies"))
def test_bodies(kind: Cells, path: Cells, rule: Cells, recorded: Cells, matching: Cells, other: Cells) -> None:
    """A rule at some path of a body of some type."""
    check_bodies(kind[0], path[0], rule, recorded[0], matching, other)


def check_bodies(kind: str, path: str, rule: Cells, recorded: str, matching: Cells, other: Cells) -> None:
    request = {"method": "POST", "headers": {"Content-Type": kind}, "body": recorded}
    interaction = only_request({**request, "matchingRules": {"body": rules_at(path, rule)}})
    for text in matching:
        assert decide(interaction, post(text, kind)), text
    for text in other:
        assert not decide(interaction, post(text, kind)), text


@pytest.mark.parametrize(("source", "matching", "other"), rows("dates"))
def test_dates(source: Cells, matching: Cells, other: Cells) -> None:
    """A date format, and a written date of its own."""
    pattern = compile_date_pattern(source[0])
    assert [text for text in matching if not pattern.matches(text)] == []
    assert [text for text in other if pattern.matches(text)] == []
    assert pattern.matches(pattern.write(CLOCK))


@pytest.mark.parametrize(("expression", "base", "wanted"), rows("expressions"))
def test_expressions(expression: Cells, base: Cells, wanted: Cells) -> None:
    """A date expression, seen from some moment."""
    moment = shift_datetime(expression[0], datetime.fromisoformat(base[0]).replace(tzinfo=UTC))
    assert moment == datetime.fromisoformat(wanted[0]).replace(tzinfo=UTC)


@pytest.mark.parametrize(("generator", "example", "gives"), rows("generators"))
def test_generators(generator: Cells, example: Cells, gives: Cells) -> None:
    """A generator at `$.a` of a JSON body; the same key gives the same bytes."""
    response = {
        "status": 200,
        "body": {"a": json.loads(example[0]), "b": [1]},
        "generators": {"body": {"$.a": json.loads(generator[0])}},
    }
    interaction = only({"description": "case", "request": {}, "response": response})
    seen = {answer for key in range(20) for answer in answers(interaction, str(key))}
    for content in seen:
        found = re.fullmatch(r'\{"a":(.*),"b":\[1\]\}', content.decode())
        assert found is not None
        assert re.fullmatch(gives[0], found[1]), content
    assert (len(seen) > 1) == bool(re.search(r"[\[|]", gives[0])), "values vary exactly where they are drawn"


def answers(interaction: Any, seed: str) -> Iterator[bytes]:
    """The answer for a seed, twice."""
    body = interaction.response.body
    key = draw_key(seed, interaction.id, Request("GET", "/"))
    contexts = [GeneratorContext(key, CLOCK, "http://stub.example", {"id": 42}) for _ in range(2)]
    filled = [body if interaction.template is None else interaction.template.fill_body(c, 200, body) for c in contexts]
    assert filled[0] == filled[1]
    yield filled[0]


def test_multipart_of_the_page() -> None:
    """A field and a file under their rules, whatever the boundary, in any order."""
    parts = [
        'Content-Disposition: form-data; name="note"\r\n\r\nhello',
        'Content-Disposition: form-data; name="file"; filename="a.json"\r\n'
        'Content-Type: application/json\r\n\r\n{"n": 1}',
    ]

    def written(boundary: str, *contents: str) -> bytes:
        return ("".join(f"--{boundary}\r\n{content}\r\n" for content in contents) + f"--{boundary}--\r\n").encode()

    request = {
        "method": "POST",
        "headers": {"Content-Type": "multipart/form-data; boundary=x"},
        "body": base64.b64encode(written("x", *parts)).decode(),
        "matchingRules": {
            "body": {
                **rules_at("$.note", ['{"match": "regex", "regex": "h.*"}']),
                **rules_at("$.file.n", ['{"match": "integer"}']),
            }
        },
    }
    interaction = only_request(request)
    other = [parts[1].replace("1}", "7}"), parts[0].replace("hello", "hi"), parts[0].replace("note", "more")]
    assert decide(interaction, post(written("y", *other), "multipart/form-data; boundary=y"))
    for wrong in (parts[0], parts[1].replace("1}", '"x"}'), parts[1].replace("file", "fine")):
        assert not decide(interaction, post(written("y", parts[0], wrong), "multipart/form-data; boundary=y"))
