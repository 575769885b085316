"""Curl commands of explanations, run as a person would who pastes them into a terminal."""

from __future__ import annotations

import asyncio
import re
import shutil
from typing import Any

import pytest


async def curl(line: str) -> tuple[int, dict[str, str]]:
    """Run a curl command in bash; status and headers of the answer. Without curl the test is skipped."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        f"{line} --silent --show-error --max-time 20 --dump-header /dev/stderr --output /dev/null",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    text = errors.decode("utf-8", "replace")
    assert process.returncode == 0, f"{line}\n{text}"
    # What stands before the last status line belongs to a 100 Continue.
    *_, head = re.split(r"^HTTP/", text, flags=re.MULTILINE)
    lines = [entry.partition(":") for entry in head.splitlines()[1:]]
    return int(head.split()[1]), {name.lower(): value.strip() for name, _, value in lines}


async def assert_curl_is_answered(near: dict[str, Any]) -> None:
    """The curl command of a near miss reaches exactly that interaction."""
    assert near["curl"] is not None, near
    status, headers = await curl(near["curl"])
    found = (headers["x-stub-match"], headers.get("x-stub-interaction", "").split(" ")[0], status)
    assert found == ("exact", near["interaction"]["id"], near["interaction"]["status"]), near["curl"]
