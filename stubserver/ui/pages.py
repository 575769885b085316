"""Templates into pages. Everything that is put into one is escaped; nothing is executed but our own scripts."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_HERE = Path(__file__).parent
MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def render(template: str, **values: Any) -> str:
    """A page, or a part of one."""
    return _environment().get_template(template).render(**values)


def new_nonce() -> str:
    """What tells our own scripts from others, for one page."""
    return secrets.token_urlsafe(18)


def policy(nonce: str) -> str:
    """The Content-Security-Policy of a page: our own files, and of scripts only those that have the nonce."""
    scripts = f"'nonce-{nonce}'" if nonce else "'none'"
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    found = (_HERE / "static").iterdir()
    return {path.name: (path.read_bytes(), MEDIA_TYPES[path.suffix]) for path in found if path.suffix in MEDIA_TYPES}


def static_file(name: str) -> tuple[bytes, str] | None:
    """The content and media type of a file beside the pages; None where there is none."""
    return _files().get(name)


@cache
def _versions() -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest()[:12] for name, (content, _) in _files().items()}


def version_of(name: str) -> str:
    """What names the content of a file, so that browsers may keep it for good."""
    return _versions()[name]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"ago": ago, "number": number, "plural": plural, "short": short, "moment": moment}
    environment.globals |= {"version_of": version_of}
    return environment


def warm() -> None:
    """Make all templates ready, so that nobody waits for that."""
    environment = _environment()
    for name in environment.list_templates():
        environment.get_template(name)


def ago(value: str | float, now: datetime | None = None) -> str:
    """How long ago a moment was."""
    then = _moment(value)
    seconds = ((now or datetime.now(UTC)) - then).total_seconds()
    for size, unit in ((86400 * 365, "year"), (86400 * 30, "month"), (86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now" if seconds < 10 else f"{int(seconds)} seconds ago"


def moment(value: str | float) -> str:
    """A moment as people and machines read it."""
    return _moment(value).strftime("%Y-%m-%d %H:%M:%S UTC")


def _moment(value: str | float) -> datetime:
    if isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(UTC)
    return datetime.fromtimestamp(value, UTC)


def number(value: int) -> str:
    """A number with its thousands apart."""
    return f"{value:,}"


def plural(count: int, noun: str, several: str | None = None) -> str:
    """`1 pact`, `2 pacts`."""
    return f"{count:,} {noun if count == 1 else several or noun + 's'}"


def short(text: str, length: int = 80) -> str:
    """A text that fits."""
    return text if len(text) <= length else text[: length - 1] + "…"
