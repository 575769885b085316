"""Making a disagreement small: whatever can be left out of a case, or put more simply, while the verdicts stay."""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.oracle.cases import Sent
from tests.oracle.judges import Disagreement

Step = str | int
Document = dict[str, Any]

# What a recorded request needs to stay one.
_KEPT = {"method", "path", "match", "matchers", "combine", "content", "encoded"}
# What separates the parts of a text body that can be left out.
_PIECES = {
    "form": re.compile(r"[^&]+&?"),
    "query": re.compile(r"[^&]+&?"),
    "xml": re.compile(r"<(\w+)[^<>]*?/>|<(\w+)[^<>]*>[^<>]*</\2>| [\w-]+=\"[^\"]*\"|<\?.*?\?>\n?|<!--.*?-->"),
    "multipart": re.compile(r"--[^\r]+\r\nContent-Disposition.*?\r\n(?=--)", re.DOTALL),
    "text": re.compile(r"\w"),
}


def minimise(found: Disagreement, holds: Callable[[Disagreement], bool], budget: int = 400) -> Disagreement:
    """The smallest disagreement reached by leaving things out one by one; `holds` tells whether it is still one."""
    progress = True
    while progress and budget > 0:
        progress = False
        for smaller in _smaller(found):
            budget -= 1
            if budget <= 0:
                break
            if holds(smaller):
                found, progress = smaller, True
                break
    return found


def _smaller(found: Disagreement) -> Iterator[Disagreement]:
    document = _opened(found)
    for candidate in _shrunk(document, found.case.kind):
        try:
            yield _closed(found, candidate)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue


def _opened(found: Disagreement) -> Document:
    """The case as one document that can be cut: what is recorded, and what is sent with its body read."""
    sent = found.sent
    parts: Document = {"query": sent.query, "headers": [list(line) for line in sent.headers]}
    try:
        parts["json"] = json.loads(sent.body) if found.case.kind == "json" else None
    except ValueError:
        parts["json"] = None
    if found.case.kind != "json" or parts["json"] is None:
        del parts["json"]
        parts["body"] = sent.body.decode("utf-8", "surrogateescape")
    return {"recorded": copy.deepcopy(found.case.recorded), "sent": parts}


def _closed(found: Disagreement, document: Document) -> Disagreement:
    parts = document["sent"]
    body = json.dumps(parts["json"]) if "json" in parts else parts["body"]
    sent = Sent(
        found.sent.method,
        found.sent.path,
        parts["query"],
        tuple((name, value) for name, value in parts["headers"]),
        body.encode("utf-8", "surrogateescape"),
    )
    case = replace(found.case, recorded=document["recorded"], sent=(sent,))
    return Disagreement(case, sent, found.rust, found.ours)


def _places(value: Any, above: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*above, key)
        yield from _places(item, (*above, key))


def _at(value: Any, place: tuple[Step, ...]) -> Any:
    for key in place:
        value = value[key]
    return value


def _without(document: Document, *places: tuple[Step, ...]) -> Document:
    cut = copy.deepcopy(document)
    for place in places:
        del _at(cut, place[:-1])[place[-1]]
    return cut


def _with(document: Document, place: tuple[Step, ...], value: Any) -> Document:
    changed = copy.deepcopy(document)
    _at(changed, place[:-1])[place[-1]] = value
    return changed


def _shrunk(document: Document, kind: str) -> Iterator[Document]:
    """The document with one thing less, large things first."""
    content = ("recorded", "body", "content") if isinstance(document["recorded"].get("body"), dict) else ()
    body = content if content and "content" in document["recorded"]["body"] else ("recorded", "body")
    for place in sorted(_places(document), key=len):
        value = _at(document, place)
        # A value of the recorded body, together with what was sent in its place.
        if place[: len(body)] == body and len(place) > len(body):
            yield from _tolerant(document, place, ("sent", "json", *place[len(body) :]))
        if len(place) > 1 and place[-1] not in _KEPT and not (place[0] == "sent" and len(place) == 2):
            yield from _tolerant(document, place)
        if place[:2] == ("sent", "json") or place[: len(body)] == body:
            if isinstance(value, (dict, list)) and value and len(place) >= 2:
                yield _with(document, place, 1)
            if isinstance(value, str) and len(value) > 1 and kind == "json":
                yield _with(document, place, "x")
    yield from _decoded(document, body)
    yield from _with_fewer_pieces(document, body, kind)


def _decoded(document: Document, body: tuple[Step, ...]) -> Iterator[Document]:
    """The recorded body as text, where it is base64."""
    if not _text(document, body):
        return
    try:
        text = base64.b64decode(_at(document, body), validate=True).decode()
    except ValueError:
        return
    if "\n" in text:
        plain = _with(document, body, text)
        if len(body) > 2:
            plain["recorded"]["body"]["encoded"] = False
        yield plain


def _tolerant(document: Document, *places: tuple[Step, ...]) -> Iterator[Document]:
    try:
        yield _without(document, *places)
    except (KeyError, IndexError, TypeError):
        return


def _with_fewer_pieces(document: Document, body: tuple[Step, ...], kind: str) -> Iterator[Document]:
    """Texts with a piece less: on one side, or the same number on both."""
    pattern = _PIECES.get(kind)
    if pattern is None:
        return
    texts = [body, ("recorded", "query"), ("sent", "body"), ("sent", "query")]
    places = [place for place in texts if _text(document, place)]
    cuts = {place: [found.span() for found in pattern.finditer(_at(document, place))] for place in places}
    if kind == "multipart":  # a body without parts is another matter
        cuts = {place: spans if len(spans) > 1 else [] for place, spans in cuts.items()}
    for number in range(max(map(len, cuts.values()), default=0)):
        both = copy.deepcopy(document)
        for place, spans in cuts.items():
            if number < len(spans):
                both = _with(both, place, _cut(_at(document, place), spans[number]))
        yield both
        for place, spans in cuts.items():
            if number < len(spans):
                yield _with(document, place, _cut(_at(document, place), spans[number]))


def _text(document: Document, place: tuple[Step, ...]) -> bool:
    try:
        return isinstance(_at(document, place), str)
    except (KeyError, TypeError):
        return False


def _cut(text: str, span: tuple[int, int]) -> str:
    return text[: span[0]] + text[span[1] :]
