"""Whoever has no token, or the wrong one, is told so by their client in words."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.clients.hosted import Client, Hosted, ask, names, write_pact

UNKNOWN = "stubserver_rw_" + "0" * 43
CREATES = ("create-environment", "--name", "nowhere")


@pytest.mark.parametrize("given", ["token", "password", "user"])
def test_a_token_comes_in_three_ways(either: Client, guarded: Hosted, tmp_path: Path, given: str) -> None:
    """A token may be sent as a token, and by clients that know only names and passwords as either of these."""
    who = names("plain", f"{either.name}-{given}")
    token = guarded.write
    ways = {"token": ["-k", token], "password": ["-u", "any", "-p", token], "user": ["-u", token, "-p", "any"]}
    pact = write_pact(tmp_path / "pact.json", who.consumer, who.provider)

    said = either.publish(guarded.url, pact, who.version, *ways[given])

    assert said.code == 0, said.text
    stub = said.url("Its stub answers at") + "/things"
    assert ask(stub).status == 401
    assert ask(stub, Authorization=f"Bearer {guarded.read}").document == {"id": 1}
    assert ask(stub, X_Stub_Token=guarded.read).document == {"id": 1}
    basic = base64.b64encode(f"any:{guarded.read}".encode()).decode()
    assert ask(stub, Authorization=f"Basic {basic}").document == {"id": 1}


def test_the_environment_has_the_token(either: Client, guarded: Hosted, tmp_path: Path) -> None:
    """URL and token may come from the variables that all clients read."""
    who = names("plain", f"{either.name}-variables")
    pact = write_pact(tmp_path / "pact.json", who.consumer, who.provider)

    known = {"PACT_BROKER_BASE_URL": guarded.url, "PACT_BROKER_TOKEN": guarded.write}
    said = either("publish", str(pact), "-a", "1", **known)

    assert said.code == 0, said.text


def test_without_a_good_token(client: Client, guarded: Hosted, tmp_path: Path) -> None:
    """Without a token, or with one that is not known, clients end with 1 and the reason, and nothing is published."""
    pact = write_pact(tmp_path / "pact.json", "refused-web", "refused-api")

    for given, reason in (([], "a token is needed"), (["-k", UNKNOWN], "this token is not known, or was revoked")):
        said = client.publish(guarded.url, pact, "1", *given)
        assert said.code == 1, said.text
        assert reason in said.text
    said = client(*CREATES, "-b", guarded.url, "-k", "abc")
    assert said.code == 1, said.text
    assert "this token is not known, or was revoked" in said.text

    assert ask(guarded.stub("refused-api", "refused-web"), X_Stub_Token=guarded.read).status == 404


def test_a_token_that_may_only_read(either: Client, guarded: Hosted) -> None:
    """With a token that may only read, lists are shown, and what would write ends with 1 and the reason."""
    given = ["-b", guarded.url, "-k", guarded.read]
    for command in ("list-latest-pact-versions", "list-environments", "list-pacticipants"):
        assert either(command, *given).code == 0, command

    for command in (CREATES, ("create-or-update-pacticipant", "--name", "new", "--main-branch", "main")):
        said = either(*command, *given)
        assert said.code == 1, said.text
        assert "this token may only read" in said.text


def test_a_token_that_may_only_read_publishes(client: Client, guarded: Hosted, tmp_path: Path) -> None:
    """With a token that may only read, publishing ends with 1 and the reason, and nothing that misleads."""
    pact = write_pact(tmp_path / "pact.json", "reader-web", "reader-api")

    said = client.publish(guarded.url, pact, "1", "--branch", "main", "-k", guarded.read)

    assert said.code == 1
    assert "this token may only read" in said.text
    assert "upgrade your broker" not in said.text
    assert '"errors"' not in said.text, "the text, not the JSON that it came in"


def test_a_revoked_token_is_refused(rust: Client, guarded: Hosted, tmp_path: Path) -> None:
    """A token that is revoked over the API is refused from the next request on."""
    admin = {"Authorization": f"Bearer {guarded.admin}"}
    token = guarded.token("write")
    listed = ask(f"{guarded.url}/settings/tokens", **admin).document["_embedded"]["items"]
    uuid = next(item["uuid"] for item in listed if item["role"] == "write" and token.startswith(item["hint"]))
    pact = write_pact(tmp_path / "pact.json", "revoked-web", "revoked-api")
    assert rust.publish(guarded.url, pact, "1", "-k", token).code == 0

    assert ask(f"{guarded.url}/settings/tokens/{uuid}", "DELETE", **admin).status == 204

    said = rust.publish(guarded.url, pact, "2", "-k", token)
    assert said.code == 1
    assert "this token is not known, or was revoked" in said.text
