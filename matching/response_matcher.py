"""Whether another response satisfies a recorded one, as a verification of the provider would find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from matching.bodies import compile_body
from matching.matchers import TEXT_RULES, Factory, Matcher, RuleError, compile_rules
from matching.mismatch import Mismatch, Part, inequality, shown
from matching.model import ExampleResponse, MatchingRule
from matching.parts import compile_headers
from matching.request import Request

_CLASSES: Mapping[str, tuple[int, int]] = {
    "info": (100, 199),
    "success": (200, 299),
    "redirect": (300, 399),
    "clientError": (400, 499),
    "serverError": (500, 599),
    "nonError": (100, 399),
    "error": (400, 999),
}


class StatusCode:
    """`statusCode`: a status of a class, or one of a list."""

    __slots__ = ("_wanted", "rule")

    def __init__(self, wanted: str | list[Any]) -> None:
        """Raises RuleError."""
        if isinstance(wanted, str) and wanted not in _CLASSES:
            raise RuleError(f"there is no class of statuses {shown(wanted)}")
        self._wanted = wanted
        self.rule = f"statusCode {wanted if isinstance(wanted, str) else shown(wanted)}"

    def matches(self, value: Any) -> bool:
        status = int(value)
        if isinstance(self._wanted, str):
            least, most = _CLASSES[self._wanted]
            return least <= status <= most
        return any(type(code) is int and code == status for code in self._wanted)

    def explain(self, value: Any) -> str | None:
        return None if self.matches(value) else f"Expected the status {value} to be one of {shown(self._wanted)}"


def _status_code(rule: MatchingRule, _: Any) -> Matcher:
    wanted = rule.attributes.get("status")
    if not isinstance(wanted, (str, list)):
        raise RuleError("a statusCode rule needs a status attribute like success, or a list of codes")
    return StatusCode(wanted)


# The rules that a status, as a text, can be under.
_STATUS_RULES: Mapping[str, Factory] = {**TEXT_RULES, "statusCode": _status_code}


class ResponseMatcher:
    """Status, headers and body of a recorded response; further headers and keys are allowed."""

    __slots__ = ("_body", "_headers", "_status", "_status_matcher")

    def __init__(self, example: ExampleResponse) -> None:
        """Compile the recorded response. Raises RuleError."""
        self._status = example.status
        rules = example.rules.status
        self._status_matcher = None if rules is None else compile_rules(rules, str(example.status), _STATUS_RULES)
        self._headers = compile_headers(example.headers, example.rules)
        self._body = compile_body(example.body, example.rules, extra=True)

    def matches(self, status: int, message: Request) -> bool:
        """Whether the response matches; its headers and body come as a `Request` whose other parts are ignored."""
        return next(self.explain(status, message), None) is None

    def explain(self, status: int, message: Request) -> Iterator[Mismatch]:
        """Every mismatch of the response."""
        if self._status_matcher is not None:
            reason = self._status_matcher.explain(str(status))
            if reason is not None:
                yield Mismatch(Part.STATUS, "", self._status_matcher.rule, self._status, status, reason)
        elif status != self._status:
            yield Mismatch(Part.STATUS, "", "equality", self._status, status, inequality(self._status, status))
        for header in self._headers:
            yield from header.explain(message.headers.get(header.name))
        yield from self._body.explain(message)
