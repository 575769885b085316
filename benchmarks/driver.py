"""Driving a server with a plan, and what came of it. wrk where it is installed, else `client.py`."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.servers import DRIVER_CORE, Server, pinned
from benchmarks.traffic import FIRST, Plan

CONNECTIONS = 32
_TIMEOUT = "30s"  # until an answer counts as missing
BUSY = 0.9  # of its core: what a server that is driven as fast as it can go should use
_SCRIPT = Path(__file__).with_name("wrk.lua")
_BLOCK = 2_000_000  # counters that each run may use
_blocks = itertools.count()


@dataclass(frozen=True)
class Sample:
    """One run. Times in milliseconds; shares are of one core."""

    requests: int
    rate: float
    p50: float
    p90: float
    p99: float
    p999: float
    max: float
    bytes_each: float
    failed: int  # connections that broke, answers that did not come, and answers of the wrong sort
    server_share: float | None
    driver_share: float
    cpu_us: float | None  # processor time of the server for each request
    paced: bool = False

    @property
    def flag(self) -> str:
        """Why the figure is not what it should be, if so."""
        if self.failed:
            return "failed requests"
        if self.paced or self.server_share is None or self.server_share >= BUSY:
            return ""
        return "driver-bound" if self.driver_share >= BUSY else "server not busy"

    def as_json(self) -> dict[str, Any]:
        """For the raw figures."""
        return {**asdict(self), "flag": self.flag}


@contextmanager
def written(plan: Plan) -> Iterator[Path]:
    """The plan in a file that a driver reads."""
    with tempfile.TemporaryDirectory(prefix="bench-plan-") as folder:
        yield plan.write(Path(folder) / "plan")


def drive(
    server: Server,
    plan: Path,
    seconds: int,
    *,
    connections: int = CONNECTIONS,
    pause: float = 0.0,
    answered: bool = True,
) -> Sample:
    """Send the plan's requests for some seconds.

    `pause` is the mean pause of each connection, in milliseconds. Unless `answered`, all must be misses. An answer of
    the other sort counts as failed.
    """
    first = FIRST + next(_blocks) * _BLOCK % FIRST
    words = [*pinned(DRIVER_CORE), *_command(server, plan, seconds, connections, pause, first)]
    before = server.cpu_seconds()
    children = os.times()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    used, after = os.times(), server.cpu_seconds()
    line = next((line for line in done.stdout.splitlines() if line.startswith("{")), None)
    if done.returncode or line is None:
        raise SystemExit(f"{' '.join(words)} failed:\n{done.stdout}\n{done.stderr}\n{server.logged()}")
    told = json.loads(line)
    spent = None if before is None or after is None else after - before
    driver = used.children_user + used.children_system - children.children_user - children.children_system
    requests, statuses, took = told["requests"], told["statuses"], told["seconds"]
    return Sample(
        requests=requests,
        rate=requests / took,
        **{name: told[name] / 1000 for name in ("p50", "p90", "p99", "p999", "max")},
        bytes_each=told["bytes"] / max(requests, 1),
        failed=told["failed"] + told["timeouts"] + (statuses if answered else requests - statuses),
        server_share=None if spent is None else spent / took,
        driver_share=driver / took,
        cpu_us=None if spent is None or not requests else spent / requests * 1e6,
        paced=pause > 0,
    )


def _command(server: Server, plan: Path, seconds: int, connections: int, pause: float, first: int) -> list[str]:
    last = [str(plan), str(first), f"{pause:.4f}"]
    if not has_wrk():
        return [sys.executable, "-m", "benchmarks.client", str(server.port), str(connections), str(seconds), *last]
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", _TIMEOUT, "-s", str(_SCRIPT)]
    return ["wrk", *options, f"http://127.0.0.1:{server.port}/", "--", *last]


def has_wrk() -> bool:
    """Whether wrk is installed."""
    return shutil.which("wrk") is not None


def wrk_version() -> str | None:
    """The version of wrk."""
    if not has_wrk():
        return None
    shown = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)
    found = re.search(r"wrk (\S+)", shown.stdout + shown.stderr)
    return found[1] if found else "unknown"


def driver_name() -> str:
    """What drives, for the tables."""
    return "wrk" if has_wrk() else "the fallback client (no wrk; slower than the servers)"
