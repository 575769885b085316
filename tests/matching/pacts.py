"""Pacts for the tests of the matching core: documents around a few interactions, and what is made of them."""

from __future__ import annotations

import json
from typing import Any

from matching import CompiledInteraction, CompiledPact, Request, load_pact

VERSIONS = {"V1": "1.0.0", "V1_1": "1.1.0", "V2": "2.0.0", "V3": "3.0.0", "V4": "4.0"}


def document(*interactions: Any, version: str = "V3", **extra: Any) -> bytes:
    """A pact document around these interactions, each used as it is."""
    return json.dumps(
        {
            "consumer": {"name": "web"},
            "provider": {"name": "api"},
            "interactions": interactions,
            "metadata": {"pactSpecification": {"version": VERSIONS[version]}},
            **extra,
        }
    ).encode()


def load(*interactions: Any, version: str = "V3", **extra: Any) -> CompiledPact:
    """The compiled pact around these interactions; a V4 entry without a type gets that of HTTP."""
    if version == "V4":
        interactions = tuple({"type": "Synchronous/HTTP", **entry} for entry in interactions)
    return load_pact(document(*interactions, version=version, **extra))


def only(interaction: dict[str, Any], version: str = "V3") -> CompiledInteraction:
    """The one interaction of a pact, compiled; fails with the problems when it is not served."""
    pact = load(interaction, version=version)
    assert len(pact.interactions) == 1, pact.problems
    return pact.interactions[0]


def only_request(request: dict[str, Any], version: str = "V3") -> CompiledInteraction:
    """The one interaction of a pact, from its recorded request alone."""
    return only({"description": "case", "request": request, "response": {"status": 200}}, version)


def decide(interaction: CompiledInteraction, request: Request) -> bool:
    """Whether the request matches; deciding and explaining must agree."""
    mismatches = list(interaction.explain(request))
    verdict = interaction.matches(request)
    assert verdict == (not mismatches), (verdict, mismatches)
    return verdict


def get(target: str, *headers: tuple[str, str]) -> Request:
    """A GET as it comes over the wire."""
    path, _, query = target.partition("?")
    return Request("GET", path, query, headers)


def post(content: bytes | str, content_type: str | None = "application/json", path: str = "/") -> Request:
    """A POST with a body, by default JSON."""
    lines = [("Content-Type", content_type)] if content_type is not None else []
    return Request("POST", path, "", lines, content.encode() if isinstance(content, str) else content)


def any_of(*rules: dict[str, Any]) -> dict[str, Any]:
    """Rules of which one suffices."""
    return {"combine": "OR", "matchers": list(rules)}


def with_body(
    recorded: Any,
    rules: dict[str, Any] | None = None,
    content_type: str | None = "application/json",
    version: str = "V3",
) -> CompiledInteraction:
    """A POST whose body is recorded under rules: each path has one rule, a list of rules, or `any_of` some."""
    headers = {"Content-Type": content_type} if content_type is not None else {}
    request = {
        "method": "POST",
        "headers": headers,
        "body": recorded,
        "matchingRules": {"body": rule_lists(rules or {})},
    }
    return only_request(request, version)


def rule_lists(rules: dict[str, Any]) -> dict[str, Any]:
    """Rules by path or name as V3 spells them."""
    spelled = {}
    for place, rule in rules.items():
        if isinstance(rule, dict) and "matchers" in rule:
            spelled[place] = rule
        else:
            spelled[place] = {"matchers": rule if isinstance(rule, list) else [rule]}
    return spelled


def first_mismatch(interaction: CompiledInteraction, request: Request) -> tuple[str, str, str] | None:
    """Part, path and rule of the first mismatch; None when the request matches. Deciding and explaining must agree."""
    if decide(interaction, request):
        return None
    mismatch = next(interaction.explain(request))
    assert mismatch.message
    return mismatch.part.value, mismatch.path, mismatch.rule
