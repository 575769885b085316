"""Paths: recorded as they are, or under rules."""

from __future__ import annotations

import re
from collections.abc import Iterator

from matching.http_text import canonical_path
from matching.matchers import TEXT_RULES, Matcher, Regex, compile_rules
from matching.mismatch import Mismatch, Part, inequality
from matching.model import MatchingRule, RuleList
from matching.request import Request


class LiteralPath:
    """A recorded path without rules: equal as it came, or segment by segment after percent-decoding."""

    __slots__ = ("key", "path")
    is_literal = True

    def __init__(self, path: str) -> None:
        self.path = path
        self.key = canonical_path(path)

    def matches(self, request: Request) -> bool:
        return self.key == canonical_path(request.path)

    def explain(self, request: Request) -> Iterator[Mismatch]:
        if not self.matches(request):
            yield Mismatch(Part.PATH, "", "equality", self.path, request.path, inequality(self.path, request.path))


class RuledPath:
    """A path under rules, tried on the path as it came and then decoded. `pattern` is set for a single regex."""

    __slots__ = ("_matcher", "example", "pattern")
    is_literal = False

    def __init__(self, example: str, rules: RuleList) -> None:
        self.example = example
        self._matcher: Matcher = compile_rules(rules, example, TEXT_RULES)
        self.pattern = self._matcher.pattern if isinstance(self._matcher, Regex) else None

    def matches(self, request: Request) -> bool:
        if self._matcher.matches(request.path):
            return True
        return "%" in request.path and self._matcher.matches(request.decoded_path)

    def explain(self, request: Request) -> Iterator[Mismatch]:
        if not self.matches(request):
            message = self._matcher.explain(request.path) or "The path does not match"
            yield Mismatch(Part.PATH, "", self._matcher.rule, self.example, request.path, message)


def compile_path(path: str, rules: RuleList | None, expression: str | None = None) -> LiteralPath | RuledPath:
    """Compile a recorded path. Raises RuleError.

    With an `expression` (`/orders/${id}`, from a provider state) that no pattern outdoes, the path may be the recorded
    one or one made by the expression. Whatever value a state has, it is one segment.
    """
    names = [rule.name for rule in rules.rules] if rules is not None else []
    if expression is not None and "${" in expression and set(names) <= {"type", "equality"}:
        made = "".join(
            "[^/]+" if number % 2 else re.escape(piece) for number, piece in enumerate(_STATE_VALUE.split(expression))
        )
        pattern = {"regex": f"(?:{re.escape(path)}|{made})"}
        return RuledPath(path, RuleList((MatchingRule("regex", pattern),)))
    if rules is None or names == ["equality"]:
        return LiteralPath(path)
    return RuledPath(path, rules)


_STATE_VALUE = re.compile(r"\$\{([^}]*)\}")
