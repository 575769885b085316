"""Equal requests get equal values: nothing but seed, interaction, place and request decides what is drawn."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from matching import Request, draw_key
from tests.generators.answers import Recorded

ROOT = Path(__file__).resolve().parents[2]

RESPONSE: Mapping[str, Any] = {
    "headers": {"X-Trace": ["t"]},
    "body": {"content": {"id": "x", "other": "x"}, "contentType": "application/json"},
    "generators": {"header": {"X-Trace": {"type": "Uuid"}}, "body": {"$.*": {"type": "Uuid"}}},
}
REQUEST: Mapping[str, Any] = {"method": "POST", "path": "/orders", "headers": {"X-Key": ["k"]}}


def asked(**changes: Any) -> Request:
    """A request, changed in some respect."""
    headers = [("X-Key", "k"), ("User-Agent", "a"), ("Content-Type", "application/json")]
    parts = {"method": "POST", "path": "/orders", "query": "a=1", "headers": headers, "body": b"{}", **changes}
    return Request(parts["method"], parts["path"], parts["query"], parts["headers"], parts["body"])


def test_the_same_again() -> None:
    """The same request under the same seed gets the same answer, also of the same pact loaded again."""
    answers = [Recorded(RESPONSE, REQUEST).answer("s", request=asked()) for _ in range(3)]
    answers += [Recorded(RESPONSE, REQUEST).answer("s", request=asked())]
    assert all(answer == answers[0] for answer in answers)


def test_places_differ() -> None:
    """Each place of an answer has a value of its own."""
    answer = Recorded(RESPONSE, REQUEST).answer("s", request=asked())
    assert len({answer.json["id"], answer.json["other"], answer.headers["X-Trace"]}) == 3


OTHERS: dict[str, Request] = {
    "method": asked(method="PUT"),
    "path": asked(path="/orders/"),
    "query": asked(query="a=2"),
    "no query": asked(query=""),
    "body": asked(body=b"{} "),
    "recorded header": asked(headers=[("X-Key", "l")]),
    "recorded header twice": asked(headers=[("X-Key", "k"), ("X-Key", "k")]),
    "no recorded header": asked(headers=[]),
}


@pytest.mark.parametrize("what", OTHERS)
def test_another_request(what: str) -> None:
    """Whatever the contract looks at makes another request, with other values."""
    recorded = Recorded(RESPONSE, REQUEST)
    assert recorded.answer("s", request=OTHERS[what]).json["id"] != recorded.answer("s", request=asked()).json["id"]


ALIKE: dict[str, list[tuple[str, str]]] = {
    "another client": [("X-Key", "k"), ("User-Agent", "b"), ("Content-Type", "application/json")],
    "no other header": [("X-Key", "k")],
    "case of names": [("x-key", "k")],
    "order": [("Content-Type", "application/json"), ("User-Agent", "a"), ("X-Key", "k")],
    "a trace of its own": [("X-Key", "k"), ("Traceparent", "00-1")],
}


@pytest.mark.parametrize("what", ALIKE)
def test_headers_that_are_not_recorded(what: str) -> None:
    """Headers that the interaction does not record change nothing: clients add them as they like."""
    recorded = Recorded(RESPONSE, REQUEST)
    assert recorded.answer("s", request=asked(headers=ALIKE[what])) == recorded.answer("s", request=asked())


def test_another_seed() -> None:
    """Under another seed everything is drawn anew."""
    recorded = Recorded(RESPONSE, REQUEST)
    bodies = {recorded.answer(seed, request=asked()).body for seed in ("", "s", "S", "s ", "é", "0")}
    assert len(bodies) == 6


def test_another_interaction() -> None:
    """Interactions that record the same response under other requests draw values of their own."""
    one = Recorded(RESPONSE, REQUEST).answer("s", request=asked())
    other = Recorded(RESPONSE, {**REQUEST, "path": "/orders/"}).answer("s", request=asked())
    assert one.json["id"] != other.json["id"]


def test_parts_of_a_request_do_not_flow_together() -> None:
    """What stands at the border of two parts belongs to one of them."""
    pieces = ["", "a", "b", "ab"]
    requests = [
        Request(method, path, query, [("x", header)], body)
        for method, path, query, header in itertools.product(pieces, repeat=4)
        for body in (b"", b"a")
    ]
    keys = {draw_key(seed, name, request, ("x",)) for seed in ("", "a") for name in ("", "a") for request in requests}
    assert len(keys) == 4 * len(requests)


_ANSWERS = """
from matching import Request
from tests.generators.answers import Recorded
from tests.generators.test_determinism import EVERY
recorded = Recorded(EVERY)
assert not recorded.problems, recorded.problems
for seed in range(5):
    answer = recorded.answer(seed, params={"b": 1, "a": 2}, request=Request("GET", "/"))
    print(answer.status, answer.headers, answer.body)
"""

EVERY: Mapping[str, Any] = {
    "body": {
        "content": {
            "int": 1, "decimal": 1.5, "hex": "f", "text": "x", "flag": True, "uuid": "x", "date": "x", "time": "x",
            "moment": "x", "state": "x", "url": "http://x/a", "set": "x", "negated": "x", "word": "x", "any": "x",
        },
        "contentType": "application/json",
    },
    "generators": {
        "status": {"type": "RandomInt", "min": 200, "max": 203},
        "header": {"B": {"type": "Uuid"}, "A": {"type": "RandomString"}},
        "body": {
            "$.int": {"type": "RandomInt"},
            "$.decimal": {"type": "RandomDecimal"},
            "$.hex": {"type": "RandomHexadecimal"},
            "$.text": {"type": "RandomString"},
            "$.flag": {"type": "RandomBoolean"},
            "$.uuid": {"type": "Uuid"},
            "$.date": {"type": "Date"},
            "$.time": {"type": "Time"},
            "$.moment": {"type": "DateTime"},
            "$.state": {"type": "ProviderState", "expression": "${a}-${b}"},
            "$.url": {"type": "MockServerURL", "regex": ".*(/a)"},
            "$.set": {"type": "Regex", "regex": r"[a-f\d_\s]{20}"},
            "$.negated": {"type": "Regex", "regex": r"[^a-f\d_]{20}"},
            "$.word": {"type": "Regex", "regex": r"\w{5}\W{5}\D{5}\S{5}"},
            "$.any": {"type": "Regex", "regex": r".{5}(a|b|c)+[^x]y?"},
        },
    },
}  # fmt: skip


def test_processes_agree() -> None:
    """Every process draws the same values, whatever order its sets happen to have."""
    printed = [
        subprocess.run(
            [sys.executable, "-c", _ANSWERS],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
            cwd=ROOT,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert len(set(printed[0].splitlines())) == 5
