"""The composition root: settings in, a running server out."""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from matching import PatternError
from stubserver.catalog import Board, Catalog, HostedCatalog, HostedOptions, Snapshot
from stubserver.errors import ListenError
from stubserver.loading import Documents
from stubserver.security import Guard, Role, digest_of, hint_of, new_token
from stubserver.settings import Settings, SettingsError, shown_settings
from stubserver.store import IN_MEMORY, Database, StoreError, sqlite_url, tokens
from stubserver.ui.pages import warm
from stubserver.web.access_log import AccessLog
from stubserver.web.addressing import CONTROL_PREFIX, Naming
from stubserver.web.api.call import Api
from stubserver.web.api.routes import add_api_routes, unknown_as_errors
from stubserver.web.asks import AskDefaults
from stubserver.web.auth import Access
from stubserver.web.connection import DirectServer, Wiring
from stubserver.web.control import ControlDoor, add_control_routes
from stubserver.web.doors import dispatch, request_factory
from stubserver.web.explorer.reports import Reports
from stubserver.web.explorer.routes import add_explorer_routes
from stubserver.web.explorer.viewing import Explorer, Setting
from stubserver.web.journal import Journal
from stubserver.web.metrics import Metrics, Reading
from stubserver.web.outside import Outside, networks
from stubserver.web.siblings import Post, Siblings
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

    def __init__(
        self, settings: Settings, *, hosted: bool = False, board: Board | None = None, post: Post | None = None
    ) -> None:
        """`board` and `post` are what it shares with other workers. Raises SettingsError for settings that contradict
        themselves, StoreError for a database that cannot be used.
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
        self._post = post
        self._siblings: Siblings | None = None
        self._ticker = Ticker()
        self._access_log: AccessLog | None = None
        self._runner: web.ServerRunner | None = None
        self._control_runner: web.AppRunner | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._warming: asyncio.Task[None] | None = None
        self._explorer: Explorer | None = None
        self.first_token: str | None = None
        self._is_open = False
        self._documents = Documents(settings, self.catalog, self.hosted)
        scheme = "https" if self._tls is not None else "http"
        outside = Outside(settings.base_url, scheme, networks(settings.trusted_proxy))
        domains = tuple(domain.lower().strip(".") for domain in settings.stub_domain)
        self._naming = Naming(domains, outside.prefix, has_root=not hosted, own_name=outside.host)
        anyone = Role.ADMIN if settings.is_local or settings.allow_open else Role.READ
        self._access = Access(self.guard, settings.auth == "token", anyone, settings.is_local, outside.authority)
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
        self._journal = Journal(settings.journal) if settings.journal else None
        self._reports = Reports(self._journal, self._stub_door, settings.near_misses)

    async def open(self) -> None:
        """Open the store, if it is not open yet. Where tokens are needed and there is none that may make others, one is
        made: `first_token` can be had only here. Raises StoreError, StoreUnavailableError.
        """
        if self._is_open:
            return
        self._is_open = True
        await self.hosted.open()
        if not self.is_hosted:
            self.hosted.changed = self._documents.serve_published
        if self.settings.auth == "off" or self.guard.knows_admin:
            return
        secret = new_token(Role.ADMIN)
        async with self.hosted.writing() as connection:
            if any(token.role == Role.ADMIN for token in await tokens.every(connection)):
                return  # another server on the same store was faster
            await tokens.add(connection, "first administrator", Role.ADMIN, digest_of(secret), hint_of(secret))
        self.first_token = secret

    async def load(self) -> Snapshot:
        """Read every source and serve what they hold. Raises as `open`, and LoadError when loading is strict and
        anything is wrong.
        """
        await self.open()
        return await self._documents.load()

    async def reload(self) -> Snapshot:
        """Read the files again and serve what they hold. Raises as `load`."""
        return await self._documents.reload()

    async def start(self) -> tuple[str, int]:
        """Listen; the host and port that were got. Raises ListenError."""
        settings = self.settings
        control = self._control()
        self._control_runner = web.AppRunner(control, access_log=None)
        await self._control_runner.setup()
        inner = self._control_runner.server
        assert inner is not None
        if self._siblings is not None:
            try:
                await self._siblings.start()
            except OSError as error:  # metrics of all workers are not worth a server
                log.warning("workers cannot ask each other", reason=error.strerror or str(error))
        if settings.access_log is not None:
            self._access_log = AccessLog(settings.access_log, self._ticker)
        wiring = Wiring(
            keepalive=_KEEPALIVE,
            max_body=settings.max_body,
            fast_path=settings.fast_path,
            counts=settings.metrics,
            hot_cache=settings.hot_cache // 8,
            access_log=self._access_log,
            journal=self._journal,
        )
        doors = DirectServer(
            dispatch(self._stub_door, inner.request_handler, self._journal),
            self._stub_door,
            self._ticker,
            wiring,
            request_factory=request_factory(inner, self._naming, settings.max_body),
        )
        self._runner = web.ServerRunner(doors, shutdown_timeout=_DRAIN)
        await self._runner.setup()
        self._warming = asyncio.create_task(asyncio.to_thread(warm))
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
            self._watcher = self._documents.watch()
        return host, port

    def _control(self) -> web.Application:
        """The application of the control door and of the API."""
        settings, door, naming = self.settings, self._stub_door, self._naming
        metrics = Metrics(door.tallies, self._readings) if settings.metrics else None
        reports = self._reports
        if self._post is not None:
            questions: dict[str, Any] = {
                "journal": reports.tell_rows,
                "entry": reports.tell_entry,
                "latest": reports.tell_latest,
            }
            if metrics is not None:
                questions["metrics"] = metrics.tell
            self._siblings = reports.siblings = Siblings(self._post, questions)
            if metrics is not None:
                metrics.siblings = self._siblings
        application = web.Application(
            client_max_size=max(settings.max_body, _LARGEST_PUBLICATION), middlewares=[unknown_as_errors]
        )
        # A proxy may take the prefix of the base URL away, or leave it.
        prefixes = dict.fromkeys(("", naming.prefix))
        prepare = None if self.is_hosted else self._documents.put_into_store
        api = Api(self.hosted, door, self._access, prepare)
        self._add_explorer(application, api, prefixes)
        control = ControlDoor(self.catalog, door, settings.near_misses, settings.max_body, metrics, self.hosted)
        add_control_routes(application, control, self._access, prefixes)
        within = [CONTROL_PREFIX] if not self.is_hosted else ["", CONTROL_PREFIX]
        add_api_routes(application, api, [(start, below) for start in prefixes for below in within])
        return application

    def _add_explorer(self, application: web.Application, api: Api, prefixes: Iterable[str]) -> None:
        """The pages for people."""
        shown = [Setting(*each) for each in shown_settings(self.settings)]
        self._explorer = Explorer(api, self.catalog, self._reports, shown, self._documents.content_of)
        add_explorer_routes(application, self._explorer, prefixes)

    def _readings(self) -> Iterable[Reading]:
        """What is measured beside answers."""
        snapshot, door = self.catalog.current, self._stub_door
        if not self.is_hosted:
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
        if self._warming is not None:
            await asyncio.gather(self._warming, return_exceptions=True)
        if self._explorer is not None:  # its streams never end by themselves
            await self._explorer.streams.end()
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
        for runner in (self._runner, self._control_runner):
            if runner is not None:
                await runner.cleanup()
        if self._siblings is not None:
            await self._siblings.stop()
        self._ticker.stop()
        await self.hosted.close()
        self._stub_door.close()
        if self._access_log is not None:
            self._access_log.close()


def _demand_closed(settings: Settings, *, hosted: bool) -> None:
    """Raises SettingsError where everyone could publish."""
    if hosted and settings.auth == "off" and not (settings.is_local or settings.allow_open):
        where = settings.base_url or settings.host
        detail = f"with --auth off, everyone who reaches {where} could publish"
        raise SettingsError(detail, "use --auth token, serve this machine only, or force it with --allow-open")


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
