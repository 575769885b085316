"""Which pacts a provider has to verify, and what came of it."""

from __future__ import annotations

import json
from typing import Any

from stubserver.store import Kind, Selector, pacticipants, pacts, verifications
from tests.api.conftest import Api, at, contract, interaction, pact, path_of

PATH = "/pacts/provider/shop/for-verification"


async def published(api: Api) -> None:
    """Pacts of two consumers with the shop; versions with the same letter have the same content.

    web: 1 a on main, tagged dev; 2 a on feat; 3 b on main, tagged dev and prod; 4 c on feat. app: 7 m on trunk, which
    is not its main branch, deployed; web 1 is deployed to uat, web 2 released to prod.
    """
    for number, letter, branch, tags in (
        ("1", "a", "main", ["dev"]), ("2", "a", "feat", []), ("3", "b", "main", ["dev", "prod"]),
        ("4", "c", "feat", []),
    ):  # fmt: skip
        its = contract(pact(interaction(letter)))
        await api.publish(its, pacticipantVersionNumber=number, branch=branch, tags=tags)
    await api.publish(contract(pact(interaction("m"), consumer="app")), pacticipantVersionNumber="7", branch="trunk")
    for name, path in (
        ("uat", "/pacticipants/web/versions/1/deployed-versions"),
        ("prod", "/pacticipants/web/versions/2/released-versions"),
        ("edge", "/pacticipants/app/versions/7/deployed-versions"),
    ):
        place = (await api("POST", "/environments", {"name": name, "production": True})).document["uuid"]
        assert (await api("POST", f"{path}/environment/{place}", {})).status == 201


async def selected(api: Api, *selectors: Any, **more: Any) -> list[str]:
    """`consumer version` of all that these selectors select, sorted; each answer is as strict clients want it."""
    answer = await api("POST", PATH, {"consumerVersionSelectors": list(selectors), **more})
    assert answer.status == 200, answer.body
    assert path_of(answer.links["self"]["href"]) == PATH
    found = []
    for entry in answer.document["_embedded"]["pacts"]:
        assert entry["shortDescription"]
        for notice in entry["verificationProperties"]["notices"]:
            assert all(isinstance(value, str) for value in notice.values())
        its = entry["_links"]["self"]
        found.append(" ".join(its["name"].removeprefix("Pact between ").partition(")")[0].split(" (")))
        got = (await api.get(its["href"])).links
        assert got["pb:publish-verification-results"]["href"] == its["href"] + "/verification-results"
    return sorted(found)


SELECTED: list[tuple[dict[str, Any], list[str]]] = [
    ({"latest": True}, ["app 7", "web 4"]),
    ({"latest": True, "consumer": "web"}, ["web 4"]),
    ({"latest": True, "consumer": None, "tag": None, "deployed": None}, ["app 7", "web 4"]),  # nothing is nothing
    ({"mainBranch": True}, ["web 3"]),
    ({"branch": "main"}, ["web 3"]),
    ({"branch": "main", "latest": True}, ["web 3"]),
    ({"branch": "feat"}, ["web 4"]),
    ({"branch": "none"}, []),
    ({"branch": "none", "fallbackBranch": "main"}, ["web 3"]),
    ({"branch": "feat", "fallbackBranch": "main"}, ["web 4"]),
    ({"matchingBranch": True}, ["web 4"]),
    ({"tag": "dev", "latest": True}, ["web 3"]),
    ({"tag": "dev"}, ["web 1", "web 3"]),
    ({"tag": "none", "latest": True, "fallbackTag": "prod"}, ["web 3"]),
    ({"tag": "none"}, []),
    ({"environment": "uat"}, ["web 1"]),
    ({"environment": "prod"}, ["web 2"]),
    ({"environment": "prod", "consumer": "app"}, []),
    ({"deployed": True}, ["app 7", "web 1"]),
    ({"deployed": True, "consumer": "web"}, ["web 1"]),
    ({"released": True}, ["web 2"]),
    ({"deployedOrReleased": True}, ["app 7", "web 2"]),  # web 1 has the same content
    ({"mainBranch": True, "consumer": "none"}, []),
]


async def test_selectors(api: Api) -> None:
    """Every kind of selector selects what it names."""
    await published(api)
    for selector, expected in SELECTED:
        assert await selected(api, selector, providerVersionBranch="feat") == expected, selector


async def test_matching_branch_with_fallback(api: Api) -> None:
    """Where no pact is on the provider's branch, those of the fallback are taken."""
    await published(api)
    selector = {"matchingBranch": True, "fallbackBranch": "main"}
    assert await selected(api, selector, providerVersionBranch="elsewhere") == ["web 3"]


async def test_several_selectors(api: Api) -> None:
    """What several selectors select comes once, with all reasons; so do versions with the same content."""
    await published(api)
    selectors = [{"mainBranch": True}, {"tag": "dev", "latest": True}, {"environment": "uat"}, {"environment": "prod"}]
    assert await selected(api, *selectors) == ["web 2", "web 3"]
    answer = await api("POST", PATH, {"consumerVersionSelectors": selectors})
    three, two = answer.document["_embedded"]["pacts"]
    assert three["shortDescription"] == "latest from main branch, latest with tag dev"
    assert two["shortDescription"] == "currently deployed or released in uat, currently deployed or released in prod"
    [notice] = two["verificationProperties"]["notices"]
    assert "currently deployed or released in uat (1)" in notice["text"]
    assert "currently deployed or released in prod (2)" in notice["text"]
    assert notice["when"] == "before_verification"


async def test_no_selectors(api: Api) -> None:
    """Without selectors: of each consumer the latest of the main branch, else the latest; and all that is in use."""
    await published(api)
    for body in (None, b"", {}, {"consumerVersionSelectors": []}, {"consumerVersionSelectors": None}):
        asked = await api("POST", PATH, body, "application/json")
        names = [entry["_links"]["self"]["name"] for entry in asked.document["_embedded"]["pacts"]]
        assert sorted(name.partition(" and ")[0].removeprefix("Pact between ") for name in names) == [
            "app (7)", "web (2)", "web (3)",
        ]  # fmt: skip
    looked = (await api.get(PATH)).document
    assert [entry["_links"]["self"]["name"] for entry in looked["_embedded"]["pacts"]] == names


_NEEDED = "must specify a value for environment or tag or branch"
_PLACES = "cannot specify {} with a branch, a tag or latest"


REFUSED: list[tuple[Any, str]] = [
    ("main", "must be an object"),
    ({}, _NEEDED),
    ({"consumer": "web"}, _NEEDED),
    ({"latest": False}, _NEEDED),
    ({"fallbackTag": "a"}, _NEEDED),
    ({"tag": "a", "branch": "b"}, "cannot specify both a tag and a branch"),
    ({"tag": "a", "fallbackTag": "b"}, "a fallbackTag can only be set when a tag and latest=true are, too"),
    ({"latest": True, "fallbackTag": "b"}, "a fallbackTag can only be set when a tag and latest=true are, too"),
    ({"mainBranch": True, "fallbackBranch": "b"}, "a fallbackBranch can only be set when a branch is, too"),
    ({"matchingBranch": True}, "the provider version branch must be specified"),
    ({"environment": "uat", "branch": "b"}, _PLACES.format("environment")),
    ({"deployed": True, "mainBranch": True}, _PLACES.format("deployed")),
    ({"released": True, "tag": "a"}, _PLACES.format("released")),
    ({"deployedOrReleased": True, "latest": True}, _PLACES.format("deployedOrReleased")),
    ({"environment": "none"}, "environment with name 'none' does not exist"),
    ({"tag": " "}, "tag cannot be blank"),
    ({"branch": 5}, "branch must be a string"),
]


async def test_bad_selectors(api: Api) -> None:
    """What is wrong with a selector is told with its place in the list."""
    await published(api)
    for selector, message in REFUSED:
        answer = await api("POST", PATH, {"consumerVersionSelectors": [{"latest": True}, selector]})
        assert (answer.status, list(answer.document["errors"])) == (400, ["consumerVersionSelectors"]), selector
        told = answer.document["errors"]["consumerVersionSelectors"]
        assert all(text.endswith("(at index 1)") for text in told)
        assert any(text.startswith(message) for text in told), told


async def test_bad_questions(api: Api) -> None:
    """Selectors are a list, of no more than a hundred."""
    await published(api)
    for wrong in ({}, "main", 5, [{"latest": True}] * 101):
        answer = await api("POST", PATH, {"consumerVersionSelectors": wrong})
        if wrong == {}:
            continue  # nothing is nothing
        assert (answer.status, list(answer.document["errors"])) == (400, ["consumerVersionSelectors"])
    assert (await api("POST", PATH, {"providerVersionBranch": 5})).status == 400


async def test_flags_are_true_or_false(api: Api) -> None:
    """A flag that is neither true nor false is refused, not taken for true."""
    await published(api)
    answer = await api("POST", PATH, {"consumerVersionSelectors": [{"mainBranch": "false", "branch": "feat"}]})
    assert answer.status == 400


async def test_deployed_in_an_environment(api: Api) -> None:
    """`deployed` with an environment selects what is deployed there, not what is released; and so does `released`."""
    await published(api)
    assert await selected(api, {"environment": "prod", "deployed": True}) == []
    assert await selected(api, {"environment": "uat", "released": True}) == []
    for environment, flag, version, why in (
        ("uat", "deployed", "web 1", "currently deployed in uat"),
        ("prod", "released", "web 2", "released and supported in prod"),
        ("uat", "deployedOrReleased", "web 1", "currently deployed or released in uat"),
    ):
        selector = {"environment": environment, flag: True}
        assert await selected(api, selector) == [version]
        answer = await api("POST", PATH, {"consumerVersionSelectors": [selector]})
        [entry] = answer.document["_embedded"]["pacts"]
        assert entry["shortDescription"] == why


async def test_unknown_provider(api: Api) -> None:
    """An unknown provider is 404, which clients take for no pacts; one without pacts has none."""
    for method in ("GET", "POST"):
        answer = await api(method, "/pacts/provider/none/for-verification", {} if method == "POST" else None)
        assert (answer.status, answer.document["error"]) == (404, "No provider with name 'none' found")
    await api("POST", "/pacticipants", {"name": "shop"})
    assert await selected(api, {"latest": True}) == []


async def results_url(api: Api, consumer: str = "web", version: str = "1") -> str:
    """Where results on the pact of a version go."""
    links = (await api.get(at(consumer, "shop", "version", version))).links
    href: str = links["pb:publish-verification-results"]["href"]
    return href


def result(success: bool = True, version: str = "p1", **more: Any) -> dict[str, Any]:
    """A result as verifiers send it."""
    return {"success": success, "providerApplicationVersion": version, **more}


async def test_pending(api: Api) -> None:
    """A pact is pending, for those who ask, until a success was published."""
    await published(api)
    question = {"consumerVersionSelectors": [{"branch": "main"}], "includePendingStatus": True}

    async def is_pending() -> bool:
        [entry] = (await api("POST", PATH, question)).document["_embedded"]["pacts"]
        properties = entry["verificationProperties"]
        assert len(properties["notices"]) == 2
        assert ("pending" in properties["notices"][1]["text"]) == properties["pending"]
        return bool(properties["pending"])

    url = await results_url(api, version="3")
    assert await is_pending()
    await api("POST", url, result(False))
    assert await is_pending()
    await api("POST", url, result())
    assert not await is_pending()
    await api("POST", url, result(False, "p2"))
    assert not await is_pending()
    question["includePendingStatus"] = False
    [entry] = (await api("POST", PATH, question)).document["_embedded"]["pacts"]
    assert "pending" not in entry["verificationProperties"]


async def test_pending_after_many_results(api: Api) -> None:
    """A success is not forgotten for the many failures after it."""
    await published(api)
    await api("POST", await results_url(api, version="3"), result())
    async with api.server.hosted.writing() as connection:
        [publication] = await pacts.choose(connection, "shop", "web", Selector(Kind.VERSION, "3"))
        consumer, _ = await pacticipants.ensure(connection, "web")
        provider, _ = await pacticipants.ensure(connection, "shop")
        version, _ = await pacticipants.ensure_version(connection, provider, "p2")
        for _ in range(1000):
            await verifications.add(connection, publication, consumer, provider, version, False, None, {})
    question = {"consumerVersionSelectors": [{"branch": "main"}], "includePendingStatus": True}
    [entry] = (await api("POST", PATH, question)).document["_embedded"]["pacts"]
    assert entry["verificationProperties"]["pending"] is False


async def test_a_result(api: Api) -> None:
    """A result is kept as it was sent, under a number, and found by pact and by consumer version."""
    await published(api)
    url = await results_url(api)
    sent = result(
        buildUrl="http://ci/7",
        verifiedBy={"implementation": "Pact-Rust", "clientLanguage": {"name": "é"}},
        testResults=[{"interactionId": "x", "success": True, "mismatches": []}],
    )
    made = await api("POST", url, sent)
    assert made.status == 201
    assert made.headers["Location"] == made.links["self"]["href"]
    assert {key: made.document[key] for key in sent} == sent
    assert made.document["providerName"] == "shop"
    assert made.document["verificationDate"]
    assert path_of(made.links["pb:pact-version"]["href"]) == path_of(url.removesuffix("/verification-results"))
    number = made.headers["Location"].rpartition("/")[2]
    assert int(number) > 0
    assert (await api.get(made.headers["Location"])).document == made.document
    await api("POST", url, result(False, "p2"))
    pact_links = (await api.get(at("web", "shop", "version", "2"))).links  # which has the same content
    latest = await api.get(pact_links["pb:latest-verification-results"]["href"])
    assert (latest.document["success"], latest.document["providerApplicationVersion"]) == (False, "p2")
    by_version = await api.get(at("web", "shop", "version", "1", "verification-results", "latest"))
    assert by_version.links["self"]["href"] == latest.links["self"]["href"]
    for wrong in (number + "0", "0", "-1", "x", "1_0", "%D9%A3", "9" * 100, "9" * 25):
        await api.get(f"{url}/{wrong}", 404)
    other = await results_url(api, version="3")
    await api.get(f"{other}/{number}", 404)  # of another pact
    await api.get("/pacticipants/shop/versions/p2")


async def test_results_with_metadata(api: Api) -> None:
    """Results come back to the address that the verifier was given, with what it says of the question."""
    await published(api)
    answer = await api("POST", PATH, {"consumerVersionSelectors": [{"tag": "prod"}]})
    [entry] = answer.document["_embedded"]["pacts"]
    got = await api.get(entry["_links"]["self"]["href"])
    assert "/metadata/" in got.links["pb:publish-verification-results"]["href"]
    assert (await api("POST", got.links["pb:publish-verification-results"]["href"], result())).status == 201
    await api.get(at("web", "shop", "version", "3", "verification-results", "latest"))


async def test_metadata_names_the_version(api: Api) -> None:
    """A pact that was selected by its version is that of this version, also when a later one has the same content."""
    await published(api)
    answer = await api("POST", PATH, {"consumerVersionSelectors": [{"environment": "uat"}]})
    [entry] = answer.document["_embedded"]["pacts"]
    assert entry["_links"]["self"]["name"] == "Pact between web (1) and shop"
    got = await api.get(entry["_links"]["self"]["href"])
    assert got.links["pb:consumer-version"]["name"] == "1"


async def test_results_of_a_version(api: Api) -> None:
    """All results on the pacts of a consumer version, and whether all is well."""
    for provider in ("shop", "bank", "mail"):
        await api.put(pact(consumer="web", provider=provider))
    target = "/verification-results/consumer/web/version/1/latest"

    async def summary() -> tuple[Any, bool, int]:
        document = (await api.get(target)).document
        return document["providerSummary"], document["success"], len(document["_embedded"]["verificationResults"])

    everyone = ["bank", "mail", "shop"]
    assert await summary() == ({"successful": [], "failed": [], "unknown": everyone}, False, 0)
    for provider, success in (("shop", False), ("shop", True), ("bank", False), ("mail", True)):
        links = (await api.get(at("web", provider, "latest"))).links
        await api("POST", links["pb:publish-verification-results"]["href"], result(success))
    assert await summary() == ({"successful": ["mail", "shop"], "failed": ["bank"], "unknown": []}, False, 3)
    links = (await api.get(at("web", "bank", "latest"))).links
    await api("POST", links["pb:publish-verification-results"]["href"], result())
    assert await summary() == ({"successful": everyone, "failed": [], "unknown": []}, True, 3)
    await api.get("/verification-results/consumer/web/version/9/latest", 404)


BAD_RESULTS: list[tuple[Any, Any]] = [
    ({}, {"success": ["is missing"], "providerApplicationVersion": ["is missing"]}),
    (result(version=" "), {"providerApplicationVersion": ["cannot be blank"]}),
    ({**result(), "success": "true"}, {"success": ["must be true or false"]}),
    (result(buildUrl="ci/7"), {"buildUrl": ["must be a URL"]}),
    (result(buildUrl="javascript:alert(1)"), {"buildUrl": ["must be a URL"]}),
    (result(buildUrl="http://["), {"buildUrl": ["must be a URL"]}),
    (result(buildUrl=5), {"buildUrl": ["must be a URL"]}),
]


async def test_bad_results(api: Api) -> None:
    """What is wrong with a result is told, and nothing is kept."""
    await published(api)
    url = await results_url(api)
    for document, errors in BAD_RESULTS:
        answer = await api("POST", url, document)
        assert (answer.status, answer.document["errors"]) == (400, errors)
        await api.get(url + "/latest", 404)
    assert (await api("POST", url.replace("/pact-version/", "/pact-version/0"), result())).status == 404


async def test_results_go_with_their_pact(api: Api) -> None:
    """When no version has the content any more, its results are gone."""
    await published(api)
    made = await api("POST", await results_url(api, version="4"), result())
    await api("DELETE", at("web", "shop", "version", "4"))
    await api.get(made.headers["Location"], 404)
    await api.publish(contract(pact(interaction("c"))), pacticipantVersionNumber="5")
    await api.get(at("web", "shop", "version", "5", "verification-results", "latest"), 404)


async def test_numbers_in_results(api: Api) -> None:
    """What test results hold comes back as it was."""
    await published(api)
    made = await api("POST", await results_url(api), result(testResults=[{"n": 2**70}]))
    assert made.document["testResults"] == [{"n": 2**70}]


async def test_odd_results(api: Api) -> None:
    """Whatever test results are, they are kept; links stay ours."""
    await published(api)
    for odd in (5, None, "x", [], {}, {"_links": 1}, [[[1.5]]], "\ud800"):
        body = json.dumps(result(testResults=odd, verifiedBy=odd, _links=odd, providerName=odd)).encode()
        made = await api("POST", await results_url(api), body, "application/json")
        if made.status == 400:  # half of a character is not JSON
            assert odd == "\ud800"
            continue
        assert made.document.get("testResults") == odd
        assert made.document["providerName"] == "shop"
        await api.get(made.headers["Location"])
