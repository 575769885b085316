"""Swagger UI, where the package that brings it is installed. Its files are served from where they lie."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

_PACKAGE = "fastapi-swagger"  # of which only the files of Swagger UI are used
_FILES = {"swagger-ui-bundle.js": "text/javascript; charset=utf-8", "swagger-ui.css": "text/css; charset=utf-8"}


@cache
def swagger_files() -> dict[str, tuple[bytes, str]] | None:
    """Content and media type of each file by name; None where Swagger UI is not installed."""
    try:
        files = distribution(_PACKAGE).files or []
    except PackageNotFoundError:
        return None
    found: dict[str, tuple[bytes, str]] = {}
    for file in files:
        path = Path(str(file.locate()))
        if file.name in _FILES and path.is_file():
            found[file.name] = (path.read_bytes(), _FILES[file.name])
    return found if found.keys() == _FILES.keys() else None
