"""Matchers for texts in a known format: dates and times, semantic versions, contents of a media type."""

from __future__ import annotations

import re
from typing import Any

from matching.content_types import ContentType
from matching.datetimes import compile_date_pattern
from matching.http_text import base64_decoded, encoded
from matching.json_text import text_of
from matching.magic import described, looks_like
from matching.mismatch import shown

# What a rule without a format takes: ISO 8601, with or without a fraction of a second and an offset.
_ISO_FORMATS = {
    "date": ("yyyy-MM-dd",),
    "time": tuple(f"HH:mm[:ss]{offset}" for offset in ("", "XXX", "XX", "X")),
    "datetime": tuple(f"yyyy-MM-dd'T'HH:mm[:ss]{offset}" for offset in ("", "XXX", "XX", "X")),
}
_FRACTION = re.compile(r"(:[0-9]{1,2}:[0-9]{1,2})\.[0-9]{1,9}")


class DateFormat:
    """`date`, `time`, `datetime`: a text in a pattern of Java's DateTimeFormatter, and a date that exists."""

    __slots__ = ("_patterns", "_source", "rule")

    def __init__(self, name: str, source: str | None) -> None:
        """`source` None stands for ISO 8601. Raises DatePatternError."""
        self._source = source
        self._patterns = tuple(map(compile_date_pattern, _ISO_FORMATS[name] if source is None else (source,)))
        self.rule = name if source is None else f"{name} {source}"

    def matches(self, value: Any) -> bool:
        if type(value) is not str:
            if type(value) is not int and type(value) is not float:
                return False
            value = text_of(value)
        if self._source is None:
            value = _FRACTION.sub(r"\1", value, count=1)
        return any(pattern.matches(value) for pattern in self._patterns)

    def explain(self, value: Any) -> str | None:
        if self.matches(value):
            return None
        wanted = "ISO 8601" if self._source is None else f"the format {self._source}"
        return f"Expected {shown(value)} to be a {self.rule.partition(' ')[0]} in {wanted}"


class SemanticVersion:
    """`semver`: a version as Semantic Versioning 2 defines it."""

    __slots__ = ()
    rule = "semver"
    _NUMBER = r"(?:0|[1-9][0-9]*)"
    _FORM = re.compile(
        rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}"
        rf"(?:-(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*)?"
        r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
    )
    _LONGEST = 256

    def matches(self, value: Any) -> bool:
        return type(value) is str and len(value) <= self._LONGEST and self._FORM.fullmatch(value) is not None

    def explain(self, value: Any) -> str | None:
        return None if self.matches(value) else f"Expected {shown(value)} to be a semantic version like 1.2.3"


class Media:
    """`contentType`: content that begins as content of a media type does; texts may hold it as base64."""

    __slots__ = ("_expected", "rule")

    def __init__(self, expected: ContentType) -> None:
        self._expected = expected
        self.rule = f"contentType {expected}"

    def matches(self, value: Any) -> bool:
        value = text_of(value)
        if looks_like(encoded(value), self._expected):
            return True
        decoded = base64_decoded(value)
        return decoded is not None and looks_like(decoded, self._expected)

    def explain(self, value: Any) -> str | None:
        if self.matches(value):
            return None
        found = described(encoded(text_of(value)))
        return f"Expected content of type {self._expected}, but what came looks like {found}"
