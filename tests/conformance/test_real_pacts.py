"""Pacts written by many clients in the wild: each loads, and each served interaction answers its own example."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from matching import Index, Match, Severity, example_request, find, load_pact
from tests.conftest import Serve
from tests.shared import files_or_skip, shared, shared_files
from tests.wire import send


def entries_of(path: Path) -> int:
    """How many interactions and messages a document holds."""
    document = orjson.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    return sum(len(document.get(name) or []) for name in ("interactions", "messages"))


@pytest.mark.parametrize("path", files_or_skip("pacts"))
def test_every_entry_is_served_or_listed(path: Path) -> None:
    """Nothing of a document disappears: each entry is served, or skipped with a reason."""
    pact = load_pact(path.read_bytes())
    assert len(pact.interactions) + len(pact.messages) + len(pact.skipped) == entries_of(path)
    assert all(item.reason for item in pact.skipped)
    assert all(problem.message and problem.cure for problem in pact.problems)


@pytest.mark.parametrize("path", files_or_skip("pacts"))
def test_examples_answer_themselves(path: Path) -> None:
    """The recorded request is answered by its interaction or by a more specific one."""
    index = Index(load_pact(path.read_bytes()).interactions)
    ranks = {candidate.interaction.id: candidate.rank for candidate in index.ranked}
    for interaction in index.interactions:
        found = find(index, example_request(interaction.interaction.request))
        assert isinstance(found, Match), interaction.interaction.description
        assert ranks[found.interaction.id] <= ranks[interaction.id]


async def test_all_real_pacts_served_together(serve: Serve) -> None:
    """All real pacts in one server: over the wire too, each example gets an exact answer with the recorded status."""
    shared("pacts")
    running = await serve(*shared_files("pacts"), loglevel="none")
    snapshot = running.server.catalog.current
    assert not [e for e in snapshot.pacts if any(p.severity is Severity.ERROR for p in e.problems)]
    for interaction in snapshot.root.index.interactions:
        status, headers, body = await send(running.url, example_request(interaction.interaction.request))
        assert headers["x-stub-match"] == "exact", body
        answering = snapshot.interactions[headers["x-stub-interaction"].split()[0]]
        assert status == answering.response.status
        if interaction.method != "HEAD" and answering.template is None:
            assert body == answering.response.body
