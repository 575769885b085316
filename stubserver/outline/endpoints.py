"""Endpoints: interactions by method and path, where paths that differ in an id are one.

A path under a regular expression is shown as a readable pattern: `/orders/o-\\d+` as `/orders/{order}`. The expression
is cut at its slashes and held against the recorded path; a segment that is no plain text becomes a parameter, named
after the segment before it. Segments that are numbers or UUIDs become parameters where several values are recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from matching import CompiledInteraction
from matching.model import RuleList

_ID = re.compile(r"\d+|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_ANY, _REST = "\0", "\0\0"  # what stands for a segment that varies, and for all further ones


@dataclass(frozen=True, slots=True)
class Parameter:
    """What varies in a path: the regular expressions it is under, and the values that are recorded."""

    name: str
    patterns: tuple[str, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method and a path, with the interactions that are recorded of it."""

    method: str
    path: str
    parameters: tuple[Parameter, ...]
    interactions: tuple[CompiledInteraction, ...]

    @property
    def pieces(self) -> list[tuple[str, bool]]:
        """The path in pieces; of each, whether it is a parameter."""
        return [(piece, piece.startswith("{")) for piece in re.split(r"(\{[^{}/]*\})", self.path) if piece]


@dataclass(frozen=True, slots=True)
class _Route:
    """The path of one interaction: its segments (braces escaped), and the regular expression of each that has one; a
    last segment may stand for several.
    """

    interaction: CompiledInteraction
    segments: tuple[str, ...]
    patterns: tuple[str | None, ...]

    @property
    def shape(self) -> tuple[str, ...]:
        """What tells it from the paths of other endpoints."""
        return tuple(
            _ANY if pattern is not None or _ID.fullmatch(segment) else segment
            for segment, pattern in zip(self.segments, self.patterns, strict=True)
        )


def endpoints_of(interactions: Iterable[CompiledInteraction]) -> list[Endpoint]:
    """The endpoints of interactions, by path and method."""
    groups: dict[tuple[str, tuple[str, ...]], list[_Route]] = {}
    for interaction in interactions:
        route = _route(interaction)
        groups.setdefault((interaction.method, route.shape), []).append(route)
    found = [_endpoint(method, routes) for (method, _), routes in groups.items()]
    return sorted(found, key=lambda endpoint: (endpoint.path, method_rank(endpoint.method), endpoint.method))


def method_rank(method: str) -> int:
    """Where a method stands among the others."""
    return _METHODS.index(method) if method in _METHODS else len(_METHODS)


def _route(interaction: CompiledInteraction) -> _Route:
    recorded = (interaction.recorded_path or "/").replace("{", "%7B").replace("}", "%7D")
    segments = recorded.split("/")
    source = _regex_of(interaction.interaction.request.rules.path)
    cut = _cut(source) if source is not None else None
    if cut is None:
        return _Route(interaction, tuple(segments), (None,) * len(segments))
    if len(cut) == len(segments) + 1 and cut[-1] == "":
        cut.pop()  # what ends in a slash, or need not
    if len(cut) != len(segments):
        same = 1 if segments[0] == "" else 0
        while same < min(len(cut), len(segments)) and _plain(cut[same]) == segments[same]:
            same += 1
        if same == len(segments):
            return _Route(interaction, tuple(segments), (None,) * len(segments))
        rest = "/".join(segments[same:])
        return _Route(interaction, (*segments[:same], rest), (*(None,) * same, _REST))
    patterns = [None if _plain(piece) == segment else piece for piece, segment in zip(cut, segments, strict=True)]
    if segments[0] == "":
        patterns[0] = None  # whatever stands before the first slash
    return _Route(interaction, tuple(segments), tuple(patterns))


def _regex_of(rules: RuleList | None) -> str | None:
    for rule in rules.rules if rules is not None else ():
        source = rule.attributes.get("regex")
        if rule.name == "regex" and isinstance(source, str):
            return source
    return None


_FRAME = re.compile(r"(?:\(\?[a-zA-Z]+\)|\^|\\A)*(.*?)(?:\\[zZ]|(?<!\\)\$)*", re.DOTALL)


def _bare(source: str) -> str:
    """A regular expression without anchors, flags, and a group around all of it."""
    while True:
        found = _FRAME.fullmatch(source)
        inner = found[1] if found is not None else source
        if inner.startswith("(") and _closing(inner) == len(inner) - 1:
            inner = re.sub(r"^\((?:\?:)?", "", inner)[:-1]
        if inner == source or inner.startswith("?"):
            return source
        source = inner


def _walk(source: str) -> Iterator[tuple[int, str, int]]:
    """A regular expression piece by piece, an escaped character or a class being one: where, what, and how many groups
    are open behind it.
    """
    depth = 0
    for found in _PIECE.finditer(source):
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        yield found.start(), found[0], depth


_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]?|.", re.DOTALL)


def _closing(source: str) -> int:
    """Where the group that begins a regular expression ends."""
    return next((at for at, _, depth in _walk(source) if depth == 0), -1)


def _cut(source: str) -> list[str] | None:
    """A regular expression cut at its slashes; None where it has alternatives beside each other."""
    source = re.sub(r"/\?$", "", _bare(source).replace("\\/", "/"))
    pieces = [""]
    for _, piece, depth in _walk(source):
        if depth == 0 and piece == "|":
            return None
        if depth == 0 and piece == "/":
            pieces.append("")
        else:
            pieces[-1] += piece
    return pieces


_SPECIAL = re.compile(r"\\\w|(?<!\\)[\[\](){}*+?|^$]")  # what makes more of a piece than a text


def _plain(piece: str) -> str | None:
    """The text that a piece of a regular expression stands for, if it is nothing but a text. A dot, which people forget
    to escape, counts as one.
    """
    if _SPECIAL.search(piece):
        return None
    return re.sub(r"\\(\W)", r"\1", piece).replace("{", "%7B").replace("}", "%7D")


def _endpoint(method: str, routes: Sequence[_Route]) -> Endpoint:
    names: list[str] = []
    parameters: list[Parameter] = []
    for position in range(len(routes[0].segments)):
        values = tuple(dict.fromkeys(route.segments[position] for route in routes))
        patterns = tuple(
            dict.fromkeys(route.patterns[position] or "" for route in routes if route.patterns[position] is not None)
        )
        if not patterns and len(values) == 1:
            names.append(values[0])
            continue
        known = {parameter.name for parameter in parameters}
        name = _name("rest" if patterns == (_REST,) else _singular(names), known)
        parameters.append(Parameter(name, tuple(each for each in patterns if each not in ("", _REST)), values))
        names.append(f"{{{name}}}")
    interactions = tuple(route.interaction for route in routes)
    return Endpoint(method, "/".join(names) or "/", tuple(parameters), interactions)


def _name(wanted: str, known: set[str]) -> str:
    name, number = wanted, 2
    while name in known:
        name, number = f"{wanted}{number}", number + 1
    return name


def _singular(before: Sequence[str]) -> str:
    """What a parameter is called after the last plain segment before it."""
    word = next((name for name in reversed(before) if name and not name.startswith("{")), "")
    word = re.sub(r"\W+", "_", word).strip("_").lower()[:40]
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "xes", "shes", "ches")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith("ss") and len(word) > 2:
        word = word[:-1]
    return word or "value"
