"""The cases of the Pact specification: how one is loaded, and which ones we answer differently on purpose."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matching.example import example_request
from matching.model import Body, HeaderValues, Interaction, Message
from matching.parse import parse_pact
from matching.request import Request

VERSIONS = {"v1": "1.0.0", "v1.1": "1.1.0", "v2": "2.0.0", "v3": "3.0.0", "v4": "4.0"}

# Cases where the specification's own later versions (and the reference implementation) say the opposite.
DEVIATIONS: Mapping[str, str] = {
    "v1/request/query/different param order": "V1 compared the query as a text; V1.1 and later ignore the order",
    "v1/request/query/trailing amperand": "V1 compared the query as a text; V1.1 and later ignore an empty piece",
}


@dataclass(frozen=True)
class Case:
    """One case: two requests or two responses, and whether the second satisfies the first."""

    name: str
    kind: str
    matches: bool
    expected: Interaction | Message
    actual: Interaction | Message

    def actual_request(self) -> Request:
        """The actual request, or headers and body of the actual response, or the content of the actual message."""
        if isinstance(self.actual, Message):
            return body_of((), self.actual.contents[0].body)
        if self.kind == "request":
            return example_request(self.actual.request)
        return body_of(self.actual.response.headers, self.actual.response.body)


def load_case(path: Path, root: Path) -> Case:
    """Read one case through the reader of pact documents, so that every default and spelling applies."""
    document = json.loads(path.read_text("utf-8-sig"))
    relative = path.relative_to(root)
    version, kind = relative.parts[:2]
    expected = _interaction(version, kind, document["expected"])
    actual = _interaction(version, kind, document["actual"])
    return Case(str(relative.with_suffix("")), kind, document["match"], expected, actual)


def _interaction(version: str, kind: str, part: Mapping[str, Any]) -> Interaction | Message:
    interaction: Mapping[str, Any] = {"description": "case", "type": "Synchronous/HTTP", kind: part}
    if kind == "message":
        interaction = {"description": "case", "type": "Asynchronous/Messages", **part}
    entries = "messages" if kind == "message" and version == "v3" else "interactions"
    metadata = {"pactSpecification": {"version": VERSIONS[version]}}
    pact = parse_pact(json.dumps({entries: [interaction], "metadata": metadata}).encode())
    return (*pact.interactions, *pact.messages)[0]


def body_of(headers: HeaderValues, body: Body) -> Request:
    """Recorded headers and a recorded body as they would come over the wire."""
    lines = [(name, value) for name, values in headers for value in values]
    if body.content and body.content_type and not any(name.lower() == "content-type" for name, _ in lines):
        lines.append(("Content-Type", str(body.content_type)))
    return Request("GET", "/", "", lines, body.content)
