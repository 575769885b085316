"""Pacts in files and directories."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from stubserver.errors import SourceError
from stubserver.sources.document import MAX_DOCUMENT_BYTES, FailedDocument, PactDocument, Yielded


def read_files(paths: list[Path], extension: str = "json") -> Iterator[Yielded]:
    """Read each path in order: a file whatever its name, a directory recursively for files with the extension.

    Files of a directory come sorted by name, so that the order of interactions does not depend on the disk. A file
    reached twice is read once.
    """
    seen: set[str] = set()
    for path in paths:
        try:
            files = pact_files(path, extension)
        except OSError as error:
            yield _failed(path, error)
            continue
        if not files:
            cure = f"put pact files there, or name their extension with --extension (now {extension})"
            yield FailedDocument(str(path), SourceError(f"the directory {path} holds no .{extension} file", cure))
        for file in files:
            real = os.path.realpath(file) if "\0" not in str(file) else str(file)
            if real not in seen:
                seen.add(real)
                yield _read(file)


def pact_files(path: Path, extension: str) -> list[Path]:
    """The files that a path stands for: itself, or all below it with the extension, sorted by name."""
    return sorted(_files_below(path, extension)) if path.is_dir() else [path]


def _files_below(directory: Path, extension: str) -> list[Path]:
    suffix = f".{extension.lstrip('.')}"
    return [path for path in directory.rglob("*") if path.name.endswith(suffix) and path.is_file()]


def _read(file: Path) -> Yielded:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_DOCUMENT_BYTES + 1)
    except (OSError, ValueError) as error:  # a ValueError is a name that no file can have
        return _failed(file, error)
    if len(content) > MAX_DOCUMENT_BYTES:
        detail = f"{file} is larger than {MAX_DOCUMENT_BYTES >> 20} MiB"
        return FailedDocument(str(file), SourceError(detail, "split it into several pact files"))
    return PactDocument(str(file), content)


def _failed(path: Path, error: Exception) -> FailedDocument:
    reason = getattr(error, "strerror", None) or str(error)
    return FailedDocument(str(path), SourceError(f"cannot read {path}: {reason}", "check the path and its permissions"))
