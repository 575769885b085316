"""A database on PostgreSQL that tests may look into and disturb."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from tests.postgres import Cluster

# Connections of hosts that are told of changes.
LISTENING = "SELECT pid FROM pg_stat_activity WHERE query ILIKE 'LISTEN%' AND datname = current_database()"


class Postgres:
    """An empty database of a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.url = cluster.database()

    def stop(self) -> None:
        """Stop the cluster; those who are connected are told so."""
        self._cluster.stop()

    def start(self) -> None:
        """Start it again."""
        self._cluster.start()

    async def ask(self, query: str) -> list[Any]:
        """The first column of what a query finds."""
        connection = await asyncpg.connect(self.url)
        try:
            return [row[0] for row in await connection.fetch(query)]
        finally:
            await connection.close()

    async def processes(self) -> list[int]:
        """All processes of the cluster."""
        folder = Path((await self.ask("SHOW data_directory"))[0])
        postmaster = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))
        return [process.pid for process in (postmaster, *postmaster.children(recursive=True))]


@contextlib.contextmanager
def frozen(processes: Iterable[int]) -> Iterator[None]:
    """Let processes hang: their connections stay, and nothing is answered."""
    stopped: list[int] = []
    try:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGSTOP)
                stopped.append(process)
        yield
    finally:
        for process in stopped:
            with contextlib.suppress(ProcessLookupError):  # it was ending when it was stopped
                os.kill(process, signal.SIGCONT)
