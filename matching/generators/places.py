"""Places of an answer where values are generated, and where a document asks for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from matching.errors import Problem, Severity
from matching.generators.context import GeneratorContext
from matching.generators.values import GeneratorError, ValueGenerator
from matching.paths import Path


class MakeGenerator(Protocol):
    """Makes a generator for one place, knowing the recorded value there. Raises GeneratorError."""

    def __call__(self, example: Any, /) -> ValueGenerator: ...


@dataclass(frozen=True, slots=True)
class Placement:
    """Where in a body values are generated, and by what; `pointer` is where the document says so.

    One that gives way is set aside, without a word, where another puts a value.
    """

    path: Path
    make: MakeGenerator
    pointer: str = ""
    what: str = ""
    gives_way: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """One place of an answer: its name (for drawing), its generator, the recorded value, and how values are written."""

    name: str
    generator: ValueGenerator
    example: Any
    write: Callable[[Any], bytes]

    @property
    def cost(self) -> int:
        """About how long making a value takes, where a number takes 1."""
        return int(getattr(self.generator, "cost", 1))

    def value(self, context: GeneratorContext) -> Any:
        """A new value, or the recorded one where there is none now."""
        try:
            return self.generator.value(context, context.random(self.name))
        except GeneratorError:
            return self.example

    def written(self, context: GeneratorContext) -> bytes:
        """The new value as it stands in the body."""
        return self.write(self.value(context))


def set_aside(pointer: str, reason: str) -> Problem:
    """The problem of a generator that cannot be used."""
    message = f"the generator is set aside: {reason}; the recorded example is served"
    return Problem(Severity.WARNING, pointer, message, "correct the generator, or expect the recorded value")


def made(placement: Placement, example: Any, problems: list[Problem]) -> ValueGenerator | None:
    """The generator for a recorded value; None (and a problem) when it cannot be made."""
    try:
        return placement.make(example)
    except GeneratorError as error:
        problem = set_aside(placement.pointer, str(error))
        if problem not in problems:
            problems.append(problem)
        return None


def note_idle(placement: Placement, problems: list[Problem]) -> None:
    """Note that a generator leads nowhere."""
    message = f"the generator {placement.what} reaches nothing that is recorded, so it has no effect"
    problems.append(Problem(Severity.NOTE, placement.pointer, message, "check the spelling of its path"))
