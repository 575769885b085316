"""Messages of V3 and V4: how they are read, what is handed out, and when another message satisfies a recorded one."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from matching import CompiledMessage, CompiledPact, GeneratorContext, MessageMatcher, Severity, load_pact
from matching.matchers import RuleError
from matching.model import BodyState, Role
from matching.request import Request
from tests.matching.pacts import document, load, post, rule_lists

CONTEXT = GeneratorContext(b"seed", datetime(2024, 2, 29, 12, tzinfo=UTC))


def v3(*messages: Any, **extra: Any) -> CompiledPact:
    """A message pact of V3."""
    content = {"consumer": {"name": "web"}, "provider": {"name": "api"}, "messages": messages, **extra}
    return load_pact(json.dumps({**content, "metadata": {"pactSpecification": {"version": "3.0.0"}}}).encode())


def v4(entry: dict[str, Any], kind: str = "Asynchronous/Messages") -> CompiledPact:
    """A V4 pact of one message interaction."""
    return load({"type": kind, "description": "event", **entry}, version="V4")


def only(pact: CompiledPact) -> CompiledMessage:
    """The one message of a pact, without problems."""
    assert pact.problems == ()
    assert pact.skipped == ()
    (message,) = pact.messages
    return message


def handed_out(message: CompiledMessage, role: Role | None = None, number: int = 0) -> tuple[bytes, dict[str, Any]]:
    content = message.content(role, number)
    assert content is not None
    return content.fill(CONTEXT)


# Reading


@pytest.mark.parametrize(
    ("entry", "content", "content_type"),
    [
        ({"contents": {"a": 1}}, b'{"a":1}', "application/json"),
        ({"contents": [1, "x"]}, b'[1,"x"]', "application/json"),
        ({"contents": 5}, b"5", "application/json"),
        ({"contents": "hello"}, b"hello", "text/plain"),
        ({"contents": "hello", "metaData": {"contentType": "application/json"}}, b'"hello"', "application/json"),
        ({"contents": "hello", "metadata": {"Content-Type": "text/html"}}, b"hello", "text/html"),
        (
            {"contents": "AAEC", "metadata": {"contentType": "application/octet-stream"}},
            b"\0\1\2",
            "application/octet-stream",
        ),
        ({"contents": "<r/>", "metadata": {"content-type": "application/xml"}}, b"<r/>", "application/xml"),
        ({"contents": None}, b"", None),
        ({"contents": ""}, b"", None),
        ({}, b"", None),
    ],
    ids=str,
)
def test_a_message_of_v3(entry: dict[str, Any], content: bytes, content_type: str | None) -> None:
    """Its contents are any JSON value; the metadata tell their type."""
    message = only(v3({"description": "event", **entry}))
    compiled = message.content()
    assert compiled is not None
    assert (compiled.content, str(compiled.content_type) if compiled.content_type else None) == (content, content_type)
    assert compiled.role is Role.MESSAGE


@pytest.mark.parametrize(
    ("contents", "content", "content_type"),
    [
        ({"content": {"a": 1}, "contentType": "application/json", "encoded": False}, b'{"a":1}', "application/json"),
        ({"content": {"a": 1}}, b'{"a":1}', "application/json"),
        ({"content": "hello", "contentType": "text/plain"}, b"hello", "text/plain"),
        ({"content": "AAEC", "contentType": "image/png", "encoded": "base64"}, b"\0\1\2", "image/png"),
        ({"content": '{"a":1}', "contentType": "application/json", "encoded": "json"}, b'{"a":1}', "application/json"),
        ({"content": None}, b"", None),
        ({}, b"", None),
        (None, b"", None),
    ],
    ids=str,
)
def test_a_message_of_v4(contents: Any, content: bytes, content_type: str | None) -> None:
    """Its contents stand in an envelope, as bodies do."""
    compiled = only(v4({"contents": contents})).content()
    assert compiled is not None
    assert (compiled.content, str(compiled.content_type) if compiled.content_type else None) == (content, content_type)


def test_what_else_a_message_has() -> None:
    """Description, states, key, pending and comments are those of every interaction; metadata are kept as they are."""
    metadata = {"topic": "orders", "partition": 3, "nested": {"a": [1]}}
    entry = {
        "contents": {"content": 1},
        "metadata": metadata,
        "providerStates": [{"name": "ready", "params": {"id": 7}}],
        "key": "k1",
        "pending": True,
        "comments": {"text": ["x"]},
    }
    compiled = only(v4(entry))
    message = compiled.message
    assert (compiled.consumer, compiled.provider) == ("web", "api")
    assert (message.description, message.key, message.pending) == ("event", "k1", True)
    assert message.comments == {"text": ["x"]}
    assert [(state.name, state.params) for state in message.states] == [("ready", {"id": 7})]
    assert message.pointer == "/interactions/0"
    assert handed_out(compiled) == (b"1", metadata)


def test_states_of_v3() -> None:
    """V3 has lists of states, and still the single one of V2."""
    assert [state.name for state in only(v3({"providerStates": [{"name": "a"}, {"name": "b"}]})).message.states] == [
        "a",
        "b",
    ]
    assert [state.name for state in only(v3({"providerState": "a"})).message.states] == ["a"]


def test_a_synchronous_message() -> None:
    """A request and the responses to it; without a wish, the first response is handed out."""
    entry = {
        "request": {"contents": {"content": "ask", "contentType": "text/plain"}, "metadata": {"to": "api"}},
        "response": [
            {"contents": {"content": "one", "contentType": "text/plain"}},
            {"contents": {"content": "two", "contentType": "text/plain"}, "metadata": {"n": 2}},
        ],
    }
    message = only(v4(entry, "Synchronous/Messages"))
    assert [content.role for content in message.contents] == [Role.REQUEST, Role.RESPONSE, Role.RESPONSE]
    assert handed_out(message) == (b"one", {})
    assert handed_out(message, Role.REQUEST) == (b"ask", {"to": "api"})
    assert handed_out(message, Role.RESPONSE, 1) == (b"two", {"n": 2})
    assert message.content(Role.RESPONSE, 2) is None
    assert message.content(Role.MESSAGE) is None


def test_a_synchronous_message_without_a_list() -> None:
    """A single response may stand without a list; one without responses hands out its request."""
    single = only(v4({"response": {"contents": {"content": "x"}}}, "Synchronous/Messages"))
    assert handed_out(single)[0] == b"x"
    asked = only(v4({"request": {"contents": {"content": "ask"}}}, "Synchronous/Messages"))
    assert handed_out(asked)[0] == b"ask"
    nothing = only(v4({}, "Synchronous/Messages"))
    assert nothing.content() is None


def test_a_response_that_is_no_object() -> None:
    """It is set aside with a warning at its place."""
    pact = v4({"response": [5, {"contents": {"content": "x"}}]}, "Synchronous/Messages")
    (message,) = pact.messages
    assert handed_out(message)[0] == b"x"
    assert [(p.severity, p.pointer) for p in pact.problems] == [(Severity.WARNING, "/interactions/0/response/0")]


def test_metadata_that_are_no_object() -> None:
    """They are set aside with a warning."""
    pact = v3({"metadata": "x", "contents": 1})
    assert handed_out(pact.messages[0]) == (b"1", {})
    assert [(p.severity, p.pointer) for p in pact.problems] == [(Severity.WARNING, "/messages/0/metadata")]


@pytest.mark.parametrize("entry", [None, 5, "x", []])
def test_a_message_that_is_no_object(entry: Any) -> None:
    """It is skipped with its place, and the others are read."""
    pact = v3(entry, {"description": "fine", "contents": 1})
    assert [message.message.description for message in pact.messages] == ["fine"]
    assert [(p.severity, p.pointer) for p in pact.problems] == [(Severity.SKIPPED, "/messages/0")]


def test_messages_beside_interactions() -> None:
    """A document with both has both."""
    pact = load_pact(document({"request": {"path": "/a"}}, messages=[{"description": "event", "contents": 1}]))
    assert len(pact.interactions) == 1
    assert [message.message.pointer for message in pact.messages] == ["/messages/0"]
    types = load({"request": {}}, {"type": "Asynchronous/Messages", "contents": {"content": 1}}, version="V4")
    assert (len(types.interactions), len(types.messages)) == (1, 1)
    assert types.problems == ()


def test_ids() -> None:
    """An id is that of what is recorded, wherever it stands; what differs has another."""
    first, second = {"description": "a", "contents": 1}, {"description": "a", "contents": 2}
    one, two = v3(first, second).messages
    assert one.id != two.id
    assert [message.id for message in v3(second, first).messages] == [two.id, one.id]


def test_a_plugin_is_told() -> None:
    """The content of a message that needs a plugin is handed out as recorded, with a warning."""
    pact = v4(
        {
            "contents": {"content": "AAEC", "encoded": "base64", "contentType": "application/protobuf"},
            "pluginConfiguration": {"protobuf": {}},
        }
    )
    assert handed_out(pact.messages[0])[0] == b"\0\1\2"
    (problem,) = pact.problems
    assert (problem.severity, problem.pointer) == (Severity.WARNING, "/interactions/0/pluginConfiguration")


# Generators


def test_generators() -> None:
    """Content and metadata get new values; what no generator is for stays as recorded."""
    entry = {
        "contents": {"content": {"id": 1, "on": "2000-01-01", "name": "x"}, "contentType": "application/json"},
        "metadata": {"at": "10:00", "topic": "orders"},
        "generators": {
            "body": {
                "$.id": {"type": "RandomInt", "min": 5, "max": 5},
                "$.on": {"type": "Date", "format": "yyyy-MM-dd"},
            },
            "metadata": {"at": {"type": "Time", "format": "HH:mm"}, "new": {"type": "RandomInt", "min": 7, "max": 7}},
        },
    }
    message = only(v4(entry))
    content, metadata = handed_out(message)
    assert json.loads(content) == {"id": 5, "on": "2024-02-29", "name": "x"}
    assert metadata == {"at": "12:00", "topic": "orders", "new": 7}
    recorded = message.content()
    assert recorded is not None
    assert (json.loads(recorded.content)["id"], recorded.metadata["at"]) == (1, "10:00")


def test_a_generator_that_cannot_be_read() -> None:
    """It is set aside with a warning at its place, and the example is handed out."""
    generators = {"contents": {"$.a": {"type": "NoSuchThing"}}, "metadata": {"m": {"type": "Date", "format": "bbb"}}}
    pact = v3({"contents": {"a": 1}, "metaData": {"m": "x"}, "generators": generators})
    assert handed_out(pact.messages[0]) == (b'{"a":1}', {"m": "x"})
    assert {(p.severity, p.pointer) for p in pact.problems} == {
        (Severity.WARNING, "/messages/0/generators/contents/$.a"),
        (Severity.WARNING, "/messages/0/generators/metadata/m"),
    }


# Matching

TYPE = {"match": "type"}
INTEGER = {"match": "integer"}


def matcher(entry: dict[str, Any]) -> MessageMatcher:
    (message,) = v3({"description": "event", **entry}).messages
    return MessageMatcher(message.message.contents[0])


def first(found: MessageMatcher, metadata: dict[str, Any], content: Request) -> tuple[str, str, str] | None:
    """Part, path and rule of the first mismatch of a message."""
    mismatch = next(found.explain(metadata, content), None)
    return None if mismatch is None else (mismatch.part.value, mismatch.path, mismatch.rule)


def test_contents_under_rules() -> None:
    """Contents are compared as a response's body is: further keys are allowed, rules stand under body or contents."""
    for category in ("body", "contents", "content"):
        entry = {"contents": {"a": 1, "b": "x"}, "matchingRules": {category: rule_lists({"$.a": INTEGER})}}
        found = matcher(entry)
        assert first(found, {}, post('{"a":7,"b":"x","c":1}')) is None
        assert first(found, {}, post('{"a":"7","b":"x"}')) == ("body", "$.a", "integer")
        assert first(found, {}, post('{"a":7}')) == ("body", "$.b", "equality")
        assert first(found, {}, post("")) == ("body", "$", "present")


@pytest.mark.parametrize(
    ("contents", "metadata", "matching", "other", "mismatch"),
    [
        (
            "<r><a>1</a></r>",
            {"contentType": "application/xml"},
            "<r n='1'> <a>1</a><b/></r>",
            "<r/>",
            ("body", "$.r.a", "present"),
        ),
        ("hello", {"contentType": "text/plain"}, "hello", "bye", ("body", "$", "equality")),
        ("a=1&b=2", {"contentType": "application/x-www-form-urlencoded"}, "b=2&a=1", "a=1", ("body", "$.b", "present")),
    ],
    ids=["xml", "text", "form"],
)
def test_contents_of_other_types(
    contents: str, metadata: dict[str, Any], matching: str, other: str, mismatch: tuple[str, str, str]
) -> None:
    """Contents of any type are compared as bodies of that type."""
    found = matcher({"contents": contents, "metaData": metadata})
    assert first(found, metadata, post(matching, metadata["contentType"])) is None
    assert first(found, metadata, post(other, metadata["contentType"])) == mismatch


@pytest.mark.parametrize(
    ("recorded", "rules", "actual", "mismatch"),
    [
        ({"topic": "orders"}, {}, {"topic": "orders"}, None),
        ({"topic": "orders"}, {}, {"topic": "orders", "more": 1}, None),
        ({"topic": "orders"}, {}, {"topic": "other"}, ("metadata", "topic", "equality")),
        ({"topic": "orders"}, {}, {}, ("metadata", "topic", "present")),
        ({"topic": "orders"}, {}, {"Topic": "orders"}, ("metadata", "topic", "present")),
        ({"n": 3}, {}, {"n": 3}, None),
        ({"n": 3}, {}, {"n": "3"}, None),
        ({"n": 3}, {}, {"n": 4}, ("metadata", "n", "equality")),
        ({"n": {"a": [1]}}, {}, {"n": {"a": [1]}}, None),
        ({"n": {"a": [1]}}, {}, {"n": {"a": [2]}}, ("metadata", "n", "equality")),
        ({"n": None}, {}, {"n": None}, None),
        ({"n": 3}, {"n": INTEGER}, {"n": 9}, None),
        ({"n": 3}, {"n": INTEGER}, {"n": "9"}, None),
        ({"n": 3}, {"n": INTEGER}, {"n": "x"}, ("metadata", "n", "integer")),
        ({"n": "x"}, {"n": TYPE}, {"n": "y"}, None),
        ({"n": "x"}, {"$.n": TYPE}, {"n": "y"}, None),
        ({"n": "x"}, {"n": {"match": "regex", "regex": "[xy]"}}, {"n": "z"}, ("metadata", "n", "regex [xy]")),
        ({"n": "x"}, {"n": [TYPE, {"match": "include", "value": "y"}]}, {"n": "xy"}, None),
        (
            {"n": "2000-01-01"},
            {"n": {"match": "date", "format": "yyyy-MM-dd"}},
            {"n": "2023-02-29"},
            ("metadata", "n", "date yyyy-MM-dd"),
        ),
    ],
    ids=str,
)
def test_metadata(recorded: dict[str, Any], rules: Any, actual: dict[str, Any], mismatch: Any) -> None:
    """Recorded metadata must be there, equal as texts or under their rules; further ones are allowed."""
    found = matcher({"contents": 1, "metadata": recorded, "matchingRules": {"metadata": rule_lists(rules)}})
    assert first(found, actual, post("1")) == mismatch


@pytest.mark.parametrize("name", ["contentType", "content-type", "Content-Type", "ContentType"])
def test_the_type_among_the_metadata(name: str) -> None:
    """It is compared with the contents, not as a text."""
    found = matcher({"contents": {"a": 1}, "metadata": {name: "application/json"}})
    assert first(found, {}, post('{"a":1}', "application/json; charset=utf-8")) is None
    assert first(found, {}, post('{"a":1}', "text/plain")) == ("body type", "", "content type")


@pytest.mark.parametrize(
    "rules",
    [
        {"metadata": rule_lists({"n": {"match": "no-such-rule"}})},
        {"metadata": rule_lists({"n": {"match": "eachValue", "rules": [TYPE]}})},
        {"body": rule_lists({"$.a": {"match": "no-such-rule"}})},
    ],
    ids=str,
)
def test_rules_that_cannot_be_applied(rules: dict[str, Any]) -> None:
    """The message cannot be compared then, and is handed out all the same."""
    entry = {"contents": {"a": 1}, "metadata": {"n": "x"}, "matchingRules": rules}
    assert handed_out(v3(entry).messages[0])[0] == b'{"a":1}'
    with pytest.raises(RuleError):
        matcher(entry)


def test_flat_rules() -> None:
    """Rules in the form of V2 reach the contents and the metadata."""
    rules = {"$.body.a": INTEGER}
    found = matcher({"contents": {"a": 1}, "matchingRules": rules})
    assert first(found, {}, post('{"a":5}')) is None
    assert first(found, {}, post('{"a":"x"}')) == ("body", "$.a", "integer")


def test_binary_contents() -> None:
    """Bytes are compared as bytes."""
    content = base64.b64encode(b"\0\1").decode()
    entry = {"contents": {"content": content, "contentType": "application/octet-stream", "encoded": "base64"}}
    (message,) = v4(entry).messages
    recorded = message.message.contents[0]
    assert recorded.body.state is BodyState.PRESENT
    found = MessageMatcher(recorded)
    assert first(found, {}, post(b"\0\1", "application/octet-stream")) is None
    assert first(found, {}, post(b"\0\2", "application/octet-stream")) == ("body", "$", "equality")
