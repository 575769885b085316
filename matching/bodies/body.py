"""What an interaction demands of a body: presence, type, content."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from matching.bodies.form import FormBody
from matching.bodies.json import compile_json
from matching.bodies.multipart import compile_multipart
from matching.bodies.nodes import Literal, Node, Object, Same
from matching.bodies.predicates import compile_predicate
from matching.bodies.typed import BodyMatcher, TypedBody, sample, unreadable, unreadable_example
from matching.bodies.xml import XmlBody
from matching.content_types import GRAPHQL, ContentType, Kind, codec_of, decoded_text
from matching.json_text import MAX_DEPTH, JsonError, depth_of, parse_json
from matching.matchers import TEXT_RULES, Matcher, RuleError, compile_rules
from matching.mismatch import Mismatch, Part, inequality, shown
from matching.model import Body, BodyRules, BodyState, MatchingRule, MatchingRules, RuleList
from matching.request import Request

_EQUALITY = RuleList((MatchingRule("equality"),))


def compile_body(body: Body, rules: MatchingRules, *, extra: bool = False) -> BodyMatcher:
    """Compile a recorded body. `extra` lets it hold more than was recorded, as responses may. Raises RuleError for
    content or rules that cannot be compared.
    """
    # A rule on the header replaces the comparison of types: whatever it lets through is of the right type.
    return _compile(body, rules.body, any_type="content-type" in rules.header, extra=extra)


_DEEPEST = 8  # multipart bodies within each other


def _compile(body: Body, rules: BodyRules, *, any_type: bool, extra: bool, depth: int = 0) -> BodyMatcher:
    if body.state is BodyState.MISSING:
        return _ANY
    if body.state in (BodyState.NULL, BodyState.EMPTY):
        return _EMPTY
    whole = next((rule_list for path, rule_list in rules if not path), None)
    if whole is not None and any(rule.name == "contentType" for rule in whole.rules):
        return BinaryBody(None, body.content, whole)  # whatever the content is, its marks are what counts
    kind = body.content_type.kind if body.content_type else Kind.BINARY
    declared = None if any_type else body.content_type
    if kind is Kind.MULTIPART:
        return _multipart(declared, body, rules, extra, depth)
    return _KINDS[kind](declared, body, rules, extra)


def _json(declared: ContentType | None, body: Body, rules: BodyRules, extra: bool) -> BodyMatcher:
    try:
        example = parse_json(body.content)
    except JsonError:
        if body.content_type is not None and body.content_type.essence == GRAPHQL:
            return _text(declared, body, rules, extra)
        return JsonBody(declared, None)  # recorded as JSON and is not: no body equals it
    if depth_of(example) > MAX_DEPTH:
        raise RuleError(f"the body nests deeper than {MAX_DEPTH} levels")
    return JsonBody(declared, compile_json(example, rules, extra_keys=extra))


def _multipart(declared: ContentType | None, body: Body, rules: BodyRules, extra: bool, depth: int) -> BodyMatcher:
    if depth >= _DEEPEST:
        raise RuleError(f"multipart bodies nest deeper than {_DEEPEST} levels")

    def compile_part(content: Body, rules: BodyRules, any_type: bool) -> BodyMatcher:
        return _compile(content, rules, any_type=any_type, extra=extra, depth=depth + 1)

    return compile_multipart(declared, body, rules, compile_part)


def _text(declared: ContentType | None, body: Body, rules: BodyRules, extra: bool) -> BodyMatcher:
    text = decoded_text(body.content, codec_of(body.content_type))
    return TextBody(declared, text, next((rule_list for path, rule_list in rules if not path), None))


def _binary(declared: ContentType | None, body: Body, rules: BodyRules, extra: bool) -> BodyMatcher:
    return BinaryBody(declared, body.content, next((rule_list for path, rule_list in rules if not path), None))


_KINDS: Mapping[Kind, Callable[[ContentType | None, Body, BodyRules, bool], BodyMatcher]] = {
    Kind.JSON: _json,
    Kind.XML: lambda declared, body, rules, extra: XmlBody(declared, body, rules, extra=extra),
    Kind.FORM: lambda declared, body, rules, extra: FormBody(declared, body, rules),
    Kind.TEXT: _text,
    Kind.BINARY: _binary,
}


class AnyBody:
    """No body was recorded: any will do."""

    __slots__ = ()

    def matches(self, request: Request) -> bool:
        return True

    def explain(self, request: Request) -> Iterator[Mismatch]:
        return iter(())


class EmptyBody:
    """Null or empty was recorded: nothing may come (the JSON text `null` counts as nothing)."""

    __slots__ = ()

    def matches(self, request: Request) -> bool:
        return not request.body or request.body.strip() == b"null"

    def explain(self, request: Request) -> Iterator[Mismatch]:
        if not self.matches(request):
            actual = sample(request.body)
            yield Mismatch(Part.BODY, "$", "empty", None, actual, f"Expected no body but received {shown(actual)}")


class NoBody:
    """The body of an interaction that cannot be served: none will do."""

    __slots__ = ()

    def matches(self, request: Request) -> bool:
        return False

    def explain(self, request: Request) -> Iterator[Mismatch]:
        yield Mismatch(Part.BODY, "$", "none", None, None, "The interaction cannot be served")


_ANY, _EMPTY = AnyBody(), EmptyBody()


class JsonBody(TypedBody):
    """A JSON document, compared node by node."""

    __slots__ = ("_accepts", "_node")

    def __init__(self, expected_type: ContentType | None, node: Node | None) -> None:
        super().__init__(expected_type)
        self._node = node
        self._accepts = None if node is None else compile_predicate(node)

    def literals(self) -> Iterator[Literal]:
        """The scalars that must stand at certain places of objects: (keys that lead there, value)."""
        return self._node.literals(()) if isinstance(self._node, (Same, Object)) else iter(())

    def matches(self, request: Request) -> bool:
        if self._accepts is None or not self._arrived(request):
            return False
        value, error = request.json
        return error is None and self._accepts(value)

    def explain(self, request: Request) -> Iterator[Mismatch]:
        yield from self._explain_arrival(request)
        if not request.body:
            return
        value, error = request.json
        if self._node is None:
            yield unreadable_example("JSON", request)
        elif error is not None:
            yield unreadable("JSON", request, error)
        else:
            yield from self._node.explain(value, "$")


class TextBody(TypedBody):
    """Text, compared character by character, or by the rules of `$`."""

    __slots__ = ("_example", "_matcher")

    def __init__(self, expected_type: ContentType | None, example: str, rules: RuleList | None) -> None:
        super().__init__(expected_type)
        self._example = example
        self._matcher: Matcher = compile_rules(rules or _EQUALITY, example, TEXT_RULES)

    def matches(self, request: Request) -> bool:
        return self._arrived(request) and self._matcher.matches(request.text)

    def explain(self, request: Request) -> Iterator[Mismatch]:
        yield from self._explain_arrival(request)
        if request.body:
            message = self._matcher.explain(request.text)
            if message is not None:
                yield Mismatch(Part.BODY, "$", self._matcher.rule, self._example, request.text, message)


class BinaryBody(TypedBody):
    """Bytes, compared one by one, or by the rules of `$` on their text."""

    __slots__ = ("_content", "_matcher")

    def __init__(self, expected_type: ContentType | None, content: bytes, rules: RuleList | None) -> None:
        super().__init__(expected_type)
        self._content = content
        self._matcher: Matcher | None = None
        if rules is not None and any(rule.name != "equality" for rule in rules.rules):
            self._matcher = compile_rules(rules, content.decode("utf-8", "surrogateescape"), TEXT_RULES)

    def matches(self, request: Request) -> bool:
        if not self._arrived(request):
            return False
        if self._matcher is None:
            return request.body == self._content
        return self._matcher.matches(request.body.decode("utf-8", "surrogateescape"))

    def explain(self, request: Request) -> Iterator[Mismatch]:
        yield from self._explain_arrival(request)
        if not request.body:
            return
        if self._matcher is not None:
            message = self._matcher.explain(request.body.decode("utf-8", "surrogateescape"))
        elif request.body == self._content:
            message = None
        else:
            message = f"The {len(request.body)} bytes differ from the {len(self._content)} bytes recorded"
            if len(request.body) == len(self._content):
                message = inequality(sample(self._content), sample(request.body))
        if message is not None:
            rule = self._matcher.rule if self._matcher else "equality"
            yield Mismatch(Part.BODY, "$", rule, sample(self._content), sample(request.body), message)
