"""What is read of requests, and of connections, the way aiohttp has them."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web
from aiohttp.web_request import BaseRequest

from stubserver.errors import BadRequestError, BodyTooLargeError, ExpectationError


def split_target(target: str) -> tuple[str, str]:
    """(raw path, raw query) of a request target; the absolute form loses its scheme and authority."""
    if target[:1] != "/" and "://" in target:
        _, _, rest = target.partition("://")
        slash = rest.find("/")
        target = rest[slash:] if slash >= 0 else "/"
    if "#" in target:
        target = target.partition("#")[0]
    path, _, query = target.partition("?")
    return path, query


async def read_body(request: BaseRequest) -> bytes:
    """The whole body, content codings undone. Raises BodyTooLargeError, ExpectationError."""
    expectation = request.headers.get("Expect")
    if expectation is not None:
        if expectation.lower() != "100-continue":
            raise ExpectationError(f"Expect: {expectation} is not known", "leave the header out")
        if request.can_read_body:
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return await read_expected_body(request) if request.can_read_body else b""


async def read_expected_body(request: BaseRequest) -> bytes:
    """The whole body of a request whose Expect header, if any, has been dealt with. Raises as `read_body`."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise BodyTooLargeError("the request's body is over the limit", "raise --max-body") from None
    except web.RequestPayloadError as error:
        cause = error.__cause__ or error
        raise BadRequestError(f"the body cannot be read: {cause}", "send what its headers say") from None


_HEADER_TEXT = "!\"#$&'()*+,/:;<=>?@[]^_`{|}~"  # what stands in a header as it is; the rest is percent-encoded


def description_text(description: str) -> str:
    """A description as a header can hold it."""
    return quote(description[:200], _HEADER_TEXT, errors="replace")
