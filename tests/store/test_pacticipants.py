"""Pacticipants, and their versions, branches and tags."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from stubserver.store import BranchVersion, Database, changes, environments, pacticipants, pacts, slug_of, verifications
from tests.store.story import ODD_NAMES, pacticipant, publish, rows, version


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Web Shop", "web-shop"),
        ("shop/eu--west_1", "shop-eu-west-1"),
        ("-Café+", "cafe"),
        ("世界", ""),
        ("ﬁne ①", "fine-1"),
        ("", ""),
    ],
)
def test_slug(name: str, slug: str) -> None:
    """A name as a label of a host name: letters, digits, single hyphens."""
    assert slug_of(name) == slug


async def test_ensure_makes_once(database: Database) -> None:
    """A pacticipant is made when it is first named, and is the same ever after."""
    async with database.writing() as connection:
        assert await pacticipants.find(connection, "web") is None
        made, is_new = await pacticipants.ensure(connection, "web")
        assert is_new
        assert await pacticipants.ensure(connection, "web") == (made, False)
    async with database.reading() as connection:
        assert await pacticipants.find(connection, "web") == made
    assert (made.name, made.display_name, made.main_branch, made.repository_url) == ("web", None, None, None)
    assert made.created_at == made.updated_at


async def test_odd_names(database: Database) -> None:
    """Names are kept and found as they are written, whatever they hold; letter case and accents tell them apart."""
    async with database.writing() as connection:
        for name in ODD_NAMES:
            assert (await pacticipants.ensure(connection, name))[1], name
    async with database.reading() as connection:
        for name in ODD_NAMES:
            assert (await pacticipant(connection, name)).name == name
            assert (await pacticipants.page(connection, containing=name))[0].name.lower() == name.lower()
        assert sorted(await pacticipants.names(connection)) == sorted(ODD_NAMES)
        assert await pacticipants.count(connection) == len(ODD_NAMES)


async def test_odd_names_everywhere(database: Database) -> None:
    """Versions, branches, tags and environments may be named as oddly."""
    async with database.writing() as connection:
        for name in ODD_NAMES:
            await publish(connection, name, f"to {name}", name, branch=name, tags=[name])
    async with database.reading() as connection:
        for name in ODD_NAMES:
            found = await version(connection, name, name)
            assert found.branches == (BranchVersion(name, True),)
            assert found.tags == (name,)
            assert found.providers == (f"to {name}",)
            assert await pacticipants.latest_version(connection, name, tag=name, branch=name) == found
            assert (await pacts.choose(connection, f"to {name}", name))[0].version == name
        assert len(await pacts.integrations(connection)) == len(ODD_NAMES)


async def test_page(database: Database) -> None:
    """Pages are by name; a part of the name, in any letter case, chooses among them."""
    async with database.writing() as connection:
        for name in ("delta", "alpha", "Charlie", "bravo"):
            await pacticipants.ensure(connection, name)
    async with database.reading() as connection:
        assert sorted(item.name for item in await pacticipants.page(connection)) == [
            "Charlie",
            "alpha",
            "bravo",
            "delta",
        ]
        everyone = await pacticipants.names(connection)
        assert [item.name for item in await pacticipants.page(connection, 1, 2)] == everyone[1:3]
        assert [item.name for item in await pacticipants.page(connection, 3)] == everyone[3:]
        assert [item.name for item in await pacticipants.page(connection, 4, 2)] == []
        assert [item.name for item in await pacticipants.page(connection, containing="CHAR")] == ["Charlie"]
        assert await pacticipants.count(connection, "A") == 4
        assert await pacticipants.count(connection, "zulu") == 0
        assert await pacticipants.count(connection, "") == 4


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("%", ["50%", "a%b"]),
        ("_", ["a_b"]),
        ("a_b", ["a_b"]),
        ("/", ["a/b"]),
        ("\\", ["a\\b"]),
        ("'", ["it's"]),
        ('"', ['"q"']),
        ("a%", ["a%b"]),
        ("é", ["café"]),
    ],
)
async def test_containing_means_what_it_says(database: Database, text: str, found: list[str]) -> None:
    """What stands for anything in SQL stands for itself here."""
    async with database.writing() as connection:
        for name in ("50%", "a%b", "a_b", "axb", "a/b", "a\\b", "it's", '"q"', "café", "cafe"):
            await pacticipants.ensure(connection, name)
    async with database.reading() as connection:
        assert [item.name for item in await pacticipants.page(connection, containing=text)] == sorted(found)
        assert await pacticipants.count(connection, text) == len(found)


async def test_containing_beyond_ascii(database: Database, request: pytest.FixtureRequest) -> None:
    """Letter case does not count beyond ASCII either."""
    if not database.is_postgres:
        reason = "lower() of SQLite knows ASCII only: pacticipants._contains finds on PostgreSQL what it does not here"
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
    async with database.writing() as connection:
        await pacticipants.ensure(connection, "ÜBER")
    async with database.reading() as connection:
        assert await pacticipants.count(connection, "über") == 1


async def test_change(database: Database) -> None:
    """What is named is set, what is not stays; a main branch that changes is told to everyone."""
    async with database.writing() as connection:
        made, _ = await pacticipants.ensure(connection, "web")
        before = await changes.latest(connection)
        named = await pacticipants.change(connection, made, {"display_name": "The Web", "repository_url": "x"})
        assert await changes.latest(connection) == before
        moved = await pacticipants.change(connection, named, {"main_branch": "trunk"})
        assert (moved.display_name, moved.repository_url, moved.main_branch) == ("The Web", "x", "trunk")
        assert [item.consumer for item in await changes.since(connection, before) or ()] == ["web"]
        emptied = await pacticipants.change(connection, moved, {"display_name": None, "main_branch": None})
        assert (emptied.display_name, emptied.repository_url, emptied.main_branch) == (None, "x", None)
        assert emptied.updated_at >= made.updated_at


async def test_versions_newest_first(database: Database) -> None:
    """The newest version is the one that was made last, whatever its number says."""
    async with database.writing() as connection:
        web, _ = await pacticipants.ensure(connection, "web")
        ios, _ = await pacticipants.ensure(connection, "ios")
        for number in ("2.0.0", "10.0.0", "1.0.0"):
            await pacticipants.ensure_version(connection, web, number)
        await pacticipants.ensure_version(connection, ios, "2.0.0")
        again = await pacticipants.ensure_version(connection, web, "2.0.0")
        assert again == ((await version(connection, "web", "2.0.0")).id, False)
    async with database.reading() as connection:
        everything = await pacticipants.list_versions(connection, "web")
        assert [item.number for item in everything] == ["1.0.0", "10.0.0", "2.0.0"]
        assert await pacticipants.latest_version(connection, "web") == everything[0]
        assert await pacticipants.list_versions(connection, "web", 1, 1) == everything[1:2]
        assert await pacticipants.list_versions(connection, "web", 1) == everything[1:]
        assert await pacticipants.count_versions(connection, "web") == 3
        assert await pacticipants.latest_version(connection, "nobody") is None
        assert await pacticipants.find_version(connection, "ios", "10.0.0") is None
        assert await pacticipants.newest_numbers(connection, [web.id, ios.id, 999]) == {
            web.id: "1.0.0",
            ios.id: "2.0.0",
        }
        assert await pacticipants.newest_numbers(connection, []) == {}


async def test_build_url(database: Database) -> None:
    """A version keeps its build URL until another one is given."""
    async with database.writing() as connection:
        web, _ = await pacticipants.ensure(connection, "web")
        for given, kept in ((None, None), ("http://ci/1", "http://ci/1"), (None, "http://ci/1"), ("http://ci/2",) * 2):
            await pacticipants.ensure_version(connection, web, "1", given)
            assert (await version(connection, "web", "1")).build_url == kept


async def test_branches(database: Database) -> None:
    """A version may be on several branches, a branch has many versions, and its latest is the one made last."""
    async with database.writing() as connection:
        web, _ = await pacticipants.ensure(connection, "web")
        ids = [(await pacticipants.ensure_version(connection, web, number))[0] for number in "321"]
        assert await pacticipants.add_to_branch(connection, web, ids[2], "feature")
        assert await pacticipants.add_to_branch(connection, web, ids[0], "trunk")
        assert await pacticipants.add_to_branch(connection, web, ids[0], "feature")
        assert not await pacticipants.add_to_branch(connection, web, ids[0], "feature")
        other, _ = await pacticipants.ensure(connection, "ios")
        other_id, _ = await pacticipants.ensure_version(connection, other, "9")
        await pacticipants.add_to_branch(connection, other, other_id, "feature")
    async with database.reading() as connection:
        first = await version(connection, "web", "3")
        assert set(first.branches) == {BranchVersion("trunk", True), BranchVersion("feature", False)}
        assert (await version(connection, "web", "1")).branches == (BranchVersion("feature", True),)
        assert [(item.name, item.latest) for item in await pacticipants.list_branches(connection, "web")] == [
            ("trunk", "3"),
            ("feature", "1"),
        ]
        found = await pacticipants.list_versions(connection, "web", branch="feature")
        assert [item.number for item in found] == ["1", "3"]
        assert await pacticipants.count_versions(connection, "web", branch="feature") == 2
        assert await pacticipants.find_branch(connection, "web", "nothing") is None
        feature = await pacticipants.find_branch(connection, "ios", "feature")
        assert feature is not None
        assert feature.latest == "9"


async def test_remove_branch(database: Database) -> None:
    """A branch goes, its versions stay; another application's branch of the same name stays, too."""
    async with database.writing() as connection:
        await publish(connection, "web", "api", "1", branch="feature")
        await publish(connection, "ios", "api", "1", branch="feature")
        web = await pacticipant(connection, "web")
        assert await pacticipants.remove_branch(connection, web, "feature")
        assert not await pacticipants.remove_branch(connection, web, "feature")
        assert (await version(connection, "web", "1")).branches == ()
        assert (await version(connection, "ios", "1")).branches == (BranchVersion("feature", True),)


async def test_branch_without_versions(database: Database) -> None:
    """A branch outlives its versions, and has no latest one then."""
    async with database.writing() as connection:
        await publish(connection, "web", "api", "1", branch="feature")
        await pacticipants.remove_version(connection, await version(connection, "web", "1"))
        [branch] = await pacticipants.list_branches(connection, "web")
        assert (branch.name, branch.latest) == ("feature", None)


async def test_tags(database: Database) -> None:
    """Tags are put on and taken off, each once."""
    async with database.writing() as connection:
        version_id = await publish(connection, "web", "api", "1", branch="b")
        web = await pacticipant(connection, "web")
        assert [await pacticipants.add_tag(connection, web, version_id, tag) for tag in ("z", "a", "z")] == [
            True,
            True,
            False,
        ]
        await publish(connection, "web", "api", "2", branch="b")
        found = await version(connection, "web", "1")
        assert found.tags == ("a", "z")
        assert await pacticipants.tag_time(connection, found, "a") is not None
        assert await pacticipants.tag_time(connection, found, "b") is None
        assert await pacticipants.latest_version(connection, "web", tag="a") == found
        assert await pacticipants.count_versions(connection, "web", tag="a") == 1
        assert await pacticipants.remove_tag(connection, found, "a")
        assert not await pacticipants.remove_tag(connection, found, "a")
        assert (await version(connection, "web", "1")).tags == ("z",)


async def test_first_tag_names_the_branch(database: Database) -> None:
    """The first tag of a new version without a branch is its branch; later tags are nothing but tags."""
    async with database.writing() as connection:
        await publish(connection, "web", "api", "1", tags=["feature", "prod"])
        await publish(connection, "web", "api", "2", branch="trunk", tags=["other"])
        assert (await version(connection, "web", "1")).branches == (BranchVersion("feature", True),)
        assert (await version(connection, "web", "2")).branches == (BranchVersion("trunk", True),)
        names = [item.name for item in await pacticipants.list_branches(connection, "web")]
        assert names == ["trunk", "feature"]


async def test_first_tag_of_an_old_version(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that has been there for a while gets no branch by being tagged."""
    monkeypatch.setattr(pacticipants, "_NEW", timedelta(0))
    async with database.writing() as connection:
        await publish(connection, "web", "api", "1", tags=["feature"])
        assert (await version(connection, "web", "1")).branches == ()


async def test_a_tag_that_is_called_as_an_environment(database: Database) -> None:
    """Such a tag says that the version is deployed there, in place of the one before it."""
    async with database.writing() as connection:
        await environments.add(connection, "production", None, True, [])
        await publish(connection, "web", "api", "1", tags=["production"])
        await publish(connection, "web", "api", "2", tags=["production", "other"])
        [there] = await environments.current(connection, "deployed")
        assert (there.version, there.environment.name, there.target) == ("2", "production", None)
        assert (await version(connection, "web", "1")).tags == ("production",)


@pytest.mark.parametrize("name", ["develop", "main", "master"])
@pytest.mark.parametrize("how", ["branch", "tags"])
async def test_main_branch(database: Database, name: str, how: str) -> None:
    """The first branch or tag with one of the usual names is taken for the main branch."""
    given: dict[str, Any] = {how: name if how == "branch" else [name]}
    async with database.writing() as connection:
        await publish(connection, "web", "api", "1", branch="feature")
        assert (await pacticipant(connection, "web")).main_branch is None
        await publish(connection, "web", "api", "2", **given)
        await publish(connection, "web", "api", "3", branch="main")
        assert (await pacticipant(connection, "web")).main_branch == name


async def test_main_branch_that_is_set_stays(database: Database) -> None:
    """Nobody's choice is taken over by a name."""
    async with database.writing() as connection:
        web, _ = await pacticipants.ensure(connection, "web")
        await pacticipants.change(connection, web, {"main_branch": "trunk"})
        await publish(connection, "web", "api", "1", branch="main", tags=["master"])
        assert (await pacticipant(connection, "web")).main_branch == "trunk"


async def full(database: Database) -> None:
    """A pact in everything that there is: web → api, on a branch, tagged, deployed, verified; and ios → api."""
    async with database.writing() as connection:
        version_id = await publish(connection, "web", "api", "1", "one", branch="main", tags=["prod"])
        await publish(connection, "ios", "api", "1", "two")
        production = await environments.add(connection, "production", None, True, [])
        await environments.settle(connection, "web", version_id, production, "deployed")
        for consumer in ("web", "ios"):
            found = (await pacts.choose(connection, "api", consumer))[0]
            api, its = await pacticipant(connection, "api"), await pacticipant(connection, consumer)
            verifier, _ = await pacticipants.ensure_version(connection, api, "v1")
            await verifications.add(connection, found, its, api, verifier, True, None, {})


async def left(database: Database) -> dict[str, int]:
    """What is left when contents without a pact are gone, but for the list of changes."""
    async with database.writing() as connection:
        await pacts.remove_orphans(connection)
        found = await rows(connection)
    del found["changes"]
    return found


async def test_remove_consumer(database: Database) -> None:
    """With a consumer go its versions, branches, tags, pacts, deployments, and the results on its pacts."""
    await full(database)
    async with database.writing() as connection:
        await pacticipants.remove(connection, await pacticipant(connection, "web"))
    assert await left(database) == {
        "pacticipants": 2,
        "versions": 2,
        "contents": 1,
        "publications": 1,
        "verifications": 1,
        "environments": 1,
    }


async def test_remove_provider(database: Database) -> None:
    """With a provider go the pacts with it and its results; the consumers and their versions stay."""
    await full(database)
    async with database.writing() as connection:
        await pacticipants.remove(connection, await pacticipant(connection, "api"))
    assert await left(database) == {
        "pacticipants": 2,
        "versions": 2,
        "branches": 1,
        "branch_versions": 1,
        "tags": 1,
        "environments": 1,
        "residences": 1,
    }


async def test_remove_everybody(database: Database) -> None:
    """Nothing stays behind but the environment."""
    await full(database)
    async with database.writing() as connection:
        for name in ("api", "web", "ios"):
            await pacticipants.remove(connection, await pacticipant(connection, name))
    assert await left(database) == {"environments": 1}


async def test_remove_version(database: Database) -> None:
    """With a version go its pacts, tags, places on branches and deployments; a provider's with its results."""
    await full(database)
    async with database.writing() as connection:
        await pacticipants.remove_version(connection, await version(connection, "web", "1"))
        assert await pacticipants.find_version(connection, "web", "1") is None
        assert await pacts.find(connection, "web", "api", "1") is None
    assert await left(database) == {
        "pacticipants": 3,
        "versions": 2,
        "branches": 1,
        "contents": 1,
        "publications": 1,
        "verifications": 1,
        "environments": 1,
    }
    async with database.writing() as connection:
        await pacticipants.remove_version(connection, await version(connection, "api", "v1"))
        assert "verifications" not in await rows(connection)
