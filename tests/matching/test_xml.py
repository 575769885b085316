"""XML bodies: elements, attributes and texts, namespaces, rules at each, and documents that nobody should send."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from matching import Index, NoMatch, ResponseMatcher, find, near_misses
from matching.json_text import MAX_DEPTH
from matching.xml_text import MAX_ELEMENTS, XmlError, parse_xml
from tests.matching.pacts import any_of, decide, first_mismatch, load, only_request, post, rule_lists, with_body

XML = "application/xml"
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


def decided(case: Case) -> None:
    """The case has the verdict that it names, in every layout of a pact."""
    expected = None if case.mismatch is None else ("body", *case.mismatch)
    for version in ("V3", "V4"):
        recorded = {"content": case.recorded, "contentType": XML} if version == "V4" else case.recorded
        interaction = with_body(recorded, case.rules, XML, version)
        assert first_mismatch(interaction, post(case.actual, XML)) == expected


def cases(table: list[Case]) -> Any:
    """A test for each case, under its fact."""
    return pytest.mark.parametrize("case", table, ids=[case.fact for case in table])


ROOT = '<root id="1"><a id="2">x</a></root>'

PLAIN = [
    Case("the same", ROOT, {}, ROOT),
    Case("another text", ROOT, {}, '<root id="1"><a id="2">y</a></root>', ("$.root.a['#text']", "equality")),
    Case("no text", ROOT, {}, '<root id="1"><a id="2"/></root>', ("$.root.a['#text']", "equality")),
    Case("another attribute value", ROOT, {}, '<root id="1"><a id="9">x</a></root>', ("$.root.a['@id']", "equality")),
    Case("an attribute of the root", ROOT, {}, '<root id="9"><a id="2">x</a></root>', ("$.root['@id']", "equality")),
    Case("a missing attribute", ROOT, {}, '<root id="1"><a>x</a></root>', ("$.root.a['@id']", "present")),
    Case("an extra attribute", ROOT, {}, '<root id="1"><a id="2" n="3">x</a></root>', ("$.root.a['@n']", "absent")),
    Case("another element", ROOT, {}, '<root id="1"><b id="2">x</b></root>', ("$.root.a", "present")),
    Case("another root", ROOT, {}, '<rooz id="1"><a id="2">x</a></rooz>', ("$.rooz", "equality")),
    Case("names have a case", "<r>x</r>", {}, "<R>x</R>", ("$.R", "equality")),
    Case("a missing element", ROOT, {}, '<root id="1"/>', ("$.root.a", "present")),
    Case("an extra element", ROOT, {}, '<root id="1"><a id="2">x<c/></a></root>', ("$.root.a.c", "absent")),
    Case("an element twice", ROOT, {}, '<root id="1"><a id="2">x</a><a id="2">x</a></root>', ("$.root.a", "equality")),
    Case("order of different names", "<r><a>1</a><b>2</b></r>", {}, "<r><b>2</b><a>1</a></r>"),
    Case(
        "order of one name", "<r><a>1</a><a>2</a></r>", {}, "<r><a>2</a><a>1</a></r>", ("$.r.a[0]['#text']", "equality")
    ),
    Case("one of a name is missing", "<r><a>1</a><a>2</a></r>", {}, "<r><a>1</a></r>", ("$.r.a", "equality")),
    Case("names may be mixed", "<r><a>1</a><b/><a>2</a></r>", {}, "<r><b/><a>1</a><a>2</a></r>"),
    Case("order of attributes", '<r x="1" y="2"/>', {}, "<r y='2' x='1'/>"),
    Case("blanks in attributes count", '<r x="1"/>', {}, '<r x=" 1 "/>', ("$.r['@x']", "equality")),
    Case("character references", '<r x="1">é</r>', {}, '<r x="&#49;">&#233;</r>'),
    Case(
        "attributes in elements of one name",
        '<r><a n="1"/><a n="2"/></r>',
        {},
        '<r><a n="1"/><a n="3"/></r>',
        ("$.r.a[1]['@n']", "equality"),
    ),
]


@cases(PLAIN)
def test_without_rules(case: Case) -> None:
    """Without rules the same elements, attributes and texts must come; only order that says nothing is free."""
    decided(case)


TEXTS = [
    Case("blanks around", "<r><a>x y</a></r>", {}, "<r>\n  <a>\n x y\t</a>\n</r>"),
    Case("blanks recorded", "<r><a> x </a></r>", {}, "<r><a>x</a></r>"),
    Case("blanks within", "<r>x y</r>", {}, "<r>x  y</r>", ("$.r['#text']", "equality")),
    Case("a line break within", "<r>x y</r>", {}, "<r>x\ny</r>", ("$.r['#text']", "equality")),
    Case("CDATA is text", "<r>x y</r>", {}, "<r><![CDATA[x y]]></r>"),
    Case("markup in CDATA is text", "<r><![CDATA[<x>]]></r>", {}, "<r>&lt;x&gt;</r>"),
    Case(
        "comments and instructions",
        "<!-- c --><r>x<!-- d --></r>",
        {},
        "<?xml version='1.0'?><?p?><r><!-- e -->x</r><!-- f -->",
    ),
    Case("an entity within a text", "<r>a &amp; b</r>", {}, "<r>a &#38; b</r>"),
    Case("blanks beside an entity count", "<r>a &amp; b</r>", {}, "<r>a&amp;b</r>", ("$.r['#text']", "equality")),
    Case("nothing in three spellings", "<r><a/><b/><c/></r>", {}, "<r><a></a><b> </b><c><!-- --></c></r>"),
    Case("text around elements is joined", "<r>p<b>1</b>q</r>", {}, "<r><b>1</b> pq </r>"),
    Case("text around elements in order", "<r>p<b/>q</r>", {}, "<r>q<b/>p</r>", ("$.r['#text']", "equality")),
    Case("blanks between the joined texts do not count", "<r>p<b/>q</r>", {}, "<r> p <b/> q </r>"),
    Case("blanks in a joined text count", "<r>p<b/>q</r>", {}, "<r>p q<b/></r>", ("$.r['#text']", "equality")),
    Case("unexpected text", "<r/>", {}, "<r>x</r>", ("$.r['#text']", "equality")),
    Case("rules see the text without the blanks around", "<r>x</r>", {"$.r.#text": regex("[xy]")}, "<r> y\n</r>"),
]


@cases(TEXTS)
def test_texts(case: Case) -> None:
    """The text of an element is that of its pieces without the blanks around each; comments say nothing."""
    decided(case)


def namespaced(prefix: str) -> str:
    """A document of one namespace under some prefix."""
    return f'<{prefix}:root xmlns:{prefix}="urn:x"><{prefix}:a {prefix}:id="1" k="2">t</{prefix}:a></{prefix}:root>'


NAMESPACED = namespaced("n")
OTHER_TEXT = NAMESPACED.replace(">t<", ">u<")
OTHER_ID = NAMESPACED.replace('"1"', '"9"')

NAMESPACES = [
    Case("another prefix", NAMESPACED, {}, namespaced("m")),
    Case("the default namespace", '<n:r xmlns:n="urn:x"><n:a/></n:r>', {}, '<r xmlns="urn:x"><a/></r>'),
    Case("no namespace", '<n:r xmlns:n="urn:x"/>', {}, "<r/>", ("$.r", "equality")),
    Case("another namespace", '<r xmlns="urn:x"/>', {}, '<r xmlns="urn:y"/>', ("$['urn:y:r']", "equality")),
    Case("declarations are no attributes", '<r xmlns:n="urn:x"/>', {}, '<r xmlns:o="urn:o" xmlns:p="urn:p"/>'),
    Case("attributes with another prefix", '<r xmlns:n="urn:x" n:id="1"/>', {}, '<r xmlns:m="urn:x" m:id="1"/>'),
    Case(
        "attributes without a prefix",
        '<r xmlns:n="urn:x" n:id="1"/>',
        {},
        '<r id="1"/>',
        ("$.r['@urn:x:id']", "present"),
    ),
    Case("rules by namespace", NAMESPACED, {"$['urn:x:root']['urn:x:a']": TYPE}, OTHER_TEXT),
    Case("rules by unquoted namespace", NAMESPACED, {"$.urn:x:root.urn:x:a.#text": TYPE}, OTHER_TEXT),
    Case("rules by prefix", NAMESPACED, {"$['n:root']['n:a']['#text']": TYPE}, OTHER_TEXT),
    Case(
        "rules by prefix for another prefix", NAMESPACED, {"$.n:root.n:a": TYPE}, namespaced("m").replace(">t<", ">u<")
    ),
    Case(
        "rules by local name",
        NAMESPACED,
        {"$.root.a": TYPE},
        OTHER_TEXT,
        ("$['urn:x:root']['urn:x:a']['#text']", "equality"),
    ),
    Case("rules by star", NAMESPACED, {"$.*.*.#text": TYPE}, OTHER_TEXT),
    Case("rules for attributes by namespace", NAMESPACED, {"$.*.*['@urn:x:id']": INTEGER}, OTHER_ID),
    Case("rules for attributes by prefix", NAMESPACED, {"$.*.*['@n:id']": INTEGER}, OTHER_ID),
    Case(
        "rules for other attributes",
        NAMESPACED,
        {"$.*.*['@id']": TYPE},
        OTHER_ID,
        ("$['urn:x:root']['urn:x:a']['@urn:x:id']", "equality"),
    ),
    Case("a language", '<r xml:lang="en"/>', {"$.r['@xml:lang']": TYPE}, '<r xml:lang="de"/>'),
    Case(
        "a language without rules",
        '<r xml:lang="en"/>',
        {},
        '<r xml:lang="de"/>',
        ("$.r['@http://www.w3.org/XML/1998/namespace:lang']", "equality"),
    ),
]


@cases(NAMESPACES)
def test_namespaces(case: Case) -> None:
    """Names are compared by namespace and local name; a rule names them so, or by the recorded prefix."""
    decided(case)


WITH_TEXT = '<root id="1"><a id="2">y</a></root>'
WITH_ID = '<root id="1"><a id="9">x</a></root>'
WITH_ROOT_ID = '<root id="9"><a id="2">x</a></root>'

RULES = [
    Case("type at the root frees texts", ROOT, {"$": TYPE}, WITH_TEXT),
    Case("type at the root frees attributes", ROOT, {"$": TYPE}, WITH_ROOT_ID),
    Case(
        "type at the root keeps the names",
        ROOT,
        {"$": TYPE},
        '<rooz id="1"><a id="2">x</a></rooz>',
        ("$.rooz", "equality"),
    ),
    Case(
        "type at the root keeps the attributes",
        ROOT,
        {"$": TYPE},
        '<root id="1"><a>x</a></root>',
        ("$.root.a['@id']", "present"),
    ),
    Case(
        "type at the root keeps the elements",
        ROOT,
        {"$": TYPE},
        '<root id="1"><b id="2">x</b></root>',
        ("$.root.a", "present"),
    ),
    Case("type takes no text at all", ROOT, {"$": TYPE}, '<root id="1"><a id="2"/></root>'),
    Case("type at an element", ROOT, {"$.root.a": TYPE}, '<root id="1"><a id="9">y</a></root>'),
    Case("type at an element leaves the rest", ROOT, {"$.root.a": TYPE}, WITH_ROOT_ID, ("$.root['@id']", "equality")),
    Case("type at a text", ROOT, {"$.root.a.#text": TYPE}, WITH_TEXT),
    Case("type at a text leaves attributes", ROOT, {"$.root.a.#text": TYPE}, WITH_ID, ("$.root.a['@id']", "equality")),
    Case("type at an attribute", ROOT, {"$.root.a.@id": TYPE}, WITH_ID),
    Case("type at a quoted attribute", ROOT, {"$.root.a['@id']": TYPE}, WITH_ID),
    Case("type at a quoted text", ROOT, {"$['root']['a']['#text']": TYPE}, WITH_TEXT),
    Case(
        "an attribute must come whatever its rule",
        ROOT,
        {"$.root.a.@id": TYPE},
        '<root id="1"><a>x</a></root>',
        ("$.root.a['@id']", "present"),
    ),
    Case("a star for an element", ROOT, {"$.root.*.#text": TYPE}, WITH_TEXT),
    Case("a star for text and attributes", ROOT, {"$.root.a.*": TYPE}, '<root id="1"><a id="9">y</a></root>'),
    Case(
        "equality stops what is inherited",
        ROOT,
        {"$": TYPE, "$.root.a": EQUALITY},
        WITH_TEXT,
        ("$.root.a['#text']", "equality"),
    ),
    Case("a number of a text", "<r>1</r>", {"$.r.#text": INTEGER}, "<r> 42 </r>"),
    Case("no number of a text", "<r>1</r>", {"$.r.#text": INTEGER}, "<r>x</r>", ("$.r['#text']", "integer")),
    Case("a number of an attribute", '<r n="1"/>', {"$.r.@n": INTEGER}, '<r n="42"/>'),
    Case(
        "a decimal of an attribute",
        '<r n="1.5"/>',
        {"$.r.@n": {"match": "decimal"}},
        '<r n="x"/>',
        ("$.r['@n']", "decimal"),
    ),
    Case("a boolean", "<r>true</r>", {"$.r.#text": {"match": "boolean"}}, "<r>yes</r>", ("$.r['#text']", "boolean")),
    Case("a date", "<r>2000-01-01</r>", {"$.r.#text": {"match": "date", "format": "yyyy-MM-dd"}}, "<r>2024-02-29</r>"),
    Case(
        "no date",
        "<r>2000-01-01</r>",
        {"$.r.#text": {"match": "date", "format": "yyyy-MM-dd"}},
        "<r>2023-02-29</r>",
        ("$.r['#text']", "date yyyy-MM-dd"),
    ),
    Case("a version", '<r v="1.0.0"/>', {"$.r.@v": {"match": "semver"}}, '<r v="1.2"/>', ("$.r['@v']", "semver")),
    Case("a part of a text", "<r>abc</r>", {"$.r.#text": {"match": "include", "value": "b"}}, "<r>xbx</r>"),
    Case(
        "no part of a text",
        "<r>abc</r>",
        {"$.r.#text": {"match": "include", "value": "b"}},
        "<r>x</r>",
        ("$.r['#text']", 'include "b"'),
    ),
    Case("a text that is not empty", "<r>x</r>", {"$.r.#text": NOT_EMPTY}, "<r/>", ("$.r['#text']", "notEmpty")),
    Case(
        "a type of content",
        "<r>{}</r>",
        {"$.r.#text": {"match": "contentType", "value": "application/json"}},
        '<r>{"a":1}</r>',
    ),
    Case("a rule at an element is for its text", "<r><a>1</a></r>", {"$.r.a": INTEGER}, "<r><a>7</a></r>"),
    Case(
        "a rule at an element refuses its text",
        "<r><a>1</a></r>",
        {"$.r.a": INTEGER},
        "<r><a>x</a></r>",
        ("$.r.a['#text']", "integer"),
    ),
    Case("a regex at an element is for its text", "<r><a>1</a></r>", {"$.r.a": regex(r"\d+")}, "<r><a>77</a></r>"),
    Case(
        "a regex at an element fails",
        "<r><a>1</a></r>",
        {"$.r.a": regex(r"\d+")},
        "<r><a>x</a></r>",
        ("$.r.a", "regex"),
    ),
    Case("a regex for name, text and attributes", ROOT, {"$.root.a": regex("a|x|y|2")}, WITH_TEXT),
    Case(
        "a regex has to suit the attributes too",
        ROOT,
        {"$.root.a": regex("a|x")},
        ROOT,
        ("$.root.a['@id']", "regex a|x"),
    ),
    Case(
        "a regex does not free the number",
        "<r><a>1</a></r>",
        {"$.r.a": regex(r"\d")},
        "<r><a>2</a><a>3</a></r>",
        ("$.r.a", "equality"),
    ),
    Case(
        "both of two rules",
        "<r>12</r>",
        {"$.r.#text": [INTEGER, regex(".2")]},
        "<r>33</r>",
        ("$.r['#text']", "integer and regex .2"),
    ),
    Case("either of two rules", "<r>12</r>", {"$.r.#text": any_of(INTEGER, regex("x"))}, "<r>x</r>"),
    Case(
        "neither of two rules",
        "<r>12</r>",
        {"$.r.#text": any_of(INTEGER, regex("x"))},
        "<r>y</r>",
        ("$.r['#text']", "integer or regex x"),
    ),
    Case("an index is passed over", "<r><i>1</i></r>", {"$.r.i[0].#text": INTEGER}, "<r><i>7</i></r>"),
    Case("a star index is passed over", "<r><i>1</i></r>", {"$.r[0].i[*].#text": INTEGER}, "<r><i>7</i></r>"),
    Case("an element that is not empty", "<r><a>x</a></r>", {"$.r.a": NOT_EMPTY}, "<r><a/></r>", ("$.r.a", "notEmpty")),
]


@cases(RULES)
def test_rules(case: Case) -> None:
    """A rule is for an element's text, its attributes and all below; `.#text` and `.@name` are one of them."""
    decided(case)


ITEMS = "<root><item>1</item></root>"
TWO = "<root><item>1</item><item>2</item></root>"


def items(*texts: str) -> str:
    return f"<root>{''.join(f'<item>{text}</item>' for text in texts)}</root>"


COUNTS = [
    Case("type at the parent frees the number", ITEMS, {"$.root": TYPE}, items("7", "8", "9")),
    Case("type at the element frees the number", ITEMS, {"$.root.item": TYPE}, items("7", "8", "9")),
    Case("type at the root of all frees the number", ITEMS, {"$": TYPE}, items("7", "8")),
    Case("type by a star frees the number", ITEMS, {"$.root.*": TYPE}, items("7", "8")),
    Case("fewer than recorded", TWO, {"$.root.item": TYPE}, items("7")),
    Case("none at all", TWO, {"$.root.item": TYPE}, "<root/>", ("$.root.item", "present")),
    Case(
        "type at the text frees no number",
        ITEMS,
        {"$.root.item.#text": TYPE},
        items("7", "8"),
        ("$.root.item", "equality"),
    ),
    Case(
        "names that were not recorded",
        ITEMS,
        {"$.root": TYPE},
        "<root><item>1</item><x/></root>",
        ("$.root.x", "absent"),
    ),
    Case(
        "each is held against the first",
        "<r><i><n>1</n></i></r>",
        {"$.r.i": TYPE},
        "<r><i><n>2</n></i><i/></r>",
        ("$.r.i[1].n", "present"),
    ),
    Case(
        "with a rule for the text",
        ITEMS,
        {"$.root": TYPE, "$.root.item.#text": INTEGER},
        items("7", "x"),
        ("$.root.item[1]['#text']", "integer"),
    ),
    Case(
        "with a rule for the text that holds",
        ITEMS,
        {"$.root": bounds(1), "$.root.item.#text": INTEGER},
        items("7", "8"),
    ),
    Case("at least as many children", ITEMS, {"$.root": bounds(2)}, items("7", "8")),
    Case("too few children", ITEMS, {"$.root": bounds(2)}, items("7"), ("$.root", "type")),
    Case("as many as wanted", ITEMS, {"$.root": bounds(1, 2)}, items("7", "8")),
    Case("bounds of the elements themselves", ITEMS, {"$.root.item": bounds(2)}, items("7", "8")),
    Case("too few of the elements themselves", ITEMS, {"$.root.item": bounds(2)}, items("7"), ("$.root.item", "type")),
    Case("at most so many of the elements", ITEMS, {"$.root.item": bounds(1, 2)}, items("7", "8")),
    Case("bounds are not inherited", ITEMS, {"$": bounds(2)}, items("7")),
    Case("equality frees no number", ITEMS, {"$.root.item": EQUALITY}, items("1", "1"), ("$.root.item", "equality")),
    Case("type among alternatives frees the number", ITEMS, {"$.root.item": any_of(EQUALITY, TYPE)}, items("7", "8")),
]


@cases(COUNTS)
def test_how_many(case: Case) -> None:
    """`type` frees how many elements of a name there are, but for none; bounds count what is in it, or beside it."""
    decided(case)


LONE = [
    Case("too many children", ITEMS, {"$.root": bounds(None, 2)}, items("7", "8", "9"), ("$.root", "type")),
    Case(
        "too many children of an element below",
        "<r><l><i/></l></r>",
        {"$.r.l": bounds(1, 2)},
        "<r><l><i/><i/><i/></l></r>",
        ("$.r.l", "type"),
    ),
    Case(
        "both of two rules",
        "<r><l>x</l></r>",
        {"$.r.l": [bounds(1), bounds(None, 1)]},
        "<r><l>x<i/></l></r>",
        ("$.r.l", "type and type"),
    ),
    Case("either of two rules", "<r><l><i/></l></r>", {"$.r.l": any_of(bounds(3), bounds(1, 1))}, "<r><l><i/></l></r>"),
    Case(
        "neither of two rules",
        "<r><l><i/></l></r>",
        {"$.r.l": any_of(bounds(3), bounds(1, 1))},
        "<r><l><i/><i/></l></r>",
        ("$.r.l", "type or type"),
    ),
    Case("at least one child", "<r><l>x</l></r>", {"$.r.l": bounds(1)}, "<r><l/></r>", ("$.r.l", "type")),
]


@cases(LONE)
def test_how_much_is_in_a_lone_element(case: Case) -> None:
    """Bounds at an element that nothing of its name stands beside are for what is in it."""
    decided(case)


RESPONSES = [
    ("further attributes", "<r><a/></r>", {}, "<r n='1'><a m='2'/></r>", True),
    ("further elements", "<r><a/></r>", {}, "<r><a/><b/></r>", True),
    ("further elements of a name", "<r><a>1</a></r>", {}, "<r><a>1</a><a>2</a></r>", True),
    ("further texts", "<r><a/></r>", {}, "<r>x<a/></r>", False),
    ("missing attributes", "<r n='1'/>", {}, "<r/>", False),
    ("missing elements", "<r><a/></r>", {}, "<r/>", False),
    ("another first element of a name", "<r><a>1</a></r>", {}, "<r><a>2</a><a>1</a></r>", False),
    ("further elements under type", "<r><a/></r>", {"$.r": TYPE}, "<r><a/><b/></r>", False),
    ("further attributes under type", "<r><a/></r>", {"$.r": TYPE}, "<r n='1'><a/></r>", True),
]


@pytest.mark.parametrize(
    ("recorded", "rules", "actual", "matches"), [row[1:] for row in RESPONSES], ids=[row[0] for row in RESPONSES]
)
def test_responses(recorded: str, rules: dict[str, Any], actual: str, matches: bool) -> None:
    """A response may hold more than was recorded, but for elements under `type`."""
    response = {"headers": {"Content-Type": XML}, "body": recorded, "matchingRules": {"body": rule_lists(rules)}}
    matcher = ResponseMatcher(load({"request": {}, "response": response}).interactions[0].interaction.response)
    assert matcher.matches(200, post(actual, XML)) is matches
    assert (not list(matcher.explain(200, post(actual, XML)))) is matches


# Documents that are none

BROKEN = [
    "",
    "not xml",
    "<r>",
    "<r><a></r>",
    "<r/><s/>",
    "<r>x</r>junk",
    "<r a=1/>",
    "<r a='1' a='2'/>",
    "<n:r/>",
    "<r>&nbsp;</r>",
    "<r>&e;</r>",
    "<r>\x00</r>",
    "<r>&#0;</r>",
    " <?xml version='1.0'?><r>x</r>",
    "<?xml version='1.0' encoding='nope'?><r>x</r>",
    "<!DOCTYPE r><r>x</r>",
    "<!DOCTYPE r SYSTEM 'r.dtd'><r>x</r>",
    "<!DOCTYPE r [<!ENTITY e 'x'>]><r>&e;</r>",
    '{"r":"x"}',
]


@pytest.mark.parametrize("document", BROKEN)
def test_what_is_no_xml(document: str) -> None:
    """It matches nothing, whatever the rules, and is told apart from a document that differs."""
    with pytest.raises(XmlError):
        parse_xml(document.encode())
    for rules in ({}, {"$": TYPE}):
        mismatch = first_mismatch(with_body("<r>x</r>", rules, XML), post(document, XML))
        assert mismatch == (("body", "$", "XML") if document else ("body", "$", "present"))


@pytest.mark.parametrize("document", [document for document in BROKEN if document])
def test_what_is_recorded_as_xml_and_is_none(document: str) -> None:
    """It matches nothing, not even itself, and its interaction warns of it."""
    pact = load({"request": {"method": "POST", "headers": {"Content-Type": XML}, "body": document}})
    (interaction,) = pact.interactions
    assert first_mismatch(interaction, post(document, XML)) == ("body", "$", "equality")
    assert ["does not match its own interaction" in problem.message for problem in pact.problems] == [True]


TYPES = [
    ("application/xml", "application/xml; charset=utf-8", None),
    ("application/xml", "text/xml", "header"),
    ("text/xml", "text/xml", None),
    ("application/soap+xml", "application/soap+xml", None),
    ("application/xml", "application/soap+xml", "header"),
    ("image/svg+xml", "image/svg+xml", None),
    ("application/atom+xml;type=entry", "application/atom+xml;type=entry", None),
    ("application/xml", "application/json", "header"),
]


@pytest.mark.parametrize(("recorded", "actual", "part"), TYPES)
def test_types(recorded: str, actual: str, part: str | None) -> None:
    """What is called XML, or ends in +xml, is compared as XML; the header counts on its own."""
    interaction = with_body('<r a="1" b="2"/>', {}, recorded)
    mismatch = first_mismatch(interaction, post('<r b="2" a="1"/>', actual))
    assert (mismatch[0] if mismatch else None) == part


def test_two_names_of_one_type() -> None:
    """Without a recorded header, `text/xml` and `application/xml` are the same, and a suffix is a kind of it."""
    body = {"content": "<r/>", "contentType": "application/xml"}
    interaction = only_request({"method": "POST", "body": body}, "V4")
    for content_type in ("application/xml", "text/xml", "application/soap+xml", None):
        assert first_mismatch(interaction, post("<r></r>", content_type)) is None
    assert first_mismatch(interaction, post("<r></r>", "text/plain")) == ("body type", "", "content type")


def test_xml_without_a_type() -> None:
    """A recorded text that begins like XML is compared as XML."""
    for recorded in ("<?xml version='1.0'?><r><a/></r>", "<r><a/></r>"):
        assert first_mismatch(with_body(recorded, {}, None), post("<r> <a></a> </r>", XML)) is None


CHARSETS = [
    ("<?xml version='1.0' encoding='iso-8859-1'?><r>é</r>", "latin-1", XML),
    ("<r>é</r>", "latin-1", "application/xml; charset=iso-8859-1"),
    ("<r>é</r>", "utf-8", "application/xml; charset=utf-8"),
    ("\ufeff<r>é</r>", "utf-8", XML),
    ("<?xml version='1.0' encoding='utf-16'?><r>é</r>", "utf-16", XML),
    ("<r>é</r>", "utf-16", XML),
]


@pytest.mark.parametrize(("document", "codec", "content_type"), CHARSETS)
def test_charsets(document: str, codec: str, content_type: str) -> None:
    """An XML document is read in its charset, wherever that is named."""
    interaction = with_body("<r>é</r>", {}, XML)
    assert first_mismatch(interaction, post(document.encode(codec), content_type)) is None


def test_bytes_in_no_charset() -> None:
    """Bytes that are not in the charset of the document are no XML."""
    assert first_mismatch(with_body("<r>é</r>", {}, XML), post("<r>é</r>".encode("latin-1"), XML)) == (
        "body",
        "$",
        "XML",
    )


def test_flat_rules() -> None:
    """Rules of V2 reach elements, texts and attributes as those of V3 do."""
    rules = {
        "$.body.root.item": {"match": "type", "min": 1},
        "$.body.root.item[*].#text": INTEGER,
        "$.body['root']['@id']": regex(r"\d+"),
    }
    recorded = '<root id="1"><item>1</item></root>'
    request = {"method": "POST", "headers": {"Content-Type": XML}, "body": recorded, "matchingRules": rules}
    interaction = only_request(request, "V2")
    assert first_mismatch(interaction, post('<root id="77"><item>5</item><item>6</item></root>', XML)) is None
    assert first_mismatch(interaction, post('<root id="x"><item>5</item></root>', XML)) == (
        "body",
        "$.root['@id']",
        r"regex \d+",
    )


def test_the_marks_of_content_at_the_root() -> None:
    """A contentType rule at `$` looks at the marks of the whole body and at nothing else."""
    interaction = with_body("<r>1</r>", {"$": {"match": "contentType", "value": "application/xml"}}, XML)
    assert first_mismatch(interaction, post("<other/>", XML)) is None
    assert first_mismatch(interaction, post("text", XML)) == ("body", "$", "contentType application/xml")


# Documents that nobody should send

BOUND = 5.0  # seconds: only a guard against hanging


def seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


BOMB = "<!DOCTYPE l [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
    f"<!ENTITY {chr(97 + n)} '{f'&{chr(96 + n)};' * 10}'>" for n in range(1, 10)
)
HOSTILE = {
    "entities within entities": f"{BOMB}]><r>&j;</r>",
    "parameter entities": "<!DOCTYPE r [<!ENTITY % a 'x'>%a;]><r/>",
    "a file": "<!DOCTYPE r [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><r>&f;</r>",
    "an external subset": "<!DOCTYPE r SYSTEM 'http://127.0.0.1:9/x.dtd'><r/>",
    "a million elements": "<r>" + "<a/>" * 1_000_000 + "</r>",
    "a hundred thousand attributes": "<r " + " ".join(f"a{n}=''" for n in range(100_001)) + "/>",
    "deep nesting": "<a>" * 100_000 + "</a>" * 100_000,
    "deep nesting that is not closed": "<r>" * 127,
}
FAT = {
    "a long text": "<r>" + "x" * 3_000_000 + "</r>",
    "a text of many pieces": "<r>" + "x&amp;" * 300_000 + "</r>",
    "many comments": "<r>" + "<!-- -->" * 300_000 + "</r>",
    "many elements and texts": "<r>" + "x<a/>" * 49_000 + "</r>",
    "a long name": "<" + "a" * 3_000_000 + "/>",
    "a long attribute": "<r a='" + "x" * 3_000_000 + "'/>",
    "many namespaces": "<r " + " ".join(f"xmlns:n{n}='u{n}'" for n in range(20_000)) + "/>",
    "an element for each of a hundred names": "<r>" + "".join(f"<a{n}/>" for n in range(99_000)) + "</r>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents(name: str) -> None:
    """Document types are never read, and documents beyond what anybody writes are refused as a whole, soon."""
    index = Index([with_body("<r><a>1</a></r>", {"$": TYPE}, XML)])
    request = post(HOSTILE[name], XML)
    assert seconds(lambda: find(index, request)) < BOUND
    (miss,) = near_misses(index, request)
    assert [mismatch.rule for mismatch in miss.mismatches] == ["XML"]


@pytest.mark.parametrize("name", FAT)
def test_fat_documents(name: str) -> None:
    """Large documents are decided and explained in time that grows with their size only."""
    index = Index([with_body("<r><a>1</a></r>", {"$.r.a": TYPE}, XML)])
    request = post(FAT[name], XML)
    assert seconds(lambda: find(index, request)) < BOUND
    assert seconds(lambda: near_misses(index, request)) < BOUND
    assert isinstance(find(index, request), NoMatch)


def test_the_deepest_document() -> None:
    """A document of just the depth that is compared is compared, one level more is not."""
    for depth, is_read in ((MAX_DEPTH, True), (MAX_DEPTH + 1, False)):
        document = "<a>" * depth + "</a>" * depth
        pact = load({"request": {"method": "POST", "headers": {"Content-Type": XML}, "body": document}})
        assert [decide(interaction, post(document, XML)) for interaction in pact.interactions] == [is_read]


def test_the_largest_document() -> None:
    """A document of just the size that is compared is compared."""
    document = "<r>" + "<a>2</a>" * (MAX_ELEMENTS - 1) + "</r>"
    interaction = with_body("<r><a>1</a></r>", {"$.r.a": INTEGER, "$.r": TYPE}, XML)
    assert seconds(lambda: interaction.matches(post(document, XML))) < BOUND
    free = with_body("<r><a>1</a></r>", {"$.r": TYPE}, XML)
    assert free.matches(post(document, XML))


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(?=a)(a+)+$", "(?=(a+)+b)(?!(a|aa)+c)a*"])
@pytest.mark.parametrize("path", ["$", "$.r.a", "$.r.a.#text", "$.r.a.@n"])
def test_hostile_patterns(pattern: str, path: str) -> None:
    """Texts and attributes under patterns that run away are given up soon."""
    recorded = '<r><a n="a">a</a></r>'
    rules = {"body": rule_lists({path: regex(pattern), **({"$.r": TYPE} if path != "$" else {})})}
    request = {"method": "POST", "headers": {"Content-Type": XML}, "body": recorded, "matchingRules": rules}
    index = Index(load({"request": request}).interactions)
    text = "a" * 3000 + "!"
    evil = post("<r>" + f'<a n="{text}">{text}</a>' * 100 + "</r>", XML)
    assert seconds(lambda: find(index, evil)) < BOUND
    assert isinstance(find(index, evil), NoMatch)
    assert seconds(lambda: near_misses(index, evil)) < BOUND


def test_a_recorded_document_of_many_elements() -> None:
    """Recording a large document costs what it holds."""
    document = "<r>" + "".join(f"<a{n} b='{n}'>x</a{n}>" for n in range(20_000)) + "</r>"
    interaction = with_body(document, {"$.r.*": TYPE}, XML)
    assert decide(interaction, post(document.replace("x", "y"), XML))
