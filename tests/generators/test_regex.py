"""Strings made for regular expressions: they match, whatever dialect the contract speaks, and none takes long."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import Severity
from matching.patterns import compile_pattern
from tests.generators.answers import generated, values_of

ROOT = Path(__file__).resolve().parents[2]

# pattern, and the same for Python's own engine
DIALECTS: list[tuple[str, str]] = [
    (r"\d{4}-\d{2}-\d{2}", r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    (r"^[a-z]+$", r"[a-z]+"),
    (r"\A\w{3}\Z", r"\w{3}"),
    (r"\A\w{3}\z", r"\w{3}"),
    (r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,4}", r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,4}"),
    (r"(https?):\/\/[^\s\/]+\/orders\/\d+", r"https?://[^\s/]+/orders/\d+"),
    (r"\/orders\/(?<id>\d+)", r"/orders/\d+"),
    (r"(?P<a>[ab])(?P=a)", r"(a|b)\1"),
    (r"(a|b)\1", r"aa|bb"),
    (r"(?:red|green|blue)?", r"(red|green|blue)?"),
    (r"a{,3}b{2,}", r"a{0,3}b{2,}"),
    (r"[^a-z\s]{5}", r"[^a-z\s]{5}"),
    (r"[^\W_]{5}", r"[^\W_]{5}"),
    (r"[]a]{3}", r"[\]a]{3}"),
    (r"[\w-]{8}", r"[\w-]{8}"),
    (r"\D\S\W", r"\D\S\W"),
    (r".{5}", r".{5}"),
    (r"", r""),
    (r"x*?y+?", r"x*y+"),
    (r"(?i)abc", r"(?i)abc"),
    (r"(?i:abc)D", r"(?i:abc)D"),
    (r"(?s).", r"(?s)."),
    (r"\u0041\x42\t\n", "AB\t\n"),
    (r"[à-ü]{4}", r"[à-ü]{4}"),
    (r"日本{2}", r"日本本"),
    (r"\bfoo\b", r"foo"),
    (r"(?!b)[ab]", r"a"),
    (r"(?=a)[ab]", r"a"),
    (r"(?=.*\d)[a-z\d]{8}", r"(?=.*\d)[a-z\d]{8}"),
    (r"(?#which)one", r"one"),
    (r"\Qa.b\E\d", r"a\.b\d"),
    (r"\h{8}", r"[0-9a-fA-F]{8}"),
    (r"\$\{x\}", r"\$\{x\}"),
    (r"true|false|null", r"true|false|null"),
]


@pytest.mark.parametrize(("pattern", "judge"), DIALECTS, ids=lambda value: value[:30])
def test_strings_match(pattern: str, judge: str) -> None:
    """Every string matches its pattern as a whole, says ours and says Python's engine."""
    ours, theirs = compile_pattern(pattern), re.compile(judge)
    for value in values_of("example", {"type": "Regex", "regex": pattern}, range(30)):
        assert ours.matches(value)
        assert theirs.fullmatch(value)


NO_STRINGS = [r"(", r"a**", r"[z-a]", r"\k<n>", r"[^\s\S]", r"a(?!a)(?=a)", r"(?<!a)b(?<=c)", r"\1", r"(?(1)a|b)", "\\"]


@pytest.mark.parametrize("pattern", NO_STRINGS)
def test_patterns_that_nothing_is_made_for(pattern: str) -> None:
    """A pattern that is broken, or that nothing matches, is told when its pact is loaded; the example is answered."""
    recorded = generated({"a": "example"}, {"$.a": {"type": "Regex", "regex": pattern}})
    [problem] = recorded.problems
    assert problem.severity is Severity.WARNING
    assert problem.cure
    assert recorded.answer().body == recorded.body


RARE = [
    r"\p{L}{3}",
    r"\p{Lu}\p{Ll}+",
    r"[[:alpha:]]{3}",
    r"a++b",
    r"(?>ab)c",
    r"[\d-x]",
    r"[a-z&&[^b]]",
    r"\cA",
    r"(?'n'a)",
    r"(a)?(?(1)b|c)",
    r"(?<=a)b",
    r"a(?<=a)b",
    r"\R",
    r"\X",
]


@pytest.mark.parametrize("pattern", RARE)
def test_rare_constructs(pattern: str) -> None:
    """What few contracts use is either understood or told; it never makes a string that does not match."""
    recorded = generated({"a": "example"}, {"$.a": {"type": "Regex", "regex": pattern}})
    if recorded.problems:
        assert recorded.answer().body == recorded.body
    else:
        assert all(compile_pattern(pattern).matches(recorded.answer(seed).json["a"]) for seed in range(20))


def test_repeats_without_end_stay_short() -> None:
    """What may come any number of times comes a few times, and not always as often."""
    values = values_of("x", {"type": "Regex", "regex": "a*"}, range(100))
    assert max(map(len, values)) <= 50
    assert len(set(values)) > 5


def test_every_alternative_comes() -> None:
    """Alternatives, members of sets and numbers of repeats all come sooner or later."""
    assert set(values_of("x", {"type": "Regex", "regex": "a|b|[cde]|f{1,2}"}, range(300))) == {*"abcdef", "ff"}


def test_what_is_made_can_be_seen() -> None:
    """Nothing that cannot be seen is written unless the pattern demands it."""
    values = values_of("x", {"type": "Regex", "regex": r"[^a]{20}.{20}\S{20}\W{20}"}, range(30))
    assert all(char.isprintable() for value in values for char in value)


HOSTILE = [
    "(((a{1000}){1000}){1000})",
    "((a{1000}){1000})",
    "(a{30000})(b{30000})",
    r"[\s\S]{100000}",
    r"[\s\S]{99999999}",
    r"(?:){100000000}",
    r"(?:(?:(?:){1000}){1000}){1000}",
    r"(?:(?:)*){99999999}",
    r"(){99999999}",
    r"((a{1000})\2{4000})\1{4000}",
    "(" * 2000 + "a" + ")" * 2000,
    "(?:a|" * 400 + "b" + ")" * 400,
    "(a*)*b",
    "(a+)+$",
    "(x+x+)+y",
    "(.*)*(.*)*(.*)*x",
    r"(?=(a{1000}){1000})b",
    r"(?!.*)a",
    r"(.)(.)(.)\3\2\1(?=x)",
    r"(?=.*a)(?=.*b)(?=.*c)(?=.*1)(?=.*!).{5}",
    "a?" * 2000 + "a" * 2000,
    "|".join(["abc"] * 2000),
    "[a-\U0010ffff]{1000}",
    r"(\w{0,400}){40}",
]

_DRAW = """
import json, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
from tests.generators.answers import generated
for pattern in json.load(sys.stdin):
    began = time.process_time()
    recorded = generated({"a": "example"}, {"$.a": {"type": "Regex", "regex": pattern}})
    size = max(len(recorded.answer(seed).body) for seed in range(3))
    print(json.dumps([time.process_time() - began, size]), flush=True)
"""


def test_hostile_patterns_end() -> None:
    """However a pattern is made, loading it and answering three times takes little time, memory and space."""
    drawing = subprocess.run(
        [sys.executable, "-c", _DRAW],
        input=json.dumps(HOSTILE),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
    )
    measured = [json.loads(line) for line in drawing.stdout.splitlines()]
    assert len(measured) == len(HOSTILE), (HOSTILE[len(measured)], drawing.stderr[-2000:])
    for pattern, (seconds, size) in zip(HOSTILE, measured, strict=True):
        assert seconds < 3, pattern
        assert size < 100_000, pattern


LITERALS = st.sampled_from(["a", "b", "1", "é", r"\.", r"\-", "-", " ", r"\d", r"\w", ".", "[abc]", "[^abc]", "[0-9x]"])
QUANTIFIERS = st.sampled_from(["", "", "?", "*", "+", "{2}", "{0,3}", "{1,}", "*?"])
QUANTIFIED = st.builds(lambda atom, times: atom + times, LITERALS, QUANTIFIERS)


def _within(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    groups = st.builds(
        lambda opened, body, times: f"{opened}{body})" + times, st.sampled_from(["(", "(?:"]), inner, TIMES
    )
    return st.lists(inner | groups, max_size=3).map("".join) | st.lists(inner, min_size=1, max_size=3).map("|".join)


TIMES = st.sampled_from(["", "?", "{0,2}"])
PATTERNS = st.recursive(QUANTIFIED, _within, max_leaves=8)


@settings(max_examples=150, deadline=None)
@given(PATTERNS, st.integers())
def test_law_of_strings(pattern: str, seed: int) -> None:
    """Every string that is made for a pattern matches it; a plain pattern always has one."""
    recorded = generated({"a": "example"}, {"$.a": {"type": "Regex", "regex": pattern}})
    assert not recorded.problems, pattern
    value: Any = recorded.answer(seed).json["a"]
    assert re.fullmatch(pattern, value), (pattern, value)
