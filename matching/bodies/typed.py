"""What all bodies that were recorded with content have in common: something came, and its type agrees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from matching.content_types import ContentType, agrees
from matching.mismatch import Mismatch, Part
from matching.request import Request


class BodyMatcher(Protocol):
    """A compiled body."""

    def matches(self, request: Request) -> bool:
        """Whether the request's body may stand for the recorded one."""

    def explain(self, request: Request) -> Iterator[Mismatch]:
        """Every mismatch of the body; none when it matches."""


class TypedBody:
    """The common part. `expected_type` None takes every type."""

    __slots__ = ("_expected_type",)

    def __init__(self, expected_type: ContentType | None) -> None:
        self._expected_type = expected_type

    def _arrived(self, request: Request) -> bool:
        return bool(request.body) and agrees(self._expected_type, request.content_type)

    def _explain_arrival(self, request: Request) -> Iterator[Mismatch]:
        if not request.body:
            yield Mismatch(Part.BODY, "$", "present", "a body", None, "Expected a body but none was sent")
        elif not agrees(self._expected_type, request.content_type):
            expected, actual = str(self._expected_type), str(request.content_type)
            message = f"Expected a body of type {expected} but received {actual}"
            yield Mismatch(Part.BODY_TYPE, "", "content type", expected, actual, message)


def unreadable(kind: str, request: Request, error: str) -> Mismatch:
    """The mismatch of a body that is not what it is compared as."""
    return Mismatch(Part.BODY, "$", kind, kind, sample(request.body), f"The body is not {kind}: {error}")


def unreadable_example(kind: str, request: Request) -> Mismatch:
    """The mismatch of every body with one that was recorded as something that it is not."""
    message = f"The contract records a body of {kind} that is not {kind}; nothing can match it"
    return Mismatch(Part.BODY, "$", "equality", None, sample(request.body), message)


def sample(content: bytes) -> str:
    """The beginning of a body as text, for reports."""
    return content[:1000].decode("utf-8", "backslashreplace")
