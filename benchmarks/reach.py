"""What is to be reached, and whether it is: ten rows, each a ratio to a floor of the same run or a bound."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Results = dict[str, Any]
_MB = 1e6


@dataclass(frozen=True)
class Row:
    """One line of the table. `reached` is None where nothing is demanded or nothing could be measured."""

    number: str
    what: str
    target: str
    figure: str
    reached: bool | None = None
    note: str = ""


@dataclass(frozen=True)
class Raw:
    """Raw figures as they stand in a file of results."""

    samples: dict[str, list[dict[str, Any]]]

    def has(self, *names: str) -> bool:
        """Whether all of these were measured."""
        return all(name in self.samples for name in names)

    def median(self, name: str, what: str = "rate") -> float:
        """The median of a figure over the rounds; 0 where it could not be had."""
        values = [sample[what] for sample in self.samples[name] if sample[what] is not None]
        return float(statistics.median(values)) if values else 0.0

    def ratio(self, name: str, beside: str, what: str = "rate") -> float:
        """The median over the rounds of the ratio to another run of the same round."""
        pairs = zip(self.samples[name], self.samples[beside], strict=True)
        return float(statistics.median(one[what] / other[what] for one, other in pairs))

    def flags(self, *names: str) -> str:
        """What was wrong, with which run, and in how many rounds."""
        told = []
        for name in names:
            flagged = [sample["flag"] for sample in self.samples.get(name, ()) if sample["flag"]]
            told += [f"{name}: {flag} ({flagged.count(flag)}×)" for flag in sorted(set(flagged))]
        return "; ".join(told)


def rows(results: Results) -> list[Row]:
    """All rows for which something was measured."""
    found: list[Row] = []
    for part, make in _PARTS:
        if part in results:
            found += make(results[part])
    return sorted(found, key=lambda row: (int("".join(filter(str.isdigit, row.number))), row.number))


_FLOOR_NAMES = {
    "nginx": "nginx, one worker, `return 200`",
    "hello": "aiohttp hello",
    "json": "aiohttp hello that parses the body",
    "raw": "a bare uvloop protocol",
}
_FIRST_ROWS = (
    ("1", "exact", "nginx", "exact repeat", 0.8),
    ("1a", "exact get", "nginx", "… GETs only", None),
    ("1b", "browser", "nginx", "… with a browser's ten headers", None),
    ("1c", "exact", "raw", "exact repeat", None),
    ("2", "get", "hello", "unique matched GET", 1.5),
    ("3", "post", "json", "unique matched POST, 1 KiB", 1.2),
)


def _speed_rows(part: dict[str, Any]) -> Iterator[Row]:
    raw, size = Raw(part["figures"]), part["main_size"]
    for number, plan, beside, what, target in _FIRST_ROWS:
        ours, floor = f"{plan} {size}", f"{plan} {beside}"
        if not raw.has(ours, floor):
            yield Row(number, what, _at_least(target), "–", None, f"{beside} is not installed")
            continue
        ratio = raw.ratio(ours, floor)
        cost = f"{raw.median(ours, 'cpu_us'):.1f} / {raw.median(floor, 'cpu_us'):.1f} µs"
        figure = f"{ratio:.2f} ({raw.median(ours):,.0f} / {raw.median(floor):,.0f} per s, {cost})"
        text = f"{what} / {_FLOOR_NAMES[beside]}"
        yield Row(number, text, _at_least(target), figure, _met(target, ratio), raw.flags(ours, floor))
    smallest, *others = part["sizes"]
    for plan, what in (("exact", "exact repeat"), ("get", "unique GET"), ("post", "unique POST")):
        ratios = {size: raw.ratio(f"{plan} {size}", f"{plan} {smallest}") for size in others}
        if ratios:
            figure = ", ".join(f"{size:,}: {ratio:.2f}" for size, ratio in ratios.items())
            flags = raw.flags(*(f"{plan} {size}" for size in part["sizes"]))
            text = f"{what} by interactions / at {smallest}"
            yield Row("5", text, "≥ 0.9 each", figure, min(ratios.values()) >= 0.9, flags)
    largest = max(part["sizes"])
    yield from _loading_rows(part["loading"][str(largest)], largest)


def _loading_rows(told: dict[str, Any], size: int) -> Iterator[Row]:
    seconds, rss = told["seconds"], told["rss"]
    whole = size == 100_000
    text = f"load {size:,} interactions, to the first right answer"
    yield Row("9", text, "< 8 s", f"{seconds:.1f} s", seconds < 8 if whole else None)
    warm = f"; {told['rss_warm'] / _MB:,.0f} MB when each has answered" if told.get("rss_warm") else ""
    figure = f"{(rss or 0) / _MB:,.0f} MB{warm}"
    yield Row("9", "… resident memory", "< 1 GB", figure, rss < 1e9 if whole and rss else None)
    series = {name: told.get(f"first_ms_{name}") for name in ("at_root", "at_own_address")}
    for name, found in series.items():
        if found:
            place = name.replace("_", " ")
            text = f"… first answer of a pact, {place}, slowest of {len(found)}"
            figure = f"{max(found):.1f} ms (median {statistics.median(found):.1f})"
            yield Row("9", text, "< 100 ms", figure, max(found) < 100)


def _miss_rows(part: dict[str, Any]) -> Iterator[Row]:
    rounds = part["rounds"]
    rate = statistics.median(one["8"]["rate"] for one in rounds)
    what = f"miss explained, {part['candidates']} near candidates"
    flags = "; ".join(sorted({one["8"]["flag"] for one in rounds} - {""}))
    yield Row("4", what, "≥ 500/s", f"{rate:,.0f}/s", rate >= 500, flags)
    quiet = max(one["idle"]["max_ms"] for one in rounds)
    for connections in ("8", "1"):
        probes = [one[connections]["probe"] for one in rounds]
        slowest, p99 = max(probe["max_ms"] for probe in probes), statistics.median(probe["p99_ms"] for probe in probes)
        figure = f"max {slowest:.1f} ms, p99 {p99:.1f} ms (nothing else to do: max {quiet:.1f})"
        text = f"… a probe beside {connections} connection{'s' if connections != '1' else ''} of misses"
        reached = slowest <= 10 if connections == "8" else None
        yield Row("4", text, "≤ 10 ms" if reached is not None else "–", figure, reached)
    if part["loop_lag_ms"]:
        figure = ", ".join(f"{name} {value:.1f} ms" for name, value in part["loop_lag_ms"].items())
        yield Row("4", "… as the server tells it", "≤ 10 ms", figure)


def _option_rows(part: dict[str, Any]) -> Iterator[Row]:
    raw = Raw(part["figures"])
    for variant, target, text in (
        ("no metrics", 0.95, "metrics on / off"),
        ("access log", 0.8, "access log on / off"),
        ("no caches", None, "caches off / on"),
    ):
        if variant in part["missing"]:
            yield Row("6", text, _at_least(target), "–", None, "this version has no such option")
            continue
        ratios = {}
        for plan in part["plans"]:
            pair = (f"{plan} default", f"{plan} {variant}")
            ratios[plan] = raw.ratio(*(pair if variant == "no metrics" else pair[::-1]))
        figure = ", ".join(f"{plan} {ratio:.2f}" for plan, ratio in ratios.items())
        flags = raw.flags(*(f"{plan} {name}" for plan in ratios for name in ("default", variant)))
        yield Row("6", text, _at_least(target), figure, _met(target, min(ratios.values())), flags)


def _paced_rows(part: dict[str, Any]) -> Iterator[Row]:
    for plan, what in (("exact", "exact repeat"), ("get", "unique GET"), ("post", "unique POST")):
        if plan not in part:
            continue
        told = part[plan]
        raw, ours, beside = Raw(told["figures"]), told["subject"], told["floor"]
        ratio = raw.ratio(ours, beside, "p99")
        figure = (
            f"{ratio:.2f} ({raw.median(ours, 'p99'):.2f} / {raw.median(beside, 'p99'):.2f} ms at "
            f"{raw.median(ours):,.0f} / {raw.median(beside):,.0f} per s)"
        )
        busy = raw.median(beside, "server_share")
        note = f"the floor was at {busy:.0%} of its core" if busy > 0.8 else ""
        yield Row("7", f"p99 at half of the highest rate, {what} / {beside}", "≤ 2", figure, ratio <= 2, note)


def _idle_rows(part: dict[str, Any]) -> Iterator[Row]:
    had, rss = part["had"], part["rss_idle"] or 0
    note = "" if had == part["wanted"] else f"only {had:,} could be had"
    figure = f"{rss / _MB:,.0f} MB ({(rss - (part['rss_after_load'] or 0)) / max(had, 1) / 1024:.1f} KiB each)"
    reached = rss < 150 * _MB if rss and had == part["wanted"] else None
    yield Row("8", f"{part['wanted']:,} idle connections, resident memory", "< 150 MB", figure, reached, note)
    ratios = []
    for plan, samples in part["with"].items():
        rate = statistics.median(sample["rate"] for sample in samples)
        without = statistics.median(sample["rate"] for sample in part["without"][plan])
        ratios.append(f"{plan} {rate / without:.2f} ({rate:,.0f} per s)")
    yield Row("8", "… rate of 32 active ones on top / without idle ones", "–", ", ".join(ratios))


def _peer_rows(part: dict[str, Any]) -> Iterator[Row]:
    for size in part["sizes"]:
        told = part["by_size"][str(size)]
        rates = peer_rates(told)
        factors: list[tuple[float, str]] = []
        for (plan, name), rate in rates.items():
            if name not in ("stubserver", "aiohttp hello"):
                factors.append((rates[plan, "stubserver"] / rate, f"{name}, {plan}"))
        if factors:
            least, nearest = min(factors)
            figure = f"{least:,.1f} (nearest: {nearest}) to {max(factors)[0]:,.0f} times"
            yield Row("10", f"requests per second / any peer, {size:,} interactions", "–", figure)


def peer_rates(told: dict[str, Any]) -> dict[tuple[str, str], float]:
    """Requests per second by plan and server, those that were timed one at a time included."""
    raw = Raw(told["figures"])
    medians = {name: raw.median(name) for name in raw.samples} | told["one_at_a_time"]
    return {(name.split(" ", 1)[0], name.split(" ", 1)[1]): rate for name, rate in medians.items()}


def _at_least(target: float | None) -> str:
    return "–" if target is None else f"≥ {target:.2f}"


def _met(target: float | None, figure: float) -> bool | None:
    return None if target is None else figure >= target


_PARTS: tuple[tuple[str, Callable[[dict[str, Any]], Iterator[Row]]], ...] = (
    ("speed", _speed_rows),
    ("misses", _miss_rows),
    ("options", _option_rows),
    ("paced", _paced_rows),
    ("idle", _idle_rows),
    ("peers", _peer_rows),
)
