"""Stubs in the formats of other tools: OpenAPI, Postman, HAR. What is exported is what those tools take."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import shutil
import signal
import socket
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from matching import CompiledInteraction, ResponseMatcher, example_request
from matching.content_types import Kind
from matching.json_text import parse_json
from matching.model import Body, BodyState
from stubserver.outline.endpoints import endpoints_of
from stubserver.outline.exports.har import har_of
from stubserver.outline.exports.openapi import About, openapi_of
from stubserver.outline.exports.postman import postman_of
from stubserver.outline.exports.schema import ecma_pattern
from stubserver.web.problems import dumped
from tests.conformance.cases import body_of
from tests.conftest import Serve, http_pact
from tests.outline.corpus import EXAMPLES, at_paths, by_provider, every_kind, hostile, of_the_specification, one, some
from tests.shared import shared, shared_files
from tests.web.breaks import json_body

ABOUT = About("A provider", "latest", "What is used of it.", "http://127.0.0.1:8080/providers/a/stub")


def groups() -> dict[str, list[CompiledInteraction]]:
    """The interactions of every provider, and those that are made to hurt."""
    return {**by_provider(), "all kinds": list(every_kind()), "hostile": list(hostile())}


GROUPS = groups()


def is_sound(interaction: CompiledInteraction) -> bool:
    """Whether what is recorded satisfies its own rules, on both sides."""
    recorded = interaction.interaction
    if not interaction.matches(example_request(recorded.request)):
        return False
    answer = body_of(recorded.response.headers, recorded.response.body)
    return ResponseMatcher(recorded.response).matches(recorded.response.status, answer)


SOUND = {name: [each for each in interactions if is_sound(each)] for name, interactions in GROUPS.items()}


def openapi(interactions: Iterable[CompiledInteraction]) -> dict[str, Any]:
    """The description of interactions, as it is read by who gets it."""
    document: dict[str, Any] = json.loads(dumped(openapi_of(endpoints_of(interactions), ABOUT)))
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, method, operation) of a description."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def media_of(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All bodies of an operation: schemas with examples."""
    yield from operation.get("requestBody", {}).get("content", {}).values()
    for response in operation["responses"].values():
        yield from response.get("content", {}).values()


# OpenAPI


def assert_valid(document: dict[str, Any]) -> None:
    """What OpenAPI 3.1 demands, and what its schema cannot say."""
    errors = [f"{list(error.absolute_path)}: {error.message[:300]}" for error in validator(document).iter_errors()]
    assert errors == []
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    templates = [re.sub(r"\{[^{}]*\}", "{}", path) for path in document["paths"]]
    assert len(templates) == len(set(templates)), sorted(document["paths"])
    for path, _, operation in operations(document):
        parameters = operation.get("parameters", [])
        keys = [(parameter["name"], parameter["in"]) for parameter in parameters]
        assert len(keys) == len(set(keys))
        in_path = [parameter["name"] for parameter in parameters if parameter["in"] == "path"]
        assert sorted(in_path) == sorted(re.findall(r"\{([^{}]*)\}", path))
        for media in media_of(operation):
            Draft202012Validator.check_schema(media["schema"])
        for parameter in parameters:
            Draft202012Validator.check_schema(parameter["schema"])


def validator(document: dict[str, Any]) -> OpenAPIV31SpecValidator:
    return OpenAPIV31SpecValidator(document)


@pytest.mark.parametrize("name", GROUPS)
def test_openapi_is_valid(name: str) -> None:
    """The description of each provider is one of OpenAPI 3.1."""
    document = openapi(GROUPS[name])
    assert document["openapi"].startswith("3.1.")
    assert_valid(document)


def test_openapi_of_the_specification() -> None:
    """So is that of all requests and responses of the Pact specification."""
    shared("spec-cases")
    assert_valid(openapi(of_the_specification()))


@pytest.mark.parametrize("name", GROUPS)
def test_nothing_is_lost(name: str) -> None:
    """Each interaction is told in the operation of its method and path, under its status; each method that OpenAPI
    does not know is named.
    """
    document = openapi(GROUPS[name])
    told = {
        (path, method, line.removeprefix("- "))
        for path, method, operation in operations(document)
        for response in operation["responses"].values()
        for line in response["description"].splitlines()
    }
    for endpoint in endpoints_of(GROUPS[name]):
        if f"{endpoint.method} {endpoint.path}" in document.get("x-omitted", ()):
            assert endpoint.method.lower() not in document["paths"].get(endpoint.path, {})
            continue
        for interaction in endpoint.interactions:
            [first, *_] = interaction.interaction.description.splitlines() or [""]
            lines = [line for path, method, line in told if (path, method) == (endpoint.path, endpoint.method.lower())]
            assert any(line.startswith(first) for line in lines), interaction.interaction.description


def test_statuses_beyond_those_of_http() -> None:
    """Statuses that OpenAPI does not know are told together, none is lost."""
    entries = [{"request": {"path": "/a"}, "response": {"status": status}} for status in (200, 600, 799)]
    document = openapi(some(*entries))
    assert_valid(document)
    text = json.dumps(document["paths"]["/a"]["get"]["responses"])
    assert all(f"case {number}" in text for number in range(3))


@pytest.mark.parametrize(
    "paths",
    [
        ["/rest/5", "/rest/6", ("/rest/a/b", "/rest/.*")],
        ["/a/{x}", "/a/%7Bx%7D"],
        [("/a/b/c", ".*"), ("/d", r"(?i)/d")],
        [("/a/b/c", "/a/.*"), "/a/1", "/a/2"],
        ["/größe/1", "/größe/2", "/a?b", "/a#b", "/a b"],
    ],
)
def test_odd_paths(paths: list[Any]) -> None:
    """Whatever paths are recorded, each interaction is told."""
    interactions = at_paths(*paths)
    document = openapi(interactions)
    assert_valid(document)
    text = json.dumps(document["paths"])
    assert all(f"- case {number}" in text for number in range(len(interactions)))


@pytest.mark.parametrize("name", SOUND)
def test_examples_are_as_schemas_say(name: str) -> None:
    """Each example of a body is as its schema says, each recorded value of a parameter, too."""
    wrong = []
    for path, method, operation in operations(openapi(SOUND[name])):
        for media in media_of(operation):
            wrong += [
                f"{method} {path}: {error.json_path} {error.message[:200]}"
                for example in media.get("examples", {}).values()
                for error in Draft202012Validator(media["schema"]).iter_errors(example["value"])
            ]
        for parameter in operation.get("parameters", ()):
            schema = Draft202012Validator(parameter["schema"])
            examples = [*parameter["schema"].get("examples", ())]
            wrong += [
                f"{method} {path}: {parameter['name']} {error.message[:200]}"
                for example in examples
                for error in schema.iter_errors(example)
            ]
    assert wrong == []


def recorded_json(body: Body) -> bool:
    """Whether a body is JSON that can be read."""
    return (
        body.state is BodyState.PRESENT
        and body.content_type is not None
        and body.content_type.kind is Kind.JSON
        and len(body.content) < 20_000
    )


@pytest.mark.parametrize("name", SOUND)
def test_recorded_bodies_are_as_schemas_say(name: str) -> None:
    """Each recorded JSON body is as the schema of its endpoint says, and is one of its examples."""
    document = openapi(SOUND[name])
    for endpoint in endpoints_of(SOUND[name]):
        operation = document["paths"].get(endpoint.path, {}).get(endpoint.method.lower())
        for interaction in endpoint.interactions if operation is not None else ():
            response = operation["responses"].get(str(interaction.response.status))
            sides = [(interaction.interaction.request.body, operation.get("requestBody", {}))]
            if response is not None and interaction.response.body:
                sides.append((interaction.interaction.response.body, response))
            for body, part in sides:
                if not recorded_json(body):
                    continue
                assert body.content_type is not None
                media = part["content"][body.content_type.essence]
                value = parse_json(body.content)
                errors = [error.message[:200] for error in Draft202012Validator(media["schema"]).iter_errors(value)]
                assert errors == [], interaction.interaction.description
                if len(endpoint.interactions) < 50 and value is not None:
                    assert value in [each["value"] for each in media["examples"].values()]


SCHEMAS: dict[str, tuple[Any, dict[str, Any], list[Any], list[Any]]] = {
    "exact values": ({"a": 1, "b": "x"}, {}, [{"a": 2, "b": "y", "more": 1}], [{"a": 1}, {"a": "x", "b": "x"}]),
    "integer": ({"a": 1}, {"$.a": {"match": "integer"}}, [{"a": 5}], [{"a": 1.5}, {"a": "1"}]),
    "number": ({"a": 1}, {"$.a": {"match": "number"}}, [{"a": 1.5}], [{"a": "1"}]),
    "type of a number": ({"a": 1}, {"$.a": {"match": "type"}}, [{"a": 1.5}], [{"a": None}]),
    "regex": ({"a": "k1"}, {"$.a": {"match": "regex", "regex": r"k\d"}}, [{"a": "k7"}], [{"a": "xk7x"}]),
    "alternatives of a regex": ({"a": "a"}, {"$.a": {"match": "regex", "regex": "a|b"}}, [{"a": "b"}], [{"a": "ab"}]),
    "bounds": (
        {"a": [1]},
        {"$.a": {"match": "type", "min": 1, "max": 2}},
        [{"a": [5, 6]}],
        [{"a": []}, {"a": [1, 2, 3]}, {"a": ["x"]}],
    ),
    "items of several kinds": ([1, "x", {"a": 1}], {}, [[{"a": 5}, "y"]], [[True], [{}]]),
    "items with and without a key": ([{"a": 1, "b": 1}, {"a": 2}], {}, [[{"a": 3}]], [[{"b": 1}]]),
    "values": ({"a": {"k": 1}}, {"$.a": {"match": "values"}, "$.a.*": {"match": "integer"}}, [{"a": {"z": 5}}], []),
    "null or not": (
        {"a": 1},
        {"$.a": {"combine": "OR", "matchers": [{"match": "integer"}, {"match": "null"}]}},
        [{"a": None}, {"a": 5}],
        [{"a": "x"}],
    ),
    "include": ({"a": "a.b"}, {"$.a": {"match": "include", "value": "a.b"}}, [{"a": "xa.bx"}], [{"a": "axb"}]),
    "notEmpty": ({"a": "x"}, {"$.a": {"match": "notEmpty"}}, [{"a": "y"}], [{"a": ""}]),
    "a value that may be another": (
        {"a": "1"},
        {"$.a": {"combine": "OR", "matchers": [{"match": "regex", "regex": r"\d"}, {"match": "integer"}]}},
        [{"a": "5"}],
        [],
    ),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas(name: str) -> None:
    """A schema takes what the rules of a contract take, and refuses what they refuse, as far as it can say so."""
    content, rules, good, bad = SCHEMAS[name]
    spelled = {path: rule if "matchers" in rule else {"matchers": [rule]} for path, rule in rules.items()}
    response = {"status": 200, **json_body(content), "matchingRules": {"body": spelled}}
    document = openapi([one({"request": {"path": "/a"}, "response": response})])
    media = document["paths"]["/a"]["get"]["responses"]["200"]["content"]["application/json"]
    schema = Draft202012Validator(media["schema"])
    assert [each for each in [content, *good] if not schema.is_valid(each)] == []
    assert [each for each in bad if schema.is_valid(each)] == []


def answers(*contents: Any, rules: dict[str, Any] | None = None) -> dict[str, Any]:
    """The media type of the answers of one endpoint, with these documents."""
    more = {"matchingRules": {"body": rules}} if rules is not None else {}
    entries = [{"request": {"path": "/a"}, "response": {"status": 200, **json_body(each), **more}} for each in contents]
    document = openapi(some(*entries))
    media: dict[str, Any] = document["paths"]["/a"]["get"]["responses"]["200"]["content"]["application/json"]
    return media


MANY: dict[str, list[Any]] = {
    "twelve shapes": [[{"a": {f"k{n}": [n] if n % 2 else "x"}} for n in range(12)]],
    "a late item of another kind": [[*range(30), "x", None, {"a": 1}]],
    "lists and objects": [{"a": [1]}, {"a": {"b": 1}}, {"a": "x"}, {"a": None}, {"a": 1.5}, {"a": [{"b": 1}]}, [1], 5],
    "objects and everything": [{}, {"a": 1}, {"a": {}}, {"a": []}, {"b": True}],
    "decimals and integers": [{"a": 1}, {"a": 1.5}, {"a": "1"}],
    "depth": [json.loads('{"a":' * 100 + "1" + "}" * 100)],
    "shapes of lists": [[[1], ["x"], [[1]], [{"a": 1}], [None], []]],
    "many alternatives": [[[n] if n % 3 == 0 else {"a": n} if n % 3 == 1 else n for n in range(15)]],
    "odd names": [{"": 1, "$ref": "#/x", "$schema": 1, "properties": {}, "a/b~c": None, "__proto__": 1}],
}


@pytest.mark.parametrize("name", MANY)
def test_documents_of_many_shapes(name: str) -> None:
    """However different the recorded documents of an endpoint are, all are as its schema says."""
    media = answers(*MANY[name])
    schema = Draft202012Validator(media["schema"])
    assert [str(error.message)[:200] for each in MANY[name] for error in schema.iter_errors(each)] == []


def test_same_place_under_different_rules() -> None:
    """Where one contract asks for more than another, the schema asks for what both have in common."""
    loose, strict = (
        {
            "request": {"path": "/a"},
            "response": {
                "status": 200,
                **json_body({"a": value}),
                "matchingRules": {"body": {"$.a": {"matchers": [{"match": "regex", "regex": source}]}}},
            },
        }
        for value, source in (("x1", r"\w+"), ("7", r"\d+"))
    )
    document = openapi(some(loose, strict))
    media = document["paths"]["/a"]["get"]["responses"]["200"]["content"]["application/json"]
    schema = Draft202012Validator(media["schema"])
    assert schema.is_valid({"a": "x1"})
    assert schema.is_valid({"a": "7"})


def test_forms_under_rules() -> None:
    """The example of a form is as its schema says, under rules for numbers, and with several values of a name."""
    rules = {"body": {"$.n": {"matchers": [{"match": "integer"}]}}}
    body = {"content": "n=5&tag=a&tag=b&x=", "contentType": "application/x-www-form-urlencoded"}
    document = openapi([one({"request": {"method": "POST", "path": "/a", "body": body, "matchingRules": rules}})])
    [media] = document["paths"]["/a"]["post"]["requestBody"]["content"].values()
    [example] = media["examples"].values()
    assert [error.message for error in Draft202012Validator(media["schema"]).iter_errors(example["value"])] == []


def test_dates() -> None:
    """A format is only named where the recorded value has it, as RFC 3339 writes it."""
    rules = {
        "day": ({"match": "date", "format": "yyyy-MM-dd"}, "2026-01-31"),
        "moment": ({"match": "datetime", "format": "yyyy-MM-dd'T'HH:mm:ssXXX"}, "2026-01-31T10:00:00+01:00"),
        "local": ({"match": "datetime"}, "2026-01-31T10:00:00"),
        "time": ({"match": "time"}, "10:00:00"),
        "german": ({"match": "date", "format": "dd.MM.yyyy"}, "31.01.2026"),
    }
    media = answers(
        {name: value for name, (_, value) in rules.items()},
        rules={f"$.{name}": {"matchers": [rule]} for name, (rule, _) in rules.items()},
    )
    named = {name: its["format"] for name, its in media["schema"]["properties"].items() if "format" in its}
    assert named == {"day": "date", "moment": "date-time"}


def test_security() -> None:
    """What Authorization headers ask for is a security scheme, no parameter."""
    document = openapi(
        some(
            {"request": {"path": "/a", "headers": {"Authorization": ["Bearer x"]}}},
            {"request": {"path": "/b", "headers": {"Authorization": ["Basic x"]}}},
            {"request": {"path": "/c", "headers": {"Authorization": ["secret"]}}},
            {"request": {"path": "/d"}},
        )
    )
    assert_valid(document)
    assert sorted(document["components"]["securitySchemes"]) == ["authorization", "basic", "bearer"]
    assert document["paths"]["/a"]["get"]["security"] == [{"bearer": []}]
    assert "security" not in document["paths"]["/d"]["get"]
    assert "parameters" not in document["paths"]["/a"]["get"]


def test_parameters() -> None:
    """A parameter that only some interactions have is not required."""
    document = openapi(
        some(
            {"request": {"path": "/a", "query": {"q": ["1"], "r": ["1", "2"]}, "headers": {"X-A": ["1"]}}},
            {"request": {"path": "/a", "query": {"q": ["2"]}, "headers": {"x-a": ["1"]}}},
        )
    )
    assert_valid(document)
    found = {each["name"]: each for each in document["paths"]["/a"]["get"]["parameters"]}
    assert {name: each["required"] for name, each in found.items()} == {"q": True, "r": False, "X-A": True}
    assert found["r"]["schema"]["type"] == "array"


# Regular expressions

SOURCES = [
    r"\d+", r"^\d{4}-\d\d$", r"[a-z]+|\d", "a/b", r"a\/b", r"[^/]+", r"\w+@\w+\.\w{2,}", r"[\w.-]+", r"[\w\-]+",
    r"\-", r"\_x", r"[]a]", r"[^]a]", r"[[a]", r"[a-\d]", r"[\d-z]", r"{", r"}", r"]", r"a{", r"a{2}", r"a{2,}",
    r"a{,2}", r"a{2}{3}", r"a**", r"a++", r"(?=a)*", r"(?=a)+b", r"(?!a){2}b", r"(?i)a", r"(?<n>a)", r"(?P<n>a)",
    r"(?:a)", r"(a)\1", r"\p{L}+", r"\h+", r"\Aa\z", r"\Aa\Z", r"[[:alpha:]]+", r"[a&&b]", r"\x41", r"A", r"\cA",
    r"\0", r"\e", r"\R", r"\Qa\E", r"(?>a)", r"a*+", r"\b\w+\b", r"\.", r"\$", r"a\$", "a$b", "^a|b$", r"\"x\"",
    r"[\"']", r"\ ", r"[\ ]", r"\<", r"\:", r"a{2\,3}", r"(\?:a)", r"[\^a]", r"[a\]b]", r"[\b]", r"[\B]", r"\\",
    r"\\-", r"[\\-a]", r"[\\]", "é+", "[é-ü]", "\U0001f600", "[\U0001f600-\U0001f64f]", "(", ")", "a|*", "[z-a]",
    "x{3,1}", "", "|", "()", "(?#c)a", "[a-z&&[^b]]", r"[\w-a]", r"[a-\w]", r"[+--]", r"[--a]", r"^^a$$", "$", "^",
    r"^\$$", r"\\$", r"\d+\\$", "(?<=a)b", "(?<!a)b", "a" * 3000, "(" * 120 + "a" + ")" * 120,
]  # fmt: skip


def schemas_in(value: Any) -> Iterator[dict[str, Any]]:
    """All objects of a document, walked without the call stack."""
    todo = [value]
    while todo:
        each = todo.pop()
        if isinstance(each, dict):
            yield each
            todo.extend(each.values())
        elif isinstance(each, list):
            todo.extend(each)


async def in_node(script: str, given: Any, folder: Path) -> Any:
    """What a script makes of a value; the test is skipped without node."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("node is not installed")
    (folder / "given.json").write_text(json.dumps(given))
    (folder / "script.mjs").write_text(
        'import { readFileSync } from "node:fs";\n'
        f"const given = JSON.parse(readFileSync({str(folder / 'given.json')!r}));\n{script}"
    )
    process = await asyncio.create_subprocess_exec(
        found, str(folder / "script.mjs"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    return json.loads(output)


MATCHING = """
const found = [];
for (const [pattern, text] of given) {
  try { found.push(new RegExp(pattern, "u").test(text ?? "") || text === null ? null : "does not match"); }
  catch (error) { found.push(String(error)); }
}
console.log(JSON.stringify(found));
"""


async def test_patterns_compile_in_javascript(tmp_path: Path) -> None:
    """Each pattern of all exports is an expression of JavaScript, as JSON Schema wants it, and so is whatever becomes
    of expressions in other languages.
    """
    exported = {
        schema["pattern"]
        for interactions in (*GROUPS.values(), of_the_specification())
        for schema in schemas_in(openapi(interactions))
        if isinstance(schema.get("pattern"), str)
    }
    made = [pattern for pattern in map(ecma_pattern, SOURCES) if pattern is not None]
    assert len(made) > 30
    patterns = sorted({*exported, *made})
    verdicts = await in_node(MATCHING, [[pattern, None] for pattern in patterns], tmp_path)
    assert {pattern: verdict for pattern, verdict in zip(patterns, verdicts, strict=True) if verdict} == {}


async def test_patterns_match_in_javascript(tmp_path: Path) -> None:
    """A recorded text matches the pattern beside it there, too, where it matches what the contract says."""
    pairs = [
        [schema["pattern"], example]
        for interactions in (*SOUND.values(), [each for each in of_the_specification() if is_sound(each)])
        for schema in schemas_in(openapi(interactions))
        if isinstance(schema.get("pattern"), str)
        for example in schema.get("examples", ())
        if isinstance(example, str) and "…" not in example
    ]
    assert len(pairs) > 20
    verdicts = await in_node(MATCHING, pairs, tmp_path)
    assert [pair for pair, verdict in zip(pairs, verdicts, strict=True) if verdict] == []


MEANINGS = [
    ("a|b", ["a", "b"], ["ab", "xa"]),
    (r"^\d+$", ["1"], ["1x"]),
    (r"[\w\-]+", ["a-b"], ["a b"]),
    (r"\-\d", ["-1"], ["1"]),
    (r"a\.b", ["a.b"], ["axb"]),
    (r"a\$", ["a$"], ["a"]),
    (r"\\-", ["\\-"], ["-"]),
    (r"^\\$", ["\\"], ["\\\\"]),
    (r"\"x\"", ['"x"'], ["x"]),
    ("", [""], ["x"]),
]


async def test_what_patterns_mean(tmp_path: Path) -> None:
    """A pattern takes the whole of a text, and the same texts as the expression that it is made of."""
    given = [
        [ecma_pattern(source), text, wanted]
        for source, good, bad in MEANINGS
        for texts, wanted in ((good, True), (bad, False))
        for text in texts
    ]
    assert all(pattern is not None for pattern, _, _ in given)
    script = 'console.log(JSON.stringify(given.map(([pattern, text]) => new RegExp(pattern, "u").test(text))));'
    verdicts = await in_node(script, given, tmp_path)
    assert [each for each, verdict in zip(given, verdicts, strict=True) if each[2] != verdict] == []


# HAR and Postman


@pytest.mark.parametrize("name", GROUPS)
def test_har(name: str) -> None:
    """An archive has what HAR 1.2 demands, and holds requests and answers as they go over the wire."""
    document = json.loads(dumped(har_of(endpoints_of(GROUPS[name]), ABOUT, "2026-01-31T00:00:00Z")))
    log = document["log"]
    assert log["version"] == "1.2"
    assert {"name", "version"} <= set(log["creator"])
    by_description: dict[str, list[CompiledInteraction]] = {}
    for interaction in GROUPS[name]:
        by_description.setdefault(interaction.interaction.description, []).append(interaction)
    assert len(log["entries"]) == len(GROUPS[name])
    for entry in log["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
        datetime.fromisoformat(entry["startedDateTime"])
        assert entry["time"] >= 0
        assert set(entry["timings"]) >= {"send", "wait", "receive"}
        assert entry["time"] == sum(max(each, 0) for each in entry["timings"].values())
        request, response = entry["request"], entry["response"]
        for side in (request, response):
            assert side["httpVersion"] == "HTTP/1.1"
            assert {"cookies", "headers", "headersSize", "bodySize"} <= set(side)
            assert all(set(each) >= {"name", "value"} for each in side["headers"])
            assert all(isinstance(each["value"], str) for each in side["headers"])
        assert {"method", "url", "queryString"} <= set(request)
        assert urlsplit(request["url"]).scheme == "http"
        assert all(set(each) >= {"name", "value"} for each in request["queryString"])
        if "postData" in request:
            assert {"mimeType", "text"} <= set(request["postData"])
        assert {"status", "statusText", "content", "redirectURL"} <= set(response)
        content = response["content"]
        assert {"size", "mimeType"} <= set(content)
        text = content.get("text", "")
        body = base64.b64decode(text) if content.get("encoding") == "base64" else text.encode()
        assert len(body) == content["size"]
        assert body in [interaction.response.body for interaction in by_description[entry["comment"]]]


POSTMAN_MODES = {"raw", "urlencoded", "formdata", "file", "graphql"}


@pytest.mark.parametrize("name", GROUPS)
def test_postman(name: str) -> None:
    """A collection has what version 2.1 demands, with a request and an answer for each interaction."""
    document = json.loads(dumped(postman_of(endpoints_of(GROUPS[name]), ABOUT)))
    assert {"name", "schema"} <= set(document["info"])
    assert document["info"]["schema"].endswith("/collection/v2.1.0/collection.json")
    assert {"key": "baseUrl", "value": ABOUT.server} in document["variable"]
    items = [item for folder in document["item"] for item in folder["item"]]
    assert len(items) == len(GROUPS[name])
    recorded = {
        (request.method, request.path + (f"?{request.query}" if request.query else ""))
        for request in (example_request(each.interaction.request) for each in GROUPS[name])
    }
    for item in items:
        request = item["request"]
        url = request["url"]
        assert isinstance(item["name"], str)
        assert url["raw"].startswith("{{baseUrl}}")
        assert (request["method"], url["raw"].removeprefix("{{baseUrl}}")) in recorded
        assert all(isinstance(segment, str) for segment in url["path"])
        path = url["raw"].removeprefix("{{baseUrl}}").partition("?")[0]
        assert "/" + "/".join(url["path"]) == path
        assert all({"key", "value"} <= set(each) for each in (*request["header"], *url["query"]))
        if "body" in request:
            assert request["body"]["mode"] in POSTMAN_MODES
            assert isinstance(request["body"][request["body"]["mode"]], str)
        for answer in item["response"]:
            assert isinstance(answer["code"], int)
            assert answer["originalRequest"]["url"]["raw"] == url["raw"]
            assert isinstance(answer["body"], str)


# Over HTTP

EXPORTS = {
    "openapi.json": "application/json",
    "openapi.yaml": "application/yaml",
    "postman.json": "application/json",
    "stub.har": "application/json",
}
BASE = "/_stubserver/export/providers/catalogue/stub"


async def test_addresses(serve: Serve) -> None:
    """Each export has an address that stays, says what it is, and gives the same each time."""
    running = await serve(*EXAMPLES, loglevel="none")
    for base in (BASE, BASE.replace("/catalogue/stub", "/orders/stub")):
        for name, media in EXPORTS.items():
            status, headers, body = await running.get(f"{base}/{name}")
            assert (status, headers["Content-Type"].partition(";")[0]) == (200, media)
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert (await running.get(f"{base}/{name}"))[2] == body
            status, headers, nothing = await running.request("HEAD", f"{base}/{name}")
            assert (status, nothing, headers["Content-Type"].partition(";")[0]) == (200, b"", media)


async def test_exports_of_several_stubs(serve: Serve) -> None:
    """Each kind of address of a stub has exports, which name the URL that it is served at."""
    running = await serve(*EXAMPLES, loglevel="none")
    for address in (
        "/providers/catalogue/stub",
        "/pacts/provider/catalogue/consumer/shop-ios/latest/stub",
    ):
        _, _, body = await running.get(f"/_stubserver/export{address}/openapi.json")
        document = json.loads(body)
        assert_valid(document)
        assert document["servers"] == [{"url": running.url + address}]


async def test_unknown_names(serve: Serve) -> None:
    """What there is not is told with a cure: another format, another provider, no address at all."""
    running = await serve(*EXAMPLES, loglevel="none")
    for target, word in (
        (f"{BASE}/openapi.xml", "openapi.json"),
        (f"{BASE}/", "openapi.json"),
        (f"{BASE}/openapi.json/x", "openapi.json"),
        ("/_stubserver/export/providers/nobody/stub/openapi.json", ""),
        ("/_stubserver/export/nothing", "openapi.json"),
    ):
        status, headers, body = await running.get(target, headers={"Accept": "application/json"})
        assert status == 404, target
        assert "json" in headers["Content-Type"]
        assert word in body.decode()
        assert (await running.get(target, headers={"Accept": "text/html"}))[0] == 404
    assert (await running.request("POST", f"{BASE}/openapi.json"))[0] == 405


async def test_yaml_says_what_json_says(serve: Serve) -> None:
    """The YAML of a description is its JSON, for every provider and whatever texts there are."""
    documents = [http_pact(*({"request": entry["request"]} for entry in entries_of_hostile()), provider="hostile")]
    running = await serve(*EXAMPLES, *shared_files("pacts"), *documents, loglevel="none")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    providers = {each.provider for each in running.server.catalog.current.root.index.interactions}
    assert "hostile" in providers
    for provider in sorted(providers):
        base = f"/_stubserver/export/providers/{quote(provider, safe='')}/stub"
        status, _, body = await running.get(f"{base}/openapi.json")
        assert status == 200, provider
        document = json.loads(body)
        assert_valid(document)
        status, _, text = await running.get(f"{base}/openapi.yaml")
        assert status == 200, (provider, text)
        assert yaml.load(text, Loader=loader) == document  # noqa: S506
        for name in ("postman.json", "stub.har"):
            status, _, body = await running.get(f"{base}/{name}")
            assert status == 200
            json.loads(body)


def entries_of_hostile() -> list[dict[str, Any]]:
    """Requests that are made to hurt."""
    texts = [
        "no",
        "1.0",
        "2026-01-31",
        "- a",
        "a: b",
        "#",
        "\x85",
        "\u2028",
        "\ufeff",
        "\t",
        "&a *b",
        "\U0001f600",
        "it's",
    ]
    requests: list[dict[str, Any]] = [
        {"method": "POST", "path": f"/{number}", **json_body({text: text, "n": 10**25, "f": 1e20, "z": -0.0})}
        for number, text in enumerate(texts)
    ]
    form = {"content": "a=%ff", "contentType": "application/x-www-form-urlencoded"}
    requests.append({"method": "POST", "path": "/form", "body": form})
    requests.append({"path": "/query", "query": {"\ud83d\ude00": ["x"]}})
    return [{"request": request} for request in requests]


async def test_query_that_is_not_utf8(serve: Serve) -> None:
    """A recorded query that is not UTF-8 is exported in every format."""
    entry = {"request": {"method": "GET", "path": "/a", "query": "q=%ff&%fe=1"}}
    running = await serve(http_pact(entry, version="2.0"), loglevel="none")
    for name in EXPORTS:
        status, _, body = await running.get(f"/_stubserver/export/providers/api/stub/{name}")
        assert status == 200, name
        assert body


# A tool that takes a description at its word

PRISM = Path(__file__).resolve().parents[2] / ".venv" / "npm-tools" / "node_modules" / ".bin" / "prism"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


async def test_prism_mocks_what_was_recorded(serve: Serve, tmp_path: Path) -> None:
    """Prism starts on an exported description and answers with what was recorded."""
    if not PRISM.exists() or shutil.which("node") is None:
        pytest.skip("needs prism; `make npm-tools` installs it")
    running = await serve(*EXAMPLES, loglevel="none")
    file = tmp_path / "openapi.yaml"
    _, _, content = await running.get(f"{BASE}/openapi.yaml")
    file.write_bytes(content)
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        str(PRISM), "mock", "--host", "127.0.0.1", "--port", str(port), str(file),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        said = b""
        async with asyncio.timeout(40):
            while b"is listening" not in said:
                line = await process.stdout.readline()
                assert line, said.decode()
                said += line
        _, _, wanted = await running.get("/products/7", headers={"Accept": "application/json"})
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{port}/products/7", headers={"Accept": "application/json"}) as response,
        ):
            assert response.status == 200, await response.text()
            assert await response.json() == json.loads(wanted)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), 10)
