"""`stubserver publish` and `stubserver stubs`: for those who have no other client."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.clients.hosted import BIN, EXAMPLES, Hosted, Said, ask, free_port, names, run, write_pact

OK, NONE, USAGE, REFUSED = 0, 1, 2, 5


def ours(*arguments: str, cwd: Path | None = None, **environment: str) -> Said:
    """Run `stubserver`."""
    return run([str(BIN / "stubserver")], *arguments, cwd=cwd, **environment)


def test_publishing_and_listing(guarded: Hosted, tmp_path: Path) -> None:
    """Publishing prints where the stub is; the list of stubs has it, for people and as JSON."""
    who = names("odd", "ours")
    pact = write_pact(tmp_path / "pact.json", who.consumer, who.provider)
    at = ("-b", guarded.url, "-k", guarded.write)
    version = ("--consumer-version", who.version, "--branch", who.branch, "-t", "a", "-t", "b")

    said = ours("publish", str(pact), *version, "--build-url", "https://ci.example/1", *at)

    assert said.code == OK, said.text
    assert f"Created {who.consumer} version {who.version} with branch {who.branch} and tags a, b" in said.text
    stub = said.url("Its stub answers at")
    assert ask(f"{stub}/things", X_Stub_Token=guarded.read).document == {"id": 1}

    listed = ours("stubs", who.provider, *at)
    assert listed.code == OK, listed.text
    assert listed.text.split() == [stub, *f"{who.consumer} → {who.provider}".split()]
    found = json.loads(ours("stubs", "--json", who.provider, *at).text)
    assert found == [{"url": stub, "provider": who.provider, "consumer": who.consumer}]


def test_publishing_below_a_path(prefixed: Hosted, tmp_path: Path) -> None:
    """Below a path of a proxy, the commands are pointed to the whole URL, and print URLs that have it."""
    pact = write_pact(tmp_path / "pact.json", "ours", "ours-below")

    said = ours("publish", str(pact), "-a", "1", "-b", f"{prefixed.url}/")
    assert said.code == OK, said.text
    assert ask(said.url("Its stub answers at") + "/things").document == {"id": 1}
    assert prefixed.stub("ours-below", "ours") in ours("stubs", "ours-below", "-b", prefixed.url).text


def test_another_content_is_refused(hosted: Hosted, tmp_path: Path) -> None:
    """Of several pacts, those that are refused are told with what differs; the others are published."""
    for consumer, number in (("ours-kept", 1), ("ours-changed", 1)):
        write_pact(tmp_path / f"{consumer}.json", consumer, "ours-api", number)
    publish = ("publish", str(tmp_path), "-a", "1", "-b", hosted.url)
    assert ours(*publish).code == OK
    write_pact(tmp_path / "ours-changed.json", "ours-changed", "ours-api", 2)
    write_pact(tmp_path / "ours-new.json", "ours-new", "ours-api", 1)

    said = ours(*publish)

    assert said.code == REFUSED
    assert "Cannot change the content of the pact for ours-changed version 1 and provider ours-api" in said.text
    assert "+ response.body.id: 2" in said.text
    assert "1 of 3 were not published" in said.text
    assert ask(hosted.stub("ours-api", "ours-new") + "/things").document == {"id": 1}


def test_the_version_is_that_of_the_checkout(hosted: Hosted, tmp_path: Path) -> None:
    """Without a version, commit and branch of the checkout are taken; outside of one, a version is asked for."""
    pact, identity = write_pact(tmp_path / "pact.json", "ours-git", "ours-git-api"), ("-c", "user.name=a")
    outside = ours("publish", str(pact), "-b", hosted.url, cwd=tmp_path, GIT_CEILING_DIRECTORIES=str(tmp_path.parent))
    assert outside.code == USAGE
    assert "give --consumer-version" in outside.text
    git = ["git", *identity, "-c", "user.email=a@example.org"]
    for command in (("init", "-q", "-b", "feat/git"), ("add", "."), ("commit", "-q", "-m", "x")):
        if run(git, *command, cwd=tmp_path).code != 0:
            pytest.skip("needs git")
    commit = run(git, "rev-parse", "HEAD", cwd=tmp_path).text.strip()

    said = ours("publish", str(pact), "-b", hosted.url, cwd=tmp_path)

    assert said.code == OK, said.text
    assert f"version {commit} with branch feat/git" in said.text


def test_tokens(guarded: Hosted) -> None:
    """Without the right token the commands end as refused, with the reason."""
    publish, at = ("publish", str(EXAMPLES), "-a", "1"), ("-b", guarded.url)
    for command, reason in (
        ((*publish, "-k", guarded.read), "this token may only read"),
        (("stubs",), "a token is needed"),
        (("stubs", "-k", "abc"), "this token is not known, or was revoked"),
    ):
        said = ours(*command, *at)
        assert said.code == REFUSED, said.text
        assert reason in said.text


def test_the_environment_has_the_token(guarded: Hosted) -> None:
    """URL and token may come from the variables that all clients read."""
    known = {"PACT_BROKER_BASE_URL": guarded.url, "PACT_BROKER_TOKEN": guarded.write}

    said = ours("publish", str(EXAMPLES), "-a", "from-variables", **known)

    assert said.code == OK, said.text


def test_what_is_no_pact(hosted: Hosted, tmp_path: Path) -> None:
    """What is there, but is no pact, and folders without any, are the caller's mistake."""
    (tmp_path / "a.json").write_text("{}")
    said = ours("publish", str(tmp_path / "a.json"), "-a", "1", "-b", hosted.url)
    assert said.code == USAGE
    assert "is not a pact" in said.text
    assert ours("publish", str(tmp_path / "nowhere"), "-a", "1", "-b", hosted.url).code == USAGE


def test_a_folder_without_pacts(hosted: Hosted, tmp_path: Path) -> None:
    """A folder without pacts is the caller's mistake, and the cure is one that the command has."""
    said = ours("publish", str(tmp_path), "-a", "1", "-b", hosted.url)

    assert said.code == USAGE
    assert str(tmp_path) in said.text
    assert "--extension" not in said.text


def test_what_is_no_url() -> None:
    """Something that is no URL is the caller's mistake, not the server's."""
    assert ours("publish", str(EXAMPLES), "-a", "1", "-b", "nonsense").code == USAGE


def test_stubs_that_are_not_there(hosted: Hosted) -> None:
    """A provider without stubs, and a server that does not answer, have exit codes of their own."""
    said = ours("stubs", "nobody", "-b", hosted.url)
    assert said.code == NONE
    assert "no stubs" in said.text
    said = ours("stubs", "-b", f"http://127.0.0.1:{free_port()}")
    assert said.code == REFUSED
    assert "does not answer" in said.text
