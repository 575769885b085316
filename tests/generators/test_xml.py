"""XML bodies: texts and attributes are generated where they stand; every other byte goes out as it was recorded."""

from __future__ import annotations

import base64

import pytest
from defusedxml.ElementTree import fromstring

from matching import Severity
from tests.generators.answers import FROM_STATE, Answer, generated

DOCUMENT = (
    "<?xml version='1.0'?>\n<!-- <a>no</a> --><?pi <a>?>\n"
    '<o:order xmlns:o="urn:orders" xmlns="urn:items" o:id="1" state = \'new\' note="a>b">\n'
    "  Text <!-- of the --> order\n"
    "  <item price='1.50'>one<![CDATA[<&>]]></item>\n"
    '  <o:item\tprice="2"/>\n'
    "  <item>\n    two &amp; three\n    <sub>deep</sub> tail\n  </item>\n"
    "  <empty></empty><closed /><é>ü</é>\n"
    "</o:order>\n<!-- end -->"
)

PLACES: list[tuple[str, list[tuple[str, str]]]] = [
    ("$['o:order']['@o:id']", [('o:id="1"', 'o:id="NEW"')]),
    ("$.o:order.@o:id", [('o:id="1"', 'o:id="NEW"')]),
    ("$['o:order']['@state']", [("state = 'new'", 'state = "NEW"')]),
    ("$['o:order']['@note']", [('note="a>b"', 'note="NEW"')]),
    ("$['o:order'].item[0]", [("one<![CDATA[<&>]]>", "NEW")]),
    ("$['o:order'].item[0]['#text']", [("one<![CDATA[<&>]]>", "NEW")]),
    ("$.o:order.item[0].#text", [("one<![CDATA[<&>]]>", "NEW")]),
    ("$['o:order'].item[0]['@price']", [("'1.50'", '"NEW"')]),
    ("$['o:order']['o:item']['@price']", [('price="2"', 'price="NEW"')]),
    ("$['o:order']['o:item']", [('price="2"/>', 'price="2">NEW</o:item>')]),
    ("$['o:order'].item[1].sub", [("deep", "NEW")]),
    ("$['o:order'].item[1]", [("\n    two &amp; three\n    <sub>", "NEW<sub>")]),
    ("$['o:order'].item.sub", [("deep", "NEW")]),
    ("$['o:order'].item[*].sub['#text']", [("deep", "NEW")]),
    ("$['o:order'].empty", [("<empty></empty>", "<empty>NEW</empty>")]),
    ("$['o:order'].closed", [("<closed />", "<closed >NEW</closed>")]),
    ("$['o:order'].é", [("ü", "NEW")]),
    ("$.*.empty", [("<empty></empty>", "<empty>NEW</empty>")]),
    ("$['o:order']['#text']", [("\n  Text <!-- of the --> order\n  ", "NEW")]),
    ("$['o:order'].*.sub", [("deep", "NEW")]),
]


@pytest.mark.parametrize(("path", "changes"), PLACES, ids=[path for path, _ in PLACES])
def test_places(path: str, changes: list[tuple[str, str]]) -> None:
    """A path names elements as they are written, with their prefix; `@` an attribute, `#text` (or nothing) the text."""
    recorded = generated(DOCUMENT, {path: FROM_STATE}, "application/xml")
    assert not recorded.problems
    expected = DOCUMENT
    for old, new in changes:
        assert expected.count(old) == 1
        expected = expected.replace(old, new)
    assert recorded.answer(params={"v": "NEW"}).text == expected


def test_elements_of_one_name() -> None:
    """A path without an index leads to all elements of a name."""
    recorded = generated(
        "<a><b>1</b><c/><b>2</b></a>", {"$.a.b": {"type": "RandomInt", "min": 100, "max": 999}}, "text/xml"
    )
    root = fromstring(recorded.answer().text)
    texts = [element.text for element in root.findall("b")]
    assert all(text and len(text) == 3 for text in texts)
    assert len(set(texts)) == 2
    assert len(root.findall("c")) == 1


@pytest.mark.parametrize(
    "path",
    ["$.order", "$['o:order'].nothing", "$['o:order']['@id']", "$['o:order'].item[2]", "$['o:order'].item['@x'].y"],
)
def test_paths_that_lead_nowhere(path: str) -> None:
    """A path that leads to nothing has no effect; a note says so. Names without their prefix lead nowhere."""
    recorded = generated(DOCUMENT, {path: FROM_STATE}, "application/xml")
    [problem] = recorded.problems
    assert problem.severity is Severity.NOTE
    assert recorded.answer(params={"v": "NEW"}).text == DOCUMENT


HOSTILE_VALUES = [
    "<&\"'>",
    "]]>",
    "<!-- -->",
    "&amp;",
    "line\nbreak\r\ttab",
    " blanks ",
    "é 世界 🛒",
    "</o:order>",
    '" onload="x',
]


@pytest.mark.parametrize("value", HOSTILE_VALUES, ids=repr)
def test_values_are_escaped(value: str) -> None:
    """Whatever a value holds, it arrives as that text, in elements and attributes."""
    recorded = generated('<a x="1"><b>1</b><c/></a>', {"$.a.@x": FROM_STATE, "$.a.*": FROM_STATE}, "application/xml")
    root = fromstring(recorded.answer(params={"v": value}).body)
    told = value.replace("\r", "\n")  # line ends of texts are normalised by whoever reads XML
    assert (root.get("x"), [element.text.replace("\r", "\n") for element in root if element.text]) == (
        value,
        [told, told],
    )


@pytest.mark.parametrize("value", ["\x00", "a\x01\x1fb", "\ufffe", "\x0b"])
def test_values_that_xml_cannot_hold(value: str) -> None:
    """Characters that XML has no way to say are replaced; the document stays XML."""
    recorded = generated('<a x="1">1</a>', {"$.a.@x": FROM_STATE, "$.a": FROM_STATE}, "application/xml")
    root = fromstring(recorded.answer(params={"v": value}).body)
    assert "\ufffd" in (root.text or "")
    assert "\ufffd" in (root.get("x") or "")


@pytest.mark.parametrize(
    ("value", "written"),
    [(5, "5"), (1.5, "1.5"), (True, "true"), (None, "null"), ([1, "a"], '[1,"a"]'), ({"a": 1}, '{"a":1}')],
)
def test_values_that_are_no_text(value: object, written: str) -> None:
    """A value that is no text is written as JSON would write it."""
    recorded = generated("<a>1</a>", {"$.a": FROM_STATE}, "application/xml")
    assert fromstring(recorded.answer(params={"v": value}).body).text == written


def read(answer: Answer) -> tuple[str | None, str | None]:
    """Attribute and text of the root, by a parser that goes by the document's own declaration."""
    root = fromstring(answer.body)
    return root.get("n"), root.text


ENCODED = "<?xml version='1.0' encoding='{}'?><a n=\"é\">x</a>"


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "iso-8859-1", "us-ascii", "windows-1252"])
@pytest.mark.parametrize("value", ["ü", "€ 世界"])
@pytest.mark.parametrize("says_so", ["declaration", "declaration and header"])
def test_encodings(encoding: str, value: str, says_so: str) -> None:
    """A document stays in the encoding it declares; what that cannot hold is written as a character reference."""
    text = ENCODED.format(encoding).replace("é", "&#233;" if encoding == "us-ascii" else "é")
    content = base64.b64encode(text.encode(encoding)).decode()
    content_type = "application/xml" if says_so == "declaration" else f"application/xml; charset={encoding}"
    recorded = generated(content, {"$.a": FROM_STATE}, content_type, encoded="base64")
    assert not recorded.problems
    assert read(recorded.answer(params={"v": value})) == ("é", value)


@pytest.mark.parametrize("content_type", ["application/xml", "application/xml; charset=utf-16"])
def test_encodings_that_are_not_cut(content_type: str) -> None:
    """A document in UTF-16 is answered as it was recorded, and that is told."""
    content = base64.b64encode(ENCODED.format("utf-16").encode("utf-16")).decode()
    recorded = generated(content, {"$.a": FROM_STATE}, content_type, encoded="base64")
    assert len(recorded.problems) == 1
    assert recorded.answer(params={"v": "NEW"}).body == recorded.body


def test_byte_order_mark() -> None:
    """A byte order mark stays where it was."""
    recorded = generated("\ufeff<a>x</a>", {"$.a": FROM_STATE}, "application/xml")
    assert recorded.answer(params={"v": "ü"}).body == b"\xef\xbb\xbf<a>\xc3\xbc</a>"


def test_text_and_elements_side_by_side() -> None:
    """The text of an element stands before its first child; what follows the child stays."""
    recorded = generated("<a>one<b>two</b>three</a>", {"$.a": FROM_STATE, "$.a.b": FROM_STATE}, "application/xml")
    assert recorded.answer(params={"v": "NEW"}).text == "<a>NEW<b>NEW</b>three</a>"


@pytest.mark.parametrize("content_type", ["text/xml", "application/soap+xml; charset=utf-8", "application/atom+xml"])
def test_types_like_xml(content_type: str) -> None:
    """Types that are XML by their suffix count as XML."""
    recorded = generated("<a>x</a>", {"$.a": FROM_STATE}, content_type)
    assert recorded.answer(params={"v": "NEW"}).text == "<a>NEW</a>"
