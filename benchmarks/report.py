"""The tables of a run, for a terminal or as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.reach import Raw, Results, peer_rates, rows


@dataclass(frozen=True)
class Grid:
    """A table with its title; what stands below it; columns after the first `texts` hold figures."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    texts: int = 1
    below: tuple[str, ...] = ()


def grids(results: Results) -> Iterator[Grid]:
    """All tables for which something was measured."""
    reached = rows(results)
    if reached:
        verdicts = {True: "yes", False: "**no**", None: "–"}
        lines = [
            (
                row.number,
                row.what,
                row.target,
                row.figure,
                verdicts[row.reached] + (f" ({row.note})" if row.note else ""),
            )
            for row in reached
        ]
        yield Grid("Reach", ("row", "what", "target", "figure", "reached"), lines, texts=5)
    if "speed" in results:
        yield _by_size(results["speed"])
    if "peers" in results:
        yield _peers(results["peers"])
    for name, curve in results.get("scaling", {}).items():
        yield _curve(name, curve)
    if "memory" in results:
        yield _memory(results["memory"])


def _by_size(part: dict[str, Any]) -> Grid:
    raw, sizes = Raw(part["figures"]), part["sizes"]
    lines = []
    for plan in ("exact", "get", "post"):
        names = [f"{plan} {size}" for size in sizes]
        lines.append((f"{plan}: requests per s", *(f"{raw.median(name):,.0f}" for name in names)))
        lines.append((f"{plan}: µs of processor each", *(f"{raw.median(name, 'cpu_us'):,.1f}" for name in names)))
    loading = [part["loading"][str(size)] for size in sizes]
    lines.append(("s until the first answer", *(f"{told['seconds']:.1f}" for told in loading)))
    lines.append(("MB resident, loaded", *(f"{(told['rss'] or 0) / 1e6:,.0f}" for told in loading)))
    lines.append(("MB resident, each answered", *(f"{(told['rss_warm'] or 0) / 1e6:,.0f}" for told in loading)))
    return Grid("By number of interactions", ("", *(f"{size:,}" for size in sizes)), lines)


def _peers(part: dict[str, Any]) -> Grid:
    sizes = part["sizes"]
    names = ["aiohttp hello", "stubserver", *part["versions"]]
    lines, below = [], []
    for plan in ("exact", "regex", "post"):
        for name in names:
            cells = [_peer_cell(part["by_size"][str(size)], plan, name) for size in sizes]
            if any(cell != "–" for cell in cells):
                shown = f"{name} {part['versions'].get(name) or ''}".strip()
                lines.append((plan, f"**{shown}**" if name == "stubserver" else shown, *cells))
    for size in sizes:
        for name, reason in part["by_size"][str(size)]["left_out"].items():
            below.append(f"{name} is left out at {size:,}: {reason.splitlines()[0]}")
    notes = ("In brackets the ratio to aiohttp hello of the same rounds. † timed one at a time.", *below)
    return Grid("Peers: requests per second", ("request", "server", *(f"{s:,}" for s in sizes)), lines, 2, notes)


def _peer_cell(told: dict[str, Any], plan: str, name: str) -> str:
    rates = peer_rates(told)
    rate, floor = rates.get((plan, name)), rates.get((plan, "aiohttp hello"))
    if rate is None:
        return "–"
    shown = f"{rate:,.0f}" if rate >= 10 else f"{rate:.2f}"
    if f"{plan} {name}" in told["one_at_a_time"]:
        return f"{shown} †"
    return f"{shown} ({rate / floor:.2f})" if floor and name != "aiohttp hello" else shown


_CURVES = {
    "pacts": "number of pacts that hold 4,000 interactions; unique GET",
    "body": "bytes of the body; unique POST",
    "rules": "rules for 120 values; POST on unique paths",
    "connections": "connections; unique GET",
}


def _curve(name: str, part: dict[str, Any]) -> Grid:
    raw, points, floors = Raw(part["figures"]), part["points"], part["floors"]
    lines = [
        ("requests per s", *(f"{raw.median(f'stubserver {at}'):,.0f}" for at in points)),
        (f"/ aiohttp {part['floor']}", *(f"{raw.ratio(f'stubserver {at}', floors[str(at)]):.2f}" for at in points)),
        ("µs of processor each", *(f"{raw.median(f'stubserver {at}', 'cpu_us'):,.1f}" for at in points)),
        ("p99 ms", *(f"{raw.median(f'stubserver {at}', 'p99'):,.2f}" for at in points)),
    ]
    return Grid(f"By {_CURVES[name]}", ("", *(f"{at:,}" for at in points)), lines)


_MEMORY = {
    "interaction_in_file": "an interaction in its file",
    "interaction": "an interaction, loaded",
    "interaction_answered": "an interaction that has answered",
    "pact": "a pact beside its interactions",
    "kept_get": "a GET that comes again and again",
    "kept_post": "a POST of 1 KiB that comes again and again",
}


def _memory(part: dict[str, Any]) -> Grid:
    return Grid("Memory", ("what", "bytes"), [(text, f"{part[name]:,.0f}") for name, text in _MEMORY.items()])


def heading(results: Results) -> str:
    """One line about where and with what the run was made."""
    told = results["setting"]
    packages = ", ".join(f"{name} {found}" for name, found in told["packages"].items() if found)
    tools = f"wrk {told['wrk']}" if told["wrk"] else told["driver"]
    return (
        f"{told['date']} · {told['cpu']}, {told['cores']} cores, load {told['load_average'][0]:.1f} · Python "
        f"{told['python']}, {packages} · {tools}, nginx {told['nginx'] or '–'} · commit {told['commit'] or '–'}"
    )


def show(results: Results, *, markdown: bool) -> None:
    """Print all tables, and what failed."""
    console = Console(width=None if markdown else 150, soft_wrap=True, highlight=False, markup=not markdown)
    console.print(heading(results) if markdown else escape(heading(results)))
    for grid in grids(results):
        console.print()
        console.print(as_markdown(grid) if markdown else _as_table(grid))
        for line in grid.below:
            console.print(f"- {line}" if markdown else escape(line))
    for part, reason in results.get("failed", {}).items():
        console.print(f"\n{part} could not be measured: {reason}", markup=False)


def as_markdown(grid: Grid) -> str:
    """A table that a page can hold."""
    rules = ["---" if position < grid.texts else "---:" for position in range(len(grid.head))]
    lines = [grid.head, tuple(rules), *grid.rows]
    return f"### {grid.title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _as_table(grid: Grid) -> Table:
    table = Table(title=grid.title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False)
    for position, name in enumerate(grid.head):
        table.add_column(name, justify="left" if position < grid.texts else "right", overflow="fold")
    for row in grid.rows:
        table.add_row(*(_plain(cell) for cell in row))
    return table


def _plain(cell: str) -> str:
    """Bold as a terminal shows it."""
    text = escape(cell)
    return f"[bold]{text.replace('**', '')}[/]" if "**" in text else text
