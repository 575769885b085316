"""Date patterns: `yyyy-MM-dd'T'HH:mm:ssXXX`, read for checking texts and for writing dates.

A pattern is a row of elements. Letters name fields (the table at the end), everything else stands for itself, `'…'`
quotes letters, `[…]` may be absent. For checking, a pattern becomes one regular expression with a group for each field,
and afterwards the values of all fields are checked together (30 February, `13` o'clock in the afternoon). Every field
and optional part takes what it can and never gives anything back, as in Java, so no text takes long. As in the
reference implementation, numbers may be shorter or longer than their letters say (`2024-2-3` is a `yyyy-MM-dd`), unless
another number stands right before them, where the width is all that tells them apart.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

MAX_LENGTH = 256  # characters of a pattern
_MAX_TEXT = 1024  # characters of a text that is checked


class DatePatternError(ValueError):
    """A text that is not a date pattern; the message says why."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: a letter, and how often it stands there."""

    letter: str
    count: int


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
            if written is not None and not _KINDS[field.letter].note(field, written, values):
                return False
        return _exist_together(values)

    def write(self, when: datetime) -> str:
        """The date in this pattern; optional parts are written. `when` has a time zone."""
        return "".join(_written(self.elements, when))


@functools.lru_cache(maxsize=1024)
def compile_date_pattern(source: str) -> DatePattern:
    """Read a pattern. Raises DatePatternError."""
    if len(source) > MAX_LENGTH:
        raise DatePatternError(f"is longer than {MAX_LENGTH} characters")
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
        kind = _KINDS.get(letter)
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
            kind = _KINDS[element.letter]
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
    return _KINDS[field.letter].form(field, False).startswith(r"\d")


def _written(elements: tuple[Element, ...], when: datetime) -> Iterator[str]:
    for element in elements:
        if isinstance(element, Literal):
            yield element.text
        elif isinstance(element, Optional):
            yield from _written(element.elements, when)
        else:
            yield _KINDS[element.letter].write(element, when)


# What each letter means. A kind gives the form of a field's text, takes note of its value for the checks of
# `_exist_together` (False when the value is out of range), and writes the field of a date.

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

Form = Callable[[Field, bool], str]  # the field, and whether it has exactly its width
Note = Callable[[Field, str, dict[str, int]], bool]
Write = Callable[[Field, datetime], str]


@dataclass(frozen=True, slots=True)
class _Kind:
    """All about one letter; `most` is how many of it may stand together."""

    form: Form
    note: Note
    write: Write
    most: int = 19


def _number(
    name: str, digits: int, least: int, most: int, value: Callable[[datetime], int], letters: int = 19
) -> _Kind:
    """A number between bounds."""

    def form(field: Field, fixed: bool) -> str:
        return rf"\d{{{field.count}}}" if fixed else rf"\d{{1,{max(digits, field.count)}}}"

    def note(field: Field, text: str, values: dict[str, int]) -> bool:
        values[name] = int(text)
        return least <= values[name] <= most

    return _Kind(form, note, lambda field, when: str(value(when)).zfill(field.count), letters)


def _year(name: str, value: Callable[[datetime], int]) -> _Kind:
    def form(field: Field, fixed: bool) -> str:
        if fixed:
            return rf"\d{{{field.count}}}"
        return rf"\d{{1,{2 if field.count == 2 else 9 if field.count == 1 else max(field.count, 4)}}}"

    def note(field: Field, text: str, values: dict[str, int]) -> bool:
        number = int(text)
        values[name] = number + 2000 if field.count == 2 else number
        return True

    def write(field: Field, when: datetime) -> str:
        return f"{value(when) % 100:02}" if field.count == 2 else str(value(when)).zfill(field.count)

    return _Kind(form, note, write)


def _fraction() -> _Kind:
    def write(field: Field, when: datetime) -> str:
        return f"{when.microsecond:06}000"[: field.count]

    def form(field: Field, fixed: bool) -> str:
        return rf"\d{{{field.count}}}" if fixed else rf"\d{{1,{field.count}}}"

    return _Kind(form, lambda *_: True, write, 9)


def _name(name: str, names: list[str], index: Callable[[datetime], int], *, numeric: int = 0, base: int = 1) -> _Kind:
    """A name, short up to three letters, long with four, one character with five; up to `numeric` letters a number."""
    shorts = [word[:3] for word in names]

    def words(field: Field) -> list[str]:
        return shorts if field.count <= 3 else names if field.count == 4 else [word[0] for word in names]

    def form(field: Field, fixed: bool) -> str:
        if field.count <= numeric:
            return rf"\d{{{field.count}}}" if fixed else r"\d{1,2}"
        return "|".join(dict.fromkeys(words(field)))

    def note(field: Field, text: str, values: dict[str, int]) -> bool:
        if field.count <= numeric:
            values[name] = int(text)
        elif field.count <= 4:
            values[name] = [word.lower() for word in words(field)].index(text.lower()) + base
        return 1 <= values.get(name, 1) <= len(names)

    def write(field: Field, when: datetime) -> str:
        if field.count <= numeric:
            return str(index(when) + base).zfill(field.count)
        return words(field)[index(when)]

    return _Kind(form, note, write, 5)


def _text(forms: tuple[str, ...], write: Write, note: Note = lambda *_: True) -> _Kind:
    """A text in one of some forms, by the number of letters; the last form is for all higher numbers."""
    return _Kind(lambda field, _: forms[min(field.count, len(forms)) - 1], note, write, 9)


def _offset(styles: tuple[tuple[str, str], ...], *, zero: Mapping[int, str]) -> _Kind:
    """An offset from UTC: (form, style of writing) by the number of letters, the last for all higher numbers.

    `zero` says how the offset zero is written, by the number of letters (0: by any other).
    """

    def style(field: Field) -> tuple[str, str]:
        return styles[min(field.count, len(styles)) - 1]

    def note(field: Field, text: str, values: dict[str, int]) -> bool:
        hours, minutes, seconds = (int(part or 0) for part in _offset_parts(text))
        return hours * 3600 + minutes * 60 + seconds <= 18 * 3600 and minutes < 60 and seconds < 60

    def write(field: Field, when: datetime) -> str:
        total = int((when.utcoffset() or timedelta()).total_seconds()) // 60
        if not total and (written := zero.get(field.count, zero.get(0))) is not None:
            return written
        sign, hours, minutes = "-" if total < 0 else "+", abs(total) // 60, abs(total) % 60
        return _OFFSET_STYLES[style(field)[1]](hours, minutes).replace("?", sign)

    return _Kind(lambda field, _: style(field)[0], note, write, len(styles))


_OFFSET_STYLES: Mapping[str, Callable[[int, int], str]] = {
    "hh": lambda hours, minutes: f"?{hours:02}" + (f"{minutes:02}" if minutes else ""),
    "hhmm": lambda hours, minutes: f"?{hours:02}{minutes:02}",
    "hh:mm": lambda hours, minutes: f"?{hours:02}:{minutes:02}",
    "GMT+h": lambda hours, minutes: f"GMT?{hours}" + (f":{minutes:02}" if minutes else ""),
    "GMT+hh:mm": lambda hours, minutes: f"GMT?{hours:02}:{minutes:02}",
}


def _offset_parts(text: str) -> tuple[str, str, str]:
    """Hours, minutes and seconds of an offset as written, "" for what is absent."""
    digits = "".join(char for char in text if char.isdigit())
    if len(digits) % 2:
        digits = "0" + digits
    return digits[:2], digits[2:4], digits[4:6]


# Offsets by the number of letters, as x and X have them; X also takes Z.
_OFFSETS = (
    (r"[+-]\d{2}(?:\d{2})?", "hh"),
    (r"[+-]\d{4}", "hhmm"),
    (r"[+-]\d{2}:\d{2}", "hh:mm"),
    (r"[+-]\d{4}(?:\d{2})?", "hhmm"),
    (r"[+-]\d{2}:\d{2}(?::\d{2})?", "hh:mm"),
)
_GMT_SHORT = (r"GMT(?:[+-]\d{1,2}(?::\d{2})?)?", "GMT+h")
_GMT_LONG = (r"GMT(?:[+-]\d{2}:\d{2})?", "GMT+hh:mm")


def _week_of_month(when: datetime) -> int:
    return (when.day + when.replace(day=1).weekday() - 1) // 7 + 1


def _nanos(when: datetime) -> int:
    return ((when.hour * 60 + when.minute) * 60 + when.second) * 10**9 + when.microsecond * 1000


def _half_day(field: Field, text: str, values: dict[str, int]) -> bool:
    values["half"] = int(text.lower().startswith("p"))
    return True


def _zone_name(field: Field, when: datetime) -> str:
    return when.tzname() or "UTC"


_ZONE_ID = r"[A-Za-z_]+(?:[/-][A-Za-z_]+){0,3}(?:[+-]?\d{1,2}(?::\d{2})?)?|[+-]\d{2}(?::?\d{2})?"
_QUARTERS = ("1st quarter", "2nd quarter", "3rd quarter", "4th quarter")


def _quarter_note(field: Field, text: str, values: dict[str, int]) -> bool:
    return 1 <= int(re.sub(r"\D", "", text)) <= 4


def _quarter(field: Field, when: datetime) -> str:
    number = (when.month + 2) // 3
    if field.count == 4:
        return _QUARTERS[number - 1]
    return f"Q{number}" if field.count == 3 else str(number).zfill(2 if field.count == 2 else 1)


def _iso_week_year(when: datetime) -> int:
    return when.isocalendar().year


_MONTH = _name("month", _MONTHS, lambda when: when.month - 1, numeric=2)
_WEEKDAY = _name("weekday", _DAYS, lambda when: when.weekday())
_LOCAL_WEEKDAY = _name("local weekday", _DAYS, lambda when: when.weekday(), numeric=2)
_QUARTER = _text((r"\d", r"\d{1,2}", r"Q\d", "|".join(_QUARTERS), r"\d"), _quarter, _quarter_note)
_ERA = _text(
    ("AD|BC", "AD|BC", "AD|BC", "Anno Domini|Before Christ|AD|BC", "A|B"),
    lambda field, when: "A" if field.count == 5 else "Anno Domini" if field.count == 4 else "AD",
)
_YEAR = _year("year", lambda when: when.year)

_KINDS: Mapping[str, _Kind] = {
    "G": _ERA,
    "y": _YEAR,
    "u": _YEAR,
    "Y": _year("week year", _iso_week_year),
    "M": _MONTH,
    "L": _MONTH,
    "d": _number("day", 2, 1, 31, lambda when: when.day),
    "D": _number("day of year", 3, 1, 366, lambda when: when.timetuple().tm_yday, 3),
    "E": _WEEKDAY,
    "e": _LOCAL_WEEKDAY,
    "c": _LOCAL_WEEKDAY,
    "w": _number("week", 2, 1, 53, lambda when: when.isocalendar().week),
    "W": _number("week of month", 1, 0, 6, _week_of_month),
    "F": _number("weekday of month", 1, 1, 5, lambda when: (when.day - 1) // 7 + 1),
    "Q": _QUARTER,
    "q": _QUARTER,
    "a": _text(("AM|PM",), lambda field, when: "AM" if when.hour < 12 else "PM", _half_day),
    "H": _number("hour", 2, 0, 23, lambda when: when.hour),
    "k": _number("hour of 24", 2, 1, 24, lambda when: when.hour or 24),
    "K": _number("hour of half", 2, 0, 11, lambda when: when.hour % 12),
    "h": _number("hour of 12", 2, 1, 12, lambda when: when.hour % 12 or 12),
    "m": _number("minute", 2, 0, 59, lambda when: when.minute),
    "s": _number("second", 2, 0, 60, lambda when: when.second),  # 60 is a leap second
    "S": _fraction(),
    "A": _number("milli of day", 8, 0, 86_399_999, lambda when: _nanos(when) // 10**6),
    "n": _number("nano", 9, 0, 999_999_999, lambda when: when.microsecond * 1000),
    "N": _number("nano of day", 14, 0, 86_399_999_999_999, _nanos),
    "X": _offset(tuple((f"{form}|Z", style) for form, style in _OFFSETS), zero={0: "Z"}),
    "x": _offset(_OFFSETS, zero={}),
    "Z": _offset((_OFFSETS[1],) * 3 + (_GMT_LONG, (f"{_OFFSETS[4][0]}|Z", "hh:mm")), zero={4: "GMT", 5: "Z"}),
    "O": _offset((_GMT_SHORT,) * 3 + (_GMT_LONG,), zero={0: "GMT"}),
    "z": _text((_ZONE_ID,), _zone_name),
    "V": _text((_ZONE_ID,), _zone_name),
}


def _exist_together(values: Mapping[str, int]) -> bool:
    """Whether the fields can be those of one moment."""
    year, month, day = values.get("year"), values.get("month"), values.get("day")
    leap = year is None or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
    if day is not None and month is not None and day > _DAYS_OF_MONTH[month - 1] + (month == 2 and leap):
        return False
    if values.get("day of year") == 366 and not leap:
        return False
    half, hour = values.get("half"), values.get("hour")
    return half is None or hour is None or (hour >= 12) == bool(half)


_DAYS_OF_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
