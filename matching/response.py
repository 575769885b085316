"""The answer of an interaction, made ready once: status, header lines and body as they go out."""

from __future__ import annotations

from dataclasses import dataclass

from matching.content_types import PLAIN_TEXT
from matching.errors import Problem, Severity, pointer
from matching.http_text import NOT_REPLAYED, is_sendable_value, is_token
from matching.model import BodyState, ExampleResponse

_COMPRESSIONS = {"gzip": b"\x1f\x8b", "x-gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}


@dataclass(frozen=True, slots=True)
class CompiledResponse:
    """An answer ready to be sent: `headers` are lines in order, a name may occur several times."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def compile_response(example: ExampleResponse, where: str) -> tuple[CompiledResponse, list[Problem]]:
    """Make the recorded response ready; `where` is its JSON pointer.

    What cannot go over the wire as recorded is set aside and listed: hop-by-hop headers and Content-Length (sent as
    they really are), names and values that are not HTTP, a Content-Encoding that the bytes do not have, a body
    where the status allows none.
    """
    problems: list[Problem] = []

    def warn(steps: tuple[str, ...], message: str, cure: str) -> None:
        problems.append(Problem(Severity.WARNING, where + pointer(*steps), message, cure))

    body = example.body.content if example.body.state is BodyState.PRESENT else b""
    if body and example.status in (204, 304):
        warn(("body",), f"a {example.status} has no body; it is left out", "remove the body, or record another status")
        body = b""
    lines: list[tuple[str, str]] = []
    names: set[str] = set()
    for name, values in example.headers:
        folded = name.lower()
        if folded in NOT_REPLAYED:
            continue
        if not is_token(name) or not all(map(is_sendable_value, values)):
            warn(
                ("headers", name),
                "is not an HTTP header; it is left out",
                "use a name and values without control characters",
            )
            continue
        if folded == "content-encoding" and not _is_encoded(values, body):
            warn(
                ("headers", name),
                f"the body is not {', '.join(values)}; the header is left out, since clients would fail to decode it",
                "remove the header, or record the encoded bytes",
            )
            continue
        names.add(folded)
        lines.extend((name, value) for value in values)
    if body and "content-type" not in names:
        lines.append(("Content-Type", str(example.body.content_type or PLAIN_TEXT)))
    return CompiledResponse(example.status, tuple(lines), body), problems


def _is_encoded(values: tuple[str, ...], body: bytes) -> bool:
    encodings = [coding.strip().lower() for value in values for coding in value.split(",")]
    if not body or encodings == ["identity"]:
        return True
    magic = _COMPRESSIONS.get(encodings[-1])
    if magic is not None:
        return body.startswith(magic)
    # deflate and br carry no mark; recorded text is surely neither.
    return not _is_text(body)


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
