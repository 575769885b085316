"""The fields of date patterns: what each letter means. The table stands near the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Field:
    """One field: a letter, and how often it stands there."""

    letter: str
    count: int


# What each letter means. A kind gives the form of a field's text, takes note of its value for the checks of
# `exist_together` (False when the value is out of range), and writes the field of a date.

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
class Kind:
    """All about one letter; `most` is how many of it may stand together."""

    form: Form
    note: Note
    write: Write
    most: int = 19


def _number(name: str, digits: int, least: int, most: int, value: Callable[[datetime], int], letters: int = 19) -> Kind:
    """A number between bounds."""

    def form(field: Field, fixed: bool) -> str:
        return rf"\d{{{field.count}}}" if fixed else rf"\d{{1,{max(digits, field.count)}}}"

    def note(field: Field, text: str, values: dict[str, int]) -> bool:
        values[name] = int(text)
        return least <= values[name] <= most

    return Kind(form, note, lambda field, when: str(value(when)).zfill(field.count), letters)


def _year(name: str, value: Callable[[datetime], int]) -> Kind:
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

    return Kind(form, note, write)


def _fraction() -> Kind:
    def write(field: Field, when: datetime) -> str:
        return f"{when.microsecond:06}000"[: field.count]

    def form(field: Field, fixed: bool) -> str:
        return rf"\d{{{field.count}}}" if fixed else rf"\d{{1,{field.count}}}"

    return Kind(form, lambda *_: True, write, 9)


def _name(name: str, names: list[str], index: Callable[[datetime], int], *, numeric: int = 0, base: int = 1) -> Kind:
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

    return Kind(form, note, write, 5)


def _text(forms: tuple[str, ...], write: Write, note: Note = lambda *_: True) -> Kind:
    """A text in one of some forms, by the number of letters; the last form is for all higher numbers."""
    return Kind(lambda field, _: forms[min(field.count, len(forms)) - 1], note, write, 9)


def _offset(styles: tuple[tuple[str, str], ...], *, zero: Mapping[int, str]) -> Kind:
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

    return Kind(lambda field, _: style(field)[0], note, write, len(styles))


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

KINDS: Mapping[str, Kind] = {
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


def exist_together(values: Mapping[str, int]) -> bool:
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
