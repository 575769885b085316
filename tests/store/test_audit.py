"""The audit: who did what, page by page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stubserver.store import AuditEvent, Database, audit


def moment(number: int) -> str:
    """A moment in the order of numbers, in the form in which moments are stored."""
    return f"2026-01-01T00:00:{number:02}.000+00:00"


@pytest.fixture
async def ten(database: Database) -> list[AuditEvent]:
    """Ten events, a second apart; every third is a refusal, every second by ann."""
    events = [
        replace(
            audit.event(
                "Refused" if number % 3 == 0 else "Published", "ann" if number % 2 else "bob", 200, {"n": number}
            ),
            timestamp=moment(number),
        )
        for number in range(10)
    ]
    async with database.writing() as connection:
        await audit.record(connection, events)
    return events


async def numbers(database: Database, limit: int = 100, **choice: Any) -> list[int]:
    """Which events are on a page."""
    async with database.reading() as connection:
        return [item.payload["n"] for item in await audit.page(connection, limit, **choice)]


async def test_events_come_back(database: Database, ten: list[AuditEvent]) -> None:
    """As they were recorded, the oldest first."""
    async with database.reading() as connection:
        assert await audit.page(connection, 100) == ten
        assert await audit.page(connection, 100, descending=True) == ten[::-1]
        assert await audit.page(connection, 0) == []


async def test_payload(database: Database) -> None:
    """A payload may be any JSON."""
    payload = {"é": [None, True, 1.5, 10**30, {"'": '"\\\n'}]}
    async with database.writing() as connection:
        await audit.record(connection, [audit.event("X", "世界; --", 0, payload)])
        [found] = await audit.page(connection, 1)
    assert (found.payload, found.actor) == (payload, "世界; --")


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"kind": "Refused"}, [0, 3, 6, 9]),
        ({"actor": "ann"}, [1, 3, 5, 7, 9]),
        ({"kind": "Refused", "actor": "ann"}, [3, 9]),
        ({"kind": "refused"}, []),
        ({"since": moment(7)}, [7, 8, 9]),
        ({"since": moment(7), "kind": "Refused"}, [9]),
        ({"since": moment(10)}, []),
        ({"limit": 3}, [0, 1, 2]),
        ({"limit": 3, "descending": True}, [9, 8, 7]),
        ({"start": "nothing"}, []),
    ],
)
async def test_choice(database: Database, ten: list[AuditEvent], choice: dict[str, Any], expected: list[int]) -> None:
    """What is asked for, and nothing else."""
    assert await numbers(database, **choice) == expected


@pytest.mark.parametrize("descending", [False, True])
async def test_page_by_page(database: Database, ten: list[AuditEvent], descending: bool) -> None:
    """A page begins with the event it is asked to, so that nothing is lost or told twice while more is recorded."""
    read: list[AuditEvent] = []
    start: str | None = None
    while True:
        async with database.writing() as connection:
            page = await audit.page(connection, 4, start=start, descending=descending)
            await audit.record(connection, [audit.event("Published", "late", 200, {"n": 10 + len(read)})])
        read += page[:3]
        if len(page) < 4 or len(read) > 12:
            break
        start = page[3].uuid
    expected = [*range(9, -1, -1)] if descending else [*range(10), 10, 13, 16]
    assert [item.payload["n"] for item in read][:13] == expected[: len(read)]
    assert len(read) >= 10


async def test_the_oldest_are_forgotten(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of very many events, the newest are kept."""
    monkeypatch.setattr(audit, "_KEPT", 5)
    monkeypatch.setattr(audit, "_PRUNE_EVERY", 10)
    async with database.writing() as connection:
        await audit.record(connection, [audit.event("X", "", 200, {"n": number}) for number in range(1, 24)])
    assert await numbers(database) == list(range(16, 24))


async def test_refusals_drive_out_nothing_else(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of refusals fewer are kept, and however many there are, everything else stays."""
    monkeypatch.setattr(audit, "_REFUSALS_KEPT", 3)
    monkeypatch.setattr(audit, "_PRUNE_EVERY", 10)
    statuses = [201, *[401] * 18, 204]
    async with database.writing() as connection:
        await audit.record(connection, [audit.event("X", "", status, {"n": n}) for n, status in enumerate(statuses)])
    assert await numbers(database) == [0, 16, 17, 18, 19]
