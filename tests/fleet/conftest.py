"""Hosts as processes of their own, and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.hosts import Host
from tests.fleet.postgres import Postgres
from tests.postgres import own_cluster, shared_cluster


class MakeHost:
    """Makes hosts, and stops them when the test is over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[Host] = []

    def __call__(self, *options: str, database: str | None = None) -> Host:
        """A host with these options, not started yet."""
        folder = self._folder / f"host-{len(self._made)}"
        folder.mkdir()
        host = Host(folder, *options, database=database)
        self._made.append(host)
        return host

    def stop(self) -> None:
        """Stop all of them."""
        for host in self._made:
            host.stop()


@pytest.fixture
def make_host(tmp_path: Path) -> Iterator[MakeHost]:
    """Make hosts: `await make_host("--workers", "2").start()`."""
    maker = MakeHost(tmp_path)
    yield maker
    maker.stop()


@pytest.fixture
def postgres() -> Postgres:
    """A database of its own."""
    return Postgres(shared_cluster())


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A database on a cluster of its own, which can be stopped and started."""
    with own_cluster() as cluster:
        yield Postgres(cluster)
