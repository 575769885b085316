"""Results of verifying pacts."""

from __future__ import annotations

from typing import Any

from stubserver.store import Database, Verification, pacticipants, verifications
from tests.store.story import pact, pacticipant, publish, sha_of


async def verify(
    database: Database, consumer: str, number: str, success: bool, details: dict[str, Any] | None = None
) -> Verification:
    """The api, in its version `v number`, verifies a pact."""
    async with database.writing() as connection:
        found = await pact(connection, consumer, "api", number)
        its, api = await pacticipant(connection, consumer), await pacticipant(connection, "api")
        version_id, _ = await pacticipants.ensure_version(connection, api, f"v {number}")
        return await verifications.add(connection, found, its, api, version_id, success, "http://ci", details or {})


async def test_results(database: Database) -> None:
    """A result tells of whom, what and how, and is found by its number or by the content of the pact."""
    async with database.writing() as connection:
        await publish(connection, "web", "api", "1", "a")
        await publish(connection, "web", "api", "2", "b")
        await publish(connection, "ios", "api", "1", "a")
        ids = [(await pact(connection, "web", "api", number)).content_id for number in "12"]
    details = {"testResults": [{"é": None, "n": 10**30, "quote": "'\"\\"}]}
    bad = await verify(database, "web", "1", False, details)
    good = await verify(database, "web", "2", True)
    other = await verify(database, "ios", "1", True)
    assert (bad.consumer, bad.provider, bad.provider_version, bad.sha) == ("web", "api", "v 1", sha_of("a"))
    assert (bad.success, good.success, bad.details, bad.build_url) == (False, True, details, "http://ci")
    assert bad.number < good.number < other.number
    async with database.reading() as connection:
        assert await verifications.find(connection, good.number) == good
        assert await verifications.find(connection, 0) is None
        assert await verifications.of_contents(connection, ids, "api") == [other, good, bad]
        assert await verifications.of_contents(connection, ids[1:], "api") == [good]
        assert await verifications.of_contents(connection, ids, "bank") == []
        assert await verifications.of_contents(connection, [], "api") == []
        assert await verifications.verified(connection, ids, "api") == set(ids)  # web 1 has the content of ios 1
        assert await verifications.verified(connection, ids[1:], "api") == set(ids[1:])
        assert await verifications.verified(connection, ids, "bank") == set()
        assert await verifications.verified(connection, [], "api") == set()


async def test_failures_alone_verify_nothing(database: Database) -> None:
    """A content is verified by a success, whatever failed before or after it."""
    async with database.writing() as connection:
        await publish(connection, "web", "api", "1", "a")
        content_id = (await pact(connection, "web", "api", "1")).content_id
    for success, expected in ((False, set()), (True, {content_id}), (False, {content_id})):
        await verify(database, "web", "1", success)
        async with database.reading() as connection:
            assert await verifications.verified(connection, [content_id], "api") == expected


async def test_the_same_content_by_another_version(database: Database) -> None:
    """A result is one of the content: whoever publishes the same has it, too."""
    async with database.writing() as connection:
        await publish(connection, "web", "api", "1", "a")
    made = await verify(database, "web", "1", True)
    async with database.writing() as connection:
        await publish(connection, "web", "api", "2", "a")
        later = await pact(connection, "web", "api", "2")
        assert await verifications.of_contents(connection, [later.content_id], "api") == [made]
