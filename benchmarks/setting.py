"""Where and with what a run was made."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.driver import driver_name, wrk_version
from benchmarks.servers import nginx_binary

_PACKAGES = ("stubserver", "aiohttp", "uvloop", "orjson", "google-re2", "multidict", "yarl")


def setting() -> dict[str, Any]:
    """Everything that figures depend on."""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "load_average": list(os.getloadavg()),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "driver": driver_name(),
        "wrk": wrk_version(),
        "nginx": _nginx_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "commit": _commit(),
    }


def cpu_name() -> str:
    """The processor, as the kernel names it."""
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _nginx_version() -> str | None:
    binary = nginx_binary()
    return _printed([binary, "-v"]).rpartition("/")[2] or None if binary else None


def _commit() -> str | None:
    """The commit, with a + when the tree differs from it."""
    if shutil.which("git") is None:
        return None
    at = ["git", "-C", str(Path(__file__).parent.parent)]
    commit = _printed([*at, "rev-parse", "--short", "HEAD"])
    changed = _printed([*at, "status", "--porcelain", "--untracked-files=no"])
    return commit + ("+" if changed else "") or None


def _printed(words: list[str]) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip() if done.returncode == 0 else ""
