"""What can be a name: of an application, a version, a branch, a tag, an environment."""

from __future__ import annotations

import re
from typing import Any

FILE_VERSION = "file-"  # how the versions of documents begin, which are not published but read from files
_LONGEST = 255


def environment_name_problem(value: Any) -> str | None:
    """Why a value cannot be the name of an environment, which clients take as one word."""
    problem = name_problem(value)
    return "cannot contain spaces" if problem is None and re.search(r"\s", value) else problem


def name_problem(value: Any, longest: int = _LONGEST) -> str | None:
    """Why a value cannot be a name: one line of text that is not blank."""
    if value is None:
        return "is missing"
    if not isinstance(value, str):
        return "must be a string"
    if not value.strip():
        return "cannot be blank"
    if len(value) > longest:
        return f"cannot be longer than {longest} characters"
    if value in (".", ".."):
        return "cannot be . or .., which clients take out of URLs"
    if not value.isprintable() and any(ord(character) < 32 or ord(character) == 127 for character in value):
        return "cannot contain line breaks or other control characters"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "must be valid Unicode"
    return None
