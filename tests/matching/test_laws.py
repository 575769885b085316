"""Laws that hold for every document and every request, tried on random ones."""

from __future__ import annotations

import base64
import contextlib
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching import (
    ORDERS,
    CompiledPact,
    GeneratorContext,
    Index,
    Match,
    MessageMatcher,
    PactError,
    PatternError,
    Problem,
    Request,
    ResponseMatcher,
    StateSelector,
    example_request,
    find,
    load_pact,
    near_misses,
)
from matching.matchers import RuleError
from matching.paths import render_step
from tests.matching.pacts import VERSIONS, decide, document, load, post

LAW = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))

# JSON documents

KEYS = st.sampled_from(["a", "b", "c", "id", "a.b", "é", "it's", "0", "", "x y"]) | st.text(max_size=3)
INTEGERS = st.integers(-3, 3) | st.integers(-(10**25), 10**25)
DECIMALS = st.sampled_from([0.0, -0.0, 1.0, 1.5, -2.25, 1e100, 1e-7]) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.sampled_from(["", "1", "1.5", "true", "null", "x", "abc", "é"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=5
)
SCALARS = st.none() | st.booleans() | INTEGERS | DECIMALS | TEXTS
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


def encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def steps_of(value: Any) -> list[list[str]]:
    """The path of every node of a document, as rendered steps of which some can be made wildcards."""
    found: list[list[str]] = [[]]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found.extend([render_step(key), *steps] for steps in steps_of(item))
    return found


PLAIN_RULES = st.sampled_from(
    [
        {"match": "equality"},
        {"match": "type"},
        {"match": "type", "min": 1},
        {"match": "type", "max": 2},
        {"match": "type", "min": 0, "max": 3},
        {"match": "number"},
        {"match": "integer"},
        {"match": "decimal"},
        {"match": "boolean"},
        {"match": "null"},
        {"match": "include", "value": "1"},
        {"match": "values"},
        {"match": "notEmpty"},
        {"match": "semver"},
        {"match": "date", "format": "yyyy-MM-dd"},
        {"match": "date", "format": "[yyyy][-MM]"},
        {"match": "time"},
        {"match": "datetime"},
        {"match": "contentType", "value": "application/json"},
        {"match": "contentType", "value": "text/plain"},
        {"match": "ignore-order"},
        {"match": "min-ignore-order", "min": 1},
        {"match": "minmax-ignore-order", "min": 1, "max": 3},
        {"match": "regex", "regex": r"\d+"},
        {"match": "regex", "regex": r"(?!x)\w*"},
        {"match": "regex", "regex": ".*"},
    ]
)


def rule_lists(rules: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda matchers, combine: {"matchers": matchers, "combine": combine},
        st.lists(rules, min_size=1, max_size=3),
        st.sampled_from(["AND", "AND", "OR"]),
    )


def nested_rules(rules: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Rules that hold these rules: of keys, of values, of variants."""
    variants = st.fixed_dictionaries(
        {"index": st.integers(0, 2)},
        optional={
            "rules": st.dictionaries(st.sampled_from(["$", "$.a", "$[0]", "$.*"]), rule_lists(rules), max_size=2)
        },
    )
    return st.one_of(
        st.builds(lambda inner: {"match": "eachKey", "rules": inner}, st.lists(rules, max_size=2)),
        st.builds(lambda inner: {"match": "eachValue", "rules": inner}, st.lists(rules, min_size=1, max_size=2)),
        st.builds(lambda inner: {"match": "arrayContains", "variants": inner}, st.lists(variants, max_size=3)),
    )


RULES = PLAIN_RULES | nested_rules(PLAIN_RULES | nested_rules(PLAIN_RULES))
RULE_LISTS = rule_lists(RULES)


@st.composite
def ruled_documents(draw: st.DrawFn) -> tuple[Any, dict[str, Any]]:
    """A document and rules for paths of it, some steps replaced by wildcards."""
    recorded = draw(DOCUMENTS)
    places = steps_of(recorded)
    rules = {}
    for steps in draw(st.lists(st.sampled_from(places), max_size=4)):
        generalised = [draw(st.sampled_from([step, step, ".*", "[*]"])) for step in steps]
        rules["$" + "".join(generalised)] = draw(RULE_LISTS)
    return recorded, rules


@st.composite
def mutated(draw: st.DrawFn, value: Any) -> Any:
    """The document with something changed, added or removed here or there."""
    change = draw(st.integers(0, 9))
    if change == 0:
        return draw(DOCUMENTS)
    if isinstance(value, dict):
        entries = {key: draw(mutated(item)) for key, item in value.items()}
        if change == 1 and entries:
            del entries[draw(st.sampled_from(sorted(entries)))]
        if change == 2:
            entries[draw(KEYS)] = draw(SCALARS)
        return entries
    if isinstance(value, list):
        items = [draw(mutated(item)) for item in value]
        if change == 1:
            items = items[:-1]
        if change == 2:
            items.append(draw(mutated(value[0])) if value else draw(SCALARS))
        return items
    return draw(SCALARS) if change < 4 else value


def loaded(recorded: Any, rules: dict[str, Any], version: str) -> CompiledPact:
    body = {"content": recorded, "contentType": "application/json"} if version == "V4" else recorded
    headers = {"Content-Type": "application/json"}
    request = {"method": "POST", "headers": headers, "body": body, "matchingRules": {"body": rules}}
    return load({"description": "law", "request": request}, version=version)


@LAW
@given(st.data(), ruled_documents(), st.sampled_from(["V2", "V3", "V4"]))
def test_deciding_and_explaining_agree(data: st.DataObject, ruled: tuple[Any, dict[str, Any]], version: str) -> None:
    """A request matches exactly when nothing is explained, whatever the document, its rules and the body."""
    recorded, rules = ruled
    actual = post(encoded(data.draw(mutated(recorded))))
    for interaction in loaded(recorded, rules, version).interactions:
        decide(interaction, actual)
        decide(interaction, example_request(interaction.interaction.request))


@LAW
@given(DOCUMENTS, DOCUMENTS)
def test_without_rules_a_body_matches_itself_only(recorded: Any, other: Any) -> None:
    """A recorded body without rules matches its own text, and another one only when that says the same."""
    (interaction,) = loaded(recorded, {}, "V3").interactions
    assert decide(interaction, post(encoded(recorded))) or isinstance(recorded, str)
    assert decide(interaction, example_request(interaction.interaction.request))
    if not isinstance(recorded, str) and recorded is not None:
        same = json.dumps(recorded, sort_keys=True) == json.dumps(other, sort_keys=True)
        verdict = decide(interaction, post(encoded(other)))
        assert verdict or not same
        if json.dumps(recorded, sort_keys=True).replace("-0.0", "0.0") != json.dumps(other, sort_keys=True).replace(
            "-0.0", "0.0"
        ):
            assert not verdict


@LAW
@given(ruled_documents())
def test_a_body_of_another_kind_at_the_root_never_matches_a_container(ruled: tuple[Any, dict[str, Any]]) -> None:
    """Where an object or list is recorded, a text never does, unless the whole body is looked at as some content."""
    recorded, rules = ruled
    if isinstance(recorded, (dict, list)) and "contentType" not in json.dumps(rules.get("$")):
        for interaction in loaded(recorded, rules, "V3").interactions:
            assert not decide(interaction, post('"text"'))


# Documents nobody would write


def survives(content: bytes) -> None:
    """Loading gives a pact that can be used, or a PactError that says why not; nothing else."""
    refusals: list[Problem] | None = None
    try:
        pact = load_pact(content)
    except PactError as error:
        refusals = list(error.problems)
    if refusals is not None:
        assert refusals
        assert all(problem.message and problem.cure for problem in refusals)
        return
    parsed = json.loads(content.removeprefix(b"\xef\xbb\xbf"))
    for problem in pact.problems:
        assert problem.message
        assert problem.cure
        resolve(parsed, problem.pointer)
    for message in pact.messages:
        content = message.content()
        if content is not None:
            content.fill(CONTEXT)
        for recorded in message.message.contents:
            with contextlib.suppress(RuleError):
                list(MessageMatcher(recorded).explain(recorded.metadata, post(recorded.body.content)))
    for interaction in pact.interactions:
        with contextlib.suppress(RuleError):
            matcher = ResponseMatcher(interaction.interaction.response)
            for body in (interaction.response.body, b"{}", b""):
                answer = Request("GET", "/", "", interaction.response.headers, body)
                found = list(matcher.explain(interaction.response.status, answer))
                assert matcher.matches(interaction.response.status, answer) == (not found)
    for order in ORDERS:
        index = Index(pact.interactions, order)
        for interaction in pact.interactions:
            request = example_request(interaction.interaction.request)
            decide(interaction, request)
            find(index, request, lenient=True)
            near_misses(index, Request("PUT", "/nowhere"))


def resolve(value: Any, pointer: str) -> None:
    """Follow a JSON pointer; it may lead to what is missing, never through what is not there."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    for step in steps[:-1]:
        value = value[int(step)] if isinstance(value, list) else value[step]


CONTEXT = GeneratorContext(b"seed", datetime(2024, 2, 29, tzinfo=UTC))
SKELETON = document({"description": "a", "request": {"path": "/a", "body": {"a": [1]}}, "response": {"status": 200}})


@LAW
@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_pact_or_a_pact_error(content: bytes) -> None:
    """Loading any bytes raises nothing but PactError."""
    survives(content)


@LAW
@given(st.data())
def test_damaged_pacts_are_pacts_or_pact_errors(data: st.DataObject) -> None:
    """So does loading a pact with bytes cut, put in or changed."""
    content = bytearray(SKELETON)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 5)))
        content[start:end] = data.draw(st.binary(max_size=3) | st.sampled_from([b'"', b"{", b"[", b"null", b"1e999"]))
    survives(bytes(content))


VOCABULARY = """
    match matchers combine regex min max type value values body path query header headers status content contentType
    encoded $ $.a $.body $.body.a $.path $.query.a $.header.X $[*] $..a rules variants name params request response
    matchingRules generators providerStates providerState Content-Type Accept application/json text/plain image/png
    base64 json AND OR equality integer decimal include notEmpty arrayContains null date eachKey ( (?=a)b a&b=1
    /a?b=1 Synchronous/HTTP Asynchronous/Messages multipart/form-data Content-Encoding gzip 200 format index generators
    eachValue semver date time datetime timestamp contentType values ignore-order number regex yyyy-MM-dd HH:mm [y]
    application/xml application/x-www-form-urlencoded <r><a>1</a></r> $.r.a.#text $.r.@a $[0] contents metadata
    Synchronous/Messages pluginConfiguration statusCode success type RandomInt Date expression
    """
WORDS = st.sampled_from([*VOCABULARY.split(), "\ud800", "\x00"])
ANYTHING = st.recursive(
    SCALARS | WORDS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | KEYS, inner, max_size=4),
    max_leaves=10,
)
LONG = "1234567890123456789012"


@LAW
@given(ANYTHING)
def test_any_json_is_a_pact_or_a_pact_error(value: Any) -> None:
    """Loading any JSON value raises nothing but PactError."""
    survives(json.dumps(value).encode())


@LAW
@given(
    st.dictionaries(
        st.sampled_from(["consumer", "provider", "interactions", "messages", "metadata", "createdAt", "_links"]),
        ANYTHING,
    )
)
def test_any_members_of_a_document(value: dict[str, Any]) -> None:
    """So does any value in place of a part of a document."""
    survives(json.dumps(value).encode())


ENTRY_KEYS = """
        type description providerState providerStates request response key pending comments pluginConfiguration _id
        contents metadata metaData matchingRules generators
        """
ENTRY_PARTS = st.dictionaries(
    st.sampled_from(ENTRY_KEYS.split()),
    ANYTHING,
)
REQUEST_PARTS = st.fixed_dictionaries(
    {},
    optional={
        "method": ANYTHING,
        "path": ANYTHING,
        "query": ANYTHING | st.dictionaries(KEYS, ANYTHING, max_size=3),
        "headers": ANYTHING | st.dictionaries(KEYS | WORDS, ANYTHING, max_size=3),
        "body": ANYTHING,
        "matchingRules": ANYTHING,
        "generators": ANYTHING,
        "requestMatchingRules": ANYTHING,
    },
)
RESPONSE_PARTS = st.fixed_dictionaries(
    {},
    optional={
        "status": ANYTHING | st.integers(200, 599),
        "headers": ANYTHING | st.dictionaries(KEYS | WORDS, ANYTHING, max_size=3),
        "body": ANYTHING,
        "matchingRules": ANYTHING,
        "generators": ANYTHING | st.dictionaries(WORDS, st.dictionaries(WORDS, ANYTHING, max_size=2), max_size=2),
    },
)
RULE_PARTS = st.dictionaries(
    st.sampled_from(
        ["path", "query", "header", "headers", "body", "status", "method", "x", "$.body", "$.path", "$.query"]
    ),
    ANYTHING
    | st.fixed_dictionaries({"matchers": ANYTHING | st.lists(ANYTHING, max_size=2)}, optional={"combine": ANYTHING})
    | st.dictionaries(
        WORDS | KEYS,
        ANYTHING | st.fixed_dictionaries({"matchers": st.lists(RULES | ANYTHING, max_size=2)}),
        max_size=3,
    ),
    max_size=3,
)


@LAW
@given(ENTRY_PARTS, REQUEST_PARTS, RESPONSE_PARTS, RULE_PARTS, st.sampled_from(list(VERSIONS)), st.integers(0, 4))
def test_any_parts_of_an_interaction(
    entry: dict[str, Any],
    request: dict[str, Any],
    response: dict[str, Any],
    rules: dict[str, Any],
    version: str,
    shape: int,
) -> None:
    """So does any value in place of a part of an interaction, of its request, its response or its rules."""
    fine = {"method": "POST", "path": "/a", "query": {"a": ["1"]}, "headers": {"X": "1"}, "body": {"a": [1]}}
    shapes: list[dict[str, Any]] = [
        entry,
        {"request": request, "response": response},
        {"request": {**fine, **request}},
        {"request": {**fine, "matchingRules": rules}, "response": {"body": {"a": 1}, "matchingRules": rules}},
        {**entry, "request": {**request, "matchingRules": rules}, "response": response},
    ]
    # A number of many digits takes the slower reader of JSON, which allows more.
    extra = {"createdAt": int(LONG)} if shape % 2 else {}
    survives(document(shapes[shape], version=version, **extra))


# Requests nobody would send

XML, FORM, MULTIPART = "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=AA"

PIECES = st.sampled_from(
    ["/", "a", "users", "1", "%20", "%2F", "%FF", "%", "%zz", "é", "٣", "?", "\udcff", " ", "..", "#"]
)
PATHS = st.lists(PIECES, max_size=6).map("".join) | st.text(max_size=8)
QUERIES = st.lists(
    st.sampled_from(["a", "b", "=", "&", "+", "%20", "%FF", "%", "1", "é", "\udcff", ";"]), max_size=8
).map("".join)
CHARSETS = st.sampled_from(
    [
        "utf-8",
        "utf-16",
        "latin-1",
        "utf-7",
        "idna",
        "punycode",
        "undefined",
        "hex",
        "base64",
        "rot13",
        "nope",
        "",
        "a\0b",
    ]
)
HEADER_LINES = st.lists(
    st.tuples(
        st.sampled_from(["X-A", "accept", "Content-Type", "CONTENT-TYPE", "Cookie", "", "é", "\udcff"]),
        st.sampled_from(["", "1", "a/b, c/d", "application/json", "text/plain", ";", "/", ",,", "a/b;q", "\udcff", '"'])
        | CHARSETS.map(lambda charset: f"text/plain; charset={charset}")
        | st.sampled_from([XML, FORM, MULTIPART, "multipart/mixed", "application/hal+json", "image/png"])
        | st.text(max_size=5),
    ),
    max_size=4,
)
ODD_BODIES = [
    b"[" * 2000,
    b"[" * 900 + b"]" * 900,
    b'{"a":' * 900 + b"1" + b"}" * 900,
    b"[1234567890123456789012," + b"[" * 900 + b"]" * 900 + b"]",
    b'["\\ud800", 1234567890123456789012]',
    b'"\\ud800"',
    b"null",
    b"1e999",
    b"\xff\xfe",
]
BODIES = st.binary(max_size=20) | DOCUMENTS.map(encoded) | st.sampled_from(ODD_BODIES)
REQUESTS = st.builds(Request, st.sampled_from(["GET", "POST", "DELETE", "", "é"]), PATHS, QUERIES, HEADER_LINES, BODIES)

TYPE_RULES = {"matchers": [{"match": "type"}]}
ANY_RULES = {"matchers": [{"match": "regex", "regex": "(?=.).*"}, {"match": "semver"}], "combine": "OR"}
BROAD = load(
    {"request": {"path": "/a"}},
    {"request": {"path": "/users", "matchingRules": {"path": {"matchers": [{"match": "type"}]}}}},
    {"request": {"path": "/1", "matchingRules": {"path": {"matchers": [{"match": "regex", "regex": r"/(\w|%)*"}]}}}},
    {"request": {"path": "/a", "matchingRules": {"path": {"matchers": [{"match": "regex", "regex": "(?!/x).*"}]}}}},
    {"request": {"method": "POST", "path": "/a", "query": {"a": ["1"], "b": [None]}, "headers": {"X-A": "1"}}},
    {"request": {"method": "POST", "path": "/a", "headers": {"Accept": "a/b, c/d"}, "body": {"a": [1, {"b": None}]}}},
    {
        "request": {
            "method": "POST",
            "path": "/a",
            "query": {"a": ["1"]},
            "headers": {"X-A": "1"},
            "body": {"a": [1]},
            "matchingRules": {
                "path": {"matchers": [{"match": "type"}]},
                "query": {"a": {"matchers": [{"match": "regex", "regex": r"(?=.)\w+"}]}},
                "header": {"X-A": {"matchers": [{"match": "include", "value": "1"}]}},
                "body": {
                    "$": {"matchers": [{"match": "type"}]},
                    "$.a[*]": {"matchers": [{"match": "regex", "regex": ".*"}]},
                },
            },
        }
    },
    *(
        {
            "description": content_type,
            "request": {
                "method": "POST",
                "path": "/a",
                "headers": {"Content-Type": content_type},
                "body": "x",
                "matchingRules": {"path": {"matchers": [{"match": "type"}]}, **rules},
            },
        }
        for content_type in ("text/plain", "image/png", "application/json", XML, FORM, MULTIPART)
        for rules in ({}, {"body": {"$": {"matchers": [{"match": "regex", "regex": r"\w+"}]}}})
    ),
    {"providerStates": [{"name": "é"}], "request": {"method": "DELETE", "path": "", "body": None}},
).interactions
BROAD_INDEX = Index(BROAD)


@LAW
@given(REQUESTS, st.none() | st.sampled_from(["a", "é", ".*", "\ud800", "("]) | st.text(max_size=4), st.booleans())
def test_any_request_is_answered_or_explained(request_: Request, state: str | None, lenient: bool) -> None:
    """No request makes finding, explaining or naming near misses raise, and deciding agrees with explaining."""
    try:
        selector = StateSelector(state) if state is not None else None
    except PatternError:
        selector = None
    find(BROAD_INDEX, request_, selector, lenient=lenient)
    for miss in near_misses(BROAD_INDEX, request_, selector):
        for mismatch in miss.mismatches:
            json.dumps(mismatch.as_json(), allow_nan=False)
            mismatch.message.encode()
    for interaction in BROAD:
        decide(interaction, request_)


# Bodies that are not JSON

NAMES = st.sampled_from(["a", "b", "c", "n:a", "é"])
XML_TEXTS = st.sampled_from(["", " ", "1", "x", "x y", "&<>", "é", "2000-01-01", "1.2.3"])


@st.composite
def elements(draw: st.DrawFn, depth: int = 3) -> tuple[str, dict[str, str], list[Any]]:
    """An element: its name, attributes, and what is in it, texts and elements."""
    attributes = draw(st.dictionaries(NAMES, XML_TEXTS, max_size=2))
    content = [XML_TEXTS, XML_TEXTS] if depth == 0 else [XML_TEXTS, elements(depth - 1)]
    return draw(NAMES), attributes, draw(st.lists(st.one_of(content), max_size=4))


def xml_of(element: tuple[str, dict[str, str], list[Any]], outermost: bool = True, indent: str = "") -> str:
    """The text of an element; `indent` stands before each element in it."""
    name, attributes, content = element
    pairs = list(attributes.items())
    if outermost:
        pairs.append(("xmlns:n", "urn:n"))
    opening = name + "".join(f" {key}={quoteattr(value)}" for key, value in (reversed(pairs) if indent else pairs))
    inner = "".join(escape(item) if isinstance(item, str) else indent + xml_of(item, False, indent) for item in content)
    return f"<{opening}>{inner}</{name}>"


def xml_places(element: tuple[str, dict[str, str], list[Any]], path: str = "$") -> list[str]:
    """The paths of an element, its text, its attributes, and all below."""
    name, attributes, content = element
    here = f"{path}['{name}']"
    found = [here, f"{here}.#text", f"{here}[*]", f"{path}.*", *(f"{here}['@{key}']" for key in attributes)]
    for item in content:
        if not isinstance(item, str):
            found.extend(xml_places(item, here))
    return found


@st.composite
def mutated_xml(
    draw: st.DrawFn, element: tuple[str, dict[str, str], list[Any]]
) -> tuple[str, dict[str, str], list[Any]]:
    """The element with something changed, added or removed here or there."""
    name, attributes, content = element
    change = draw(st.integers(0, 12))
    if change == 0:
        return draw(elements(1))
    content = [item if isinstance(item, str) else draw(mutated_xml(item)) for item in content]
    if change == 1:
        content = content[:-1]
    if change == 2:
        content = [*content, draw(st.one_of(XML_TEXTS, elements(0)))]
    if change == 3:
        content = content + content
    if change == 4:
        attributes = draw(st.dictionaries(NAMES, XML_TEXTS, max_size=2))
    return draw(NAMES) if change == 5 else name, attributes, content


SIMPLE_RULES = PLAIN_RULES.filter(
    lambda rule: rule["match"] not in ("null", "values", "ignore-order", "min-ignore-order", "minmax-ignore-order")
)


def ruled(places: st.SearchStrategy[str], rules: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(places, rule_lists(rules), max_size=3)


def loaded_as(content_type: str, recorded: str, rules: dict[str, Any]) -> CompiledPact:
    headers = {"Content-Type": content_type}
    return load({"request": {"method": "POST", "headers": headers, "body": recorded, "matchingRules": {"body": rules}}})


@LAW
@given(st.data(), elements())
def test_deciding_and_explaining_xml_agree(data: st.DataObject, element: Any) -> None:
    """An XML body matches exactly when nothing is explained, whatever the document, its rules and the body."""
    rules = data.draw(ruled(st.sampled_from(["$", *xml_places(element)]), SIMPLE_RULES))
    actual = post(xml_of(data.draw(mutated_xml(element))), XML)
    for interaction in loaded_as(XML, xml_of(element), rules).interactions:
        decide(interaction, actual)
        decide(interaction, example_request(interaction.interaction.request))


@LAW
@given(elements(), elements())
def test_without_rules_an_xml_body_matches_itself_only(element: Any, other: Any) -> None:
    """A document matches itself, also with its attributes in another order and blanks between its elements."""
    (interaction,) = loaded_as(XML, xml_of(element), {}).interactions
    assert decide(interaction, post(xml_of(element), XML))
    assert decide(interaction, post(xml_of(element, indent="\n "), XML))
    if decide(interaction, post(xml_of(other), XML)):
        assert decide(loaded_as(XML, xml_of(other), {}).interactions[0], post(xml_of(element), XML))


@LAW
@given(elements())
def test_type_at_the_root_takes_any_text_of_a_document(element: Any) -> None:
    """Under `type` at `$` texts and attribute values are free."""

    def rewritten(element: Any) -> Any:
        name, attributes, content = element
        return (
            name,
            dict.fromkeys(attributes, "new"),
            ["new", *(rewritten(i) for i in content if not isinstance(i, str))],
        )

    (interaction,) = loaded_as(XML, xml_of(element), {"$": {"matchers": [{"match": "type"}]}}).interactions
    same_names = xml_of(rewritten(element))
    if decide(interaction, post(xml_of(element), XML)):  # elements of one name that differ are not like the first
        assert decide(interaction, post(same_names, XML))


FIELD_NAMES = st.sampled_from(["a", "b", "ids[]", "a.b", "é", "x y", "", "&", "="])
FIELD_VALUES = st.sampled_from(["", "1", "x", "x y", "1.2.3", "2000-01-01", "é", "+", "%41", "true"])
FIELDS = st.lists(st.tuples(FIELD_NAMES, FIELD_VALUES), max_size=5)
LIST_RULES = nested_rules(SIMPLE_RULES).filter(lambda rule: rule["match"] != "eachKey")
FIELD_PLACES = st.sampled_from(
    ["$", "$.*", "$.a", "$.a[0]", "$.a[1]", "$.a[*]", "$.b", "$['ids[]']", "$['']", "$.*[*]"]
)


@LAW
@given(FIELDS, FIELDS, ruled(FIELD_PLACES, SIMPLE_RULES | LIST_RULES))
def test_deciding_and_explaining_forms_agree(recorded: Any, actual: Any, rules: dict[str, Any]) -> None:
    """A form matches exactly when nothing is explained."""
    for interaction in loaded_as(FORM, urlencode(recorded), rules).interactions:
        decide(interaction, post(urlencode(actual), FORM))
        decide(interaction, post(urlencode(recorded + actual), FORM))
        decide(interaction, example_request(interaction.interaction.request))


@LAW
@given(FIELDS, FIELDS)
def test_without_rules_a_form_matches_itself_only(recorded: Any, other: Any) -> None:
    """A form matches itself, its names in any order, and another one only when that says the same."""

    def said(fields: Any) -> dict[str, list[str]]:
        names: dict[str, list[str]] = {}
        for name, value in fields:
            names.setdefault(name, []).append(value)
        return names

    (interaction,) = loaded_as(FORM, urlencode(recorded), {}).interactions
    assert decide(interaction, post(urlencode(recorded), FORM))
    assert decide(interaction, post(urlencode(sorted(recorded, key=lambda field: field[0])), FORM))
    assert decide(interaction, post(urlencode(other), FORM)) == (said(recorded) == said(other))


@st.composite
def body_parts(draw: st.DrawFn) -> bytes:
    """One part of a multipart body."""
    name, file_name = draw(st.none() | st.sampled_from(["a", "b", "é"])), draw(st.none() | st.just("f.bin"))
    lines = []
    if name is not None:
        lines.append(
            f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{file_name}"' if file_name else "")
        )
    content_type = draw(st.sampled_from([None, "text/plain", "application/json", XML, FORM, "image/png"]))
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    if draw(st.booleans()):
        lines.append(f"X-H: {draw(st.sampled_from(['1', 'x']))}")
    content = draw(st.sampled_from([b"", b"1", b"x", b'{"a":1}', b"<r/>", b"a=1", b"\x89PNG", b"\xff"]))
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + content


def multipart_of(parts: list[bytes], boundary: str) -> bytes:
    mark = b"--" + boundary.encode()
    return b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


PART_PLACES = st.sampled_from(["$", "$.*", "$.a", "$.a.a", "$.a.r", "$.a['x-h']", "$.b", "$[0]", "$[1].a", "$['0']"])


def multipart_pact(parts: list[bytes], rules: dict[str, Any]) -> CompiledPact:
    content = base64.b64encode(multipart_of(parts, "AA")).decode()
    headers = {"Content-Type": MULTIPART}
    return load({"request": {"method": "POST", "headers": headers, "body": content, "matchingRules": {"body": rules}}})


@LAW
@given(st.lists(body_parts(), max_size=4), st.lists(body_parts(), max_size=4), ruled(PART_PLACES, SIMPLE_RULES))
def test_deciding_and_explaining_multipart_agree(
    recorded: list[bytes], actual: list[bytes], rules: dict[str, Any]
) -> None:
    """A multipart body matches exactly when nothing is explained."""
    for interaction in multipart_pact(recorded, rules).interactions:
        for parts in (actual, recorded + actual, recorded[:-1]):
            decide(interaction, post(multipart_of(parts, "BB"), MULTIPART.replace("AA", "BB")))


@LAW
@given(st.lists(body_parts(), min_size=1, max_size=4))
def test_without_rules_a_multipart_body_matches_itself(recorded: list[bytes]) -> None:
    """A body matches itself under another boundary, and with further parts, unless a part is not what its type says."""
    fine = [part for part in recorded if part.partition(b"\r\n\r\n")[2] in (b"1", b"x") or b"Content-Type" not in part]
    fine = [part for part in fine if b"json" not in part and b"xml" not in part]
    (interaction,) = multipart_pact(fine, {}).interactions
    if fine:
        assert decide(interaction, post(multipart_of(fine, "BB"), MULTIPART.replace("AA", "BB")))
        assert decide(interaction, post(multipart_of([*fine, *recorded], "BB"), MULTIPART.replace("AA", "BB")))


FRAGMENTS: dict[str, list[bytes]] = {
    XML: [
        *(
            b"<a>",
            b"</a>",
            b"<a/>",
            b"<b x='1'>",
            b"</b>",
            b"<?xml version='1.0' encoding='",
            b"utf-16",
            b"utf-7",
            b"hex",
        ),
        *(
            b"'?>",
            b"<!DOCTYPE a [",
            b"<!ENTITY b 'c'>",
            b"]>",
            b"&b;",
            b"&amp;",
            b"&#0;",
            b"&#xD800;",
            b"<![CDATA[",
            b"]]>",
        ),
        *(
            b"<!--",
            b"-->",
            b" x='1'",
            b" xmlns='u'",
            b" xmlns:n='u'",
            b"<n:a>",
            b"</n:a>",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"}",
        ),
    ],
    FORM: [b"a", b"b", b"=", b"&", b"+", b"%41", b"%", b"%zz", b"%FF", b"\xff", b";", b"\n", b"[]", b"1"],
    MULTIPART: [
        *(
            b"--AA",
            b"--AA--",
            b"--AA\r\n",
            b"\r\n",
            b"\n",
            b"Content-Disposition: form-data",
            b'; name="',
            b"a",
            b'"',
            b"=?",
        ),
        *(
            b"; filename*=utf-8''%FF",
            b"; name*0=a",
            b"Content-Type: text/plain; charset=utf-16\r\n",
            b"X-H: 1\r\n",
            b":",
            b"\\",
        ),
        *(
            b"Content-Transfer-Encoding: base64\r\n",
            b"Content-Transfer-Encoding: quoted-printable\r\n",
            b"=\xff",
            b"\xff",
        ),
    ],
}
STARTS = {XML: b"<a>", FORM: b"a=1", MULTIPART: b'--AA\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'}
KINDS = {
    content_type: tuple(
        interaction
        for rules in (
            {},
            {"$": TYPE_RULES},
            {"$": TYPE_RULES, "$.a": ANY_RULES, "$.a[0]": ANY_RULES, "$.a['x-h']": TYPE_RULES},
        )
        for interaction in loaded_as(content_type, recorded, rules).interactions
    )
    for content_type, recorded in {
        XML: "<a x='1'>1<b>2</b></a>",
        FORM: "a=1&b=2",
        MULTIPART: multipart_of([b'Content-Disposition: form-data; name="a"\r\nX-H: 1\r\n\r\n1'], "AA").decode(),
    }.items()
}


@LAW
@given(st.data(), st.sampled_from(sorted(FRAGMENTS)), CHARSETS)
def test_any_bytes_as_a_body_of_any_kind(data: st.DataObject, content_type: str, charset: str) -> None:
    """Whatever comes as XML, as a form or as parts, deciding and explaining it raise nothing, and they agree."""
    pieces = st.lists(st.sampled_from(FRAGMENTS[content_type]) | st.binary(max_size=3), max_size=15)
    content = data.draw(st.sampled_from([b"", STARTS[content_type]])) + b"".join(data.draw(pieces))
    for interaction in KINDS[content_type]:
        decide(interaction, post(content, content_type))
        decide(interaction, post(content, f"{content_type}; charset={charset}"))


# The index is a faster linear scan

SEGMENTS = st.sampled_from(["a", "b", "1", "42", "é", "a b", "a%20b", "%C3%A9", "a%2Fb", "%FF", "٣", "x-y", ""])
LITERAL_PATHS = st.lists(SEGMENTS, max_size=3).map(lambda segments: "/" + "/".join(segments))
PATH_PATTERNS = st.lists(
    st.sampled_from(
        [r"\d+", r"\w+", "[^/]+", ".*", "a", "é", "(a|b)", r"[\w-]+", r"\S+", "(?!a).+", r"\W", r"\bb\b", "a b"]
    ),
    min_size=1,
    max_size=3,
).map(lambda parts: "/" + "/".join(parts))


@st.composite
def interactions(draw: st.DrawFn) -> dict[str, Any]:
    request: dict[str, Any] = {"method": draw(st.sampled_from(["GET", "POST"])), "path": draw(LITERAL_PATHS)}
    kind = draw(st.integers(0, 5))
    if kind < 3:
        rule: dict[str, Any] = {"match": "regex", "regex": draw(PATH_PATTERNS)}
        if kind == 2:
            rule = draw(st.sampled_from([{"match": "type"}, {"match": "include", "value": "a"}, {"match": "equality"}]))
        request["matchingRules"] = {"path": {"matchers": [rule]}}
    if draw(st.booleans()):
        request["headers"] = {"X": draw(st.sampled_from(["1", "2"]))}
    if draw(st.booleans()):
        request["query"] = {"q": [draw(st.sampled_from(["1", "2"]))]}
    return {"request": request, "response": {"status": draw(st.sampled_from([200, 201, 404]))}}


@LAW
@given(
    st.lists(interactions(), max_size=8),
    st.lists(
        st.builds(
            Request,
            st.sampled_from(["GET", "POST", "PUT"]),
            LITERAL_PATHS,
            st.sampled_from(["", "", "q=1", "q=2"]),
            st.sampled_from([[], [("x", "1")], [("X", "2")]]),
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(sorted(ORDERS)),
)
def test_the_index_finds_what_a_scan_finds(entries: list[dict[str, Any]], requests: list[Request], order: str) -> None:
    """The answer through the index is the one of the best rank among all that match, tried one by one."""
    pact = load(*({"description": str(number), **entry} for number, entry in enumerate(entries)))
    index = Index(pact.interactions, order)
    for request in [*requests, *(example_request(item.interaction.request) for item in pact.interactions)]:
        fitting = [candidate for candidate in index.ranked if candidate.interaction.matches(request)]
        best = min(fitting, key=lambda candidate: candidate.rank).interaction if fitting else None
        found = find(index, request)
        assert (found.interaction if isinstance(found, Match) else None) is best
