"""Environments, deployments and releases."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Api, at, contract, interaction, pact, path_of

MERGE_PATCH = "application/merge-patch+json"


async def made(api: Api, name: str = "uat", **more: Any) -> str:
    """The path of a new environment."""
    answer = await api("POST", "/environments", {"name": name, "production": False, **more})
    assert answer.status == 201, answer.body
    assert answer.headers["Location"] == answer.links["self"]["href"]
    return path_of(answer.headers["Location"])


async def recorded(api: Api, version: str, place: str, kind: str = "deployed", status: int = 201, **body: Any) -> Any:
    """Record a version of web in an environment, by the link that a version has for it."""
    noun = {"deployed": "deployment", "released": "release"}[kind]
    name = (await api.get(place)).document["name"]
    links = (await api.get(f"/pacticipants/web/versions/{version}")).links[f"pb:record-{noun}"]
    [href] = [link["href"] for link in links if link["name"] == name]
    answer = await api("POST", href, body)
    assert answer.status == status, answer.body
    assert answer.headers["Location"] == answer.links["self"]["href"]
    assert (await api.get(answer.links["self"]["href"])).document == answer.document
    return answer.document


async def present(api: Api, place: str, kind: str = "deployed", query: str = "") -> list[str]:
    """The versions that are in an environment, as `version` or `version@instance`, the newest first."""
    links = (await api.get(place)).links
    relations = {
        "deployed": "pb:currently-deployed-deployed-versions",
        "released": "pb:currently-supported-released-versions",
    }
    document = (await api.get(links[relations[kind]]["href"] + query)).document
    return [
        item["_embedded"]["version"]["number"] + (f"@{item['target']}" if "target" in item else "")
        for item in document["_embedded"][f"{kind}Versions"]
    ]


async def versions(api: Api, *numbers: str) -> None:
    """Publish these versions of web, each with content of its own."""
    for number in numbers:
        await api.publish(contract(pact(interaction(number, f"/{number}"))), pacticipantVersionNumber=number)


async def test_an_environment(api: Api) -> None:
    """An environment is made, found by name, changed, removed."""
    contacts = [{"name": "me", "details": {"emailAddress": "me@x.y"}}]
    place = await made(api, "uat", displayName="UAT", contacts=contacts)
    got = (await api.get(place)).document
    assert (got["name"], got["displayName"], got["production"], got["contacts"]) == ("uat", "UAT", False, contacts)
    assert place.endswith(got["uuid"])
    await made(api, "prod", production=True)
    assert [item["name"] for item in (await api.get("/environments")).document["_embedded"]["environments"]] == [
        "prod",
        "uat",
    ]
    assert [link["name"] for link in (await api.get("/environments?name=uat")).links["pb:environments"]] == ["uat"]
    assert (await api.get("/environments?name=none")).links["pb:environments"] == []
    changed = await api("PUT", place, {"name": "qa", "production": True})
    assert (changed.status, changed.document["displayName"], changed.document["uuid"]) == (200, "qa", got["uuid"])
    assert "contacts" not in changed.document
    assert (await api("DELETE", place)).status == 204
    for method in ("GET", "DELETE"):
        assert (await api(method, place)).status == 404
    assert (await api("PUT", place, {"name": "qa", "production": True})).status == 404


@pytest.mark.parametrize(
    ("document", "errors"),
    [
        ({}, {"name": ["is missing"], "production": ["is missing"]}),
        ({"name": "a b", "production": True}, {"name": ["cannot contain spaces"]}),
        ({"name": "", "production": True}, {"name": ["cannot be blank"]}),
        ({"name": "a", "production": "yes"}, {"production": ["must be true or false"]}),
        ({"name": "a", "production": True, "contacts": {}}, None),
        ({"name": "a", "production": True, "contacts": ["x"]}, {"contacts": ["must be an array of objects"]}),
        ({"name": "a", "production": True, "displayName": 5}, {"displayName": ["must be a string"]}),
        (
            {"name": "taken", "production": True},
            {"name": ["Another environment with name 'taken' already exists"]},
        ),
    ],
)
async def test_bad_environments(api: Api, document: Any, errors: Any) -> None:
    """What is wrong is told under its name, for making and for changing alike."""
    await made(api, "taken")
    place = await made(api, "other")
    for method, target in (("POST", "/environments"), ("PUT", place)):
        answer = await api(method, target, document)
        if errors is None:
            assert answer.status < 300
        else:
            assert (answer.status, answer.document["errors"]) == (400, errors)
            assert len((await api.get("/environments")).links["pb:environments"]) == 2
        if answer.status == 201:
            await api("DELETE", path_of(answer.headers["Location"]))


async def test_a_deployment_takes_the_place_of_the_one_before(api: Api) -> None:
    """A version that is deployed takes the place of the one before of the same instance; the stub follows."""
    place = await made(api)
    await versions(api, "1", "2")
    stub = at("web", "shop", "environment", "uat", "stub")
    assert (await api("GET", stub + "/1")).status == 404
    first = await recorded(api, "1", place)
    assert (first["currentlyDeployed"], first["_embedded"]["environment"]["name"]) == (True, "uat")
    assert (await api("GET", stub + "/1")).status == 200
    await recorded(api, "2", place)
    assert await present(api, place) == ["2"]
    assert (await api("GET", f"{stub}/2")).status == 200
    assert (await api("GET", f"{stub}/1")).status == 500
    earlier = (await api.get(first["_links"]["self"]["href"])).document
    assert (earlier["currentlyDeployed"], "undeployedAt" in earlier) == (False, True)
    again = await recorded(api, "2", place)  # which is there
    assert again["currentlyDeployed"] is True
    assert await present(api, place) == ["2"]


async def test_instances(api: Api) -> None:
    """Instances of an application have each a version of their own; the old word for them is target."""
    place = await made(api)
    await versions(api, "1", "2", "3")
    await recorded(api, "1", place, applicationInstance="blue")
    await recorded(api, "2", place, target="green")
    await recorded(api, "3", place)
    assert await present(api, place) == ["3", "2@green", "1@blue"]
    assert await present(api, place, query="?applicationInstance=green") == ["2@green"]
    assert await present(api, place, query="?target=blue") == ["1@blue"]
    assert await present(api, place, query="?pacticipant=web&version=3") == ["3"]
    assert await present(api, place, query="?pacticipant=none") == []
    await recorded(api, "3", place, applicationInstance="blue")
    assert await present(api, place) == ["3@blue", "3", "2@green"]


async def test_releases(api: Api) -> None:
    """Releases stay beside each other until their support ends; recording one twice is 200 the second time."""
    place = await made(api)
    await versions(api, "1", "2")
    first = await recorded(api, "1", place, "released")
    assert first["currentlySupported"] is True
    await recorded(api, "2", place, "released")
    assert (await recorded(api, "1", place, "released", 200))["uuid"] == first["uuid"]
    assert await present(api, place, "released") == ["2", "1"]
    stub = at("web", "shop", "environment", "uat", "stub")
    assert [(await api("GET", f"{stub}/{n}")).status for n in "12"] == [200, 200]


async def test_support_is_taken_up_again(api: Api) -> None:
    """A release whose support ended is supported again once it is recorded again: the same one, with 200."""
    place = await made(api)
    await versions(api, "1")
    first = await recorded(api, "1", place, "released")
    url = first["_links"]["self"]["href"]
    assert (await api("PATCH", url, b'{"currentlySupported": false}', MERGE_PATCH)).status == 200
    assert await present(api, place, "released") == []
    again = await recorded(api, "1", place, "released", 200)
    assert (again["uuid"], again["currentlySupported"], "supportEndedAt" in again) == (first["uuid"], True, False)
    assert await present(api, place, "released") == ["1"]
    assert (await api("GET", at("web", "shop", "environment", "uat", "stub") + "/1")).status == 200


@pytest.mark.parametrize(
    ("kind", "flag", "end"),
    [("deployed", "currentlyDeployed", "undeployedAt"), ("released", "currentlySupported", "supportEndedAt")],
)
async def test_ending(api: Api, kind: str, flag: str, end: str) -> None:
    """What was recorded is ended by PATCH, once; it is not taken up again that way."""
    place = await made(api)
    await versions(api, "1")
    url = (await recorded(api, "1", place, kind))["_links"]["self"]["href"]
    still = await api("PATCH", url, f'{{"{flag}": true}}'.encode(), MERGE_PATCH)
    assert (still.status, still.document[flag]) == (200, True)
    ended = await api("PATCH", url, f'{{"{flag}": false}}'.encode(), MERGE_PATCH)
    assert (ended.status, ended.document[flag], end in ended.document) == (200, False, True)
    assert await present(api, place, kind) == []
    again = await api("PATCH", url, f'{{"{flag}": false}}'.encode(), MERGE_PATCH)
    assert (again.status, again.document[end]) == (200, ended.document[end])
    revived = await api("PATCH", url, f'{{"{flag}": true}}'.encode(), MERGE_PATCH)
    assert (revived.status, list(revived.document["errors"])) == (400, [flag])
    other = {"deployed": "released", "released": "deployed"}[kind]
    assert (await api("PATCH", url.replace(f"/{kind}-", f"/{other}-"), {})).status == 404
    history = await api.get(
        f"/pacticipants/web/versions/1/{kind}-versions{place.replace('environments', 'environment')}"
    )
    assert [item[flag] for item in history.document["_embedded"][f"{kind}Versions"]] == [False]


@pytest.mark.parametrize("kind", ["deployed", "released"])
async def test_what_is_not_there(api: Api, kind: str) -> None:
    """Only versions that exist are recorded, only where there is an environment."""
    place = (await made(api)).rpartition("/")[2]
    await versions(api, "1")
    for pacticipant, version, where in (("none", "1", place), ("web", "2", place), ("web", "1", "none")):
        path = f"/pacticipants/{pacticipant}/versions/{version}/{kind}-versions/environment/{where}"
        for method in ("POST", "GET"):
            answer = await api(method, path, {} if method == "POST" else None)
            assert (answer.status, bool(answer.document["error"])) == (404, True)
    for method in ("GET", "PATCH"):
        assert (await api(method, f"/{kind}-versions/none", {} if method == "PATCH" else None)).status == 404
    assert await present(api, f"/environments/{place}", kind) == []


async def test_links_to_where_a_version_is(api: Api) -> None:
    """A version has links to where it is, by the name of the environment."""
    uat, prod = await made(api), await made(api, "prod", production=True)
    await versions(api, "1")
    await recorded(api, "1", uat)
    await recorded(api, "1", prod, "released")
    links = (await api.get("/pacticipants/web/versions/1")).links
    assert [link["name"] for link in links["pb:deployed-environments"]] == ["uat"]
    assert [link["name"] for link in links["pb:released-environments"]] == ["prod"]
    assert [link["name"] for link in links["pb:record-deployment"]] == ["prod", "uat"]


async def test_removing_an_environment(api: Api) -> None:
    """With an environment goes what was in it, and its stubs."""
    place = await made(api)
    await versions(api, "1")
    url = (await recorded(api, "1", place))["_links"]["self"]["href"]
    assert (await api("GET", at("web", "shop", "environment", "uat", "stub") + "/1")).status == 200
    await api("DELETE", place)
    await api.get(url, 404)
    assert (await api("GET", at("web", "shop", "environment", "uat", "stub") + "/1")).status == 404


async def test_renaming_an_environment(api: Api) -> None:
    """The stub of an environment has the environment's present name."""
    place = await made(api)
    await versions(api, "1")
    await recorded(api, "1", place)
    assert (await api("GET", at("web", "shop", "environment", "uat", "stub") + "/1")).status == 200
    await api("PUT", place, {"name": "qa", "production": False})
    assert (await api("GET", at("web", "shop", "environment", "uat", "stub") + "/1")).status == 404
    assert (await api("GET", at("web", "shop", "environment", "qa", "stub") + "/1")).status == 200


async def test_tags_that_are_environments(api: Api) -> None:
    """A tag with the name of an environment records a deployment there."""
    place = await made(api)
    await versions(api, "1")
    await api("PUT", "/pacticipants/web/versions/1/tags/uat", {})
    assert await present(api, place) == ["1"]


async def test_versions_with_tags_that_are_environments(api: Api) -> None:
    """So does a tag that comes with a version."""
    place = await made(api)
    await api("PUT", "/pacticipants/web/versions/1", {"tags": [{"name": "uat"}]})
    assert await present(api, place) == ["1"]


async def test_numbers_in_contacts(api: Api) -> None:
    """What contacts hold comes back as it was."""
    contacts = [{"name": "me", "details": {"n": 2**70}}]
    place = await made(api, contacts=contacts)
    assert (await api.get(place)).document["contacts"] == contacts
