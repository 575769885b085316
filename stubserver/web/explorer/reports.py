"""What the journals of all workers have to report: lists of requests, and one request with why nothing matched it.

Each worker reads its own journal, blots out secrets and says the rest in JSON; whoever was asked for a page puts the
reports together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from cachetools import TTLCache

from matching import Match, Mismatch, NearMiss, Part, Request
from stubserver.catalog import Address
from stubserver.errors import NotFoundError, StubServerError
from stubserver.store import Kind, Selector
from stubserver.web.addressing import Place, Resolved, named
from stubserver.web.journal import Entry, Journal, Line
from stubserver.web.misses import hint_of, nearest_of
from stubserver.web.redaction import Blotter, blotted_target
from stubserver.web.siblings import Siblings
from stubserver.web.stub import StubDoor
from stubserver.web.wire import split_target

_LATELY = 0.4  # seconds for which the same question has the same answer
_MOST_READ = 5_000  # entries that are looked at for one page


@dataclass(frozen=True, slots=True)
class Row:
    """A request in a list; `id` names it among those of all workers."""

    id: str
    time: float
    peer: str
    method: str
    target: str
    status: int
    size: int
    outcome: str
    interaction: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Some requests of all workers: `total` are kept, `fitting` are wanted, `silent` workers did not answer."""

    rows: list[Row]
    total: int
    misses: int
    fitting: int
    silent: int


class Reports:
    """The journals, as the pages ask for them."""

    def __init__(self, journal: Journal | None, door: StubDoor, near_misses: int) -> None:
        self.journal = journal
        self._door = door
        self._near_misses = near_misses
        self.siblings: Siblings | None = None
        self._told_lately: TTLCache[tuple[tuple[str, str], ...], dict[str, Any]] = TTLCache(50, _LATELY)

    async def listing(self, wanted: Mapping[str, str], most: int) -> Listing:
        """The first requests, of all workers, that are wanted: `q` in their line, `outcome`, `sort` (time, or misses
        first).
        """
        details = {**wanted, "most": str(most)}
        told, silent = [await self.tell_rows(details)], 0
        if self.siblings is not None:
            answers = await self.siblings.ask("journal", details)
            told, silent = list(answers.values()), self.siblings.post.workers - len(answers)
        rows = [Row(**row) for report in told for row in report["rows"]]
        rows.sort(key=lambda row: _order(row, wanted.get("sort", "")))
        total, misses, fitting = (sum(report[name] for report in told) for name in ("total", "misses", "fitting"))
        return Listing(rows[:most], total, misses, fitting, silent)

    async def entry(self, name: str) -> dict[str, Any]:
        """One request, told in full. Raises NotFoundError."""
        worker, _, number = name.partition("-")
        told = None
        if worker.isdecimal() and number.isdecimal() and len(name) < 40:
            details = {"number": number}
            if self.siblings is None:
                told = await self.tell_entry(details) if worker == "0" else None
            elif int(worker) < self.siblings.post.workers:
                told = await self.siblings.ask_one(int(worker), "entry", details)
        if told is None or "request" not in told:
            raise NotFoundError("this request is not kept any more", "only the latest requests are")
        return dict(told)

    async def latest(self) -> tuple[float, int]:
        """When the latest request of any worker came, and how many are kept: what changes when there is news."""
        if self.siblings is None:
            told = [await self.tell_latest({})]
        else:
            told = list((await self.siblings.ask("latest")).values())
        return max((report["latest"] for report in told), default=0.0), sum(report["total"] for report in told)

    async def tell_latest(self, _: Mapping[str, str]) -> dict[str, Any]:
        """What this worker answers to whether there is news."""
        journal = self.journal
        return {"latest": journal.latest, "total": len(journal)} if journal is not None else {"latest": 0.0, "total": 0}

    async def tell_rows(self, details: Mapping[str, str]) -> dict[str, Any]:
        """What this worker answers to a question for rows; the same to all who ask at about the same time."""
        key = tuple(sorted(details.items()))
        told: dict[str, Any] | None = self._told_lately.get(key)
        if told is None:
            told = self._told_lately[key] = self._rows(details)
        return told

    def _rows(self, details: Mapping[str, str]) -> dict[str, Any]:
        journal = self.journal
        if journal is None:
            return {"rows": [], "total": 0, "misses": 0, "fitting": 0}
        most, words = int(details.get("most", "100")), details.get("q", "").lower().split()
        outcome, worker = details.get("outcome", ""), self.siblings.post.worker if self.siblings is not None else 0
        lines = islice(journal.lines(details.get("sort", ""), outcome), _MOST_READ)
        if words:
            fitting = [line for line in lines if _fits(line, words)]
            shown, count = fitting[:most], len(fitting)
        else:
            shown = list(islice(lines, most))
            count = len(shown) + sum(1 for _ in lines) if outcome else min(len(journal), _MOST_READ)
        rows = [_row(line, worker) for line in shown]
        return {"rows": rows, "total": len(journal), "misses": journal.misses, "fitting": count}

    async def tell_entry(self, details: Mapping[str, str]) -> dict[str, Any]:
        """What this worker answers to a question for one request."""
        number = details.get("number", "")
        entry = self.journal.find(int(number)) if self.journal is not None and number.isdecimal() else None
        return await self._told(entry) if entry is not None else {}

    async def _told(self, entry: Entry) -> dict[str, Any]:
        told: dict[str, Any] = {
            "time": entry.moment,
            "peer": entry.peer,
            "method": entry.method,
            "status": entry.status,
            "size": entry.size,
            "outcome": entry.outcome,
            "interaction": entry.interaction if entry.interaction != "-" else None,
            "is_cut": entry.is_cut,
            "nearest": None,
            "hint": None,
            "changed": False,
            "address": None,
        }
        path, query = split_target(entry.target)
        resolved: Resolved | None = None
        try:
            resolved, place = await self._resolved(entry)
            path, query = place.path, place.query
            told["address"] = _address_document(named(resolved))
        except StubServerError as error:
            told["hint"] = error.detail
        request = Request(entry.method, path, query, entry.fields, entry.body)
        blotter = await self._door.in_thread(Blotter, request)
        try:
            if resolved is not None and entry.outcome == "none" and not entry.is_cut:
                told |= await self._door.in_thread(self._explained, entry, resolved, place)
        except StubServerError as error:
            told["hint"] = error.detail
        told["target"] = blotted_target(entry.target)
        told["is_redacted"] = blotter.is_needed
        told["request"] = {
            "path": blotter.request.path,
            "query": blotter.request.query,
            "headers": [list(line) for line in blotter.request.header_lines],
            "body": blotter.request.body.decode("utf-8", "surrogateescape"),
        }
        return told

    async def _resolved(self, entry: Entry) -> tuple[Resolved, Place]:
        """What a request was addressed to, as it is now. Raises NotFoundError."""
        place = self._door.place(entry.target, entry.fields)
        if place is None:
            raise NotFoundError("the request was for no stub")
        return await self._door.locate(place)

    def _explained(self, entry: Entry, resolved: Resolved, place: Place) -> dict[str, Any]:
        """Why nothing matches a request, by what is served now."""
        door = self._door
        question = door.question(entry.method, entry.fields, entry.body, resolved, place, "")
        if isinstance(door.decide(question.resolved.stub, question.request, question.state), Match):
            return {"changed": True, "nearest": []}
        nearest, blotter = nearest_of(question, self._near_misses), Blotter(question.request)
        return {"nearest": [_near(item, blotter) for item in nearest], "hint": hint_of(question, nearest)}


def _order(row: Row, sort: str) -> tuple[int, float]:
    rank = 0 if sort == "time" or row.outcome == "none" else 1 if row.outcome == "refused" else 2
    return rank, -row.time


def _fits(line: Line, words: Sequence[str]) -> bool:
    # What is blotted out cannot be found either.
    status, _, _, interaction = line.facts
    text = f"{line.method} {blotted_target(line.target)} {status} {interaction} {line.peer}".lower()
    return all(word in text for word in words)


def _row(line: Line, worker: int) -> dict[str, Any]:
    status, size, outcome, interaction = line.facts
    return {
        "id": f"{worker}-{line.number}",
        "time": line.moment,
        "peer": line.peer,
        "method": line.method,
        "target": blotted_target(line.target),
        "status": status,
        "size": size,
        "outcome": outcome,
        "interaction": interaction,
    }


def _address_document(address: Address | None) -> dict[str, Any] | None:
    if address is None:
        return None
    selector = address.selector
    return {
        "provider": address.provider,
        "consumer": address.consumer,
        "kind": selector.kind.value,
        "name": selector.name,
    }


def address_in(document: Mapping[str, Any]) -> Address:
    """The address that a report tells."""
    return Address(document["provider"], document["consumer"], Selector(Kind(document["kind"]), document["name"]))


def _near(near: NearMiss, blotter: Blotter) -> dict[str, Any]:
    return {
        "id": near.interaction.id,
        "description": near.interaction.interaction.description,
        "more": near.more,
        "mismatches": [dict(item.as_json()) for item in blotter.mismatches(near.interaction, near.mismatches)],
    }


def mismatches_in(document: Mapping[str, Any]) -> list[Mismatch]:
    """The mismatches that a report tells."""
    return [
        Mismatch(Part(item["part"]), item["path"], item["rule"], item["expected"], item["actual"], item["message"])
        for item in document["mismatches"]
    ]
