"""The ticker: what changes once a second is made once a second."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from stubserver.web.ticker import Ticker

STAMP = re.compile(rb'\[(\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} ([+-])(\d{2})(\d{2}))\] "')


def date_of(ticker: Ticker) -> datetime:
    """The date that answers get."""
    name, _, value = ticker.date_line.decode("ascii").partition(": ")
    assert name == "Date"
    assert value.endswith(" GMT\r\n")
    return parsedate_to_datetime(value.rstrip())


def stamp_of(ticker: Ticker) -> datetime:
    """The moment that lines of the access log get."""
    stamp = STAMP.fullmatch(ticker.log_stamp)
    assert stamp is not None
    return datetime.strptime(stamp[1].decode(), "%d/%b/%Y:%H:%M:%S %z")


def this_second() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(params=["UTC0", "IST-5:30", "NST3:30NDT", "PST8"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A time zone that the machine is in."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def test_the_moment(zone: str) -> None:
    """The date is that of the moment, in GMT; the stamp of the log is the same in local time, and says which."""
    before = this_second()
    ticker = Ticker()
    assert before <= date_of(ticker) <= this_second()
    assert abs(stamp_of(ticker) - date_of(ticker)) < timedelta(seconds=1)
    assert stamp_of(ticker).utcoffset() == datetime.now().astimezone().utcoffset()


async def test_ticks() -> None:
    """Each second there is a new date, never one that is still to come; everyone who asked for it is told, until the
    ticker is stopped.
    """
    ticker = Ticker()
    loop = asyncio.get_running_loop()
    told: list[tuple[str, datetime, float]] = []
    two = asyncio.Event()

    def first() -> None:
        assert date_of(ticker) <= this_second()
        told.append(("first", date_of(ticker), ticker.now))

    def second() -> None:
        told.append(("second", date_of(ticker), ticker.now))
        if len(told) == 4:
            ticker.stop()
            two.set()

    ticker.each_second(first)
    ticker.each_second(second)
    began = loop.time()
    ticker.start()
    assert began <= ticker.now <= loop.time()
    assert told == []
    async with asyncio.timeout(10):
        await two.wait()
    await asyncio.sleep(1.2)
    assert [name for name, _, _ in told] == ["first", "second"] * 2
    dates, moments = [date for _, date, _ in told[::2]], [now for _, _, now in told[::2]]
    assert dates == sorted(set(dates))
    assert moments == sorted(set(moments))
    assert told[::2] == [("first", date, now) for _, date, now in told[1::2]]


async def test_who_fails_does_not_stop_the_clock() -> None:
    """It ticks on when somebody who was told fails."""
    loop = asyncio.get_running_loop()
    troubles: list[Any] = []
    loop.set_exception_handler(lambda _, context: troubles.append(context["exception"]))
    ticker = Ticker()
    twice = asyncio.Event()

    def fail() -> None:
        if troubles:
            twice.set()
        raise RuntimeError("no")

    ticker.each_second(fail)
    ticker.start()
    async with asyncio.timeout(10):
        await twice.wait()
    ticker.stop()
    assert {str(trouble) for trouble in troubles} == {"no"}


def test_stopping_before_the_start() -> None:
    """A ticker that never ticked can be stopped."""
    Ticker().stop()
