"""Dates and times: patterns of Java's DateTimeFormatter, what they take, what they write, and date expressions."""

from __future__ import annotations

import calendar
import contextlib
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching import load_pact
from matching.datetimes import (
    DatePatternError,
    ExpressionError,
    compile_date_pattern,
    shift_date,
    shift_datetime,
    shift_time,
)
from matching.datetimes.patterns import MAX_LENGTH
from matching.formats import DateFormat
from tests.matching.pacts import document, first_mismatch, get, only_request, post, rule_lists, with_body

LAW = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))

# What each letter takes: a pattern, texts in it, texts not in it.

LETTERS: list[tuple[str, str, str]] = [
    ("yyyy", "2024 24 4 0000 1900", "-2024 +2024 12345 abc 20x4 ２０２４"),
    ("yy", "24 4 00 99", "2024 -4 x"),
    ("y", "4 24 2024", "-4 x"),
    ("uuuu", "2024 24", "-2024 12345"),
    ("YYYY", "2024 24", "-2024 12345"),
    ("M", "1 01 12", "0 00 13 001 Jan"),
    ("MM", "1 01 12", "0 00 13 001 Jan"),
    ("MMM", "Jan JAN jan Sep May", "1 01 January Sept J"),
    ("MMMM", "January JANUARY may", "1 Jan Sept J"),
    ("LL", "1 12", "0 13"),
    ("d", "1 01 31", "0 00 32 001 -1 1st"),
    ("dd", "1 01 31", "0 32"),
    ("D", "1 45 365 366", "0 367"),
    ("DDD", "001 45 366", "000 367 0001"),
    ("E", "Mon MON mon", "Monday Mo M 1 Mon. Montag"),
    ("EEEE", "Monday SUNDAY", "Mon M 1"),
    ("e", "1 7", "0 8 Mon"),
    ("eee", "Mon", "1 Monday"),
    ("c", "1 7", "0 8"),
    ("w", "1 01 53", "0 54"),
    ("W", "1 5", "7"),
    ("F", "1 5", "6"),
    ("Q", "1 4", "0 5 Q1"),
    ("QQQ", "Q1 q4", "Q0 Q5 1"),
    ("q", "1 4", "0 5"),
    ("a", "AM PM am Pm", "A a.m. AMPM 1"),
    ("G", "AD BC ad", "CE A 1"),
    ("H", "0 00 5 05 23", "24 -1 000"),
    ("HH", "0 00 5 05 23", "24 -1 000"),
    ("k", "1 01 24", "0 25"),
    ("K", "0 00 11", "12"),
    ("h", "1 01 12", "0 13"),
    ("m", "0 00 59", "60"),
    ("s", "0 00 59 60", "61"),
    ("S", "1 0", "12 x"),
    ("SSS", "1 12 123 000", "1234 -1"),
    ("SSSSSSSSS", "1 123456789", "1234567890"),
    ("n", "0 999999999", "1000000000 -1"),
    ("A", "0 86399999", "86400000 -1"),
    ("N", "0 86399999999999", "86400000000000 -1"),
    ("X", "Z +01 -11 +12 +14 +0530 +00", "+19 +01:00 01 UTC ±01"),
    ("XX", "Z +0100 +1400 -0330", "+01 +01:00 +1900 +0160"),
    ("XXX", "Z +01:00 +10:00 +11:59 +12:00 +14:00 -03:30 +00:00", "+01 +0100 +19:00 +01:60 UTC"),
    ("XXXX", "Z +0100 +010000", "+01 +01:00"),
    ("XXXXX", "Z +01:00 +01:30:15", "+01 +0100"),
    ("x", "+01 +0530 +00", "Z +01:00"),
    ("xx", "+0100", "Z +01 +01:00"),
    ("xxx", "+01:00", "Z +01 +0100"),
    ("Z", "+0100 -0330", "Z +01 +01:00"),
    ("ZZZZ", "GMT GMT+01:00", "+0100 Z"),
    ("ZZZZZ", "+01:00", "+01 +0100"),
    ("O", "GMT GMT+1 GMT+01 GMT-3 GMT+1:30", "+1 Z"),
    ("OOOO", "GMT GMT+01:00", "GMT+1 +01:00"),
    ("z", "CET CEST EST GMT UTC", "1"),
    ("VV", "Europe/Berlin UTC Etc/GMT+1 America/New_York America/Argentina/Buenos_Aires", "1 /Berlin"),
]


@pytest.mark.parametrize(("source", "taken", "refused"), LETTERS, ids=[letters for letters, _, _ in LETTERS])
def test_letter(source: str, taken: str, refused: str) -> None:
    """A letter takes the values of its field, whole and in range, and nothing else; never an empty text."""
    pattern = compile_date_pattern(source)
    texts = [*taken.split(), *refused.split(), ""]
    assert [text for text in texts if pattern.matches(text)] == taken.split()


PATTERNS = [
    (
        "yyyy-MM-dd",
        ["2024-01-31", "2024-1-3", "24-01-01"],
        [
            "2024-04-31",
            "2024-13-01",
            "2024-00-01",
            "2024/01/01",
            " 2024-01-01",
            "2024-01-01 ",
            "2024-01-01\n",
            "20240101",
        ],
    ),
    ("MM/dd/yyyy", ["01/31/2024", "1/3/2024"], ["31/01/2024"]),
    ("EEE, d MMM yyyy HH:mm:ss Z", ["Wed, 31 Jan 2024 10:00:00 +0000"], ["Wed, 31 Jan 2024 10:00:00 GMT"]),
    (
        "EEE, dd MMM yyyy HH:mm:ss z",
        ["Wed, 31 Jan 2024 10:00:00 GMT", "wed, 31 jan 2024 10:00:00 CET"],
        ["31 Jan 2024"],
    ),
    ("hh:mm a", ["01:30 PM", "12:00 am"], ["13:30 PM", "01:30"]),
    ("HH:mm:ss.SSS", ["10:00:00.1", "10:00:00.123"], ["10:00:00", "10:00:00.1234", "10:00:00,123"]),
    ("yyyy-'W'ww", ["2024-W05"], ["2024-05", "2024-W54"]),
    # Quotes.
    ("'on' yyyy", ["on 2024"], ["2024", "at 2024"]),
    ("''", ["'"], ["", "''"]),
    ("''''", ["'"], ["''"]),
    ("'a''b'", ["a'b"], ["ab"]),
    ("yyyy''MM", ["2024'01"], ["202401"]),
    ("'yyyy'", ["yyyy"], ["2024"]),
    ("'.*'yyyy(MM)", [".*2024(01)"], ["xx2024(01)", ".*202401"]),
    # A T between date and time needs no quotes.
    ("yyyy-MM-ddTHH:mm:ss", ["2024-01-31T10:00:00"], ["2024-01-31 10:00:00"]),
    ("yyyy-MM-dd'T'HH:mm:ss", ["2024-01-31T10:00:00"], ["2024-01-31 10:00:00"]),
    # Optional parts.
    ("HH:mm[:ss]", ["10:00", "10:00:59"], ["10:00:", "10:00:60:", "10:00:61"]),
    ("yyyy[-MM[-dd]]", ["2024", "2024-01", "2024-01-31"], ["2024-", "2024-01-", "2024--31"]),
    ("HH:mm:ss[.SSS][X]", ["10:00:00", "10:00:00.1", "10:00:00Z", "10:00:00.123+01"], ["10:00:00.", "10:00:00Z.1"]),
    ("[yyyy]", ["2024", ""], ["x"]),
    ("[]yyyy", ["2024"], ["[]2024"]),
    # Numbers side by side.
    ("yyyyMMdd", ["20240131", "20241231"], ["2024131", "20241301", "20240132", "2024-01-31"]),
    ("HHmmss", ["100000", "235959"], ["246000", "99"]),
    ("Hmm", ["905", "1305"], ["2405", "05", "5"]),
    ("yyyyMMdd'T'HHmmssX", ["20240131T100000Z"], ["20240131T100000", "20240131100000Z"]),
    ("dMMM", ["1Jan", "31Dec"], ["32Jan"]),
    # Days that exist.
    ("yyyy-MM-dd", ["2024-02-29", "2000-02-29"], ["2023-02-29", "1900-02-29", "2024-02-30", "2024-06-31"]),
    ("dd.MM.yyyy", ["29.02.2024"], ["29.02.2023"]),
    ("d MMMM yyyy", ["29 February 2024"], ["29 February 2023"]),
    ("yy-MM-dd", ["24-02-29"], ["23-02-29"]),
    ("MM-dd", ["02-29", "01-31"], ["02-30", "04-31"]),
    ("dd", ["31"], ["32"]),
    ("yyyy-DDD", ["2024-366", "2023-365"], ["2023-366"]),
    # Hours that agree.
    ("HH:mm a", ["13:00 PM", "12:00 PM", "11:59 AM"], ["13:00 AM", "12:00 AM", "01:00 PM"]),
    # Other writers' habits.
    ("YYYY-MM-DD", ["2024-12-31"], ["2024-13-31"]),
]


@pytest.mark.parametrize(
    ("source", "taken", "refused"), PATTERNS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_pattern(source: str, taken: list[str], refused: list[str]) -> None:
    """A pattern takes a text when every field of it does, and when they are those of one day and time."""
    pattern = compile_date_pattern(source)
    assert [text for text in [*taken, *refused] if pattern.matches(text)] == taken


REFUSED = [
    ("yyyy-MM-dd b", "letter b"),
    ("yyyy'", "quote"),
    ("'", "quote"),
    ("yyyy[", "does not close"),
    ("yyyy]", "does not open"),
    ("[" * 9 + "]" * 9, "too deeply"),
    ("d" * 20, "at most"),
    ("XXXXXX", "at most 5"),
    ("y" * (MAX_LENGTH + 1), "longer than"),
    ("t", "letter t"),
    ("R", "letter R"),
]


@pytest.mark.parametrize(("source", "reason"), REFUSED)
def test_what_is_no_pattern(source: str, reason: str) -> None:
    """A text that is no pattern is refused with the reason."""
    with pytest.raises(DatePatternError, match=reason):
        compile_date_pattern(source)


def test_every_other_letter_is_refused() -> None:
    """A letter that names no field has to be quoted."""
    for letter in "bBCgIJijlfoPprRtUv":
        with pytest.raises(DatePatternError, match=f"letter {letter}"):
            compile_date_pattern(letter)
        assert compile_date_pattern(f"'{letter}'").matches(letter)


@pytest.mark.parametrize("literal", [*'!"#$%&()*+,-./:;<=>?@\\^_`|~0123456789 {}', "é", "年", "\t"])
def test_other_characters_stand_for_themselves(literal: str) -> None:
    """So does everything that is no letter, quote or bracket."""
    pattern = compile_date_pattern(f"yyyy{literal}'x'MMM")
    assert pattern.matches(f"2024{literal}xJan")
    assert not pattern.matches("2024;;xJan")


# Rules

DEFAULTS: list[tuple[str, list[str], list[str]]] = [
    ("date", ["2024-01-31", "2024-1-3"], ["2024-01-32", "2024-01-31T10:00:00", "20240131", "10:00:00"]),
    (
        "time",
        ["10:00:00", "10:00", "10:00:00.123", "10:00:00.123456789", "10:00:00Z", "10:00:00+01:00"],
        ["24:00:00", "10", "10:00:00.", "10:00:00.1234567890", "2024-01-31", "10:00.5"],
    ),
    (
        "datetime",
        [
            "2024-01-31T10:00:00Z",
            "2024-01-31T10:00:00+10:00",
            "2024-01-31T10:00:00-11:30",
            "2024-01-31T10:00:00+14:00",
            "2024-01-31T10:00:00+0100",
            "2024-01-31T10:00:00+01",
            "2024-01-31T10:00:00",
            "2024-01-31T10:00",
            "2024-01-31T10:00:00.1Z",
            "2024-01-31T10:00:00.123456+02:00",
            "2024-01-31T10:00:00.123",
        ],
        [
            "2024-01-31",
            "2024-01-31 10:00:00",
            "2024-01-31T24:00:00Z",
            "2023-02-29T10:00:00Z",
            "2024-01-31T10:00:00ZZ",
            "2024-01-31T10:00:00+01:00+0100",
            "2024-01-31T10:00:00.Z",
            "Wed, 31 Jan 2024 10:00:00 GMT",
        ],
    ),
]


@pytest.mark.parametrize(("name", "taken", "refused"), DEFAULTS, ids=[name for name, _, _ in DEFAULTS])
@pytest.mark.parametrize("format_", [{}, {"format": ""}, {"format": None}], ids=["none", "empty", "null"])
def test_a_rule_without_a_format(name: str, taken: list[str], refused: list[str], format_: dict[str, Any]) -> None:
    """It takes ISO 8601, with or without a fraction of a second and one offset."""
    rule = {"match": name, **format_}
    interaction = with_body({"a": taken[0]}, {"$.a": rule})
    for text in taken:
        assert first_mismatch(interaction, post(f'{{"a":"{text}"}}')) is None, text
    for text in refused:
        assert first_mismatch(interaction, post(f'{{"a":"{text}"}}')) == ("body", "$.a", name), text


@pytest.mark.parametrize(
    "rule",
    [
        {"match": "date", "format": "HH:mm"},
        {"match": "date", "date": "HH:mm"},
        {"match": "time", "time": "HH:mm"},
        {"match": "timestamp", "timestamp": "HH:mm"},
        {"match": "timestamp", "format": "HH:mm"},
        {"match": "datetime", "datetime": "HH:mm"},
        {"match": "datetime", "timestamp": "HH:mm"},
        {"match": "date", "format": "HH:mm", "date": "yyyy"},
        {"date": "HH:mm"},
        {"time": "HH:mm"},
        {"timestamp": "HH:mm"},
    ],
    ids=str,
)
def test_where_the_format_stands(rule: dict[str, Any]) -> None:
    """The format is the attribute `format`, else the one named like the rule; any letter goes under any of them."""
    interaction = with_body({"a": "10:00"}, {"$.a": rule})
    assert first_mismatch(interaction, post('{"a":"23:59"}')) is None
    mismatch = first_mismatch(interaction, post('{"a":"24:00"}'))
    assert mismatch is not None
    assert mismatch[:2] == ("body", "$.a")
    assert mismatch[2].endswith(" HH:mm")


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ('"2024"', True),
        ("2024", True),
        ("2024.5", False),
        ("true", False),
        ("null", False),
        ("[]", False),
        ('["2024"]', False),
        ("{}", False),
        ('""', False),
        ('" 2024"', False),
        ('"2024\\n"', False),
    ],
)
def test_kinds_of_values(value: str, verdict: bool) -> None:
    """A date is a text, or a number whose text it is."""
    interaction = with_body({"a": "2000"}, {"$.a": {"match": "date", "format": "yyyy"}})
    expected = None if verdict else ("body", "$.a", "date yyyy")
    assert first_mismatch(interaction, post(f'{{"a":{value}}}')) == expected


def test_a_list_of_dates() -> None:
    """A list hands the rule to its items."""
    interaction = with_body(["10:00"], {"$": {"match": "time", "format": "HH:mm"}})
    assert first_mismatch(interaction, post("[]")) is None
    assert first_mismatch(interaction, post('["11:00","12:00"]')) is None
    assert first_mismatch(interaction, post('["11:00","x"]')) == ("body", "$[1]", "time HH:mm")
    assert first_mismatch(interaction, post('"11:00"')) == ("body", "$", "type")


DATE = {"match": "date", "format": "yyyy-MM-dd"}


@pytest.mark.parametrize(
    ("recorded", "matching", "other", "mismatch"),
    [
        (
            {"query": {"on": ["2000-01-31"]}, "matchingRules": {"query": rule_lists({"on": DATE})}},
            get("/?on=2024-02-29"),
            get("/?on=2024-02-30"),
            ("query", "on", "date yyyy-MM-dd"),
        ),
        (
            {"headers": {"X-On": "2000-01-31"}, "matchingRules": {"header": rule_lists({"X-On": DATE})}},
            get("/", ("X-On", "2024-02-29")),
            get("/", ("X-On", "2023-02-29")),
            ("header", "X-On", "date yyyy-MM-dd"),
        ),
        (
            {
                "path": "/d/2000-01-31",
                "matchingRules": {"path": {"matchers": [{"match": "date", "format": "'/d/'yyyy-MM-dd"}]}},
            },
            get("/d/2024-02-29"),
            get("/d/2024-02-30"),
            ("path", "", "date '/d/'yyyy-MM-dd"),
        ),
    ],
    ids=["query", "header", "path"],
)
def test_other_parts(recorded: dict[str, Any], matching: Any, other: Any, mismatch: tuple[str, str, str]) -> None:
    """Dates are found in parameters, headers and paths as in bodies."""
    interaction = only_request(recorded)
    assert first_mismatch(interaction, matching) is None
    assert first_mismatch(interaction, other) == mismatch


@pytest.mark.parametrize("source", ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])
def test_a_format_of_another_language(source: str) -> None:
    """A format of strftime, whose letters say something else in Java, is refused with the cure."""
    rules = {"body": rule_lists({"$.a": {"match": "date", "format": source}})}
    entry = {"request": {"method": "POST", "body": {"a": "2024-01-31"}, "matchingRules": rules}}
    pact = load_pact(document(entry))
    assert pact.interactions == ()
    (problem,) = pact.problems
    assert "yyyy-MM-dd" in problem.message
    assert problem.pointer == "/interactions/0/request/matchingRules/body/$.a"


# Writing

SOME_TIME = datetime(2024, 2, 29, 13, 5, 9, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
WRITTEN = [
    ("yyyy-MM-dd'T'HH:mm:ssXXX", "2024-02-29T13:05:09+05:30"),
    ("yyyy-MM-dd'T'HH:mm:ss.SSSZ", "2024-02-29T13:05:09.123+0530"),
    ("yy-M-d", "24-2-29"),
    ("EEE, d MMM yyyy", "Thu, 29 Feb 2024"),
    ("EEEE MMMM", "Thursday February"),
    ("hh:mm a", "01:05 PM"),
    ("K k h H", "1 13 1 13"),
    ("D DDD", "60 060"),
    ("Q QQQ QQQQ", "1 Q1 1st quarter"),
    ("S SSSSSS SSSSSSSSS", "1 123456 123456000"),
    ("X XX XXX x xx xxx", "+0530 +0530 +05:30 +0530 +0530 +05:30"),
    ("O OOOO ZZZZ", "GMT+5:30 GMT+05:30 GMT+05:30"),
    ("YYYY-'W'ww", "2024-W09"),
    ("n A N", "123456000 47109123 47109123456000"),
    ("W F e", "5 5 4"),
    ("MMMMM EEEEE", "F T"),
    ("G GGGGG", "AD A"),
    ("OOO ZZZZZ", "GMT+5:30 +05:30"),
    ("G GGGG", "AD Anno Domini"),
    ("yyyy[-MM]", "2024-02"),
    ("'on' yyyy''", "on 2024'"),
]


@pytest.mark.parametrize(("source", "text"), WRITTEN, ids=[source for source, _ in WRITTEN])
def test_writing(source: str, text: str) -> None:
    """A date is written with the width of its letters, optional parts included."""
    assert compile_date_pattern(source).write(SOME_TIME) == text


@pytest.mark.parametrize(
    ("hour", "text"),
    [
        (0, "AM 12 0 24"),
        (1, "AM 1 1 1"),
        (11, "AM 11 11 11"),
        (12, "PM 12 0 12"),
        (13, "PM 1 1 13"),
        (23, "PM 11 11 23"),
    ],
)
def test_hours_of_the_day(hour: int, text: str) -> None:
    """Noon is 12 PM, midnight 12 AM; `h` counts to 12, `K` to 11, `k` to 24."""
    pattern = compile_date_pattern("a h K k")
    assert pattern.write(SOME_TIME.replace(hour=hour)) == text
    assert pattern.matches(text)


@pytest.mark.parametrize("month", range(1, 13))
def test_the_last_day_of_each_month(month: int) -> None:
    """Each month has its days, and not one more."""
    pattern = compile_date_pattern("yyyy-MM-dd")
    for year in (2023, 2024):
        last = calendar.monthrange(year, month)[1]
        assert pattern.matches(f"{year}-{month}-{last}")
        assert not pattern.matches(f"{year}-{month}-{last + 1}")


@pytest.mark.parametrize(("day", "week"), [(1, 1), (5, 1), (6, 2), (12, 2), (13, 3), (31, 5)])
def test_weeks_of_a_month(day: int, week: int) -> None:
    """The weeks of a month begin on Monday, that of its first day being the first."""
    moment = datetime(2024, 5, day, tzinfo=UTC)  # the first of May 2024 was a Wednesday
    assert compile_date_pattern("W").write(moment) == str(week)


@pytest.mark.parametrize(
    ("source", "text"), [("X", "Z"), ("XXX", "Z"), ("x", "+00"), ("xxx", "+00:00"), ("Z", "+0000"), ("O", "GMT")]
)
def test_the_offset_zero(source: str, text: str) -> None:
    """UTC is written as its letter says."""
    assert compile_date_pattern(source).write(datetime(2024, 1, 1, tzinfo=UTC)) == text


ZONES = st.integers(-18 * 60, 18 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31), timezones=ZONES)
COMMON = st.sampled_from(
    [
        *(source for source, _ in WRITTEN),
        "yyyy-MM-dd",
        "HH:mm:ss",
        "yyyyMMdd",
        "yyyyMMddHHmmss",
        "yyyy-MM-dd HH:mm:ss a",
        "dd/MM/yy",
        "yyyy-DDD",
        "d MMM y",
        "EEE MMM dd HH:mm:ss yyyy",
        "yyyy-MM-dd'T'HH:mm[:ss[.SSS]][XXX]",
        "H:m:s",
        "Hmm",
        "dMMyyyy",
        "yyyyDDD",
        "uuuu'W'wwe",
        "W F e c",
        "n A N",
        "MMMMM EEEEE GGGGG",
        "aa hh",
        "z",
        "VV",
    ]
)
ANY_LETTERS = st.lists(
    st.sampled_from([letter * count for letter in "GyuYMLdDEecwWFQqaHkKhmsSAnNXxZOzV" for count in (1, 2, 3, 4, 5)]),
    max_size=6,
).map(" ".join)


@LAW
@given(COMMON | ANY_LETTERS, MOMENTS)
def test_a_written_date_matches_its_own_pattern(source: str, moment: datetime) -> None:
    """What a pattern writes, it takes."""
    try:
        pattern = compile_date_pattern(source)
    except DatePatternError:  # too many of some letter
        return
    assert pattern.matches(pattern.write(moment)), pattern.write(moment)


def test_a_number_that_outgrows_its_letters_beside_another() -> None:
    """Of numbers side by side only the first may be wider than its letters: that is the one exception."""
    pattern = compile_date_pattern("Mdyyyy")
    assert pattern.matches(pattern.write(datetime(2024, 12, 1, tzinfo=UTC)))
    assert not pattern.matches(pattern.write(datetime(2024, 12, 10, tzinfo=UTC)))


@pytest.mark.parametrize("name", ["+0545", "+03", "-03", "LMT", "IST"])
def test_a_zone_without_a_name(name: str) -> None:
    """Zones that have no abbreviation go by their offset, and their dates match."""
    zone = timezone(timedelta(hours=5, minutes=45), name)
    pattern = compile_date_pattern("HH:mm z")
    assert pattern.write(SOME_TIME.astimezone(zone)) == f"13:20 {name}"
    assert pattern.matches(f"13:20 {name}")


# Any pattern, any text

BOUND = 1.0  # seconds of computing


def computing(pattern_source: str, text: str) -> float:
    """How long a text takes; a verdict must come."""
    pattern = compile_date_pattern(pattern_source)
    began = time.thread_time()
    assert pattern.matches(text) in (True, False)
    return time.thread_time() - began


SOURCES = st.text(max_size=20) | st.lists(
    st.sampled_from([*"GyuYMLdDEecwWFQqaHkKhmsSAnNXxZOzVT[]' -:.b", "yyyy", "SSS", "''", "'a'", "[y]"]), max_size=30
).map("".join)
TEXTS = st.text(max_size=30) | st.text("0123456789-+:.TZaM/ ", max_size=60) | st.sampled_from(["1" * 999, "a/" * 400])


@LAW
@given(SOURCES, TEXTS)
def test_any_text_is_a_pattern_or_refused(source: str, text: str) -> None:
    """Reading a pattern raises nothing but DatePatternError, and whatever it takes it decides soon."""
    with contextlib.suppress(DatePatternError):
        assert computing(source, text) < BOUND


@LAW
@given(
    st.sampled_from(["date", "time", "datetime"]), st.none() | SOURCES, TEXTS | st.integers() | st.floats() | st.none()
)
def test_a_rule_explains_what_it_refuses(name: str, source: str | None, value: Any) -> None:
    """A date rule matches exactly when it has nothing to explain."""
    try:
        rule = DateFormat(name, source)
    except DatePatternError:
        return
    assert rule.matches(value) == (rule.explain(value) is None)


def test_what_is_told_of_a_text_that_is_no_date() -> None:
    """The sentence shows the text, the rule and the format."""
    assert DateFormat("date", "yyyy").explain("x") == 'Expected "x" to be a date in the format yyyy'
    assert DateFormat("time", None).explain("x") == 'Expected "x" to be a time in ISO 8601'


HOSTILE = [
    ("[y]" * 80 + "'x'", "1" * 1000 + "!"),
    ("[y][M][d]" * 25, "1" * 1000 + "!"),
    ("[[[[[[[[y]]]]]]]]" * 15, "1" * 1000 + "!"),
    ("zV" * 100, "a" * 1000 + "!"),
    ("V'a'" * 60, "a" * 1000 + "!"),
    ("[z][V]" * 40 + "'!'", "a/b" * 300),
    ("[n][N][A]" * 25 + "x", "9" * 1000),
    ("[MMMM]" * 40, "May" * 300 + "!"),
    ("['a']['aa']" * 20, "a" * 1000 + "!"),
    ("yyyy", "1" * 1_000_000),
    ("z", "a" * 1_000_000),
    ("yyyy-MM-dd", "2024-01-31" * 100_000),
]


@pytest.mark.parametrize(("source", "text"), HOSTILE, ids=[source[:16] for source, _ in HOSTILE])
def test_hostile_patterns_and_texts(source: str, text: str) -> None:
    """No pattern, however many optional parts it has, takes long on any text."""
    assert computing(source, text) < BOUND


def test_a_megabyte_is_no_date() -> None:
    """A text of a megabyte in place of a date is told apart from one at once, in every part."""
    interaction = with_body({"a": "2000-01-31T10:00:00Z"}, {"$.a": {"match": "datetime"}})
    text = "2024-01-31T10:00:00." + "1" * 1_000_000 + "Z"
    began = time.thread_time()
    assert first_mismatch(interaction, post(f'{{"a":"{text}"}}')) == ("body", "$.a", "datetime")
    assert time.thread_time() - began < BOUND


# Expressions

BASE = datetime(2000, 1, 1, 10, 0, tzinfo=UTC)  # a Saturday

EXPRESSIONS = [
    ("", "2000-01-01 10:00:00"),
    ("now", "2000-01-01 10:00:00"),
    ("today", "2000-01-01 10:00:00"),
    ("yesterday", "1999-12-31 10:00:00"),
    ("tomorrow", "2000-01-02 10:00:00"),
    ("TOMORROW", "2000-01-02 10:00:00"),
    ("- 2 weeks", "1999-12-18 10:00:00"),
    ("+ 1 day", "2000-01-02 10:00:00"),
    ("+1day-1week", "1999-12-26 10:00:00"),
    ("tomorrow+ 4 years", "2004-01-02 10:00:00"),
    ("+ 1 month - 1 day", "2000-01-31 10:00:00"),
    ("next day", "2000-01-02 10:00:00"),
    ("next week", "2000-01-08 10:00:00"),
    ("next fortnight", "2000-01-15 10:00:00"),
    ("last month", "1999-12-01 10:00:00"),
    ("next year", "2001-01-01 10:00:00"),
    ("next mon", "2000-01-03 10:00:00"),
    ("next saturday", "2000-01-08 10:00:00"),
    ("last saturday", "1999-12-25 10:00:00"),
    ("last wednesday", "1999-12-29 10:00:00"),
    ("next tues", "2000-01-04 10:00:00"),
    ("next thurs", "2000-01-06 10:00:00"),
    ("next jan", "2001-01-01 10:00:00"),
    ("next june", "2000-06-01 10:00:00"),
    ("last december", "1999-12-01 10:00:00"),
    ("last mon + 2 weeks", "2000-01-10 10:00:00"),
    ("last december + 2 weeks + 4 days", "1999-12-19 10:00:00"),
    ("today @ 1 o'clock", "2000-01-01 13:00:00"),
    ("today @ 11 o'clock am", "2000-01-01 11:00:00"),
    ("today @ 12 o'clock am", "2000-01-01 00:00:00"),
    ("today @ 12 o'clock pm", "2000-01-01 12:00:00"),
    ("today @ 23 o'clock", "2000-01-01 23:00:00"),
    ("today @ midnight", "2000-01-01 00:00:00"),
    ("@ noon + 90 seconds", "2000-01-01 12:01:30"),
    ("@ now", "2000-01-01 10:00:00"),
    ("@ next hour", "2000-01-01 11:00:00"),
    ("@ last minute", "2000-01-01 09:59:00"),
    ("yesterday @ midnight - 1 hour", "1999-12-30 23:00:00"),
    ("+ 1 week @ +1 hour", "2000-01-08 11:00:00"),
    ("tomorrow+ 4 years @ 3 o'clock + 40 milliseconds", "2004-01-02 15:00:00.040000"),
]


@pytest.mark.parametrize(("expression", "moment"), EXPRESSIONS, ids=[expression for expression, _ in EXPRESSIONS])
def test_expression(expression: str, moment: str) -> None:
    """A date expression, a time expression, or both joined by @, seen from 1 January 2000, ten o'clock."""
    assert str(shift_datetime(expression, BASE).replace(tzinfo=None)) == moment


@pytest.mark.parametrize(
    ("expression", "base", "moment"),
    [
        ("0 o'clock am", "10:00", "00:00"),
        ("1 o'clock", "11:59", "13:00"),
        ("1 o'clock", "12:00", "01:00"),
        ("11 o'clock", "10:00", "23:00"),
        ("12 o'clock", "10:00", "12:00"),
        ("12 o'clock", "13:00", "12:00"),
        ("13 o'clock", "10:00", "13:00"),
    ],
)
def test_hours_without_a_half(expression: str, base: str, moment: str) -> None:
    """In the morning an hour up to eleven means the afternoon, from noon on the hour itself."""
    day = "2000-01-01T"
    assert shift_time(expression, datetime.fromisoformat(day + base)) == datetime.fromisoformat(day + moment)


@pytest.mark.parametrize(
    ("expression", "year"),
    [("+ 7999 years", 9999), ("- 1999 years", 1), ("+ 8000 years", None), ("- 2000 years", None)],
)
def test_the_ends_of_the_calendar(expression: str, year: int | None) -> None:
    """The calendar has the years 1 to 9999."""
    if year is None:
        with pytest.raises(ExpressionError, match="calendar"):
            shift_date(expression, BASE)
    else:
        assert shift_date(expression, BASE).year == year


@pytest.mark.parametrize(
    ("expression", "base", "day"),
    [
        ("+ 1 month", "2000-01-31", "2000-02-29"),
        ("+ 1 month", "2001-01-31", "2001-02-28"),
        ("- 1 month", "2000-03-31", "2000-02-29"),
        ("+ 3 months", "2000-01-31", "2000-04-30"),
        ("+ 1 year", "2000-02-29", "2001-02-28"),
        ("+ 4 years", "2000-02-29", "2004-02-29"),
        ("next month", "2000-12-31", "2001-01-31"),
        ("- 13 months", "2000-01-15", "1998-12-15"),
    ],
)
def test_months_that_lack_a_day(expression: str, base: str, day: str) -> None:
    """Where a month lacks the day, its last one is meant."""
    assert shift_date(expression, datetime.fromisoformat(base)).date().isoformat() == day


def test_dates_keep_their_time_and_times_their_zone() -> None:
    """A date expression leaves the time of day, any expression the zone."""
    assert shift_date("+ 1 week", SOME_TIME).timetz() == SOME_TIME.timetz()
    assert shift_time("midnight", SOME_TIME).tzinfo is SOME_TIME.tzinfo
    assert shift_time("+ 11 hours", SOME_TIME).day == 1  # over midnight into the next day


NO_EXPRESSIONS = [
    "soon",
    "next",
    "next tue",
    "last thu",
    "+",
    "+ 1",
    "+ day",
    "1 day",
    "+ 1 hour",
    "today tomorrow",
    "today + 1 day 2",
    "+ 9999999999 days",
    "+ 99999 years",
    "- 3000 years",
    "+ 999999999 days",
    "today @ 24 o'clock",
    "today @ 13 o'clock pm",
    "today @ 1 day",
    "today @ 5",
    "today @ noon @ noon",
    "today @ next day",
    "today; drop",
    "é",
    "+ -1 day",
    "x" * 257,
]


@pytest.mark.parametrize("expression", NO_EXPRESSIONS, ids=lambda expression: expression[:30])
def test_what_is_no_expression(expression: str) -> None:
    """What is not understood, or leads out of the calendar, is refused with a reason."""
    with pytest.raises(ExpressionError) as refusal:
        shift_datetime(expression, BASE)
    assert str(refusal.value)


VOCABULARY = """
    now today yesterday tomorrow + - 0 1 12 999999999 99999999999 next last day days week month months years fortnight
    mon tues monday sunday jan june december midnight noon o'clock am pm hour hours minutes second millisecond @ ' ٣ ²
    """
WORDS = st.sampled_from(VOCABULARY.split())


@LAW
@given(st.lists(WORDS | st.text(max_size=2), max_size=9).map(" ".join) | st.text(max_size=300), st.datetimes())
def test_any_text_is_an_expression_or_refused(expression: str, base: datetime) -> None:
    """Shifting a date by any text gives a date or raises ExpressionError, nothing else."""
    for shift in (shift_date, shift_time, shift_datetime):
        with contextlib.suppress(ExpressionError):
            assert isinstance(shift(expression, base), datetime)
