"""The mutation law: a request that matches, broken in exactly one place, is not answered, the explanation names that
place, and the request that it suggests is answered by that very interaction.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import Index, example_request, load_pact, near_misses
from matching.json_text import dump_json
from tests.conftest import Running, Serve, http_pact
from tests.web.breaks import Break, Sent, all_json_breaks, body_break, head_breaks, json_body, json_breaks, xml_breaks
from tests.web.broken import CASES, Case, rules
from tests.web.pasted import assert_curl_is_answered
from tests.wire import send


def pact_of(version: str) -> dict[str, Any]:
    """All cases of one version of the specification, in one pact."""
    of_version = {name: case for name, case in CASES.items() if case.version == version}
    interactions = ({"description": name, "request": case.request} for name, case in of_version.items())
    return http_pact(*interactions, version=version)


PACTS = [pact_of(version) for version in ("4.0", "2.0", "1.0")]


async def assert_hit(running: Running, sent: Sent, wanted: str) -> None:
    """An interaction answers the request."""
    _, headers, body = await send(running.url, sent.request)
    assert headers["x-stub-match"] == "exact", body
    assert headers["x-stub-interaction"].split(" ")[0] == wanted, body


async def explained(running: Running, sent: Sent) -> dict[str, Any]:
    """The nearest miss of a request that nothing answers."""
    status, headers, body = await send(running.url, sent.request)
    assert (status, headers["x-stub-match"]) == (500, "none"), (sent, body)
    report = json.loads(body)
    nearest: dict[str, Any] = report["nearest"][0]
    assert report["mismatches"] == [mismatch["message"] for mismatch in nearest["mismatches"]]
    return nearest


def all_breaks(case: Case, sent: Sent) -> Iterator[Break]:
    """All breaks of a case."""
    recorded = {name.lower() for name in case.request.get("headers", {})}
    for found in head_breaks(sent, case.ruled):
        if found.part != "header" or found.path.lower() in recorded:
            yield found
    yield from case.breaks
    if sent.body:
        yield body_break("no body", "$", b"")
        if "content-type" not in recorded and "body type" not in case.ruled:
            yield Break("type", "body type", "", lambda s: s.with_header("content-type", "text/x-other"))


@pytest.mark.parametrize("name", CASES)
async def test_each_break_is_named(serve: Serve, name: str) -> None:
    """Broken in one place, a request is explained by that place of the very interaction, and the command works."""
    running = await serve(*PACTS, loglevel="none")
    interaction = next(
        i for i in running.server.catalog.current.root.index.interactions if i.interaction.description == name
    )
    sent = Sent.recorded(example_request(interaction.interaction.request))
    await assert_hit(running, sent, interaction.id)
    commands: dict[str, dict[str, Any]] = {}
    for found in all_breaks(CASES[name], sent):
        nearest = await explained(running, found.change(sent))
        assert nearest["interaction"]["description"] == name, (found, nearest)
        first = nearest["mismatches"][0]
        assert (first["part"], first["path"]) == (found.part, found.path), (found, nearest["mismatches"])
        assert first["message"]
        commands[nearest["curl"]] = nearest
    assert len(commands) == 1
    for nearest in commands.values():
        await assert_curl_is_answered(nearest)


async def test_siblings(serve: Serve) -> None:
    """Among interactions for the same method and path, the one that was broken in one place is the nearest."""
    siblings: list[dict[str, Any]] = [
        {"query": {"page": ["1"], "size": ["10"]}, "headers": {"X-Key": ["one"]}, **json_body({"a": 1, "b": [1]})},
        {"query": {"page": ["2"], "sort": ["x"]}, "headers": {"X-Key": ["two"]}, **json_body({"a": 2, "c": "x"})},
        {"query": {"q": ["x"]}, "headers": {"X-Other": ["three"]}, **json_body([1, 2, {"a": 1}])},
        {"query": {"q": ["y"], "page": ["1"]}, "headers": {"X-Key": ["four"]}, **json_body({"a": {"b": {"c": None}}})},
    ]
    common = {"method": "POST", "path": "/siblings"}
    pact = http_pact(*({"description": f"{n}", "request": {**common, **s}} for n, s in enumerate(siblings)))
    running = await serve(pact, loglevel="none")
    for interaction, sibling in zip(running.server.catalog.current.root.index.interactions, siblings, strict=True):
        sent = Sent.recorded(example_request(interaction.interaction.request))
        await assert_hit(running, sent, interaction.id)
        breaks = [
            found for found in head_breaks(sent) if found.part in ("query", "header") and found.path != "Content-Type"
        ]
        for found in [*breaks, *all_json_breaks(sibling["body"]["content"])]:
            nearest = await explained(running, found.change(sent))
            assert nearest["interaction"]["id"] == interaction.id, found
            first = nearest["mismatches"][0]
            assert (first["part"], first["path"]) == (found.part, found.path), (found, nearest["mismatches"])
        await assert_curl_is_answered(nearest)


# Random documents


class Documents:
    """Documents from a seeded source: the same in every run."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def choose(self, values: list[Any], count: int) -> list[Any]:
        """Some of the values."""
        return self._random.sample(values, min(count, len(values)))

    def json(self, depth: int = 4) -> Any:
        """A JSON object or list, or (further down) any value."""
        kind = self._random.choice(["object", "list"] if depth == 4 else ["object", "list", "leaf", "leaf"])
        if kind == "leaf" or depth == 0:
            leaves = [0, -7, 10**20, 1.5, 1e-7, 2.0, True, False, None, "", "text", "é 世", 'q"\\', "\n", "1", "true"]
            return self._random.choice(leaves)
        size = self._random.randint(0, 3)
        if kind == "list":
            return [self.json(depth - 1) for _ in range(size)]
        keys = self._random.sample(["a", "b", "odd key", "é", "", "0", "it's", "a.b", "$", "x-y", "c\\d"], size)
        return {key: self.json(depth - 1) for key in keys}

    def xml(self, name: str = "root", depth: int = 3) -> str:
        """An element with either text or elements in it."""
        attributes = "".join(
            f' {key}="{self.choose(["", "1", "a&amp;b"], 1)[0]}"' for key in self.choose(["x", "y"], 1)
        )
        size = self._random.randint(0, 3) if depth else 0
        children = "".join(self.xml(self._random.choice("abc"), depth - 1) for _ in range(size))
        content = children or self._random.choice(["", "text", "&lt;é&gt;", "5"])
        return f"<{name}{attributes}>{content}</{name}>"


SEEDS = range(12)


async def random_breaks(serve: Serve, content_type: str, cases: list[tuple[Any, list[tuple[str, str, bytes]]]]) -> None:
    """Serve documents side by side, break each in several ways, and look for what was broken."""
    pact = http_pact(
        *(
            {
                "description": f"document {number}",
                "request": {
                    "method": "POST",
                    "path": f"/documents/{number}",
                    "body": {"content": document, "contentType": content_type},
                },
            }
            for number, (document, _) in enumerate(cases)
        )
    )
    running = await serve(pact, loglevel="none")
    for interaction, (_, breaks) in zip(running.server.catalog.current.root.index.interactions, cases, strict=True):
        sent = Sent.recorded(example_request(interaction.interaction.request))
        await assert_hit(running, sent, interaction.id)
        for what, path, body in breaks:
            nearest = await explained(running, replace(sent, body=body))
            assert nearest["interaction"]["id"] == interaction.id
            first = nearest["mismatches"][0]
            assert (first["part"], first["path"]) == ("body", path), (what, interaction.interaction.request.body, body)
        await assert_curl_is_answered(nearest)


async def test_random_json_documents(serve: Serve) -> None:
    """Whatever a document looks like, one break of it is named."""
    cases = []
    for seed in SEEDS:
        documents = Documents(seed)
        document = documents.json()
        breaks = documents.choose(list(json_breaks(document)), 15)
        cases.append((document, [(what, path, dump_json(other)) for what, path, other in breaks]))
    await random_breaks(serve, "application/json", cases)


async def test_random_xml_documents(serve: Serve) -> None:
    """Whatever an XML document looks like, one break of it is named."""
    cases = []
    for seed in SEEDS:
        documents = Documents(seed)
        document = documents.xml()
        breaks = documents.choose(list(xml_breaks(document)), 15)
        cases.append((document, [(what, path, other.encode()) for what, path, other in breaks]))
    await random_breaks(serve, "application/xml", cases)


KEYS = st.text(max_size=4) | st.sampled_from(["a", "b", "odd key", "it's", "0"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats(-1e9, 1e9).map(lambda n: round(n, 3))
    | st.text(max_size=8)
)
DOCUMENTS = st.recursive(
    SCALARS.filter(lambda value: value is not None and value != ""),
    lambda inner: st.lists(inner | SCALARS, max_size=3) | st.dictionaries(KEYS, inner | SCALARS, max_size=3),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS, st.data())
def test_law_of_breaks(document: Any, data: st.DataObject) -> None:
    """A document matches itself; broken in one place, it does not, and the one mismatch names that place."""
    recorded = {"method": "POST", "path": "/", **json_body(document)}
    [interaction] = load_pact(json.dumps(http_pact({"request": recorded})).encode()).interactions
    sent = Sent.recorded(example_request(interaction.interaction.request))
    assert interaction.matches(sent.request)
    what, path, other = data.draw(st.sampled_from(list(json_breaks(document))))
    broken = replace(sent, body=dump_json(other)).request
    assert not interaction.matches(broken)
    [near] = near_misses(Index([interaction]), broken)
    assert (near.mismatches[0].part.value, near.mismatches[0].path) == ("body", path), what
    assert len(near.mismatches) == 1


@settings(max_examples=100, deadline=None)
@given(DOCUMENTS, st.data())
def test_law_of_breaks_under_a_type_rule(document: Any, data: st.DataObject) -> None:
    """Under `type` another value of the same kind matches; a text for anything else does not, and is named."""
    recorded = {"method": "POST", "path": "/", **json_body({"d": document}), **rules(body={"$": {"match": "type"}})}
    [interaction] = load_pact(json.dumps(http_pact({"request": recorded})).encode()).interactions
    sent = Sent.recorded(example_request(interaction.interaction.request))
    assert interaction.matches(sent.request)
    breaks = [
        entry for entry in json_breaks({"d": document}) if entry[0] in ("key dropped", "key added", "object for list")
    ]
    values = [entry for entry in json_breaks({"d": document}) if entry[0] == "value"]
    _, path, other = data.draw(st.sampled_from(breaks))
    [near] = near_misses(Index([interaction]), replace(sent, body=dump_json(other)).request)
    assert near.mismatches[0].path == path
    if values:
        _, path, other = data.draw(st.sampled_from(values))
        assert interaction.matches(replace(sent, body=dump_json(other)).request), path
