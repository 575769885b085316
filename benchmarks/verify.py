"""Right answers before speed: what a subject answers is compared before it is timed."""

from __future__ import annotations

import http.client
import json
import random
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.traffic import ASIDE, Plan, Template

_COMPARED = 40  # requests of a plan that are compared
_PATIENCE = 120  # seconds for one answer; some peers need many


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as a client sees it."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class WrongAnswerError(Exception):
    """A subject does not do what is to be measured."""


class Wire:
    """One keep-alive connection that sends bytes as they are."""

    def __init__(self, port: int, patience: float = _PATIENCE, source: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), patience, (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, content: bytes) -> Answer:
        """Send a request and wait for its answer. Raises OSError, http.client.HTTPException."""
        self.socket.sendall(content)
        response = http.client.HTTPResponse(self.socket)
        try:
            response.begin()
            return Answer(response.status, response.read())
        finally:
            response.close()

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


def ask(port: int, content: bytes, patience: float = _PATIENCE) -> Answer:
    """One request on a connection of its own. Raises OSError, http.client.HTTPException."""
    wire = Wire(port, patience)
    try:
        return wire.ask(content)
    finally:
        wire.close()


def is_right(template: Template, answer: Answer) -> bool:
    """Whether a request got its recorded answer, or an explanation where nothing matches."""
    told = answer.json()
    if template.expected is not None:
        return answer.status == 200 and bool(told == template.expected)
    return answer.status >= 400 and bool(told and told["nearest"] and told["nearest"][0]["mismatches"])


def verify(port: int, plan: Plan, *, compared: int = _COMPARED, refused: bool = True) -> None:
    """Compare a sample of the plan's answers, and demand that wrong requests are refused. Raises WrongAnswerError."""
    chosen = random.Random(1).sample(plan.templates, min(compared, len(plan.templates)))
    for number, template in enumerate(chosen):
        answer = _asked(port, template.filled(ASIDE + number))
        if not is_right(template, answer):
            raise WrongAnswerError(_told(template.filled(ASIDE + number), answer))
    for content in plan.refused if refused else ():
        answer = _asked(port, content)
        if answer.status < 400:
            raise WrongAnswerError(_told(content, answer))


def _asked(port: int, content: bytes) -> Answer:
    try:
        return ask(port, content)
    except (OSError, http.client.HTTPException) as error:
        raise WrongAnswerError(f"{content[:200]!r} was not answered: {error!r}") from None


def _told(content: bytes, answer: Answer) -> str:
    return f"{content[:200]!r} was answered with {answer.status} {answer.body[:200]!r}"


def answering(template: Template, patience: float = _PATIENCE) -> Callable[[int], bool]:
    """Whether a server at some port answers this request rightly by now."""

    def is_ready(port: int) -> bool:
        try:
            return is_right(template, ask(port, template.filled(ASIDE), patience))
        except (OSError, http.client.HTTPException):
            return False

    return is_ready
