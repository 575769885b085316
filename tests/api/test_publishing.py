"""Publishing: what is taken, what is refused and with which words, and that nothing is ever stored by halves."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stubserver.catalog.contract import contract_of
from tests.api.conftest import HAL, Api, MakeApi, at, contract, interaction, pact

VALID = {"pacticipantName": "web", "pacticipantVersionNumber": "1", "contracts": []}
SHOP = at("web", "shop", "version", "1")


async def refused(api: Api, document: Any, status: int = 400) -> dict[str, Any]:
    """The errors of a publication that is refused; that clients can print them, and that nothing is stored."""
    answer = await api("POST", "/contracts/publish", document)
    assert (answer.status, answer.headers["Content-Type"]) == (status, HAL), answer.body
    told = answer.document
    assert set(told) == {"notices", "errors"}
    assert {notice["type"] for notice in told["notices"]} <= {"error", "info"}
    assert all(notice["text"] for notice in told["notices"])
    errors: dict[str, Any] = told["errors"]
    return errors


_DOTS = "cannot be . or .., which clients take out of URLs"
FIELDS_REFUSED: list[tuple[str, Any, str]] = [
    ("pacticipantName", None, "is missing"),
    ("pacticipantName", 5, "must be a string"),
    ("pacticipantName", " \t", "cannot be blank"),
    ("pacticipantName", "a\nb", "cannot contain line breaks or other control characters"),
    ("pacticipantName", "a\u0000b", "cannot contain line breaks or other control characters"),
    ("pacticipantName", "a" * 256, "cannot be longer than 255 characters"),
    ("pacticipantName", ".", _DOTS),
    ("pacticipantName", "..", _DOTS),
    ("pacticipantVersionNumber", "..", _DOTS),
    ("branch", ".", _DOTS),
    ("tags", ["dev", ".."], _DOTS),
    ("pacticipantVersionNumber", None, "is missing"),
    ("pacticipantVersionNumber", "", "cannot be blank"),
    ("pacticipantVersionNumber", 1.5, "must be a string"),
    ("pacticipantVersionNumber", "1\r\n2", "cannot contain line breaks or other control characters"),
    ("branch", "", "cannot be blank"),
    ("branch", ["main"], "must be a string"),
    ("branch", "a\nb", "cannot contain line breaks or other control characters"),
    ("buildUrl", "http://ci\n", "cannot contain line breaks or other control characters"),
    ("tags", ["dev", " "], "cannot be blank"),
    ("tags", [None], "is missing"),
    ("tags", [["dev"]], "must be a string"),
    ("contracts", None, "is missing"),
    ("contracts", {}, "must be an array"),
    ("contracts", [{}] * 1001, "cannot be more than 1000 at once"),
]


async def test_fields(api: Api) -> None:
    """What is wrong with a field is told under its name."""
    for field, value, message in FIELDS_REFUSED:
        assert await refused(api, {**VALID, field: value}) == {field: [message]}
    assert (await api.get("/pacticipants")).links["pb:pacticipants"] == []


async def test_tags_have_to_be_a_list(api: Api) -> None:
    """Tags that are no list are refused."""
    assert set(await refused(api, {**VALID, "tags": "dev"})) == {"tags"}


async def test_tags_have_to_be_a_list_is_said(api: Api) -> None:
    """The message tells what tags have to be."""
    assert await refused(api, {**VALID, "tags": "dev"}) == {"tags": ["must be an array"]}


GOOD = contract(pact())


def encoded(content: bytes) -> str:
    """Base64."""
    return base64.b64encode(content).decode()


CONTRACTS_REFUSED: list[tuple[Any, str]] = [
    ("x", "must be an object"),
    (None, "must be an object"),
    ({**GOOD, "consumerName": None}, "consumerName is missing"),
    ({**GOOD, "providerName": ""}, "providerName cannot be blank"),
    ({**GOOD, "providerName": 5}, "providerName must be a string"),
    ({**GOOD, "providerName": ".."}, f"providerName {_DOTS}"),
    ({**GOOD, "specification": "oas"}, "specification must be pact"),
    ({**GOOD, "specification": None}, "specification must be pact"),
    ({**GOOD, "contentType": "application/yaml"}, "contentType must be application/json"),
    ({**GOOD, "content": "@@"}, "content is not valid Base64"),
    ({**GOOD, "content": GOOD["content"] + "\n"}, "content is not valid Base64"),
    ({**GOOD, "content": "é"}, "content is not valid Base64"),
    ({**GOOD, "content": 5}, "content is not valid Base64"),
    ({**GOOD, "content": ["e30="]}, "content is not valid Base64"),
    ({**GOOD, "content": ""}, "content is missing"),
    ({**GOOD, "content": None}, "content is missing"),
    ({**GOOD, "content": encoded(b"[]")}, "the pact is not a JSON object"),
    ({**GOOD, "content": encoded(b'{"a":' * 200 + b"1" + b"}" * 200)}, "the pact nests deeper than 128 levels"),
    (
        {**GOOD, "content": encoded(json.dumps(pact(consumer="other")).encode())},
        "consumer name in contract content (other) must match consumerName (web)",
    ),
    (
        {**GOOD, "content": encoded(json.dumps(pact(provider="other")).encode())},
        "provider name in contract content (other) must match providerName (shop)",
    ),
]


async def test_contracts(api: Api) -> None:
    """What is wrong with a contract is told with its place in the list; nothing of the publication is stored."""
    for item, message in CONTRACTS_REFUSED:
        document = {**VALID, "branch": "main", "tags": ["dev"], "contracts": [GOOD, item]}
        assert await refused(api, document) == {"contracts": [f"{message} (at index 1)"]}
    assert await api.publications() == []
    await api.get("/pacticipants/web", 404)


async def test_names_of_one_publication(api: Api) -> None:
    """All contracts of a publication are of its consumer."""
    errors = await refused(api, {**VALID, "pacticipantName": "app", "contracts": [GOOD]})
    assert errors == {"contracts": ["consumerName (web) must match pacticipantName (app) (at index 0)"]}


@pytest.mark.parametrize("content", [b"{bad", b"", b"\xff{}", b'{"a": NaN}', b'{"a": 1e999}', b"\xef\xbb\xbf{}"])
async def test_what_is_no_json(api: Api, content: bytes) -> None:
    """A pact that is no JSON is refused, in words that tell where it breaks."""
    [message] = (await refused(api, {**VALID, "contracts": [{**GOOD, "content": encoded(content)}]}))["contracts"]
    assert message.endswith("(at index 0)")
    assert message.startswith("the pact is not JSON: " if content else "content is missing")


async def test_everything_wrong_is_told_at_once(api: Api) -> None:
    """Whoever publishes learns of all mistakes in one answer."""
    document = {
        "pacticipantVersionNumber": "",
        "branch": "",
        "tags": ["", 5],
        "contracts": [{"consumerName": "web", "content": "@@"}, GOOD, 5],
    }
    errors = await refused(api, document)
    assert set(errors) == {"pacticipantName", "pacticipantVersionNumber", "branch", "tags", "contracts"}
    assert errors["tags"] == ["cannot be blank", "must be a string"]
    assert [message.rpartition("(at index ")[2] for message in errors["contracts"]] == ["0)"] * 4 + ["1)", "2)"]
    assert len((await api("POST", "/contracts/publish", document)).document["notices"]) == 11


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{bad", "the body is not JSON"),
        (b"", "the body is not JSON"),
        (b"[]", "the body is not a JSON object"),
        (b"\xff", "the body is not JSON"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, "the body nests deeper than 128 levels"),
    ],
)
async def test_bodies(api: Api, body: bytes, told: str) -> None:
    """A body that is no JSON object is refused, and so it is told."""
    answer = await api("POST", "/contracts/publish", body, "application/json")
    assert answer.status == 400
    assert answer.document["errors"]["base"][0].startswith(told)


@pytest.mark.parametrize(("method", "target"), [("POST", "/contracts/publish"), ("PUT", SHOP), ("PATCH", SHOP)])
async def test_media_types(api: Api, method: str, target: str) -> None:
    """What is not declared to be JSON is not read: 415 tells which type is."""
    for kind in (None, "text/plain", "application/x-www-form-urlencoded", "application/xml", ";"):
        answer = await api(method, target, json.dumps(pact()).encode(), kind)
        assert answer.status == 415
        assert "application/json" in answer.document["notices"][0]["text"]
    assert await api.publications() == []


async def test_media_types_with_parameters(api: Api) -> None:
    """Parameters and case of the media type do not matter."""
    body = json.dumps({**VALID, "contracts": [GOOD]}).encode()
    answer = await api("POST", "/contracts/publish", body, "Application/JSON; charset=UTF-8")
    assert answer.status == 200


async def test_too_much(make_api: MakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """A publication over the limit, which is 64 MiB, is refused with 413 and JSON, packed or not."""
    from stubserver import app

    assert app._LARGEST_PUBLICATION == 64 << 20
    monkeypatch.setattr(app, "_LARGEST_PUBLICATION", 20_000)
    api = await make_api(max_body=10_000)
    large = json.dumps({**VALID, "contracts": [contract(pact(interaction(body="x" * 20_000)))]}).encode()
    answer = await api("POST", "/contracts/publish", large, "application/json")
    assert (answer.status, answer.kind) == (413, "application/hal+json")
    assert answer.document["notices"][0]["type"] == "error"
    packed = await api("POST", "/contracts/publish", gzip.compress(large), "application/json", Content_Encoding="gzip")
    assert packed.status == 413
    assert (await api("POST", "/contracts/publish", large[:15_000], "application/json")).status == 400  # not too much


async def test_packed(api: Api) -> None:
    """A publication may come compressed."""
    body = gzip.compress(json.dumps({**VALID, "contracts": [GOOD]}).encode())
    assert (await api("POST", "/contracts/publish", body, "application/json", Content_Encoding="gzip")).status == 200


async def test_the_answer(api: Api) -> None:
    """The answer has all that clients ask for: what was made, where the pact is and where its stub, and links."""
    told = await api.publish(contract(pact()), contract(pact(provider="bank")), branch="main", tags=["dev", "x"])
    document = told.document
    texts = [notice["text"] for notice in document["notices"]]
    assert texts[0] == "Created web version 1 with branch main and tags dev, x"
    assert "Pact successfully published for web version 1 and provider shop." in texts
    assert f"  View the published pact at {api.url}{SHOP}" in texts
    assert f"  Its stub answers at {api.url}/pacts/provider/shop/consumer/web/latest/stub" in texts
    assert [log["message"] for log in document["logs"]] == texts
    assert all(set(log) == {"level", "message", "deprecationWarning"} for log in document["logs"])
    assert document["_embedded"]["version"]["number"] == "1"
    assert [link["name"] for link in told.links["pb:pacticipant-version-tags"]] == ["dev", "x"]
    for links in told.links.values():
        for link in links if isinstance(links, list) else [links]:
            assert set(link) >= {"href", "title", "name"}
    for relation in ("pb:pacticipant", "pb:pacticipant-version"):
        await api.get(told.links[relation]["href"])
    for link in told.links["pb:contracts"] + told.links["pb:pacticipant-version-tags"]:
        await api.get(link["href"])
    for stub in told.links["pb:stubs"]:
        await api.get(stub["href"] + "/things")


async def test_no_tags(api: Api) -> None:
    """The list of tags is there when it is empty: the Rust client insists."""
    assert (await api.publish(contract(pact()))).links["pb:pacticipant-version-tags"] == []
    assert (await api.publish(contract(pact()), tags=None)).links["pb:pacticipant-version-tags"] == []


async def test_no_contracts(api: Api) -> None:
    """A publication without contracts makes the version."""
    assert (await api.publish(pacticipantName="web", branch="main")).links["pb:contracts"] == []
    assert (await api.get("/pacticipants/web/versions/1")).document["_embedded"]["branchVersions"][0]["name"] == "main"


async def test_same_again(api: Api) -> None:
    """Publishing the same again changes nothing, and says so; tags and branches are added."""
    await api.publish(contract(pact()), branch="main")
    told = await api.publish(contract(pact()), branch="other", tags=["dev"])
    texts = [notice["text"] for notice in told.document["notices"]]
    assert texts[0].startswith("Updated web version 1")
    assert any("no content changes" in text for text in texts)
    version = (await api.get("/pacticipants/web/versions/1")).document["_embedded"]
    assert [branch["name"] for branch in version["branchVersions"]] == ["main", "other"]
    assert [tag["name"] for tag in version["tags"]] == ["dev"]


async def test_same_in_another_order(api: Api) -> None:
    """Order of keys and of interactions, and what clients write beside the interactions, make no other content."""
    one = pact(interaction("a", "/a", {"x": 1, "y": [1, 2]}), interaction("b", "/b"))
    other = json.loads(json.dumps(one, sort_keys=True))
    other["interactions"] = [dict(reversed(list(item.items()))) for item in reversed(one["interactions"])]
    other["metadata"]["pactRust"] = {"models": "1.3.16"}
    await api.put(one)
    assert (await api.put(other, status=200)).body.startswith(b'{"consumer"')
    texts = [notice["text"] for notice in (await api.publish(contract(other))).document["notices"]]
    assert any("no content changes" in text for text in texts)


@pytest.mark.parametrize(
    "changed",
    [
        pact(interaction("a", "/a", {"y": [2, 1], "x": 1})),  # a list in another order
        pact(interaction("a", "/a", {"x": 1.0, "y": [1, 2]})),  # a decimal in place of an integer
        pact(interaction("a", "/a", {"x": 1, "y": [1, 2]}), interaction("a", "/a", {"x": 1, "y": [1, 2]})),  # twice
        pact(interaction("a", "/a", {"x": 1, "y": [1, 2], "_id": "z"})),  # only its own `_id` does not count
        {
            **pact(interaction("a", "/a", {"x": 1, "y": [1, 2]})),
            "metadata": {"pactSpecification": {"version": "3.0.0"}},
        },
    ],
)
async def test_other_content(api: Api, changed: dict[str, Any]) -> None:
    """Everything else is another content, which a version that is published does not take."""
    await api.put(pact(interaction("a", "/a", {"x": 1, "y": [1, 2]})))
    await api.put(changed, status=409)


async def test_conflict(api: Api) -> None:
    """A version that is published keeps its content: 409 tells what differs, and nothing is stored."""
    await api.publish(contract(pact(interaction("a", "/a", {"x": 1}), interaction("old", "/old"))))
    document = {
        **VALID,
        "branch": "feature",
        "tags": ["dev"],
        "contracts": [
            contract(pact(provider="bank")),
            contract(pact(interaction("a", "/a", {"x": 2}), interaction("new", "/new"))),
            contract(pact(provider="mail")),
        ],
    }
    assert list(await refused(api, document, 409)) == ["contracts"]
    answer = await api("POST", "/contracts/publish", document)
    texts = [notice["text"] for notice in answer.document["notices"]]
    assert texts[0].startswith("Cannot change the content of the pact for web version 1 and provider shop")
    assert texts[1:6] == ["  a", "    - response.body.x: 1", "    + response.body.x: 2", "- old", "+ new"]
    assert "version of its own" in texts[-1]
    assert [url.rpartition("/pacts")[2] for url in await api.publications()] == ["/provider/shop/consumer/web/latest"]
    await api.get("/pacticipants/bank", 404)
    await api.get("/pacticipants/web/branches/feature", 404)
    await api.get("/pacticipants/web/versions/1/tags/dev", 404)
    kept = (await api.get(SHOP)).document["interactions"]
    assert [item["description"] for item in kept] == ["a", "old"]


async def test_merge_on_conflict(api: Api) -> None:
    """With onConflict, interactions are added to those of the version; `overwrite` lifts nothing."""
    await api.publish(contract(pact(interaction("a", "/a"))))
    more = pact(interaction("b", "/b"))
    await api.publish(contract(more, onConflict="overwrite"), status=409)
    told = await api.publish(contract(more, onConflict="merge"))
    assert any("successfully merged" in notice["text"] for notice in told.document["notices"])
    stored = (await api.get(SHOP)).document["interactions"]
    assert [item["description"] for item in stored] == ["a", "b"]
    assert (await api.get(f"{SHOP}/stub/a")).status == (await api.get(f"{SHOP}/stub/b")).status == 200
    again = await api.publish(contract(more, onConflict="merge"))
    assert any("no content changes" in notice["text"] for notice in again.document["notices"])
    await api.publish(contract(pact(interaction("a", "/other")), onConflict="merge"), status=409)


async def test_merge_on_conflict_is_for_one_contract(api: Api) -> None:
    """onConflict is said of a contract, and holds for that one alone."""
    await api.publish(contract(pact()), contract(pact(provider="bank")))
    more, other = pact(interaction("b", "/b")), pact(interaction("b", "/b"), provider="bank")
    await api.publish(contract(more, onConflict="merge"), contract(other), status=409)


async def test_on_conflict_is_merge_or_overwrite(api: Api) -> None:
    """Another onConflict is refused, as the real broker does."""
    assert set(await refused(api, {**VALID, "contracts": [{**GOOD, "onConflict": "zz"}]})) == {"contracts"}


async def test_patch(api: Api) -> None:
    """PATCH publishes what is new, adds to what is published, and replaces an interaction whose response changed; one
    whose request changed is refused, and why is told as old clients read it.
    """
    url = at("web", "shop", "version", "m")
    assert (await api("PATCH", url, pact(interaction("a", "/a")))).status == 201
    added = await api("PATCH", url, pact(interaction("b", "/b"), messages=[{"description": "m", "contents": 1}]))
    assert added.status == 200
    assert [item["description"] for item in added.document["interactions"]] == ["a", "b"]
    assert [item["description"] for item in added.document["messages"]] == ["m"]
    refusal = await api("PATCH", url, pact(interaction("a", "/other")))
    assert (refusal.status, refusal.document["error"][:33]) == (409, "Cannot change the content of the ")
    assert set(refusal.document) == {"error", "notices"}
    assert refusal.document["notices"][0] == {"type": "error", "text": refusal.document["error"]}
    assert (await api.get(url)).document["interactions"] == added.document["interactions"]
    replaced = await api("PATCH", url, pact(interaction("a", "/a", {"x": 1})))
    assert replaced.status == 200
    changed = {item["description"]: item["response"].get("body") for item in replaced.document["interactions"]}
    assert changed == {"a": {"x": 1}, "b": None}
    assert (await api.get(f"{url}/stub/a")).document == {"x": 1}
    # A given state makes it another interaction.
    more = await api("PATCH", url, pact(interaction("a", "/other", providerState="s")))
    assert len(more.document["interactions"]) == 3


@pytest.mark.parametrize("odd", [5, True])
async def test_merging_what_has_no_list_of_interactions(api: Api, odd: Any) -> None:
    """A pact whose interactions are no list is merged, or refused, but nothing breaks."""
    await api.put(pact())
    answers = [await api("PATCH", SHOP, {"interactions": odd})]
    await api.put({**pact(), "interactions": odd}, version="2")
    answers.append(await api("PATCH", at("web", "shop", "version", "2"), pact()))
    assert [answer.status for answer in answers if answer.status >= 500] == []


@pytest.mark.parametrize(
    ("document", "field", "message"),
    [
        (
            pact(provider="Baz"),
            "provider.name",
            "name in pact 'Baz' does not match name in URL path 'shop'.",
        ),
        (pact(consumer="x"), "consumer.name", "name in pact 'x' does not match name in URL path 'web'."),
    ],
)
async def test_put_of_other_names(api: Api, document: Any, field: str, message: str) -> None:
    """The names in a pact are those of its path."""
    answer = await api("PUT", SHOP, document)
    assert (answer.status, answer.document["errors"]) == (400, {field: [message]})


@pytest.mark.parametrize(
    "document", [{}, {"consumer": None, "provider": 5}, {"consumer": {"name": 5}, "interactions": []}]
)
async def test_put_without_names(api: Api, document: Any) -> None:
    """Names that a pact does not give are those of its path."""
    answer = await api("PUT", SHOP, document)
    assert answer.status == 201
    assert (answer.document["consumer"]["name"], answer.document["provider"]["name"]) == ("web", "shop")


@pytest.mark.parametrize("version", ["%20", "%0A", "%09", "a" * 256, "a%00"])
async def test_put_of_bad_versions(api: Api, version: str) -> None:
    """A version is a line of text."""
    answer = await api("PUT", f"/pacts/provider/shop/consumer/web/version/{version}", pact())
    assert (answer.status, list(answer.document["errors"])) == (400, ["consumer_version_number"])


async def test_post_of_a_pact(api: Api) -> None:
    """POST is not how a pact is published; which methods are is told."""
    answer = await api("POST", SHOP, pact())
    assert answer.status == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}


async def test_delete(api: Api) -> None:
    """A pact that is deleted is gone, with its stub; the version stays."""
    await api.put(pact())
    answer = await api("DELETE", SHOP)
    assert (answer.status, set(answer.links)) == (200, {"index", "pb:latest-pact-version"})
    await api.get(SHOP, 404)
    await api.get(SHOP + "/stub/things", 404)
    assert (await api("DELETE", SHOP)).status == 404
    await api.get("/pacticipants/web/versions/1")
    await api.put(pact(interaction("other")))


async def test_ids(api: Api) -> None:
    """Every interaction and message has an `_id` of its content, first of its keys; a client's own does not count."""
    mine = pact({"_id": "mine", **interaction("a", "/a")}, interaction("b", "/b"), messages=[{"description": "m"}])
    answer = await api.put(mine)
    items = answer.document["interactions"] + answer.document["messages"]
    assert all(next(iter(item)) == "_id" for item in items)
    assert all(len(item["_id"]) == 40 and int(item["_id"], 16) for item in items)
    assert len({item["_id"] for item in items}) == 3
    again = await api.put(answer.document, version="2")  # what was got, published again
    assert again.document["interactions"] == answer.document["interactions"]
    assert again.links["pb:pact-version"]["name"] == answer.links["pb:pact-version"]["name"]
    assert list(again.document).count("_links") == 1


NUMBERS = (
    b'{"a":123456789012345678901234567890,"b":-9223372036854775809,"c":18446744073709551615,"d":1.0,"e":0.1,'
    b'"f":1e+22,"g":5e-324,"h":-0.0,"i":3.141592653589793,"j":9007199254740993}'
)


async def test_numbers(api: Api) -> None:
    """Integers of any size stay exact, integers stay apart from decimals, and decimals keep what a double holds."""
    body = b'{"interactions":[{"description":"n","request":{"path":"/n"},"response":{"body":' + NUMBERS + b"}}]}"
    assert (await api("PUT", SHOP, body, "application/json")).status == 201
    answer = await api.get(SHOP)
    assert json.loads(NUMBERS) == answer.document["interactions"][0]["response"]["body"]
    assert b"123456789012345678901234567890" in answer.body
    assert b'"d":1.0' in answer.body
    assert b"123456789012345678901234567890" in (await api.get(SHOP + "/stub/n")).body


@pytest.mark.xfail(strict=True, reason="digits of a decimal beyond those of a double are lost (json_text.parse_json)")
async def test_long_decimals(api: Api) -> None:
    """Decimals stay as they were written."""
    body = b'{"interactions":[{"description":"n","request":{"path":"/n"},"response":{"body":[0.1234567890123456789]}}]}'
    await api("PUT", SHOP, body, "application/json")
    assert b"0.1234567890123456789" in (await api.get(SHOP)).body


async def test_metadata_is_kept(api: Api) -> None:
    """What clients write beside the interactions is kept, whatever it is."""
    more = {"metadata": {"pactSpecification": {"version": "4.0"}, "x": {"y": [1, None]}}, "comments": {"text": ["é"]}}
    got = (await api.put(pact(**more))).document
    assert {key: got[key] for key in more} == more


async def test_large_pact(api: Api) -> None:
    """Five megabytes are published, read and served."""
    text = "0123456789abcdef" * 64  # a kilobyte
    large = pact(*(interaction(f"i{n}", f"/i{n}", {"n": n, "text": text}) for n in range(5000)))
    await api.publish(contract(large))
    got = (await api.get(SHOP)).document["interactions"]
    assert [{key: value for key, value in item.items() if key != "_id"} for item in got] == large["interactions"]
    assert (await api.get(SHOP + "/stub/i4999")).document["n"] == 4999


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (pact({"description": "odd", "request": {"method": 5}}), "request/method"),
        ({**pact(), "interactions": [5]}, "interactions/0"),
        (
            pact(interaction(request={"path": "/a", "matchingRules": {"$.path": {"match": "regex", "regex": "("}}})),
            "/0",
        ),
    ],
)
async def test_what_cannot_be_served(api: Api, document: Any, told: str) -> None:
    """A pact that cannot be served is stored all the same, for those who read it; whoever publishes it is warned."""
    notices = (await api.publish(contract(document))).document["notices"]
    warnings = [notice["text"] for notice in notices if notice["type"] == "warning"]
    assert "cannot be served" in warnings[0]
    assert any(told in warning for warning in warnings[1:])
    assert (await api.get(SHOP)).document["interactions"] is not None


@pytest.mark.parametrize("odd", [5, None, {"a": 1}])
async def test_what_has_nothing_to_serve(api: Api, odd: Any) -> None:
    """Whoever publishes a pact whose interactions are no list is warned that it serves nothing."""
    notices = (await api.publish(contract({**pact(), "interactions": odd}))).document["notices"]
    assert "warning" in [notice["type"] for notice in notices]


async def test_build_url(api: Api) -> None:
    """Where a version was built is kept."""
    await api.publish(contract(pact()), buildUrl="http://ci/1")
    assert (await api.get("/pacticipants/web/versions/1")).document["buildUrl"] == "http://ci/1"


async def test_long_build_url(api: Api) -> None:
    """URLs of builds are long at times."""
    await api.publish(contract(pact()), buildUrl="http://ci/job/" + "very/" * 60)


async def test_tags_that_are_environments(api: Api) -> None:
    """A tag with the name of an environment records a deployment there, however the version is tagged."""
    await api("POST", "/environments", {"name": "uat", "production": False})
    await api.publish(contract(pact()), tags=["uat"])
    await api.get(at("web", "shop", "environment", "uat"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text('aé"\\\n/'),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text("abé_", max_size=3), values, max_size=3),
    max_leaves=8,
)


@given(body=JSON, order=st.randoms(use_true_random=False))
def test_a_contract_is_its_content(body: Any, order: Any) -> None:
    """However keys and interactions are ordered, it is the same contract; what is stored reads as what was sent."""
    document = pact(interaction("a", "/a", body), interaction("b", "/b", {"z": body, "y": 1}), extra=body)

    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            keys = list(value)
            order.shuffle(keys)
            return {key: shuffled(value[key]) for key in keys}
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    one = contract_of(document, "web", "shop")
    other = shuffled(document)
    other["interactions"].reverse()
    assert contract_of(other, "web", "shop").sha == one.sha
    stored = json.loads(one.content)
    assert stored.keys() == document.keys()
    assert [{k: v for k, v in item.items() if k != "_id"} for item in stored["interactions"]] == document[
        "interactions"
    ]
    assert stored["extra"] == body


ANY_JSON = JSON | st.sampled_from(["web", "1", "pact", "application/json", encoded(b"{}"), encoded(b"[1]"), "merge"])
FIELDS = ["pacticipantName", "pacticipantVersionNumber", "branch", "tags", "buildUrl", "contracts"]
ITEM = st.fixed_dictionaries(
    {}, optional={key: st.just(value) | ANY_JSON for key, value in {**GOOD, "onConflict": 1}.items()}
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    document=st.fixed_dictionaries(
        {}, optional=dict.fromkeys(FIELDS, ANY_JSON) | {"contracts": st.lists(ITEM | ANY_JSON, max_size=3)}
    )
)
async def test_any_publication(api: Api, document: Any) -> None:
    """Whatever is published is taken, refused with messages, or in conflict; nothing breaks."""
    answer = await api("POST", "/contracts/publish", document)
    assert answer.status in (200, 400, 409), answer.body
    assert answer.document["notices"]
