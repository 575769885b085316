"""Regular expressions of pacts: whole texts, Unicode, look-around, and no way to hang."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pytest

from matching import Index, Match, PatternError, Request, find, near_misses
from matching.patterns import MAX_LENGTH, MAX_SEARCH_LENGTH, compile_pattern, compile_search
from tests.matching.pacts import load, only_request, post

MATCHES = [
    (r"\d", "1", True),
    (r"\d", "12", False),
    ("a|ab", "ab", True),
    ("ab|a", "a", True),
    ("a*?", "aaa", True),
    ("abc", "xabc", False),
    ("abc", "abcx", False),
    ("abc", "abc\n", False),
    ("^abc$", "abc", True),
    ("^abc$", "abc\n", False),
    ("", "", True),
    ("", "a", False),
    ("a.c", "a\nc", False),
    ("(?s)a.c", "a\nc", True),
    ("(?i)abc", "ABC", True),
    ("abc", "ABC", False),
    (r"^a\nb$", "a\nb", True),
    ("(?<year>[0-9]{4})-(?<month>[0-9]{2})", "2024-05", True),
    ("(?P<year>[0-9]{4})", "2024", True),
    (r"\/users\/[0-9]+", "/users/7", True),
    (r"[\w\-\.]+@example\.org", "jo-e.x@example.org", True),
    (r"\Aabc\z", "abc", True),
    (r"\Aabc\Z", "abc", True),
    (r"\Qa.c\E", "a.c", True),
    (r"\Qa.c\E", "abc", False),
    (r"\p{Lu}+", "ÄÖ", True),
    (r"[[:alpha:]]+", "abc", True),
    (r"[[:digit:]]+", "abc", False),
    ("[]a]+", "]a", True),
    ("[^]a]+", "xy", True),
    (r"[\]a]+", "]a", True),
    # \d, \w, \s and their negations know Unicode.
    (r"\d+", "٣٤", True),
    (r"\D+", "٣٤", False),
    (r"\w+", "naïve_東京", True),
    (r"\W", "é", False),
    (r"\W", "!", True),
    (r"\s", "\u00a0", True),
    (r"\S", "\u00a0", False),
    (r"[\d]+", "٣", True),
    (r"[\w ]+", "é è", True),
    (r"[^\d]+", "٣", False),
    (r"[^\s]+", "a\u2003b", False),
    (r"[\W]+", "é", False),
    (r"[\W]+", "!?", True),
    (r"[\D]+", "abc", True),
    (r"[\D]+", "٣", False),
    (r"\bé\b", "é", True),
    (r"é\B!", "é!", False),
    ("[^a]", "😀", True),
    (".", "😀", True),
    # What RE2 refuses.
    (r"(?=.*\d)(?=.*[a-z]).{4,}", "abc1", True),
    (r"(?=.*\d)(?=.*[a-z]).{4,}", "abcd", False),
    (r"(?!admin)\w+", "user", True),
    (r"(?!admin)\w+", "admin", False),
    (r"(?<!x)a", "a", True),
    (r"(a|b)\1", "aa", True),
    (r"(a|b)\1", "ab", False),
    (r"(?<q>['\"]).*\k<q>", "'x'", True),
    (r"(?>a+)b", "aab", True),
    (r"a++b", "aab", True),
]


@pytest.mark.parametrize(("source", "text", "verdict"), MATCHES)
def test_matching(source: str, text: str, verdict: bool) -> None:
    """A pattern matches the whole text or not at all, whichever dialect it was written in."""
    assert compile_pattern(source).matches(text) is verdict


def test_bytes_that_were_not_text_match_no_literal() -> None:
    """A lone surrogate, which stands for a byte that was not UTF-8, is not a question mark."""
    assert not compile_pattern(r"\?").matches("\udcff")


@pytest.mark.parametrize("source", ["(", "[", "a{2,1}", "*", "(?<n", "\\", "[z-a]", r"\k<nobody>", "(?=a"])
def test_invalid_patterns(source: str) -> None:
    """What no engine can run is refused with a reason, at once."""
    with pytest.raises(PatternError) as refusal:
        compile_pattern(source)
    assert str(refusal.value)


def test_the_length_of_patterns_is_bounded() -> None:
    """A pattern of unreasonable length is refused, a request's sooner than a pact's."""
    assert compile_pattern("a" * MAX_LENGTH).matches("a" * MAX_LENGTH)
    with pytest.raises(PatternError, match="longer"):
        compile_pattern("a" * (MAX_LENGTH + 1))
    with pytest.raises(PatternError, match="longer"):
        compile_search("a" * (MAX_SEARCH_LENGTH + 1))


def test_a_pattern_is_compiled_once() -> None:
    """The same source gives the same object."""
    assert compile_pattern(r"once-\d+") is compile_pattern(r"once-\d+")


BOUND = 1.0  # seconds


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


HOSTILE = [
    ("^(a+)+$", "a" * 100_000 + "!"),
    ("(a*)*b", "a" * 100_000),
    ("(a|a)*b", "a" * 100_000),
    ("(.*)(.*)(.*)(.*)x", "y" * 50_000),
    (r"^(\w+\s?)*$", "word " * 10_000 + "!"),
    ("(?=a)(a+)+$", "a" * 5_000 + "!"),
    (r"(?!x)(a|aa)+b", "a" * 5_000),
    (r"(a+)+\1b", "a" * 5_000),
    (r"(\w+\b)+é!", "é" * 5_000),
    (r"(?=(\d+)*x)\d*", "1" * 5_000),
]


@pytest.mark.parametrize(("source", "text"), HOSTILE, ids=[source for source, _ in HOSTILE])
def test_hostile_patterns_finish(source: str, text: str) -> None:
    """A pattern that would run for ages on its subject counts as not matching, soon."""
    pattern = compile_pattern(source)
    verdicts: list[bool] = []
    assert seconds(lambda: verdicts.append(pattern.matches(text))) < BOUND
    assert verdicts == [False]


@pytest.mark.parametrize(
    "source", ["(((a{1,100}){1,100}){1,100}){1,100}", "(?=a)((a{1,1000}){1,1000}){1,1000}", "(" * 4000 + ")" * 4000]
)
def test_hostile_patterns_compile_or_are_refused_soon(source: str) -> None:
    """A pattern that would explode while it is compiled is compiled compactly or refused."""

    def attempt() -> None:
        with contextlib.suppress(PatternError):
            compile_pattern(source).matches("a" * 50)

    assert seconds(attempt) < BOUND


def test_hostile_patterns_in_a_body_finish() -> None:
    """A whole request under a pattern that backtracks is decided soon, however many values it brings."""
    rules = {"$.body[*].a": {"match": "regex", "regex": "(?=a)(a+)+$"}, "$.body": {"match": "type"}}
    interaction = only_request({"method": "POST", "body": [{"a": "a"}], "matchingRules": rules})
    values = ",".join(['{"a":"' + "a" * 5_000 + '!"}'] * 100)
    assert seconds(lambda: interaction.matches(post(f"[{values}]"))) < BOUND


def test_the_explanation_of_hostile_patterns_finishes() -> None:
    """Telling why a request did not match takes bounded time, though every value of it takes the pattern's limit."""
    rules = {"$.body[*].a": {"match": "regex", "regex": "(?=a)(a+)+$"}, "$.body": {"match": "type"}}
    request = {"method": "POST", "body": [{"a": "a"}], "matchingRules": rules}
    index = Index([only_request(request)])
    values = ",".join(['{"a":"' + "a" * 5_000 + '!"}'] * 100)
    assert seconds(lambda: near_misses(index, post(f"[{values}]"))) < BOUND


@pytest.mark.parametrize(
    ("pattern", "count"),
    [(r"/{n}/\w+", 250), (r"/{n}/[^/]+/\d+", 250), (r"/\w+/{n}/.*", 250), (r"/{n}/[\w-]{{1,36}}", 20)],
)
def test_many_path_patterns_of_one_method(pattern: str, count: int) -> None:
    """Many interactions with path patterns can be indexed together, and each is found."""
    interactions = [
        {
            "description": str(number),
            "request": {
                "path": f"/{number}/a",
                "matchingRules": {"path": {"matchers": [{"match": "regex", "regex": pattern.format(n=number)}]}},
            },
        }
        for number in range(count)
    ]
    index = Index(load(*interactions).interactions)
    for number in (0, count // 2, count - 1):
        targets = [f"/{number}/é", f"/{number}/abc", f"/{number}/b/7", f"/x/{number}/y"]
        for target in targets:
            request = Request("GET", target)
            wanted = next((item for item in index.interactions if item.matches(request)), None)
            found = find(index, request)
            assert (found.interaction if isinstance(found, Match) else None) is wanted


@pytest.mark.parametrize(
    ("source", "text", "found"), [("a", "xay", True), ("^a", "xa", False), ("a user", "there is a user", True)]
)
def test_search(source: str, text: str, found: bool) -> None:
    """A pattern of a request is searched anywhere in a text."""
    assert bool(compile_search(source).Match(text.encode())) is found


@pytest.mark.parametrize("source", ["(?=a)", r"(a)\1", "(", "(?!x)y"])
def test_a_request_may_not_bring_a_pattern_that_backtracks(source: str) -> None:
    """What RE2 does not run is refused when it comes with a request."""
    with pytest.raises(PatternError):
        compile_search(source)
