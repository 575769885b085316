"""The request cases of the Pact specification, sent over a real socket."""

from __future__ import annotations

import json
from pathlib import Path

from stubserver.catalog import Address
from stubserver.web.addressing import base_path
from tests.conformance.cases import DEVIATIONS, VERSIONS, load_case
from tests.conftest import Serve
from tests.shared import SHARED, shared
from tests.wire import send

ROOT = SHARED / "spec-cases"

# What cannot be put on a wire, and what the wire makes of it.
NOT_ON_THE_WIRE = {
    "an empty path": lambda case: not case.actual.request.path or not case.expected.request.path,
}


def pact_of(path: Path) -> bytes:
    """The expected side of a case as a pact of a provider named after the case."""
    version = path.relative_to(ROOT).parts[0]
    request = json.loads(path.read_text("utf-8-sig"))["expected"]
    interaction = {"description": "case", "type": "Synchronous/HTTP", "request": request, "response": {"status": 204}}
    document = {
        "provider": {"name": provider_of(path)},
        "interactions": [interaction],
        "metadata": {"pactSpecification": {"version": VERSIONS[version]}},
    }
    return json.dumps(document).encode()


def provider_of(path: Path) -> str:
    return str(path.relative_to(ROOT).with_suffix(""))


async def test_specification_requests_over_a_socket(serve: Serve) -> None:
    """Every request case gets over the wire the verdict it has in the specification; each case has its own stub."""
    shared("spec-cases")
    paths = [path for path in sorted(ROOT.rglob("*.json")) if path.relative_to(ROOT).parts[1] == "request"]
    running = await serve(*map(pact_of, paths), loglevel="none")
    wrong, sent = [], 0
    for path in paths:
        case = load_case(path, ROOT)
        stub = running.server.catalog.current.stubs[Address(provider_of(path))]
        assert stub.index.interactions, case.name
        if any(excused(case) for excused in NOT_ON_THE_WIRE.values()):
            continue
        status, headers, body = await send(running.url, case.actual_request(), base_path(stub.address))
        wanted = case.matches if case.name not in DEVIATIONS else not case.matches
        sent += 1
        if (status == 204, headers["x-stub-match"]) != (wanted, "exact" if wanted else "none"):
            wrong.append((case.name, wanted, status, body))
    assert not wrong
    assert sent > 260
