"""The catalog: the snapshot that is served now, and the one way to replace it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from matching import PactError, Problem, Severity, load_pact
from stubserver.catalog.snapshot import LoadedPact, Snapshot, build_snapshot
from stubserver.errors import LoadError


class Catalog:
    """Holds `current`. Publishing parses and compiles aside, then swaps the snapshot by one assignment."""

    def __init__(self, order: str = "specific", *, strict: bool = False, eager: int | None = None) -> None:
        """`eager` is how many interactions are compiled before they are served, in the order of the documents; the
        others are compiled when they are first needed. None, or strict loading, compiles all.
        """
        self.current: Snapshot = build_snapshot((), order)
        self._order = order
        self._strict = strict
        self._eager = None if strict else eager

    def publish(self, documents: Iterable[tuple[str, bytes | Problem]]) -> Snapshot:
        """Serve these documents from now on, in this order: (origin, content), or (origin, what kept it from coming).

        A document that cannot be read takes nothing down: if an earlier reading of it is being served, that one stays.
        Unchanged documents are not compiled again. Raises LoadError, and changes nothing, when loading is strict and
        anything is wrong.
        """
        earlier = {entry.origin: entry for entry in self.current.pacts}
        loaded: list[LoadedPact] = []
        left = self._eager
        for origin, content in documents:
            entry = _load(origin, content, earlier.get(origin), left)
            if left is not None and entry.pact is not None:
                left = max(left - len(entry.pact.interactions), 0)
            loaded.append(entry)
        if self._strict:
            _demand_flawless(loaded)
        snapshot = build_snapshot(loaded, self._order)
        self.current = snapshot
        return snapshot


def _load(origin: str, content: bytes | Problem, earlier: LoadedPact | None, most: int | None) -> LoadedPact:
    if isinstance(content, Problem):
        return _broken(origin, "", (content,), earlier)
    sha = hashlib.sha256(content).hexdigest()
    if earlier is not None and earlier.sha == sha and not earlier.stale:
        return earlier
    try:
        return LoadedPact(origin, sha, load_pact(content, most))
    except PactError as error:
        return _broken(origin, sha, error.problems, earlier)


def _broken(origin: str, sha: str, problems: tuple[Problem, ...], earlier: LoadedPact | None) -> LoadedPact:
    if earlier is not None and earlier.pact is not None:
        return replace(earlier, flaws=problems, stale=True)
    return LoadedPact(origin, sha, None, problems)


def _demand_flawless(loaded: list[LoadedPact]) -> None:
    flaws = [
        f"{entry.origin}#{problem}"
        for entry in loaded
        for problem in entry.problems
        if problem.severity is not Severity.NOTE
    ]
    if flaws:
        detail = f"{len(flaws)} problems in the pacts: {'; '.join(flaws[:20])}"
        raise LoadError(detail, "correct them, or serve the rest without --strict-load")
