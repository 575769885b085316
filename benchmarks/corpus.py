"""Pacts of any size for benchmarks: literal and regex paths, queries, and JSON bodies of 1 KiB under type rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from matching import Request

JSON_HEADER = ("Content-Type", "application/json")


def pact(interactions: int, number: int = 0, *, of: int = 0) -> bytes:
    """A V3 pact with that many interactions, in turn: GET by literal path, GET by pattern, GET with a query, POST.

    Paths begin with their position plus `of`, so that several pacts do not overlap.
    """
    return json.dumps(
        {
            "consumer": {"name": f"consumer-{number}"},
            "provider": {"name": f"provider-{number}"},
            "interactions": [_interaction(of + position) for position in range(interactions)],
            "metadata": {"pactSpecification": {"version": "3.0.0"}},
        }
    ).encode()


def _interaction(position: int) -> dict[str, Any]:
    kind = position % 4
    request: dict[str, Any] = {"method": "GET", "path": f"/api/literal{position}/items"}
    if kind == 1:
        request["path"] = f"/api/pattern{position}/1"
        request["matchingRules"] = {"path": _rules("regex", regex=rf"/api/pattern{position}/\d+")}
    elif kind == 2:
        request["path"] = f"/api/query{position}"
        request["query"] = {"page": ["1"], "size": ["10"], "sort": ["name"]}
        request["matchingRules"] = {
            "query": {"page": _rules("regex", regex=r"\d+"), "size": _rules("regex", regex=r"\d+")}
        }
    elif kind == 3:
        request |= {
            "method": "POST",
            "path": f"/api/post{position}",
            "headers": {"Content-Type": "application/json"},
            "body": body(1),
            "matchingRules": {"body": _body_rules()},
        }
    response = {"status": 200, "headers": {"Content-Type": "application/json"}, "body": answer(position)}
    return {"description": f"interaction {position}", "request": request, "response": response}


def _rules(match: str, **attributes: Any) -> dict[str, Any]:
    return {"matchers": [{"match": match, **attributes}]}


def _body_rules() -> dict[str, Any]:
    typed = ("$.id", "$.name", "$.note", "$.address.street", "$.address.zip", "$.items[*].sku", "$.total", "$.paid")
    return {
        "$.items": _rules("type", min=1),
        **{path: _rules("type") for path in typed},
        "$.address.country": _rules("regex", regex="[A-Z]{2}"),
    }


def body(seed: int) -> dict[str, Any]:
    """A JSON body of about 1 KiB; other seeds give other values of the same types."""
    return {
        "id": seed,
        "name": f"customer {seed}",
        "note": f"n{seed:06}" + "x" * 380,
        "address": {"street": f"street {seed}", "zip": str(seed), "country": "NL"},
        "items": [{"sku": f"sku-{seed}-{index}", "quantity": 2, "price": 1.5} for index in range(8)],
        "total": seed + 0.5,
        "paid": True,
    }


def answer(position: int) -> dict[str, Any]:
    """A response body of about 1 KiB."""
    return {"position": position, "text": "y" * 960}


def requests(interactions: int, kind: str, unique: int) -> Iterator[Request]:
    """That many different requests of one kind (literal, pattern, query, post, miss), over all interactions."""
    turn = {"literal": 0, "pattern": 1, "query": 2, "post": 3, "miss": 3}[kind]
    positions = [position for position in range(interactions) if position % 4 == turn] or [turn]
    # A stride that is coprime to most counts visits the interactions in no particular order.
    for number in range(unique):
        position = positions[(number * 7919) % len(positions)]
        yield _request(kind, position, number)


def _request(kind: str, position: int, number: int) -> Request:
    if kind == "literal":
        return Request("GET", f"/api/literal{position}/items")
    if kind == "pattern":
        return Request("GET", f"/api/pattern{position}/{number}")
    if kind == "query":
        return Request("GET", f"/api/query{position}", f"page={number}&size=20&sort=name")
    content = body(number)
    if kind == "miss":
        content["items"][-1]["quantity"] = "two"
    return Request("POST", f"/api/post{position}", "", [JSON_HEADER], json.dumps(content).encode())
