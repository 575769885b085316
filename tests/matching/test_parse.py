"""Pact documents in every spelling: versions, states, queries, headers, bodies, rules; and what is said of bad ones."""

from __future__ import annotations

import json
from typing import Any

import pytest

from matching import PactError, Problem, Severity, load_pact
from matching.model import Body, BodyState, ExampleRequest, MatchingRules, Pact, RuleList, Specification
from matching.parse import parse_pact
from matching.paths import Wildcard
from tests.matching.pacts import VERSIONS, decide, load, post


def parse(entry: Any, version: str = "V3", **extra: Any) -> Pact:
    """The parsed pact around one entry."""
    document = {
        "consumer": {"name": "web"},
        "provider": {"name": "api"},
        "interactions": [entry],
        "metadata": {"pactSpecification": {"version": VERSIONS[version]}},
        **extra,
    }
    return parse_pact(json.dumps(document).encode())


def parse_request(request: dict[str, Any], version: str = "V3") -> ExampleRequest:
    """A recorded request as it is understood, without problems."""
    pact = parse({"description": "case", "request": request}, version)
    assert not pact.problems, pact.problems
    return pact.interactions[0].request


def at(document: Any, pointer: str) -> Any:
    """The value a JSON pointer leads to; fails when it leads nowhere."""
    value = document
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def sound(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """The problems, each of which must say what is wrong and how to cure it."""
    for problem in problems:
        assert problem.message, problem
        assert problem.cure, problem
        assert problem.pointer == "" or problem.pointer.startswith("/"), problem
    return problems


def problem_of(entry: Any, version: str = "V3", **extra: Any) -> Problem:
    """The single problem of a pact around one entry."""
    (problem,) = sound(parse(entry, version, **extra).problems)
    return problem


# Which version


def declared(metadata: Any, *entries: Any) -> Pact:
    document = {"consumer": {"name": "web"}, "provider": {"name": "api"}, "interactions": list(entries)}
    return parse_pact(json.dumps({**document, "metadata": metadata}).encode())


@pytest.mark.parametrize(
    ("text", "specification"),
    [
        ("1.0.0", Specification.V1),
        ("1", Specification.V1),
        ("1.1", Specification.V1_1),
        ("1.1.0", Specification.V1_1),
        ("1.2", Specification.V1),
        ("2.0.0", Specification.V2),
        ("2", Specification.V2),
        ("3.0.0", Specification.V3),
        ("3.1", Specification.V3),
        ("4.0", Specification.V4),
        ("4", Specification.V4),
        (3, Specification.V3),
        (2.0, Specification.V2),
        (4, Specification.V4),
    ],
)
@pytest.mark.parametrize("key", ["pactSpecification", "pact-specification"])
def test_specification_version(key: str, text: Any, specification: Specification) -> None:
    """The major part of the declared version decides, except for 1.1; numbers count as their text."""
    pact = declared({key: {"version": text}})
    assert pact.specification is specification
    assert not pact.problems


def test_legacy_version_key() -> None:
    """`pactSpecificationVersion` is honoured, after the two canonical keys."""
    assert declared({"pactSpecificationVersion": "2.0.0"}).specification is Specification.V2
    both = {"pactSpecificationVersion": "2.0.0", "pactSpecification": {"version": "4.0"}}
    assert declared(both).specification is Specification.V4


@pytest.mark.parametrize("metadata", [None, {}, "text", [], {"pactSpecification": "3"}, {"pactSpecification": {}}])
def test_no_version_means_v3(metadata: Any) -> None:
    """A document that declares no version is read as V3."""
    assert declared(metadata).specification is Specification.V3


@pytest.mark.parametrize("text", ["", "abc", "0.9", "5.0", "10", {"a": 1}, True])
def test_unknown_version(text: Any) -> None:
    """An unknown version is read as V4 when an interaction has a type, else as V3, and a warning says so."""
    plain = declared({"pactSpecification": {"version": text}}, {"request": {}})
    typed = declared({"pactSpecification": {"version": text}}, {"type": "Synchronous/HTTP", "request": {}})
    assert (plain.specification, typed.specification) == (Specification.V3, Specification.V4)
    for pact in (plain, typed):
        (problem,) = sound(pact.problems)
        assert problem.severity is Severity.WARNING
        assert problem.pointer == "/metadata/pactSpecification/version"


def test_an_unknown_version_of_the_legacy_key_is_located() -> None:
    """The pointer leads to the key that was read."""
    (problem,) = declared({"pactSpecificationVersion": "x"}).problems
    assert problem.pointer == "/metadata/pactSpecificationVersion"


# The document


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  \n",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"42",
        b"\xff\xfe",
        b"{'a': 1}",
        b'{"a": NaN}',
        b"\x00",
        b"[" * 99999,
    ],
)
def test_what_is_no_pact(content: bytes) -> None:
    """Empty, not JSON, or not an object: an error at the root of the document, with a cure."""
    with pytest.raises(PactError) as error:
        load_pact(content)
    (problem,) = sound(error.value.problems)
    assert (problem.severity, problem.pointer) == (Severity.ERROR, "")


def test_nesting_is_bounded() -> None:
    """A document that nests too deeply is refused as a whole, with a cure."""
    with pytest.raises(PactError, match="nests deeper"):
        load_pact(b'{"interactions":[{"request":{"body":' + b"[" * 500 + b"]" * 500 + b"}}]}")


def test_byte_order_mark() -> None:
    """A byte order mark in front is accepted."""
    assert parse_pact(b'\xef\xbb\xbf{"interactions":[{}]}').interactions


@pytest.mark.parametrize("document", [{}, {"interactions": None}, {"messages": None}])
def test_no_interactions(document: dict[str, Any]) -> None:
    """A document without interactions is a pact of none, and a warning says so."""
    pact = parse_pact(json.dumps({"consumer": {"name": "a"}, "provider": {"name": "b"}, **document}).encode())
    assert pact.interactions == ()
    assert [problem.severity for problem in sound(pact.problems)] == [Severity.WARNING]


@pytest.mark.parametrize("interactions", [{}, "text", 5])
def test_interactions_that_are_no_list(interactions: Any) -> None:
    """Interactions in another shape are none, and a warning points at them."""
    pact = parse_pact(
        json.dumps({"consumer": {"name": "a"}, "provider": {"name": "b"}, "interactions": interactions}).encode()
    )
    assert pact.interactions == ()
    assert [problem.pointer for problem in sound(pact.problems)] == ["/interactions"]


@pytest.mark.parametrize("entry", [None, "text", 5, []])
@pytest.mark.parametrize("version", ["V2", "V3", "V4"])
def test_an_entry_that_is_no_object(entry: Any, version: str) -> None:
    """Such an entry is skipped and listed."""
    pact = parse(entry, version)
    assert pact.interactions == ()
    assert [skipped.pointer for skipped in pact.skipped] == ["/interactions/0"]
    assert [(p.severity, p.pointer) for p in sound(pact.problems)] == [(Severity.SKIPPED, "/interactions/0")]


def test_defaults() -> None:
    """What is missing is a GET of / that answers 200 without body, between consumer and provider."""
    pact = parse_pact(b'{"interactions":[{}]}')
    interaction = pact.interactions[0]
    assert (pact.consumer, pact.provider) == ("consumer", "provider")
    assert (interaction.request.method, interaction.request.path) == ("GET", "/")
    assert (interaction.response.status, interaction.response.body.state) == (200, BodyState.MISSING)
    assert interaction.description.startswith("Interaction ")
    assert [problem.pointer for problem in sound(pact.problems)] == ["/consumer", "/provider"]


def test_duplicate_keys() -> None:
    """Of duplicate keys the last one wins."""
    pact = parse_pact(b'{"interactions":[{"request":{"path":"/a","path":"/b"}}]}')
    assert pact.interactions[0].request.path == "/b"


def test_what_a_broker_adds_is_ignored() -> None:
    """Links, dates, ids and unknown attributes say nothing."""
    entry = {"_id": "1", "_links": {}, "extra": 1, "request": {"method": "get", "x": 1}, "response": {"y": 2}}
    pact = parse(entry, createdAt="2024", _links={"self": {}})
    assert not pact.problems
    assert pact.interactions[0].request.method == "GET"


@pytest.mark.parametrize(("status", "read"), [("200", 200), (200.0, 200), (204, 204), (999, 999)])
def test_status(status: Any, read: int) -> None:
    """A status may be a text or a decimal that is whole."""
    assert parse({"response": {"status": status}}).interactions[0].response.status == read


@pytest.mark.parametrize("status", [0, 99, 1000, 99999, 100, 199, None, "abc", 200.5, True, [], {}, "20", -200])
def test_bad_status(status: Any) -> None:
    """A status that cannot be a final answer skips its interaction, located and with a cure."""
    pact = parse({"description": "odd", "response": {"status": status}})
    assert pact.interactions == ()
    assert [(s.description, s.pointer) for s in pact.skipped] == [("odd", "/interactions/0")]
    assert [(p.severity, p.pointer) for p in sound(pact.problems)] == [
        (Severity.SKIPPED, "/interactions/0/response/status")
    ]


@pytest.mark.parametrize(
    ("entry", "pointer"),
    [
        ({"request": "GET /"}, "/interactions/0/request"),
        ({"request": []}, "/interactions/0/request"),
        ({"response": 200}, "/interactions/0/response"),
        ({"request": {"method": 5}}, "/interactions/0/request/method"),
        ({"request": {"method": " "}}, "/interactions/0/request/method"),
        ({"request": {"path": 5}}, "/interactions/0/request/path"),
    ],
)
def test_an_interaction_that_cannot_be_read(entry: dict[str, Any], pointer: str) -> None:
    """It is skipped alone; the others of the document are served."""
    document = {"interactions": [entry, {"description": "fine"}], "consumer": {"name": "a"}, "provider": {"name": "b"}}
    pact = parse_pact(json.dumps(document).encode())
    assert [interaction.description for interaction in pact.interactions] == ["fine"]
    assert [skipped.pointer for skipped in pact.skipped] == ["/interactions/0"]
    assert [(p.severity, p.pointer) for p in sound(pact.problems)] == [(Severity.SKIPPED, pointer)]


# Messages and types


def test_messages_stand_beside_interactions() -> None:
    """Messages of V3 are read without a problem, and interactions beside them are served."""
    pact = parse_pact(
        b'{"consumer":{"name":"a"},"provider":{"name":"b"},'
        b'"messages":[{"description":"event","contents":1}],"interactions":[{"description":"call"}]}'
    )
    assert [interaction.description for interaction in pact.interactions] == ["call"]
    assert [(message.description, message.pointer) for message in pact.messages] == [("event", "/messages/0")]
    assert (pact.skipped, pact.problems) == ((), ())


def test_a_pact_of_messages_only() -> None:
    """It is a pact without a problem."""
    pact = parse_pact(b'{"consumer":{"name":"a"},"provider":{"name":"b"},"messages":[{"description":"event"}]}')
    assert (len(pact.interactions), len(pact.messages), pact.skipped, pact.problems) == (0, 1, (), ())


@pytest.mark.parametrize("kind", ["Asynchronous/Messages", "Synchronous/Messages"])
def test_v4_messages(kind: str) -> None:
    """Messages of V4 are read without a problem, and are no interactions."""
    pact = parse({"type": kind, "description": "event", "contents": {}}, "V4")
    assert [message.description for message in pact.messages] == ["event"]
    assert (pact.interactions, pact.skipped, pact.problems) == ((), (), ())


@pytest.mark.parametrize("kind", ["Asynchronous/Messages", "Synchronous/Messages"])
def test_a_v4_type_outside_v4(kind: str) -> None:
    """Only V4 has types: what another version calls a message is read as the HTTP interaction that it describes."""
    pact = parse({"type": kind, "request": {"path": "/a"}}, "V3")
    assert [interaction.request.path for interaction in pact.interactions] == ["/a"]
    assert pact.messages == ()


def test_v4_entry_without_a_type() -> None:
    """With a request it is an HTTP interaction."""
    assert parse({"request": {"path": "/a"}}, "V4").interactions[0].request.path == "/a"


def test_v4_entry_without_type_and_request() -> None:
    """It is no HTTP interaction: it does not become a GET of / that answers 200."""
    assert parse({"description": "event", "contents": {"content": 1}}, "V4").interactions == ()


@pytest.mark.parametrize("kind", ["Plugin/Thing", "", 5, [], {}])
def test_v4_unknown_type(kind: Any) -> None:
    """An unknown type skips its interaction, located and with a cure."""
    pact = parse({"type": kind, "request": {}}, "V4")
    assert pact.interactions == ()
    assert [(p.severity, p.pointer) for p in sound(pact.problems)] == [(Severity.SKIPPED, "/interactions/0/type")]


def test_v4_extras() -> None:
    """`key`, `pending` and `comments` are kept, markup and plugin data say nothing."""
    entry = {
        "type": "Synchronous/HTTP",
        "key": "abc",
        "pending": True,
        "comments": {"text": ["why"], "testname": "t"},
        "interactionMarkup": {"markup": "x", "markupType": "HTML"},
        "pluginConfiguration": {},
        "transport": "http",
    }
    pact = parse(entry, "V4")
    interaction = pact.interactions[0]
    assert (interaction.key, interaction.pending) == ("abc", True)
    assert interaction.comments == {"text": ["why"], "testname": "t"}
    assert pact.problems == ()


# Provider states


@pytest.mark.parametrize(
    ("entry", "states"),
    [
        ({"providerState": "a user"}, [("a user", {})]),
        ({"provider_state": "a user"}, [("a user", {})]),
        ({"providerState": "first", "provider_state": "second"}, [("first", {})]),
        ({"providerState": ""}, []),
        ({"providerState": None}, []),
        ({"providerState": 5}, [("5", {})]),
        ({"providerState": "", "provider_state": "legacy"}, [("legacy", {})]),
        ({"providerStates": []}, []),
        ({"providerStates": [{"name": "a"}, {"name": "b", "params": {"id": 1}}]}, [("a", {}), ("b", {"id": 1})]),
        ({"providerStates": [{"name": "a", "params": "x"}]}, [("a", {})]),
        ({"providerStates": [{"name": "a"}], "providerState": "b"}, [("a", {})]),
        ({}, []),
    ],
)
@pytest.mark.parametrize("version", ["V1", "V2", "V3", "V4"])
def test_provider_states(entry: dict[str, Any], states: list[tuple[str, Any]], version: str) -> None:
    """States come as a list with parameters or as a single text under two names."""
    interaction = parse({"request": {}, **entry}, version).interactions[0]
    assert [(state.name, state.params) for state in interaction.states] == states


def test_a_state_without_a_name_has_one() -> None:
    """A state that names itself in no way still counts as a state."""
    (state,) = parse({"providerStates": [{"params": {}}]}).interactions[0].states
    assert state.name


# Query


@pytest.mark.parametrize(
    ("query", "read"),
    [
        (None, {}),
        ("", {}),
        ({}, {}),
        ("a=1&b=2&a=3", {"a": ("1", "3"), "b": ("2",)}),
        ("a&b=", {"a": (None,), "b": ("",)}),
        ("a=1&&b=2&", {"a": ("1",), "b": ("2",)}),
        ("a=x+y&b=x%20y", {"a": ("x y",), "b": ("x y",)}),
        ("a=b=c", {"a": ("b=c",)}),
        ("a=100%&b=%zz", {"a": ("100%",), "b": ("%zz",)}),
        ("a%5B%5D=1", {"a[]": ("1",)}),
        ("a=1;b=2", {"a": ("1;b=2",)}),
        ({"a": ["1", "2"]}, {"a": ("1", "2")}),
        ({"a": "1"}, {"a": ("1",)}),
        ({"a": "x+y%20"}, {"a": ("x+y%20",)}),
        ({"a": [None, ""]}, {"a": (None, "")}),
        ({"a": None}, {"a": (None,)}),
        ({"a": [5, True, 1.5]}, {"a": ("5", "true", "1.5")}),
        ({"a": 5, "b": True}, {"a": ("5",), "b": ("true",)}),
    ],
)
@pytest.mark.parametrize("version", ["V1", "V1_1", "V2", "V3", "V4"])
def test_query(query: Any, read: dict[str, Any], version: str) -> None:
    """A query is a text as on the wire or an object, in every version."""
    assert parse_request({"query": query}, version).query == read


def test_a_parameter_without_values() -> None:
    """It can never be satisfied, and a warning says so."""
    problem = problem_of({"request": {"query": {"a": []}}})
    assert (problem.severity, problem.pointer) == (Severity.WARNING, "/interactions/0/request/query/a")


def test_a_query_of_another_kind() -> None:
    """It is set aside with a warning."""
    assert problem_of({"request": {"query": [1]}}).pointer == "/interactions/0/request/query"


def test_a_query_in_the_path() -> None:
    """What follows ? in a path is read as its query, with a warning; not when a query is recorded too."""
    pact = parse({"request": {"path": "/a?b=1&c"}})
    request = pact.interactions[0].request
    assert (request.path, request.query) == ("/a", {"b": ("1",), "c": (None,)})
    assert [problem.pointer for problem in sound(pact.problems)] == ["/interactions/0/request/path"]
    both = parse_request({"path": "/a?b=1", "query": "c=2"})
    assert (both.path, both.query) == ("/a?b=1", {"c": ("2",)})


# Headers


@pytest.mark.parametrize(
    ("headers", "read"),
    [
        (None, ()),
        ({}, ()),
        ({"X-A": "a, b"}, (("X-A", ("a, b",)),)),
        ({"X-A": " a "}, (("X-A", ("a",)),)),
        ({"Accept": "a/b, c/d ,e/f"}, (("Accept", ("a/b", "c/d", "e/f")),)),
        ({"vary": "a,b"}, (("vary", ("a", "b")),)),
        ({"Date": "Sat, 01 Jan 2000 00:00:00 GMT"}, (("Date", ("Sat, 01 Jan 2000 00:00:00 GMT",)),)),
        ({"Set-Cookie": "a=1, b=2"}, (("Set-Cookie", ("a=1, b=2",)),)),
        ({"X-A": ["1, 2", "3"]}, (("X-A", ("1, 2", "3")),)),
        ({"Accept": ["a/b, c/d"]}, (("Accept", ("a/b, c/d",)),)),
        ({"X-A": 5}, (("X-A", ("5",)),)),
        ({"X-A": None}, (("X-A", ("null",)),)),
        ({"X-A": True}, (("X-A", ("true",)),)),
        ({"X-A": [1, {"a": 1}]}, (("X-A", ("1", '{"a":1}')),)),
        ({"X-A": ""}, (("X-A", ("",)),)),
    ],
)
def test_headers(headers: Any, read: Any) -> None:
    """Only list headers are split at commas, and only where they are one text; other values become texts."""
    assert parse_request({"headers": headers}).headers == read


LIST_HEADERS = """
accept accept-encoding accept-language access-control-allow-headers access-control-allow-methods
access-control-expose-headers access-control-request-headers allow cache-control if-match if-none-match vary
"""


@pytest.mark.parametrize("name", LIST_HEADERS.split())
def test_list_headers(name: str) -> None:
    """Twelve headers are lists, whatever the case of their names."""
    assert parse_request({"headers": {name.title(): "a,b"}}).headers == ((name.title(), ("a", "b")),)


def test_headers_of_another_kind() -> None:
    """They are set aside with a warning."""
    assert problem_of({"request": {"headers": ["X-A: 1"]}}).pointer == "/interactions/0/request/headers"


# Bodies


def body(request: dict[str, Any], version: str = "V3") -> Body:
    return parse_request(request, version).body


@pytest.mark.parametrize("version", ["V1", "V2", "V3"])
def test_the_states_of_a_body(version: str) -> None:
    """Not recorded, null, empty and recorded are four wishes."""
    assert body({}, version).state is BodyState.MISSING
    assert body({"body": None}, version).state is BodyState.NULL
    assert body({"body": ""}, version).state is BodyState.EMPTY
    values: list[Any] = [{}, [], 0, False, "x"]
    for value in values:
        assert body({"body": value}, version).state is BodyState.PRESENT


def test_the_states_of_an_envelope() -> None:
    """The same four in V4."""
    assert body({}, "V4").state is BodyState.MISSING
    assert body({"body": {}}, "V4").state is BodyState.MISSING
    assert body({"body": None}, "V4").state is BodyState.NULL
    assert body({"body": {"content": None}}, "V4").state is BodyState.NULL
    assert body({"body": {"content": ""}}, "V4").state is BodyState.EMPTY
    assert body({"body": {"content": "", "contentType": "application/json"}}, "V4").state is BodyState.EMPTY
    assert body({"body": {"content": {}}}, "V4").state is BodyState.PRESENT


def test_an_envelope_without_content() -> None:
    """An envelope that says only a type or an encoding records no body."""
    assert body({"body": {"contentType": "application/json"}}, "V4").state is BodyState.MISSING
    assert body({"body": {"contentType": "text/plain", "encoded": False}}, "V4").state is BodyState.MISSING


@pytest.mark.parametrize(
    ("content_type", "value", "content"),
    [
        (None, {"b": 1, "a": [1.5, "é"]}, '{"b":1,"a":[1.5,"é"]}'),
        (None, [1], "[1]"),
        (None, 5, "5"),
        (None, True, "true"),
        (None, 12345678901234567890123, "12345678901234567890123"),
        (None, "text", "text"),
        ("application/json", "hello", '"hello"'),
        ("application/json", "5", '"5"'),
        ("application/json", "[1]", '"[1]"'),
        ("application/json", '{"a": 1}', '{"a": 1}'),
        ("application/json", '"x"', '"x"'),
        ("text/plain", "hello\n", "hello\n"),
        ("text/plain", "AAEC", "AAEC"),
        ("application/x-www-form-urlencoded", "a=1", "a=1"),
        ("application/octet-stream", "AAEC", "\x00\x01\x02"),
        ("image/png", "not base64!", "not base64!"),
    ],
)
def test_a_body_of_v3(content_type: str | None, value: Any, content: str) -> None:
    """A body is JSON in file order, or a text that its content type tells how to read."""
    request = {"body": value} | ({"headers": {"content-TYPE": content_type}} if content_type else {})
    assert body(request).content == content.encode()


@pytest.mark.parametrize(
    ("envelope", "content", "content_type"),
    [
        ({"content": {"b": 1, "a": 2}}, b'{"b":1,"a":2}', "application/json"),
        ({"content": {"a": 1}, "contentType": "application/json", "encoded": False}, b'{"a":1}', "application/json"),
        ({"content": "x", "contentType": "application/json", "encoded": False}, b'"x"', "application/json"),
        ({"content": "x", "contentType": "text/plain"}, b"x", "text/plain"),
        ({"content": 5, "contentType": "text/plain"}, b"5", "text/plain"),
        ({"content": "AAEC", "contentType": "image/png", "encoded": "base64"}, b"\x00\x01\x02", "image/png"),
        ({"content": "AAEC", "contentType": "image/png", "encoded": "BASE64"}, b"\x00\x01\x02", "image/png"),
        (
            {"content": '{"a": 1}', "contentType": "application/json", "encoded": "json"},
            b'{"a": 1}',
            "application/json",
        ),
        (
            {"content": '{"a": 1}', "contentType": "application/json", "encoded": "JSON"},
            b'{"a": 1}',
            "application/json",
        ),
        ({"content": "[1]", "contentType": "application/json", "encoded": True}, b"[1]", "application/json"),
        ({"content": "hello"}, b"hello", "text/plain"),
        ({"content": "<?xml version='1.0'?><a/>"}, b"<?xml version='1.0'?><a/>", "application/xml"),
        ({"a": 1}, b'{"a":1}', "application/json"),
        ("plain", b"plain", "text/plain"),
        ([1], b"[1]", "application/json"),
        (5, b"5", "application/json"),
    ],
)
def test_an_envelope_of_v4(envelope: Any, content: bytes, content_type: str) -> None:
    """An envelope says content, type and encoding; what is no envelope is the body itself."""
    read = body({"body": envelope}, "V4")
    assert (read.state, read.content, str(read.content_type)) == (BodyState.PRESENT, content, content_type)


def test_the_type_of_an_envelope() -> None:
    """The envelope's type goes before the header's, which goes before detection."""
    request = {"headers": {"Content-Type": "text/csv"}, "body": {"content": "a,b"}}
    assert str(body(request, "V4").content_type) == "text/csv"
    request["body"] = {"content": "a,b", "contentType": "text/plain"}
    assert str(body(request, "V4").content_type) == "text/plain"


@pytest.mark.parametrize(
    ("envelope", "pointer", "content"),
    [
        (
            {"content": "!", "contentType": "image/png", "encoded": "base64"},
            "/interactions/0/request/body/content",
            b"!",
        ),
        (
            {"content": "x", "contentType": "text/plain", "encoded": "rot13"},
            "/interactions/0/request/body/encoded",
            b"x",
        ),
        ({"content": "x", "contentType": "text/plain", "encoded": 7}, "/interactions/0/request/body/encoded", b"x"),
    ],
)
def test_an_encoding_that_does_not_hold(envelope: dict[str, Any], pointer: str, content: bytes) -> None:
    """The text is used as it is, with a warning at the place."""
    pact = parse({"type": "Synchronous/HTTP", "request": {"body": envelope}}, "V4")
    assert pact.interactions[0].request.body.content == content
    assert [(p.severity, p.pointer) for p in sound(pact.problems)] == [(Severity.WARNING, pointer)]


# Matching rules


def rules(matching_rules: Any, **request: Any) -> MatchingRules:
    return parse_request({"matchingRules": matching_rules, **request}).rules


def names(rule_list: RuleList | None) -> list[str]:
    assert rule_list is not None
    return [rule.name for rule in rule_list.rules]


TYPE = {"match": "type"}


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("$.body", ()),
        ("$['body']", ()),
        ("$.body.x", ("x",)),
        ("$.body[0]", (0,)),
        ("$.body['x']", ("x",)),
        ("$['body']['x']", ("x",)),
        ("$.body[*].a.*", (Wildcard.INDEX, "a", Wildcard.ANY)),
        ("$.body.body", ("body",)),
        ("$", ()),
    ],
)
def test_flat_body_rules(key: str, path: Any) -> None:
    """The V2 form names the body in front of the path."""
    ((read, rule_list),) = rules({key: TYPE}).body
    assert (read, names(rule_list)) == (path, ["type"])


@pytest.mark.parametrize(
    "key",
    [
        "$.header.X-A",
        "$.headers.X-A",
        "$.headers['X-A']",
        "$.header.X-A[0]",
        "$.header['X-A'][*]",
        "$['headers']['x-a']",
    ],
)
def test_flat_header_rules(key: str) -> None:
    """A header rule of V2 drops its index, and names are read without case."""
    assert names(rules({key: TYPE}).header["x-a"]) == ["type"]


@pytest.mark.parametrize("name", ["a.b", "ids[]", "x y"])
def test_flat_rules_of_odd_names(name: str) -> None:
    """Dots, brackets and blanks are fine in brackets."""
    read = rules({f"$.headers['{name}']": TYPE, f"$.query['{name}']": TYPE})
    assert names(read.header[name]) == names(read.query[name]) == ["type"]


@pytest.mark.parametrize("key", ["$.query.a", "$.query['a']", "$.query.a[0]", "$.query.a[*]"])
def test_flat_query_rules(key: str) -> None:
    """A query rule of V2 drops its index."""
    assert names(rules({key: TYPE}).query["a"]) == ["type"]


def test_flat_query_rules_accumulate() -> None:
    """Several keys for one parameter are all heeded."""
    read = rules({"$.query.a[0]": TYPE, "$.query.a[1]": {"match": "regex", "regex": "x"}})
    assert names(read.query["a"]) == ["type", "regex"]
    assert not read.query["a"].any_suffices


def test_flat_rules_of_the_whole_query_and_the_path() -> None:
    """`$.query` governs every parameter, `$.path` the path."""
    read = rules({"$.query": TYPE, "$.path": {"match": "regex", "regex": "/a"}})
    assert names(read.query_default) == ["type"]
    assert names(read.path) == ["regex"]


def matchers(*entries: Any, **extra: Any) -> dict[str, Any]:
    return {"matchers": list(entries), **extra}


def test_categories() -> None:
    """The V3 form sorts rules by the part of the request."""
    read = rules(
        {
            "path": matchers(TYPE),
            "header": {"X-A": matchers(TYPE)},
            "query": {"ids[]": matchers(TYPE), "a.b": matchers(TYPE)},
            "body": {"$.a[*].b": matchers(TYPE), "c": matchers(TYPE)},
            "status": matchers({"match": "statusCode", "status": "success"}),
        }
    )
    assert names(read.path) == ["type"]
    assert list(read.header) == ["x-a"]
    assert list(read.query) == ["ids[]", "a.b"]
    assert [path for path, _ in read.body] == [("a", Wildcard.INDEX, "b"), ("c",)]
    assert names(read.status) == ["statusCode"]


def test_both_forms_side_by_side() -> None:
    """Flat keys and categories in one object are both heeded."""
    read = rules({"$.body.a": TYPE, "query": {"q": matchers(TYPE)}, "body": {"$.b": matchers(TYPE)}})
    assert [path for path, _ in read.body] == [("a",), ("b",)]
    assert list(read.query) == ["q"]


@pytest.mark.parametrize("value", [matchers(TYPE), {"": matchers(TYPE)}, {"$": matchers(TYPE)}])
def test_the_path_category(value: Any) -> None:
    """The rules of the path stand in the category directly, or under an empty key or `$`."""
    assert names(rules({"path": value}).path) == ["type"]


def test_headers_alias() -> None:
    """`headers` is `header`."""
    assert list(rules({"headers": {"X-A": matchers(TYPE)}}).header) == ["x-a"]


@pytest.mark.parametrize("key", ["X", "$.X", "$['X']", "X[0]", "$.X[0]", "X[*]"])
def test_path_like_names(key: str) -> None:
    """Header and parameter names that are written as paths mean the name."""
    read = rules({"header": {key: matchers(TYPE)}, "query": {key: matchers(TYPE)}}, query={"X": ["1"]})
    assert (list(read.header), list(read.query)) == (["x"], ["X"])


@pytest.mark.parametrize("key", ["X[0]", "$.X", "X[*]", "$['X']"])
def test_a_recorded_parameter_goes_before_a_path(key: str) -> None:
    """A key that is literally a recorded parameter means that parameter."""
    assert list(rules({"query": {key: matchers(TYPE)}}, query={key: ["1"], "X": ["1"]}).query) == [key]


@pytest.mark.parametrize("combine", ["OR", "or", "Or"])
def test_or(combine: str) -> None:
    """OR in any case lets one rule suffice."""
    read = rules({"path": matchers(TYPE, {"match": "equality"}, combine=combine)}).path
    assert read is not None
    assert read.any_suffices
    assert read.pointer == "/interactions/0/request/matchingRules/path"


@pytest.mark.parametrize("combine", ["AND", "and", "XOR", "", None, 5])
def test_and(combine: Any) -> None:
    """Whatever is not OR is AND."""
    read = rules({"path": matchers(TYPE, {"match": "equality"}, combine=combine)}).path
    assert read is not None
    assert not read.any_suffices


@pytest.mark.parametrize("value", [{"matchers": []}, {"matchers": None}, {"matchers": "x"}, {}])
def test_no_matchers(value: Any) -> None:
    """An empty list of rules says nothing: what it is for is compared as without it, and nothing is wrong with that."""
    plain = {"combine": "AND", **value}
    request = {
        "method": "POST",
        "path": "/a",
        "body": {"a": 1},
        "matchingRules": {"path": plain, "body": {"$.a": plain}},
    }
    pact = load({"description": "case", "request": request})
    assert pact.problems == ()
    (interaction,) = pact.interactions
    assert decide(interaction, post('{"a":1}', path="/a"))
    assert not decide(interaction, post('{"a":2}', path="/a"))
    assert not decide(interaction, post('{"a":1}', path="/b"))


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ({"match": "type"}, "type"),
        ({"pact:matcher:type": "type"}, "type"),
        ({"regex": "x", "min": 1}, "regex"),
        ({"min": 1, "date": "x"}, "type"),
        ({"max": 1}, "type"),
        ({"timestamp": "x", "time": "y", "date": "z"}, "datetime"),
        ({"time": "x", "date": "y"}, "time"),
        ({"date": "x"}, "date"),
        ({"match": "real"}, "decimal"),
        ({"match": "timestamp"}, "datetime"),
        *(({"match": alias}, "type") for alias in ("min-type", "max-type", "minType", "maxType", "minMaxType")),
        ({"match": "content-type"}, "contentType"),
        ({"match": "array-contains"}, "arrayContains"),
        ({"match": "not-empty"}, "notEmpty"),
        ({"match": "each-key"}, "eachKey"),
        ({"match": "each-value"}, "eachValue"),
        ({"match": "status-code"}, "statusCode"),
        *(
            ({"match": alias}, "ignore-order")
            for alias in ("ignoreOrder", "min-ignore-order", "max-ignore-order", "minmax-ignore-order")
        ),
        ({"match": "Type"}, "Type"),
    ],
)
def test_rule_names(rule: dict[str, Any], name: str) -> None:
    """A rule names itself, by an alias, or by the first attribute that tells it."""
    assert names(rules({"$.body.a": rule}).body[0][1]) == [name]
    assert names(rules({"body": {"$.a": matchers(rule)}}).body[0][1]) == [name]


def test_bounds_may_be_texts() -> None:
    """`min` and `max` may be numeric texts."""
    ((_, rule_list),) = rules({"$.body": {"match": "type", "min": "1", "max": 2.0}}).body
    assert rule_list.rules[0].attributes == {"min": 1, "max": 2}


def test_rules_within_rules() -> None:
    """`eachKey` and `eachValue` hold rules, by the same names and aliases, however deep."""
    inner = {"match": "each-value", "rules": [{"match": "real"}, {"regex": "x"}]}
    ((_, rule_list),) = rules({"body": {"$.a": matchers({"match": "eachKey", "rules": [TYPE, inner]})}}).body
    (each_key,) = rule_list.rules
    assert [rule.name for rule in each_key.rules] == ["type", "eachValue"]
    assert [rule.name for rule in each_key.rules[1].rules] == ["decimal", "regex"]
    single = {"match": "eachValue", "rules": {"match": "integer"}}
    ((_, rule_list),) = rules({"$.body.a": single}).body
    assert [rule.name for rule in rule_list.rules[0].rules] == ["integer"]


def test_variants() -> None:
    """Variants of `arrayContains` name an item and have rules with paths of their own, and generators."""
    variants = [
        {"index": 1, "rules": {"$.x": matchers(TYPE), "y[*]": matchers({"match": "real"})}},
        {"rules": {"": matchers(TYPE)}, "generators": {"$.id": {"type": "Uuid"}}},
        {"index": "0"},
    ]
    ((_, rule_list),) = rules({"body": {"$.a": matchers({"match": "arrayContains", "variants": variants})}}).body
    first, second, third = rule_list.rules[0].variants
    assert (first.index, [path for path, _ in first.rules]) == (1, [("x",), ("y", Wildcard.INDEX)])
    assert names(first.rules[1][1]) == ["decimal"]
    assert (second.index, [path for path, _ in second.rules]) == (1, [()])
    assert [(generator.path, generator.type) for generator in second.generators] == [("$.id", "Uuid")]
    assert (third.index, third.rules, third.generators) == (0, (), ())


def each_value(inner: Any) -> dict[str, Any]:
    return {"match": "eachValue", "rules": inner}


def array_contains(*variants: Any) -> dict[str, Any]:
    return {"match": "arrayContains", "variants": list(variants)}


BAD_INNER_RULES: list[tuple[Any, str]] = [
    (each_value("type"), "rules"),
    (each_value(["type"]), "rules/0"),
    (each_value([TYPE, {}]), "rules/1"),
    (each_value([{"match": "regex"}]), "rules/0"),
    (each_value([each_value([5])]), "rules/0/rules/0"),
    (array_contains(5), "variants/0"),
    (array_contains({"index": 0}, {"index": -1}), "variants/1"),
    (array_contains({"index": "x"}), "variants/0"),
    (array_contains({"index": None}), "variants/0"),
    (array_contains({"index": 0, "rules": {"$..a": matchers(TYPE)}}), "variants/0/rules/$..a"),
    (array_contains({"index": 0, "rules": {"$.a": matchers({})}}), "variants/0/rules/$.a/matchers/0"),
    (array_contains({"index": 0, "rules": {"$": matchers(each_value([5]))}}), "variants/0/rules/$/matchers/0/rules/0"),
    (array_contains({"index": 0, "generators": {"$": {}}}), "variants/0/generators/$"),
]


@pytest.mark.parametrize(("rule", "place"), BAD_INNER_RULES, ids=str)
def test_a_rule_within_a_rule_that_cannot_be_used(rule: Any, place: str) -> None:
    """It is dropped with a warning that leads to it."""
    entry = {"description": "case", "request": {"body": {"a": [1]}, "matchingRules": {"body": {"$.a": matchers(rule)}}}}
    (problem,) = sound(parse(entry).problems)
    root = "/interactions/0/request/matchingRules/body/$.a/matchers/0"
    assert (problem.severity, problem.pointer) == (Severity.WARNING, f"{root}/{place}")
    at({"interactions": [entry]}, problem.pointer)


BAD_RULES: list[tuple[Any, str]] = [
    ({"$.body..a": TYPE}, "$.body..a"),
    ({"$.body[?(@.a)]": TYPE}, "$.body[?(@.a)]"),
    ({"$.other.a": TYPE}, "$.other.a"),
    ({"$.body.a": {}}, "$.body.a"),
    ({"$.body.a": "type"}, "$.body.a"),
    ({"$.body.a": {"match": "regex"}}, "$.body.a"),
    ({"body": {"$..a": matchers(TYPE)}}, "body/$..a"),
    ({"body": {"$.a/b": matchers(TYPE)}}, "body/$.a~1b"),
    ({"body": {"$.a": matchers({})}}, "body/$.a/matchers/0"),
    ({"body": {"$.a": matchers({"match": "regex"})}}, "body/$.a/matchers/0"),
    ({"body": {"$.a": matchers({"match": 5})}}, "body/$.a/matchers/0"),
    ({"body": {"$.a": matchers({"match": "type", "min": "x"})}}, "body/$.a/matchers/0"),
    ({"body": {"$.a": []}}, "body/$.a"),
    ({"body": []}, "body"),
    ({"nonsense": {"a": matchers(TYPE)}}, "nonsense"),
    ([], ""),
    ("x", ""),
]


@pytest.mark.parametrize(("value", "place"), BAD_RULES, ids=str)
def test_a_rule_that_cannot_be_used(value: Any, place: str) -> None:
    """It is dropped with a warning that leads to it, and its interaction is served."""
    entry = {"description": "case", "request": {"body": {"a": 1}, "matchingRules": value}}
    pact = parse(entry)
    (problem,) = sound(pact.problems)
    root = "/interactions/0/request/matchingRules"
    assert (problem.severity, problem.pointer.rstrip("/")) == (Severity.WARNING, f"{root}/{place}".rstrip("/"))
    at({"interactions": [entry]}, problem.pointer)
    assert len(pact.interactions) == 1


def test_an_unknown_category_with_paths_is_of_the_body() -> None:
    """A category nobody knows whose keys are paths governs the body."""
    read = parse({"request": {"matchingRules": {"payload": {"$.a": matchers(TYPE)}}}}).interactions[0].request.rules
    assert [path for path, _ in read.body] == [("a",)]


@pytest.mark.parametrize("key", ["requestMatchingRules", "matchingRules"])
@pytest.mark.parametrize("version", ["V1", "V2", "V3"])
def test_legacy_names_of_rules(key: str, version: str) -> None:
    """`requestMatchingRules` is an old name of `matchingRules`."""
    assert parse_request({key: {"$.body.a": TYPE}}, version).rules.body


def test_v1_and_v2_files_may_carry_rules_of_v3() -> None:
    """The shape of the rules tells their form, not the declared version."""
    assert parse_request({"matchingRules": {"body": {"$.a": matchers(TYPE)}}}, "V2").rules.body
    assert parse_request({"matchingRules": {"$.body.a": TYPE}}, "V4").rules.body


# Generators


def test_generators() -> None:
    """Generators are read by category; one without a type is set aside with a warning."""
    response = {
        "generators": {
            "status": {"type": "RandomInt"},
            "headers": {"X-Id": {"type": "Uuid"}},
            "body": {"$.id": {"type": "RandomInt", "min": 1}, "$.bad": {}},
        }
    }
    pact = parse({"response": response})
    read = [(g.category, g.path, g.type, g.attributes) for g in pact.interactions[0].response.generators]
    assert read == [
        ("status", "", "RandomInt", {}),
        ("header", "X-Id", "Uuid", {}),
        ("body", "$.id", "RandomInt", {"min": 1}),
    ]
    assert [problem.pointer for problem in sound(pact.problems)] == ["/interactions/0/response/generators/body/$.bad"]


def test_all_problems_at_once() -> None:
    """A document tells every problem it has, not only the first."""
    entries = [{"response": {"status": 0}}, {"request": {"path": 5}}, {"request": {"query": {"a": []}}}, None]
    document = {"interactions": entries, "metadata": {"pactSpecification": {"version": "9"}}}
    pact = parse_pact(json.dumps(document).encode())
    assert {problem.pointer for problem in sound(pact.problems)} == {
        "/metadata/pactSpecification/version",
        "/consumer",
        "/provider",
        "/interactions/0/response/status",
        "/interactions/1/request/path",
        "/interactions/2/request/query/a",
        "/interactions/3",
    }
