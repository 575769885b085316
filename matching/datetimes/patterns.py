"""Date patterns: `yyyy-MM-dd'T'HH:mm:ssXXX`, read for checking texts and for writing dates.

A pattern is a row of elements. Letters name fields (the table in `fields`), everything else stands for itself, `'…'`
quotes letters, `[…]` may be absent. For checking, a pattern becomes one regular expression with a group for each field,
and afterwards the values of all fields are checked together (30 February, `13` o'clock in the afternoon). Every field
and optional part takes what it can and never gives anything back, as in Java, so no text takes long. As in the
reference implementation, numbers may be shorter or longer than their letters say (`2024-2-3` is a `yyyy-MM-dd`), unless
another number stands right before them, where the width is all that tells them apart.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from matching.datetimes.fields import KINDS, Field, exist_together

MAX_LENGTH = 256  # characters of a pattern
_MAX_TEXT = 1024  # characters of a text that is checked


class DatePatternError(ValueError):
    """A text that is not a date pattern; the message says why."""


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stands for itself."""

    text: str


@dataclass(frozen=True, slots=True)
class Optional:
    """Elements that may be absent together."""

    elements: tuple[Element, ...]


Element = Field | Literal | Optional


@dataclass(frozen=True, slots=True)
class DatePattern:
    """A compiled pattern. Written dates match it, unless a number outgrows its letters right beside another one."""

    source: str
    elements: tuple[Element, ...]
    _form: re.Pattern[str]
    _fields: tuple[tuple[str, Field], ...]  # group name and field

    def matches(self, text: str) -> bool:
        """Whether the whole text is a date, time or both in this pattern, and exists."""
        if len(text) > _MAX_TEXT:
            return False
        found = self._form.fullmatch(text)
        if found is None:
            return False
        values: dict[str, int] = {}
        for group, field in self._fields:
            written = found[group]
            if written is not None and not KINDS[field.letter].note(field, written, values):
                return False
        return exist_together(values)

    @property
    def letters(self) -> set[str]:
        """The letters of its fields."""
        return {field.letter for _, field in self._fields}

    def write(self, when: datetime) -> str:
        """The date in this pattern; optional parts are written. `when` has a time zone."""
        return "".join(_written(self.elements, when))


@functools.lru_cache(maxsize=1024)
def compile_date_pattern(source: str) -> DatePattern:
    """Read a pattern. Raises DatePatternError."""
    if len(source) > MAX_LENGTH:
        raise DatePatternError(f"is longer than {MAX_LENGTH} characters")
    if re.search(r"%[A-Za-z]", source):
        raise DatePatternError("is a format of strftime; write it like yyyy-MM-dd'T'HH:mm:ss")
    elements = _Reader(source).elements()
    fields: list[tuple[str, Field]] = []
    form = "".join(_form(elements, fields))
    return DatePattern(source, elements, re.compile(form, re.IGNORECASE | re.ASCII), tuple(fields))


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0

    def elements(self, depth: int = 0) -> tuple[Element, ...]:
        """The elements up to the end, or up to the `]` of an optional part."""
        found: list[Element] = []
        while self._at < len(self._source):
            char = self._source[self._at]
            if char == "'":
                found.append(Literal(self._quoted()))
            elif char == "[":
                if depth >= _DEEPEST:
                    raise DatePatternError("nests optional parts too deeply")
                self._at += 1
                found.append(Optional(self.elements(depth + 1)))
            elif char == "]":
                if not depth:
                    raise DatePatternError("closes an optional part that it does not open")
                self._at += 1
                return tuple(found)
            elif char.isascii() and char.isalpha() and char != "T":
                found.append(self._field(char))
            else:  # an unquoted T between date and time is not Java's, yet everybody writes it
                found.append(Literal(char))
                self._at += 1
        if depth:
            raise DatePatternError("opens an optional part that it does not close")
        return tuple(found)

    def _field(self, letter: str) -> Field:
        start = self._at
        while self._source.startswith(letter, self._at):
            self._at += 1
        count = self._at - start
        kind = KINDS.get(letter)
        if kind is None:
            raise DatePatternError(f"has the letter {letter}, which names no field")
        if count > kind.most:
            raise DatePatternError(f"has {letter * count}, but at most {kind.most} letters {letter} mean something")
        return Field(letter, count)

    def _quoted(self) -> str:
        text = ""
        self._at += 1
        while True:
            end = self._source.find("'", self._at)
            if end < 0:
                raise DatePatternError("has a quote that is not closed")
            text += self._source[self._at : end]
            self._at = end + 1
            if not self._source.startswith("'", self._at):
                return text or "'"
            text += "'"
            self._at += 1


_DEEPEST = 8  # optional parts within each other


def _form(elements: tuple[Element, ...], fields: list[tuple[str, Field]]) -> Iterator[str]:
    within_run = False  # of numbers without anything between them
    for position, element in enumerate(elements):
        if isinstance(element, Literal):
            yield re.escape(element.text)
        elif isinstance(element, Optional):
            yield f"(?>(?:{''.join(_form(element.elements, fields))})?)"
        else:
            kind = KINDS[element.letter]
            form = kind.form(element, within_run)
            rest = sum(field.count for field in _numbers(elements[position + 1 :]))
            if rest and not within_run and _is_number(element):
                form += rf"(?=\d{{{rest}}}(?!\d))"  # the first of a run takes what the others leave, as in Java
            group = f"f{len(fields)}"
            fields.append((group, element))
            yield f"(?>(?P<{group}>{form}))"
        within_run = isinstance(element, Field) and _is_number(element)


def _numbers(elements: tuple[Element, ...]) -> Iterator[Field]:
    """The numbers that stand at the beginning, one beside the other."""
    for element in elements:
        if not isinstance(element, Field) or not _is_number(element):
            return
        yield element


def _is_number(field: Field) -> bool:
    return KINDS[field.letter].form(field, False).startswith(r"\d")


def _written(elements: tuple[Element, ...], when: datetime) -> Iterator[str]:
    for element in elements:
        if isinstance(element, Literal):
            yield element.text
        elif isinstance(element, Optional):
            yield from _written(element.elements, when)
        else:
            yield KINDS[element.letter].write(element, when)
