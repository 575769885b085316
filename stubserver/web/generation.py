"""What generated values of an answer depend on: the seed, the clock, the request, the parameters of provider states.

Equal requests get equal answers: values are drawn from a digest of seed, interaction and request, and the clock stands
still unless it is told to run.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from matching import GeneratorContext, Request, draw_key
from matching.json_text import MAX_DEPTH, JsonError, depth_of, parse_json
from matching.model import ProviderState
from stubserver.errors import BadRequestError
from stubserver.web.answer import ALWAYS, NEVER

SEED_HEADER = "X-Stub-Seed"
CLOCK_HEADER = "X-Stub-Clock"
PARAMS_HEADER = "X-Stub-State-Params"

Clock = Callable[[], datetime]


def parse_clock(text: str) -> Clock:
    """`today` is noon of the current day, `now` the running time, anything else a moment of ISO 8601 (in the local time
    zone where it has no offset). Raises ValueError.
    """
    if text == "today":
        return lambda: datetime.now().replace(hour=12, minute=0, second=0, microsecond=0).astimezone()
    if text == "now":
        return lambda: datetime.now().astimezone()
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo is not None else moment.astimezone()
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is neither today, now, nor a moment like 2026-02-28T10:00:00Z") from None
    return lambda: moment


class Generation:
    """Makes the context of each answer that has generated values."""

    def __init__(self, seed: str = "", clock: str = "today", *, random: bool = False) -> None:
        """With `random`, every answer has values of its own. Raises ValueError for a clock that is none."""
        self._seed = seed
        self._clock = parse_clock(clock)
        self._random = random
        self._stands_still = clock not in ("today", "now")
        self._runs = clock == "now"

    def lasts_until(self, given: Mapping[str, str], now: datetime) -> float:
        """Until when (in Unix time) an equal request gets the same values as those generated at `now`."""
        if self._random or self._runs or any(name in given for name in (SEED_HEADER, CLOCK_HEADER, PARAMS_HEADER)):
            return NEVER
        return ALWAYS if self._stands_still else _midnight(now)

    def context(
        self,
        given: Mapping[str, str],
        name: str,
        base_url: str,
        states: Iterable[ProviderState],
        request: Request | None = None,
        headers: tuple[str, ...] = (),
    ) -> GeneratorContext:
        """The context for answering a request with the headers `given` with the interaction or message called `name`.

        The headers may set seed, clock and parameters. Raises BadRequestError for those that cannot be read.
        """
        seed = given.get(SEED_HEADER)
        if seed is None:
            seed = secrets.token_hex(16) if self._random else self._seed
        clock = given.get(CLOCK_HEADER)
        params: dict[str, Any] = {}
        for state in states:
            params.update(state.params)
        if PARAMS_HEADER in given:
            params.update(_given_params(given[PARAMS_HEADER]))
        now = (self._clock if clock is None else _given_clock(clock))()
        return GeneratorContext(draw_key(seed, name, request, headers), now, base_url, params, request)


def _midnight(now: datetime) -> float:
    """When the day of a moment ends here."""
    tomorrow = now.astimezone().replace(tzinfo=None) + timedelta(days=1)
    return tomorrow.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def _given_clock(text: str) -> Clock:
    try:
        return parse_clock(text)
    except ValueError as error:
        raise BadRequestError(f"{CLOCK_HEADER}: {error}", "use today, now, or ISO 8601") from None


def _given_params(text: str) -> Mapping[str, Any]:
    try:
        params = parse_json(text.encode("utf-8", "surrogateescape"))
    except JsonError as error:
        raise BadRequestError(f"{PARAMS_HEADER} is not JSON: {error}", _PARAMS_CURE) from None
    if not isinstance(params, dict):
        raise BadRequestError(f"{PARAMS_HEADER} is not a JSON object", _PARAMS_CURE)
    if depth_of(params) > MAX_DEPTH:
        raise BadRequestError(f"{PARAMS_HEADER} nests deeper than {MAX_DEPTH} levels", _PARAMS_CURE)
    return params


_PARAMS_CURE = 'write the parameters as an object, like {"id": 10}'
