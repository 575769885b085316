"""A picture of who uses whom: applications in columns, consumers left of their providers.

The usual way of drawing such pictures (Sugiyama): turn edges of cycles around, put each application as far left as its
consumers let it, give edges that pass columns a place in each of them, and then order the columns so that few edges
cross, by moving everything to the middle of its neighbours a few times.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_SWEEPS = 12
BOX, GAP, ROW, MARGIN = 200, 110, 46, 16  # pixels: width of a box, room between columns, height of a row, around all
_HEIGHT = 32  # of a box
_LANE = 14  # height of a row that only an edge passes through
_LONGEST_NAME = 24  # characters


@dataclass(frozen=True, slots=True)
class Box:
    """An application in the picture: `x` and `y` are its upper left corner."""

    name: str
    label: str
    x: float
    y: float
    is_provider: bool
    width: int = BOX
    height: int = _HEIGHT


@dataclass(frozen=True, slots=True)
class Arrow:
    """An integration in the picture; `path` is what SVG draws."""

    consumer: str
    provider: str
    path: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes and arrows on a sheet."""

    width: int
    height: int
    boxes: list[Box]
    arrows: list[Arrow]


_Node = tuple[str, int]  # an application (in column -1 of the key), or the place of an edge in a column
_Edge = tuple[str, str]


def picture_of(pairs: Iterable[tuple[str, str]]) -> Picture:
    """The picture of these (consumer, provider) pairs."""
    edges = sorted(set(pairs))
    names = sorted({name for edge in edges for name in edge})
    forward = _without_cycles(names, edges)
    rank = _ranks(names, forward)
    columns, chains = _columns(names, forward, rank)
    _order(columns, chains)
    return _drawn(names, edges, rank, columns, chains)


def around(pairs: Iterable[tuple[str, str]], name: str) -> list[tuple[str, str]]:
    """The pairs of an application, and those among its neighbours."""
    known = list(pairs)
    near = {name} | {other for pair in known if name in pair for other in pair}
    return [pair for pair in known if pair[0] in near and pair[1] in near]


def busiest(pairs: Iterable[tuple[str, str]], most: int) -> tuple[list[tuple[str, str]], int]:
    """The pairs among the applications that have the most, at most so many applications; how many were left out."""
    known = list(pairs)
    degree: dict[str, int] = defaultdict(int)
    for pair in known:
        for name in pair:
            degree[name] += 1
    kept = set(sorted(degree, key=lambda name: (-degree[name], name))[:most])
    return [pair for pair in known if pair[0] in kept and pair[1] in kept], len(degree) - len(kept)


def _without_cycles(names: Sequence[str], edges: Iterable[_Edge]) -> list[_Edge]:
    """The edges, those turned around that lead back to where one came from; walked without the call stack."""
    below: dict[str, list[str]] = defaultdict(list)
    for consumer, provider in edges:
        if consumer != provider:
            below[consumer].append(provider)
    provided = {provider for _, provider in edges}
    state: dict[str, int] = {}  # 1 on the way, 2 done
    kept: set[_Edge] = set()
    for start in sorted(names, key=lambda name: (name in provided, name)):
        if start in state:
            continue
        state[start] = 1
        todo = [(start, iter(below[start]))]
        while todo:
            name, rest = todo[-1]
            following = next(rest, None)
            if following is None:
                state[name] = 2
                todo.pop()
            elif state.get(following) == 1:
                kept.add((following, name))
            else:
                kept.add((name, following))
                if following not in state:
                    state[following] = 1
                    todo.append((following, iter(below[following])))
    return sorted(kept)


def _ranks(names: Sequence[str], forward: Sequence[_Edge]) -> dict[str, int]:
    """The column of each application: one right of its rightmost consumer."""
    incoming: dict[str, int] = dict.fromkeys(names, 0)
    below: dict[str, list[str]] = defaultdict(list)
    for consumer, provider in forward:
        incoming[provider] += 1
        below[consumer].append(provider)
    rank = dict.fromkeys(names, 0)
    ready = [name for name in names if incoming[name] == 0]
    while ready:
        name = ready.pop()
        for provider in below[name]:
            rank[provider] = max(rank[provider], rank[name] + 1)
            incoming[provider] -= 1
            if incoming[provider] == 0:
                ready.append(provider)
    return rank


def _columns(
    names: Sequence[str], forward: Sequence[_Edge], rank: dict[str, int]
) -> tuple[list[list[_Node]], dict[_Edge, list[_Node]]]:
    """What stands in each column, and the nodes that each edge passes."""
    columns: list[list[_Node]] = [[] for _ in range(max(rank.values(), default=0) + 1)]
    for name in names:
        columns[rank[name]].append((name, -1))
    chains: dict[_Edge, list[_Node]] = {}
    for edge in forward:
        consumer, provider = edge
        chain: list[_Node] = [(consumer, -1)]
        for column in range(rank[consumer] + 1, rank[provider]):
            lane: _Node = (f"{consumer}\0{provider}", column)
            columns[column].append(lane)
            chain.append(lane)
        chains[edge] = [*chain, (provider, -1)]
    return columns, chains


def _order(columns: list[list[_Node]], chains: dict[_Edge, list[_Node]]) -> None:
    left: dict[_Node, list[_Node]] = defaultdict(list)
    right: dict[_Node, list[_Node]] = defaultdict(list)
    for chain in chains.values():
        for one, other in itertools.pairwise(chain):
            right[one].append(other)
            left[other].append(one)
    place = {node: number / len(column) for column in columns for number, node in enumerate(column)}
    for sweep in range(_SWEEPS):
        neighbours, order = (left, columns) if sweep % 2 == 0 else (right, columns[::-1])
        for column in order:
            middle = {
                node: sum(place[other] for other in neighbours[node]) / len(neighbours[node])
                if neighbours[node]
                else place[node]
                for node in column
            }
            column[:] = [node for _, node in sorted((middle[node], node) for node in column)]
            for number, node in enumerate(column):
                place[node] = number / len(column)


def _drawn(
    names: Sequence[str],
    edges: Sequence[_Edge],
    rank: dict[str, int],
    columns: list[list[_Node]],
    chains: dict[_Edge, list[_Node]],
) -> Picture:
    heights = [sum(ROW if node[1] < 0 else _LANE for node in column) for column in columns]
    tallest = max(heights, default=0)
    centre: dict[_Node, tuple[float, float]] = {}
    for number, column in enumerate(columns):
        y = MARGIN + (tallest - heights[number]) / 2
        for node in column:
            height = ROW if node[1] < 0 else _LANE
            centre[node] = (MARGIN + number * (BOX + GAP), y + height / 2)
            y += height
    providers = {provider for _, provider in edges}
    boxes = [
        Box(name, _label(name), centre[name, -1][0], centre[name, -1][1] - _HEIGHT / 2, name in providers)
        for name in names
    ]
    arrows = []
    for consumer, provider in edges:
        if consumer == provider:
            x, y = centre[consumer, -1]
            loop = f"M{x + BOX:g} {y - 6:g} c40 -16 40 28 0 12"
            arrows.append(Arrow(consumer, provider, loop))
        elif (consumer, provider) in chains:
            arrows.append(Arrow(consumer, provider, _curve([centre[node] for node in chains[consumer, provider]])))
        else:
            turned = _curve([centre[node] for node in chains[provider, consumer]], backwards=True)
            arrows.append(Arrow(consumer, provider, turned))
    width = 2 * MARGIN + len(columns) * BOX + max(len(columns) - 1, 0) * GAP + (44 if _has_loop(edges) else 0)
    return Picture(width, int(tallest + 2 * MARGIN), boxes, arrows)


def _has_loop(edges: Iterable[_Edge]) -> bool:
    return any(consumer == provider for consumer, provider in edges)


def _label(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _curve(centres: Sequence[tuple[float, float]], *, backwards: bool = False) -> str:
    """A line from box to box, straight through the columns that it passes."""
    points: list[tuple[float, float]] = []
    for number, (x, y) in enumerate(centres):
        if number > 0:
            points.append((x, y))
        if number < len(centres) - 1:
            points.append((x + BOX, y))
    if backwards:
        points.reverse()
    (x, y), *rest = points
    path = f"M{x:g} {y:g}"
    for to_x, to_y in rest:
        if abs(to_y - y) < 0.01:
            path += f"H{to_x:g}"
        else:
            middle = (x + to_x) / 2
            path += f"C{middle:g} {y:g} {middle:g} {to_y:g} {to_x:g} {to_y:g}"
        x, y = to_x, to_y
    return path
