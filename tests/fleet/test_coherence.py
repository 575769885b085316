"""What was acknowledged by one worker is what the next request sees, at whichever worker it arrives."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from tests.fleet.conftest import MakeHost
from tests.fleet.hosts import Client, Host, pair_path, path_pact, rounds

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the kernel does not share out connections")

ROUNDS = rounds("STUBSERVER_ROUNDS", 25)


class Pair:
    """A host with two workers, a client at each of them, and one that comes anew with every request."""

    def __init__(self, host: Host, clients: list[Client], anew: Client) -> None:
        self.host = host
        self.clients = clients
        self.anew = anew

    def turn(self, number: int) -> tuple[Client, Client]:
        """The clients at two different workers: they take turns at being the first."""
        return self.clients[number % 2], self.clients[1 - number % 2]

    async def seen(self, number: int, ask: Callable[[Client], Awaitable[Any]]) -> list[Any]:
        """What is seen right now at the other worker, by whoever comes anew, and at this worker."""
        here, there = self.turn(number)
        return [await ask(there), await ask(self.anew), await ask(here)]


async def client_at(host: Host, worker: int, stack: contextlib.AsyncExitStack, secret: str | None = None) -> Client:
    """A client whose connection belongs to this worker."""
    for _ in range(200):
        client = Client(host.url, stays=True, secret=secret)
        assert (await client.get("/_stubserver/health")).status == 200
        if host.owner_of(client.port) == worker:
            return await stack.enter_async_context(client)
        await client.close()
    raise AssertionError("one of the workers gets no connections")


@contextlib.asynccontextmanager
async def paired(host: Host, secret: str | None = None) -> AsyncIterator[Pair]:
    """The clients of a host that has two workers."""
    async with contextlib.AsyncExitStack() as stack:
        first, second = host.workers
        clients = [await client_at(host, worker, stack, secret) for worker in (first, second)]
        anew = await stack.enter_async_context(Client(host.url, secret=secret))
        yield Pair(host, clients, anew)
        assert [host.owner_of(client.port) for client in clients] == [first, second]  # still those that were meant


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[bool, Host]]:
    """Two hosts with two workers each: one that wants tokens, and one that does not. Each test has names of its own."""
    maker = MakeHost(tmp_path_factory.mktemp("hosts"))
    yield {guarded: maker("--workers", "2", *(["--auth", "token"] if guarded else [])) for guarded in (False, True)}
    maker.stop()


@pytest.fixture
async def pair(hosts: dict[bool, Host]) -> AsyncIterator[Pair]:
    """The host without tokens."""
    async with paired(await hosts[False].running()) as found:
        yield found


@pytest.fixture
async def guarded(hosts: dict[bool, Host]) -> AsyncIterator[Pair]:
    """The host that wants tokens."""
    host = await hosts[True].running()
    async with paired(host, host.secret) as found:
        yield found


async def test_both_workers_answer(pair: Pair) -> None:
    """Connections are shared out between the workers."""
    owners = set()
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(40):
            client = await stack.enter_async_context(Client(pair.host.url, stays=True))
            await client.get("/_stubserver/health")
            owners.add(pair.host.owner_of(client.port))
    assert owners == set(pair.host.workers)


async def test_a_new_version(pair: Pair) -> None:
    """The stub of the latest pact answers with the new one at once; so does that of the whole provider."""

    async def whole(client: Client) -> Any:
        return (await client.get("/providers/version-api/stub/mark")).document["mark"]

    for number in range(ROUNDS):
        here, _ = pair.turn(number)
        assert (await here.publish("version-web", "version-api", f"v{number}", number)).status == 200
        assert await pair.seen(number, lambda client: client.mark("version-web", "version-api")) == [number] * 3
        assert await pair.seen(number, whole) == [number] * 3


async def test_a_first_version(pair: Pair) -> None:
    """Whoever was told that there is no stub finds it as soon as it is published."""
    for number in range(ROUNDS):
        here, _ = pair.turn(number)

        async def mark(client: Client, name: str = f"first-{number}") -> Any:
            return await client.mark(name, "first-api")

        assert await pair.seen(number, mark) == [404] * 3
        assert (await here.put_pact(f"first-{number}", "first-api", "1", number)).status == 201
        assert await pair.seen(number, mark) == [number] * 3


async def test_a_tag(pair: Pair) -> None:
    """The stub of a tag answers with the version that was tagged last, at once."""
    for number in range(ROUNDS):
        here, there = pair.turn(number)
        await here.put_pact("tag-web", "tag-api", f"v{number}", number)
        assert (await there.tag("tag-web", f"v{number}", "prod")).status == 201
        assert await pair.seen(number, lambda client: client.mark("tag-web", "tag-api", "latest/prod")) == [number] * 3


async def test_a_deployment(pair: Pair) -> None:
    """The stub of an environment answers with the version that was deployed last, at once."""
    made = await pair.anew.request("POST", "/environments", {"name": "live", "production": True})
    place = made.document["uuid"]

    async def mark(client: Client) -> Any:
        return await client.mark("deployed-web", "deployed-api", "environment/live")

    for number in range(ROUNDS):
        here, there = pair.turn(number)
        await here.put_pact("deployed-web", "deployed-api", f"v{number}", number)
        path = f"/pacticipants/deployed-web/versions/v{number}/deployed-versions/environment/{place}"
        assert (await there.request("POST", path, {})).status == 201
        assert await pair.seen(number, mark) == [number] * 3


async def test_a_deleted_pact(pair: Pair) -> None:
    """When a pact is deleted, the one before answers at once; when it was the last, nothing does."""
    names = ("deleted-web", "deleted-api")
    for number in range(ROUNDS // 3):
        here, there = pair.turn(number)
        await here.put_pact(*names, f"{number}-a", "old")
        await there.put_pact(*names, f"{number}-b", "new")
        assert await pair.seen(number, lambda client: client.mark(*names)) == ["new"] * 3
        for version, left in ((f"{number}-b", "old"), (f"{number}-a", 404)):
            assert (await here.request("DELETE", f"{pair_path(*names)}/version/{version}")).status == 200
            assert await pair.seen(number, lambda client: client.mark(*names)) == [left] * 3


async def opened_and_closed(guarded: Pair, path: str) -> None:
    """A token opens a path as soon as it is made, and no longer than until it is revoked."""
    for number in range(ROUNDS // 6):  # a refusal takes its time
        here, there = guarded.turn(number)
        made = (await here.request("POST", "/settings/tokens", {"description": f"t{number}", "role": "read"})).document

        async def ask(client: Client, secret: str = made["value"]) -> int:
            return (await client.get(path, **{"X-Stub-Token": secret})).status

        assert await guarded.seen(number, ask) == [200] * 3
        assert (await there.request("DELETE", f"/settings/tokens/{made['uuid']}")).status == 204
        assert await guarded.seen(number + 1, ask) == [401] * 3


async def test_a_token_for_stubs(guarded: Pair) -> None:
    """A token opens stubs as soon as it is made, and no longer than until it is revoked."""
    await guarded.anew.put_pact("web", "api", "1", "here")
    await opened_and_closed(guarded, f"{pair_path('web', 'api')}/latest/stub/mark")


@pytest.mark.parametrize("path", ["/pacticipants", "/_stubserver/stubs"])
async def test_a_token_for_the_api(guarded: Pair, path: str) -> None:
    """A token opens the API and the control door as soon as it is made, and no longer than until it is revoked."""
    await opened_and_closed(guarded, path)


async def test_explanations(pair: Pair) -> None:
    """What is explained beside stubs is about the pact that was published last, at once."""
    names = ("explained-web", "explained-api")
    for number in range(ROUNDS // 3):
        here, _ = pair.turn(number)
        path = f"/new/{number}"
        await here.request("PUT", f"{pair_path(*names)}/version/{number}", path_pact(*names, path))

        async def is_found(client: Client, path: str = path) -> bool:
            asked = {"path": f"{pair_path(*names)}/latest/stub{path}"}
            return (await client.request("POST", "/_stubserver/explain", asked)).document["match"] is not None

        assert await pair.seen(number, is_found) == [True] * 3


async def test_concurrent_publishers(pair: Pair) -> None:
    """Many publish at both workers at the same time, and each finds at the other worker what it just published."""

    async def publish(name: str, first: int) -> None:
        for number in range(first, first + max(ROUNDS // 6, 5)):
            here, there = pair.turn(number)
            assert (await here.publish(name, "busy-api", f"v{number}", number, ["dev"])).status == 200
            seen = [
                await there.mark(name, "busy-api"),
                await pair.anew.mark(name, "busy-api"),
                await pair.anew.mark(name, "busy-api", "latest/dev"),
            ]
            assert seen == [number] * 3

    await asyncio.gather(*(publish(f"busy-{number}", number) for number in range(8)))


async def test_a_provider_that_is_published_for_all_the_time(pair: Pair) -> None:
    """The stub of a whole provider has what was published last even while others of its consumers go on publishing."""
    is_over = asyncio.Event()

    async def disturb(client: Client, name: str) -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            assert (await client.put_pact(name, "whole-api", f"v{number}", number)).status == 201

    async with contextlib.AsyncExitStack() as stack:
        others = [await stack.enter_async_context(Client(pair.host.url, stays=True)) for _ in range(4)]
        for number in range(50):
            await pair.anew.put_pact(f"other-{number}", "whole-api", "1", f"of other {number}")
        disturbing = [asyncio.create_task(disturb(client, f"whole-{n}")) for n, client in enumerate(others)]
        try:
            for number in range(ROUNDS // 4):
                here, _ = pair.turn(number)
                path = f"/new/{number}"
                document = path_pact("whole-web", "whole-api", path)
                await here.request("PUT", f"{pair_path('whole-web', 'whole-api')}/version/{number}", document)
                asking = (*pair.clients, pair.anew, pair.anew, pair.anew)
                seen = await asyncio.gather(*(client.get(f"/providers/whole-api/stub{path}") for client in asking))
                assert [reply.status for reply in seen] == [299] * 5
        finally:
            is_over.set()
            await asyncio.gather(*disturbing)
