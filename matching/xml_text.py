"""XML text to elements, without document types, entities of its own, or more nesting than anybody writes.

Names are compared by namespace and local name, so a name here is `local` or `namespace:local`, whatever prefix stood in
the text; attribute names likewise. The text of an element is that of its own pieces, each without the blanks around it;
comments and processing instructions count for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from matching.json_text import MAX_DEPTH

_LONGEST_NAMESPACE = 500  # characters
MAX_ELEMENTS = 100_000  # elements and attributes of a document that are compared


class XmlError(ValueError):
    """A text that is not XML, or more of it than is compared; the message says why."""


@dataclass(slots=True, eq=False)
class Element:
    """One element. `local` is its name without a namespace, `written` with the prefix it has in the text.

    `start` and `end` are the places, in bytes of the text as UTF-8, of its start tag and its end tag (of the element
    itself where it has no end tag).
    """

    name: str
    local: str
    written: str
    attributes: dict[str, str]
    written_attributes: dict[str, str]  # name with prefix to name
    start: int
    end: int = 0
    text: str = ""
    children: list[Element] = field(default_factory=list)
    by_name: dict[str, list[Element]] = field(default_factory=dict)

    @property
    def content_size(self) -> int:
        """How many children there are; text counts as one."""
        return len(self.children) + bool(self.text)

    def walk(self) -> Iterator[Element]:
        """This element and all below it."""
        todo = [self]
        while todo:
            element = todo.pop()
            yield element
            todo.extend(reversed(element.children))


def parse_xml(content: bytes, charset: str | None = None) -> Element:
    """The root element. `charset` (as HTTP declares it) outweighs what the document says. Raises XmlError."""
    builder = _Builder()
    parser = DefusedXMLParser(target=builder, encoding=charset, forbid_dtd=True)
    expat = parser.parser
    expat.namespace_prefixes = True  # names come as namespace}local}prefix
    builder.position = lambda: int(expat.CurrentByteIndex)
    try:
        parser.feed(content)
        root = parser.close()
    except ParseError as error:
        raise XmlError(str(error)) from None
    except DefusedXmlException:
        raise XmlError("it has a document type declaration, which is never read") from None
    except (LookupError, ValueError) as error:  # an encoding that is not known, or not the right one
        raise XmlError(str(error)) from None
    if not isinstance(root, Element):
        raise XmlError("no element found")
    return root


class _Builder:
    """Takes what the parser finds and makes elements of it."""

    def __init__(self) -> None:
        self.position: Callable[[], int] = lambda: 0
        self._open: list[Element] = []
        self._pieces: list[list[str]] = []  # of each open element: the text since its last child, then settled text
        self._settled: list[list[str]] = []
        self._left = MAX_ELEMENTS
        self._names: dict[str, tuple[str, str, str]] = {}  # equal names are one object
        self._root: Element | None = None

    def start_ns(self, prefix: str, namespace: str) -> None:
        """A namespace declaration. Names hold their namespace, so a long one would take memory many times."""
        if len(namespace) > _LONGEST_NAMESPACE:
            raise XmlError(f"a namespace is longer than {_LONGEST_NAMESPACE} characters")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """A start tag."""
        self._left -= 1 + len(attributes)
        if self._left < 0:
            raise XmlError(f"more than {MAX_ELEMENTS:,} elements and attributes are not compared")
        if len(self._open) >= MAX_DEPTH:
            raise XmlError(f"elements nested deeper than {MAX_DEPTH} levels are not compared")
        name, local, written = self._named(tag)
        values: dict[str, str] = {}
        spelled: dict[str, str] = {}
        for key, value in attributes.items():
            attribute, _, with_prefix = self._named(key)
            values[attribute] = value
            spelled[with_prefix] = attribute
        element = Element(name, local, written, values, spelled, self.position())
        if self._open:
            self._settle()
            parent = self._open[-1]
            parent.children.append(element)
            parent.by_name.setdefault(name, []).append(element)
        else:
            self._root = element
        self._open.append(element)
        self._pieces.append([])
        self._settled.append([])

    def _named(self, tag: str) -> tuple[str, str, str]:
        known = self._names.get(tag)
        if known is None:
            known = self._names[tag] = _names(tag)
        return known

    def _settle(self) -> None:
        piece = "".join(self._pieces[-1]).strip()
        if piece:
            self._settled[-1].append(piece)
        self._pieces[-1] = []

    def data(self, text: str) -> None:
        """Text between tags."""
        if self._pieces:
            self._pieces[-1].append(text)

    def end(self, tag: str) -> None:
        """An end tag."""
        self._settle()
        element = self._open.pop()
        element.end = self.position()
        element.text = "".join(self._settled.pop())
        self._pieces.pop()

    def close(self) -> Element | None:
        """The root element."""
        return self._root


def _names(name: str) -> tuple[str, str, str]:
    """(name, local name, name as written) of what the parser calls `{namespace}local}prefix`."""
    if not name.startswith("{"):
        return name, name, name
    namespace, *rest = name[1:].split("}")
    local = rest[0] if rest else ""
    return f"{namespace}:{local}", local, f"{rest[1]}:{local}" if len(rest) > 1 else local
