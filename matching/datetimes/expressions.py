"""Date expressions of generators: `tomorrow + 1 week @ noon - 10 minutes`.

A date expression is `[now|today|yesterday|tomorrow] {+|- N unit}` or `next|last unit {+|- N unit}`; a time expression
is the same over `now`, `midnight`, `noon` or `N o'clock [am|pm]`; both are joined by `@`. Months and years that lack a
day take the last one they have.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import datetime, timedelta


class ExpressionError(ValueError):
    """An expression that is not understood, or that leaves the calendar; the message says where."""


def shift_date(expression: str, base: datetime) -> datetime:
    """The day that a date expression means, seen from `base`; the time of day stays. Raises ExpressionError."""
    return _within_calendar(_Reader(expression).date, base)


def shift_time(expression: str, base: datetime) -> datetime:
    """The moment that a time expression means, seen from `base`. Raises ExpressionError."""
    return _within_calendar(_Reader(expression).time, base)


def shift_datetime(expression: str, base: datetime) -> datetime:
    """The moment that `date [@ time]` means, seen from `base`. Raises ExpressionError."""
    date, at, time = expression.partition("@")
    shifted = shift_date(date, base)
    return shift_time(time, shifted) if at else shifted


def _within_calendar(read: Callable[[datetime], datetime], base: datetime) -> datetime:
    try:
        return read(base)
    except ExpressionError:
        raise
    except (OverflowError, ValueError) as error:
        raise ExpressionError(f"leads out of the calendar: {error}") from None


_WORD = re.compile(r"\s*(\d+|[a-z']+|[+-])\s*", re.IGNORECASE)
_MAX_LENGTH = 256
_MAX_DIGITS = 9

_DAY_BASES = {"now": 0, "today": 0, "yesterday": -1, "tomorrow": 1}
_UNITS = {"day": 1, "week": 7, "fortnight": 14}
_WEEKDAYS = ("mon", "tues", "wed", "thurs", "fri", "sat", "sun")
_WEEKDAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SMALL_UNITS = {
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
    "millisecond": timedelta(milliseconds=1),
}
_WEEKDAY_BY_NAME = {name: n for names in (_WEEKDAYS, _WEEKDAY_NAMES) for n, name in enumerate(names)}
_MONTH_BY_NAME = {
    **{name: n for n, name in enumerate(_MONTHS, 1)},
    **{name.lower(): n for n, name in enumerate(calendar.month_name) if n},
}


class _Reader:
    """The words of an expression, taken one by one."""

    def __init__(self, expression: str) -> None:
        if len(expression) > _MAX_LENGTH:
            raise ExpressionError(f"is longer than {_MAX_LENGTH} characters")
        self._words: list[str] = []
        at = 0
        while at < len(expression) and expression[at:].strip():
            found = _WORD.match(expression, at)
            if found is None:
                raise ExpressionError(f"not understood from character {at + 1}: {expression[at : at + 20]!r}")
            self._words.append(found[1].lower())
            at = found.end()
        self._words.reverse()

    def _take(self, *accepted: str) -> str | None:
        """The next word if it is one of these."""
        return self._words.pop() if self._words and self._words[-1] in accepted else None

    def _number(self) -> int:
        if self._words and self._words[-1].isdecimal() and len(self._words[-1]) <= _MAX_DIGITS:
            return int(self._words.pop())
        raise ExpressionError(f"a number was expected at {self._rest()}")

    def _rest(self) -> str:
        return repr(" ".join(reversed(self._words))) if self._words else "the end"

    def _end(self) -> None:
        if self._words:
            raise ExpressionError(f"not understood: {self._rest()}")

    def date(self, base: datetime) -> datetime:
        """`[base] {op duration}` or `next|last unit {op duration}`."""
        direction = self._take("next", "last")
        if direction is not None:
            base = self._neighbour(base, 1 if direction == "next" else -1)
        elif (word := self._take(*_DAY_BASES)) is not None:
            base += timedelta(days=_DAY_BASES[word])
        while (operator := self._take("+", "-")) is not None:
            count = self._number() * (1 if operator == "+" else -1)
            unit = self._take("day", "days", "week", "weeks", "month", "months", "year", "years")
            if unit is None:
                raise ExpressionError(f"days, weeks, months or years were expected at {self._rest()}")
            base = _moved(base, count, unit.removesuffix("s"))
        self._end()
        return base

    def _neighbour(self, base: datetime, direction: int) -> datetime:
        word = self._words.pop() if self._words else ""
        if word in ("day", "week", "month", "year", "fortnight"):
            return _moved(base, direction, word)
        if word in _WEEKDAY_BY_NAME:
            away = (_WEEKDAY_BY_NAME[word] - base.weekday()) * direction % 7 or 7
            return base + timedelta(days=away * direction)
        if word in _MONTH_BY_NAME:
            month = _MONTH_BY_NAME[word]
            later = month > base.month if direction > 0 else month >= base.month
            year = base.year + (not later if direction > 0 else -int(later))
            return base.replace(year=year, month=month, day=1)
        raise ExpressionError(f"next and last need a unit, a weekday or a month, not {word!r}")

    def time(self, base: datetime) -> datetime:
        """`[base] {op duration}` or `next|last unit {op duration}`."""
        direction = self._take("next", "last")
        if direction is not None:
            base += self._small_unit() * (1 if direction == "next" else -1)
        elif (word := self._take("now", "midnight", "noon")) is not None:
            if word != "now":
                base = _at_hour(base, 0 if word == "midnight" else 12)
        elif self._words and self._words[-1].isdecimal():
            base = self._oclock(base)
        while (operator := self._take("+", "-")) is not None:
            count = self._number() * (1 if operator == "+" else -1)
            base += self._small_unit() * count
        self._end()
        return base

    def _small_unit(self) -> timedelta:
        word = self._words.pop() if self._words else ""
        unit = _SMALL_UNITS.get(word.removesuffix("s"))
        if unit is None:
            raise ExpressionError(f"hours, minutes, seconds or milliseconds were expected, not {word!r}")
        return unit

    def _oclock(self, base: datetime) -> datetime:
        hour = self._number()
        if self._take("o'clock") is None:
            raise ExpressionError(f"o'clock was expected at {self._rest()}")
        half = self._take("am", "pm")
        if not 0 <= hour <= (12 if half else 23):
            raise ExpressionError(f"there is no {hour} o'clock{f' {half}' if half else ''}")
        if half is not None:
            hour = hour % 12 + (12 if half == "pm" else 0)
        elif hour < 12 and base.hour < 12:  # the next such hour
            hour += 12
        return _at_hour(base, hour)


def _at_hour(moment: datetime, hour: int) -> datetime:
    return moment.replace(hour=hour, minute=0, second=0, microsecond=0)


def _moved(moment: datetime, count: int, unit: str) -> datetime:
    if unit in _UNITS:
        return moment + timedelta(days=count * _UNITS[unit])
    months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        raise ExpressionError(f"leads out of the calendar: year {year}")
    return moment.replace(year=year, month=month + 1, day=min(moment.day, calendar.monthrange(year, month + 1)[1]))
