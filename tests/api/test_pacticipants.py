"""Applications with their versions, branches and tags."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Api, at, contract, interaction, pact, path_of

MERGE_PATCH = "application/merge-patch+json"


async def test_an_application(api: Api) -> None:
    """An application is made, read, changed in part, changed whole, removed."""
    made = await api("POST", "/pacticipants", {"name": "web", "mainBranch": "main", "repositoryUrl": "http://git"})
    assert made.status == 201
    assert made.headers["Location"] == made.links["self"]["href"] == api.url + "/pacticipants/web"
    got = (await api.get("/pacticipants/web")).document
    assert (got["name"], got["displayName"], got["mainBranch"]) == ("web", "web", "main")
    body = b'{"displayName": "The Web", "mainBranch": null}'
    patched = await api("PATCH", "/pacticipants/web", body, MERGE_PATCH)
    assert patched.status == 200
    assert (patched.document["displayName"], patched.document["repositoryUrl"]) == ("The Web", "http://git")
    assert "mainBranch" not in patched.document
    put = await api("PUT", "/pacticipants/web", {"mainBranch": "trunk"})
    assert (put.document["mainBranch"], put.document["displayName"]) == ("trunk", "web")
    assert "repositoryUrl" not in put.document
    gone = await api("DELETE", "/pacticipants/web")
    assert (gone.status, gone.body) == (204, b"")
    assert (await api.get("/pacticipants/web", 404)).document["error"] == "No pacticipant with name 'web' found"


async def test_links_of_an_application(api: Api) -> None:
    """Links that verifiers fill in to tag what they verified with."""
    links = (await api("POST", "/pacticipants", {"name": "a/b"})).links
    assert {key: links[key]["href"].removeprefix(api.url) for key in ("pb:version-tag", "pb:branch-version")} == {
        "pb:version-tag": "/pacticipants/a%2Fb/versions/{version}/tags/{tag}",
        "pb:branch-version": "/pacticipants/a%2Fb/branches/{branch}/versions/{version}",
    }
    assert links["pb:version-tag"]["templated"] is links["pb:branch-version"]["templated"] is True


async def test_there_is_one_of_a_name(api: Api) -> None:
    """A name that is taken is refused with 409."""
    await api("POST", "/pacticipants", {"name": "web"})
    assert (await api("POST", "/pacticipants", {"name": "web"})).status == 409
    assert (await api("POST", "/pacticipants", {"name": "Web"})).status == 201


@pytest.mark.parametrize(
    ("document", "field"),
    [({}, "name"), ({"name": " "}, "name"), ({"name": "a", "mainBranch": 5}, "mainBranch"), ({"name": ["a"]}, "name")],
)
async def test_bad_applications(api: Api, document: Any, field: str) -> None:
    """What is wrong is told under its name, and nothing is made."""
    answer = await api("POST", "/pacticipants", document)
    assert (answer.status, list(answer.document["errors"])) == (400, [field])
    assert (await api.get("/pacticipants")).links["pb:pacticipants"] == []


async def test_patch_makes_and_put_does_not(api: Api) -> None:
    """PATCH makes an application that is not there, PUT does not."""
    assert (await api("PUT", "/pacticipants/web", {})).status == 404
    assert (await api("PATCH", "/pacticipants/web", b"{}", MERGE_PATCH)).status == 201
    assert (await api("PUT", "/pacticipants/web", {})).status == 200


async def test_removing_an_application(api: Api) -> None:
    """With an application go its pacts on either side, and their stubs."""
    for consumer, provider in (("web", "shop"), ("shop", "bank"), ("web", "bank")):
        await api.put(pact(consumer=consumer, provider=provider))
    assert (await api("GET", at("web", "shop", "latest", "stub") + "/things")).status == 200
    await api("DELETE", "/pacticipants/shop")
    assert [path_of(url) for url in await api.publications()] == [at("web", "bank", "latest")]
    assert (await api("GET", at("web", "shop", "latest", "stub") + "/things")).status == 404
    assert (await api("DELETE", "/pacticipants/shop")).status == 404


async def names_of(api: Api, target: str) -> list[str]:
    """The names of the applications in a list."""
    document = (await api.get(target)).document
    names = [item["name"] for item in document["_embedded"]["pacticipants"]]
    assert [item["name"] for item in document["pacticipants"]] == names
    assert [link["name"] for link in document["_links"]["pb:pacticipants"]] == names
    return names


async def test_pages(api: Api) -> None:
    """Lists come in pages to those who ask, with links to the neighbours; in whole to others."""
    for name in ("delta", "alpha", "Bravo", "charlie", "a%b"):
        await api("POST", "/pacticipants", {"name": name})
    whole = await api.get("/pacticipants")
    assert "page" not in whole.document
    everyone = await names_of(api, "/pacticipants")
    assert sorted(everyone) == sorted(("delta", "alpha", "Bravo", "charlie", "a%b"))
    found: list[str] = []
    target: str | None = "/pacticipants?page=1&size=2"
    while target is not None:
        answer = await api.get(target)
        assert answer.document["page"] | {"number": 0} == {"number": 0, "size": 2, "totalElements": 5, "totalPages": 3}
        found += [item["name"] for item in answer.document["_embedded"]["pacticipants"]]
        assert ("previous" in answer.links) == (answer.document["page"]["number"] > 1)
        target = answer.links["next"]["href"] if "next" in answer.links else None
    assert found == everyone
    assert await names_of(api, "/pacticipants?pageNumber=2&pageSize=2") == everyone[2:4]
    assert await names_of(api, "/pacticipants?page=9") == []
    assert await names_of(api, "/pacticipants?q=LPH") == ["alpha"]
    assert await names_of(api, "/pacticipants?q=%25") == ["a%b"]
    for wrong in ("page=0", "size=0", "size=1001", "page=x", "page=-1", "size=1e3", "page=" + "9" * 50):
        assert list((await api.get("/pacticipants?" + wrong, 400)).document["errors"]) == ["page"]


async def test_pages_of_what_was_searched_for(api: Api) -> None:
    """The next page of a search is one of the same search."""
    for name in ("a1", "b1", "a2"):
        await api("POST", "/pacticipants", {"name": name})
    first = await api.get("/pacticipants?q=a&size=1&page=1")
    second = await api.get(first.links["next"]["href"])
    assert [item["name"] for item in second.document["_embedded"]["pacticipants"]] == ["a2"]
    assert second.document["page"]["totalElements"] == 2


async def test_versions(api: Api) -> None:
    """A version is made by PUT with where it was built and tags, read, and removed with its pacts."""
    url = "/pacticipants/web/versions/1"
    document = {"buildUrl": "http://ci/1", "tags": [{"name": "dev"}, "qa"]}
    assert (await api("PUT", url, document)).status == 201
    assert (await api("PUT", url, {})).status == 200
    assert (await api("PATCH", url, b'{"buildUrl": "http://ci/2"}', MERGE_PATCH)).status == 200
    got = (await api.get(url)).document
    assert (got["number"], got["buildUrl"]) == ("1", "http://ci/2")
    assert [tag["name"] for tag in got["_embedded"]["tags"]] == ["dev", "qa"]
    await api.put(pact())
    assert [path_of(link["href"]) for link in (await api.get(url)).links["pb:pact-versions"]] == [
        at("web", "shop", "version", "1")
    ]
    assert (await api("DELETE", url)).status == 204
    await api.get(url, 404)
    await api.get(at("web", "shop", "latest"), 404)
    assert (await api("DELETE", url)).status == 404
    for wrong in ({"tags": "dev"}, {"tags": [{}]}, {"tags": [""]}, {"buildUrl": 5}):
        assert (await api("PUT", url, wrong)).status == 400


async def test_lists_of_versions(api: Api) -> None:
    """Versions come the newest first, in pages, by branch and by tag."""
    for number in range(5):
        await api("PUT", f"/pacticipants/web/branches/{'b' if number % 2 else 'main'}/versions/{number}", {})
    await api("PUT", "/pacticipants/web/versions/2/tags/t", {})
    expected = {
        "/versions": "43210",
        "/versions?page=2&size=2": "21",
        "/branches/b/versions": "31",
        "/branches/none/versions": "",
        "/tags/t/versions": "2",
    }
    for path, numbers in expected.items():
        document = (await api.get("/pacticipants/web" + path)).document
        assert "".join(item["number"] for item in document["_embedded"]["versions"]) == numbers
    page = await api.get("/pacticipants/web/branches/main/versions?size=2")
    assert page.document["page"] == {"number": 1, "size": 2, "totalElements": 3, "totalPages": 2}
    [last] = (await api.get(page.links["next"]["href"])).document["_embedded"]["versions"]
    assert last["number"] == "0"
    assert (await api.get("/pacticipants/web/latest-version")).document["number"] == "4"
    assert (await api.get("/pacticipants/web/latest-version/t")).document["number"] == "2"
    assert (await api.get("/pacticipants/web/branches/b/latest-version")).document["number"] == "3"
    await api.get("/pacticipants/web/latest-version/none", 404)
    await api.get("/pacticipants/web/branches/none/latest-version", 404)
    assert (await api.get("/pacticipants/none/versions", 404)).document[
        "error"
    ] == "No pacticipant with name 'none' found"


async def test_latest_is_the_newest(api: Api) -> None:
    """The latest version is the one that was made last, whatever its number, not the one published last."""
    await api.put(pact(interaction("a")), "10.0.0")
    await api.put(pact(interaction("b")), "9.0.0")
    await api.put(pact(interaction("a")), "10.0.0", 200)
    assert (await api.get(at("web", "shop", "latest"))).headers["X-Pact-Consumer-Version"] == "9.0.0"
    assert (await api.get("/pacticipants/web")).document["_embedded"]["latestVersion"]["number"] == "9.0.0"


@pytest.mark.parametrize("body", [None, b"", b"{}", b'{"name": "x"}'])
async def test_tags_and_branches(api: Api, body: bytes | None) -> None:
    """Tags and branches are put with an empty body or an empty object; 201 with Location at first, then 200."""
    for path in ("/pacticipants/web/versions/1/tags/a%2Fb", "/pacticipants/web/branches/f%2Fx/versions/1"):
        first = await api("PUT", path, body, "application/json")
        assert (first.status, path_of(first.headers["Location"])) == (201, path)
        assert (await api("PUT", path, body, "application/json")).status == 200
        assert path_of((await api.get(path)).links["self"]["href"]) == path
    assert (await api("DELETE", "/pacticipants/web/versions/1/tags/a%2Fb")).status == 204
    assert (await api("DELETE", "/pacticipants/web/versions/1/tags/a%2Fb")).status == 404
    await api.get("/pacticipants/web/versions/1/tags/a%2Fb", 404)
    names = [item["name"] for item in (await api.get("/pacticipants/web/branches")).document["_embedded"]["branches"]]
    assert sorted(names) == ["a/b", "f/x"]  # the first tag of a version that is new and on no branch names one, too
    assert (await api.get("/pacticipants/web/branches/f%2Fx")).document["name"] == "f/x"
    assert (await api("DELETE", "/pacticipants/web/branches/f%2Fx")).status == 204
    assert (await api("DELETE", "/pacticipants/web/branches/f%2Fx")).status == 404
    await api.get("/pacticipants/web/branches/f%2Fx/versions/1", 404)
    await api.get("/pacticipants/web/versions/1")  # which stays


@pytest.mark.parametrize("name", ["main", "master", "develop"])
@pytest.mark.parametrize("path", ["branches/{}/versions/1", "versions/1/tags/{}"])
async def test_main_branch(api: Api, name: str, path: str) -> None:
    """A branch or tag of a usual name is taken for the main branch where none is set."""
    await api("PUT", "/pacticipants/web/branches/other/versions/0", {})
    await api("PUT", "/pacticipants/web/" + path.format(name), {})
    assert (await api.get("/pacticipants/web")).document["mainBranch"] == name
    await api("PUT", "/pacticipants/web/branches/main/versions/2", {})
    assert (await api.get("/pacticipants/web")).document["mainBranch"] == name


async def test_first_tag_is_the_branch(api: Api) -> None:
    """The first tag of a new version on no branch names its branch; others do not."""
    await api("PUT", "/pacticipants/web/versions/1/tags/dev", {})
    await api("PUT", "/pacticipants/web/versions/1/tags/qa", {})
    await api("PUT", "/pacticipants/web/branches/main/versions/2", {})
    await api("PUT", "/pacticipants/web/versions/2/tags/dev", {})
    for number, branch in (("1", "dev"), ("2", "main")):
        version = (await api.get(f"/pacticipants/web/versions/{number}")).document
        assert [item["name"] for item in version["_embedded"]["branchVersions"]] == [branch]


async def test_integrations(api: Api) -> None:
    """Pairs with a pact, in pages; removing one removes all its pacts and nothing else."""
    for consumer, provider in (("web", "shop"), ("web", "bank"), ("a/b", "shop")):
        await api.publish(contract(pact(consumer=consumer, provider=provider)))
    document = (await api.get("/integrations")).document
    pairs = [(item["consumer"]["name"], item["provider"]["name"]) for item in document["_embedded"]["integrations"]]
    assert pairs == [("a/b", "shop"), ("web", "bank"), ("web", "shop")]
    page = await api.get("/integrations?size=2&page=2")
    assert (len(page.document["_embedded"]["integrations"]), page.document["page"]["totalElements"]) == (1, 3)
    [link, *_] = [item["_links"]["pb:delete_integration"]["href"] for item in document["_embedded"]["integrations"]]
    assert (await api("DELETE", link)).status == 204
    assert (await api("DELETE", link)).status == 404
    assert len(await api.publications()) == 2


@pytest.mark.parametrize("lower", ["a%2fb", "a%2Fb"])
async def test_encoded_slashes(api: Api, lower: str) -> None:
    """A slash in a name may be encoded in small letters, too."""
    assert (await api("PUT", f"/pacticipants/{lower}/versions/1", {})).status == 201
    assert (await api.get("/pacticipants/a%2Fb")).document["name"] == "a/b"
