"""Publishing with the clients that people have: what they print, how they end, and what is served then."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.hosted import (
    EXAMPLES,
    Client,
    Hosted,
    ask,
    encoded,
    names,
    npm_folder,
    run,
    running,
    write_pact,
)
from tests.shared import shared


@pytest.mark.parametrize("case", ["odd", "unicode"])
def test_what_is_published_is_served(client: Client, hosted: Hosted, tmp_path: Path, case: str) -> None:
    """A client publishes a pact and prints where its stub is, and there it answers, by version, branch and tag, too."""
    who = names(case, client.name)
    pact = write_pact(tmp_path / "pact.json", who.consumer, who.provider)

    said = client.publish(hosted.url, pact, who.version, "--branch", who.branch, "--tag", who.tag)

    assert said.code == 0, said.text
    pair = f"{who.consumer} version {who.version} and provider {who.provider}"
    assert f"Created {who.consumer} version {who.version} with branch {who.branch} and tags {who.tag}" in said.text
    assert f"Pact successfully published for {pair}." in said.text
    for words in ("Its stub answers at", "That of this version alone at"):
        assert ask(said.url(words) + "/things").document == {"id": 1}
    assert said.url("Its stub answers at") == hosted.stub(who.provider, who.consumer)
    read = ask(said.url("View the published pact at")).document
    assert (read["consumer"]["name"], read["provider"]["name"]) == (who.consumer, who.provider)
    for selector in (f"branch/{encoded(who.branch)}/latest", f"latest/{encoded(who.tag)}"):
        assert ask(hosted.stub(who.provider, who.consumer, selector) + "/things").document == {"id": 1}, selector


def test_a_version_stays_as_it_is(client: Client, hosted: Hosted, tmp_path: Path) -> None:
    """The same content again is fine; another one is refused with what differs, and the first is served on."""
    who = names("odd" if client.is_rust else "unicode", f"{client.name} again")
    first = write_pact(tmp_path / "first.json", who.consumer, who.provider)
    other = write_pact(tmp_path / "other.json", who.consumer, who.provider, 2)
    assert client.publish(hosted.url, first, who.version, "--branch", who.branch).code == 0

    again = client.publish(hosted.url, first, who.version, "--branch", who.branch)

    assert again.code == 0, again.text
    pair = f"{who.consumer} version {who.version} and provider {who.provider}"
    assert f"Pact successfully republished for {pair} with no content changes." in again.text

    refused = client.publish(hosted.url, other, who.version, "--branch", who.branch)

    assert refused.code == 1, refused.text
    assert f"Cannot change the content of the pact for {pair}" in refused.text
    lines = [line.strip() for line in refused.text.splitlines()]
    assert "a request for things (given things exist)" in lines
    assert "- response.body.id: 1" in lines
    assert "+ response.body.id: 2" in lines
    assert ask(hosted.stub(who.provider, who.consumer) + "/things").document == {"id": 1}


def test_a_difference_is_only_of_what_counts(rust: Client, ruby: Client, hosted: Hosted, tmp_path: Path) -> None:
    """Clients sign pacts in their metadata; that makes no pact another, and is not shown as a difference."""
    first = write_pact(tmp_path / "first.json", "signed-web", "signed-api")
    other = write_pact(tmp_path / "other.json", "signed-web", "signed-api", 2)
    assert rust.publish(hosted.url, first, "1").code == 0
    assert ruby.publish(hosted.url, first, "1").code == 0

    refused = ruby.publish(hosted.url, other, "1")

    assert "+ response.body.id: 2" in refused.text
    assert "metadata" not in refused.text


def test_a_later_version_is_the_latest(either: Client, hosted: Hosted, tmp_path: Path) -> None:
    """With a new version the stub of the latest answers anew, and that of the earlier version as before."""
    who = names("plain", f"{either.name}-later")
    for number in (1, 2):
        pact = write_pact(tmp_path / "pact.json", who.consumer, who.provider, number)
        assert either.publish(hosted.url, pact, f"{number}.0").code == 0
        assert ask(hosted.stub(who.provider, who.consumer) + "/things").document == {"id": number}
    assert ask(hosted.stub(who.provider, who.consumer, "version/1.0") + "/things").document == {"id": 1}


def test_merging_adds_to_a_version(either: Client, hosted: Hosted, tmp_path: Path) -> None:
    """With --merge, a version gets further interactions, but keeps those that it has."""
    who = names("plain", f"{either.name}-merge")
    things = write_pact(tmp_path / "things.json", who.consumer, who.provider)
    more = write_pact(tmp_path / "more.json", who.consumer, who.provider, name="others")
    changed = write_pact(tmp_path / "changed.json", who.consumer, who.provider, 2)
    assert either.publish(hosted.url, things, "1").code == 0

    merged = either.publish(hosted.url, more, "1", "--merge")

    assert merged.code == 0, merged.text
    for path in ("things", "others"):
        assert ask(f"{hosted.stub(who.provider, who.consumer)}/{path}").document == {"id": 1}, path

    refused = either.publish(hosted.url, changed, "1", "--merge")

    assert refused.code == 1
    assert "Cannot change the content" in refused.text
    assert ask(hosted.stub(who.provider, who.consumer) + "/things").document == {"id": 1}


def test_many_pacts_at_once(either: Client, hosted: Hosted) -> None:
    """A folder of pacts of several consumers is published in one go, and each has a stub."""
    version = f"many-{either.name}"

    said = either.publish(hosted.url, EXAMPLES, version, "--branch", "main")

    assert said.code == 0, said.text
    pacts = [json.loads(path.read_text()) for path in sorted(EXAMPLES.glob("*.json"))]
    assert len(pacts) > 1
    for pact in pacts:
        consumer, provider = pact["consumer"]["name"], pact["provider"]["name"]
        assert f"published for {consumer} version {version} and provider {provider}" in said.text
        read = ask(hosted.stub(provider, consumer, f"version/{version}").removesuffix("/stub")).document
        assert len(read["interactions"]) == len(pact["interactions"])


def test_the_pact_of_the_workshop(either: Client, hosted: Hosted) -> None:
    """The pact of the Pact workshop is published and answers."""
    pact = shared("pacts/FrontendWebsite-ProductService.json")
    first = json.loads(pact.read_text())["interactions"][0]

    said = either.publish(hosted.url, pact, f"workshop-{either.name}", "--branch", "main")

    assert said.code == 0, said.text
    wanted = first["request"]
    headers = {name: str(value) for name, value in wanted.get("headers", {}).items()}
    answer = ask(said.url("Its stub answers at") + wanted["path"], wanted["method"], **headers)
    assert answer.status == first["response"]["status"]


def test_what_cannot_be_served_is_told(either: Client, hosted: Hosted, tmp_path: Path) -> None:
    """A pact of which something cannot be served is published nevertheless, and the client prints what and why."""
    who = names("plain", f"{either.name}-flawed")
    pact = write_pact(tmp_path / "pact.json", who.consumer, who.provider)
    document = json.loads(pact.read_text())
    document["metadata"]["pactSpecification"]["version"] = "3.0.0"
    rules = {"path": {"matchers": [{"match": "regex", "regex": "/things/(?"}]}}
    flawed = {**document["interactions"][0], "description": "a broken pattern"}
    flawed["request"] = {"method": "GET", "path": "/things/1", "matchingRules": rules}
    document["interactions"].append(flawed)
    pact.write_text(json.dumps(document))

    said = either.publish(hosted.url, pact, "1")

    assert said.code == 0, said.text
    assert "1 of its interactions or documents cannot be served:" in said.text
    assert "(?" in said.text
    assert ask(hosted.stub(who.provider, who.consumer) + "/things").document == {"id": 1}


def test_blank_names_are_refused(either: Client, hosted: Hosted, tmp_path: Path) -> None:
    """A name that nothing can have is refused, with the reason in words."""
    pact = write_pact(tmp_path / "pact.json", " ", "api")

    said = either.publish(hosted.url, pact, "1")

    assert said.code == 1, said.text
    assert "pacticipantName" in said.text
    assert "cannot be blank" in said.text


def test_a_script_of_npm_publishes(hosted: Hosted, tmp_path: Path) -> None:
    """`publishPacts()` of npm's pact-cli 16 looks for the URL of a pact in what is printed, and fails without."""
    home = npm_folder("npm16")
    script = tmp_path / "publish.js"
    script.write_text(
        """
        const pact = require(process.argv[2]);
        const options = {
          pactFilesOrDirs: [process.argv[3]], pactBroker: process.argv[4], consumerVersion: "1", branch: "main",
        };
        (pact.default?.publishPacts ? pact.default : pact).publishPacts(options).then(
          (urls) => console.log("RESOLVED " + urls.join(" ")),
          (error) => { console.log("REJECTED " + error.message); process.exit(3); });
        """
    )
    command = ["node", str(script), str(home / "node_modules" / "@pact-foundation" / "pact-cli")]

    said = run(command, str(write_pact(tmp_path / "pact.json", "js-web", "js-api")), hosted.url)

    assert said.code == 0, said.text
    assert f"RESOLVED {hosted.url}/pacts/provider/js-api/consumer/js-web/version/1" in said.text

    refused = run(command, str(write_pact(tmp_path / "pact.json", "js-web", "js-api", 2)), hosted.url)

    assert refused.code == 3
    assert "REJECTED" in refused.text
    assert "Cannot change the content of the pact for js-web version 1 and provider js-api" in refused.text


def test_served_files_take_publications_too(either: Client, tmp_path: Path) -> None:
    """`stubserver serve` has the same API below /_stubserver; what is published there is gone when it stops."""
    served, pact = write_pact(tmp_path / "served.json", "a", "b"), write_pact(tmp_path / "pact.json", "web", "api", 7)
    with running(tmp_path, "serve", str(served), "-p", "0", started="at") as (url, _):
        said = either.publish(f"{url}/_stubserver", pact, "1", "--branch", "main")

        assert said.code == 0, said.text
        assert "keeps what is published only until it stops" in said.text
        assert ask(said.url("Its stub answers at") + "/things").document == {"id": 7}
        assert ask(f"{url}/things").document == {"id": 1}


def curl(*arguments: str) -> tuple[int, str]:
    """(status, body) of what curl asks for."""
    binary = shutil.which("curl")
    if binary is None:
        pytest.skip("needs curl")
    command = [binary, "--silent", "--show-error", "--noproxy", "*", "-w", "\n%{http_code}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def test_curl_publishes_in_the_old_way(hosted: Hosted, tmp_path: Path) -> None:
    """PUT of a pact: 201, 200 for the same again, 409 for another; 415 without a type, 400 for what is no JSON."""
    url = f"{hosted.url}/pacts/provider/Bar%20%26%20Co/consumer/curl%2Fold/version/1.1%2Bab%2Fc"
    pact = write_pact(tmp_path / "pact.json", "curl/old", "Bar & Co")
    put = ("-X", "PUT", "-H", "Content-Type: application/json")

    assert curl(url)[0] == 404
    status, body = curl(*put, "--data-binary", f"@{pact}", url)
    assert status == 201
    assert json.loads(body)["_links"]["self"]["href"] == url
    assert curl(*put, "--data-binary", f"@{pact}", url)[0] == 200
    other = write_pact(tmp_path / "other.json", "curl/old", "Bar & Co", 2)
    status, body = curl(*put, "--data-binary", f"@{other}", url)
    assert status == 409
    assert "Cannot change the content of the pact" in body
    assert curl("-X", "PUT", "-H", "Content-Type:", "--data-binary", f"@{pact}", url)[0] == 415
    assert curl(*put, "--data-binary", "{", url)[0] == 400
    status, body = curl(*put, "--data-binary", f"@{write_pact(tmp_path / 'baz.json', 'curl/old', 'Baz')}", url)
    assert status == 400
    assert json.loads(body)["errors"] == {
        "provider.name": ["name in pact 'Baz' does not match name in URL path 'Bar & Co'."]
    }
    status, body = curl(f"{url}/stub/things")
    assert (status, json.loads(body)) == (200, {"id": 1})
    assert curl("-X", "DELETE", url)[0] == 200
    assert curl(url)[0] == 404


def test_curl_publishes_in_the_new_way(hosted: Hosted, tmp_path: Path) -> None:
    """POST of contracts: everything that clients look for is in the answer; what is wrong is told by field."""
    pact = write_pact(tmp_path / "pact.json", "curl-new", "api")
    contract = {
        "consumerName": "curl-new",
        "providerName": "api",
        "specification": "pact",
        "contentType": "application/json",
        "content": base64.b64encode(pact.read_bytes()).decode(),
    }
    publication = {"pacticipantName": "curl-new", "pacticipantVersionNumber": "1", "contracts": [contract]}
    post = ("-X", "POST", "-H", "Content-Type: application/json", f"{hosted.url}/contracts/publish", "--data-binary")

    status, body = curl(*post, json.dumps(publication))

    assert status == 200
    document = json.loads(body)
    assert {"notices", "logs", "_embedded", "_links"} <= set(document)
    assert document["_links"]["pb:pacticipant-version-tags"] == []
    for relation in ("pb:pacticipant", "pb:pacticipant-version"):
        assert {"href", "name", "title"} <= set(document["_links"][relation])
    assert {"href", "name", "title"} <= set(document["_links"]["pb:contracts"][0])

    broken = {**publication, "pacticipantVersionNumber": "", "contracts": [{**contract, "content": "%"}]}
    status, body = curl(*post, json.dumps(broken))

    assert status == 400
    errors = json.loads(body)["errors"]
    assert set(errors) == {"pacticipantVersionNumber", "contracts"}
    assert "(at index 0)" in errors["contracts"][0]


def test_what_is_published_outlives_the_server(rust: Client, tmp_path: Path) -> None:
    """A server that starts again on the same data serves what was published before."""
    data, pact = ("--data", str(tmp_path / "data"), "-p", "0"), write_pact(tmp_path / "pact.json", "web", "api")
    with running(tmp_path, "host", *data, started="Hosting at") as (url, _):
        assert rust.publish(url, pact, "1").code == 0
    with running(tmp_path, "host", *data, started="Hosting at") as (url, _):
        assert ask(f"{url}/pacts/provider/api/consumer/web/latest/stub/things").document == {"id": 1}
