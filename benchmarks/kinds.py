"""What deciding costs by kind of body and by rule, and what generated answers cost. `python -m benchmarks.kinds`.

Each line is one interaction and one request that it matches, decided from the raw bytes (parsing included), beside a
request that differs in its last value; the best of several rounds, in one process with the yardstick at the top.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks import corpus
from benchmarks.micro import best, microseconds
from matching import CompiledInteraction, Mismatch, PactError, Request, load_pact


class Subject(NamedTuple):
    """One line: what is recorded, and two bodies of which the first matches."""

    name: str
    content_type: str
    recorded: Any
    rules: dict[str, Any]
    matching: bytes
    other: bytes


def rule(match: str, **attributes: Any) -> dict[str, Any]:
    """A list of one rule."""
    return {"matchers": [{"match": match, **attributes}]}


def subjects() -> Iterator[Subject]:
    """Bodies of about 1 KiB of each kind, and JSON bodies of 20 values under each rule."""
    document = corpus.body(1)
    yield json_subject("JSON, no rules", document, {}, document, {**document, "paid": False})
    yield json_subject("JSON, type at the root", document, {"$": rule("type")}, corpus.body(2), {**document, "paid": 1})
    items = "".join(f'<item id="{n}"><sku>sku-{n}</sku><price>1.5</price></item>' for n in range(20))
    xml = f"<order><name>n</name>{items}</order>"
    changed = xml.replace("<price>1.5</price></item></order>", "<price>2</price></item></order>")
    yield Subject("XML, no rules", "application/xml", xml, {}, xml.encode(), changed.encode())
    texts = {"$.order.item": rule("type"), "$.order.item.price.#text": rule("decimal")}
    yield Subject("XML, rules", "application/xml", xml, texts, xml.encode(), xml.replace("1.5<", "x<").encode())
    form = "&".join(f"field{n}=value+{n}" for n in range(50))
    form_type = "application/x-www-form-urlencoded"
    yield Subject("form, no rules", form_type, form, {}, form.encode(), (form + "9").encode())
    numbers = {"$": rule("regex", regex=r"value \d+")}
    yield Subject("form, a regex", form_type, form, numbers, form.encode(), (form + "x").encode())
    parts = "".join(f'--b\r\nContent-Disposition: form-data; name="f{n}"\r\n\r\nvalue {n}\r\n' for n in range(10))
    multipart, other = (parts + "--b--\r\n").encode(), (parts.replace("value 9", "value x") + "--b--\r\n").encode()
    recorded = base64.b64encode(multipart).decode()
    yield Subject("multipart, 10 fields", "multipart/form-data; boundary=b", recorded, {}, multipart, other)
    text = "word " * 200
    yield Subject("text, no rules", "text/plain", text, {}, text.encode(), (text + "x").encode())
    yield Subject("text, a regex", "text/plain", text, {"$": rule("regex", regex=r"[\w ]+")}, text.encode(), b"x!")
    for name, value, wrong, attributes in RULES:
        values, spoilt = {f"k{n}": value for n in range(20)}, {f"k{n}": value for n in range(19)}
        rules = {"$.*": rule(name, **attributes)}
        yield json_subject(f"20 × {name}", values, rules, values, {**spoilt, "k19": wrong})
    yield json_subject("eachKey, 20 keys", {"k0": 1}, {"$": each_key()}, {f"k{n}": 1 for n in range(20)}, {"x": 1})
    each_value = rule("eachValue", rules=[{"match": "integer"}])
    yield json_subject("eachValue, 20 values", {"k0": 1}, {"$": each_value}, {f"k{n}": n for n in range(20)}, {"x": ""})
    contains = rule("arrayContains", variants=[{"index": 0, "rules": {"$": rule("integer")}}])
    yield json_subject("arrayContains, 20 items", [1], {"$": contains}, ["x"] * 19 + [1], ["x"] * 20)
    backwards = list(range(19, -1, -1))
    unordered = {"$": rule("ignore-order")}
    yield json_subject("ignore-order, 20 items", list(range(20)), unordered, backwards, [1] * 20)


RULES: tuple[tuple[str, Any, Any, dict[str, Any]], ...] = (
    ("equality", "x", "y", {}),
    ("type", "x", 1, {}),
    ("regex", "abc-123", "abc", {"regex": r"\w+-\d+"}),
    ("include", "abc", "xyz", {"value": "b"}),
    ("integer", 1, 1.5, {}),
    ("decimal", 1.5, 1, {}),
    ("boolean", True, 1, {}),
    ("notEmpty", "x", "", {}),
    ("date", "2024-02-29", "2024-02-30", {"format": "yyyy-MM-dd"}),
    ("datetime", "2024-02-29T10:00:00Z", "x", {"format": "yyyy-MM-dd'T'HH:mm:ssX"}),
    ("semver", "1.2.3-beta.1", "1.2", {}),
    ("contentType", '{"a": 1}', "plain text", {"value": "application/json"}),
)


def each_key() -> dict[str, Any]:
    """A rule for keys."""
    return rule("eachKey", rules=[{"match": "regex", "regex": r"k\d+"}])


def json_subject(name: str, recorded: Any, rules: dict[str, Any], matching: Any, other: Any) -> Subject:
    """A line with a JSON body."""
    return Subject(name, "application/json", recorded, rules, orjson.dumps(matching), orjson.dumps(other))


def compiled(subject: Subject) -> CompiledInteraction | None:
    """The one interaction of a subject; None when it is not served."""
    request = {
        "method": "POST",
        "headers": {"Content-Type": subject.content_type},
        "body": subject.recorded,
        "matchingRules": {"body": subject.rules},
    }
    document = {"interactions": [{"description": subject.name, "request": request}]}
    try:
        interactions = load_pact(json.dumps(document).encode()).interactions
    except PactError:
        return None
    return interactions[0] if interactions else None


def sent(content_type: str, content: bytes) -> Request:
    """A request that just came in."""
    return Request("POST", "/", "", [("Content-Type", content_type)], content)


def decided(interaction: CompiledInteraction, content_type: str, content: bytes) -> bool:
    """Decide on a request that just came in."""
    return interaction.matches(sent(content_type, content))


def explained(interaction: CompiledInteraction, content_type: str, content: bytes) -> list[Mismatch]:
    """Explain a request that just came in."""
    return list(interaction.explain(sent(content_type, content)))


def main() -> None:
    """Print the tables."""
    console = Console(width=140, soft_wrap=True)
    payload = orjson.dumps(corpus.body(5))
    yardstick = best(lambda: orjson.loads(payload), 50_000)
    console.print(f"orjson.loads of {len(payload)} bytes: {microseconds(yardstick)} µs")
    table = Table("body and rule", "matches µs", "does not match µs", "explained µs")
    for subject in subjects():
        interaction = compiled(subject)
        if interaction is None:
            table.add_row(subject.name, "–", "–", "–")
            continue
        matches, other = (
            partial(decided, interaction, subject.content_type, content)
            for content in (subject.matching, subject.other)
        )
        assert (matches(), other()) == (True, False), subject.name
        costs = [best(matches, 500), best(other, 500)]
        told = best(partial(explained, interaction, subject.content_type, subject.other), 200)
        table.add_row(subject.name, *map(microseconds, (*costs, told)))
    console.print(table)
    load = Table("interactions", "parse + compile, seconds for 1,000")
    for size in (100, 1_000):
        document = corpus.pact(size)
        load.add_row(f"{size:,}", f"{best(partial(load_pact, document), 1, 3) / size * 1_000:.2f}")
    console.print(load)


if __name__ == "__main__":
    main()
