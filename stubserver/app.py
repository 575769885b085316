"""The composition root: settings in, a running server out. The only place that names concrete sources."""

from __future__ import annotations

import asyncio
import errno
import gc
from collections.abc import Iterable
from pathlib import Path

import structlog
from aiohttp import web

from matching import PatternError, Problem, Severity
from stubserver.catalog import Catalog, LoadedPact, Snapshot
from stubserver.errors import ListenError, SourceError, StubServerError
from stubserver.settings import Settings, SettingsError
from stubserver.sources.document import FailedDocument, Yielded
from stubserver.sources.files import read_files
from stubserver.sources.remote import Access, Remote
from stubserver.sources.watch import changes
from stubserver.web.access_log import AccessLog
from stubserver.web.addressing import is_control
from stubserver.web.connection import DirectServer, Wiring
from stubserver.web.control import ControlDoor, control_application
from stubserver.web.doors import dispatch, request_factory
from stubserver.web.metrics import Metrics, Reading
from stubserver.web.stub import StubDoor, StubOptions
from stubserver.web.ticker import Ticker

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_KEEPALIVE = 75.0  # seconds an idle connection stays open
_DRAIN = 5.0  # seconds that requests in flight get when the server stops


class Server:
    """A stub server made from settings: load, listen, watch, stop."""

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError for settings that contradict themselves."""
        self.settings = settings
        self.catalog = Catalog(settings.order, strict=settings.strict_load, eager=settings.eager)
        self._ticker = Ticker()
        self._access_log: AccessLog | None = None
        self._runner: web.ServerRunner | None = None
        self._control_runner: web.AppRunner | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._fetched: list[Yielded] = []
        options = StubOptions(
            lenient=settings.lenient,
            hot_cache=settings.hot_cache,
            no_match_status=settings.no_match_status,
            near_misses=settings.near_misses,
            head=settings.head,
            provider_state=settings.provider_state,
            provider_state_header=settings.provider_state_header_name,
            stateless=settings.stateless,
            cors=settings.cors,
            cors_referer=settings.cors_referer,
            seed=settings.seed,
            clock=settings.clock,
            random=settings.random,
            echo=settings.echo,
            log_hits=settings.loglevel in ("debug", "trace"),
        )
        try:
            self._stub_door = StubDoor(self.catalog, options)
        except PatternError as error:
            raise SettingsError(f"provider_state {error}", "give a regular expression") from None

    async def load(self) -> Snapshot:
        """Read every source and serve what they hold. Raises LoadError when loading is strict and anything is wrong."""
        self._fetched = await self._fetch()
        return await self.reload()

    async def reload(self) -> Snapshot:
        """Read the files again and serve what they hold, with what the remote sources gave before. Raises as `load`."""
        settings = self.settings
        documents = await asyncio.to_thread(lambda: list(read_files(self.watched_paths(), settings.extension)))
        contents = [(item.origin, _content_of(item)) for item in (*documents, *self._fetched)]
        snapshot = await asyncio.to_thread(self._publish, contents)
        for interaction in snapshot.root.interactions:
            if is_control(interaction.recorded_path):
                log.warning(
                    "an interaction's path is ours; it answers only at the addresses of its stubs",
                    path=interaction.recorded_path,
                )
        return snapshot

    def _publish(self, contents: list[tuple[str, bytes | Problem]]) -> Snapshot:
        """Publish without the garbage collector, which finds nothing in what pacts are compiled into, and keep it from
        ever looking at it again: with many interactions, one look stops the server for a noticeable time.
        """
        gc.disable()
        try:
            return self.catalog.publish(contents)
        finally:
            gc.freeze()
            gc.enable()

    async def _fetch(self) -> list[Yielded]:
        settings = self.settings
        urls = [path for path in settings.paths if _is_url(path)] + settings.url
        if not urls and settings.broker_url is None:
            return []
        access = Access(
            token=settings.token.get_secret_value() if settings.token else None,
            user=settings.user.get_secret_value() if settings.user else None,
            insecure_tls=settings.insecure_tls,
            retries=settings.retries,
        )
        async with Remote(access) as remote:
            documents: list[Yielded] = list(await asyncio.gather(*(remote.read(url) for url in urls)))
            if settings.broker_url is not None:
                found = remote.read_broker(settings.broker_url, settings.consumer_name, settings.provider_name)
                documents += [document async for document in found]
        return documents

    def watched_paths(self) -> list[Path]:
        """The files and directories that pacts come from."""
        settings = self.settings
        return [Path(path) for path in (*settings.paths, *settings.file, *settings.dir) if not _is_url(path)]

    async def start(self) -> tuple[str, int]:
        """Listen; the host and port that were got. Raises ListenError."""
        settings = self.settings
        metrics = Metrics(self._stub_door.tallies, self._readings) if settings.metrics else None
        control = control_application(
            ControlDoor(self.catalog, self._stub_door, settings.near_misses, metrics), settings.max_body
        )
        self._control_runner = web.AppRunner(control, access_log=None)
        await self._control_runner.setup()
        inner = self._control_runner.server
        assert inner is not None
        if settings.access_log is not None:
            self._access_log = AccessLog(settings.access_log, self._ticker)
        wiring = Wiring(
            keepalive=_KEEPALIVE,
            max_body=settings.max_body,
            fast_path=settings.fast_path,
            counts=settings.metrics,
            hot_cache=settings.hot_cache // 8,
            access_log=self._access_log,
        )
        doors = DirectServer(
            dispatch(self._stub_door, inner.request_handler),
            self._stub_door,
            self._ticker,
            wiring,
            request_factory=request_factory(inner, settings.max_body),
        )
        self._runner = web.ServerRunner(doors, shutdown_timeout=_DRAIN)
        await self._runner.setup()
        self._ticker.start()
        try:
            await web.TCPSite(self._runner, settings.host, settings.port, backlog=1024).start()
        except OSError as error:
            await self.stop()
            cure = "choose another with --port, or 0 for a free one"
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                cure = "choose an address of this machine with --host"
            reason = error.strerror or str(error)
            raise ListenError(f"cannot listen on {settings.host}:{settings.port}: {reason}", cure) from None
        host, port = self._runner.addresses[0][:2]
        if settings.watch:
            self._watcher = asyncio.create_task(self._watch())
            self._watcher.add_done_callback(_tell_end_of_watch)
        return host, port

    def _readings(self) -> Iterable[Reading]:
        """What is measured beside answers."""
        snapshot, door = self.catalog.current, self._stub_door
        yield Reading("pacts", "Pacts that are served.", sum(entry.pact is not None for entry in snapshot.pacts))
        yield Reading("interactions", "Interactions that are served.", len(snapshot.root.interactions))
        yield Reading("replays", "Answers given for the very bytes of an earlier request.", door.replayed, True)
        yield Reading("hot_cache_bytes", "Bytes of answers and decisions that are kept.", door.remembered_bytes)
        yield Reading("loop_lag_seconds", "How late the latest tick of the event loop was.", self._ticker.lag)
        if isinstance(self._runner, web.ServerRunner) and isinstance(server := self._runner.server, DirectServer):
            yield Reading("connections", "Connections that are open.", server.open_connections)

    async def stop(self) -> None:
        """Stop watching and listening; requests in flight are finished."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
        for runner in (self._runner, self._control_runner):
            if runner is not None:
                await runner.cleanup()
        self._ticker.stop()
        self._stub_door.close()
        if self._access_log is not None:
            self._access_log.close()

    async def _watch(self) -> None:
        async for changed in changes(self.watched_paths(), self.settings.extension):
            names = sorted(str(path) for path in changed)
            earlier = set(map(id, self.catalog.current.pacts))
            try:
                snapshot = await self.reload()
            except StubServerError as error:
                log.error("reload refused; the earlier pacts are still served", files=names, reason=str(error))
            except Exception:  # a mistake of ours must not end the watch
                log.exception("reload failed; the earlier pacts are still served", files=names)
            else:
                log.info("reloaded", files=names, interactions=len(snapshot.root.interactions))
                log_documents(entry for entry in snapshot.pacts if id(entry) not in earlier)


def log_documents(entries: Iterable[LoadedPact]) -> None:
    """Tell of each document what of it is not served, and why."""
    for entry in entries:
        problems = [str(problem) for problem in entry.problems if problem.severity is not Severity.NOTE]
        if entry.stale:
            log.error("a pact is broken; its earlier reading is still served", file=entry.origin, problems=problems)
        elif entry.pact is None:
            log.error("pact not read", file=entry.origin, problems=problems)
        elif problems or entry.pact.skipped:
            log.warning("not all of a pact is served", file=entry.origin, skipped=entry.skip_reasons, problems=problems)


def _content_of(item: Yielded) -> bytes | Problem:
    if isinstance(item, FailedDocument):
        return Problem(Severity.ERROR, "", item.error.detail, item.error.cure)
    return item.content


def _tell_end_of_watch(watcher: asyncio.Task[None]) -> None:
    if not watcher.cancelled() and (error := watcher.exception()) is not None:
        log.error("files are no longer watched", reason=str(error) or type(error).__name__)


def _is_url(path: str) -> bool:
    return path.startswith(("http://", "https://"))


def demand_sources(settings: Settings) -> None:
    """Raises SourceError when the settings name nothing to load."""
    if not settings.names_sources:
        cure = "name pact files, directories or URLs: stubserver serve pacts/"
        raise SourceError("there is nothing to serve", cure)
