"""Random cases: a recorded request with rules, and requests that nearly match it, about half of which do.

Everything is drawn from the `random.Random` that is handed in, so a seed gives the same cases again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

from tests.oracle.bodies import form_case, multipart_case, text_case, xml_case
from tests.oracle.cases import REQUESTS, Case, Recorded, Sent, flat_body_rules
from tests.oracle.heads import header_case, path_case, query_case
from tests.oracle.plans import Drawing, Rules, document_plan, step, stray_rule

OTHER_TYPES = [
    "application/json;charset=UTF-8",
    "text/plain",
    "application/hal+json",
    "Application/JSON",
    "text/json",
    "",
]


def json_case(rng: random.Random, version: str) -> Case:
    """A JSON document under rules."""
    plan = document_plan(rng, version)
    rules: Rules = {}
    plan.add_rules("$", rules, rng)
    example = plan.draw(Drawing(rng, vary=False), loose=False)
    if rng.random() < 0.15:
        rules[_some_path(rng, example)] = stray_rule(rng, version)
    media_type = rng.choice(["application/json"] * 8 + ["application/hal+json", "application/json; charset=utf-8"])
    body: Any = example
    if version == "V4":
        body = {"content": example, "contentType": media_type, "encoded": False}
        if rng.random() < 0.1:
            body |= {"content": json.dumps(example), "encoded": "json"}
    recorded: Recorded = {"method": rng.choice(["POST", "PUT"]), "path": "/", "body": body}
    if version != "V4" or rng.random() < 0.5:
        recorded["headers"] = {"Content-Type": media_type}
    if rules:
        recorded["matchingRules"] = flat_body_rules(rules) if version == "V2" else {"body": rules}
    documents = [example, *(_near(rng, plan, len(rules)) for _ in range(REQUESTS - 1))]
    return Case("json", version, recorded, tuple(_post(rng, recorded, media_type, value) for value in documents))


def _near(rng: random.Random, plan: Any, rules: int) -> Any:
    """A document that fits, or one with a single value spoilt."""
    spoil = rng.randrange(2 * rules + 3) if rng.random() < 0.75 else -1
    return plan.draw(Drawing(rng, spoil=spoil), loose=False)


def _some_path(rng: random.Random, value: Any) -> str:
    """The path of some node of a document, a step beyond it at times, some steps as wildcards."""
    path = "$"
    while isinstance(value, (dict, list)) and value and rng.random() < 0.75:
        if isinstance(value, dict):
            key = rng.choice(list(value))
            path += ".*" if rng.random() < 0.2 else step(rng, key)
            value = value[key]
        else:
            index = rng.randrange(len(value))
            path += rng.choice([f"[{index}]", "[*]", "[*]", ".*"])
            value = value[index]
    return path + (rng.choice([".z", "[0]", "[*]", ".*"]) if rng.random() < 0.15 else "")


def _post(rng: random.Random, recorded: Recorded, media_type: str, value: Any) -> Sent:
    """The request for a document: its text spelled in some way, its type mostly the recorded one."""
    if isinstance(value, dict) and rng.random() < 0.3:
        value = dict(sorted(value.items(), reverse=True))
    text = json.dumps(value, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, None, None, 1]))
    share = rng.random()
    if rng.random() < 0.05:
        text = text.replace("1.5", "1.50").replace(": 1,", ": 1e0,").replace("2.5", "25e-1").replace(": 0}", ": -0}")
    if share < 0.02:
        text = text[:-1]
    elif share < 0.03:
        text += "\n"
    elif share < 0.04:
        text = rng.choice(["", "null", " ", "{", "nul"])
    if rng.random() < 0.06:
        media_type = rng.choice(OTHER_TYPES)
    headers = (("Content-Type", media_type),) if media_type else ()
    return Sent(recorded["method"], recorded["path"], "", headers, text.encode())


KINDS: Mapping[str, Callable[[random.Random, str], Case]] = {
    "json": json_case,
    "query": query_case,
    "header": header_case,
    "path": path_case,
    "text": text_case,
    "xml": xml_case,
    "form": form_case,
    "multipart": multipart_case,
}


def generate(rng: random.Random, kind: str) -> Case:
    """A random case of one kind, in V2, V3 or V4."""
    return KINDS[kind](rng, rng.choice(["V2", "V3", "V3", "V4"]))
