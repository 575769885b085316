"""The switch from PactFlow: requests written for its hosted stubs, URLs and headers as its documentation has them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.clients.hosted import Answer, Client, Hosted, ask

CONSUMER, PROVIDER = "Foo%20Web", "Bar%20%26%20Co"
Stub = Callable[..., Answer]


@pytest.fixture(scope="module")
def published(guarded: Hosted, tmp_path_factory: pytest.TempPathFactory) -> Hosted:
    """A server with two versions of a pact: 1 on a branch, with a tag; 2 with neither."""
    folder = tmp_path_factory.mktemp("switch")
    for number, more in ((1, {"branch": "feat/x y", "tags": ["prod"]}), (2, {})):
        pact = folder / f"{number}.json"
        pact.write_text(json.dumps(document(number)))
        publish(guarded, pact, f"{number}.0+a", more)
    return guarded


@pytest.fixture
def stub(published: Hosted) -> Stub:
    """Asks the stub of the latest pact, with a token that may only read, as PactFlow wants it."""

    def asking(path: str, method: str = "GET", selector: str = "latest", **headers: str) -> Answer:
        url = f"{published.url}/pacts/provider/{PROVIDER}/consumer/{CONSUMER}/{selector}/stub{path}"
        return ask(url, method, **{"Authorization": f"Bearer {published.read}", **headers})

    return asking


@pytest.mark.parametrize(
    ("selector", "version"),
    [
        ("latest", 2),
        ("branch/feat%2Fx%20y/latest", 1),
        ("latest/prod", 1),
        ("1.0%2Ba", 1),
        ("2.0%2Ba", 2),
        ("version/1.0%2Ba", 1),
        ("version/2.0%2Ba", 2),
    ],
)
def test_the_urls_of_stubs(stub: Stub, selector: str, version: int) -> None:
    """The latest, of a branch, with a tag, and a version in both spellings: each URL answers with its pact."""
    answer = stub("/version", selector=selector)

    assert answer.status == 200
    assert answer.document == {"version": version}
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("selector", ["latest/nope", "branch/nope/latest", "version/nope", "nope"])
def test_what_is_not_there(stub: Stub, selector: str) -> None:
    """A version that is not published is 404, not a mismatch."""
    assert stub("/version", selector=selector).status == 404


def test_the_token_is_needed(published: Hosted) -> None:
    """Without a token, and with one that is not known, the stub answers 401; one that may only read is enough."""
    url = f"{published.url}/pacts/provider/{PROVIDER}/consumer/{CONSUMER}/latest/stub/version"

    assert ask(url).status == 401
    assert ask(url, Authorization="Bearer abc").status == 401
    assert ask(url, Authorization=f"Bearer {published.read}").status == 200


def test_no_match_is_500_with_mismatches(stub: Stub) -> None:
    """A request that nothing matches is answered with 500 and what is wrong with it for the nearest interaction."""
    answer = stub("/search")

    assert answer.status == 500
    assert answer.headers["content-type"] == "application/json"
    (sentence,) = answer.document["mismatches"]
    assert "from" in sentence
    assert "missing" in sentence


@pytest.mark.parametrize(
    ("headers", "answers"),
    [
        ({}, "any"),  # nothing asked: the first in the file
        ({"pactflow_stub_provider_state": "there are orders"}, "orders"),
        ({"pactflow_stub_provider_state": "there (are|were) no.*"}, "none"),
        ({"pactflow_stub_provider_state": "no orders$"}, "none"),
        ({"pactflow_stub_provider_state": "^no such state$"}, None),
        (
            {
                "pactflow_stub_provider_state": "^no such state$",
                "pactflow_stub_include_empty_provider_states": "true",
            },
            "any",
        ),
        (
            {
                "pactflow_stub_provider_state": "^no such state$",
                "pactflow_stub_include_empty_provider_states": "false",
            },
            None,
        ),
    ],
)
def test_the_provider_state(stub: Stub, headers: dict[str, str], answers: str | None) -> None:
    """A state is a regular expression; interactions without one count only on request."""
    answer = stub("/orders", **headers)

    assert answer.status == (500 if answers is None else 200), answer.body
    if answers is not None:
        assert answer.document == {"orders": answers}


def test_a_state_that_is_no_pattern(stub: Stub) -> None:
    """A state that is no regular expression is refused as a bad request, not as a mismatch."""
    assert stub("/orders", pactflow_stub_provider_state="(").status == 400


def test_authorization_is_left_out(stub: Stub) -> None:
    """The token in Authorization is for the server alone: what the contract says of Authorization does not count."""
    assert stub("/private").document == {"private": True}


def test_a_header_stands_for_authorization(stub: Stub) -> None:
    """With a header named to stand for Authorization, that one has to match what the contract says."""
    named = {"pactflow_stub_authorization_header": "X-Api-Authorization"}

    assert stub("/private", **named, X_Api_Authorization="Bearer of-the-api").document == {"private": True}
    for wrong in ({"X_Api_Authorization": "Bearer of-another"}, {}):
        answer = stub("/private", **named, **wrong)
        assert answer.status == 500
        assert any("Authorization" in sentence for sentence in answer.document["mismatches"])


def test_cors_by_default(stub: Stub) -> None:
    """Without a word about it, every origin may read answers, those that tell of mismatches and refusals included."""
    for path, status in (("/version", 200), ("/nowhere", 500)):
        answer = stub(path, Origin="https://app.example")
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert answer.headers["access-control-allow-credentials"] == "true"
    assert stub("/version").headers["access-control-allow-origin"] == "*"


def test_cors_of_the_referer(stub: Stub) -> None:
    """On request the origin is taken from the page that refers; it is not without."""
    page = {"Referer": "https://app.example/page?x=1"}

    answer = stub("/version", **page, pactflow_stub_cors_referer="true")
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert stub("/version", **page).headers["access-control-allow-origin"] == "*"


def test_no_cors(stub: Stub) -> None:
    """On request no header for other origins is added, and OPTIONS is a request like any other."""
    off = {"pactflow_stub_cors": "false", "Origin": "https://app.example"}

    answer = stub("/version", **off)
    assert answer.status == 200
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert stub("/version", "OPTIONS", **off, Access_Control_Request_Method="GET").status == 500


def test_options_before_a_request(published: Hosted, stub: Stub) -> None:
    """A browser asks first, without a token, and is allowed everything that it wants, PactFlow's headers included."""
    url = f"{published.url}/pacts/provider/{PROVIDER}/consumer/{CONSUMER}/latest/stub/version"
    wanted = "authorization, pactflow-stub-provider-state"
    asked = {"Origin": "https://app.example", "Access_Control_Request_Method": "PUT"}

    for answer in (
        ask(url, "OPTIONS", **asked, Access_Control_Request_Headers=wanted),
        stub("/version", "OPTIONS", **asked, Access_Control_Request_Headers=wanted),
    ):
        assert answer.status in (200, 204)
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "PUT" in answer.headers["access-control-allow-methods"]
        assert answer.headers["access-control-allow-headers"] == wanted


def test_a_refusal_can_be_read_by_a_page(published: Hosted) -> None:
    """A page on another origin can read that its token is refused."""
    url = f"{published.url}/pacts/provider/{PROVIDER}/consumer/{CONSUMER}/latest/stub/version"

    answer = ask(url, Origin="https://app.example", Authorization="Bearer abc")

    assert answer.status == 401
    assert answer.headers["access-control-allow-origin"] == "https://app.example"


def test_scripts_with_curl_and_clients_go_on(rust: Client, published: Hosted) -> None:
    """What read PactFlow's API with its client and a bearer token goes on: only URL and token are others."""
    said = rust("list-latest-pact-versions", "-b", published.url, "-k", published.read)

    assert said.code == 0, said.text
    assert "Foo Web" in said.text
    pact = ask(
        f"{published.url}/pacts/provider/{PROVIDER}/consumer/{CONSUMER}/latest",
        Authorization=f"Bearer {published.read}",
        Accept="application/hal+json",
    )
    assert pact.headers["x-pact-consumer-version"] == "2.0+a"
    assert pact.document["consumer"] == {"name": "Foo Web"}


def document(number: int) -> dict[str, Any]:
    """A pact whose answers tell which version they are of."""

    def interaction(request: dict[str, Any], body: Any, *states: str) -> dict[str, Any]:
        return {
            "description": f"case {body}",
            "providerStates": [{"name": name} for name in states],
            "request": {"method": "GET", **request},
            "response": {"status": 200, "headers": {"Content-Type": "application/json"}, "body": body},
        }

    return {
        "consumer": {"name": "Foo Web"},
        "provider": {"name": "Bar & Co"},
        "interactions": [
            interaction({"path": "/version"}, {"version": number}),
            interaction({"path": "/orders"}, {"orders": "any"}),
            interaction({"path": "/orders"}, {"orders": "orders"}, "there are orders"),
            interaction({"path": "/orders"}, {"orders": "none"}, "there are no orders"),
            interaction({"path": "/search", "query": {"from": ["2026-01-01"]}}, {"found": 0}),
            interaction(
                {"path": "/private", "headers": {"Authorization": "Bearer of-the-api"}}, {"private": True}
            ),
        ],
        "metadata": {"pactSpecification": {"version": "3.0.0"}},
    }  # fmt: skip


def publish(guarded: Hosted, pact: Path, version: str, more: dict[str, Any]) -> None:
    """Publish in the old way, which needs no client, then add branch and tags."""
    head = {"Authorization": f"Bearer {guarded.write}", "Content_Type": "application/json"}
    number = version.replace("+", "%2B")
    put = f"{guarded.url}/pacts/provider/{PROVIDER}/consumer/{CONSUMER}/version/{number}"
    assert ask(put, "PUT", pact.read_bytes(), **head).status == 201
    its = f"{guarded.url}/pacticipants/{CONSUMER}"
    if "branch" in more:
        assert ask(f"{its}/branches/feat%2Fx%20y/versions/{number}", "PUT", b"{}", **head).status == 201
    for tag in more.get("tags", ()):
        assert ask(f"{its}/versions/{number}/tags/{tag}", "PUT", b"{}", **head).status == 201
