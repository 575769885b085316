"""Beside the Rust core: random pacts and requests, the same verdicts, but for differences with a name."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.oracle.cases import Case, body_rules
from tests.oracle.differential import judge_one, run
from tests.oracle.generate import KINDS, generate
from tests.oracle.judges import Judges
from tests.oracle.known import DIFFERENCES, TIE
from tests.oracle.pins import PINS, TIED, UNGENERATED, Pin, tied_case
from tests.oracle.plain_json import with_body_rules
from tests.oracle.rust import RustCore

COMPARISONS = 2400
SEED = 11
EVERYTHING_IS_SERVED = True  # every rule and every kind of body that is generated


@pytest.fixture(scope="module")
def judges() -> Iterator[Judges]:
    """Both cores, the Rust core running."""
    with RustCore() as rust:
        yield Judges(rust)


def test_verdicts_agree_with_the_rust_core() -> None:
    """On random cases of all kinds both cores say the same; where they do not, the difference has a name."""
    report = run(COMPARISONS, SEED)
    assert report.is_clean, str(report)
    for kind in KINDS:
        served = report.comparisons[kind]
        if EVERYTHING_IS_SERVED or served:
            assert served > 0.9 * COMPARISONS / len(KINDS), str(report)
            assert 0.35 < report.matches[kind] / served < 0.8, str(report)
    if EVERYTHING_IS_SERVED:
        assert not report.not_served, str(report)


def without_a_rule(case: Case) -> Case:
    """The case with its first rule of the body, the query, the headers or the path left out."""
    bodies = body_rules(case.recorded)
    if bodies:
        return with_body_rules(case, dict(list(bodies.items())[1:]))
    rules = dict(case.recorded.get("matchingRules") or {})
    for category in list(rules)[:1]:
        named = rules.pop(category)
        if category in ("query", "header"):
            rules[category] = dict(list(named.items())[1:])
    return replace(case, recorded=case.recorded | {"matchingRules": rules})


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_verdict_is_noticed(kind: str) -> None:
    """With a rule missing from the pacts on our side only, disagreements without a name are found and made readable."""
    report = run(200, SEED, kinds=[kind], alteration=without_a_rule, minimised=1)
    assert not report.is_clean, str(report)
    assert "Rust says match, we say no match" in report.readable[0]


@pytest.mark.parametrize("pin", PINS, ids=lambda pin: pin.name)
def test_named_differences_exist(pin: Pin, judges: Judges) -> None:
    """Each difference can still be seen in its example, and is recognised there."""
    assert judge_one(pin.case, pin.sent, judges) == (pin.rust, pin.ours, pin.name)


def test_rules_of_equal_score_tie(judges: Judges) -> None:
    """Of rules with equal scores now this, now that one wins in the Rust core; with us always the same."""
    case = tied_case(TIED)
    (sent,) = case.sent
    assert judges.wavers(case, sent, times=40)
    assert len({judges.ours(case)[0].matched for _ in range(5)}) == 1
    outcomes = [judge_one(case, sent, judges) for _ in range(40)]
    assert {name for rust, ours, name in outcomes if rust != ours} == {TIE}


def test_every_difference_has_an_example() -> None:
    """No difference is named without an example that shows it."""
    assert {pin.name for pin in PINS} == {difference.name for difference in DIFFERENCES}


@pytest.mark.parametrize("pin", UNGENERATED, ids=lambda pin: pin.name)
def test_differences_that_are_not_generated_exist(pin: Pin, judges: Judges) -> None:
    """The Rust core refuses or does not match what ours takes as it is meant."""
    assert judges.pair(pin.case, pin.sent) == (pin.rust, pin.ours)


def test_a_seed_gives_the_same_cases() -> None:
    """Cases depend on the seed alone, so a disagreement can be seen again."""
    for kind in KINDS:
        one, other, third = ([generate(random.Random(seed), kind) for _ in range(3)] for seed in (1, 1, 2))
        assert one == other != third
