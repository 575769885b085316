"""JSON text to Python values and back, without losing what pact compares: exact integers, integer versus decimal."""

from __future__ import annotations

import json
from typing import Any

import orjson

# orjson turns integers beyond 64 bits into floats; only documents with 19 digits in a row, which may hold one, take the
# slower reader. Searching in a copy with all digits alike is many times faster than a pattern.
_DIGITS_ALIKE = bytes.maketrans(b"123456789", b"000000000")
_LONG_DIGITS = b"0" * 19

MAX_DEPTH = 128  # levels of nesting that a recorded document may have; real ones stay below 30


class JsonError(ValueError):
    """A text that is not JSON; the message says where."""


def parse_json(content: bytes) -> Any:
    """Parse JSON bytes (UTF-8). Duplicate keys: the last wins. Raises JsonError, never anything else."""
    try:
        value = orjson.loads(content)
        if _LONG_DIGITS in content.translate(_DIGITS_ALIKE):
            value = json.loads(content)  # what orjson took, with its integers exact
        return value
    except RecursionError:
        raise JsonError("nested too deeply") from None
    except ValueError as error:
        raise JsonError(str(error)) from None


def parse_object(content: bytes) -> dict[str, Any]:
    """Parse JSON bytes that have to be an object, no deeper than what can be recorded. Raises JsonError, whose message
    is what is said of the text.
    """
    try:
        value = parse_json(content)
    except JsonError as error:
        raise JsonError(f"is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise JsonError("is not a JSON object")
    if depth_of(value) > MAX_DEPTH:
        raise JsonError(f"nests deeper than {MAX_DEPTH} levels")
    return value


def exactly(content: bytes) -> bytes:
    """The same bytes in no more memory than they need: what orjson returns holds four kilobytes at least."""
    return bytes(bytearray(content))


def dump_json(value: Any) -> bytes:
    """Compact JSON bytes of a parsed value, keys in their order, integers exact."""
    try:
        return orjson.dumps(value)
    except TypeError:  # an integer beyond 64 bits, or a lone surrogate
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def depth_of(value: Any) -> int:
    """How deeply lists and objects nest; 0 for a scalar. Walks level by level, not with the call stack."""
    depth, level = 0, [value]
    while level:
        level = [
            item
            for container in level
            if type(container) is dict or type(container) is list
            for item in (container.values() if type(container) is dict else container)
        ]
        depth += bool(level)
    return depth


def size_of(value: Any) -> int:
    """How many values a document holds, itself included."""
    count, todo = 0, [value]
    while todo:
        current = todo.pop()
        count += 1
        if isinstance(current, dict):
            todo.extend(current.values())
        elif isinstance(current, list):
            todo.extend(current)
    return count


def kind_of(value: Any) -> str:
    """The JSON kind in words: object, array, string, integer, decimal, boolean or null."""
    return _KINDS[type(value)]


_KINDS = {dict: "object", list: "array", str: "string", int: "integer", float: "decimal", bool: "boolean"} | {
    type(None): "null"
}


def text_of(value: Any) -> str:
    """The text that regex and include look at: a string as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    try:
        return dump_json(value).decode("utf-8", "surrogatepass")
    except RecursionError:  # only an actual body can nest that deeply; no pattern is written for it
        return ""


def strict_equal(expected: Any, actual: Any) -> bool:
    """Equality by JSON kind and value: `1`, `1.0`, `true` and `"1"` all differ, which `==` does not see."""
    if type(expected) is not type(actual):
        return False
    if isinstance(expected, dict):
        return len(expected) == len(actual) and all(
            key in actual and strict_equal(value, actual[key]) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return len(expected) == len(actual) and all(map(strict_equal, expected, actual))
    return bool(expected == actual)
