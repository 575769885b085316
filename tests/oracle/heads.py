"""Random cases about what comes before the body: path, query, headers."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from tests.oracle.cases import REQUESTS, Case, Recorded, Sent, rule_list
from tests.oracle.subjects import Subject, text_subject

# Query

Pairs = list[tuple[str, str | None]]

QUERY_NAMES = ["a", "b", "c", "ids[]", "a.b", "é", "A", "a b", "$x", "a[0]", "x-y"]
UNRULED_IN_V2 = ["ids[]", "a b", "$x"]  # the Rust core refuses a pact with rules for them
QUERY_VALUES = ["1", "2", "x", "", "12", "1.5", "true", "a b", "é", "a&b", "a=b", "1e5", "%", "a+b", None]


def encoded(rng: random.Random, pairs: Pairs) -> str:
    """The query string of pairs, percent-encoded in some way."""
    pieces = []
    for name, value in pairs:
        texts = [name] if value is None else [name, value]
        if rng.random() < 0.6:
            pieces.append("=".join(quote(text, safe="[]$.") for text in texts))
        else:
            pieces.append("=".join(quote(text, safe="[]$. ").replace(" ", "+") for text in texts))
    return "&".join(pieces)


def parameters(rng: random.Random, version: str) -> tuple[dict[str, list[str | None]], dict[str, Subject]]:
    """Values by name, and the subjects of the names that are under rules."""
    values: dict[str, list[str | None]] = {}
    subjects: dict[str, Subject] = {}
    for name in rng.sample(QUERY_NAMES, rng.choice([0, 1, 1, 1, 2, 2, 3])):
        count = rng.choice([1, 1, 1, 2, 3])
        if rng.random() < 0.6 and not (version == "V2" and name in UNRULED_IN_V2):
            subject = subjects[name] = bounded(rng, text_subject(rng, version), version)
            values[name] = [rng.choice(subject.good) for _ in range(count)]
        else:
            values[name] = [rng.choice(QUERY_VALUES) for _ in range(count)]
    return values, subjects


def bounded(rng: random.Random, subject: Subject, version: str) -> Subject:
    """The subject, at times with bounds on the number of values, at times said of each of them."""
    share = rng.random()
    if share > 0.14:
        return subject
    if share > 0.1:
        each = {"match": "eachValue", "rules": [dict(matcher) for matcher in subject.matchers]}
        return subject if version == "V2" or subject.combine == "OR" else replace(subject, matchers=(each,))
    bounds = rng.choice([{"min": 1}, {"min": 2}, {"max": 2}, {"min": 1, "max": 2}, {"min": 0}])
    kept = () if version == "V2" or subject.combine == "OR" else subject.matchers
    return Subject((*kept, {"match": "type", **bounds}), subject.good, subject.near if kept else ())


def near_parameters(rng: random.Random, values: dict[str, list[str | None]], subjects: dict[str, Subject]) -> Pairs:
    """Pairs that fit, or that miss in one or two places."""
    pairs: Pairs = []
    for name, recorded in values.items():
        subject = subjects.get(name)
        count = len(recorded)
        if subject is not None and rng.random() < 0.3:
            count = rng.randint(1, 3)
        for index in range(count):
            if subject is not None and rng.random() < 0.7:
                pairs.append((name, rng.choice(subject.good)))
            else:
                pairs.append((name, recorded[min(index, len(recorded) - 1)]))
    for _ in range(rng.choice([0, 0, 1, 1, 1, 2])):
        share = rng.random()
        if share < 0.15:
            rng.shuffle(pairs)
        elif share < 0.3 and pairs:
            pairs.pop(rng.randrange(len(pairs)))
        elif share < 0.42 and pairs:
            pairs.insert(rng.randrange(len(pairs) + 1), (rng.choice(pairs)[0], rng.choice(QUERY_VALUES)))
        elif share < 0.5:
            pairs.append((rng.choice(QUERY_NAMES), rng.choice(QUERY_VALUES)))
        elif share < 0.54 and pairs:
            at = rng.randrange(len(pairs))
            pairs[at] = (pairs[at][0].swapcase(), pairs[at][1])
        elif pairs:
            at = rng.randrange(len(pairs))
            name = pairs[at][0]
            near = subjects[name].near if name in subjects else ()
            pairs[at] = (name, rng.choice(near or QUERY_VALUES))
    return pairs


def query_case(rng: random.Random, version: str) -> Case:
    """A query string under rules."""
    values, subjects = parameters(rng, version)
    pairs = [(name, value) for name, recorded in values.items() for value in recorded]
    recorded: Recorded = {"method": "GET", "path": "/"}
    if version == "V2" or rng.random() < 0.2:
        recorded["query"] = encoded(rng, pairs)
    else:
        recorded["query"] = values
        if rng.random() < 0.02:
            recorded["query"] = values | {"n": [5, True]}
            pairs += [("n", "5"), ("n", "true")]
    if subjects and version == "V2":
        recorded["matchingRules"] = {
            _flat_query_key(rng, name): dict(subject.matchers[0]) for name, subject in subjects.items()
        }
    elif subjects:
        recorded["matchingRules"] = {"query": {name: subject.rules for name, subject in subjects.items()}}
    queries = [pairs, *(near_parameters(rng, values, subjects) for _ in range(REQUESTS - 1))]
    sent = []
    for query in queries:
        text = encoded(rng, query)
        if rng.random() < 0.04:
            text = rng.choice([text + "&", "&" + text, text.replace("&", "&&")])
        sent.append(Sent("GET", "/", text))
    return Case("query", version, recorded, tuple(sent))


def _flat_query_key(rng: random.Random, name: str) -> str:
    plain = name.isidentifier() and name.isascii()
    return (f"$.query.{name}" if plain else f"$.query['{name}']") + rng.choice(["", "[0]", "[*]"])


# Headers

HEADER_NAMES = [
    "X-A",
    "X-B",
    "x_c",
    "Accept",
    "Content-Type",
    "Vary",
    "Cache-Control",
    "If-Match",
    "Date",
    "Authorization",
]
HEADER_VALUES = {
    "Accept": ["a/b", "a/b;q=1", "a/b, c/d", "*/*", "a/b;q=1;v=2, c/d;q=0.5"],
    "Content-Type": ["a/b", "a/b;charset=utf-8", "a/b; charset=UTF-8; x=1", "application/json", "text/plain"],
    "Vary": ["a", "a, b", "a,b,c"],
    "Date": ["Sat, 01 Jan 2000 00:00:00 GMT"],
    "Authorization": ["Bearer a.b", "Basic YTpi"],
}
Lines = list[tuple[str, str]]


def _header_value(rng: random.Random, name: str) -> str:
    return rng.choice(HEADER_VALUES.get(name, []) * 2 + ["1", "x", "a, b", "a;b", "12", "true", "1.5", "A"])


def header_case(rng: random.Random, version: str) -> Case:
    """Headers under rules."""
    headers: dict[str, Any] = {}
    subjects: dict[str, Subject] = {}
    for name in rng.sample(HEADER_NAMES, rng.choice([1, 1, 2, 3])):
        if rng.random() < 0.5:
            subject = text_subject(rng, version)
            sendable = [text for text in subject.good if _sendable(text)]
            if sendable:
                subjects[name] = bounded(rng, subject, version)
                headers[name] = rng.choice(sendable)
                continue
        several = version != "V2" and rng.random() < 0.3
        values = [_header_value(rng, name) for _ in range(rng.choice([1, 2, 3]))]
        headers[name] = values if several else values[0]
    recorded: Recorded = {"method": "GET", "path": "/", "headers": headers}
    spelled = {name if rng.random() < 0.6 else name.lower(): subject for name, subject in subjects.items()}
    if subjects and version == "V2":
        keys = {name: f"$.{rng.choice(['header', 'headers'])}.{name}" for name in spelled}
        recorded["matchingRules"] = {keys[name]: dict(subject.matchers[0]) for name, subject in spelled.items()}
    elif subjects:
        recorded["matchingRules"] = {"header": {name: subject.rules for name, subject in spelled.items()}}
    listed = {name: values if isinstance(values, list) else [values] for name, values in headers.items()}
    lines = [(name, value) for name, values in listed.items() for value in values]
    near = (_near_headers(rng, lines, subjects) for _ in range(REQUESTS - 1))
    return Case("header", version, recorded, tuple(Sent("GET", "/", "", tuple(sent)) for sent in [lines, *near]))


def _sendable(text: object) -> bool:
    """Whether a text arrives as a header value as it was sent."""
    return isinstance(text, str) and text.isascii() and text.isprintable() and text == text.strip()


def _near_headers(rng: random.Random, recorded: Lines, subjects: dict[str, Subject]) -> Lines:
    lines = list(recorded)
    for at, (name, _) in enumerate(lines):
        if name in subjects and rng.random() < 0.6:
            lines[at] = (name, rng.choice([text for text in subjects[name].good if _sendable(text)]))
    for _ in range(rng.choice([0, 1, 1, 1, 2, 2])):
        share = rng.random()
        at = rng.randrange(len(lines)) if lines else 0
        if share < 0.1 and lines:
            lines.pop(at)
        elif share < 0.18 and lines:
            lines.append((lines[at][0], _header_value(rng, lines[at][0])))
        elif share < 0.28:
            name = rng.choice([name for name in HEADER_NAMES if name not in dict(recorded)])
            lines.append((name, _header_value(rng, name)))
        elif share < 0.36:
            rng.shuffle(lines)
        elif share < 0.46 and lines:
            lines[at] = (rng.choice([str.upper, str.lower, str.title])(lines[at][0]), lines[at][1])
        elif share < 0.6 and lines:
            value = lines[at][1].replace(", ", rng.choice([",", " , ", ",  "]))
            lines[at] = (lines[at][0], value.replace(";", rng.choice([";", "; ", " ;"])))
        elif share < 0.66 and lines:
            lines[at] = (lines[at][0], lines[at][1] + rng.choice([";z=1", ", q/r", "x"]))
        elif lines:
            name = lines[at][0]
            near = [text for text in subjects[name].near if _sendable(text)] if name in subjects else []
            lines[at] = (name, rng.choice(near) if near else _header_value(rng, name))
    return lines


# Path

SEGMENTS = ["a", "b", "1", "42", "A", "a.b", "a-b", "", "a;x=1", "~", "x:y", "true", "(a)"]
PATH_SUBJECTS = [
    Subject(({"match": "regex", "regex": pattern},), tuple(good), tuple(near))
    for pattern, good, near in [
        (r"/a/\d+", ["/a/1", "/a/42"], ["/a/x", "/a/1/b", "/a/", "/A/1", "/a/1?"]),
        (r"/\w+", ["/a", "/a_1"], ["/a/b", "/", "/a-b"]),
        (r"/.*", ["/", "/a/b"], []),
        (r"^/[a-z]+$", ["/a", "/abc"], ["/A", "/a/", "/"]),
        (r"/a|/a/b", ["/a", "/a/b"], ["/a/c", "/b", "/a/"]),
        (r"\/a\/[^\/]+", ["/a/b", "/a/b-c"], ["/a", "/a/b/c"]),
        (r"/(a|b)/?", ["/a", "/b/"], ["/c", "/a//"]),
        (r"/a/(?!b).*", ["/a/", "/a/c"], ["/a/b", "/a"]),
        (r"/(?<x>[a-z])/\k<x>", ["/a/a", "/z/z"], ["/a/b"]),
        (r"/users/[0-9a-f]{4}(-[0-9a-f]{4})?/x", ["/users/00ff/x", "/users/00ff-00aa/x"], ["/users/00f/x"]),
        (r"/\S+", ["/a", "/a/b"], ["/"]),
        (r"/api/v\d/items/\p{Alnum}+", ["/api/v1/items/a1"], ["/api/v12/items/a", "/api/v1/items/a-1"]),
    ]
] + [
    Subject(({"match": "type"},), ("/", "/a/b"), ()),
    Subject(({"match": "include", "value": "/b"},), ("/b", "/a/b", "/a/b/c"), ("/a", "/B")),
    Subject(({"match": "notEmpty"},), ("/", "/a"), ()),
    Subject(({"match": "equality"},), ("/a/b",), ("/a/b/", "/a", "/a/B")),
    Subject(({"match": "integer"},), ("/1",), ("/2",)),
]  # fmt: skip


def path_case(rng: random.Random, version: str) -> Case:
    """Method and path, with or without a rule."""
    subject = rng.choice(PATH_SUBJECTS) if rng.random() < 0.6 else None
    path = rng.choice(subject.good) if subject else _some_path(rng)
    recorded: Recorded = {"method": rng.choice(["GET", "get", "Post", "DELETE", "PATCH"]), "path": path}
    if subject is not None:
        rules = subject.rules
        if version != "V2" and rng.random() < 0.15:
            rules = rule_list([*rules["matchers"], {"match": "include", "value": "a"}], rng.choice(["AND", "OR"]))
        keyed = rng.choice([rules, rules, {"": rules}, {"$": rules}])
        recorded["matchingRules"] = {"$.path": rules["matchers"][0]} if version == "V2" else {"path": keyed}
    paths = [path]
    for _ in range(REQUESTS - 1):
        share = rng.random()
        if subject is not None and share < 0.45:
            paths.append(rng.choice(subject.good))
        elif subject is not None and subject.near and share < 0.8:
            paths.append(rng.choice(subject.near))
        elif share < 0.45:
            paths.append(path)
        else:
            paths.append(_near_path(rng, path))
    method = recorded["method"].upper()
    sent = []
    for target in paths:
        sent_path, _, query = target.partition("?")
        sent.append(Sent(method if rng.random() < 0.95 else "PUT", sent_path, query))
    return Case("path", version, recorded, tuple(sent))


def _some_path(rng: random.Random) -> str:
    return "/" + "/".join(rng.choice(SEGMENTS) for _ in range(rng.choice([1, 1, 2, 3])))


def _near_path(rng: random.Random, path: str) -> str:
    share = rng.random()
    if share < 0.3:
        return path + rng.choice(["/", "/a", "1", "%20", "?a=1"])
    if share < 0.5:
        return path.upper()
    if share < 0.65:
        return path[:-1] or "/"
    if share < 0.8:
        at = rng.randrange(1, len(path)) if len(path) > 1 else 0
        return path[:at] + f"%{ord(path[at]):02X}" + path[at + 1 :] if at else path
    return _some_path(rng)
