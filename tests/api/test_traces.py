"""The exchanges of real clients with a real Pact Broker, had again with this server: what differs, and why."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.exchanges import Exchange, Said, chosen, recorded, replay

# What is not offered here: every request for it is answered with 404, and says so.
NOT_OFFERED = {
    r"/matrix\b|/can-i-deploy\b|/.*/can-i-deploy/": "can-i-deploy is for a broker",
    r"/webhooks\b|/triggered-webhooks/|/pacts/.*/(triggered-)?webhooks\b": "webhooks are for a broker",
    r"/labels\b": "labels select nothing here",
    r"/dashboard\b|/relationships\b|/groups/|/metrics\b|/hal-browser/": "pages and figures of the real broker",
    r"/contracts/provider/": "contracts of providers; the real one had them not either",
    r"/nope$": "the real one had it not either",
}

# The first words of paths of which an answer says in so many words that they are not offered.
REFUSED = {"matrix", "can-i-deploy", "webhooks", "triggered-webhooks", "labels", "dashboard", "metrics"}

# Statuses that differ, and shall.
_READ_ONLY = (
    "a token that may only read is known, so what it may not do is forbidden: 403, as PactFlow's clients expect"
)
_BEARER = "a bearer token is as good as a password here; one that is not known is 401, not 400"
STATUSES = {
    ("auth_curl", 4): (403, _READ_ONLY),
    ("rust_auth_ro", 2): (403, _READ_ONLY),
    ("ruby_auth_ro", 2): (403, _READ_ONLY),
    ("auth_curl", 6): (401, _BEARER),
    ("rust_auth_token", 1): (401, _BEARER),
    ("ruby_auth_token", 1): (401, _BEARER),
    ("verifier_auth_token", 1): (401, _BEARER),
    ("auth_curl", 7): (200, "whoever watches over a server has no token"),
    ("ruby_create_webhook", 17): (200, "what is JSON is never refused for its Accept header"),
    ("source_side", 1): (200, "HEAD is answered as GET is"),
    ("curl_put", 14): (400, "the real one breaks at a pact that is not an object"),
    ("publish_contracts_errors", 6): (200, "the real one breaks at no contracts"),
    ("publish_contracts_errors", 8): (200, "a name may resemble another"),
    ("ruby_create_webhook", 15): (303, "browsers are sent to the page"),
    ("ruby_create_webhook", 67): (303, "browsers are sent to the page"),
    ("ruby_create_webhook", 62): (404, "there are no badges; to us badge.svg is a tag"),
    ("ruby_odd_names", 6): (404, "there are no badges; to us badge.svg is a tag"),
}

# Where we differ, and had better not: by trace and number, why.
FINDINGS: dict[tuple[str, int], str] = {}

# Media types that differ, and shall: of the real one, ours, why.
KINDS = {
    ("application/json", "application/hal+json"): "errors are HAL as everything else; all clients read either",
    ("application/problem+json", "application/hal+json"): "errors have one shape; Rust clients drop problem+json",
    ("text/html", ""): "browsers are sent to the page",
    ("text/html", "text/plain"): "relations are explained in a line of text",
    ("text/vnd.graphviz", "application/hal+json"): "whoever takes anything gets JSON",
}

# Places in answers (path asked for, place in the document without numbers) that ours do not have, and need not.
_DEPRECATED = "deprecated for long"
LEFT_OUT = {
    r"/_links/(pb:)?[a-z-]*(webhooks?|metrics|can-i-deploy[a-z-]*|label|dashboard|group|matrix[a-z-]*)": "not offered",
    r"/_links/pb:(pacticipants-with-label|tag-prod-version|tagged-pact-versions)": "no client looks it up",
    r"/_links/self/(templated|title)|/_links/beta:provider-pacts-for-verification/name": "no client reads it",
    r"/_links/(pacticipants?|versions/title)|/(pacticipants|latest-version)/(title|name)": _DEPRECATED,
    r"/verifiedBy/client_\w+": "the broker makes it of clientLanguage, which is there",
    r"/updatedAt$": "no client reads it",
    r" /metadata/pactRust": "of the first publication with this content, which was another one there",
    r" /_embedded/pacts/verificationProperties/pending": "where nobody asked for it",
    r" /_links/pb:(deployed|released)-environments|/versions/_links/pb:(deployed|released)-environments": (
        "the real one lists where a version was; ours, where it is"
    ),
    r"/(versions|branches|tag/dev) /_links/pb:[a-z-]+$": "of lists; what they list is embedded",
    r"/branches /page$": "of branches, which are few",
    r"version/1.5.0 /_links/pb:latest-pact-version/title": "no client reads it",
    r" /error$": "what is refused is told as errors and notices, which clients print best",
    r" /(title|type|status|instance|detail|errors)$": "of problem+json",
}

# Lists whose members are others here.
_MERGED = "two versions had been changed by merging there"
LISTS = {
    ("verifier_selectors", "/_embedded/pacts"): "work in progress is not selected",
    ("ruby_create_webhook", "/_links/pb:pacts"): _MERGED,
    ("ruby_create_webhook", "/_links/pacts"): _MERGED,
    ("ruby_create_webhook", "/_embedded/versions/_links/pb:pact-versions"): _MERGED,
    ("ruby_create_webhook", "/providerSummary/successful"): "a provider is named once",
    ("ruby_create_webhook", "/_embedded/verificationResults"): "a result for each provider, the latest",
    ("verif_errors", "/_embedded/branchVersions"): "the first tag of a new version names its branch, however it came",
}
_TALK = re.compile(r"/(notices|logs|errors/\w+)$")  # lists of texts for people

EXCHANGES = recorded()
_REASON = "needs broker-traces of the shared test data; set STUBSERVER_SHARED to its folder"


def is_offered(exchange: Exchange) -> bool:
    """Whether a request is for something that is offered here."""
    return not any(re.match(pattern, exchange.path) for pattern in NOT_OFFERED)


def cases(*, offered: bool) -> list[Any]:
    """The exchanges about what is offered, or is not; a finding is a test that fails."""
    found = [
        pytest.param(
            exchange,
            id=f"{exchange.trace}-{exchange.number}",
            marks=[pytest.mark.xfail(strict=True, reason=reason)] if reason is not None else [],
        )
        for exchange in EXCHANGES
        if is_offered(exchange) is offered
        for reason in [FINDINGS.get((exchange.trace, exchange.number))]
    ]
    return found or [pytest.param(None, marks=pytest.mark.skip(reason=_REASON), id="absent")]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], Said]:
    """Our answers to all that was recorded."""
    return asyncio.run(replay(EXCHANGES, tmp_path_factory.mktemp("replayed")))


@pytest.mark.parametrize("exchange", cases(offered=True))
def test_it_goes_as_it_went(exchange: Exchange, answers: dict[tuple[str, int], Said]) -> None:
    """Ours answers with the same status and media type, all that clients find in the real answer is in ours, and links
    lead to the same places; with the exceptions above.
    """
    ours, real = answers[exchange.trace, exchange.number], exchange.real
    status, _ = STATUSES.get((exchange.trace, exchange.number), (real.status, ""))
    assert ours.status == status, ours.body
    if real.body and real.kind != "text/plain":
        assert ours.kind == real.kind or (real.kind, ours.kind) in KINDS
    if real.status == ours.status and real.document is not None:
        assert list(differences(exchange, "", real.document, ours.document)) == []
    for name in ("location", "allow", "www-authenticate"):
        assert (name in real.headers) <= (name in ours.headers) or real.status != ours.status


@pytest.mark.parametrize("exchange", cases(offered=False))
def test_what_is_not_offered(exchange: Exchange, answers: dict[tuple[str, int], Said]) -> None:
    """What is not offered is answered with 404, and a document that names it."""
    ours = answers[exchange.trace, exchange.number]
    assert ours.status == 404
    assert ours.document is not None
    word = exchange.path.split("/")[1]
    if word in REFUSED:
        assert ours.kind == "application/hal+json"
        assert ours.document["error"] == f"{word} is not offered by this server"
        assert ours.document["notices"][0] == {"type": "error", "text": ours.document["error"]}
    else:
        assert exchange.path in ours.body.decode()


@pytest.mark.skipif(not EXCHANGES, reason=_REASON)
def test_clients_can_read_that_it_is_not_offered(answers: dict[tuple[str, int], Said]) -> None:
    """Clients print the text of the answer: it is JSON in their eyes, and has the text where they look for it."""
    for exchange in EXCHANGES:
        if not is_offered(exchange):
            ours = answers[exchange.trace, exchange.number]
            assert ours.kind in ("application/json", "application/hal+json")
            assert "error" in ours.document or "errors" in ours.document


@pytest.mark.skipif(not EXCHANGES, reason=_REASON)
def test_exceptions_are_needed(answers: dict[tuple[str, int], Said]) -> None:
    """Nothing stands in the tables of exceptions that does not differ."""
    for place, (status, _) in STATUSES.items():
        assert answers[place].status == status
    seen = {
        (exchange.real.kind, answers[exchange.trace, exchange.number].kind)
        for exchange in EXCHANGES
        if exchange.real.body and is_offered(exchange)
    }
    assert seen >= KINDS.keys()
    places = "\n".join(
        place
        for exchange in EXCHANGES
        for place in missing(
            f"{exchange.path} ", exchange.real.document, answers[exchange.trace, exchange.number].document
        )
    )
    assert [pattern for pattern in LEFT_OUT if not re.search(pattern, places, re.MULTILINE)] == []


def missing(place: str, real: Any, ours: Any) -> Iterator[str]:
    """The places of a document that another one does not have."""
    if isinstance(real, dict) and isinstance(ours, dict):
        for key in real:
            if key in ours:
                yield from missing(f"{place}/{key}", real[key], ours[key])
            else:
                yield f"{place}/{key}"
    elif isinstance(real, list) and isinstance(ours, list):
        for one, other in zip(real, ours, strict=False):
            yield from missing(place, one, other)


def differences(exchange: Exchange, place: str, real: Any, ours: Any) -> Iterator[str]:
    """Where our document has not what the real one has."""
    if _is_left_out(exchange, place):
        return
    if isinstance(real, dict) and isinstance(ours, dict):
        for key in real:
            below = f"{place}/{key}"
            if key in ours:
                yield from differences(exchange, below, real[key], ours[key])
            elif not _is_left_out(exchange, below):
                yield f"{below} is missing"
    elif isinstance(real, list) and isinstance(ours, list):
        yield from _of_lists(exchange, place, real, ours)
    elif type(real) is not type(ours):
        yield f"{place} is {ours!r}, not {real!r}"
    elif place.endswith("/href") and plain(real) != plain(ours) and not _is_another_version(place, real):
        yield f"{place} is {ours}, not {real}"


def _is_left_out(exchange: Exchange, place: str) -> bool:
    return any(re.search(pattern, f"{exchange.path} {place}") for pattern in LEFT_OUT)


def _of_lists(exchange: Exchange, place: str, real: list[Any], ours: list[Any]) -> Iterator[str]:
    if _TALK.search(place):
        if bool(real) > bool(ours):
            yield f"{place} is empty"
        real, ours = real[:1], ours[:1]
    elif (exchange.trace, place) in LISTS:
        return
    elif len(real) != len(ours):
        yield f"{place} has {len(ours)} members, not {len(real)}"
    for one, other in zip(sorted(real, key=_order), sorted(ours, key=_order), strict=False):
        yield from differences(exchange, place, one, other)


def _order(item: Any) -> str:
    """By what members of lists are put beside each other: our lists have the newest first, theirs vary."""
    if not isinstance(item, dict):
        return str(item)
    its = item.get("_links", {}).get("self", {})
    return str(item.get("number") or item.get("name") or "") + plain(str(item.get("href") or its))


def plain(url: str) -> str:
    """A URL without what each server chooses itself, and without the query, whose order may vary."""
    url = url.partition("?")[0]
    url = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID", url.rstrip("/"))
    url = re.sub(r"/verification-results/\d+", "/verification-results/N", url)
    return re.sub(r"/pact-version/[0-9a-f]+(/metadata/[\w-]+)?", "/pact-version/SHA", url)


def _is_another_version(place: str, real: str) -> bool:
    """Whether a link is to a version where several have the same content, or to the latest one by its number."""
    return bool(re.search(r"/version/|/versions/|/latest-version", real)) and place.startswith("/_links/")


@pytest.mark.skipif(not EXCHANGES, reason=_REASON)
def test_what_is_chosen_is_learnt(answers: dict[tuple[str, int], Said]) -> None:
    """The environment that most traces speak of exists here under a UUID of ours."""
    [created] = [exchange for exchange in EXCHANGES if (exchange.trace, exchange.number) == ("rust_create_env", 2)]
    learnt = dict(chosen(created.real.document, answers["rust_create_env", 2].document))
    assert len(learnt[created.real.document["uuid"]]) == 36
