"""What an export is of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class About:
    """What a description is of: its title and version, a text about it, and the URL that it is served at."""

    title: str
    version: str
    text: str
    server: str
    token_header: str | None = None  # in which the stub itself needs a token
