"""Applications, their versions, branches and tags, as the clients make, list, describe and delete them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.hosted import Client, Hosted, ask, encoded, names, write_pact


def test_an_application_is_made_and_changed(either: Client, hosted: Hosted) -> None:
    """An application is made, changed, described and listed."""
    name = f"Neu & Alt/{either.name} 日本"
    at = ("--name", name, "-b", hosted.url)

    made = either(
        "create-or-update-pacticipant", "--display-name", "Neu", "--main-branch", "trunk",
        "--repository-url", "https://example.org/neu", *at,
    )  # fmt: skip
    changed = either("create-or-update-pacticipant", "--display-name", "Neuer", "--main-branch", "trunk", *at)

    assert (made.code, changed.code) == (0, 0), made.text + changed.text
    assert "created" in made.text
    assert "updated" in changed.text
    found = ask(f"{hosted.url}/pacticipants/{encoded(name)}").document
    expected = {
        "name": name, "displayName": "Neuer", "mainBranch": "trunk", "repositoryUrl": "https://example.org/neu",
    }  # fmt: skip
    assert expected.items() <= found.items()
    described = either("describe-pacticipant", *at)
    assert described.code == 0, described.text
    assert "Neuer" in described.text
    assert "trunk" in described.text
    assert name in either("list-pacticipants", "-b", hosted.url).text


def test_a_version_gets_branch_and_tags(either: Client, hosted: Hosted, tmp_path: Path) -> None:
    """A version that clients put on a branch and tag is served there; what it has is described."""
    who = names("odd", f"{either.name} versions")
    pact = write_pact(tmp_path / "pact.json", who.consumer, who.provider)
    assert either.publish(hosted.url, pact, who.version).code == 0
    its = ("-a", who.consumer, "-e", who.version, "-b", hosted.url)

    said = either("create-or-update-version", *its, "--branch", who.branch, "--tag", "a/b")
    assert said.code == 0, said.text
    said = either("create-version-tag", *its, "--tag", who.tag)
    assert said.code == 0, said.text

    for selector in (f"branch/{encoded(who.branch)}/latest", "latest/a%2Fb", f"latest/{encoded(who.tag)}"):
        assert ask(hosted.stub(who.provider, who.consumer, selector) + "/things").document == {"id": 1}, selector
    said = either("describe-version", *its)
    assert said.code == 0, said.text
    for text in (who.version, "a/b", who.tag):
        assert text in said.text


def test_versions_that_are_not_there(either: Client, hosted: Hosted, tmp_path: Path) -> None:
    """A version that is not there is described and tagged only when it may be made; else the client says so."""
    who = names("plain", f"{either.name}-not-there")
    assert either.publish(hosted.url, write_pact(tmp_path / "pact.json", who.consumer, who.provider), "1").code == 0
    its = ("-a", who.consumer, "-e", "2", "-b", hosted.url)

    said = either("describe-version", *its)
    assert said.code == 1
    assert "Pacticipant version not found" in said.text
    said = either("create-version-tag", *its, "--tag", "x")
    assert said.code == 1
    assert "does not exist" in said.text
    assert either("create-version-tag", *its, "--tag", "x", "--auto-create-version").code == 0
    assert either("describe-version", *its).code == 0


def test_the_latest_pacts_are_listed(either: Client, hosted: Hosted, tmp_path: Path) -> None:
    """The list has the latest version of each pact, of each pair once."""
    who = names("unicode", f"{either.name} list")
    pact = write_pact(tmp_path / "pact.json", who.consumer, who.provider)
    for version in ("1-early", "2-late"):
        assert either.publish(hosted.url, pact, version).code == 0

    said = either("list-latest-pact-versions", "-b", hosted.url)

    assert said.code == 0, said.text
    lines = [line for line in said.text.splitlines() if who.consumer in line]
    assert len(lines) == 1
    assert "2-late" in lines[0]
    assert who.provider in lines[0]


def test_a_branch_is_deleted(either: Client, hosted: Hosted, tmp_path: Path) -> None:
    """The stub of a branch ends with the branch; the version stays, and a second time there is nothing to delete."""
    who = names("odd", f"{either.name} branches")
    pact = write_pact(tmp_path / "pact.json", who.consumer, who.provider)
    assert either.publish(hosted.url, pact, who.version, "--branch", who.branch).code == 0
    stub = hosted.stub(who.provider, who.consumer, f"branch/{encoded(who.branch)}/latest") + "/things"
    assert ask(stub).status == 200
    delete = ("delete-branch", "-a", who.consumer, "--branch", who.branch, "-b", hosted.url)

    said = either(*delete)

    assert said.code == 0, said.text
    assert "Successfully deleted branch" in said.text
    assert ask(stub).status == 404
    assert ask(hosted.stub(who.provider, who.consumer) + "/things").status == 200
    assert "it was not found" in either(*delete).text


@pytest.mark.parametrize("kind", ["--branch", "--tag"])
def test_main_is_the_main_branch(either: Client, hosted: Hosted, tmp_path: Path, kind: str) -> None:
    """The first branch or tag called main is the main branch from then on, as in a Pact Broker."""
    who = names("plain", f"{either.name}-main{kind}")
    pact = write_pact(tmp_path / "pact.json", who.consumer, who.provider)

    assert either.publish(hosted.url, pact, "1", kind, "main").code == 0

    assert ask(hosted.stub(who.provider, who.consumer, "main-branch") + "/things").status == 200
