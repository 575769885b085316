"""Laws: no generator can fail a request or break a body, and what no generator touches goes out as it was recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus
from xml.sax.saxutils import escape, quoteattr

from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import Request
from matching.json_text import dump_json
from tests.generators.answers import FROM_STATE, NOON, Recorded, generated

TEXTS = st.text(max_size=20)
NUMBERS = st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
KEYS = st.sampled_from(["a", "b", "id", "odd key", "0", "", "é", 'q"', "#text"])
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)

TYPES = st.sampled_from(
    [
        "RandomInt", "RandomDecimal", "RandomHexadecimal", "RandomString", "RandomBoolean", "Regex", "Uuid", "Date",
        "Time", "DateTime", "ProviderState", "MockServerURL", "ArrayContains", "Nope",
    ]
)  # fmt: skip
ATTRIBUTES = st.fixed_dictionaries(
    {"type": TYPES},
    optional={
        "min": NUMBERS | st.integers(-5, 5) | st.sampled_from(["1", "x", None]),
        "max": NUMBERS | st.integers(0, 20) | st.sampled_from(["30", True]),
        "digits": st.integers(-1, 60),
        "size": st.integers(-1, 60),
        "regex": st.sampled_from([r"\d{1,5}", "[^a]+", ".*(/.*)", "(.*)", "(", r"(a|b)\1", "(?=x)y"]) | TEXTS,
        "format": st.sampled_from(["yyyy-MM-dd", "HH:mm XXX zzz VV", "GGGG D F W w e E n N A", "simple", "URN"])
        | TEXTS,
        "expression": st.sampled_from(
            ["v", "${v}", "/${v}/${w}", "tomorrow", "- 5 years", "+ 100 days @ noon", "next june", "- 3 hours"]
        )
        | TEXTS,
        "dataType": st.sampled_from(["STRING", "INTEGER", "DECIMAL", "FLOAT", "BOOLEAN", "RAW", "?", 5]),
        "example": TEXTS | st.just("http://x/a"),
    },
)
GENERATORS = ATTRIBUTES | DOCUMENTS
STEPS = st.sampled_from(
    [".a", ".b", ".id", "['odd key']", "[0]", "[1]", "[*]", ".*", "['']", ".@x", "['#text']", "..", "["]
)
PATHS = st.lists(STEPS, max_size=4).map(lambda steps: "$" + "".join(steps)) | TEXTS
HEADER_NAMES = st.sampled_from(["X-A", "x-a", "Location", "Content-Length", "Content-Type", "X Y", ""]) | TEXTS
PARAMS = st.dictionaries(st.sampled_from(["v", "w"]), DOCUMENTS | st.text(st.characters(), max_size=5), max_size=2)
ZONES = st.integers(-24 * 3600 + 1, 24 * 3600 - 1).map(lambda seconds: timezone(timedelta(seconds=seconds)))
MOMENTS = st.datetimes(timezones=ZONES) | st.datetimes(timezones=st.timezones() | st.just(UTC))
REQUESTS = st.builds(
    lambda path, query: Request("GET", f"/a/{quote(path)}", f"a={quote(query)}"),
    st.binary(max_size=5),
    st.binary(max_size=5),
)
BASES = st.just("http://stub.test") | TEXTS.map(lambda text: f"http://{text}")

RESPONSE_GENERATORS = st.fixed_dictionaries(
    {"body": st.dictionaries(PATHS, GENERATORS, min_size=1, max_size=4)},
    optional={"status": GENERATORS, "header": st.dictionaries(HEADER_NAMES, GENERATORS, max_size=3)},
)

XML_NAMES = st.sampled_from(["a", "b", "id", "n:c"])
XML_TEXTS = st.text(st.characters(exclude_categories=["C"], include_characters="\n\t"), max_size=8)
XML_PIECES = XML_TEXTS.map(escape) | st.sampled_from(["<!-- <a> -->", "<?pi <?>", "<![CDATA[<&>]]>", "&#233;", "\r\n"])


def _element(name: str, attributes: dict[str, str], content: list[str]) -> str:
    spelled = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{spelled}/>" if not content else f"<{name}{spelled}>{''.join(content)}</{name}>"


XML_ATTRIBUTES = st.dictionaries(st.sampled_from(["x", "id", "n:y"]), XML_TEXTS, max_size=2)
XML_ELEMENTS = st.recursive(
    st.builds(_element, XML_NAMES, XML_ATTRIBUTES, st.lists(XML_PIECES, max_size=2)),
    lambda inner: st.builds(_element, XML_NAMES, XML_ATTRIBUTES, st.lists(inner | XML_PIECES, max_size=4)),
    max_leaves=8,
)
XML_DOCUMENTS = XML_ELEMENTS.map(lambda element: f'<a xmlns:n="urn:n" id="1">{element}<b>t</b></a>')
FORMS = st.lists(
    st.builds(lambda name, value: f"{quote_plus(name)}={quote_plus(value)}", KEYS | TEXTS, TEXTS), max_size=4
).map("&".join)


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """A recorded body of one of the types that are generated."""
    content_type, contents = draw(
        st.sampled_from(
            [
                ("application/json", DOCUMENTS),
                ("application/xml", XML_DOCUMENTS),
                ("application/x-www-form-urlencoded", FORMS),
            ]
        )
    )
    return {"content": draw(contents), "contentType": content_type}


@settings(max_examples=400, deadline=None)
@given(bodies(), RESPONSE_GENERATORS, PARAMS, MOMENTS, BASES, REQUESTS, st.booleans(), st.integers())
def test_no_generator_fails_a_request(
    body: dict[str, Any],
    generators: dict[str, Any],
    params: dict[str, Any],
    now: Any,
    base: str,
    request: Request,
    echo: bool,
    seed: int,
) -> None:
    """Whatever generators are recorded, and whatever clock and parameters are given: an answer comes that can be sent,
    JSON stays JSON, XML stays XML, and the same comes again.
    """
    asked = {
        "path": "/a/x",
        "query": {"a": ["1"]},
        "matchingRules": {
            "path": {"matchers": [{"match": "regex", "regex": "(?s).*"}]},
            "query": {"a": {"matchers": [{"match": "regex", "regex": "(?s).*"}]}},
        },
    }
    recorded = Recorded({"headers": {"X-A": ["1"]}, "body": body, "generators": generators}, asked, echo=echo)
    answer = recorded.answer(seed, now=now, params=params, base=base, request=request)
    assert 200 <= answer.status <= 999
    for name, value in answer.headers.items():
        assert not set("\r\n\0") & set(name + value)
        (name + value).encode()
    if answer.status in (204, 304) or not recorded.body:
        assert answer.body in (b"", recorded.body)
    elif body["contentType"] == "application/json":
        json.dumps(answer.json)
    elif body["contentType"] == "application/xml":
        fromstring(answer.body)
    else:
        parse_qsl(answer.text, keep_blank_values=True, strict_parsing=True)
    assert recorded.answer(seed, now=now, params=params, base=base, request=request) == answer


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all scalars of a document."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path


def spelled(path: tuple[str | int, ...]) -> str:
    """A path as pacts write it."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f"['{step}']" for step in path)


def found(value: Any, path: tuple[str | int, ...]) -> Any:
    """What stands at a path."""
    for step in path:
        value = value[step]
    return value


@settings(max_examples=200, deadline=None)
@given(DOCUMENTS, st.data())
def test_the_rest_of_a_document_stays(document: Any, data: st.DataObject) -> None:
    """With the recorded values back in their places, an answer is the recorded body, byte for byte."""
    document = {"document": document, "leaf": 1}
    all_leaves = list(leaves(document))
    chosen = data.draw(st.lists(st.sampled_from(all_leaves), min_size=1, unique=True))
    # A JSON text that no document above holds, at each place its own.
    generators = {
        spelled(path): {"type": "Regex", "regex": f"place-{number}-here"} for number, path in enumerate(chosen)
    }
    recorded = generated(document, generators)
    assert not recorded.problems
    restored = recorded.answer().body
    for number, path in enumerate(chosen):
        mark = b'"place-%d-here"' % number
        assert restored.count(mark) == 1
        restored = restored.replace(mark, dump_json(found(document, path)))
    assert restored == recorded.body


@settings(max_examples=200, deadline=None)
@given(XML_DOCUMENTS, st.sampled_from(["$.a.b", "$.a['@id']", "$.a.*.id", "$.a.n:c", "$.a.*.*.b", "$.a.*['@x']"]))
def test_the_rest_of_an_xml_document_stays(document: str, path: str) -> None:
    """Every element, attribute and text but the generated ones is the recorded one."""
    recorded = generated(document, {path: FROM_STATE}, "application/xml")
    answer = recorded.answer(params={"v": "m4rk"}).body
    for before, after in zip(fromstring(document).iter(), fromstring(answer).iter(), strict=True):
        assert (after.tag, after.tail, set(after.attrib)) == (before.tag, before.tail, set(before.attrib))
        assert after.text in ("m4rk", before.text)
        assert all(value in ("m4rk", before.attrib[name]) for name, value in after.attrib.items())


@settings(max_examples=100, deadline=None)
@given(FORMS)
def test_the_rest_of_a_form_stays(form: str) -> None:
    """Every field but the generated one goes out as it was recorded."""
    recorded = generated(
        f"before=1&{form}&mine=old&after=%41", {"$.mine": FROM_STATE}, "application/x-www-form-urlencoded"
    )
    assert recorded.answer(params={"v": "m4rk"}).text == recorded.body.decode().replace("mine=old", "mine=m4rk")


@settings(max_examples=100, deadline=None)
@given(DOCUMENTS, st.integers(), st.integers())
def test_seeds_decide(document: Any, one: int, other: int) -> None:
    """Equal seeds give equal answers, other seeds others."""
    recorded = generated({"a": document, "u": "x"}, {"$.u": {"type": "Uuid"}})
    assert recorded.answer(one) == recorded.answer(one, now=NOON)
    assert (recorded.answer(one).body == recorded.answer(other).body) == (one == other)
    assert json.loads(recorded.answer(one).body)["a"] == document
