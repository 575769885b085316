"""Every test of the store runs on either database."""

from __future__ import annotations

import asyncio
import functools
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url

from stubserver.store import Database, sqlite_url
from tests.postgres import postgres_url

BOTH = ("sqlite", "postgresql")


async def _migrated(url: str) -> None:
    database = Database(url)
    await database.migrate()
    await database.close()


@functools.cache
def _postgres_template() -> str:
    """The name of a database with all tables, of which others are copies."""
    url = postgres_url()
    asyncio.run(_migrated(url))
    return make_url(url).database or ""


@functools.cache
def _sqlite_template() -> bytes:
    """A file with all tables, of which others are copies."""
    folder = Path(tempfile.mkdtemp())
    asyncio.run(_migrated(sqlite_url(folder)))
    content = (folder / "stubserver.db").read_bytes()
    shutil.rmtree(folder)
    return content


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with nothing in it, not even tables."""
    return sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url()


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with empty tables."""
    if request.param == "postgresql":
        return postgres_url(_postgres_template())
    (tmp_path / "stubserver.db").write_bytes(_sqlite_template())
    return sqlite_url(tmp_path)


Connect = Callable[[str], Database]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Make databases: `connect(url)`; closed when the test is over."""
    made: list[Database] = []

    def make(url: str) -> Database:
        made.append(Database(url))
        return made[-1]

    yield make
    for database in made:
        await database.close()


@pytest.fixture
def database(url: str, connect: Connect) -> Database:
    """A database with empty tables."""
    return connect(url)
