"""Collecting what is wrong with a document while reading goes on."""

from __future__ import annotations

from matching.errors import Problem, Severity, pointer


class Report:
    """The problems of one document, noted from a moving place in it.

    `at` gives the same report one step further down, so that code which reads a part of the document can say where
    it stands without knowing where that part is.
    """

    __slots__ = ("problems", "steps")

    def __init__(self, problems: list[Problem] | None = None, steps: tuple[str | int, ...] = ()) -> None:
        self.problems: list[Problem] = [] if problems is None else problems
        self.steps = steps

    def at(self, *steps: str | int) -> Report:
        """The report for a place below this one."""
        return Report(self.problems, self.steps + steps)

    @property
    def pointer(self) -> str:
        """The JSON pointer of this place."""
        return pointer(*self.steps)

    def warn(self, message: str, cure: str) -> None:
        """Note something here that is set aside while the rest is used."""
        self.problems.append(Problem(Severity.WARNING, self.pointer, message, cure))

    def problem(self, severity: Severity, message: str, cure: str) -> Problem:
        """A problem at this place, to be raised."""
        return Problem(severity, self.pointer, message, cure)
