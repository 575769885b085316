"""Noticing that files changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from watchfiles import awatch


async def changes(paths: list[Path], extension: str) -> AsyncIterator[set[Path]]:
    """Yield the files that changed, each time some did; bursts of changes come as one.

    Files are watched through their directory, so that an editor which replaces a file does not end the watch.
    """
    files = {path.resolve() for path in paths if not path.is_dir()}
    roots = {path.resolve() if path.is_dir() else path.resolve().parent for path in paths}
    directories = [path.resolve() for path in paths if path.is_dir()]
    suffix = f".{extension.lstrip('.')}"
    async for batch in awatch(*roots, debounce=400, step=50, recursive=bool(directories)):
        changed = {Path(name) for _, name in batch}
        relevant = {
            path
            for path in changed
            if path in files
            or (path.suffix == suffix and any(path.is_relative_to(directory) for directory in directories))
        }
        if relevant:
            yield relevant
