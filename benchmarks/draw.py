"""Pictures of a run, for light and dark pages alike: no background, grey texts, colours of middle lightness."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.reach import Raw, Results, peer_rates

_GREY = "#808891"
_OURS = "#e8590c"
_COLOURS = ("#e8590c", "#1c8adb", "#2f9e44", "#9c5bd6", "#c49a00", "#0c9aa0", "#d6336c", "#808891")
_STYLE = {
    "font.size": 10,
    "axes.edgecolor": _GREY,
    "axes.labelcolor": _GREY,
    "axes.titlecolor": _GREY,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": _GREY,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "text.color": _GREY,
    "xtick.color": _GREY,
    "ytick.color": _GREY,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 4.5,
    "savefig.transparent": True,
    "svg.hashsalt": "stubserver",
}
_FLOORS = {"nginx": "nginx", "hello": "aiohttp hello", "json": "aiohttp hello, JSON"}
_PLANS = {"exact": "exact repeat", "get": "unique GET", "post": "unique POST, 1 KiB"}


def draw_all(results: Results, folder: Path) -> list[str]:
    """Draw what was measured; the names of the files. None without matplotlib."""
    if importlib.util.find_spec("matplotlib") is None:
        return []
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("svg")
    pyplot: Any = importlib.import_module("matplotlib.pyplot")
    folder.mkdir(exist_ok=True)
    drawn = []
    with matplotlib.rc_context(_STYLE):
        for name, needed, picture in _PICTURES:
            if all(results.get(part) for part in needed):
                figure = picture(results, pyplot)
                figure.savefig(folder / f"{name}.svg", metadata={"Date": None}, bbox_inches="tight")
                pyplot.close(figure)
                drawn.append(f"{name}.svg")
    return drawn


def _panels(pyplot: Any, count: int, height: float = 3.6, width: float = 4.3) -> tuple[Any, list[Any]]:
    figure, axes = pyplot.subplots(1, count, figsize=(width * count, height), squeeze=False)
    figure.subplots_adjust(wspace=0.28)
    return figure, list(axes[0])


def _numbers(axis: Any, values: list[int], label: str, shown: Callable[[int], str] = "{:,}".format) -> None:
    """A logarithmic axis with ticks at these values alone."""
    axis.set_xscale("log")
    axis.set_xticks(values, [shown(value) for value in values])
    axis.set_xticks([], minor=True)
    axis.set_xlabel(label)


def _from_zero(axis: Any, label: str, room: float = 1.15) -> None:
    """A linear axis from zero, with room above the highest value."""
    axis.yaxis.set_major_formatter(_shown)
    axis.set_ylim(0, axis.dataLim.ymax * room)
    axis.set_ylabel(label)


def _logarithmic(axis: Any, label: str, steps: tuple[int, ...] = (1, 2, 5)) -> None:
    """A logarithmic axis with ticks at these steps of each decade."""
    ticker: Any = importlib.import_module("matplotlib.ticker")
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(ticker.LogLocator(subs=steps, numticks=20))
    axis.yaxis.set_minor_locator(ticker.NullLocator())
    axis.yaxis.set_major_formatter(_shown)
    axis.set_ylabel(label)


def _shown(value: float, _: int) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def _interactions(results: Results, pyplot: Any) -> Any:
    """Rate and cost by number of interactions, with the floors as lines."""
    part = results["speed"]
    raw, sizes = Raw(part["figures"]), part["sizes"]
    figure, (rates, costs) = _panels(pyplot, 2, 4.0, 5.4)
    figure.subplots_adjust(wspace=0.6)
    for colour, (plan, text) in zip(_COLOURS, _PLANS.items(), strict=False):
        names = [f"{plan} {size}" for size in sizes]
        rates.plot(sizes, [raw.median(name) for name in names], "o-", color=colour, label=text)
        costs.plot(sizes, [raw.median(name, "cpu_us") for name in names], "o-", color=colour, label=text)
        for floor, shown in _FLOORS.items():
            if raw.has(f"{plan} {floor}"):
                rate = raw.median(f"{plan} {floor}")
                rates.axhline(rate, color=colour, linestyle=":", linewidth=1.2)
                rates.text(
                    1.02, rate, shown, color=colour, fontsize=8, va="center", transform=rates.get_yaxis_transform()
                )
    _numbers(rates, sizes, "interactions")
    _numbers(costs, sizes, "interactions")
    _logarithmic(rates, "requests per second, one core")
    _from_zero(costs, "µs of processor time for each request", 1.4)
    costs.legend(loc="upper left")
    rates.set_title("Rate (dotted: floors of the same rounds)")
    costs.set_title("Cost")
    return figure


def _peers(results: Results, pyplot: Any) -> Any:
    """Rates of all peers by number of interactions, on logarithmic axes."""
    part = results["peers"]
    sizes = part["sizes"]
    figure, axes = _panels(pyplot, 3, 4.0)
    names = ["stubserver", *part["versions"]]
    by_size = {size: peer_rates(part["by_size"][str(size)]) for size in sizes}
    for axis, (plan, title) in zip(
        axes, {"exact": "literal path", "regex": "path by pattern", "post": "POST under rules"}.items(), strict=True
    ):
        for colour, name in zip(_COLOURS, names, strict=False):
            found = [(size, by_size[size][plan, name]) for size in sizes if (plan, name) in by_size[size]]
            if found:
                width = 2.8 if name == "stubserver" else 1.6
                axis.plot(*zip(*found, strict=True), "o-", color=colour, label=name, linewidth=width)
        _numbers(axis, sizes, "interactions")
        _logarithmic(axis, "", (1,))
        axis.set_title(title)
    axes[0].set_ylabel("requests per second, one core")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="lower center", ncols=4, bbox_to_anchor=(0.5, -0.16))
    return figure


_CURVES: dict[str, tuple[str, Callable[[int], str]]] = {
    "pacts": ("pacts that hold 4,000 interactions", "{:,}".format),
    "body": ("body", lambda size: f"{size / 1024:.1g} KiB" if size < 1024 else f"{size >> 10} KiB"),
    "rules": ("rules for 120 values", "{:,}".format),
    "connections": ("connections", "{:,}".format),
}


def _scaling(results: Results, pyplot: Any) -> Any:
    """The other curves: cost of ours and of the floor."""
    curves = {name: results["scaling"][name] for name in _CURVES if name in results["scaling"]}
    figure, axes = _panels(pyplot, len(curves), 3.4)
    for axis, (name, part) in zip(axes, curves.items(), strict=True):
        raw, points = Raw(part["figures"]), part["points"]
        label, shown = _CURVES[name]
        places = [max(at, 1) for at in points]  # none, on a logarithmic axis
        for names, text, style, colour in (
            ([f"stubserver {at}" for at in points], "stubserver", "o-", _OURS),
            ([part["floors"][str(at)] for at in points], _FLOORS[part["floor"]], "o:", _GREY),
        ):
            axis.plot(places, [raw.median(each, "cpu_us") for each in names], style, color=colour, label=text)
        _numbers(axis, places, label)
        axis.set_xticklabels([shown(at) for at in points])
        if name == "body":
            _logarithmic(axis, "")
        else:
            _from_zero(axis, "", 1.4)
        axis.legend(loc="upper right" if name == "connections" else "upper left")
    axes[0].set_ylabel("µs of processor time for each request")
    return figure


def _latency(results: Results, pyplot: Any) -> Any:
    """Percentiles of ours and of the floor at the same rate."""
    part = results["paced"]
    plans = [plan for plan in _PLANS if plan in part]
    figure, axes = _panels(pyplot, len(plans), 3.4)
    places = {"p50": "50 %", "p90": "90 %", "p99": "99 %", "p999": "99.9 %", "max": "max"}
    for axis, plan in zip(axes, plans, strict=True):
        told = part[plan]
        raw = Raw(told["figures"])
        for name, text, style, colour in (
            (told["subject"], "stubserver", "o-", _OURS),
            (told["floor"], _FLOORS[told["floor"]], "o:", _GREY),
        ):
            axis.plot(
                list(places.values()), [raw.median(name, what) for what in places], style, color=colour, label=text
            )
        _logarithmic(axis, "")
        axis.set_title(f"{_PLANS[plan]}: {told['target']:,.0f} per s")
        axis.legend(loc="upper left")
    axes[0].set_ylabel("ms until the answer")
    return figure


def _memory(results: Results, pyplot: Any) -> Any:
    """Resident memory and time to load by number of interactions."""
    part = results["speed"]
    sizes, loading = part["sizes"], part["loading"]
    figure, (memory, seconds) = _panels(pyplot, 2, 3.4)
    for what, text, style in (("rss", "loaded", "o-"), ("rss_warm", "each has answered", "o--")):
        memory.plot(sizes, [(loading[str(size)][what] or 0) / 1e6 for size in sizes], style, color=_OURS, label=text)
    seconds.plot(sizes, [loading[str(size)]["seconds"] for size in sizes], "o-", color=_OURS)
    for axis, label in ((memory, "MB resident"), (seconds, "s until the first right answer")):
        _numbers(axis, sizes, "interactions")
        _logarithmic(axis, label)
    memory.legend(loc="upper left")
    return figure


_PICTURES: tuple[tuple[str, tuple[str, ...], Callable[[Results, Any], Any]], ...] = (
    ("interactions", ("speed",), _interactions),
    ("peers", ("peers",), _peers),
    ("scaling", ("scaling",), _scaling),
    ("latency", ("paced",), _latency),
    ("memory", ("speed",), _memory),
)
