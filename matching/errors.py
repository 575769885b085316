"""What can be wrong with a pact document: problems, each with its place and its cure.

A mismatch between a request and an interaction is not an error; see `matching.mismatch`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much of the document a problem takes away."""

    ERROR = "error"  # the document cannot be read at all
    SKIPPED = "skipped"  # one interaction is not served
    WARNING = "warning"  # the interaction is served, something in it is set aside
    NOTE = "note"  # nothing is wrong; said so that nobody is surprised


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a document.

    `pointer` is an RFC 6901 JSON pointer into the document ("" is its root), `message` says what is wrong
    there, `cure` what to do about it.
    """

    severity: Severity
    pointer: str
    message: str
    cure: str

    def __str__(self) -> str:
        return f"{self.pointer}: {self.message} — {self.cure}"


class PactError(Exception):
    """A document, or one interaction of it, that cannot be used. Carries every problem found, never just the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


def pointer(*steps: str | int) -> str:
    """The JSON pointer for a path of keys and indices: `pointer("a/b", 0)` is `/a~1b/0`."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
