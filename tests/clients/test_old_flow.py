"""The way of publishing before contracts came all at once, as the client in Ruby still has it on request."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.hosted import Client, Hosted, Said, ask, encoded, names, write_pact

OLD = {"PACT_BROKER_FEATURES": "publish_pacts_using_old_api"}


@pytest.mark.parametrize("case", ["odd", "unicode"])
def test_a_pact_is_tagged_and_put(ruby: Client, hosted: Hosted, tmp_path: Path, case: str) -> None:
    """The version is tagged, the pact is put, and the client prints where the latest is; the same again is fine."""
    who = names(case, "old flow")
    pact = write_pact(tmp_path / "pact.json", who.consumer, who.provider)
    for _ in range(2):
        said = publish(ruby, hosted, pact, who.version, "--tag", who.tag)

        assert said.code == 0, said.text
        assert f'Tagged version {who.version} of {who.consumer} as "{who.tag}"' in said.text
        latest = hosted.stub(who.provider, who.consumer).removesuffix("/stub")
        assert latest in said.text
        for selector in ("latest", f"latest/{encoded(who.tag)}"):
            assert ask(hosted.stub(who.provider, who.consumer, selector) + "/things").document == {"id": 1}


def test_another_content_is_refused(ruby: Client, hosted: Hosted, tmp_path: Path) -> None:
    """Another content for the same version is refused with what differs, and the first is served on."""
    assert publish(ruby, hosted, write_pact(tmp_path / "pact.json", "old-web", "old-api"), "1").code == 0

    said = publish(ruby, hosted, write_pact(tmp_path / "pact.json", "old-web", "old-api", 2), "1")

    assert said.code == 1, said.text
    assert "Cannot change the content of the pact for old-web version 1 and provider old-api" in said.text
    assert "+ response.body.id: 2" in said.text
    assert ask(hosted.stub("old-api", "old-web") + "/things").document == {"id": 1}


def test_merging_adds(ruby: Client, hosted: Hosted, tmp_path: Path) -> None:
    """With --merge the version gets the further interactions."""
    things = write_pact(tmp_path / "things.json", "old-merging", "old-api")
    more = write_pact(tmp_path / "more.json", "old-merging", "old-api", name="others")
    assert publish(ruby, hosted, things, "1").code == 0

    said = publish(ruby, hosted, more, "1", "--merge")

    assert said.code == 0, said.text
    for path in ("things", "others"):
        assert ask(f"{hosted.stub('old-api', 'old-merging')}/{path}").document == {"id": 1}, path


def test_a_merge_that_conflicts_is_explained(ruby: Client, hosted: Hosted, tmp_path: Path) -> None:
    """A merge that would change what an interaction asks is refused with the reason; another answer is taken."""
    first = write_pact(tmp_path / "pact.json", "old-clash", "old-api")
    assert publish(ruby, hosted, first, "1").code == 0

    other = tmp_path / "other.json"
    other.write_text(first.read_text().replace('"path": "/things"', '"path": "/things/else"'))
    said = publish(ruby, hosted, other, "1", "--merge")
    assert said.code == 1
    assert ask(hosted.stub("old-api", "old-clash") + "/things").document == {"id": 1}
    assert "Cannot change the content of the pact" in said.text

    answered = write_pact(tmp_path / "answered.json", "old-clash", "old-api", 2)
    assert publish(ruby, hosted, answered, "1", "--merge").code == 0
    assert ask(hosted.stub("old-api", "old-clash") + "/things").document == {"id": 2}


def publish(ruby: Client, hosted: Hosted, pact: Path, version: str, *more: str) -> Said:
    """Publish in the old way."""
    return ruby.publish(hosted.url, pact, version, *more, **OLD)
