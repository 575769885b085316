"""Environments: what clients record as deployed or released is what the stub of an environment answers with."""

from __future__ import annotations

from pathlib import Path

from tests.clients.hosted import Client, Hosted, Said, ask, encoded, names, write_pact


def test_a_stub_follows_its_environment(either: Client, hosted: Hosted, tmp_path: Path) -> None:
    """Deploying, deploying over it, undeploying: the stub of the environment answers with what is there, else 404."""
    case = "odd" if either.is_rust else "unicode"
    who, place = names(case, f"{either.name} deploying"), f"uat-{case}-{either.name}"
    publish_two(hosted, tmp_path, who.consumer, who.provider, who.version)
    made = either(
        "create-environment", "--name", place, "--display-name", f"Für {place}", "--contact-name", "Zoë",
        "--contact-email-address", "zoe@example.org", "-b", hosted.url,
    )  # fmt: skip
    assert made.code == 0, made.text
    assert f"Created {place} environment in the Pact Broker with UUID" in made.text
    assert seen_in(hosted, place, who.consumer, who.provider) == {404}

    def record(command: str, version: str | None = None) -> Said:
        its = ["-a", who.consumer, "--environment", place, *(["-e", version] if version else [])]
        said = either(command, *its, "-b", hosted.url)
        assert said.code == 0, said.text
        return said

    said = record("record-deployment", who.version)
    assert f"Recorded deployment of {who.consumer} version {who.version} to {place} environment" in said.text
    assert seen_in(hosted, place, who.consumer, who.provider) == {1}

    record("record-deployment", who.version + "-next")
    assert seen_in(hosted, place, who.consumer, who.provider) == {2}

    said = record("record-undeployment")
    assert who.consumer in said.text
    assert seen_in(hosted, place, who.consumer, who.provider) == {404}

    record("record-release", who.version)
    said = record("record-release", who.version)
    assert f"Recorded release of {who.consumer} version {who.version} to {place} environment" in said.text
    assert seen_in(hosted, place, who.consumer, who.provider) == {1}

    record("record-support-ended", who.version)
    assert seen_in(hosted, place, who.consumer, who.provider) == {404}


def test_instances_are_deployed_apart(either: Client, hosted: Hosted, tmp_path: Path) -> None:
    """Two instances of an application in an environment are recorded, and end, each for itself."""
    consumer, provider, place = f"twice {either.name}", f"api of twice {either.name}", f"twice-{either.name}"
    publish_two(hosted, tmp_path, consumer, provider, "1")
    its = ("-a", consumer, "--environment", place, "-b", hosted.url)
    assert either("create-environment", "--name", place, "--production", "-b", hosted.url).code == 0
    for version, instance in (("1", "blue"), ("1-next", "green")):
        said = either("record-deployment", *its, "-e", version, "--application-instance", instance)
        assert said.code == 0, said.text
    assert deployed(hosted, place) == {("1", "blue"), ("1-next", "green")}

    said = either("record-undeployment", *its, "--application-instance", "green")

    assert said.code == 0, said.text
    assert deployed(hosted, place) == {("1", "blue")}
    assert seen_in(hosted, place, consumer, provider) == {1}


def test_a_tag_of_the_name_deploys(either: Client, hosted: Hosted, tmp_path: Path) -> None:
    """Tagging a version with the name of an environment records its deployment, as long-time users expect."""
    consumer, provider, place = f"tagged {either.name}", f"api of tagged {either.name}", f"tagged-{either.name}"
    publish_two(hosted, tmp_path, consumer, provider, "1")
    assert either("create-environment", "--name", place, "-b", hosted.url).code == 0

    said = either("create-version-tag", "-a", consumer, "-e", "1", "--tag", place, "-b", hosted.url)

    assert said.code == 0, said.text
    assert seen_in(hosted, place, consumer, provider) == {1}


def test_publishing_with_the_tag_of_an_environment_deploys(either: Client, hosted: Hosted, tmp_path: Path) -> None:
    """Publishing a version with such a tag does the same."""
    consumer, provider, place = f"published {either.name}", f"api of pub {either.name}", f"published-{either.name}"
    assert either("create-environment", "--name", place, "-b", hosted.url).code == 0
    pact = write_pact(tmp_path / "pact.json", consumer, provider)

    said = either.publish(hosted.url, pact, "1", "--tag", place)

    assert said.code == 0, said.text
    assert seen_in(hosted, place, consumer, provider) == {1}


def test_what_cannot_be_recorded_is_told(either: Client, hosted: Hosted, tmp_path: Path) -> None:
    """An environment, a version or a deployment that is not there ends the command with 1 and the reason."""
    consumer, place = f"missing {either.name}", f"missing-{either.name}"
    publish_two(hosted, tmp_path, consumer, "api", "1")
    at = ("-a", consumer, "-b", hosted.url)
    assert either("create-environment", "--name", place, "-b", hosted.url).code == 0

    for command, reason in (
        (("record-deployment", "-e", "1", "--environment", "nowhere"), "nowhere"),
        (("record-undeployment", "--environment", place), "is not currently deployed"),
        (("record-support-ended", "-e", "1", "--environment", place), "currently released"),
    ):
        said = either(*command, *at)
        assert said.code == 1, said.text
        assert reason in said.text
    assert either("record-deployment", "-e", "2", "--environment", place, *at).code == 1
    said = either("create-environment", "--name", place, "-b", hosted.url)
    assert said.code == 1
    assert f"Another environment with name '{place}' already exists" in said.text


def test_an_unknown_version_of_an_odd_name_is_told(ruby: Client, hosted: Hosted, tmp_path: Path) -> None:
    """The client in Ruby can print that there is no such version, whatever letters the names have."""
    publish_two(hosted, tmp_path, "Wéb 日本 missing", "api", "1")
    assert ruby("create-environment", "--name", "missing-unicode", "-b", hosted.url).code == 0
    its = ("-a", "Wéb 日本 missing", "-e", "2", "--environment", "missing-unicode")

    said = ruby("record-deployment", *its, "-b", hosted.url)

    assert said.code == 1
    assert "CompatibilityError" not in said.text
    assert "No version 2 of" in said.text


def test_environments_are_listed_and_changed(either: Client, hosted: Hosted) -> None:
    """Environments are listed, described, renamed and removed by the clients."""
    place = f"listed-{either.name}"
    assert either("create-environment", "--name", place, "--production", "-b", hosted.url).code == 0
    uuid = environment(hosted, place)["uuid"]
    at = ("--uuid", uuid, "-b", hosted.url)

    assert place in either("list-environments", "-b", hosted.url).text
    said = either("describe-environment", *at)
    assert said.code == 0, said.text
    assert place in said.text
    said = either("update-environment", "--name", f"{place}-new", "--display-name", "Neu", "--production", *at)
    assert said.code == 0, said.text
    assert environment(hosted, f"{place}-new")["displayName"] == "Neu"
    said = either("delete-environment", *at)
    assert said.code == 0, said.text
    assert ask(f"{hosted.url}/environments/{uuid}").status == 404


def publish_two(hosted: Hosted, folder: Path, consumer: str, provider: str, version: str) -> None:
    """Publish a version that answers 1, and its successor that answers 2."""
    pacts = f"{hosted.url}/pacts/provider/{encoded(provider)}/consumer/{encoded(consumer)}/version"
    for number, its in ((1, version), (2, version + "-next")):
        pact = write_pact(folder / "pact.json", consumer, provider, number)
        made = ask(f"{pacts}/{encoded(its)}", "PUT", pact.read_bytes(), Content_Type="application/json")
        assert made.status == 201, made.body


def seen_in(hosted: Hosted, place: str, consumer: str, provider: str) -> set[int]:
    """What the stubs of a pair, and of all consumers of the provider, answer in an environment; or their status."""
    of_all = f"{hosted.url}/env/{encoded(place)}/providers/{encoded(provider)}/stub"
    of_pair = hosted.stub(provider, consumer, f"environment/{encoded(place)}")
    found = [ask(f"{stub}/things") for stub in (of_all, of_pair)]
    return {answer.document["id"] if answer.status == 200 else answer.status for answer in found}


def environment(hosted: Hosted, name: str) -> dict[str, str]:
    """The environment of this name."""
    found = ask(f"{hosted.url}/environments?name={name}").document["_embedded"]["environments"]
    assert len(found) == 1
    return dict(found[0])


def deployed(hosted: Hosted, place: str) -> set[tuple[str, str]]:
    """(version, instance) of all that is deployed in an environment."""
    url = f"{hosted.url}/environments/{environment(hosted, place)['uuid']}/deployed-versions/currently-deployed"
    found = ask(url).document["_embedded"]["deployedVersions"]
    return {(item["_embedded"]["version"]["number"], item["applicationInstance"]) for item in found}
