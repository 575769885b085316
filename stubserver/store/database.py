"""The database: connections, transactions, and the shape of its tables.

One code path for SQLite (one file, write-ahead log) and PostgreSQL. Those who write stand in line, on either of them:
so the order in which changes are numbered is the order in which they can be seen, and no reader ever passes one over.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from stubserver.errors import StubServerError

_WRITERS = 0x57_0B_5E_12  # the advisory lock that writers on PostgreSQL hold
_BUSY = 30.0  # seconds that a writer on SQLite stands in line
_CONNECT = 5.0  # seconds until a connection to PostgreSQL is given up
_COMMAND = 10.0  # seconds until a statement on PostgreSQL is given up
_POOL = 5  # connections of a process
_AGAIN = 0.5  # seconds until a lost connection is made anew
IN_MEMORY = "sqlite+aiosqlite:///:memory:"


class StoreUnavailableError(StubServerError):
    """The database does not answer; whoever asked may try again."""

    status = 503
    title = "Store unavailable"
    slug = "store-unavailable"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "2"}


class StoreError(StubServerError):
    """The database cannot be used as it is."""

    title = "Store not usable"
    slug = "store-not-usable"


def sqlite_url(directory: Path) -> str:
    """The URL of the SQLite database in a directory."""
    return URL.create("sqlite+aiosqlite", database=str(directory / "stubserver.db")).render_as_string()


def parse_url(url: str) -> URL:
    """A database URL as people write it, with the driver that is used here. Raises StoreError."""
    cure = "write it like postgresql://user:password@host/database"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError("the database URL cannot be read", cure) from None
    drivers = {"postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}
    kind = parsed.get_backend_name() if "+" in parsed.drivername else parsed.drivername
    if kind not in drivers:
        raise StoreError(f"{kind} is not a database that is known here", cure)
    name = parsed.database or ""
    if kind == "sqlite" and (not name or name.startswith("file:")):
        raise StoreError("the database URL names no file", "write it like sqlite:///data/stubserver.db")
    return parsed.set(drivername=drivers[kind])


class Database:
    """Connections to one database."""

    def __init__(self, url: str) -> None:
        """Raises StoreError for a URL that cannot be read. Connects to nothing yet."""
        self.url = parse_url(url)
        self.is_postgres = self.url.get_backend_name() == "postgresql"
        self._is_open = False  # it could be used once; what it refuses from now on may pass
        self._line = asyncio.Lock()
        self._engine = self._made()

    def _made(self) -> AsyncEngine:
        if self.is_postgres:
            return create_async_engine(
                self.url,
                pool_size=_POOL,
                max_overflow=0,
                pool_timeout=_COMMAND,
                pool_pre_ping=True,
                async_creator=self._connect,
            )
        options: dict[str, Any] = {"connect_args": {"timeout": _BUSY}}
        if self.url.database == ":memory:":
            options |= {"poolclass": StaticPool}
        else:
            options |= {"pool_size": _POOL, "max_overflow": 0, "pool_timeout": _COMMAND}
        engine = create_async_engine(self.url, **options)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        self._in_memory = asyncio.Lock() if self.url.database == ":memory:" else None
        return engine

    async def _connect(self) -> asyncpg.Connection:
        """A connection to PostgreSQL, with what the URL says after its question mark as libpq understands it."""
        query = {name: value for name, value in self.url.query.items() if name not in _NOT_OURS}
        if "ssl" in query:
            query["sslmode"] = query.pop("ssl")
        url = self.url.set(drivername="postgresql", query=query)
        dsn = url.render_as_string(hide_password=False)
        return await asyncpg.connect(dsn, timeout=_CONNECT, command_timeout=_COMMAND)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One moment of the database, however many statements it takes. Raises StoreUnavailableError."""
        options = {"isolation_level": "REPEATABLE READ"} if self.is_postgres else {}
        async with self._connected(options) as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end, or nothing of it happened. Raises StoreUnavailableError."""
        # Writers of one process stand in line here, so that they hold no more than one connection while they wait.
        async with self._line, self._connected({"writes": True}) as connection:
            if self.is_postgres:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WRITERS})
            yield connection

    @contextlib.asynccontextmanager
    async def _connected(self, options: dict[str, Any]) -> AsyncIterator[AsyncConnection]:
        with _as_unavailable(self._is_open):
            async with contextlib.AsyncExitStack() as stack:
                if not self.is_postgres and self._in_memory is not None:  # all share one connection
                    await stack.enter_async_context(self._in_memory)
                connection = await stack.enter_async_context(self._engine.connect())
                connection = await connection.execution_options(**options)
                async with connection.begin():
                    yield connection

    async def migrate(self) -> None:
        """Bring the tables to the shape of this release. Raises StoreError when they are of a later one."""
        with _as_unavailable(self._is_open):
            if not self.is_postgres and self._in_memory is None:
                await asyncio.to_thread(_use_write_ahead_log, str(self.url.database))
        async with self.writing() as connection:
            await connection.run_sync(_upgrade)
        self._is_open = True

    async def notices(self, channel: str) -> AsyncIterator[None]:
        """What PostgreSQL tells on a channel, one by one, and once whenever the connection is made anew. Never ends."""
        heard = asyncio.Event()
        while True:
            connection: asyncpg.Connection | None = None
            try:
                connection = await self._connect()
                connection.add_termination_listener(lambda _: heard.set())
                await connection.add_listener(channel, lambda *_: heard.set())
                while not connection.is_closed():
                    yield
                    await heard.wait()
                    heard.clear()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(_AGAIN)
            finally:
                if connection is not None:
                    connection.terminate()

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    @property
    def shown(self) -> str:
        """Which database it is, without its password."""
        return self.url.render_as_string(hide_password=True)


@contextlib.contextmanager
def _as_unavailable(was_open: bool) -> Any:
    """Turn what a database says into our errors: that it cannot be used, or, once it could, that it does not answer."""
    try:
        yield
    except PoolTimeoutError:
        raise StoreUnavailableError("the database is too busy", "try again in a moment") from None
    except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error) as error:
        told = error.orig if isinstance(error, DBAPIError) else error
        reason = str(told).partition("\n")[0] or type(told).__name__
        state = str(getattr(told, "sqlstate", "") or "")
        unusable = state.startswith(_REFUSING_STATES) or "not a database" in reason or "unable to open" in reason
        if unusable and was_open:
            raise StoreUnavailableError(f"the database does not answer: {reason[:200]}", "try again") from None
        if state.startswith(_REFUSING_STATES):
            cure = "correct the URL of the database, or make that database and user"
            raise StoreError(f"the database refuses: {reason[:200]}", cure) from None
        if unusable:
            raise StoreError(
                f"the database cannot be opened: {reason[:200]}", "name another file or directory"
            ) from None
        if _may_pass(error, state):
            raise StoreUnavailableError(f"the database does not answer: {reason[:200]}", "try again") from None
        raise
    except (OSError, TimeoutError) as error:  # asyncpg cannot connect
        reason = str(error) or type(error).__name__
        raise StoreUnavailableError(f"the database does not answer: {reason[:200]}", "try again") from None


_NOT_OURS = ("connect_timeout", "prepared_statement_cache_size")  # of what a URL says, what we decide
_PASSING = ("OperationalError", "InterfaceError", "InternalError")
# Of the states that PostgreSQL tells, by class or whole: no such user, password or database, or no right to it.
_REFUSING_STATES = ("28", "3D", "42501")
# It starts, stops, fails over (25006: read-only), is full, or has transactions that stand in each other's way.
_PASSING_STATES = ("08", "25006", "40", "53", "55P03", "57", "58")


def _may_pass(error: Exception, state: str) -> bool:
    if state:
        return state.startswith(_PASSING_STATES)
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or type(error).__name__ in _PASSING
    if isinstance(error, sqlite3.Error):
        return isinstance(error, sqlite3.OperationalError)
    return True  # asyncpg lost the connection


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say so, see below
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")  # what was acknowledged survives a power failure, too
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA busy_timeout = {int(_BUSY * 1000)}")
    cursor.close()


def _use_write_ahead_log(file: str) -> None:
    """Let the file have a write-ahead log, which it keeps. Those who do so at once have to try again: here, SQLite does
    not wait.
    """
    deadline = time.monotonic() + _BUSY
    with contextlib.closing(sqlite3.connect(file, timeout=_BUSY)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    has_table = connection.dialect.has_table(connection, "alembic_version")
    if has_table:
        current = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if current is not None and current not in known:
            raise StoreError(
                f"the database is of a later release (its revision is {current})",
                "start that release, or a new database",
            )
    command.upgrade(config, "head")
