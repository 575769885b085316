"""The index, tokens, roles, audit; and that whatever is asked, the answer is in order."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections import Counter
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stubserver.security import Role
from stubserver.web.api.routes import ROUTES
from tests.api.conftest import HAL, Api, MakeApi, at, contract, interaction, pact

PATHS: dict[str, dict[str, Role]] = {}
for _method, _path, _, _role, _ in ROUTES:
    PATHS.setdefault(_path, {})[_method] = _role
OPEN = ("/diagnostic/status/heartbeat",)  # for whoever watches over the server
LOOKED_UP = [
    "publish-contracts", "publish-pact", "pacticipant-version-tag", "pacticipant-branch-version",
    "provider-pacts-for-verification", "latest-provider-pacts", "latest-provider-pacts-with-tag",
    "latest-pact-versions",
    "provider-pacts-with-branch", "provider-pacts-with-main-branch", "latest-provider-pacts-with-branch",
    "latest-provider-pacts-with-main-branch", "branch-pact-versions", "main-branch-pact-versions", "pacticipants",
    "pacticipant", "pacticipant-version", "latest-version", "latest-tagged-version", "pacticipant-branch",
    "environments", "environment",
]  # fmt: skip


def some(path: str, name: str = "x") -> str:
    """A path with a name in every place."""
    return re.sub(r"\{\w+\}", quote(name, safe=""), path)


@pytest.mark.parametrize("target", ["/", "/?", "/?x=y"])
async def test_index(api: Api, target: str) -> None:
    """The index has every relation that clients look up, each with a title, and says which are to be filled in."""
    answer = await api.get(target)
    assert answer.headers["Content-Type"] == HAL
    assert answer.headers["X-Pact-Broker-Version"]
    links = answer.links
    assert set(links) >= {f"pb:{name}" for name in LOOKED_UP} | {
        "beta:provider-pacts-for-verification",
        "self",
        "curies",
    }
    for relation, link in links.items():
        if relation not in ("self", "curies"):
            assert link["title"]
            assert link["href"].startswith(api.url)
            assert link.get("templated", False) == ("{" in link["href"])
    assert [curie["name"] for curie in links["curies"]] == ["pb", "beta"]
    assert "pf:publish-provider-contract" not in links


async def test_relations_are_explained(api: Api) -> None:
    """Every relation of the index has a page, where its curie says; an unknown one has none."""
    links = (await api.get("/")).links
    assert links["curies"][0]["href"].startswith(api.url + "/doc/{rel}")
    for relation in links:
        if relation.startswith("pb:") and "stub" not in relation:
            answer = await api.get(links["curies"][0]["href"].replace("{rel}", relation[3:]))
            assert answer.kind == "text/plain"
            assert links[relation]["title"] in answer.body.decode()
    await api.get("/doc/none", 404)


async def test_stub_relations_are_explained(api: Api) -> None:
    """The relations to stubs are explained, too."""
    for relation in ("stub", "provider-stub"):
        await api.get(f"/doc/{relation}?context=index")


async def test_diagnostics(guarded: Api) -> None:
    """The heartbeat is for everyone; what the server depends on is for those with a token."""
    nobody = guarded.bearing(None)
    assert (await nobody.get("/diagnostic/status/heartbeat")).document["ok"] is True
    await nobody.get("/diagnostic/status/dependencies", 401)
    assert (await guarded.get("/diagnostic/status/dependencies")).document["database"] == {"ok": True}


async def test_roles(guarded: Api) -> None:
    """Of every route, who may not is refused: 401 without a token, 403 with one that allows less; nothing breaks."""
    callers: dict[Role | None, Api] = {None: guarded.bearing(None), Role.ADMIN: guarded}
    for role in (Role.READ, Role.WRITE):
        callers[role] = guarded.bearing(await guarded.token_of(role))
    wrong = []
    for method, path, _, needed, _ in ROUTES:
        for role, caller in callers.items():
            answer = await caller(method, some(path, f"x{role}"), {} if method in ("POST", "PUT", "PATCH") else None)
            allowed = path in OPEN or (role is not None and role.allows(needed))
            expected = answer.status not in (401, 403) if allowed else answer.status == (401 if role is None else 403)
            if not expected or answer.status >= 500:
                wrong.append((method, path, role, answer.status))
            if not allowed:
                told = answer.document
                assert set(told) == {"notices", "errors"}
                assert list(told["errors"]) == ["authorization"]
                assert ("WWW-Authenticate" in answer.headers) == (role is None)
    assert wrong == []


async def test_credentials(guarded: Api) -> None:
    """A token comes as a bearer or in either half of basic credentials, however the scheme is written."""
    token = await guarded.token_of(Role.READ)

    def basic(text: str) -> str:
        return "Basic " + base64.b64encode(text.encode()).decode()

    good = [f"Bearer {token}", f"bearer  {token} ", basic(f"any:{token}"), basic(f"{token}:"), basic(f"{token}:x")]
    bad = ["", "Bearer", "Bearer x", f"Token {token}", basic("a:b"), basic(token[:-1]), "Basic %%%", f"Bearer {token}x"]
    bad += ["Basic /////w==", f"Bearer {token} {token}", "Bearer stubserver_admin_" + "A" * 43]
    nobody = guarded.bearing(None)
    assert [(await nobody("GET", "/", Authorization=value)).status for value in good] == [200] * len(good)
    assert [(await nobody("GET", "/", Authorization=value)).status for value in bad] == [401] * len(bad)
    assert (await nobody("GET", "/", X_Stub_Token=token)).status == 200
    told = (await nobody("GET", "/", Authorization="Bearer x")).document["errors"]["authorization"]
    assert told == ["this token is not known, or was revoked"]
    assert (await nobody("GET", "/")).document["errors"]["authorization"] == ["a token is needed"]


async def test_who_cannot_be_reached_needs_no_token(make_api: MakeApi) -> None:
    """A server that asks for no token lets everyone do everything, with tokens of whatever role but not beyond them."""
    api = await make_api()
    await api.get("/settings/tokens")
    reader = api.bearing(await api.token_of(Role.READ))
    assert (await reader("POST", "/pacticipants", {"name": "web"})).status == 403
    assert (await api("POST", "/pacticipants", {"name": "web"})).status == 201


async def test_tokens(guarded: Api) -> None:
    """A token is shown once, when it is made; it works at once, is made anew, and is revoked at once."""
    made = await guarded("POST", "/settings/tokens", {"description": "ci of web", "role": "write"})
    assert made.status == 201
    assert made.headers["Cache-Control"] == "no-store"
    secret, url = made.document["value"], made.headers["Location"]
    assert secret.startswith(made.document["hint"])
    assert len(secret) > len(made.document["hint"]) + 30
    ci = guarded.bearing(secret)
    assert (await ci("PUT", at("web", "shop", "version", "1"), pact())).status == 201
    got = await guarded.get(url)
    assert "value" not in got.document
    assert got.document == {key: value for key, value in made.document.items() if key != "value"}
    renewed = await guarded("POST", url + "/regenerate", {})
    assert (renewed.status, renewed.document["role"], renewed.document["description"]) == (201, "write", "ci of web")
    assert renewed.document["value"] != secret
    await ci.get("/", 401)
    await guarded.get(url, 404)
    ci = guarded.bearing(renewed.document["value"])
    await ci.get("/")
    assert (await guarded("DELETE", renewed.headers["Location"])).status == 204
    await ci.get("/", 401)
    for method, more in (("DELETE", ""), ("POST", "/regenerate"), ("GET", "")):
        assert (await guarded(method, renewed.headers["Location"] + more)).status == 404
    everyone = (await guarded.get("/settings/tokens?revoked=true")).document["_embedded"]["items"]
    assert [bool(item["revokedAt"]) for item in everyone] == [False, True, True]
    assert len((await guarded.get("/settings/tokens")).document["_embedded"]["items"]) == 1
    for target in ("/settings/tokens?revoked=true", "/settings/tokens", "/audit"):
        body = (await guarded.get(target)).body.decode()
        assert secret not in body
        assert renewed.document["value"] not in body


@pytest.mark.parametrize(
    ("document", "errors"),
    [
        ({}, {"description": ["is missing"]}),
        ({"description": " "}, {"description": ["cannot be blank"]}),
        ({"description": "x", "role": "root"}, {"role": ["must be one of read, write, admin"]}),
        ({"description": "x", "role": None}, {"role": ["must be one of read, write, admin"]}),
        ({"description": "x", "role": ["read"]}, {"role": ["must be one of read, write, admin"]}),
    ],
)
async def test_bad_tokens(guarded: Api, document: Any, errors: Any) -> None:
    """What is wrong is told; no token is made."""
    answer = await guarded("POST", "/settings/tokens", document)
    assert (answer.status, answer.document["errors"]) == (400, errors)
    assert len((await guarded.get("/settings/tokens")).document["_embedded"]["items"]) == 1


async def test_a_new_token_may_only_read(guarded: Api) -> None:
    """Whoever does not say which role a token has gets one that may read."""
    made = await guarded("POST", "/settings/tokens", {"description": "me"})
    assert made.document["role"] == "read"


async def events(api: Api, query: str = "") -> list[dict[str, Any]]:
    """The events of a page of the audit."""
    found: list[dict[str, Any]] = (await api.get("/audit" + query)).document["events"]
    return found


async def test_audit(guarded: Api) -> None:
    """Every write is recorded as PactFlow has it: who did what, when, from where."""
    writer = guarded.bearing(await guarded.token_of(Role.WRITE))
    url = at("Foo/é", "shop", "version", "1")
    await writer("PUT", url + "?a=b%20c", pact(consumer="Foo/é"), User_Agent="curl", Referer="http://x")
    await guarded("POST", "/settings/tokens", {"description": "ci"})
    put, made = await events(guarded)
    assert set(put) >= {"uuid", "timestamp", "type", "user_email", "payload"}
    assert (put["type"], made["type"]) == ("PublishPact", "CreateApiToken")
    assert put["user_email"].startswith("write (stubserver_rw_")
    assert put["timestamp"] <= made["timestamp"]
    assert put["timestamp"].endswith("+00:00")
    payload = put["payload"]
    assert (payload["path"], payload["method"], payload["queryString"]) == (url, "PUT", "a=b c")
    assert (payload["userAgent"], payload["referer"], payload["remote"]) == ("curl", "http://x", "127.0.0.1")
    assert payload["params"]["version"] == "1"
    assert made["payload"]["params"]["resource_name"] == "token"


async def test_audit_in_the_shape_of_pactflow(guarded: Api) -> None:
    """An event has the members that PactFlow's has."""
    await guarded("POST", "/pacticipants", {"name": "web"})
    [event] = await events(guarded)
    assert set(event) >= {"uuid", "timestamp", "type", "db_user_id", "user_email", "payload"}


async def test_pages_of_the_audit(guarded: Api) -> None:
    """Events come in pages in order of time, or against it; where the next page begins is told by the event there."""
    for number in range(7):
        await guarded("POST", "/pacticipants", {"name": f"a{number}"})
    whole = [event["uuid"] for event in await events(guarded)]
    assert len(whole) == 7
    for sort, expected in (
        ("", whole),
        ("&sort=%2Btimestamp", whole),
        ("&sort=+timestamp", whole),
        ("&sort=-timestamp", whole[::-1]),
    ):
        found: list[str] = []
        target: str | None = f"/audit?pageSize=3{sort}"
        while target is not None:
            answer = await guarded.get(target)
            found += [event["uuid"] for event in answer.document["events"]]
            target = answer.links["next"]["href"] if "next" in answer.links else None
        assert found == expected, sort
    assert [event["uuid"] for event in await events(guarded, f"?from={whole[4]}")] == whole[4:]
    assert await events(guarded, "?from=none") == []
    await guarded("POST", "/pacticipants", {"name": "later"})  # does not shift pages that are being read
    assert [event["uuid"] for event in await events(guarded, f"?from={whole[3]}&pageSize=2")] == whole[3:5]


async def test_what_of_the_audit(guarded: Api) -> None:
    """Events are chosen by type, moment and user; wrong questions are refused."""
    writer = guarded.bearing(await guarded.token_of(Role.WRITE))
    await guarded("POST", "/pacticipants", {"name": "a"})
    await writer("POST", "/pacticipants", {"name": "b"})
    await writer("DELETE", "/pacticipants/a")
    everything = await events(guarded)
    [deleted] = await events(guarded, "?type=DeletePacticipant")
    assert deleted == everything[2]
    assert len(await events(guarded, "?userUuid=" + quote(deleted["user_email"]))) == 2
    assert await events(guarded, "?since=2999-01-01T00:00:00Z") == []
    assert await events(guarded, f"?since={everything[1]['timestamp']}") == everything[1:]  # its plus as it is
    assert await events(guarded, f"?since={quote(everything[1]['timestamp'])}") == everything[1:]
    assert await events(guarded, "?type=none") == []
    for wrong, field in (("since=x", "since"), ("sort=uuid", "sort"), ("pageSize=x", "page"), ("pageSize=0", "page")):
        answer = await guarded.get("/audit?" + wrong, 400)
        assert list(answer.document["errors"]) == [field]
    assert len(await events(guarded, "?pageSize=500")) == 3


async def test_what_changes_nothing_is_not_recorded(guarded: Api) -> None:
    """Neither reading nor a write that is refused for its content is a record of a write."""
    await guarded.get("/pacticipants")
    await guarded("POST", "/pacticipants", {})
    await guarded.put(pact())
    await guarded.put(pact(interaction("other")), status=409)
    assert Counter(event["type"] for event in await events(guarded)) == {"PublishPact": 1}


async def recorded(api: Api, count: int) -> list[dict[str, Any]]:
    """The refusals in the audit, which are recorded within a second."""
    for _ in range(60):
        found = [event for event in await events(api) if event["status"] in (401, 403)]
        if len(found) >= count:
            break
        await asyncio.sleep(0.05)
    return found


async def test_refusals_are_recorded(guarded: Api) -> None:
    """Who was refused, at the API or at a stub, is recorded: what was asked, and why it was refused."""
    await guarded.put(pact())
    reader, nobody = guarded.bearing(await guarded.token_of(Role.READ)), guarded.bearing(None)
    await nobody.get("/pacts/latest", 401)
    assert (await reader("DELETE", at("web", "shop", "version", "1"))).status == 403
    await reader.get("/audit", 403)
    assert (await nobody("GET", at("web", "shop", "latest", "stub") + "/things")).status == 401
    found = await recorded(guarded, 4)
    assert sorted((event["type"], event["status"]) for event in found) == [
        ("DeletePact", 403), ("Refused", 401), ("Refused", 403), ("StubRefused", 401),
    ]  # fmt: skip
    [deleting] = [event for event in found if event["type"] == "DeletePact"]
    assert deleting["payload"]["path"] == at("web", "shop", "version", "1")
    assert deleting["payload"]["params"]["reason"] == "this token may only read"
    assert deleting["payload"]["remote"] == "127.0.0.1"
    await guarded.get(at("web", "shop", "version", "1"))


async def test_who_was_refused_is_recorded(guarded: Api) -> None:
    """Of a refusal with a token that is known, the audit says whose it was."""
    reader = guarded.bearing(await guarded.token_of(Role.READ))
    await reader.get("/audit", 403)
    [event] = await recorded(guarded, 1)
    assert event["user_email"].startswith("read (stubserver_ro_")


async def test_methods(api: Api) -> None:
    """OPTIONS tells which methods a path takes; any other is 405 with the same list, and a reason in JSON."""
    for path, methods in PATHS.items():
        options = await api("OPTIONS", some(path))
        assert (options.status, options.body) == (204, b"")
        heading = {"HEAD"} if "GET" in methods else set()
        assert set(options.headers["Allow"].split(", ")) == {*methods, *heading, "OPTIONS"}, path
        for other in {"PUT", "DELETE", "PATCH", "POST", "PROPFIND", "TRACE"} - methods.keys():
            answer = await api(other, some(path), b"{}", "application/json")
            assert (answer.status, answer.headers["Allow"]) == (405, options.headers["Allow"]), (path, other)
            assert other in answer.document["error"]


async def test_head_is_told(api: Api) -> None:
    """HEAD, which is taken, is among the methods that are taken."""
    assert "HEAD" in (await api("OPTIONS", "/pacts/latest")).headers["Allow"]


async def test_head(api: Api) -> None:
    """HEAD is answered as GET is, without the body."""
    await api.put(pact())
    for path, methods in PATHS.items():
        if "GET" in methods:
            got, headed = await api("GET", some(path)), await api("HEAD", some(path))
            assert (headed.status, headed.body) == (got.status, b""), path
            assert headed.headers["Content-Type"] == got.headers["Content-Type"]
            if path not in ("/audit",):
                assert headed.headers["Content-Length"] == got.headers["Content-Length"]


@pytest.mark.parametrize(
    "path", ["/nope", "/pacts", "/pacts/latest/", "//", "/pacticipants//versions", "/pacts/provider/"]
)
async def test_unknown_paths(api: Api, path: str) -> None:
    """What is not there is 404 and JSON, whoever asks and how."""
    for method in ("GET", "POST", "OPTIONS", "DELETE", "PROPFIND"):
        answer = await api(method, path)
        assert answer.status == 404
        assert answer.document["error"].startswith("nothing is at")
        assert len(answer.document["notices"]) == 2


@pytest.mark.parametrize(
    "word", ["matrix", "can-i-deploy", "webhooks", "triggered-webhooks", "labels", "dashboard", "metrics"]
)
async def test_what_is_not_offered(api: Api, word: str) -> None:
    """What a broker has and this server has not is 404, and is told as clients read it."""
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
        for path in (f"/{word}", f"/{word}?x=y", f"/{word}/", f"/{word}/provider/shop/consumer/web"):
            answer = await api(method, path)
            assert (answer.status, answer.headers["Content-Type"]) == (404, HAL), (method, path)
            assert set(answer.document) == {"error", "notices"}
            assert answer.document["error"] == f"{word} is not offered by this server"
            assert answer.document["notices"][0] == {"type": "error", "text": answer.document["error"]}
    await api.get(f"/{word}s", 404)
    assert (await api("POST", "/pacticipants", {"name": word})).status == 201
    await api.get(f"/pacticipants/{word}")


async def test_headers(api: Api) -> None:
    """Every answer says that it is not to be kept, nor sniffed, and what it depends on."""
    for target in ("/", "/pacts/latest", "/pacticipants/none", "/settings/tokens"):
        headers = (await api("GET", target)).headers
        assert headers["Cache-Control"] in ("no-cache", "no-store")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Server"].startswith("stubserver/")


@pytest.mark.parametrize(
    "accept", ["application/hal+json", "text/html", "image/png", "application/problem+json", "x", ""]
)
async def test_accept(api: Api, accept: str) -> None:
    """JSON is what there is, whatever a client says it takes."""
    assert (await api("GET", "/pacts/latest", Accept=accept)).headers["Content-Type"] == HAL


ODD = [
    "x",
    "web",
    "shop",
    "1",
    "main",
    "..",
    "%2F",
    "%00",
    "%0A",
    "%FF",
    "%25",
    "%C3%A9",
    "+",
    "%20",
    "{x}",
    "a" * 300,
    "latest",
    "-1",
]
SEGMENTS = [segment for path in PATHS for segment in path.split("/") if segment and not segment.startswith("{")]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["web", "shop", "main", "1"]),
    lambda values: st.lists(values, max_size=2) | st.dictionaries(st.text(max_size=3), values, max_size=2),
    max_leaves=4,
)
MEMBERS = [
    "name", "displayName", "mainBranch", "repositoryUrl", "production", "contacts", "description", "role", "buildUrl",
    "tags", "success", "providerApplicationVersion", "testResults", "consumerVersionSelectors", "providerVersionBranch",
    "currentlyDeployed", "applicationInstance", "pacticipantName", "contracts", "consumer", "provider", "metadata",
]  # fmt: skip
BODIES = st.dictionaries(st.sampled_from(MEMBERS), VALUES, max_size=4).map(lambda body: json.dumps(body).encode())
WALKS = st.lists(st.sampled_from(SEGMENTS + ODD), max_size=7).map(lambda segments: "/" + "/".join(segments))
REQUESTS = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND"]),
        "path": st.sampled_from(list(PATHS)) | WALKS,
        "names": st.lists(st.sampled_from(ODD), min_size=5, max_size=5),
        "query": st.lists(
            st.tuples(
                st.sampled_from(["page", "size", "q", "name", "since", "sort", "from", "type", "version", "pageSize"]),
                st.sampled_from(["0", "9" * 30, "-timestamp", "2026-01-01", "0001-01-01T00:00:00+23:59", *ODD])
                | st.text(max_size=3).map(quote),
            ),
            max_size=3,
        ),
        "headers": st.dictionaries(
            st.sampled_from(["Content-Type", "Accept", "User-Agent", "Authorization", "Host", "X-Stub-Token"]),
            st.sampled_from(["application/json", "text/plain", "", "Bearer x", "Basic eDp5", "é", "*/*", "x" * 3000]),
            max_size=3,
        ),
        "body": st.none() | st.just(b"") | BODIES | BODIES | st.binary(max_size=9)
        | VALUES.map(lambda value: json.dumps(value).encode()),
    }
)  # fmt: skip


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(request=REQUESTS)
async def test_anything(api: Api, request: dict[str, Any]) -> None:
    """Whatever is asked of the API, nothing breaks, and what is answered is JSON, a text, or nothing."""
    names = iter(request["names"])
    path = re.sub(r"\{\w+\}", lambda _: next(names), request["path"])
    query = "&".join(f"{key}={value}" for key, value in request["query"])
    headers = {"Content-Type": "application/json", **request["headers"]}
    kind = headers.pop("Content-Type")
    sent = {name.replace("-", "_"): value for name, value in headers.items()}
    answer = await api(request["method"], f"{path}?{query}", request["body"], kind, **sent)
    assert answer.status < 500, (request, answer.body)
    if answer.body and answer.kind != "text/plain":
        assert answer.kind in ("application/hal+json", "application/problem+json", "application/json")
        assert isinstance(json.loads(answer.body), dict)
    assert not (answer.kind == "text/plain" and answer.status >= 400), answer.body


@pytest.mark.parametrize("role", [None, Role.READ])
async def test_refusals_change_nothing(guarded: Api, role: Role | None) -> None:
    """Whoever may not write changes nothing by any route."""
    await guarded.publish(contract(pact()), branch="main", tags=["dev"])
    await guarded("POST", "/environments", {"name": "uat", "production": True})
    asker = guarded.bearing(await guarded.token_of(role) if role is not None else None)
    before = [(await guarded.get(path)).body for path in ("/pacts/latest", "/pacticipants", "/environments")]
    for method, path, _, _, kind in ROUTES:
        if kind:
            names = {
                "provider": "shop",
                "consumer": "web",
                "pacticipant": "web",
                "version": "1",
                "branch": "main",
                "tag": "dev",
            }
            target = re.sub(r"\{(\w+)\}", lambda found, names=names: names.get(found[1], "x"), path)
            assert (await asker(method, target, {})).status in (401, 403)
    assert [(await guarded.get(path)).body for path in ("/pacts/latest", "/pacticipants", "/environments")] == before
