"""Clients that are slow, fall silent or go away, at every moment of a request: they take nothing with them."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import pytest
import structlog

from stubserver.web.connection import Connection
from tests.conftest import Running, Serve, http_pact
from tests.web.conversation import PATIENCE, read_reply, request, settle
from tests.web.raw import connected
from tests.web.within import held_up, server_of, until, waiting

pytestmark = pytest.mark.asyncio(loop_factories=["asyncio", "uvloop"])

JSON = "Content-Type: application/json"
WORDS = [f"word {number}" for number in range(3000)]  # more than is decided in the event loop
LARGE = json.dumps(WORDS).encode()
VERY_LARGE = json.dumps(WORDS * 4).encode()  # more than a connection collects by itself
API = http_pact(
    {"description": "hello", "request": {"path": "/hello"}, "response": {"body": {"content": "hello"}}},
    {"description": "film", "request": {"path": "/film"}, "response": {"body": {"content": "x" * 300_000}}},
    *(
        {
            "description": f"upload {number}",
            "request": {
                "method": "PUT",
                "path": f"/uploads/{number}",
                "body": {"content": words, "contentType": "application/json"},
            },
            "response": {"status": 201},
        }
        for number, words in enumerate([WORDS, WORDS * 4])
    ),
)
HELLO = request("GET /hello HTTP/1.1")
FILM = request("GET /film HTTP/1.1")
UPLOAD = request("PUT /uploads/0 HTTP/1.1", JSON, body=LARGE)
UPLOADS = pytest.mark.parametrize(
    "upload", [UPLOAD, request("PUT /uploads/1 HTTP/1.1", JSON, body=VERY_LARGE)], ids=["plain", "left to aiohttp"]
)


@pytest.fixture
async def api(serve: Serve, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Running]:
    """A server that, whatever happened to it, answers, holds no connection any more, and logged no trouble."""
    with structlog.testing.capture_logs() as events:
        running = await serve(API)
        yield running
        async with asyncio.timeout(PATIENCE), connected(running.url) as (reader, writer):
            writer.write(HELLO)
            assert (await read_reply(reader)).body == b"hello"
        await until(lambda: not server_of(running).open_connections)
    assert not [event for event in events if event["log_level"] == "error"]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def direct(running: Running) -> set[Connection]:
    """The connections that aiohttp has nothing to do with."""
    return server_of(running).direct


def reset(writer: asyncio.StreamWriter) -> None:
    """Go away without a word: the server's system gets a reset."""
    ours = writer.get_extra_info("socket")
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


BEGINNINGS = {
    "nothing": [],
    "half a request line": [HELLO[:7]],
    "half a head": [HELLO[:-4]],
    "a head in many pieces": [bytes([byte]) for byte in HELLO[:-1]],
    "a head without its body": [UPLOAD[: UPLOAD.index(b"\r\n\r\n") + 4]],
    "half a body": [UPLOAD[:-1000]],
    "a body in two pieces": [UPLOAD[:-1000], UPLOAD[-1000:-1]],
    "one and a half": [HELLO, HELLO[:9]],
    "one and a half at once": [HELLO + HELLO[:9]],
    "many at once": [HELLO * 50],
    "one after the other, unread": [HELLO] * 50,
}


@pytest.mark.parametrize("name", BEGINNINGS)
@pytest.mark.parametrize("leave", [asyncio.StreamWriter.close, asyncio.StreamWriter.write_eof, reset])
async def test_leaving_in_the_middle(api: Running, name: str, leave: Callable[[asyncio.StreamWriter], None]) -> None:
    """A client may go away at any moment, in good order or not; what it began is forgotten."""
    for _ in range(5):
        async with connected(api.url) as (_, writer):
            await settle()
            for piece in BEGINNINGS[name]:
                writer.write(piece)
                await settle()
            leave(writer)
    await until(lambda: not direct(api))


@pytest.mark.parametrize(
    "beginning",
    [
        request("PUT /uploads/1 HTTP/1.1", JSON, body=VERY_LARGE)[:-1],
        request("PUT /uploads/1 HTTP/1.1", JSON, "Transfer-Encoding: chunked", body=b"ff\r\n[1,"),
    ],
    ids=["long", "chunked"],
)
async def test_leaving_is_no_error(serve: Serve, beginning: bytes) -> None:
    """A client that goes away in the middle of a body that aiohttp reads is no error of ours."""
    running = await serve(API)
    with structlog.testing.capture_logs() as events:
        async with connected(running.url) as (_, writer):
            writer.write(beginning)
            await writer.drain()
            await settle()
            await until(lambda: server_of(running).open_connections == 1)
        await until(lambda: not server_of(running).open_connections)
    assert events == []


@UPLOADS
@pytest.mark.parametrize("leave", [asyncio.StreamWriter.close, reset])
async def test_leaving_before_the_answer(
    api: Running, upload: bytes, leave: Callable[[asyncio.StreamWriter], None]
) -> None:
    """A client may go away while a thread works on its answer."""
    with held_up(api):
        for number in range(1, 4):
            async with connected(api.url) as (_, writer):
                writer.write(upload)
                await until(lambda number=number: waiting(api) == number)
                leave(writer)
    await until(lambda: not direct(api))


async def test_half_a_connection(api: Running) -> None:
    """A client that sends no more still gets the answer to what it sent, also to what a thread works on."""
    for sent, status in ((HELLO, 200), (HELLO[:9], None), (UPLOAD, 201)):
        async with asyncio.timeout(PATIENCE), connected(api.url) as (reader, writer):
            writer.write(sent)
            await settle()
            writer.write_eof()
            if status is not None:
                assert (await read_reply(reader)).status == status
            assert await reader.read() == b""


@UPLOADS
async def test_a_request_while_another_is_worked_on(api: Running, upload: bytes) -> None:
    """A request that comes while a thread works on the one before is answered after that."""
    async with asyncio.timeout(PATIENCE), connected(api.url) as (reader, writer):
        with held_up(api):
            for sent in (upload, HELLO, upload):
                writer.write(sent)
                await settle()
            async with connected(api.url) as (other, asking):
                asking.write(HELLO)
                assert (await read_reply(other)).body == b"hello"  # nobody else waits
        assert [(await read_reply(reader)).status for _ in range(3)] == [201, 200, 201]


@pytest.mark.parametrize("together", [False, True], ids=["one by one", "together"])
async def test_a_client_that_does_not_read(api: Running, together: bool) -> None:
    """For a client that does not read its answers no more is kept than an answer or two, and others are served; when it
    reads at last, it gets every answer.
    """
    async with asyncio.timeout(PATIENCE), connected(api.url) as (reader, writer):
        reading = writer.transport
        reading.pause_reading()
        await settle()
        if together:
            writer.write(FILM * 100)
        else:
            for _ in range(100):
                writer.write(FILM)
                await settle()
        async with connected(api.url) as (other, asking):
            for _ in range(20):
                asking.write(HELLO)
                assert (await read_reply(other)).body == b"hello"
        kept = [connection._transport.get_write_buffer_size() for connection in direct(api)]
        assert together or 0 < sum(kept) < 2 * 300_000
        reading.resume_reading()
        for _ in range(100):
            assert len((await read_reply(reader)).body) == 300_000


@pytest.mark.parametrize("leave", [asyncio.StreamWriter.close, reset])
async def test_leaving_without_reading(api: Running, leave: Callable[[asyncio.StreamWriter], None]) -> None:
    """A client that has read no answer may go away, too."""
    async with connected(api.url) as (_, writer):
        writer.transport.pause_reading()
        await settle()
        for _ in range(100):
            writer.write(FILM)
            await settle()
        leave(writer)
    await until(lambda: not direct(api))


@UPLOADS
async def test_stopping_waits_for_answers(serve: Serve, upload: bytes) -> None:
    """A server that stops gives the answers that are worked on, and closes all connections."""
    running = await serve(API)
    server = server_of(running)
    async with (
        asyncio.timeout(PATIENCE),
        connected(running.url) as (reader, writer),
        connected(running.url) as (idle, asking),
        connected(running.url) as (silent, _),
        connected(running.url) as (halting, beginning),
    ):
        asking.write(HELLO)
        assert (await read_reply(idle)).body == b"hello"
        beginning.write(HELLO[:9])
        with held_up(running) as go_on:
            writer.write(upload)
            await until(lambda: waiting(running) == 1)
            stopping = asyncio.create_task(running.server.stop())
            for closed in (idle, silent, halting):
                assert await closed.read() == b""
            assert not stopping.done()
            go_on()
        assert (await read_reply(reader)).status == 201
        assert await reader.read() == b""
        await stopping
        await until(lambda: not server.open_connections)


async def test_stopping_lets_answers_arrive(serve: Serve) -> None:
    """An answer that a slow client still reads arrives whole, though the server stops meanwhile."""
    long = http_pact({"request": {"path": "/film"}, "response": {"body": {"content": "x" * 16_000_000}}})
    running = await serve(long)
    url = urlsplit(running.url)
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(url.hostname, url.port, limit=4096)
        writer.write(FILM)
        received = len(await reader.read(1000))
        stopping = asyncio.create_task(running.server.stop())
        await settle()
        assert not stopping.done()
        while piece := await reader.read(1 << 20):
            received += len(piece)
        await stopping
        writer.close()
    assert received > 16_000_000


async def test_stopping_does_not_wait_for_ever(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes too long is given up when the server stops."""
    monkeypatch.setattr("stubserver.app._DRAIN", 0.1)
    running = await serve(API)
    async with asyncio.timeout(PATIENCE), connected(running.url) as (reader, writer):
        with held_up(running):
            writer.write(UPLOAD)
            await until(lambda: any(connection.work is not None for connection in direct(running)))
            await running.server.stop()
            assert await reader.read() == b""


async def test_idle_connections_are_closed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever says nothing for the keep-alive time is shown out, unless an answer is worked on."""
    monkeypatch.setattr("stubserver.app._KEEPALIVE", 1.5)
    monkeypatch.setattr("stubserver.web.connection._SWEEP", 1)
    running = await serve(API)
    async with (
        asyncio.timeout(PATIENCE),
        connected(running.url) as (reader, writer),
        connected(running.url) as (idle, asking),
        connected(running.url) as (silent, _),
        connected(running.url) as (halting, beginning),
        connected(running.url) as (other, talking),
    ):
        asking.write(HELLO)
        assert (await read_reply(idle)).body == b"hello"
        beginning.write(HELLO[:9])
        with held_up(running):
            writer.write(UPLOAD)
            closed = asyncio.gather(*(reader.read() for reader in (idle, silent, halting)))
            while not closed.done():
                talking.write(HELLO)
                assert (await read_reply(other)).body == b"hello"
                await asyncio.sleep(0.1)
            assert await closed == [b"", b"", b""]
            talking.write(HELLO)
            assert (await read_reply(other)).body == b"hello"
        assert (await read_reply(reader)).status == 201


async def test_who_never_reads_is_shown_out(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever does not read for the keep-alive time is shown out, too; what was left to send is dropped."""
    monkeypatch.setattr("stubserver.app._KEEPALIVE", 0.5)
    monkeypatch.setattr("stubserver.web.connection._SWEEP", 1)
    running = await serve(API)
    async with asyncio.timeout(PATIENCE), connected(running.url) as (_, writer):
        writer.transport.pause_reading()
        await settle()
        for _ in range(30):
            writer.write(FILM)
            await settle()
        assert len(direct(running)) == 1
        await until(lambda: not direct(running))
