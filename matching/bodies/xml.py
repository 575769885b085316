"""XML bodies.

Theory of operation. A recorded document is compiled into a tree of nodes, one for each element, under a `Scope` of
rules as in JSON; names of elements are its keys, `@name` an attribute, `#text` the text of an element. Elements of one
name are compared in their order; between elements of different names the order is free.

What a rule at an element means: `type` (with or without bounds) frees how many elements of that name there are, each is
held against the first recorded one; bounds count what is in the element, or the elements of its name where there are
several; a regex is for the element's name or its text; every other rule is for its text. All are inherited by texts,
attributes and elements below. An index after a name (`item[0]`, `item[*]`) says nothing: it is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from matching.bodies.typed import TypedBody, unreadable, unreadable_example
from matching.content_types import ContentType, codec_of
from matching.matchers import TEXT_RULES, Equality, Matcher, Regex, RuleError, compile_rule, compile_rules
from matching.mismatch import Mismatch, Part, counted, shown
from matching.model import Body, BodyRules, MatchingRule, RuleList
from matching.paths import Path, Scope, Wildcard, render_step
from matching.request import Request
from matching.xml_text import Element, XmlError, parse_xml


class XmlBody(TypedBody):
    """An XML document, compared element by element."""

    __slots__ = ("_node",)

    def __init__(self, expected_type: ContentType | None, body: Body, rules: BodyRules, *, extra: bool) -> None:
        """Raises RuleError."""
        super().__init__(expected_type)
        try:
            root = parse_xml(body.content, codec_of(body.content_type))
        except XmlError:
            self._node: ElementNode | None = None  # recorded as XML and is not: no body equals it
        else:
            self._node = compile_xml(root, rules, extra=extra)

    def matches(self, request: Request) -> bool:
        if self._node is None or not self._arrived(request):
            return False
        root, _ = request.xml
        return root is not None and self._node.matches(root)

    def explain(self, request: Request) -> Iterator[Mismatch]:
        yield from self._explain_arrival(request)
        if not request.body:
            return
        root, error = request.xml
        if self._node is None:
            yield unreadable_example("XML", request)
        elif root is None:
            yield unreadable("XML", request, error or "")
        else:
            yield from self._node.explain(root, "$" + render_step(root.name))


def compile_xml(root: Element, rules: BodyRules, *, extra: bool = False) -> ElementNode:
    """Compile a recorded document and its body rules. `extra` lets elements hold attributes and children that were not
    recorded, as responses may. Raises RuleError.
    """
    prefixes = _prefixes(root)
    respelled = [(_respelled(path, prefixes), rule_list) for path, rule_list in rules]
    for _, rule_list in respelled:
        for rule in rule_list.rules:
            if rule.name not in TEXT_RULES:
                message = f"the matching rule {shown(rule.name)} is not supported in XML bodies"
                raise RuleError(message, rule_list.pointer)
    return _compile(root, Scope.root(respelled).child(root.name), extra)


def _prefixes(root: Element) -> dict[str, str]:
    """Names as they are written in the document, to names as they are compared, where these differ."""
    known: dict[str, str] = {}
    for element in root.walk():
        known.setdefault(element.written, element.name)
        for written, name in element.written_attributes.items():
            if written != name:
                known.setdefault("@" + written, "@" + name)
    return known


def _respelled(path: Path, prefixes: dict[str, str]) -> Path:
    names = (token for token in path if not isinstance(token, int) and token is not Wildcard.INDEX)
    return tuple(prefixes.get(token, token) if isinstance(token, str) else token for token in names)


def _compile(element: Element, scope: Scope[RuleList], extra: bool) -> ElementNode:
    governing = scope.governing()
    attributes = {name: _text_matcher(value, scope.child("@" + name)) for name, value in element.attributes.items()}
    groups: dict[str, Group] = {}
    for name, recorded in element.by_name.items():
        below = scope.child(name)
        nodes = tuple(_compile(child, below, extra) for child in recorded)
        rules = below.governing()
        groups[name] = Group(nodes, is_free=_has_type(rules), further=extra)
    # As in the reference implementation, `type` knows only children that were recorded, even in responses.
    extra_children = extra and not _has_type(governing)
    check = None if governing is None else _element_check(element, *governing)
    text = _text_matcher(element.text, scope.child("#text"))
    return ElementNode(element, check, attributes, groups, text, extra, extra_children)


def _has_type(governing: tuple[RuleList, bool] | None) -> bool:
    return governing is not None and any(rule.name == "type" for rule in governing[0].rules)


def _text_matcher(example: str, scope: Scope[RuleList]) -> Matcher:
    governing = scope.governing()
    return Equality(example) if governing is None else compile_rules(governing[0], example, TEXT_RULES)


@dataclass(frozen=True, slots=True)
class Condition:
    """What one rule demands of an element itself; `siblings` are those of its name, itself included, 0 for the root."""

    holds: Callable[[Element, int], bool]
    demand: str

    def explain(self, element: Element, siblings: int) -> str | None:
        """Why the element does not pass; None when it does."""
        if self.holds(element, siblings):
            return None
        content = counted(element.content_size, "child")
        return f"Expected {self.demand}, but the element {shown(element.name)} has {content}"


@dataclass(frozen=True, slots=True)
class ElementCheck:
    """What the rules at an element demand of the element itself."""

    rule: str
    conditions: tuple[Condition, ...]
    any_suffices: bool

    def matches(self, element: Element, siblings: int) -> bool:
        """Whether the element passes."""
        hold = (condition.holds(element, siblings) for condition in self.conditions)
        return any(hold) if self.any_suffices else all(hold)

    def explain(self, element: Element, siblings: int) -> str | None:
        """Why the element does not pass; None when it does."""
        if self.matches(element, siblings):
            return None
        return "; ".join(filter(None, (condition.explain(element, siblings) for condition in self.conditions)))


def _element_check(example: Element, rules: RuleList, inherited: bool) -> ElementCheck | None:
    try:
        conditions = [_condition(example, rule, inherited) for rule in rules.rules]
    except RuleError as error:
        raise RuleError(str(error), rules.pointer) from None
    demands = tuple(condition for condition in conditions if condition is not None)
    if not demands or (rules.any_suffices and len(demands) < len(conditions)):
        return None
    names = (" or " if rules.any_suffices else " and ").join(rule.name for rule in rules.rules)
    return ElementCheck(names, demands, rules.any_suffices)


def _condition(example: Element, rule: MatchingRule, inherited: bool) -> Condition | None:
    """What one rule demands of an element; None for nothing."""
    least, most = rule.attributes.get("min") or 0, rule.attributes.get("max")
    if rule.name == "type" and not inherited and (least or most is not None):
        # A lower bound at an element recorded without content can only be meant for the elements of its name.
        alone = 1 if most is None and not example.content_size else 2

        def is_bounded(count: int) -> bool:
            return least <= count and (most is None or count <= most)

        demand = f"{f'at least {least}' if most is None else f'{least} to {most}'} children, or elements of that name"
        return Condition(
            lambda element, siblings: is_bounded(element.content_size) or (siblings >= alone and is_bounded(siblings)),
            demand,
        )
    if rule.name == "notEmpty":
        return Condition(lambda element, siblings: element.content_size > 0, "an element that is not empty")
    if rule.name == "regex":
        matcher = compile_rule(rule, "", TEXT_RULES)
        assert isinstance(matcher, Regex)
        demand = f"its name or text to match the regular expression {matcher.pattern.source}"
        return Condition(lambda element, _: matcher.matches(element.local) or matcher.matches(element.text), demand)
    return None


@dataclass(frozen=True, slots=True)
class Group:
    """The recorded elements of one name below an element. When it is free, any number of them may come, but one;
    `further` lets more come than were recorded.
    """

    nodes: tuple[ElementNode, ...]
    is_free: bool
    further: bool

    def admits(self, count: int) -> bool:
        """Whether that many elements may come."""
        return self.is_free or count == len(self.nodes) or (self.further and count > len(self.nodes))

    def paired(self, actual: list[Element]) -> Iterator[tuple[ElementNode, Element]]:
        """Each actual element with the node it is held against."""
        for index, element in enumerate(actual):
            if self.is_free:
                yield self.nodes[0], element
            elif index < len(self.nodes):
                yield self.nodes[index], element


def reaches_xml(path: Path, root: Element) -> bool:
    """Whether the path of a rule leads to anything in a document."""
    tokens = _respelled(path, _prefixes(root))
    return not tokens or (tokens[0] in (Wildcard.ANY, root.name) and _reaches(tokens[1:], root))


def _reaches(tokens: Path, element: Element) -> bool:
    if not tokens or tokens == ("#text",):
        return True
    token, rest = tokens[0], tokens[1:]
    if token is Wildcard.ANY:
        return not rest or any(_reaches(rest, child) for child in element.children)
    if isinstance(token, str) and token.startswith("@"):
        return not rest and token[1:] in element.attributes
    return any(_reaches(rest, child) for child in element.by_name.get(str(token), ()))


class ElementNode:
    """One recorded element."""

    __slots__ = (
        "_attributes",
        "_check",
        "_deciders",
        "_extra_attributes",
        "_extra_children",
        "_groups",
        "_text",
        "example",
    )

    def __init__(
        self,
        example: Element,
        check: ElementCheck | None,
        attributes: dict[str, Matcher],
        groups: dict[str, Group],
        text: Matcher,
        extra_attributes: bool,
        extra_children: bool,
    ) -> None:
        self.example = example
        self._check = check
        self._attributes = attributes
        self._groups = groups
        # Cheap ones first: a difference in a single element is found before any number of them is walked.
        self._deciders = tuple(sorted(groups.items(), key=lambda member: member[1].is_free))
        self._text = text
        self._extra_attributes = extra_attributes
        self._extra_children = extra_children

    def matches(self, actual: Element, siblings: int = 0) -> bool:
        """Whether an element may stand for the recorded one; `siblings` are those of its name, itself included."""
        if actual.name != self.example.name:
            return False
        if len(actual.attributes) != len(self._attributes) and not self._extra_attributes:
            return False
        if len(actual.by_name) != len(self._groups) and not self._extra_children:
            return False
        if self._check is not None and not self._check.matches(actual, siblings):
            return False
        for name, matcher in self._attributes.items():
            value = actual.attributes.get(name)
            if value is None or not matcher.matches(value):
                return False
        if not self._text.matches(actual.text):
            return False
        for name, group in self._deciders:
            elements = actual.by_name.get(name)
            if elements is None or not group.admits(len(elements)):
                return False
            if not all(node.matches(element, len(elements)) for node, element in group.paired(elements)):
                return False
        return True

    def explain(self, actual: Element, path: str, siblings: int = 0) -> Iterator[Mismatch]:
        """Every mismatch of an element, which stands at `path`; none when it matches."""
        if actual.name != self.example.name:
            message = f"Expected the element {shown(self.example.name)} but received {shown(actual.name)}"
            yield Mismatch(Part.BODY, path, "equality", self.example.name, actual.name, message)
            return
        if self._check is not None and (refusal := self._check.explain(actual, siblings)) is not None:
            yield Mismatch(Part.BODY, path, self._check.rule, None, actual.content_size, refusal)
        yield from self._explain_attributes(actual, path)
        reason = self._text.explain(actual.text)
        if reason is not None:
            text = path + render_step("#text")
            yield Mismatch(Part.BODY, text, self._text.rule, self.example.text, actual.text, reason)
        yield from self._explain_children(actual, path)

    def _explain_attributes(self, actual: Element, path: str) -> Iterator[Mismatch]:
        for name, matcher in self._attributes.items():
            where, expected = path + render_step("@" + name), self.example.attributes[name]
            value = actual.attributes.get(name)
            if value is None:
                message = f"Expected the attribute {shown(name)} but it is missing"
                yield Mismatch(Part.BODY, where, "present", expected, None, message)
            elif (reason := matcher.explain(value)) is not None:
                yield Mismatch(Part.BODY, where, matcher.rule, expected, value, reason)
        for name, value in actual.attributes.items():
            if name not in self._attributes and not self._extra_attributes:
                message = f"Unexpected attribute {shown(name)}: the contract records no such attribute here"
                yield Mismatch(Part.BODY, path + render_step("@" + name), "absent", None, value, message)

    def _explain_children(self, actual: Element, path: str) -> Iterator[Mismatch]:
        for name, group in self._groups.items():
            elements = actual.by_name.get(name, [])
            where = path + render_step(name)
            if not elements:
                message = f"Expected the element {shown(name)} but it is missing"
                yield Mismatch(Part.BODY, where, "present", name, None, message)
                continue
            if not group.admits(len(elements)):
                expected, count = counted(len(group.nodes), "element"), counted(len(elements), "element")
                message = f"Expected {expected} {shown(name)} but received {len(elements)}"
                yield Mismatch(Part.BODY, where, "equality", expected, count, message)
            several = len(elements) > 1
            for index, (node, element) in enumerate(group.paired(elements)):
                yield from node.explain(element, f"{where}[{index}]" if several else where, len(elements))
        for name, elements in actual.by_name.items():
            if name not in self._groups and not self._extra_children:
                message = f"Unexpected element {shown(name)}: the contract records no such element here"
                yield Mismatch(Part.BODY, path + render_step(name), "absent", None, elements[0].text, message)
