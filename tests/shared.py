"""Where third-party test data lie: real pacts, the cases of the Pact specification. Located by path, never copied."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_CONFIGURED = os.environ.get("STUBSERVER_SHARED")
SHARED = Path(_CONFIGURED) if _CONFIGURED else Path(__file__).resolve().parents[2] / "shared"


def shared(name: str) -> Path:
    """A folder or file of the shared data; skips the calling test, saying why, when it is not there."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs {name} of the shared test data; set STUBSERVER_SHARED to its folder")
    return path


def shared_files(folder: str) -> list[Path]:
    """All JSON files below a shared folder, sorted; empty when it is not there."""
    return sorted((SHARED / folder).rglob("*.json"))


def files_or_skip(folder: str) -> list[object]:
    """Parameters for a test over shared files: one per file, or a single skipped one that says what is missing."""
    files = shared_files(folder)
    if not files:
        reason = f"needs {folder} of the shared test data; set STUBSERVER_SHARED to its folder"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="absent")]
    return [pytest.param(file, id=str(file.relative_to(SHARED / folder).with_suffix(""))) for file in files]
