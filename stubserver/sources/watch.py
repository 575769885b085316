"""Noticing that files changed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import structlog
from watchfiles import awatch

from stubserver.sources.files import pact_files

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_LOOK_EVERY = 2.0  # seconds

_State = dict[Path, tuple[int, int, int] | None]


async def changes(paths: list[Path], extension: str) -> AsyncIterator[set[Path]]:
    """Yield the pact files that changed, appeared or went, each time some did; bursts of changes come as one.

    Events only say when to look; what changed is told by the files themselves. So it does not matter whether an editor
    replaces a file, or a link on the way to it is pointed elsewhere; and what no event tells of (a directory that was
    removed and made again, a network drive) is found by looking every other second.
    """
    before = await asyncio.to_thread(_state, paths, extension)
    stirred = asyncio.Event()
    watchers = [
        asyncio.create_task(_stir(roots, stirred, recursive=recursive))
        for recursive in (True, False)
        if (roots := _existing(root for path in paths if path.is_dir() is recursive for root in _roots(path)))
    ]
    try:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stirred.wait(), _LOOK_EVERY)
            stirred.clear()
            after = await asyncio.to_thread(_state, paths, extension)
            changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
            before = after
            if changed:
                yield changed
    finally:
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)


async def _stir(roots: set[Path], stirred: asyncio.Event, *, recursive: bool) -> None:
    try:
        async for _ in awatch(*roots, watch_filter=None, debounce=400, step=50, recursive=recursive):
            stirred.set()
    except (OSError, RuntimeError) as error:  # no more watches to be had, or a root went while it was being added
        log.warning("no events for files; they are looked at every other second", reason=str(error))


def _roots(path: Path) -> list[Path]:
    """The directories whose events can mean that a path changed: its own, and those that links on the way lead to."""
    absolute = path.absolute()
    if path.is_dir():
        return [absolute, absolute.resolve()]
    return [absolute.parent, absolute.parent.parent, absolute.parent.resolve()]


def _existing(roots: Iterable[Path]) -> set[Path]:
    return {root for root in roots if root.is_dir()}


def _state(paths: list[Path], extension: str) -> _State:
    """Inode, size and time of each file, by path."""
    state: _State = {}
    for path in paths:
        try:
            files = pact_files(path, extension)
        except OSError:
            continue
        for file in files:
            try:
                status = file.stat()
            except (OSError, ValueError):
                state[file] = None
            else:
                state[file] = (status.st_ino, status.st_size, status.st_mtime_ns)
    return state
