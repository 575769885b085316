"""The Rust core as an oracle, by way of the mock server that the `pact` command line carries.

One master server runs for all. A pact posted to it becomes a mock server on a port of its own; that answers 200 to a
request that matches and 500, with the reasons, to one that does not.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from tests.oracle.cases import Case, Sent, Verdict

PATIENCE = 10.0  # seconds for any one answer
_BROKEN = (OSError, EOFError, ValueError)


def pact_binary() -> str:
    """The `pact` command line; skips the calling test when there is none."""
    binary = shutil.which("pact", path=str(Path(sys.executable).parent)) or shutil.which("pact")
    if binary is None:
        pytest.skip("needs the pact command line (pip install pact-python-cli)")
    return binary


class _Connection:
    """A keep-alive connection that sends what it is told, byte for byte, and opens again when it was closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._buffer = b""

    def ask(self, sent: Sent) -> tuple[int, bytes]:
        """Status and body of the answer. Raises OSError, EOFError or ValueError when there is none."""
        lines = [f"{sent.method} {sent.target} HTTP/1.1", "Host: localhost"]
        lines += [f"{name}: {value}" for name, value in sent.headers]
        if sent.body or sent.method in ("POST", "PUT", "PATCH"):
            lines.append(f"Content-Length: {len(sent.body)}")
        message = ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape") + sent.body
        try:
            return self._exchange(message, sent.method)
        except _BROKEN:  # an idle connection may have been closed meanwhile
            self.close()
        try:
            return self._exchange(message, sent.method)
        except _BROKEN:
            self.close()
            raise

    def _exchange(self, message: bytes, method: str) -> tuple[int, bytes]:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._buffer = b""
        self._socket.sendall(message)
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        status, *fields = head.split(b"\r\n")
        length = 0
        for field in fields:
            name, _, value = field.partition(b":")
            if name.lower() == b"content-length" and method != "HEAD":
                length = int(value)
        while len(self._buffer) < length:
            self._receive()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return int(status.split()[1]), body

    def _receive(self) -> None:
        assert self._socket is not None
        received = self._socket.recv(65536)
        if not received:
            raise EOFError("the connection was closed")
        self._buffer += received

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class RustCore:
    """The Rust core, running. A context manager; starts again when a pact has killed it."""

    def __init__(self) -> None:
        self._binary = pact_binary()
        self._folder = tempfile.TemporaryDirectory(prefix="oracle-")
        self._process: subprocess.Popen[bytes] | None = None
        self._master = _Connection(0)
        self.restarts = -1  # the first start is none

    def __enter__(self) -> RustCore:
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        self._folder.cleanup()

    def _start(self) -> None:
        self._stop()
        self.restarts += 1
        for _ in range(3):  # another process may take the port first
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            self._process = subprocess.Popen(
                [self._binary, "mock", "--host", "127.0.0.1", "--port", str(port), "--loglevel", "none",
                 "start", "--no-file-log", "--output", self._folder.name],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._folder.name,
            )  # fmt: skip
            self._master = _Connection(port)
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline and self._process.poll() is None:
                try:
                    self._master.ask(Sent())
                except _BROKEN:
                    time.sleep(0.02)
                else:
                    return
            self._stop()
        raise RuntimeError("the Rust mock server does not start")

    def _stop(self) -> None:
        self._master.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def verdicts(self, case: Case) -> list[Verdict]:
        """One verdict for each request of a case, all from one fresh mock server."""
        loaded = self._load(case)
        if isinstance(loaded, str):
            return [Verdict(None, (loaded,))] * len(case.sent)
        connection = _Connection(loaded)
        verdicts = [_verdict(connection, sent) for sent in case.sent]
        connection.close()
        self._unload(loaded)
        return verdicts

    def verdict(self, case: Case, sent: Sent) -> bool | None:
        """The verdict on one request."""
        return self.verdicts(case.alone(sent))[0].matched

    def explained(self, case: Case, sent: Sent) -> Verdict:
        """The verdict on one request, with the mismatches that the core reports."""
        loaded = self._load(case)
        if isinstance(loaded, str):
            return Verdict(None, (loaded,))
        connection = _Connection(loaded)
        verdict = _verdict(connection, sent)
        connection.close()
        reasons: tuple[str, ...] = ()
        for _ in range(5 if verdict.matched is False else 0):  # the server answers before it has noted why
            try:
                _, answer = self._master.ask(Sent("POST", f"/mockserver/{loaded}/verify"))
                reasons = tuple(_mismatches(json.loads(answer)["mismatches"])) if answer else ()
            except (*_BROKEN, KeyError):
                break
            if reasons:
                break
            time.sleep(0.01)
        self._unload(loaded)
        return Verdict(verdict.matched, reasons or verdict.reasons)

    def _load(self, case: Case) -> int | str:
        """The port of a fresh mock server for the case, or why there is none."""
        loading = Sent("POST", "/", "", (("Content-Type", "application/json"),), case.document())
        for _ in range(2):
            try:
                status, answer = self._master.ask(loading)
            except _BROKEN:
                self._start()
                continue
            if status == 200:
                return int(json.loads(answer)["mockServer"]["port"])
            return f"not loaded: {answer[:200].decode(errors='replace')}"
        return "the server dies of this pact"

    def _unload(self, port: int) -> None:
        try:  # by its port: the server stumbles over identifiers that read as numbers
            self._master.ask(Sent("DELETE", f"/mockserver/{port}"))
        except _BROKEN:
            self._start()


def _verdict(connection: _Connection, sent: Sent) -> Verdict:
    try:
        status, body = connection.ask(sent)
    except _BROKEN as error:
        return Verdict(None, (f"no answer: {error!r}",))
    if status == 200:
        return Verdict(True)
    if status == 500:
        return Verdict(False)
    return Verdict(None, (f"status {status}: {body[:200].decode(errors='replace')}",))


def _mismatches(found: Any) -> Iterator[str]:
    """The reasons in the answer to `verify`, a line each."""
    for entry in found:
        if "mismatch" in entry:
            where = entry.get("path") or entry.get("key") or entry.get("parameter") or ""
            yield f"{entry.get('type', '')} {where}: {entry['mismatch']}"
        elif "mismatches" in entry:
            yield from _mismatches(entry["mismatches"])
        elif entry.get("type") == "request-not-found":
            yield "method or path"
