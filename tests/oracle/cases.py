"""What both cores are asked: a recorded request in a pact of one interaction, and the requests sent to it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from matching import Request
from tests.matching.pacts import VERSIONS

REQUESTS = 8  # sent to each pact

Recorded = dict[str, Any]  # the `request` of an interaction, as it stands in the document


@dataclass(frozen=True)
class Sent:
    """One request as it goes over the wire."""

    method: str = "GET"
    path: str = "/"
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path and query as the request line has them."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def fresh(self) -> Request:
        """The request as the matching core sees it, with nothing remembered."""
        return Request(self.method, self.path, self.query, self.headers, self.body)

    def header(self, name: str) -> str | None:
        """The first value of a header; `name` in lower case."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    def with_header(self, name: str, value: str | None) -> Sent:
        """The same with one header replaced, or left out."""
        kept = tuple((key, text) for key, text in self.headers if key.lower() != name.lower())
        return replace(self, headers=kept if value is None else (*kept, (name, value)))

    def described(self) -> str:
        """One line for reports."""
        headers = "".join(f" [{name}: {value}]" for name, value in self.headers)
        return f"{self.method} {self.target}{headers}" + (
            f" {self.body.decode('utf-8', 'backslashreplace')!r}" if self.body else ""
        )


@dataclass(frozen=True)
class Case:
    """A recorded request, its specification version, and requests that nearly match it."""

    kind: str
    version: str
    recorded: Recorded
    sent: tuple[Sent, ...]

    def document(self) -> bytes:
        """The pact around the recorded request."""
        interaction = {"description": "case", "request": self.recorded, "response": {"status": 200}}
        if self.version == "V4":
            interaction["type"] = "Synchronous/HTTP"
        pact = {
            "consumer": {"name": "web"},
            "provider": {"name": "api"},
            "interactions": [interaction],
            "metadata": {"pactSpecification": {"version": VERSIONS[self.version]}},
        }
        return json.dumps(pact).encode()

    def alone(self, sent: Sent) -> Case:
        """The same with one request only."""
        return replace(self, sent=(sent,))


@dataclass(frozen=True)
class Verdict:
    """Whether a request matches (None: there was no verdict), and the reasons given."""

    matched: bool | None
    reasons: tuple[str, ...] = ()


def rule_list(matchers: Iterable[dict[str, Any]], combine: str = "AND") -> dict[str, Any]:
    """Matchers as the rules of one path in V3 and V4."""
    return {"combine": combine, "matchers": list(matchers)}


def flat_body_rules(rules: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The rules of a body in the spelling of V2: one matcher for each path."""
    return {"$.body" + path.removeprefix("$"): entry["matchers"][0] for path, entry in rules.items()}


def body_rules(recorded: Recorded) -> dict[str, dict[str, Any]]:
    """The rule lists of the body by path, in the spelling of V3 whatever the version."""
    rules = recorded.get("matchingRules") or {}
    if "body" in rules:
        return dict(rules["body"])
    return {
        "$" + key.removeprefix("$.body"): rule_list([rule])
        for key, rule in rules.items()
        if key == "$.body" or key.startswith(("$.body.", "$.body["))
    }


def recorded_body(recorded: Recorded, version: str) -> Any:
    """The recorded body without the envelope of V4."""
    body = recorded.get("body")
    return body.get("content") if version == "V4" and isinstance(body, dict) and "content" in body else body


def all_matchers(value: Any) -> Iterable[dict[str, Any]]:
    """Every matcher object anywhere below a value, those within other rules included."""
    if isinstance(value, dict):
        if isinstance(value.get("match"), str):
            yield value
        for item in value.values():
            yield from all_matchers(item)
    elif isinstance(value, list):
        for item in value:
            yield from all_matchers(item)
