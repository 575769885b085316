"""The cases of the Pact specification, V1 to V4, decided by the matching core alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from matching.compile import ResponseMatcher, compile_interaction
from matching.errors import PactError
from matching.matchers import RuleError
from tests.conformance.cases import DEVIATIONS, UNSUPPORTED, Case, load_case
from tests.shared import SHARED, files_or_skip

ROOT = SHARED / "spec-cases"


def decide(case: Case) -> bool:
    """Whether the core finds that the actual side satisfies the expected one."""
    if case.kind == "request":
        executable, _ = compile_interaction(case.expected, "consumer", "provider")
        request = case.actual_request()
        assert executable.matches(request) == (not list(executable.explain(request)))
        return executable.matches(request)
    return ResponseMatcher(case.expected.response).matches(case.actual.response.status, case.actual_request())


@pytest.mark.parametrize("path", files_or_skip("spec-cases"))
def test_specification_case(path: Path) -> None:
    """The core decides as the specification does, apart from the deviations named in one place."""
    if path.relative_to(ROOT).parts[1] == "message":
        pytest.skip("messages are not served")
    case = load_case(path, ROOT)
    wanted = case.matches if case.name not in DEVIATIONS else not case.matches
    if case.name in UNSUPPORTED:
        with pytest.raises((PactError, RuleError)):
            decide(case)
        pytest.skip("not supported yet")
    assert decide(case) == wanted, case.name
