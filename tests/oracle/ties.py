"""Whether two rules of a body may rank alike for one node, so that it is left to chance which of them wins in Rust."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import combinations
from typing import Any

_STEP = re.compile(r"\.\*|\[\*\]|\[(\d+)\]|\['([^']*)'\]|\.([^.\[]+)")


def steps_of(path: str) -> list[str]:
    """The steps of a rule path: `*` and `[*]` for wildcards, names and indices as they are."""
    return [
        found[0] if found[0] == "[*]" else "*" if found[0] == ".*" else found[1] or found[3] or found[2] or ""
        for found in _STEP.finditer(path)
    ]


def score(steps: list[str]) -> int:
    """Weight times length (specification, "Matching path expressions")."""
    product = 2
    for step in steps:
        product *= 1 if step in ("*", "[*]") else 2
    return product * (len(steps) + 1)


def meet(first: list[str], second: list[str]) -> bool:
    """Whether there can be a node at or below both paths."""
    wild = ("*", "[*]")
    return all(one == other or one in wild or other in wild for one, other in zip(first, second, strict=False))


def may_tie(rules: Mapping[str, Any]) -> bool:
    """Whether any two rules may rank alike: their scores are equal or, for Rust, one is about keys or entries."""
    paths = [(steps_of(path), is_about_entries(entry)) for path, entry in rules.items()]
    return any(
        (score(one) == score(other) or entries or other_entries) and meet(one, other)
        for (one, entries), (other, other_entries) in combinations(paths, 2)
    )


def is_about_entries(entry: Mapping[str, Any]) -> bool:
    """Whether a rule is about the keys or values of an object, whatever they are; no such rule is inherited."""
    return any(matcher["match"] in ("eachKey", "eachValue", "values") for matcher in entry["matchers"])
