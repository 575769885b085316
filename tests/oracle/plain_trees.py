"""Cases about XML, forms and multipart put without what some difference is about; see `plain`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

from tests.oracle.cases import Case, Sent, body_rules, recorded_body, rule_list
from tests.oracle.plain import Changed, changed_case
from tests.oracle.plain_json import with_body_rules
from tests.oracle.ties import steps_of

Element = ElementTree.Element


def unindexed_paths(case: Case, sent: Sent) -> Changed:
    """Rule paths without indices."""
    if case.kind not in ("xml", "form"):
        return None
    rules = {re.sub(r"\[(\d+|\*)\](?!')", "", path): rule for path, rule in body_rules(case.recorded).items()}
    return (with_body_rules(case, rules), sent) if rules.keys() != body_rules(case.recorded).keys() else None


# XML


def _parsed(text: object) -> Element | None:
    try:
        return ElementTree.fromstring(text) if isinstance(text, (str, bytes)) else None  # noqa: S314 (made here)
    except ElementTree.ParseError:
        return None


def without_blanks(case: Case, sent: Sent) -> Changed:
    """XML without comments and without white space between tags."""
    if case.kind != "xml":
        return None
    body = re.sub(rb">\s+<", b"><", re.sub(rb"<!--.*?-->", b"", sent.body))
    return changed_case(case, sent, None, replace(sent, body=body))


def plain_characters(case: Case, sent: Sent) -> Changed:
    """Characters in place of references to them."""
    if case.kind != "xml":
        return None
    body = re.sub(rb"&#x?([0-9]+);", lambda found: bytes([int(found[1], 16 if b"x" in found[0] else 10)]), sent.body)
    return changed_case(case, sent, None, replace(sent, body=body))


def _is_element(path: str) -> bool:
    steps = steps_of(path)
    return not steps or not steps[-1].startswith(("@", "#"))


def named_elements(case: Case, sent: Sent) -> Changed:
    """Elements under `type` and no other rule, which demands the recorded name, where another name came."""
    recorded, root = _parsed(recorded_body(case.recorded, case.version)), _parsed(sent.body)
    if recorded is None or root is None or {part.tag for part in root.iter()} <= {part.tag for part in recorded.iter()}:
        return None
    rules = body_rules(case.recorded)
    typed = {path: rule_list([{"match": "type"}]) for path in rules if _is_element(path)}
    return (
        (with_body_rules(case, rules | typed), sent)
        if case.kind == "xml" and not typed.items() <= rules.items()
        else None
    )


def counted_siblings(case: Case, sent: Sent) -> Changed:
    """`type` without bounds, where the elements of the name, counted together, are within them."""
    root = _parsed(sent.body) if case.kind == "xml" else None
    if root is None:
        return None
    rules = body_rules(case.recorded)
    loose = dict(rules)
    for path, entry in rules.items():
        steps = steps_of(path)
        for matcher in entry["matchers"]:
            least, most = matcher.get("min", 0), matcher.get("max")
            if least == 0 and most is None:
                continue
            if not all(_within(group, least, most) for group in _groups(root, steps)):
                return None
            loose[path] = rule_list([{"match": "type"}])
    return (with_body_rules(case, loose), sent) if loose != rules else None


def _groups(root: Element, steps: list[str]) -> Iterator[list[Element]]:
    """The elements that a path leads to, those of one parent together."""
    groups = [[root]] if steps[:1] == [root.tag] else []
    for step in steps[1:]:
        groups = [[child for child in parent if child.tag == step] for group in groups for parent in group]
    yield from groups


def _within(group: list[Element], least: int, most: int | None) -> bool:
    """Whether the elements together, or the children of each, are as many as the bounds want."""

    def fits(count: int) -> bool:
        return least <= count and (most is None or count <= most)

    return fits(len(group)) or all(fits(len(element)) for element in group)


def rules_of_texts(case: Case, sent: Sent) -> Changed:
    """Rules of elements put at the texts and attributes of these elements and of those in them."""
    root = _parsed(recorded_body(case.recorded, case.version)) if case.kind == "xml" else None
    if root is None:
        return None
    rules = body_rules(case.recorded)
    moved: dict[str, Any] = {}
    gone = set()
    for path, entry in rules.items():
        if _is_element(path) and not any(matcher["match"] == "type" for matcher in entry["matchers"]):
            gone.add(path)
            for place in _texts(root, f"$.{root.tag}"):
                if place.startswith("$" + "".join(f".{step}" for step in steps_of(path))):
                    moved.setdefault(place, entry)
    if not gone:
        return None
    spelled = {"$" + "".join(f".{step}" for step in steps_of(path)) for path in rules if path not in gone}
    kept = {path: entry for path, entry in rules.items() if path not in gone}
    bracketed = {
        re.sub(r"\.([@#][^.]+)$", r"['\1']", place): entry for place, entry in moved.items() if place not in spelled
    }
    return with_body_rules(case, kept | bracketed), sent


def _texts(element: Element, path: str) -> Iterator[str]:
    """Where texts and attributes stand, with a dot before each step."""
    yield f"{path}.#text"
    for name in element.attrib:
        yield f"{path}.@{name}"
    for child in element:
        yield from _texts(child, f"{path}.{child.tag}")


# Multipart


def recorded_boundary(case: Case, sent: Sent) -> Changed:
    """The boundary that was recorded."""
    if case.kind != "multipart":
        return None
    header = (case.recorded.get("headers") or {}).get("Content-Type", "")
    recorded = re.search(r"boundary=\"?([^\";]+)", header)
    own = re.search(r"boundary=\"?([^\";]+)", sent.header("content-type") or "")
    if not recorded or not own or not header.startswith("multipart/"):
        return None
    body = sent.body.replace(b"--" + own[1].encode(), b"--" + recorded[1].encode())
    return changed_case(case, sent, None, replace(sent.with_header("Content-Type", header), body=body))


_PART_TYPE = re.compile(rb"\r\nContent-Type: [^\r]*")


def untyped_parts(case: Case, sent: Sent) -> Changed:
    """Parts without content types of their own."""
    if case.kind != "multipart":
        return None
    return changed_case(case, sent, None, replace(sent, body=_PART_TYPE.sub(b"", sent.body)))


def compared_parts(case: Case, sent: Sent) -> Changed:
    """No rule `contentType`, where an empty file was sent."""
    if case.kind != "multipart" or b"\r\n\r\n\r\n--" not in sent.body:
        return None
    rules = body_rules(case.recorded)
    kept = {
        path: entry
        for path, entry in rules.items()
        if not any(matcher["match"] == "contentType" for matcher in entry["matchers"])
    }
    return (with_body_rules(case, kept), sent) if len(kept) < len(rules) else None
