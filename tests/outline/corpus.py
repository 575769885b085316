"""Contracts to arrange: the example pacts, real ones, the cases of the specification, and such as are made to hurt."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matching import CompiledInteraction, load_pact
from matching.compile import compile_interaction
from matching.model import Interaction
from tests.conformance.cases import load_case
from tests.matching.pacts import load
from tests.shared import SHARED, shared_files
from tests.web.broken import CASES

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples" / "pacts").glob("*.json"))


@functools.cache
def recorded() -> tuple[CompiledInteraction, ...]:
    """All interactions of the example pacts, of real pacts, and of requests of every kind."""
    pacts = [load_pact(file.read_bytes()) for file in (*EXAMPLES, *shared_files("pacts"))]
    found = [interaction for pact in pacts for interaction in pact.interactions]
    return tuple(interaction for interaction in (*found, *every_kind()) if interaction.refusal is None)


@functools.cache
def every_kind() -> tuple[CompiledInteraction, ...]:
    """Interactions with requests of every kind: JSON, XML, forms, multipart, text, bytes, with and without rules."""
    versions = {"4.0": "V4", "2.0": "V2", "1.0": "V1"}
    found: list[CompiledInteraction] = []
    for spelled, version in versions.items():
        entries = [
            {"description": name, "request": case.request, "response": {"status": 200}}
            for name, case in CASES.items()
            if case.version == spelled
        ]
        found += load(*entries, version=version).interactions
    return tuple(found)


@functools.cache
def of_the_specification() -> tuple[CompiledInteraction, ...]:
    """Both sides of all cases of the specification; empty where they are not there."""
    root = SHARED / "spec-cases"
    cases = [load_case(path, root) for path in shared_files("spec-cases")]
    sides = [side for case in cases for side in (case.expected, case.actual) if isinstance(side, Interaction)]
    found = [compile_interaction(side, "consumer", "provider")[0] for side in sides]
    return tuple(interaction for interaction in found if interaction.refusal is None)


def by_provider() -> dict[str, list[CompiledInteraction]]:
    """The interactions of each provider."""
    found: dict[str, list[CompiledInteraction]] = {}
    for interaction in recorded():
        found.setdefault(interaction.provider, []).append(interaction)
    return found


def some(*entries: dict[str, Any], version: str = "V4", **extra: Any) -> list[CompiledInteraction]:
    """Interactions of a pact of our own; an entry without a description or response gets one."""
    filled = [
        {"description": f"case {number}", "response": {"status": 200}, **entry} for number, entry in enumerate(entries)
    ]
    pact = load(*filled, version=version, **extra)
    assert len(pact.interactions) == len(entries), pact.problems
    return list(pact.interactions)


def one(entry: dict[str, Any], version: str = "V4") -> CompiledInteraction:
    """The only interaction of a pact of our own."""
    return some(entry, version=version)[0]


def path_rule(source: str) -> dict[str, Any]:
    """Matching rules (V3, V4) that put the path under a regular expression."""
    return {"matchingRules": {"path": {"matchers": [{"match": "regex", "regex": source}]}}}


def at_paths(*paths: str | tuple[str, str]) -> list[CompiledInteraction]:
    """GETs of paths; of a pair, the second is the regular expression of the first."""
    requests = [
        {"method": "GET", "path": each}
        if isinstance(each, str)
        else {"method": "GET", "path": each[0], **path_rule(each[1])}
        for each in paths
    ]
    return some(*({"request": request} for request in requests))


def described(interactions: Iterable[CompiledInteraction]) -> list[str]:
    """The descriptions of interactions."""
    return [interaction.interaction.description for interaction in interactions]


_BODY_RULES = {
    "body": {
        "$": {"matchers": [{"match": "type"}]},
        "$.*": {"matchers": [{"match": "equality"}]},
        "$['__proto__']": {"matchers": [{"match": "integer"}]},
        "$['1']": {"matchers": [{"match": "regex", "regex": "[]\\]]*|</script>"}]},
    }
}
HOSTILE_TEXTS = (
    'it\'s "quoted" \\ and `ticked` ${HOME} $(id) %s {x}',
    "</script><!-- --><script>alert(1)</script>",
    "first line\nsecond line\r\nthird\u2028fourth",
    "Grüße 世界 \U0001f600",
    "\u202eright to left\u202c שלום",
    "bell \x07 escape \x1b[31m null \x00 delete \x7f next \x85",
    "'''\"\"\"",
    "-starts with a dash",
    "@file",
)


def _hostile_document(text: str) -> dict[str, Any]:
    return {"__proto__": 1, "1": "]", "0": [1.0, -0.0, 1e-7, 1e21, 2**53 + 1, 10**25], text: text, "constructor": {}}


@functools.cache
def hostile() -> tuple[CompiledInteraction, ...]:
    """Interactions whose texts are made to break what they are put into."""
    entries: list[dict[str, Any]] = []
    for number, text in enumerate(HOSTILE_TEXTS):
        content = _hostile_document(text)
        request = {
            "method": "POST",
            "path": f"/hostile/{number}/{text}",
            "query": {text: [text, "x"]},
            "headers": {"X-Number": [str(number)]},
            "body": {"content": content, "contentType": "application/json"},
        }
        entries.append({"description": text, "request": request, "response": {"status": 201, "body": request["body"]}})
    entries += [
        {
            "description": "keys under rules",
            "providerStates": [{"name": "a </script> state", "params": {"__proto__": "'"}}],
            "request": {
                "method": "POST",
                "path": "/ruled",
                "body": {"content": _hostile_document("x"), "contentType": "application/json"},
                "matchingRules": _BODY_RULES,
            },
        },
        {
            "description": "bytes",
            "request": {
                "method": "PUT",
                "path": "/bytes",
                "body": {"content": "AAEC//79", "contentType": "application/octet-stream", "encoded": "base64"},
            },
            "response": {
                "status": 200,
                "body": {"content": "/wD+", "contentType": "text/plain; charset=utf-8", "encoded": "base64"},
            },
        },
        {
            "description": "a form that is not UTF-8",
            "request": {
                "method": "POST",
                "path": "/form",
                "query": {"name": ["é"]},
                "body": {"content": "a=%ff&%fe=b&%ff=%ff", "contentType": "application/x-www-form-urlencoded"},
                "matchingRules": {"body": {"$.a": {"matchers": [{"match": "equality"}]}}},
            },
        },
        {
            "description": "JSON that is none",
            "request": {"method": "POST", "path": "/none", "body": {"content": "{", "contentType": "text/plain"}},
        },
        {"description": "", "request": {"method": "GET", "path": "/"}},
    ]
    found = some(*entries)
    return (*found, *some({"request": {"method": "GET", "path": "/q", "query": "a=%ff&b"}}, version="V2"))
