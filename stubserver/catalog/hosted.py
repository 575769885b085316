"""The catalog of what is published: which pacts an address means, and their stubs.

What is asked for is looked up in the store and compiled once, when it is first asked for, and kept while there is room:
resolutions (address to contents) by number, stubs by bytes. Everything else stays in the store, so a server starts as
fast with ten thousand pacts as with ten.

Theory of coherence. Every write is a transaction that also numbers what it changed (`store.changes`). A worker knows
up to which number it has read them. Before it answers it looks at the board, shared by the workers of its machine: when
that shows a write, it first reads the changes since, and drops what they touch. A writer counts up the board after it
committed and before it acknowledges. So what was acknowledged on this machine is what the next request sees. Writes on
other machines are told by PostgreSQL (LISTEN), and looked for every second besides.
When the store does not answer, what is in memory goes on being served.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import itertools
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

import structlog

from matching import PactError, load_pact
from stubserver.catalog.board import Board
from stubserver.catalog.hot import HotCache, Kept
from stubserver.catalog.nearest import nearest_addresses
from stubserver.catalog.publish import read_older
from stubserver.catalog.resolutions import Resolution, Resolutions
from stubserver.catalog.resolve import chosen, distinct, is_possible, key_of, pact_version_path, touches
from stubserver.catalog.snapshot import Address, LoadedPact, Snapshot, build_stub_snapshot
from stubserver.errors import StubServerError
from stubserver.security import Guard
from stubserver.store import AuditEvent, Change, Database, Publication, StoreUnavailableError, pacts, tokens
from stubserver.store import audit as audit_log
from stubserver.store import changes as change_log

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_FACTOR = 6  # bytes in memory for each byte of a pact, about
_LEAST = 12 << 10  # bytes that a stub takes however small its pacts are, about
_HIDDEN_AT = 16 << 20  # bytes of new stubs from which on the garbage collector is kept from them
_LOOK_EVERY = 1.0  # seconds between two looks for changes that nobody told of
_AGAIN = 0.2  # seconds between two looks that somebody asks for
_REMEMBERED = 1000  # epochs of which it is known what changed
_REFUSALS = 20  # refusals of a second that are recorded


class Epoch:
    """What is known of the store from one change to the next; nothing but what is learnt is added."""

    __slots__ = ("resolutions",)

    def __init__(self, resolutions: Resolutions) -> None:
        self.resolutions = resolutions


@dataclass(frozen=True, slots=True)
class HostedOptions:
    """`room` is bytes for stubs; the others are as in `Catalog`."""

    order: str = "specific"
    eager: int | None = None
    room: int = 512 << 20


class HostedCatalog:
    """Stubs of the pacts in a store."""

    def __init__(self, database: Database, board: Board, guard: Guard, options: HostedOptions) -> None:
        self.database = database
        self.guard = guard
        self.epoch = Epoch(Resolutions())
        self.changed: Callable[[], Any] | None = None  # awaited with each change, before anyone is answered
        self._board = board
        self._seen = board.state
        self._number = -1  # of the last change that is known here
        self._options = options
        self._stubs: HotCache[Snapshot] = HotCache(options.room)
        self._loaded: WeakValueDictionary[str, LoadedPact] = WeakValueDictionary()
        self._oversized: dict[str, Kept[Snapshot]] = {}  # the last stub that was larger than all the room
        self._unhidden = 0  # bytes of stubs that the garbage collector still looks through
        self._epochs = 0
        # What changed with each of the latest epochs: (consumer, provider), or None for everything.
        self._recent: deque[set[tuple[str | None, str | None]] | None] = deque(maxlen=_REMEMBERED)
        # What is being loaded, and the epoch in which that began.
        self._loading: dict[Address, tuple[asyncio.Task[Snapshot | None], int]] = {}
        self._catching_up: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self.has_siblings = board.size > 1  # other workers may write
        self._is_lost = False  # the store did not answer last time
        self._refusals: list[AuditEvent] = []
        self._unrecorded = 0
        self._recording = asyncio.Lock()
        self._looked_again = 0.0

    async def open(self) -> None:
        """Bring the store to the shape of this release, and know its state. Raises StoreError and as `load`."""
        await self.database.migrate()
        await self._take_in()
        self._looking = asyncio.create_task(self._look())
        self._reading = asyncio.create_task(self._read_older())

    async def _read_older(self) -> None:
        """Make what an earlier release stored findable, beside everything else."""
        while True:
            try:
                return await read_older(self.database)
            except StoreUnavailableError:
                await asyncio.sleep(_LOOK_EVERY)
            except Exception:  # a mistake of ours; all but the search goes on
                log.exception("older contents could not be read for the search")
                return None

    async def close(self) -> None:
        """Close the store."""
        loading = (task for task, _ in self._loading.values())
        named = (self._looking, self._reading, self._catching_up)
        running = [task for task in (*named, *loading) if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        with contextlib.suppress(StubServerError):
            await self._record_refusals()
        await self.database.close()

    @property
    def is_behind(self) -> bool:
        """Whether something changed that is not known here yet."""
        return self._board.state != self._seen

    @property
    def is_lost(self) -> bool:
        """Whether the store did not answer when it was last asked."""
        return self._is_lost

    @property
    def compiled_bytes(self) -> int:
        """What the stubs in memory are counted with."""
        return int(self._stubs.currsize)

    @property
    def compiled_stubs(self) -> int:
        """How many stubs are in memory."""
        return len(self._stubs)

    def warm(self, address: Address) -> Kept[Snapshot] | Resolution | None:
        """The stub of an address, if it is in memory; a Resolution if it is known that there is none; else None.

        Whoever keeps what this gives has to look whether its value is still there, and to mark it as used, for as long
        as the epoch lasts.
        """
        resolution = self.epoch.resolutions.get(address)
        if resolution is None or resolution.key is None:
            return resolution
        return self._find(resolution.key)

    async def load(self, address: Address) -> Snapshot | None:
        """The stub of an address, None when there is no such pact; however many ask, the work is done once. Whatever
        changed before somebody asked is in what they get. Raises StoreUnavailableError.
        """
        asked = self._epochs
        while True:
            loading = self._loading.get(address)
            is_ours = loading is None or loading[0].done()
            if loading is None or is_ours:
                loading = self._loading[address] = (asyncio.create_task(self._load(address)), self._epochs)
                loading[0].add_done_callback(functools.partial(self._has_loaded, address))
            task, begun = loading
            snapshot = await asyncio.shield(task)
            if is_ours or not self._touched(address, begun, asked):
                return snapshot

    def _has_loaded(self, address: Address, task: asyncio.Task[Snapshot | None]) -> None:
        if (loading := self._loading.get(address)) is not None and loading[0] is task:
            del self._loading[address]
        if not task.cancelled():
            task.exception()  # whoever waited for it was told

    async def _load(self, address: Address) -> Snapshot | None:
        if not is_possible(address):
            return None
        begun = self._epochs
        async with self.reading() as connection:
            found = distinct(await chosen(connection, address))
            entries = {item.sha: entry for item in found if (entry := self._loaded.get(item.sha)) is not None}
            missing = [item.sha for item in found if item.sha not in entries]
            contents = await pacts.contents_of(connection, missing) if missing else {}
        for item in found:
            if item.sha in contents:
                entry = await asyncio.to_thread(self._compile, item, contents[item.sha])
                entries[item.sha] = self._loaded.setdefault(item.sha, entry)
        key = key_of(found)
        kept = self._find(key) if key is not None else None
        snapshot = kept.value if kept is not None else None
        if key is not None and snapshot is None:
            order = [entries[item.sha] for item in found]
            snapshot = await asyncio.to_thread(build_stub_snapshot, address, order, self._options.order)
            self._keep(key, address, snapshot)
        if not self._touched(address, begun, self._epochs):
            self.epoch.resolutions.learn(address, Resolution(key))
        return snapshot

    def _touched(self, address: Address, first: int, last: int) -> bool:
        """Whether what changed after the first and up to the last of these epochs may change what an address means."""
        oldest = self._epochs - len(self._recent)  # the last epoch of which it is not known any more what changed
        if first < oldest:
            return first < last
        changes = itertools.islice(self._recent, first - oldest, last - oldest)
        return any(some is None or any(touches(address, *change) for change in some) for some in changes)

    def _find(self, key: str) -> Kept[Snapshot] | None:
        """The stub with this key, if it is in memory."""
        found = self._stubs.entries.get(key.encode())
        return self._oversized.get(key) if found is None else found

    def _keep(self, key: str, address: Address, snapshot: Snapshot) -> None:
        """Keep a stub while there is room. The last one that is larger than all the room there is is kept, too."""
        kept = self._stubs.keep(key.encode(), snapshot, _weight(snapshot))
        self._hide_from_collector(kept.size)
        if kept.size > self._stubs.maxsize:
            told = {"stub": str(address), "bytes": kept.size}
            log.warning("a stub takes more than all the room there is; raise --room", **told)
            for earlier in self._oversized.values():
                earlier.drop()
            self._oversized = {key: kept}

    def _hide_from_collector(self, size: int) -> None:
        """Keep the garbage collector from looking through stubs, which are freed without it: with thousands of them,
        one look stops the server for a noticeable time.
        """
        self._unhidden += size
        if self._unhidden >= _HIDDEN_AT:
            self._unhidden = 0
            gc.collect(1)  # what is young and garbage would be kept for ever
            gc.freeze()

    def _compile(self, publication: Publication, content: bytes) -> LoadedPact:
        origin = pact_version_path(publication)
        try:
            return LoadedPact(origin, publication.sha, load_pact(content, self._options.eager), size=len(content))
        except PactError as error:
            return LoadedPact(origin, publication.sha, None, error.problems, size=len(content))

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        """One moment of the store. Raises StoreUnavailableError, at once while it is known not to answer."""
        self._demand_store()
        async with self.database.reading() as connection:
            yield connection

    def _demand_store(self) -> None:
        if self._is_lost:  # whether it is back is found out beside, once a second
            raise StoreUnavailableError("the database does not answer", "try again in a moment")

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[Any]:
        """A transaction on the store. When it ends without an error, all is durable, and all workers of this machine
        see it with their very next request.
        """
        self._demand_store()
        async with self.database.writing() as connection:
            yield connection
        self._board.announce()
        await self.catch_up()

    async def look_again(self) -> None:
        """Take in what changed elsewhere sooner than the next look would: for those who hold a token that was made a
        moment ago by another process. Not more often than a few times a second.
        """
        begun = time.monotonic()
        if (wait := self._looked_again + _AGAIN - begun) > 0:
            await asyncio.sleep(wait)
        if self._looked_again <= begun:  # otherwise somebody else has looked meanwhile
            self._looked_again = time.monotonic()
            with contextlib.suppress(StoreUnavailableError):
                await self.catch_up(anew=True)

    async def catch_up(self, *, anew: bool = False) -> None:
        """Take in what the board shows; `anew`, what the store has now, even if the board shows nothing. Raises
        StoreUnavailableError when the store does not tell.
        """
        while True:
            task, is_ours = self._catching_up, False
            if task is None or task.done():
                task, is_ours = asyncio.create_task(self._take_in()), True
                self._catching_up = task
                task.add_done_callback(self._caught_up)
            await asyncio.shield(task)
            if is_ours or not (anew or self.is_behind):  # what began before we asked may have begun too early
                return

    def _caught_up(self, task: asyncio.Task[None]) -> None:
        if self._catching_up is task:
            self._catching_up = None
        if not task.cancelled():
            task.exception()  # whoever waited for it was told

    async def _take_in(self) -> None:
        state = self._board.state
        try:
            async with self.database.reading() as connection:
                latest = await change_log.latest(connection)
                news = await change_log.since(connection, self._number) if 0 <= self._number <= latest else None
                if news == []:
                    self._seen = state
                    self._found_again()
                    return
                good = await tokens.every(connection) if _touch_tokens(news) else None
        except StoreUnavailableError as error:
            # Asking again with every request would only hold it up; the next look will.
            self._seen = state
            if not self._is_lost:
                log.error("the store does not answer; what is in memory is still served", reason=error.detail)
            self._is_lost = True
            raise
        if good is not None:
            self.guard.replace(good)
        self._begin_epoch(news)
        self._number = latest
        self._found_again()
        if self.changed is not None:
            try:
                await self.changed()
            except Exception:  # a mistake of ours; what was written is written
                log.exception("what changed could not be taken in by all")
        self._seen = state

    def _found_again(self) -> None:
        if self._is_lost:
            log.info("the store answers again")
        self._is_lost = False

    def _begin_epoch(self, news: list[Change] | None) -> None:
        """Forget the resolutions that these changes touch; all of them, where it is not known what changed."""
        changes: set[tuple[str | None, str | None]] | None = None
        if news is not None:
            changes = {(change.consumer, change.provider) for change in news if change.kind == "pacts"}
        self.epoch.resolutions.forget(changes if changes is not None else [(None, None)])
        if changes is not None and any(consumer is None for consumer, _ in changes):
            changes = None
        self.epoch = Epoch(self.epoch.resolutions)
        self._epochs += 1
        self._recent.append(changes)

    async def addresses(self) -> list[Address]:
        """The latest pact of each consumer with each provider. Raises StoreUnavailableError."""
        async with self.reading() as connection:
            return [Address(provider, consumer) for consumer, provider in await pacts.integrations(connection)]

    async def nearest(self, address: Address) -> list[Address]:
        """Addresses that exist and resemble one that does not: the same pact by other selectors, or names like these.
        Empty where the store does not tell.
        """
        if not is_possible(address):
            return []
        try:
            async with self.reading() as connection:
                return await nearest_addresses(connection, address)
        except StoreUnavailableError:
            return []

    async def _look(self) -> None:
        """Look for changes that nobody told of: by other machines, or by a worker that died before it could tell."""
        listening: asyncio.Task[None] | None = None
        if self.database.is_postgres:
            listening = asyncio.create_task(self._listen())
        try:
            while True:
                await asyncio.sleep(_LOOK_EVERY)
                await self._look_once()
                with contextlib.suppress(StubServerError):
                    # Not to be given up half-way when the server stops: what is recorded would be recorded again.
                    await asyncio.shield(self._record_refusals())
        finally:
            if listening is not None:
                listening.cancel()

    async def _look_once(self) -> None:
        try:
            await self.catch_up(anew=True)
        except StoreUnavailableError:
            pass
        except Exception:  # a mistake of ours must not end the looking
            log.exception("changes could not be taken in")

    async def _listen(self) -> None:
        async for _ in self.database.notices(change_log.CHANNEL):
            await self._look_once()

    def note_refusal(self, kind: str, status: int, payload: dict[str, Any], actor: str = "unknown") -> None:
        """Remember a refusal until it is recorded, which is within a second; of a flood, only so many are, and how many
        others there were.
        """
        if len(self._refusals) < _REFUSALS:
            self._refusals.append(audit_log.event(kind, actor, status, payload))
        else:
            self._unrecorded += 1

    async def _record_refusals(self) -> None:
        async with self._recording:
            await self._record_now()

    async def _record_now(self) -> None:
        if not self._refusals:
            return
        events, more = self._refusals, self._unrecorded
        if more:
            told = {"unrecorded": more}
            events = [*events, audit_log.event("RefusalsNotRecorded", "server", 429, told)]
        async with self.database.writing() as connection:
            await audit_log.record(connection, events)
        self._refusals, self._unrecorded = self._refusals[len(events) - bool(more) :], self._unrecorded - more


def _weight(snapshot: Snapshot) -> int:
    return _LEAST + _FACTOR * sum(entry.size for entry in snapshot.pacts)


def _touch_tokens(news: list[Change] | None) -> bool:
    return news is None or any(change.kind == "tokens" for change in news)
