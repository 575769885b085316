"""Taking in changes: it always ends, and what is kept of requests keeps nothing of what was served before."""

from __future__ import annotations

import asyncio
import gc
import weakref

from stubserver.catalog import Address, Board, HostedCatalog, HostedOptions
from stubserver.catalog.contract import contract_of
from stubserver.catalog.publish import Publishing, publish
from stubserver.security import Guard
from stubserver.store import IN_MEMORY, Database
from tests.conftest import http_pact
from tests.hosted.conftest import Host, put_pact
from tests.hosted.test_addresses import answering


async def opened(room: int = 1 << 20) -> HostedCatalog:
    """A catalog of its own."""
    catalog = HostedCatalog(Database(IN_MEMORY), Board.alone(), Guard(), HostedOptions(room=room))
    await catalog.open()
    return catalog


async def published(catalog: HostedCatalog, provider: str, status: int, version: str = "1") -> None:
    """Publish a pact."""
    contract = contract_of(answering(status, provider=provider), "web", provider)
    async with catalog.writing() as connection:
        await publish(connection, Publishing("web", version, (contract,)))


async def test_a_writer_that_comes_when_taking_in_ends() -> None:
    """A writer that goes on in the very turn in which another taking-in ends takes in its own change."""
    catalog = await opened()
    ended = asyncio.get_running_loop().create_future()
    original = catalog._take_in

    async def take_in() -> None:
        await original()
        if not ended.done():
            ended.set_result(None)

    catalog._take_in = take_in  # type: ignore[method-assign]

    async def write() -> None:
        await ended
        catalog._board.announce()
        await catalog.catch_up()

    writer = asyncio.create_task(write())
    await asyncio.sleep(0)
    await asyncio.wait_for(catalog.catch_up(), 5)
    await asyncio.wait_for(writer, 5)
    assert not catalog.is_behind
    await catalog.close()


async def test_who_joins_loading_late_sees_what_was_written() -> None:
    """Whoever asks after a write is acknowledged gets what was written, though others were loading before it."""
    catalog = await opened()
    await published(catalog, "shop", 201, "1")
    address = Address("shop", "web")
    for number in range(2, 30):
        early = asyncio.create_task(catalog.load(address))
        await asyncio.sleep(0)
        await published(catalog, "shop", 200 + number, str(number))
        late = await catalog.load(address)
        assert late is not None
        assert late.root.interactions[0].response.status == 200 + number
        await early
    await catalog.close()


async def test_changes_elsewhere_leave_stubs_compiled() -> None:
    """A change of another pact neither drops a stub nor what is known of its address."""
    catalog = await opened()
    await published(catalog, "shop", 201)
    first = await catalog.load(Address("shop", "web"))
    await published(catalog, "bank", 202)
    kept = catalog.warm(Address("shop", "web"))
    assert kept is not None
    assert getattr(kept, "value", None) is first
    await published(catalog, "shop", 203, "2")
    assert catalog.warm(Address("shop", "web")) is None
    await catalog.close()


async def test_a_stub_larger_than_all_room_is_compiled_once() -> None:
    """The last stub that is larger than the room is kept all the same."""
    catalog = await opened(room=1)
    await published(catalog, "shop", 201)
    first = await catalog.load(Address("shop", "web"))
    assert await catalog.load(Address("shop", "web")) is first
    kept = catalog.warm(Address("shop", "web"))
    assert getattr(kept, "value", None) is first
    await catalog.close()


async def test_dropped_stubs_are_let_go(host: Host) -> None:
    """Nothing keeps a stub that had to leave memory, nor what was served before a change."""
    running = await host(room=1 << 20)
    big = http_pact(*({"request": {"path": f"/{n}"}, "response": {"body": {"content": "x" * 500}}} for n in range(50)))
    stubs = []
    for number in range(8):
        await put_pact(running, {**big, "provider": {"name": f"p{number}"}}, "1")
        status, _, _ = await running.get(f"/providers/p{number}/stub/1", headers={"X-Run": str(number)})
        assert status == 200
        kept = running.server.hosted.warm(Address(f"p{number}"))
        stubs.append(weakref.ref(kept.value.root))  # type: ignore[union-attr]
        del kept
    served = weakref.ref(running.server._stub_door.serving().decisions)
    await put_pact(running, answering(201, provider="other"), "1")
    await running.get("/providers/other/stub/orders")
    gc.collect()
    alive = sum(stub() is not None for stub in stubs)
    assert alive <= running.server.hosted.compiled_stubs
    assert alive < len(stubs)
    assert served() is None


async def test_a_change_that_not_all_can_take_in() -> None:
    """A mistake in whoever is told of changes makes no write fail, and is not made again and again."""
    catalog = await opened()
    told = 0

    async def fail() -> None:
        nonlocal told
        told += 1
        raise ValueError("a mistake")

    catalog.changed = fail
    await published(catalog, "shop", 201)
    assert await catalog.load(Address("shop", "web")) is not None
    await catalog.catch_up(anew=True)
    assert told == 1
    await catalog.close()
