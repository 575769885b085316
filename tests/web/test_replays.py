"""An answer that is given again for the very bytes of an earlier request does all that it did the first time."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from stubserver.catalog import HotCache
from stubserver.web import generation
from tests.conftest import Running, Serve, http_pact
from tests.web.conversation import PATIENCE, Reply, read_reply, request
from tests.web.raw import connected
from tests.web.within import held_up, until, waiting

UUID = {"body": {"$.id": {"type": "Uuid"}}}
DAY = {"body": {"$.id": {"type": "Date"}}}
BODY = {"content": {"id": "recorded"}, "contentType": "application/json"}
SHOP = http_pact(
    {"description": "plain", "request": {"path": "/plain"}, "response": {"body": BODY}},
    {"description": "uuid", "request": {"path": "/uuid"}, "response": {"body": BODY, "generators": UUID}},
    {"description": "day", "request": {"path": "/day"}, "response": {"body": BODY, "generators": DAY}},
    {
        "description": "new",
        "request": {"method": "POST", "path": "/new", "body": {"content": {"a": 1}, "contentType": "application/json"}},
        "response": {"status": 201},
    },
    {
        "description": "strict",
        "request": {"path": "/strict", "headers": {"X-Key": ["k"]}},
        "response": {"status": 202},
    },
    consumer="web",
    provider="shop",
)
PLAIN = request("GET /plain HTTP/1.1")
UNIQUE = request("GET /uuid HTTP/1.1")
TODAY = request("GET /day HTTP/1.1")
NEW = request("POST /new HTTP/1.1", "Content-Type: application/json", body=b'{"a":1}')
MISS = request("GET /nowhere HTTP/1.1")
STRICT = request("GET /strict HTTP/1.1")
PREFLIGHT = request("OPTIONS /plain HTTP/1.1", "Origin: http://a", "Access-Control-Request-Method: GET")
REFUSED = request("GET /plain HTTP/1.1", "X-Stub-State: (")


class Client:
    """One connection; each request is sent after the answer to the one before."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, sent: bytes) -> Reply:
        """The answer to a request."""
        self._writer.write(sent)
        return await read_reply(self._reader)

    async def ask_often(self, sent: bytes, times: int = 5) -> list[Reply]:
        """The answers to the same request, again and again."""
        return [await self.ask(sent) for _ in range(times)]


@contextlib.asynccontextmanager
async def client_of(running: Running) -> AsyncIterator[Client]:
    """A connection to a server."""
    async with asyncio.timeout(PATIENCE), connected(running.url) as (reader, writer):
        yield Client(reader, writer)


def replayed(running: Running) -> int:
    """How many answers were given without looking at anything but the bytes of the request."""
    return running.server._stub_door.replayed


@pytest.mark.parametrize("sent", [PLAIN, UNIQUE, TODAY, NEW, MISS, PREFLIGHT])
async def test_what_comes_often_is_replayed(serve: Serve, sent: bytes) -> None:
    """From its third time on, a request gets the answer that it got, whoever sends it."""
    running = await serve(SHOP)
    async with client_of(running) as one, client_of(running) as other:
        replies = [await one.ask(sent), await other.ask(sent)]
        assert replayed(running) == 0
        replies += [await one.ask(sent), await other.ask(sent), await one.ask(sent)]
    assert replayed(running) == 3
    assert len(set(replies)) == 1


NEVER_REPLAYED = {
    "random": (UNIQUE, {"random": True}),
    "the time": (TODAY, {"clock": "now"}),
    "a seed": (request("GET /uuid HTTP/1.1", "X-Stub-Seed: a"), {}),
    "a clock": (request("GET /day HTTP/1.1", "X-Stub-Clock: now"), {}),
    "parameters": (request("GET /uuid HTTP/1.1", "X-Stub-State-Params: {}"), {}),
    "refused": (REFUSED, {}),
    "no cache": (PLAIN, {"hot_cache": 0}),
    "no fast path": (PLAIN, {"fast_path": False}),
    "long": (request("GET /plain HTTP/1.1", *(f"X-{n}: {'x' * 7000}" for n in range(3))), {}),
    "left to aiohttp": (request("GET /_stubserver/health HTTP/1.1"), {}),
}


@pytest.mark.parametrize("name", NEVER_REPLAYED)
async def test_what_is_never_replayed(serve: Serve, name: str) -> None:
    """What depends on more than the request, and what was turned off, is worked out each time."""
    sent, options = NEVER_REPLAYED[name]
    running = await serve(SHOP, **options)
    async with client_of(running) as client:
        replies = await client.ask_often(sent)
    assert replayed(running) == 0
    assert len(set(replies)) == (5 if name == "random" else 1)


async def test_a_clock_that_stands_still(serve: Serve) -> None:
    """With a moment for a clock, dates are replayed as anything else."""
    running = await serve(SHOP, clock="2024-02-29T10:00:00Z")
    async with client_of(running) as client:
        replies = await client.ask_often(TODAY)
    assert {reply.body for reply in replies} == {b'{"id":"2024-02-29"}'}
    assert replayed(running) == 3


class Wall(datetime):
    """A clock on the wall that is put right by hand: hours from now, and how many more each time that it is read."""

    ahead = 0.0
    step = 0.0

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        """What the clock shows."""
        moment = datetime.now(tz) + timedelta(hours=cls.ahead)
        cls.ahead += cls.step
        return moment


async def test_midnight(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `today` for a clock, an answer with the date is replayed until the day ends, and no longer."""
    running = await serve(SHOP)
    async with client_of(running) as client:
        replies = await client.ask_often(TODAY)
        assert replayed(running) == 3
        (kept,) = running.server._stub_door.serving().replay.entries.values()
        tomorrow = datetime.now() + timedelta(days=1)
        assert datetime.fromtimestamp(kept.value.lasts_until) == datetime(tomorrow.year, tomorrow.month, tomorrow.day)
        kept.value.lasts_until = 1.0
        monkeypatch.setattr(generation, "datetime", Wall)
        monkeypatch.setattr(Wall, "ahead", 24.0)
        replies += await client.ask_often(TODAY, 2)
    assert replayed(running) == 4  # what was made for the new day is kept at once
    assert [json.loads(reply.body)["id"] for reply in replies[-3:]] == [
        str(day.date()) for day in (tomorrow - timedelta(days=1), tomorrow, tomorrow)
    ]


async def test_an_answer_at_midnight(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is worked on while the day ends is not kept for all of the next day."""
    running = await serve(SHOP)
    monkeypatch.setattr(generation, "datetime", Wall)
    monkeypatch.setattr(Wall, "step", 24.0)  # a day goes by between any two looks at the clock
    async with client_of(running) as client:
        await client.ask_often(TODAY, 2)
    (kept,) = running.server._stub_door.serving().replay.entries.values()
    written = datetime.fromisoformat(json.loads(kept.value.body)["id"])
    assert datetime.fromtimestamp(kept.value.lasts_until) <= written + timedelta(days=1)


async def test_counters(serve: Serve) -> None:
    """Every answer is counted, whether it was worked out or replayed, under its contract and outcome."""
    running = await serve(SHOP, lenient=True)
    async with client_of(running) as client:
        for sent in (PLAIN, UNIQUE, NEW, MISS, PREFLIGHT, REFUSED, STRICT):
            await client.ask_often(sent)
        await client.ask(request("GET /plain HTTP/1.1", "Connection: close"))  # by aiohttp
    assert dict(running.server._stub_door.tallies) == {
        ("exact", "web", "shop"): 16,
        ("lenient", "web", "shop"): 5,
        ("none", "", ""): 5,
        ("preflight", "", ""): 5,
        ("refused", "", ""): 5,
    }
    assert replayed(running) == 3 * 6


async def test_misses_are_logged(serve: Serve) -> None:
    """Every miss is logged, whether it was explained or replayed."""
    running = await serve(SHOP)
    with structlog.testing.capture_logs() as events:
        async with client_of(running) as client:
            await client.ask_often(MISS)
            await client.ask_often(PLAIN)
    assert replayed(running) == 6
    assert [(event["event"], event["log_level"], event["path"]) for event in events] == [
        ("no match", "warning", "/nowhere")
    ] * 5


@pytest.fixture
def verbose() -> Iterator[None]:
    """Whatever is logged counts, whoever configured the logs before."""
    earlier = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**earlier)


@pytest.mark.usefixtures("verbose")
async def test_hits_are_logged(serve: Serve) -> None:
    """Where hits are logged, every one is."""
    running = await serve(SHOP, loglevel="debug")
    with structlog.testing.capture_logs() as events:
        async with client_of(running) as client:
            await client.ask_often(PLAIN)
            await client.ask_often(UNIQUE)
    assert replayed(running) == 6
    assert [event["target"] for event in events] == ["GET /plain"] * 5 + ["GET /uuid"] * 5


async def test_lines_of_the_access_log(serve: Serve, tmp_path: Path) -> None:
    """Every answer has its line in the access log."""
    running = await serve(SHOP, access_log=str(tmp_path / "access.log"))
    async with client_of(running) as client:
        for sent in (PLAIN, UNIQUE, NEW, MISS):
            await client.ask_often(sent)
    assert replayed(running) == 12
    await running.server.stop()
    lines = (tmp_path / "access.log").read_text().splitlines()
    assert [line.split('"')[1].split()[1] for line in lines] == [
        path for path in ("/plain", "/uuid", "/new", "/nowhere") for _ in range(5)
    ]


async def test_the_date(serve: Serve) -> None:
    """The date of an answer is that of the moment when it is given, not when it was worked out."""
    running = await serve(SHOP)
    dates = []
    async with asyncio.timeout(PATIENCE), connected(running.url) as (reader, writer):
        while len(set(dates)) < 3:
            writer.write(PLAIN)
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            await reader.readexactly(len(b'{"id":"recorded"}'))
            assert head.count("\r\nDate: ") == 1
            dates.append(head.partition("\r\nDate: ")[2].partition("\r\n")[0])
            await asyncio.sleep(0.05)
    assert replayed(running) == len(dates) - 2
    moments = [datetime.strptime(date, "%a, %d %b %Y %H:%M:%S GMT") for date in dates]
    assert moments == sorted(moments)
    assert moments[-1] - moments[0] == timedelta(seconds=2)


async def test_a_new_pact(serve: Serve) -> None:
    """The very next request is answered by what was just published, on connections where the old answer was replayed,
    too.
    """
    running = await serve(SHOP)
    async with client_of(running) as client:
        for sent, old in ((PLAIN, 200), (NEW, 201), (MISS, 500)):
            assert {reply.status for reply in await client.ask_often(sent)} == {old}
        for status in (404, 410):
            response = {"status": status}
            paths = [{"path": "/plain"}, {"method": "POST", "path": "/new"}, {"path": "/nowhere"}]
            pact = http_pact(*({"request": path, "response": response} for path in paths))
            running.server.catalog.publish([("a", json.dumps(pact).encode())])
            for sent in (PLAIN, NEW, MISS):
                assert {reply.status for reply in await client.ask_often(sent)} == {status}
        running.server.catalog.publish([])
        for sent in (PLAIN, NEW, MISS):
            assert {reply.status for reply in await client.ask_often(sent)} == {500}


async def test_a_new_pact_while_an_answer_is_worked_on(serve: Serve) -> None:
    """An answer that was begun with the pact of before is given, and never again."""
    words = ["a word" for _ in range(2000)]
    body = {"content": words, "contentType": "application/json"}
    old, new = (
        http_pact({"request": {"method": "PUT", "path": "/", "body": body}, "response": {"status": status}})
        for status in (201, 202)
    )
    sent = request("PUT / HTTP/1.1", "Content-Type: application/json", body=json.dumps(words).encode())
    running = await serve(old)
    async with client_of(running) as client:
        assert (await client.ask(sent)).status == 201
        with held_up(running):
            asking = asyncio.create_task(client.ask(sent))
            await until(lambda: waiting(running) == 1)
            running.server.catalog.publish([("new", json.dumps(new).encode())])
        assert (await asking).status == 201
        assert replayed(running) == 0
        assert {reply.status for reply in await client.ask_often(sent)} == {202}
        assert replayed(running) == 3


# The cache itself

KEYS = st.sampled_from([bytes([number]) * (number + 1) for number in range(12)])
STEPS = st.lists(
    st.tuples(st.sampled_from(["keep", "keep", "use", "drop"]), KEYS, st.integers(0, 60)),
    max_size=60,
)
LAW = settings(max_examples=300, deadline=None)


@LAW
@given(st.integers(0, 200), STEPS)
def test_the_cache_is_bounded(max_bytes: int, steps: list[tuple[str, bytes, int]]) -> None:
    """Whatever is kept, used and dropped, what is kept never takes more bytes than allowed, and can be read."""
    cache: HotCache[int] = HotCache(max_bytes)
    for number, (step, key, size) in enumerate(steps):
        if step == "keep":
            cache.keep(key, number, size)
            assert size + len(key) > max_bytes or cache[key].value == number
        elif step == "use" and key in cache.entries:
            cache.entries[key].used = True
        elif step == "drop":
            cache.pop(key, None)
        assert cache.currsize == sum(kept.size for kept in cache.entries.values()) <= max_bytes
        assert {key: kept.value for key, kept in cache.entries.items()} == {key: cache[key].value for key in cache}


@LAW
@given(st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_what_is_used_survives(used: list[int]) -> None:
    """An entry that is used each time before another one comes is never dropped for it."""
    cache: HotCache[int] = HotCache(100)
    cache.keep(b"wanted", 0, 4)
    for number in used:
        cache.entries[b"wanted"].used = True
        cache.keep(b"%010d" % number, number, 10)
        assert b"wanted" in cache.entries


def test_what_is_not_used_goes_first() -> None:
    """Of entries that were not used, the oldest is dropped; used ones get another turn."""
    cache: HotCache[int] = HotCache(30)
    for key in (b"a", b"b", b"c"):
        cache.keep(key, 0, 9)
    cache.entries[b"a"].used = True
    cache.keep(b"d", 0, 9)
    assert set(cache.entries) == {b"a", b"c", b"d"}
    cache.keep(b"e", 0, 9)
    assert set(cache.entries) == {b"a", b"d", b"e"}


def test_it_has_to_come_twice() -> None:
    """What comes for the first time is not let in; nothing is, where nothing may be kept."""
    cache: HotCache[int] = HotCache(100)
    assert [cache.admits(b"a"), cache.admits(b"b"), cache.admits(b"a"), cache.admits(b"b")] == [
        False,
        False,
        True,
        True,
    ]
    nothing: HotCache[int] = HotCache(0)
    assert [nothing.admits(b"a"), nothing.admits(b"a")] == [False, False]
