"""The other workers of a server: what each of them knows of itself, asked by whichever answers for all.

Each worker listens on a socket of its own in a directory that only this user can enter.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from aiohttp import web

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_PATIENCE = aiohttp.ClientTimeout(total=1.0)  # a worker that hangs is left out
# A question, and what answers it, told its details, with something that JSON can say.
Answers = Mapping[str, Callable[[Mapping[str, str]], Awaitable[Any]]]


@dataclass(frozen=True, slots=True)
class Post:
    """Where the workers of a server find each other: a directory, this worker's number, and how many there are."""

    directory: Path
    worker: int
    workers: int

    def socket(self, worker: int) -> str:
        """The socket of a worker."""
        return str(self.directory / f"{worker}.sock")


class Siblings:
    """Answers questions of the other workers, and asks them."""

    def __init__(self, post: Post, answers: Answers) -> None:
        self.post = post
        self._answers = answers
        self._runner: web.AppRunner | None = None
        self._sessions: dict[int, aiohttp.ClientSession] = {}

    async def start(self) -> None:
        """Listen for questions."""
        application = web.Application()
        for question, answer in self._answers.items():
            application.router.add_get(f"/{question}", _handler(answer))
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        socket = self.post.socket(self.post.worker)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(socket)  # of the one whose place this worker took
        await web.UnixSite(self._runner, socket).start()

    async def stop(self) -> None:
        """Listen no longer, and ask no more."""
        for session in self._sessions.values():
            await session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def _session(self, worker: int) -> aiohttp.ClientSession:
        """What another worker is asked with; connections stay open."""
        session = self._sessions.get(worker)
        if session is None or session.closed:
            connector = aiohttp.UnixConnector(self.post.socket(worker))
            session = self._sessions[worker] = aiohttp.ClientSession(connector=connector, timeout=_PATIENCE)
        return session

    async def ask(self, question: str, details: Mapping[str, str] | None = None) -> dict[int, Any]:
        """What all workers answer, this one included, by their numbers; without those that do not answer."""
        numbers = range(self.post.workers)
        found = await asyncio.gather(*(self.ask_one(number, question, details) for number in numbers))
        return {number: answer for number, answer in zip(numbers, found, strict=True) if answer is not None}

    async def ask_one(self, worker: int, question: str, details: Mapping[str, str] | None = None) -> Any:
        """What one worker answers; None where it does not."""
        if worker == self.post.worker:
            return await self._answers[question](details or {})
        try:
            async with self._session(worker).get(f"http://worker/{question}", params=details) as response:
                return await response.json()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("a worker does not answer another", worker=worker, reason=str(error) or type(error).__name__)
            return None


def _handler(answer: Callable[[Mapping[str, str]], Awaitable[Any]]) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.Response:
        return web.json_response(await answer(request.query))

    return handle
