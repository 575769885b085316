"""Blotting out secrets of requests: what a name calls a secret, and what looks like a token.

A `Blotter` makes a request without its secrets. What is told of a request (why nothing matched it) is worked out on
that one, so nothing of a secret can be in it, however it is quoted or cut.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_plus

from matching import CompiledInteraction, Mismatch
from matching.content_types import Kind
from matching.json_text import MAX_DEPTH, depth_of, dump_json
from matching.mismatch import Part
from matching.request import Request
from matching.xml_text import Element, XmlError, parse_xml

BLOT = "•••"
_MARK = BLOT.encode()
# What is a secret by its name. Names are looked at word by word (`userPin`, `sms_otp`), and written together.
_WORDS = frozenset({"pass", "pwd", "pin", "otp", "sid", "sig", "cvv", "cvc", "ssn", "iban"})
_TOGETHER = re.compile(
    r"auth(?!or(?!i[sz]))|cookie|token|secret|passw|passphrase|passcode|credential|session|signature|jwt|assertion|"
    r"(?:api|access|private|secret|encryption|signing|subscription|functions|client|master)key|cardnumber"
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_LOOKS_SECRET = re.compile(
    r"stubserver_(?:ro|rw|admin)_[A-Za-z0-9_-]{20,}|(?<![\w-])eyJ[\w-]{8,2000}\.[\w-]{8,4000}\.[\w-]*"
)
_IN_URL = re.compile(r"(?<=://)[^/@\s:\"'<>]{1,200}:[^/@\s\"'<>]{1,200}(?=@)")
_SCHEMES = ("bearer", "basic", "digest", "token", "apikey")
_MOST = 1000  # mismatches of one request that are looked at


def is_secret(name: str) -> bool:
    """Whether what has this name is a secret."""
    return _is_secret(name[:200])


@functools.lru_cache(maxsize=8192)
def _is_secret(name: str) -> bool:
    words = [word.lower() for word in _WORD.findall(name)]
    return not _WORDS.isdisjoint(words) or _TOGETHER.search("".join(words)) is not None


def blotted_text(text: str) -> str:
    """A text without what looks like a token, or stands behind the name of a secret, as in a URL."""
    text = _LOOKS_SECRET.sub(BLOT, text)
    if "://" in text:
        text = _IN_URL.sub(BLOT, text)
    return _PAIR.sub(_named, text) if "=" in text or ":" in text else text


def blotted_target(target: str) -> str:
    """A request target without secrets."""
    path, mark, query = target.partition("?")
    return blotted_text(path) + mark + _parameters(query)


class Blotter:
    """A request, and the same without its secrets."""

    def __init__(self, request: Request) -> None:
        self._whole = request
        lines = [(name, _header(name, value)) for name, value in request.header_lines]
        body = _body(request)
        self.request = Request(request.method, blotted_text(request.path), _parameters(request.query), lines, body)

    @property
    def is_needed(self) -> bool:
        """Whether anything was blotted out."""
        ours, whole = self.request, self._whole
        before = (whole.path, whole.query, list(whole.header_lines), whole.body)
        # JSON is written anew, so only a blot tells that its body is another.
        after = (ours.path, ours.query, list(ours.header_lines), ours.body if _MARK in ours.body else whole.body)
        return before != after

    def mismatches(self, interaction: CompiledInteraction, found: Sequence[Mismatch]) -> list[Mismatch]:
        """Why the interaction does not accept the request, without secrets: `found` is why it really does not."""
        told: dict[tuple[Part, str], Mismatch] = {}
        for number, mismatch in enumerate(interaction.explain(self.request)):
            told.setdefault((mismatch.part, mismatch.path), mismatch)
            if number >= _MOST:
                break
        return [self._told(mismatch, told) for mismatch in found]

    def _told(self, mismatch: Mismatch, told: dict[tuple[Part, str], Mismatch]) -> Mismatch:
        if mismatch.part in (Part.STATE, Part.METHOD):
            return mismatch
        path = blotted_text(mismatch.path)
        known = told.get((mismatch.part, path))
        if known is not None:
            return known
        # Where the request without its secrets differs in nothing, it is a secret that does.
        message = "What came here does not match; it is not shown, since it may be a secret"
        return Mismatch(mismatch.part, path, mismatch.rule, mismatch.expected, BLOT, message)


def _header(name: str, value: str) -> str:
    if not is_secret(name):
        return blotted_text(value)
    scheme, _, rest = value.partition(" ")
    return f"{scheme} {BLOT}" if rest and scheme.lower() in _SCHEMES else BLOT


def _parameters(query: str) -> str:
    pieces = []
    for piece in query.split("&") if query else ():
        name, equals, value = piece.partition("=")
        if equals and value and is_secret(unquote_plus(name)):
            pieces.append(f"{name}={BLOT}")
        else:
            pieces.append(blotted_text(piece))
    return "&".join(pieces)


def _body(request: Request) -> bytes:
    if not request.body:
        return b""
    content_type = request.content_type
    kind = content_type.kind if content_type is not None else None
    if kind is Kind.JSON and request.json[1] is None and depth_of(request.json[0]) <= MAX_DEPTH:
        return dump_json(_members(request.json[0]))
    if kind is Kind.FORM:
        return _parameters(request.text).encode("utf-8", "surrogateescape")
    if kind is Kind.XML:
        try:
            return _other_text(_elements(request.body, parse_xml(request.body)))
        except XmlError:
            pass
    return _other_text(request.body)


def _members(document: Any) -> Any:
    """A JSON document without its secrets, walked without the call stack."""
    root: list[Any] = [None]
    todo: list[tuple[Any, Any, Any, bool]] = [(root, 0, document, False)]
    while todo:
        place, key, value, hidden = todo.pop()
        if isinstance(value, dict):
            named = {blotted_text(name): (item, hidden or is_secret(name)) for name, item in value.items()}
            place[key] = made = dict.fromkeys(named)
            todo.extend((made, name, item, its) for name, (item, its) in named.items())
        elif isinstance(value, list):
            place[key] = items = [None] * len(value)
            todo.extend((items, number, item, hidden) for number, item in enumerate(value))
        elif hidden and value is not None and not isinstance(value, bool) and value != "":
            place[key] = BLOT
        else:
            place[key] = blotted_text(value) if isinstance(value, str) else value
    return root[0]


_TAG_END = re.compile(rb"""(?:[^<>"']|"[^"]*"|'[^']*')*>""")


def _elements(content: bytes, root: Element) -> bytes:
    """An XML text without what stands in elements and attributes that are called a secret."""
    cuts: list[tuple[int, int, bytes]] = []
    todo = [root]
    while todo:
        element = todo.pop()
        found = _TAG_END.match(content, element.start + 1)
        begin = found.end() if found is not None else element.start
        if is_secret(element.local) and element.end > begin:
            cuts.append((begin, element.end, _MARK))
        else:
            todo.extend(element.children)
        if any(map(is_secret, element.attributes)):
            cuts.append((element.start, begin, _VALUE.sub(_attribute, content[element.start : begin])))
    for begin, end, replaced in sorted(cuts, reverse=True):
        content = content[:begin] + replaced + content[end:]
    return content


_VALUE = re.compile(rb"""([^\s=<>"']+)(\s*=\s*)("[^"]*"|'[^']*')""")


def _attribute(found: re.Match[bytes]) -> bytes:
    if not is_secret(found[1].decode("utf-8", "replace")):
        return found[0]
    return found[1] + found[2] + b'"' + _MARK + b'"'


# What looks like a name and its value: `password=…`, `"token": "…"`, `Authorization: Bearer …`.
_PAIR = re.compile(
    r"""(?P<name>(?<![\w.-])[\w.-]{2,40})(?P<between>["']?\s{0,4}[:=]\s{0,4}(?:(?:bearer|basic|digest)\s{1,4})?)"""
    r"""(?P<value>"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s"'<>&,;}\]?]+)""",
    re.IGNORECASE,
)
_TAG = re.compile(r"(?<=<)(?P<name>[\w:.-]{2,40})(?P<between>[^<>]{0,300}>)(?P<value>[^<]+)")
_LINE = re.compile(r"^(?P<name>[\w-]{2,40})(?P<between>:[ \t]{1,4})(?P<value>[^\r\n]+)", re.MULTILINE)
_PART = re.compile(r'name="([^"\r\n]{1,100})"')


def _other_text(body: bytes) -> bytes:
    """A body of which nothing is known, or which is cut."""
    text = _parts(body.decode("utf-8", "surrogateescape"))
    for pattern in (_TAG, _LINE):
        text = pattern.sub(_named, text)
    return blotted_text(text).encode("utf-8", "surrogateescape")


def _parts(text: str) -> str:
    """A text without the parts of a form that are called a secret: lines from the empty one to the next boundary."""
    if 'name="' not in text:
        return text
    lines: list[str] = []
    state = ""  # of a part that is called a secret: head, body
    for line in text.splitlines(keepends=True):
        if line.startswith("--"):
            state = ""
        elif state == "body":
            continue
        elif state == "head" and not line.strip():
            lines += [line, f"{BLOT}\r\n"]
            state = "body"
            continue
        elif (found := _PART.search(line)) is not None and is_secret(found[1]):
            state = "head"
        lines.append(line)
    return "".join(lines)


def _named(found: re.Match[str]) -> str:
    return found["name"] + found["between"] + BLOT if is_secret(found["name"]) else found[0]
