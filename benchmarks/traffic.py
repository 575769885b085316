"""What goes over the wire: requests as prebuilt bytes, with a place for a counter where no two may be alike.

The counter has ten digits, so that it never changes the length of a body, and each run begins where no earlier one was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from benchmarks import corpus

FIRST = 1_000_000_000  # counters of runs lie between this and twice this: ten digits, integers that Lua writes quickly
ASIDE = 2 * FIRST  # counters from here on are for requests outside runs
_STRIDE = 7919  # coprime to most counts: visits interactions in no particular order
_DISTINCT = 100  # requests of an exact repeat
_BROWSER = """\
Accept: application/json, text/plain, */*
Accept-Encoding: gzip, deflate, br, zstd
Accept-Language: en-GB,en;q=0.9,nl;q=0.8
Cookie: id=0f4bb6b7a3c94e0f; theme=dark; consent=all
Origin: http://shop.example
Referer: http://shop.example/orders?page=2
Sec-Fetch-Dest: empty
Sec-Fetch-Mode: cors
Sec-Fetch-Site: cross-site
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"""


@dataclass(frozen=True, slots=True)
class Template:
    """A request as bytes. With a tail, a counter comes between head and tail; without, it is the same each time."""

    head: bytes
    tail: bytes | None
    expected: Any = None  # the JSON that a right answer holds; None for a miss

    def filled(self, counter: int) -> bytes:
        """The bytes to send."""
        return self.head if self.tail is None else b"%b%d%b" % (self.head, counter, self.tail)


@dataclass(frozen=True, slots=True)
class Plan:
    """Requests that are sent in turn, and some like them that no interaction may answer."""

    name: str
    templates: tuple[Template, ...]
    refused: tuple[bytes, ...] = field(default=())

    def write(self, file: Path) -> Path:
        """Keep the templates where a driver reads them: two lengths (-1: no tail), then the bytes, for each."""
        with file.open("wb") as out:
            for template in self.templates:
                tail = template.tail
                out.write(
                    b"%d %d\n%b%b\n"
                    % (len(template.head), -1 if tail is None else len(tail), template.head, tail or b"")
                )
        return file


def read_plan(file: Path) -> list[Template]:
    """What `Plan.write` wrote."""
    content, found, at = file.read_bytes(), [], 0
    while at < len(content):
        end = content.index(b"\n", at)
        first, second = map(int, content[at:end].split())
        middle = end + 1 + first
        found.append(Template(content[end + 1 : middle], None if second < 0 else content[middle : middle + second]))
        at = middle + max(second, 0) + 1
    return found


def message(method: str, target: str, content: bytes = b"", lines: str = "") -> bytes:
    """A request with a JSON body, if any."""
    extra = "".join(f"{line}\r\n" for line in lines.splitlines())
    if content:
        extra += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    return f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{extra}\r\n".encode() + content


def _counted(expected: Any, method: str, target: str, content: Any = None) -> Template:
    """A template with the counter where FIRST stands, if it does."""
    made = message(method, target, b"" if content is None else orjson.dumps(content))
    head, found, tail = made.partition(b"%d" % FIRST)
    return Template(head, tail if found else None, expected)


def _content() -> dict[str, Any]:
    """A body of 1 KiB that matches, with the counter as its id."""
    content = {**corpus.body(7), "id": FIRST}
    return {**content, "note": content["note"] + "x" * (1024 - len(orjson.dumps(content)))}


def _target(position: int, counter: int = 1) -> tuple[str, str]:
    kind = corpus.KINDS[position % 4]
    targets = {
        "literal": f"/api/literal{position}/items",
        "pattern": f"/api/pattern{position}/{counter}",
        "query": f"/api/query{position}?page={counter}&size=10&sort=name",
        "post": f"/api/post{position}",
    }
    return "POST" if kind == "post" else "GET", targets[kind]


def _positions(interactions: int, kinds: Iterable[str]) -> list[int]:
    """The interactions of some kinds, shuffled."""
    found = [position for position in range(interactions) if corpus.KINDS[position % 4] in kinds]
    return [found[(number * _STRIDE) % len(found)] for number in range(len(found))]


def exact(interactions: int, kinds: Iterable[str] = corpus.KINDS, *, browser: bool = False) -> Plan:
    """At most a hundred requests, the same bytes again and again."""
    templates = []
    for position in _positions(interactions, kinds)[:_DISTINCT]:
        method, target = _target(position)
        content = orjson.dumps(_content()) if method == "POST" else b""
        made = message(method, target, content, _BROWSER if browser else "")
        templates.append(Template(made, None, corpus.answer(position)))
    return Plan("exact", tuple(templates), _refused(interactions))


def unique_get(interactions: int, kinds: Iterable[str] = ("pattern", "query")) -> Plan:
    """GETs that match by pattern or query, no two alike."""
    made = (
        _counted(corpus.answer(position), *_target(position, FIRST)) for position in _positions(interactions, kinds)
    )
    return Plan("get", tuple(made), _refused(interactions))


def unique_post(interactions: int) -> Plan:
    """POSTs of 1 KiB of JSON that match by rules, no two alike."""
    made = (
        _counted(corpus.answer(position), *_target(position), _content())
        for position in _positions(interactions, ["post"])
    )
    return Plan("post", tuple(made), _refused(interactions))


def misses() -> Plan:
    """POSTs that differ from every interaction of `corpus.crowd` in one value, no two alike."""
    content = {**_content(), "kind": "no kind"}
    return Plan("miss", (_counted(None, "POST", corpus.CROWD_PATH, content),))


def cheap_get() -> Template:
    """What a probe asks of `corpus.crowd`."""
    return Template(message("GET", corpus.CHEAP_PATH), None, corpus.answer(0))


def sized_post(size: int, interactions: int = 20) -> Plan:
    """POSTs for `corpus.sized`, no two alike."""
    content = {**corpus.sized_body(size, 7), "id": FIRST}
    made = (_counted(corpus.answer(n), "POST", f"/api/sized{n}", content) for n in range(interactions))
    return Plan(f"{size} bytes", tuple(made))


def ruled_post(interactions: int = 20) -> Plan:
    """POSTs for `corpus.ruled`; their paths are never alike, their bodies always."""
    content = corpus.ruled_body()
    made = (_counted(corpus.answer(n), "POST", f"/api/ruled{n}/{FIRST}", content) for n in range(interactions))
    return Plan("rules", tuple(made))


def _refused(interactions: int) -> tuple[bytes, ...]:
    """A wrong path, a path that the pattern excludes, a wrong query, a wrong type, a missing value, a wrong country."""
    last = {kind: _positions(interactions, [kind])[-1] for kind in corpus.KINDS}
    wrong_type, missing, wrong_country = corpus.body(8), corpus.body(8), corpus.body(8)
    wrong_type["items"][-1]["quantity"] = "two"
    del missing["total"]
    wrong_country["address"]["country"] = "Netherlands"
    return (
        message("GET", f"/api/literal{last['literal']}/nothing"),
        message("GET", f"/api/pattern{last['pattern']}/x"),
        message("GET", f"/api/query{last['query']}?page=one&size=10&sort=name"),
        message("GET", f"/api/query{last['query']}?page=1&size=10&sort=price"),
        *(
            message("POST", f"/api/post{last['post']}", orjson.dumps(content))
            for content in (wrong_type, missing, wrong_country)
        ),
    )
