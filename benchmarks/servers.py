"""Starting, pinning, watching and stopping the servers that are measured."""

from __future__ import annotations

import functools
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.floors import nginx_config

SERVER_CORE, DRIVER_CORE = 0, 1
_TICKS = os.sysconf("SC_CLK_TCK")
_START = 300  # seconds that a server gets until it answers
_POLL = 0.002
_FIRST_PORT, _PORTS = 21_000, 10_000
_ports = itertools.cycle(range(_FIRST_PORT + os.getpid() % 97 * 100, _FIRST_PORT + _PORTS))

Ready = Callable[[int], bool]  # whether the server at this port is up


@dataclass
class Server:
    """A running server."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    folder: Path
    started: float = 0.0  # seconds from exec until it was ready

    def cpu_seconds(self) -> float | None:
        """Processor time of the process and its threads so far; None where the kernel does not tell."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def rss(self) -> int | None:
        """Resident bytes; None where the kernel does not tell."""
        return _status_bytes(self.process.pid, "VmRSS")

    def peak_rss(self) -> int | None:
        """The most resident bytes so far."""
        return _status_bytes(self.process.pid, "VmHWM")

    def logged(self) -> str:
        """The end of what it printed."""
        return (self.folder / "output").read_text(errors="replace")[-2000:]


Starting = AbstractContextManager[Server]


def _status_bytes(pid: int, name: str) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:")), None)


def pinned(core: int) -> list[str]:
    """The words that keep a command on one core, where that can be done."""
    return ["taskset", "-c", str(core)] if shutil.which("taskset") and (os.cpu_count() or 1) > 1 else []


def pin_this_process() -> None:
    """Leave the core of the servers alone."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {DRIVER_CORE})


def free_port() -> int:
    """A port of the loopback interface that nobody listens on.

    It lies below those that the system gives to clients: who asks such a port again and again until somebody listens
    would sooner or later be given it as his own, and talk to himself.
    """
    for port in itertools.islice(_ports, _PORTS):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise StartError("no port is free")


def accepts(port: int) -> bool:
    """Whether anybody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def running(
    name: str,
    command: Callable[[int, Path], Sequence[str]],
    *,
    ready: Ready = accepts,
    environment: dict[str, str] | None = None,
    within: float = _START,
) -> Iterator[Server]:
    """Start a server on a free port, wait until it is ready, and stop it in the end.

    `command` gets the port and a folder of the server's own, in which it is also started. Raises StartError.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder_name:
        folder, port = Path(folder_name), free_port()
        words = [*pinned(SERVER_CORE), *command(port, folder)]
        with (folder / "output").open("wb") as output:
            began = time.monotonic()
            process = subprocess.Popen(
                words,
                cwd=folder,
                env=_environment() | (environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that what it starts itself ends with it
            )
        server = Server(name, port, process, folder)
        try:
            while not ready(port):
                if time.monotonic() - began > within or process.poll() is not None:
                    raise StartError(f"{name} did not start: {' '.join(words)}\n{server.logged()}")
                time.sleep(_POLL)
            server.started = time.monotonic() - began
            yield server
        finally:
            _stop(process)


class StartError(Exception):
    """A server did not come up."""


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _environment() -> dict[str, str]:
    """Ours without settings of any server; the tree that runs the benchmarks is the tree that is measured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("STUBSERVER_", "PACT_"))}
    paths = [str(Path(__file__).parent.parent), kept.get("PYTHONPATH", "")]
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


def stubserver(name: str, pact: Path, *options: str, ready: Ready = accepts, within: float = _START) -> Starting:
    """Ours with a pact file or directory."""
    return running(
        name,
        lambda port, _: [*ours(), "serve", str(pact), "--port", str(port), "--loglevel", "none", *options],
        ready=ready,
        within=within,
    )


def floor(name: str) -> Starting:
    """A floor: nginx, hello, json or raw. Raises StartError."""
    if name == "nginx":
        binary = nginx_binary() or name
        return running(name, lambda port, at: [binary, "-p", f"{at}/", "-c", str(nginx_config(at, port))])
    return running(name, lambda port, _: [sys.executable, "-m", "benchmarks.floors", name, str(port)])


def ours() -> list[str]:
    """The command of ours."""
    return [sys.executable, "-m", "stubserver"]


@functools.cache
def has_option(option: str) -> bool:
    """Whether `stubserver serve` knows an option."""
    shown = subprocess.run(
        [*ours(), "serve", "--help"], capture_output=True, text=True, env=_environment(), check=False
    )
    return option in shown.stdout


def nginx_binary() -> str | None:
    """Where nginx is, if it is installed; its folder is not always searched."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
