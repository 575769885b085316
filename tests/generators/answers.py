"""Generated answers without a server: a recorded response goes in, status, headers and body of its answers come out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from matching import GeneratorContext, Problem, Request, draw_key, echo_template, load_pact
from tests.conftest import http_pact

NOON = datetime(2026, 2, 28, 12, 0, 0, 123456, tzinfo=UTC)  # a Saturday, the last day of its month
BASE = "http://stub.test:9000"


@dataclass(frozen=True)
class Answer:
    """One answer as it would be sent; `headers` are the generated ones."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; it must be UTF-8 and nothing but JSON."""
        return json.loads(self.body.decode(), parse_constant=_refuse)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


def _refuse(constant: str) -> Any:
    raise AssertionError(f"{constant} is not JSON")


class Recorded:
    """One recorded interaction whose response is generated."""

    def __init__(
        self, response: Mapping[str, Any], request: Mapping[str, Any] | None = None, *, echo: bool = False
    ) -> None:
        pact = load_pact(json.dumps(http_pact({"request": request or {"path": "/"}, "response": response})).encode())
        assert pact.interactions, pact.problems
        self.problems: tuple[Problem, ...] = pact.problems
        self.interaction = pact.interactions[0]
        self.template = echo_template(self.interaction) if echo else self.interaction.template

    @property
    def body(self) -> bytes:
        """The recorded body."""
        return self.interaction.response.body

    def answer(
        self,
        seed: object = "",
        *,
        now: datetime = NOON,
        params: Mapping[str, Any] | None = None,
        base: str = BASE,
        request: Request | None = None,
    ) -> Answer:
        """The answer to a request."""
        recorded = self.interaction.response
        if self.template is None:
            return Answer(recorded.status, {}, recorded.body)
        key = draw_key(str(seed), self.interaction.id, request, self.interaction.header_names)
        context = GeneratorContext(key, now, base, params or {}, request)
        status = self.template.fill_status(context, recorded.status)
        headers = dict(self.template.fill_headers(context))
        return Answer(status, headers, self.template.fill_body(context, status, recorded.body))


def generated(
    content: Any,
    generators: Mapping[str, Any],
    content_type: str = "application/json",
    **more: Any,
) -> Recorded:
    """A response with a body and generators for it."""
    body = {"content": content, "contentType": content_type, **more}
    return Recorded({"body": body, "generators": {"body": generators}})


def value_of(example: Any, generator: Mapping[str, Any], **options: Any) -> Any:
    """One value of a generator, for a recorded example within a JSON body."""
    return generated({"a": example}, {"$.a": generator}).answer(**options).json["a"]


def values_of(example: Any, generator: Mapping[str, Any], seeds: Iterable[object] = range(200)) -> list[Any]:
    """The values of a generator under different seeds, in a JSON body."""
    recorded = generated({"a": example}, {"$.a": generator})
    assert not recorded.problems, recorded.problems
    return [recorded.answer(seed).json["a"] for seed in seeds]


FROM_STATE = {"type": "ProviderState", "expression": "v"}
