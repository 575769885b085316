"""One port, two doors: which request goes to which, for those that aiohttp deals with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiohttp import web
from aiohttp.web_request import BaseRequest

from stubserver.errors import ExpectationError, StubServerError
from stubserver.web.addressing import Naming, Place
from stubserver.web.answer import Answer
from stubserver.web.journal import Journal, as_bytes
from stubserver.web.problems import problem_response
from stubserver.web.stub import StubDoor
from stubserver.web.visit import Fields, Visit
from stubserver.web.wire import read_body

log: structlog.stdlib.BoundLogger = structlog.get_logger()

Handler = Callable[[BaseRequest], Awaitable[web.StreamResponse]]


def dispatch(
    stub_door: StubDoor,
    control_door: Callable[[Any], Awaitable[web.StreamResponse]],
    journal: Journal | None = None,
) -> Handler:
    """Each request to its door. What neither expected is our mistake: it is logged, and told in the usual shape."""

    async def answer(request: BaseRequest) -> web.StreamResponse:
        try:
            fields = Fields(request.headers, request.raw_headers, stub_door.outside.server_of(request))
            place = stub_door.place(request.raw_path, fields)
            if place is None:
                await stub_door.catch_up()
                return await control_door(request)
            return await _answer_stub(stub_door, request, place, fields, journal)
        except web.HTTPExpectationFailed as error:
            return problem_response(ExpectationError(error.text or "the Expect header is not known", "leave it out"))
        except (web.HTTPException, ConnectionError):  # whoever went away gets no answer
            raise
        except Exception:
            log.exception("unexpected error", target=f"{request.method} {request.raw_path}")
            return problem_response(StubServerError("something unexpected went wrong; it was logged", "report it"))

    return answer


async def _answer_stub(
    door: StubDoor, request: BaseRequest, place: Place, fields: Fields, journal: Journal | None
) -> web.Response:
    visit = Visit(request.method.upper(), request.raw_path, place, fields, b"")
    try:
        visit.body = await read_body(request)
    except StubServerError as error:
        answer = door.refuse(visit, error)
    else:
        step = door.answer(visit)
        answer = step if isinstance(step, Answer) else await step
    answer.tally.count += 1
    if journal is not None:
        came = as_bytes(request.method, request.raw_path, fields, visit.body)
        journal.note((request.remote or "-").encode(), came, answer.facts)
    if answer.event is not None:
        door.tell(answer.event)
    return answer.as_response()


def request_factory(inner: web.Server, naming: Naming, max_body: int) -> Callable[..., BaseRequest]:
    """Requests of the stub door are light; those of the control door know their application."""

    def make(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> BaseRequest:
        if naming.place(message.path, naming.host_address(message.headers.get("Host"))) is None:
            return inner.request_factory(message, payload, protocol, writer, task)
        loop = asyncio.get_running_loop()
        return BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=max_body)

    return make
