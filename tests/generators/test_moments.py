"""Dates and times: the clock that is given, moved by an expression, written in a format."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.generators.answers import NOON, value_of

MORNING = datetime(2000, 1, 1, 10, 0, tzinfo=UTC)  # a Saturday
ISO = "yyyy-MM-dd'T'HH:mm:ss.SSS"


def moment(kind: str, now: datetime = NOON, **attributes: Any) -> str:
    """The value of a Date, Time or DateTime at a moment."""
    value = value_of("example", {"type": kind, **attributes}, now=now)
    assert isinstance(value, str)
    return value


def test_formats_when_none_is_given() -> None:
    """Without a format, moments are written as ISO 8601 has them."""
    assert moment("Date") == "2026-02-28"
    assert moment("Time") == "12:00:00"
    assert moment("DateTime") == "2026-02-28T12:00:00.123+0000"


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("yyyy-MM-dd", "2026-02-28"),
        ("yyyy-MM-dd'T'HH:mm:ssXXX", "2026-02-28T12:00:00Z"),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSxxx", "2026-02-28T12:00:00.123+00:00"),
        ("yyyyMMddHHmmssSSS", "20260228120000123"),
        ("d.M.yy", "28.2.26"),
        ("EEE, dd MMM yyyy HH:mm:ss 'GMT'", "Sat, 28 Feb 2026 12:00:00 GMT"),
        ("EEEE, d MMMM yyyy", "Saturday, 28 February 2026"),
        ("h 'o''clock' a", "12 o'clock PM"),
        ("H:m:s.SSSSSS", "12:0:0.123456"),
        ("yyyy-DDD", "2026-059"),
        ("QQQ yyyy G", "Q1 2026 AD"),
        ("yyyy-MM-dd[ HH:mm]", "2026-02-28 12:00"),
        ("'T'", "T"),
    ],
)
@pytest.mark.parametrize("kind", ["Date", "DateTime"])
def test_formats(kind: str, pattern: str, written: str) -> None:
    """Formats are those of Java; a date may have letters for the time of day as well."""
    assert moment(kind, format=pattern) == written


@pytest.mark.parametrize(
    ("offset", "written"),
    [
        (timedelta(0), "Z +00:00 GMT"),
        (timedelta(hours=2), "+02:00 +02:00 GMT+2"),
        (timedelta(hours=-3, minutes=-30), "-03:30 -03:30 GMT-3:30"),
        (timedelta(hours=14), "+14:00 +14:00 GMT+14"),
    ],
)
def test_offsets(offset: timedelta, written: str) -> None:
    """The clock's own offset is written, whatever it is."""
    assert moment("DateTime", datetime(2026, 2, 28, tzinfo=timezone(offset)), format="XXX xxx O") == written


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("", "2000-01-01"),
        ("now", "2000-01-01"),
        ("today", "2000-01-01"),
        ("yesterday", "1999-12-31"),
        ("tomorrow", "2000-01-02"),
        ("tomorrow + 1 week", "2000-01-09"),
        ("- 2 weeks", "1999-12-18"),
        ("+1day+1days", "2000-01-03"),
        ("+ 1 month - 1 day", "2000-01-31"),
        ("+ 4 years", "2004-01-01"),
        ("next day", "2000-01-02"),
        ("next week", "2000-01-08"),
        ("next fortnight", "2000-01-15"),
        ("next month", "2000-02-01"),
        ("next year", "2001-01-01"),
        ("last month", "1999-12-01"),
        ("next mon", "2000-01-03"),
        ("next sat", "2000-01-08"),
        ("last saturday", "1999-12-25"),
        ("last wednesday", "1999-12-29"),
        ("next tues", "2000-01-04"),
        ("next thurs", "2000-01-06"),
        ("next jan", "2001-01-01"),
        ("next june", "2000-06-01"),
        ("last december", "1999-12-01"),
        ("last jan", "1999-01-01"),
        ("last mon + 2 weeks", "2000-01-10"),
        ("last december + 2 weeks + 4 days", "1999-12-19"),
        ("  tomorrow+ 4 years ", "2004-01-02"),
    ],
)
def test_dates_that_are_moved(expression: str, expected: str) -> None:
    """Date expressions, seen from Saturday, 1 January 2000."""
    assert moment("Date", MORNING, expression=expression) == expected


@pytest.mark.parametrize(
    ("base", "expression", "expected"),
    [
        ("2026-01-31", "+ 1 month", "2026-02-28"),
        ("2024-01-31", "+ 1 month", "2024-02-29"),
        ("2026-03-31", "- 1 month", "2026-02-28"),
        ("2024-02-29", "+ 1 year", "2025-02-28"),
        ("2024-02-29", "+ 4 years", "2028-02-29"),
        ("2026-05-31", "next month", "2026-06-30"),
        ("2026-12-31", "+ 2 months", "2027-02-28"),
        ("2026-01-15", "- 13 months", "2024-12-15"),
    ],
)
def test_months_without_that_day(base: str, expression: str, expected: str) -> None:
    """A month that lacks the day takes the last one it has, forwards and backwards."""
    assert moment("Date", datetime.fromisoformat(base).replace(tzinfo=UTC), expression=expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("", "10:00:00"),
        ("now", "10:00:00"),
        ("midnight", "00:00:00"),
        ("noon", "12:00:00"),
        ("1 o'clock", "13:00:00"),
        ("9 o'clock am", "09:00:00"),
        ("9 o'clock pm", "21:00:00"),
        ("12 o'clock am", "00:00:00"),
        ("12 o'clock pm", "12:00:00"),
        ("+ 1 hour", "11:00:00"),
        ("- 90 minutes", "08:30:00"),
        ("noon - 1 second", "11:59:59"),
        ("+ 1 hour - 1 minute + 30 seconds", "10:59:30"),
        ("next hour", "11:00:00"),
        ("last minute", "09:59:00"),
        ("midnight - 1 hour", "23:00:00"),
    ],
)
def test_times_that_are_moved(expression: str, expected: str) -> None:
    """Time expressions, seen from ten in the morning."""
    assert moment("Time", MORNING, expression=expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("today @ 1 o'clock", "2000-01-01T13:00:00.000"),
        ("yesterday @ midnight - 1 hour", "1999-12-30T23:00:00.000"),
        ("+ 1 week @ +1 hour", "2000-01-08T11:00:00.000"),
        ("tomorrow+ 4 years @ 3 o'clock + 40 milliseconds", "2004-01-02T15:00:00.040"),
        ("@ noon", "2000-01-01T12:00:00.000"),
        ("tomorrow", "2000-01-02T10:00:00.000"),
        ("tomorrow @", "2000-01-02T10:00:00.000"),
    ],
)
def test_moments_that_are_moved(expression: str, expected: str) -> None:
    """Date and time expressions together, parted by an @."""
    assert moment("DateTime", MORNING, format=ISO, expression=expression) == expected


@pytest.mark.parametrize(
    ("now", "expression"),
    [
        (datetime(9999, 12, 31, tzinfo=UTC), "tomorrow"),
        (datetime(1, 1, 1, tzinfo=UTC), "last month"),
        (datetime(2026, 1, 1, tzinfo=UTC), "+ 100000 years"),
        (datetime(2026, 1, 1, tzinfo=UTC), "+ 999999999 days"),
        (datetime(2026, 1, 1, tzinfo=UTC), "- 999999999 weeks"),
    ],
)
def test_moments_outside_of_the_calendar(now: datetime, expression: str) -> None:
    """An expression that leads out of the calendar gives the recorded example."""
    assert moment("Date", now, expression=expression) == "example"


def test_the_calendar_has_edges() -> None:
    """The first and the last moment of the calendar are written like any other."""
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert moment("DateTime", first, format=ISO) == "0001-01-01T00:00:00.000"
    assert moment("DateTime", last, format=ISO) == "9999-12-31T23:59:59.000"
