"""The cases of the Pact specification, V1 to V4, decided by the matching core alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from matching.compile import compile_interaction
from matching.messages import MessageMatcher
from matching.response_matcher import ResponseMatcher
from tests.conformance.cases import DEVIATIONS, Case, load_case
from tests.shared import SHARED, files_or_skip

ROOT = SHARED / "spec-cases"


def decide(case: Case) -> bool:
    """Whether the core finds that the actual side satisfies the expected one."""
    if case.kind == "request":
        executable, _ = compile_interaction(case.expected, "consumer", "provider")
        request = case.actual_request()
        assert executable.matches(request) == (not list(executable.explain(request)))
        return executable.matches(request)
    if case.kind == "message":
        found = MessageMatcher(case.expected.contents[0]).explain(
            case.actual.contents[0].metadata, case.actual_request()
        )
        return not list(found)
    return ResponseMatcher(case.expected.response).matches(case.actual.response.status, case.actual_request())


@pytest.mark.parametrize("path", files_or_skip("spec-cases"))
def test_specification_case(path: Path) -> None:
    """The core decides as the specification does, apart from the deviations named in one place."""
    case = load_case(path, ROOT)
    wanted = case.matches if case.name not in DEVIATIONS else not case.matches
    assert decide(case) == wanted, case.name
