"""A server below a path of a proxy: clients are pointed to the whole URL, and all that they are told has it."""

from __future__ import annotations

from pathlib import Path

from tests.clients.hosted import Client, Hosted, ask, encoded, names, write_pact


def test_publishing_below_a_path(client: Client, prefixed: Hosted, tmp_path: Path) -> None:
    """A client publishes to the URL with the path, and what it prints has the path, and answers."""
    who, slash = names("odd", f"{client.name} below"), "/" if client.name.startswith("npm") else ""
    pact = write_pact(tmp_path / "pact.json", who.consumer, who.provider)

    said = client.publish(prefixed.url + slash, pact, who.version, "--branch", who.branch, "--tag", who.tag)

    assert said.code == 0, said.text
    stub, read = said.url("Its stub answers at"), said.url("View the published pact at")
    assert stub.startswith(f"{prefixed.url}/pacts/")
    assert read.startswith(f"{prefixed.url}/pacts/")
    assert ask(f"{stub}/things").document == {"id": 1}
    assert ask(read).document["_links"]["self"]["href"] == read
    within = prefixed.direct + stub.removeprefix(prefixed.url)
    assert ask(f"{within}/things").document == {"id": 1}, "a proxy may take the path off, too"


def test_every_link_has_the_path(prefixed: Hosted) -> None:
    """The index is the same with and without a slash and for a proxy that takes the path off; all its links have it."""
    found = [ask(url) for url in (prefixed.url, prefixed.url + "/", prefixed.url + "/?", prefixed.direct + "/")]

    assert {answer.status for answer in found} == {200}
    for answer in found:
        links = answer.document["_links"]
        for relation, link in links.items():
            for item in link if isinstance(link, list) else [link]:
                assert item["href"].startswith(prefixed.url + "/"), relation


def test_deploying_below_a_path(either: Client, prefixed: Hosted, tmp_path: Path) -> None:
    """Commands that follow links and those that append paths to the URL work below a path, the old flow as well."""
    who, place = names("odd", f"{either.name} deployed below"), f"below-{either.name}"
    pact = write_pact(tmp_path / "pact.json", who.consumer, who.provider)
    old = {} if either.is_rust else {"PACT_BROKER_FEATURES": "publish_pacts_using_old_api"}
    at, its = ("-b", prefixed.url), ("-a", who.consumer, "-e", who.version)

    for said in (
        either.publish(prefixed.url, pact, who.version, **old),
        either("create-environment", "--name", place, *at),
        either("record-deployment", *its, "--environment", place, *at),
        either("create-version-tag", *its, "--tag", "tried", *at),
        either("describe-version", *its, *at),
    ):
        assert said.code == 0, said.text

    for selector in (f"environment/{place}", "latest/tried"):
        assert ask(prefixed.stub(who.provider, who.consumer, selector) + "/things").document == {"id": 1}
    assert ask(f"{prefixed.url}/env/{place}/providers/{encoded(who.provider)}/stub/things").status == 200
