"""Random cases about bodies that are not JSON: text, XML, forms, multipart."""

from __future__ import annotations

import base64
import random
import re
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tests.oracle.cases import REQUESTS, Case, Recorded, Sent, flat_body_rules, rule_list
from tests.oracle.heads import encoded, near_parameters, parameters
from tests.oracle.plans import Rules
from tests.oracle.subjects import Subject, text_subject


def _recorded(
    rng: random.Random, version: str, body: str, media_type: str | None, rules: Rules, **extra: Any
) -> Recorded:
    """The recorded request of a body, wrapped and ruled as its version does it."""
    content: Any = body
    if version == "V4":
        content = {"content": body, "encoded": False}
        if media_type is not None and rng.random() < 0.7:
            content["contentType"] = media_type
    recorded: Recorded = {"method": "POST", "path": "/", "body": content}
    if media_type is not None:
        recorded["headers"] = {"Content-Type": media_type}
    if rules:
        recorded["matchingRules"] = flat_body_rules(rules) if version == "V2" else {"body": rules}
    return recorded | extra


def _post(media_type: str | None, body: str) -> Sent:
    headers = (("Content-Type", media_type),) if media_type is not None else ()
    return Sent("POST", "/", "", headers, body.encode())


# Text

TEXT_TYPES = ["text/plain", "text/plain", "text/html", "text/plain; charset=utf-8", "text/csv", None]
TEXT_BODIES = ["hello", "12", "1.5", "true", "a\nb", "é", "hello world", "x", "%", "a,b", '"a"']


def text_case(rng: random.Random, version: str) -> Case:
    """A text, as it is or under a rule of its root."""
    media_type = rng.choice(TEXT_TYPES)
    subject = text_subject(rng, version) if rng.random() < 0.65 else None
    body = rng.choice([text for text in subject.good if text] or ["x"]) if subject else rng.choice(TEXT_BODIES)
    rules: Rules = {rng.choice(["$", "$", "$", "$", "$.a"]): subject.rules} if subject else {}
    sent = [_post(media_type, body)]
    for _ in range(REQUESTS - 1):
        share = rng.random()
        text = body
        if subject is not None and share < 0.5:
            text = rng.choice(subject.good)
        elif subject is not None and subject.near and share < 0.85:
            text = rng.choice(subject.near)
        elif share > 0.45:
            text = rng.choice([body + "1", body + "\n", " " + body, body.upper(), "12", "1.5", "true", "", "zzz"])
        sent_type = media_type if rng.random() < 0.85 else rng.choice([*TEXT_TYPES, "application/json"])
        sent.append(_post(sent_type, text))
    return Case("text", version, _recorded(rng, version, body, media_type, rules), tuple(sent))


# XML: an element is (name, attributes, children), a child is an element or a text

Element = tuple[str, dict[str, Any], list[Any]]
XML_NAMES = ["a", "b", "c", "item", "id"]
NAMESPACE = "urn:x"


class _XmlPlan:
    """One document: an element tree whose texts and attribute values may have subjects; rules collected on the way."""

    def __init__(self, rng: random.Random, version: str) -> None:
        self._rng = rng
        self._version = version
        self._in_namespace = rng.random() < 0.12
        self.rules: Rules = {}
        self.root = self._element("root", "$.root", 0)
        if self._in_namespace:
            self.root[1]["xmlns:p"] = NAMESPACE

    def _child(self, name: str, path: str, depth: int, index: str = "") -> Element:
        """An element within another one; at times in a namespace, which rules name by its URI."""
        if self._in_namespace and self._rng.random() < 0.6:
            return self._element(f"p:{name}", f"{path}['{NAMESPACE}:{name}']{index}", depth)
        return self._element(name, f"{path}.{name}{index}", depth)

    def _value(self, path: str) -> Any:
        rng = self._rng
        if rng.random() < 0.45:
            subject = text_subject(rng, self._version)
            if all(_printable(text) for text in subject.good):
                self.rules[path] = subject.rules
                return subject
        return rng.choice(["x", "1", "a b", "é", "a<b", "12"])

    def _element(self, name: str, path: str, depth: int) -> Element:
        rng = self._rng
        attributes: dict[str, Any] = {}
        for attribute in rng.sample(["x", "y", "z-1"], rng.choice([0, 0, 1, 1, 2])):
            attributes[attribute] = self._value(f"{path}['@{attribute}']")
        children: list[Any] = []
        if depth < 2 and rng.random() < 0.85 - 0.3 * depth:
            children = self._children(path, depth)
        elif rng.random() < 0.75:
            children.append(self._value(f"{path}{rng.choice(['.#text', chr(91) + chr(39) + '#text' + chr(39) + ']'])}"))
        return name, attributes, children

    def _children(self, path: str, depth: int) -> list[Any]:
        rng = self._rng
        if rng.random() < 0.4:  # a list of items
            name = rng.choice(XML_NAMES)
            index = rng.choice(["", "", "[*]", "[0]"]) if rng.random() < 0.3 else ""
            item = self._child(name, path, depth + 1, index)
            share = rng.random()
            if share < 0.25:
                self.rules[path] = rule_list([{"match": "type"}])
            elif share < 0.5:
                self.rules[path] = rule_list([{"match": "type", "min": rng.choice([1, 2]), "max": rng.choice([2, 3])}])
            return [item] * rng.choice([1, 2, 2])
        names = rng.sample(XML_NAMES, rng.choice([1, 2, 3]))
        return [self._child(name, path, depth + 1) for name in names]


def _printable(text: str) -> bool:
    """Whether a text survives in XML, where blanks around it do not count."""
    return text.isprintable() and text == text.strip() and text != ""


def _drawn(rng: random.Random, value: Any, spoil: float, *, vary: bool) -> str:
    if not isinstance(value, Subject):
        return "spoilt" if vary and rng.random() < spoil else str(value)
    if not vary:
        return str(value.good[0])
    if rng.random() < spoil and value.near:
        return "".join(char for char in rng.choice(value.near) if char.isprintable())
    return str(rng.choice(value.good))


def _render(rng: random.Random, element: Element, spoil: float = 0.0, *, vary: bool = True) -> str:
    """The text of an element; with `vary`, other values that fit, another order of attributes, other whitespace."""
    name, attributes, children = element
    pairs = [(key, _drawn(rng, value, spoil, vary=vary)) for key, value in attributes.items()]
    children = list(children)
    if vary:
        rng.shuffle(pairs)
        if rng.random() < spoil:
            children, pairs, name = _spoilt_element(rng, children, pairs, name)
        if rng.random() < 0.2 and len({child[0] for child in children if isinstance(child, tuple)}) == len(children):
            rng.shuffle(children)
    structured = all(isinstance(child, tuple) for child in children)
    blank = rng.choice(["", "", "\n  ", " "]) if vary and structured else ""
    opening = name + "".join(f" {key}={quoteattr(value)}" for key, value in pairs)
    if not children:
        return f"<{opening}/>" if rng.random() < 0.5 else f"<{opening}></{name}>"
    inner = blank.join(_inner(rng, child, spoil, vary=vary) for child in children)
    return f"<{opening}>{blank}{inner}{blank}</{name}>"


def _inner(rng: random.Random, child: Any, spoil: float, *, vary: bool) -> str:
    if isinstance(child, tuple):
        return _render(rng, child, spoil, vary=vary)
    return escape(_drawn(rng, child, spoil, vary=vary))


def _spoilt_element(
    rng: random.Random, children: list[Any], pairs: list[tuple[str, str]], name: str
) -> tuple[list[Any], list[tuple[str, str]], str]:
    share = rng.random()
    if share < 0.2:
        children = [*children, rng.choice([*children, ("new", {}, ["x"])])]
    elif share < 0.4:
        children = children[:-1]
    elif share < 0.55:
        pairs = [*pairs, ("new", "1")]
    elif share < 0.7:
        pairs = pairs[:-1]
    elif share < 0.8:
        name = name.upper() if rng.random() < 0.5 else "other"
    elif share < 0.9:
        children = list(reversed(children))
    else:
        children = [*children, "text"]
    return children, pairs, name


def xml_case(rng: random.Random, version: str) -> Case:
    """An XML document under rules."""
    plan = _XmlPlan(rng, version)
    if rng.random() < 0.15:
        plan.rules[rng.choice(["$", "$.root", *plan.rules])] = rng.choice(
            [rule_list([{"match": "type"}]), text_subject(rng, version).rules]
        )
    media_type = rng.choice(["application/xml", "text/xml", "application/xml; charset=utf-8", "application/atom+xml"])
    prolog = '<?xml version="1.0" encoding="UTF-8"?>'
    body = rng.choice(["", prolog, prolog + "\n"]) + _render(rng, plan.root, vary=False)
    sent = [_post(media_type, body)]
    for _ in range(REQUESTS - 1):
        text = _render(rng, plan.root, rng.choice([0.0, 0.05, 0.1, 0.2]))
        share = rng.random()
        if share < 0.05:
            text = text.replace("</", "<!-- c --></", 1)
        elif share < 0.07:
            text = text[:-1]
        elif share < 0.4:
            text = prolog + text
        elif share < 0.5:
            text = text.replace("p:", "q:").replace(":p=", ":q=")
        elif share < 0.6:
            text = re.sub(r">([^<>&\s][^<>&]*)<", r"><![CDATA[\1]]><", text, count=1)
        elif share < 0.65:
            text = text.replace(">1", ">&#49;").replace('"x"', "'&#x78;'")
        sent.append(_post(media_type if rng.random() < 0.95 else "text/xml", text))
    return Case("xml", version, _recorded(rng, version, body, media_type, plan.rules), tuple(sent))


# Forms

FORM = "application/x-www-form-urlencoded"


def form_case(rng: random.Random, version: str) -> Case:
    """A form under rules."""
    values, subjects = parameters(rng, version)
    if not values:
        values = {"a": ["1"]}
    rules: Rules = {}
    for name, subject in subjects.items():
        path = f"$.{name}" if name.isidentifier() else f"$['{name}']"
        whole = any(matcher["match"] == "eachValue" for matcher in subject.matchers)
        rules[path + ("" if whole else rng.choice(["", "", "[0]", "[*]"]))] = subject.rules
    if rng.random() < 0.05:
        rules["$"] = rule_list([{"match": "type"}])
    body = encoded(rng, [(name, value) for name, recorded in values.items() for value in recorded])
    sent = [_post(FORM, body)]
    sent += [_post(FORM, encoded(rng, near_parameters(rng, values, subjects))) for _ in range(REQUESTS - 1)]
    if rng.random() < 0.1:
        sent[-1] = _post(FORM + "; charset=utf-8", body)
    return Case("form", version, _recorded(rng, version, body, FORM, rules), tuple(sent))


# Multipart: a part is (name, file name, media type, content)

Part = tuple[str, str | None, str | None, str]
_HEADER_RULE = {"match": "regex", "regex": r"multipart/form-data;(\s*charset=[^;]*;)?\s*boundary=.*"}


def multipart_body(parts: list[Part], boundary: str) -> str:
    """The text of a multipart body."""
    lines: list[str] = []
    for name, filename, media_type, content in parts:
        disposition = f'Content-Disposition: form-data; name="{name}"'
        lines += [f"--{boundary}", disposition + (f'; filename="{filename}"' if filename else "")]
        lines += [f"Content-Type: {media_type}"] if media_type else []
        lines += ["", content]
    return "\r\n".join([*lines, f"--{boundary}--", ""])


def multipart_case(rng: random.Random, version: str) -> Case:
    """Fields and files in parts, under rules."""
    parts: list[Part] = []
    rules: Rules = {}
    subjects: dict[str, Subject] = {}
    for name in rng.sample(["a", "b", "file", "data"], rng.choice([1, 1, 2, 2, 3])):
        share = rng.random()
        if share < 0.45:
            content, filename, media_type = rng.choice(["1", "x", "a b"]), None, rng.choice([None, None, "text/plain"])
            if rng.random() < 0.5:
                subject = text_subject(rng, version)
                if all(_printable(text) for text in subject.good):
                    subjects[name], content = subject, subject.good[0]
                    rules[f"$.{name}"] = subject.rules
        elif share < 0.75:
            content, filename, media_type = '{"id": 1, "n": "x"}', "data.json", "application/json"
            if rng.random() < 0.6:
                rules[f"$.{name}.id"] = rule_list([{"match": "integer"}])
        else:
            content, filename, media_type = "some text", "note.txt", "text/plain"
            if rng.random() < 0.5:
                rules[f"$.{name}"] = rule_list([{"match": "contentType", "value": "text/plain"}])
        parts.append((name, filename, media_type, content))
    media_type = "multipart/form-data; boundary=aXb1"
    body = multipart_body(parts, "aXb1")
    recorded = _recorded(rng, version, body, media_type, rules)
    if version == "V4" and isinstance(recorded["body"], dict) and rng.random() < 0.5:
        recorded["body"] |= {"content": base64.b64encode(body.encode()).decode(), "encoded": "base64"}
    elif version != "V4" and rng.random() < 0.5:
        recorded["body"] = base64.b64encode(body.encode()).decode()
    if rng.random() < 0.85:  # as consumers write it, since the boundary is another one every time
        key = "$.header.Content-Type" if version == "V2" else "header"
        value = _HEADER_RULE if version == "V2" else {"Content-Type": rule_list([_HEADER_RULE])}
        recorded["matchingRules"] = {**recorded.get("matchingRules", {}), key: value}
    sent = [_post(media_type, body)]
    for _ in range(REQUESTS - 1):
        boundary = rng.choice(["aXb1", "other", "---7d"])
        near = _near_parts(rng, parts, subjects)
        sent.append(_post(f"multipart/form-data; boundary={boundary}", multipart_body(near, boundary)))
    return Case("multipart", version, recorded, tuple(sent))


def _near_parts(rng: random.Random, recorded: list[Part], subjects: dict[str, Subject]) -> list[Part]:
    parts = []
    for name, filename, media_type, content in recorded:
        if name in subjects and rng.random() < 0.7:
            content = rng.choice(subjects[name].good)
        elif media_type == "application/json" and rng.random() < 0.5:
            content = rng.choice(['{"id": 2, "n": "x"}', '{"n": "x", "id": 1}', '{"id": 3,"n":"x"}'])
        parts.append((name, filename, media_type, content))
    for _ in range(rng.choice([0, 1, 1, 2])):
        at = rng.randrange(len(parts)) if parts else 0
        share = rng.random()
        if share < 0.15 and parts:
            parts.pop(at)
        elif share < 0.3:
            parts.append(("more", None, None, "x"))
        elif share < 0.4:
            rng.shuffle(parts)
        elif parts:
            name, filename, media_type, content = parts[at]
            near = [text for text in subjects[name].near if _printable(text)] if name in subjects else []
            changes: list[Part] = [
                (name, filename, media_type, rng.choice(near or ["other", '{"id": "x", "n": "x"}'])),
                (name, filename, media_type, rng.choice(near or ["", '{"id": 1}'])),
                (name, "another.txt" if filename else "new.txt", media_type, content),
                (name, None, media_type, content),
                (name, filename, rng.choice(["text/plain", "application/json", None]), content),
                ("renamed", filename, media_type, content),
            ]
            parts[at] = rng.choice(changes)
    return parts
