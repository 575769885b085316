"""One port, two doors: which request goes to which, and what becomes of mistakes of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiohttp import web
from aiohttp.web_request import BaseRequest

from stubserver.errors import ExpectationError, StubServerError
from stubserver.web.addressing import CONTROL_PREFIX
from stubserver.web.problems import problem_response
from stubserver.web.wire import split_target

log: structlog.stdlib.BoundLogger = structlog.get_logger()

Handler = Callable[[BaseRequest], Awaitable[web.StreamResponse]]


def dispatch(stub_door: Handler, control_door: Callable[[Any], Awaitable[web.StreamResponse]]) -> Handler:
    """Each request to its door. What neither expected is our mistake: it is logged, and told in the usual shape."""

    async def answer(request: BaseRequest) -> web.StreamResponse:
        try:
            return await (control_door if is_control(request.raw_path) else stub_door)(request)
        except web.HTTPExpectationFailed as error:
            return problem_response(ExpectationError(error.text or "the Expect header is not known", "leave it out"))
        except web.HTTPException:
            raise
        except Exception:
            log.exception("unexpected error", target=f"{request.method} {request.raw_path}")
            return problem_response(StubServerError("something unexpected went wrong; it was logged", "report it"))

    return answer


def is_control(target: str) -> bool:
    """Whether a request target belongs to the control door."""
    path = split_target(target)[0]
    return path.startswith(CONTROL_PREFIX) and path[len(CONTROL_PREFIX) :][:1] in ("", "/")


def request_factory(inner: web.Server, max_body: int) -> Callable[..., BaseRequest]:
    """Requests of the stub door are light; those of the control door know their application."""

    def make(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> BaseRequest:
        if is_control(message.path):
            return inner.request_factory(message, payload, protocol, writer, task)
        loop = asyncio.get_running_loop()
        return BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=max_body)

    return make
