"""What an interaction demands of a body: presence, type, content."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from matching.bodies.json import compile_json
from matching.bodies.nodes import Node
from matching.content_types import ContentType, Kind, agrees
from matching.json_text import MAX_DEPTH, JsonError, depth_of, parse_json
from matching.matchers import TEXT_RULES, Matcher, RuleError, compile_rules, inequality, shown
from matching.mismatch import Mismatch, Part
from matching.model import Body, BodyState, MatchingRule, MatchingRules, RuleList
from matching.request import Request

_EQUALITY = RuleList((MatchingRule("equality"),))


class BodyMatcher(Protocol):
    """A compiled body."""

    def matches(self, request: Request) -> bool:
        """Whether the request's body may stand for the recorded one."""

    def explain(self, request: Request) -> Iterator[Mismatch]:
        """Every mismatch of the body; none when it matches."""


def compile_body(body: Body, rules: MatchingRules, *, extra_keys: bool = False) -> BodyMatcher:
    """Compile a recorded body. Raises RuleError for content or rules that cannot be compared."""
    if body.state is BodyState.MISSING:
        return AnyBody()
    if body.state in (BodyState.NULL, BodyState.EMPTY):
        return EmptyBody()
    kind = body.content_type.kind if body.content_type else Kind.BINARY
    # A rule on the header replaces the comparison of types: whatever it lets through is of the right type.
    declared = None if "content-type" in rules.header else body.content_type
    if kind is Kind.JSON:
        return JsonBody(declared, _json_node(body, rules, extra_keys))
    root_rules = next((rule_list for path, rule_list in rules.body if not path), None)
    if kind is Kind.TEXT:
        return TextBody(declared, body.content.decode("utf-8", "surrogateescape"), root_rules)
    if kind is Kind.BINARY:
        return BinaryBody(declared, body.content, root_rules)
    raise RuleError(f"{kind.value} bodies are not compared yet")


def _json_node(body: Body, rules: MatchingRules, extra_keys: bool) -> Node | None:
    try:
        example = parse_json(body.content)
    except JsonError:
        return None  # recorded as JSON and is not: no body equals it
    if depth_of(example) > MAX_DEPTH:
        raise RuleError(f"the body nests deeper than {MAX_DEPTH} levels")
    return compile_json(example, rules.body, extra_keys=extra_keys)


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
            actual = _sample(request.body)
            yield Mismatch(Part.BODY, "$", "empty", None, actual, f"Expected no body but received {shown(actual)}")


class _TypedBody:
    """The common part of bodies that are present: something came, and its type agrees."""

    __slots__ = ("_expected_type",)

    def __init__(self, expected_type: ContentType | None) -> None:
        self._expected_type = expected_type

    def _arrived(self, request: Request) -> bool:
        return bool(request.body) and agrees(self._expected_type, request.content_type)

    def _explain_arrival(self, request: Request) -> Iterator[Mismatch]:
        if not request.body:
            yield Mismatch(Part.BODY, "$", "present", "a body", None, "Expected a body but none was sent")
        elif not agrees(self._expected_type, request.content_type):
            expected, actual = str(self._expected_type), str(request.content_type)
            message = f"Expected a body of type {expected} but received {actual}"
            yield Mismatch(Part.BODY_TYPE, "", "content type", expected, actual, message)


class JsonBody(_TypedBody):
    """A JSON document, compared node by node."""

    __slots__ = ("_node",)

    def __init__(self, expected_type: ContentType | None, node: Node | None) -> None:
        super().__init__(expected_type)
        self._node = node

    def matches(self, request: Request) -> bool:
        if self._node is None or not self._arrived(request):
            return False
        value, error = request.json
        return error is None and self._node.matches(value)

    def explain(self, request: Request) -> Iterator[Mismatch]:
        yield from self._explain_arrival(request)
        if not request.body:
            return
        value, error = request.json
        if self._node is None:
            message = "The contract records a JSON body that is not JSON; nothing can match it"
            yield Mismatch(Part.BODY, "$", "equality", None, _sample(request.body), message)
        elif error is not None:
            yield Mismatch(Part.BODY, "$", "JSON", "JSON", _sample(request.body), f"The body is not JSON: {error}")
        else:
            yield from self._node.explain(value, "$")


class TextBody(_TypedBody):
    """Text, compared character by character, or by the rules of `$`."""

    __slots__ = ("_matcher",)

    def __init__(self, expected_type: ContentType | None, example: str, rules: RuleList | None) -> None:
        super().__init__(expected_type)
        self._matcher: Matcher = compile_rules(rules or _EQUALITY, example, TEXT_RULES)

    def matches(self, request: Request) -> bool:
        return self._arrived(request) and self._matcher.matches(_decoded(request))

    def explain(self, request: Request) -> Iterator[Mismatch]:
        yield from self._explain_arrival(request)
        if request.body:
            actual = _decoded(request)
            message = self._matcher.explain(actual)
            if message is not None:
                yield Mismatch(Part.BODY, "$", self._matcher.rule, None, actual, message)


def _decoded(request: Request) -> str:
    charset = (request.content_type.charset or "utf-8").lower() if request.content_type else "utf-8"
    try:
        return request.body.decode(charset if _CHARSET.fullmatch(charset) else "utf-8")
    except (LookupError, ValueError):  # an unknown charset, or bytes that are not in it
        return request.body.decode("utf-8", "surrogateescape")


# Codecs that a request may choose. Python has others, some of which take quadratic time.
_CHARSET = re.compile(r"(us-)?ascii|utf-?(8|16|32)([-_]?[lb]e)?|iso-8859-[0-9]{1,2}|latin-?1|(windows-|cp)125[0-8]")


class BinaryBody(_TypedBody):
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
                message = inequality(_sample(self._content), _sample(request.body))
        if message is not None:
            rule = self._matcher.rule if self._matcher else "equality"
            yield Mismatch(Part.BODY, "$", rule, _sample(self._content), _sample(request.body), message)


def _sample(content: bytes) -> str:
    """The beginning of a body as text, for reports."""
    return content[:1000].decode("utf-8", "backslashreplace")
