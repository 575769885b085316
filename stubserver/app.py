"""The composition root: settings in, a running server out. The only place that names concrete sources."""

from __future__ import annotations

import asyncio
import errno
import gc
import ssl
from collections.abc import Iterable
from pathlib import Path

import structlog
from aiohttp import web
from yarl import URL

from matching import PatternError, Problem, Severity
from stubserver.catalog import (
    Board,
    Catalog,
    HostedCatalog,
    HostedOptions,
    LoadedPact,
    Snapshot,
    pact_version_path,
)
from stubserver.catalog.contract import Contract, contract_of, name_in, read_document
from stubserver.catalog.publish import Publishing, publish
from stubserver.errors import ListenError, LoadError, SourceError, StubServerError
from stubserver.security import Guard, Role, digest_of, hint_of, new_token
from stubserver.settings import Settings, SettingsError
from stubserver.sources.document import FailedDocument, Yielded
from stubserver.sources.files import read_files
from stubserver.sources.remote import Access as RemoteAccess
from stubserver.sources.remote import Remote
from stubserver.sources.watch import changes
from stubserver.store import IN_MEMORY, Database, Publication, StoreError, pacts, sqlite_url, tokens
from stubserver.web.access_log import AccessLog
from stubserver.web.addressing import CONTROL_PREFIX, Naming, is_control
from stubserver.web.api.call import Api
from stubserver.web.api.routes import add_api_routes
from stubserver.web.asks import AskDefaults
from stubserver.web.auth import Access
from stubserver.web.connection import DirectServer, Wiring
from stubserver.web.control import ControlDoor, add_control_routes, unknown_as_problems
from stubserver.web.doors import dispatch, request_factory
from stubserver.web.metrics import Metrics, Reading
from stubserver.web.outside import Outside, networks
from stubserver.web.stub import StubDoor, StubOptions
from stubserver.web.ticker import Ticker

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_KEEPALIVE = 75.0  # seconds an idle connection stays open
_LARGEST_PUBLICATION = 64 << 20  # bytes of a request to the API
DEFAULT_DATA = "stubserver-data"
_DRAIN = 5.0  # seconds that requests in flight get when the server stops


class Server:
    """A stub server made from settings: load, listen, watch, stop.

    There are two kinds. One serves documents that it reads from files and URLs, and keeps what is published to it only
    until it stops. The other is `hosted`: it serves what is published to it, and keeps that in a database.
    """

    def __init__(self, settings: Settings, *, hosted: bool = False, board: Board | None = None) -> None:
        """`board` is what it shares with other workers. Raises SettingsError for settings that contradict themselves,
        StoreError for a database that cannot be used.
        """
        self.settings = settings
        self.is_hosted = hosted
        _demand_closed(settings, hosted=hosted)
        self.catalog = Catalog(settings.order, strict=settings.strict_load, eager=settings.eager)
        self.guard = Guard()
        options = HostedOptions(settings.order, settings.eager, settings.room)
        database = Database(database_url(settings) if hosted else IN_MEMORY)
        self.hosted = HostedCatalog(database, board or Board.alone(), self.guard, options)
        self._tls = tls_context(settings)
        self._ticker = Ticker()
        self._access_log: AccessLog | None = None
        self._runner: web.ServerRunner | None = None
        self._control_runner: web.AppRunner | None = None
        self._watcher: asyncio.Task[None] | None = None
        self.first_token: str | None = None
        self._is_open = False
        self._fetched: list[Yielded] = []
        self._documents: list[tuple[str, bytes | Problem]] = []
        self._imported: set[tuple[str, str, str]] = set()  # (consumer, provider, version) of documents in the store
        self._importing = asyncio.Lock()
        self._serving = asyncio.Lock()
        self._is_imported = hosted
        anyone = Role.ADMIN if settings.is_local or settings.allow_open else Role.READ
        self._access = Access(self.guard, settings.auth == "token", anyone)
        self._naming = Naming(
            tuple(domain.lower().strip(".") for domain in settings.stub_domain),
            URL(settings.base_url).raw_path.rstrip("/") if settings.base_url is not None else "",
            has_root=not hosted,
        )
        outside = Outside(
            settings.base_url, "https" if self._tls is not None else "http", networks(settings.trusted_proxy)
        )
        stub_options = StubOptions(
            lenient=settings.lenient,
            hot_cache=settings.hot_cache,
            no_match_status=settings.no_match_status,
            near_misses=settings.near_misses,
            head=settings.head,
            asks=AskDefaults(
                provider_state=settings.provider_state,
                provider_state_header=settings.provider_state_header_name,
                stateless=settings.stateless,
                cors=settings.cors,
                cors_referer=settings.cors_referer,
            ),
            seed=settings.seed,
            clock=settings.clock,
            random=settings.random,
            echo=settings.echo,
            log_hits=settings.loglevel in ("debug", "trace"),
        )
        try:
            self._stub_door = StubDoor(self.catalog, self.hosted, self._access, stub_options, outside, self._naming)
        except PatternError as error:
            raise SettingsError(f"provider_state {error}", "give a regular expression") from None

    async def open(self) -> None:
        """Open the store, if it is not open yet. Where tokens are needed and there is none that may make others, one is
        made: `first_token` can be had only here. Raises StoreError, StoreUnavailableError.
        """
        if self._is_open:
            return
        self._is_open = True
        await self.hosted.open()
        if not self.is_hosted:
            self.hosted.changed = self._serve_published
        if self.settings.auth == "off" or self.guard.knows_admin:
            return
        secret = new_token(Role.ADMIN)
        async with self.hosted.writing() as connection:
            await tokens.add(connection, "first administrator", Role.ADMIN, digest_of(secret), hint_of(secret))
        self.first_token = secret

    async def load(self) -> Snapshot:
        """Read every source and serve what they hold. Raises as `open`, and LoadError when loading is strict and
        anything is wrong.
        """
        await self.open()
        self._fetched = await self._fetch()
        return await self.reload()

    async def reload(self) -> Snapshot:
        """Read the files again and serve what they hold, with what the remote sources gave before. Raises as `load`."""
        settings = self.settings
        documents = await asyncio.to_thread(lambda: list(read_files(self.watched_paths(), settings.extension)))
        contents = [(item.origin, _content_of(item)) for item in (*documents, *self._fetched)]
        snapshot = await self._serve(contents)
        self._documents = contents
        if self._is_imported:
            self._is_imported = False
            await self.import_documents()
        for interaction in snapshot.root.interactions:
            if is_control(interaction.recorded_path):
                log.warning(
                    "an interaction's path is ours; it answers only at the addresses of its stubs",
                    path=interaction.recorded_path,
                )
        return snapshot

    async def import_documents(self) -> None:
        """Put the documents into the store, for those who read it through the API. Done when that is first asked for,
        since it takes a while with thousands of them.
        """
        async with self._importing:
            if self._is_imported:
                return
            contracts = await asyncio.to_thread(lambda: list(_contracts_of(self._documents)))
            async with self.hosted.writing() as connection:
                for contract in contracts:
                    version = f"file-{contract.sha[:12]}"
                    self._imported.add((contract.consumer, contract.provider, version))
                    await publish(connection, Publishing(contract.consumer, version, (contract,)))
            self._is_imported = True

    async def _serve_published(self) -> None:
        """Serve what was published since, or no longer what was removed."""
        known = {entry.origin for entry in self.catalog.current.pacts}
        if await self._published() or not known <= {origin for origin, _ in self._documents}:
            try:
                await self._serve(self._documents)
            except LoadError as error:  # it is stored, and served at its own addresses
                log.error("what was published is not served at /", reason=str(error))

    async def _serve(self, documents: list[tuple[str, bytes | Problem]]) -> Snapshot:
        """Serve documents, and what was published beside them; of the same consumer and provider, the latter only."""
        async with self._serving:
            published = await self._published()
            if published:
                async with self.hosted.database.reading() as connection:
                    contents = await pacts.contents_of(connection, [item.sha for item in published])
                replaced = {(item.consumer, item.provider) for item in published}
                kept = await asyncio.to_thread(lambda: [item for item in documents if _pair_of(item) not in replaced])
                documents = [*kept, *((pact_version_path(item), contents[item.sha]) for item in published)]
            return await asyncio.to_thread(self._publish, documents)

    async def _published(self) -> list[Publication]:
        """The latest of what was published, other than by importing documents."""
        async with self.hosted.database.reading() as connection:
            found = await pacts.choose(connection)
        return [item for item in found if (item.consumer, item.provider, item.version) not in self._imported]

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
        access = RemoteAccess(
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
        control = self._control()
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
            outside=self._stub_door.outside,
        )
        doors = DirectServer(
            dispatch(self._stub_door, inner.request_handler, self._stub_door.outside),
            self._stub_door,
            self._ticker,
            wiring,
            request_factory=request_factory(inner, self._naming, settings.max_body),
        )
        self._runner = web.ServerRunner(doors, shutdown_timeout=_DRAIN)
        await self._runner.setup()
        self._ticker.start()
        try:
            await web.TCPSite(
                self._runner,
                settings.host,
                settings.port,
                backlog=1024,
                ssl_context=self._tls,
                reuse_port=True if self.hosted.has_siblings else None,
            ).start()
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

    def _control(self) -> web.Application:
        """The application of the control door and of the API."""
        settings, door, naming = self.settings, self._stub_door, self._naming
        metrics = Metrics(door.tallies, self._readings) if settings.metrics else None
        application = web.Application(
            client_max_size=max(settings.max_body, _LARGEST_PUBLICATION), middlewares=[unknown_as_problems]
        )
        # A proxy may take the prefix of the base URL away, or leave it.
        prefixes = dict.fromkeys(("", naming.prefix))
        control = ControlDoor(self.catalog, door, settings.near_misses, settings.max_body, metrics, self.hosted)
        add_control_routes(application, control, self._access, prefixes)
        prepare = None if self.is_hosted else self.import_documents
        api = Api(self.hosted, door, self._access, prepare)
        within = [CONTROL_PREFIX] if not self.is_hosted else ["", CONTROL_PREFIX]
        add_api_routes(application, api, [(start, below) for start in prefixes for below in within])
        return application

    def _readings(self) -> Iterable[Reading]:
        """What is measured beside answers."""
        snapshot, door = self.catalog.current, self._stub_door
        yield Reading("pacts", "Pacts that are served.", sum(entry.pact is not None for entry in snapshot.pacts))
        yield Reading("interactions", "Interactions that are served.", len(snapshot.root.interactions))
        yield Reading("replays", "Answers given for the very bytes of an earlier request.", door.replayed, True)
        yield Reading("hot_cache_bytes", "Bytes of answers and decisions that are kept.", door.remembered_bytes)
        yield Reading("loop_lag_seconds", "How late the latest tick of the event loop was.", self._ticker.lag)
        yield Reading("compiled_stubs", "Stubs of published pacts that are in memory.", self.hosted.compiled_stubs)
        yield Reading("compiled_bytes", "Bytes that they are counted with.", self.hosted.compiled_bytes)
        if isinstance(self._runner, web.ServerRunner) and isinstance(server := self._runner.server, DirectServer):
            yield Reading("connections", "Connections that are open.", server.open_connections)

    def url(self, host: str, port: int) -> str:
        """The URL of the server at this address, as people on this machine write it."""
        if self.settings.base_url is not None:
            return self.settings.base_url
        shown = f"[{host}]" if ":" in host else host
        return f"{self._stub_door.outside.scheme}://{shown}:{port}"

    async def stop(self) -> None:
        """Stop watching and listening; requests in flight are finished."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
        for runner in (self._runner, self._control_runner):
            if runner is not None:
                await runner.cleanup()
        self._ticker.stop()
        await self.hosted.close()
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


def _demand_closed(settings: Settings, *, hosted: bool) -> None:
    """Raises SettingsError where everyone could publish."""
    if hosted and settings.auth == "off" and not (settings.is_local or settings.allow_open):
        detail = f"with --auth off, everyone who reaches {settings.host} could publish"
        raise SettingsError(detail, "use --auth token, listen on 127.0.0.1, or force it with --allow-open")


def database_url(settings: Settings) -> str:
    """Where the store is. Raises StoreError when the directory of the embedded one cannot be made."""
    if settings.database is not None:
        return settings.database.get_secret_value()
    directory = Path(settings.data or DEFAULT_DATA)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"cannot make {directory}: {reason}", "name another directory with --data") from None
    return sqlite_url(directory)


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """What TLS is served with, if it is. Raises SettingsError."""
    if settings.tls_cert is None:
        if settings.tls_key is not None:
            raise SettingsError("tls_key is given without tls_cert", "give both, or one file that has both as tls_cert")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        detail = f"cannot use the certificate {settings.tls_cert}: {reason}"
        raise SettingsError(detail, "give PEM files: the certificate with its chain, and its key") from None
    return context


def _pair_of(document: tuple[str, bytes | Problem]) -> tuple[str, str] | None:
    """Consumer and provider that a document names."""
    for contract in _contracts_of([document]):
        return contract.consumer, contract.provider
    return None


def _contracts_of(documents: Iterable[tuple[str, bytes | Problem]]) -> Iterable[Contract]:
    """Those of the documents that name consumer and provider."""
    for _, content in documents:
        if isinstance(content, Problem):
            continue
        try:
            document = read_document(content)
        except StubServerError:
            continue
        consumer, provider = name_in(document, "consumer"), name_in(document, "provider")
        if consumer and provider and "\0" not in consumer + provider:
            yield contract_of(document, consumer, provider)
