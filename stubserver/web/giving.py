"""Giving the answer of an interaction: as it was recorded, or with generated values in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol

from matching import CompiledInteraction, GeneratorContext, Match, ResponseTemplate, echo_template
from stubserver.web.answer import ALWAYS, NEVER, Answer
from stubserver.web.cors import Cors
from stubserver.web.generation import Generation
from stubserver.web.metrics import Tallies
from stubserver.web.served import ready_headers
from stubserver.web.visit import Visit

_OUR_HEADERS = frozenset({"x-stub-match", "x-stub-interaction"})
_ORIGINS = 16  # origins for which an interaction's answer is kept ready

Step = Answer | Awaitable[Any]  # an answer, or what has to be awaited for the next step towards one


class Door(Protocol):
    """What is needed of the stub door."""

    def server(self, visit: Visit) -> str:
        """Scheme and host as the client wrote them."""

    async def in_thread(self, work: Callable[..., Any], *args: Any) -> Any:
        """Run work that takes long beside the event loop."""


class Giving:
    """Makes the answers of interactions, and keeps those ready that will be given again."""

    def __init__(
        self,
        door: Door,
        generation: Generation,
        tallies: Tallies,
        default_cors: Cors | None,
        *,
        echo: bool,
        log_hits: bool,
    ) -> None:
        self._door = door
        self._generation = generation
        self._tallies = tallies
        self._default_cors = default_cors
        self._echo = echo
        self._log_hits = log_hits

    def hit(self, visit: Visit, found: Match) -> Answer:
        """What the interaction recorded: made once for each origin that asks, and kept with the match."""
        cors = visit.asks.cors
        origin = cors.origin_of(visit.fields.headers) if cors is not None else None
        memo = found.memo
        if origin is None and type(memo) is Answer and cors is self._default_cors:
            return memo
        if found.lenient or found.gave_up or self._log_hits or cors is not self._default_cors:
            return self._made(visit, found, origin, NEVER if found.gave_up else ALWAYS)
        if memo is None and origin is None:
            memo = found.memo = self._made(visit, found, None, ALWAYS, is_shared=True)
            return memo
        if not isinstance(memo, dict):
            memo = found.memo = {None: memo or self._made(visit, found, None, ALWAYS, is_shared=True)}
        answer: Answer | None = memo.get(origin)
        if answer is None:
            answer = self._made(visit, found, origin, ALWAYS, is_shared=True)
            if len(memo) < _ORIGINS:
                memo[origin] = answer
        return answer

    def _made(
        self,
        visit: Visit,
        found: Match,
        origin: str | None,
        lasts_until: float,
        *,
        is_shared: bool = False,
        generated: _Filled | None = None,
    ) -> Answer:
        """The answer of an interaction; `generated` is status, body and headers in place of the recorded ones."""
        interaction = found.interaction
        headers = ready_headers(interaction)
        status, body = interaction.response.status, interaction.response.body
        if generated is not None:
            status, body, lines = generated
            for name, value in lines:
                if name.lower() not in _OUR_HEADERS:
                    headers[name] = value
        outcome = "lenient" if found.lenient else "exact"
        headers["X-Stub-Match"] = outcome
        if visit.asks.cors is not None:
            visit.asks.cors.allow(origin, headers)
        event = None
        if self._log_hits:
            values = {
                "target": f"{visit.method} {visit.target}",
                "interaction": interaction.interaction.description,
                "pact": f"{interaction.consumer} → {interaction.provider}",
                "status": status,
            }
            event = ("debug", "match", values)
        return Answer(
            status,
            headers,
            body,
            self._tallies.of(outcome, interaction.consumer, interaction.provider),
            outcome=outcome,
            interaction=interaction.id,
            lasts_until=lasts_until,
            is_shared=is_shared,
            event=event,
        )

    def fill(self, visit: Visit, found: Match) -> Step:
        """An answer with generated values, if it has any."""
        interaction, echoing, request = found.interaction, visit.served.echoing, visit.request
        template = interaction.template
        if self._echo:
            if interaction not in echoing:
                return self._fill_first(visit, found)
            template = echoing[interaction]
        if template is None:
            return self.hit(visit, found)
        if request.method != interaction.method:  # HEAD answered as GET: with the values of GET
            request = request.with_method(interaction.method)
        context = self._generation.context(
            visit.fields.headers,
            interaction.id,
            self._door.server(visit) + visit.resolved.base,
            interaction.interaction.states,
            request,
            interaction.header_names,
        )
        if template.is_large:  # thousands of values must not hold up everyone else
            return self._fill_aside(visit, found, template, context)
        return self._generated(visit, found, _filled(interaction, template, context), context.now)

    async def _fill_first(self, visit: Visit, found: Match) -> Step:
        """What of the interaction's answer is echoed is found out when it answers first."""
        visit.served.echoing[found.interaction] = await self._door.in_thread(echo_template, found.interaction)
        return self.fill(visit, found)

    async def _fill_aside(
        self, visit: Visit, found: Match, template: ResponseTemplate, context: GeneratorContext
    ) -> Step:
        filled = await self._door.in_thread(_filled, found.interaction, template, context)
        return self._generated(visit, found, filled, context.now)

    def _generated(self, visit: Visit, found: Match, filled: _Filled, now: datetime) -> Answer:
        given = visit.fields.headers
        cors = visit.asks.cors
        origin = cors.origin_of(given) if cors is not None else None
        lasts_until = NEVER if found.gave_up else self._generation.lasts_until(given, now)
        return self._made(visit, found, origin, lasts_until, generated=filled)


_Filled = tuple[int, bytes, list[tuple[str, str]]]  # status, body and header lines with generated values


def _filled(interaction: CompiledInteraction, template: ResponseTemplate, context: GeneratorContext) -> _Filled:
    status = template.fill_status(context, interaction.response.status)
    body = template.fill_body(context, status, interaction.response.body)
    return status, body, list(template.fill_headers(context))
