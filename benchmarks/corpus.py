"""Pacts of any size for benchmarks: literal and regex paths, queries, and JSON bodies of 1 KiB under type rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from matching import Request

JSON_HEADER = ("Content-Type", "application/json")
KINDS = ("literal", "pattern", "query", "post")  # of interactions, in turn
CROWD_PATH, CHEAP_PATH = "/api/crowd", "/api/cheap"


def pact(interactions: int, number: int = 0, *, of: int = 0) -> bytes:
    """A V3 pact with that many interactions, in turn: GET by literal path, GET by pattern, GET with a query, POST.

    Paths begin with their position plus `of`, so that several pacts do not overlap.
    """
    return document((_interaction(of + position) for position in range(interactions)), number)


def pacts(folder: Path, interactions: int, each: int) -> Path:
    """The same interactions in a directory of pacts with that many each, every pact of a provider of its own."""
    folder.mkdir()
    for number in range(interactions // each):
        (folder / f"{number:06}.json").write_bytes(pact(each, number, of=number * each))
    return folder


def document(interactions: Iterable[dict[str, Any]], number: int = 0) -> bytes:
    """A V3 pact file with these interactions."""
    return orjson.dumps(
        {
            "consumer": {"name": f"consumer-{number}"},
            "provider": {"name": f"provider-{number}"},
            "interactions": list(interactions),
            "metadata": {"pactSpecification": {"version": "3.0.0"}},
        }
    )


def _interaction(position: int) -> dict[str, Any]:
    kind = KINDS[position % 4]
    request: dict[str, Any] = {"method": "GET", "path": f"/api/literal{position}/items"}
    if kind == "pattern":
        request["path"] = f"/api/pattern{position}/1"
        request["matchingRules"] = {"path": rules("regex", regex=rf"/api/pattern{position}/\d+")}
    elif kind == "query":
        request["path"] = f"/api/query{position}"
        request["query"] = {"page": ["1"], "size": ["10"], "sort": ["name"]}
        request["matchingRules"] = {
            "query": {"page": rules("regex", regex=r"\d+"), "size": rules("regex", regex=r"\d+")}
        }
    elif kind == "post":
        request |= post(f"/api/post{position}", body(1), body_rules())
    return {"description": f"interaction {position}", "request": request, "response": _response(position)}


def post(path: str, content: Any, ruled: dict[str, Any]) -> dict[str, Any]:
    """A recorded POST of JSON with rules for its body."""
    headers = {"Content-Type": "application/json"}
    return {"method": "POST", "path": path, "headers": headers, "body": content, "matchingRules": {"body": ruled}}


def _response(position: int) -> dict[str, Any]:
    return {"status": 200, "headers": {"Content-Type": "application/json"}, "body": answer(position)}


def rules(match: str, **attributes: Any) -> dict[str, Any]:
    """A list of one matching rule."""
    return {"matchers": [{"match": match, **attributes}]}


def body_rules() -> dict[str, Any]:
    """The ten rules of a recorded body."""
    typed = ("$.id", "$.name", "$.note", "$.address.street", "$.address.zip", "$.items[*].sku", "$.total", "$.paid")
    return {
        "$.items": rules("type", min=1),
        **{path: rules("type") for path in typed},
        "$.address.country": rules("regex", regex="[A-Z]{2}"),
    }


def crowd(candidates: int) -> bytes:
    """A pact whose POSTs share one path and differ in the last value of their bodies; and a GET of another path."""
    cheap = {"description": "cheap", "request": {"method": "GET", "path": CHEAP_PATH}, "response": _response(0)}
    posts = (
        {
            "description": f"crowd {position}",
            "request": post(CROWD_PATH, {**body(1), "kind": f"kind {position}"}, body_rules()),
            "response": _response(position),
        }
        for position in range(candidates)
    )
    return document((cheap, *posts))


def sized(size: int, interactions: int = 20) -> bytes:
    """A pact of POSTs whose bodies have about `size` bytes, under rules for all their values."""
    content = sized_body(size, 1)
    ruled = {"$.id": rules("type"), "$.note": rules("type"), "$.items": rules("type", min=1)}
    return document(
        {
            "description": f"sized {position}",
            "request": post(f"/api/sized{position}", content, ruled),
            "response": _response(position),
        }
        for position in range(interactions)
    )


def sized_body(size: int, seed: int) -> dict[str, Any]:
    """A JSON body of about `size` bytes: one item for each 80."""
    item = {"sku": f"sku-{seed:06}", "quantity": 2, "price": 1.5, "note": "z" * 16}
    return {"id": seed, "note": "n" * 32, "items": [item] * max(1, (size - 60) // 80)}


def ruled(count: int, interactions: int = 20) -> bytes:
    """A pact of POSTs with 120 values of which `count` have a rule, on paths by pattern."""
    content = ruled_body()
    each = {f"$.field{number}": rules("type") for number in range(count)}
    return document(
        {
            "description": f"ruled {position}",
            "request": {
                **post(f"/api/ruled{position}/1", content, each),
                "matchingRules": {"body": each, "path": rules("regex", regex=rf"/api/ruled{position}/\d+")},
            },
            "response": _response(position),
        }
        for position in range(interactions)
    )


def ruled_body() -> dict[str, Any]:
    """The body of `ruled`; it never changes, since without rules only an equal body matches."""
    return {f"field{number}": f"value {number}" for number in range(120)}


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
    """A response body of 1 KiB, give or take the digits of its position."""
    return {"position": position, "text": "y" * 996}


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
