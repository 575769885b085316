"""Rules for single values, each with values that satisfy it and values that nearly do."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

Matcher = dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """Matchers for one value, combined, with samples on both sides of the line."""

    matchers: tuple[Matcher, ...]
    good: tuple[Any, ...]
    near: tuple[Any, ...]
    combine: str = "AND"

    @property
    def rules(self) -> dict[str, Any]:
        """The rules of one path as V3 and V4 write them."""
        return {"combine": self.combine, "matchers": [dict(matcher) for matcher in self.matchers]}


def _regex(pattern: str, good: list[str], near: list[str]) -> Subject:
    return Subject(({"match": "regex", "regex": pattern},), tuple(good), tuple(near))


# Patterns as consumers of several languages write them.
PATTERNS = [
    _regex(r"\d+", ["1", "42", "007", "٣"], ["1a", "", "-1", "1.5", "1\n"]),
    _regex(r"^\w+$", ["abc", "a_1", "é"], ["a b", "", "a-b", "a\nb"]),
    _regex(r"[a-z]{2,4}", ["ab", "abcd"], ["a", "abcde", "AB", "ab1"]),
    _regex(r"(?i)abc", ["abc", "ABC", "aBc"], ["abcd", "ab"]),
    _regex(r"^(?:GET|POST)$", ["GET", "POST"], ["get", "GETS", "POST\n"]),
    _regex(r"a|ab", ["a", "ab"], ["b", "abb", ""]),
    _regex(r"^\d{4}-\d{2}-\d{2}$", ["2024-02-30", "0000-00-00"], ["2024-2-3", "2024-02-30T", "x2024-02-30"]),
    _regex(r"[A-Fa-f0-9]{8}(-[A-Fa-f0-9]{4}){2}", ["deadBEEF-0000-ffff"], ["deadBEEF-0000", "deadBEEF-0000-fffg"]),
    _regex(r"(?<year>\d{4})/\k<year>", ["2024/2024"], ["2024/2025", "24/24"]),
    _regex(r"(a+)b\1", ["aba", "aabaa"], ["ab", "abaa"]),
    _regex(r"\p{L}+", ["abc", "éü", "Ω"], ["a1", "", "a b"]),
    _regex(r"[[:alpha:]]+", ["abc", "Z"], ["a1", ""]),
    _regex(r"\h+", ["09af", "AF"], ["g", " ", ""]),
    _regex(r"\/a\/[^\/]*", ["/a/", "/a/b c"], ["/a", "/a/b/c"]),
    _regex(r"\S+@\S+\.\S+", ["a@b.c", "x.y@z.org"], ["a@b", "a b@c.d", "@.b"]),
    _regex(r"\A(on|off)\z", ["on", "off"], ["On", "onoff", "on\n"]),
    _regex(r"(?!x)\w+", ["y", "ax"], ["x", "xa", ""]),
    _regex(r"\w+(?<!z)", ["ab", "za"], ["az", "z"]),
    _regex(r"\d++[a-c]", ["12a", "1c"], ["12", "12d"]),
    _regex(r"(?>a+)b", ["ab", "aab"], ["b", "aac"]),
    _regex(r"a{,2}b", ["b", "aab"], ["aaab", "a"]),
    _regex(r"[^,]+(,[^,]+)*", ["a", "a,b", "a b,c"], ["", "a,", ",a"]),
    _regex(r".*", ["", "abc", "é"], ["a\nb", "\n"]),
    _regex(r"[\s\S]+", ["a\nb", " "], [""]),
    _regex(r"\bfoo\b", ["foo"], ["foobar", "a foo"]),
    _regex(r"-?\d+(\.\d+)?", ["1", "-1.5", "3.25"], ["1.", ".5", "+1", "1e5"]),
    _regex(r"true|false|null", ["true", "null"], ["True", "nul", ""]),
    _regex(r"[\w.\-]+", ["a.b", "a-b_c"], ["a b", "", "a/b"]),
    _regex(r"\$\{\w+\}", ["${a}"], ["${}", "{a}"]),
    _regex(r"(?x) \d \s x", ["1 x"], ["1x", "1 xx"]),
    _regex(r"", [""], ["a"]),
]

_DATES = [
    ("date", "yyyy-MM-dd", ["2024-02-29", "2000-01-01", "2024-2-3"], ["2024-02-30", "2024-13-01", "x", "2024-02-29T"]),
    ("date", None, ["2024-02-29"], ["2024/02/29", "29-02-2024", ""]),
    ("date", "dd/MM/yyyy", ["01/12/1999"], ["1999/12/01", "32/01/2000", "01-12-1999"]),
    ("date", "EEE, d MMM yyyy", ["Mon, 1 Jan 2024"], ["Monday, 1 Jan 2024", "Mon 1 Jan 2024", "Mon, 1 Foo 2024"]),
    ("date", "yyyyMMdd", ["20240229"], ["2024-02-29", "2024022"]),
    ("date", "MMMM d, yyyy", ["March 5, 2021", "march 15, 2021"], ["Mar5, 2021", "Smarch 5, 2021"]),
    ("time", "HH:mm:ss", ["23:59:59", "00:00:00", "1:2:3"], ["24:00:00", "23:60:00", "23:59", "x"]),
    ("time", "HH:mm", ["12:00", "7:05"], ["24:00", "12:00:00", "12"]),
    ("time", None, ["10:11:12"], ["10:11", "25:00:00"]),
    ("time", "hh:mm a", ["01:30 PM", "12:00 am"], ["13:30 PM", "01:30", "00:10 AM"]),
    ("time", "HH:mm:ss.SSS", ["10:11:12.123"], ["10:11:12", "10:11:12.", "10:11:12.1234"]),
    ("time", "HHmmssZ", ["101112+0100"], ["101112", "10:11:12+0100"]),
    ("datetime", "yyyy-MM-dd'T'HH:mm:ssXXX", ["2024-02-29T10:11:12+01:00", "2024-02-29T10:11:12Z"],
     ["2024-02-29T10:11:12", "2024-02-29 10:11:12Z", "2024-02-30T10:11:12Z", "2024-02-29T10:11:12+0100"]),
    ("datetime", "yyyy-MM-dd'T'HH:mm:ss", ["2024-02-29T10:11:12"], ["2024-02-29T10:11:12Z", "2024-02-29T25:11:12"]),
    ("datetime", "yyyy-MM-dd'T'HH:mm:ss.SSSX", ["2024-02-29T10:11:12.123Z", "2024-02-29T10:11:12.123+01"],
     ["2024-02-29T10:11:12Z", "2024-02-29T10:11:12.123", "2024-02-29T10:11:12.123456Z"]),
    ("datetime", "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", ["2024-02-29T10:11:12.000Z"], ["2024-02-29T10:11:12.000", "x"]),
    ("datetime", "yyyy-MM-dd HH:mm:ss", ["2024-02-29 10:11:12"], ["2024-02-29T10:11:12", "2024-02-29 10:11"]),
    ("datetime", None, ["2024-02-29T10:11:12+01:00"], ["2024-02-29", "x", ""]),
    ("datetime", "EEE, dd MMM yyyy HH:mm:ss z", ["Thu, 29 Feb 2024 10:11:12 GMT"], ["Thu, 29 Feb 2024 10:11:12"]),
    ("datetime", "yyyy-MM-dd'T'HH:mm:ssXXX", ["2024-02-29T10:11:12+13:00", "2024-02-29T10:11:12Z"], ["+13:00"]),
    ("datetime", "yyyy-MM-dd'T'HH:mm[:ss.SSS]", ["2024-02-29T10:11"], ["2024-02-29T10:11:12", "2024-02-29"]),
    ("datetime", None, ["2024-02-29T10:11:12+01:00", "2024-02-29T10:11:12.5Z"], ["2024-02-30T10:11:12Z"]),
    ("time", None, ["10:11:12", "10:11"], ["24:11", "10"]),
]  # fmt: skip


def _dated(rng: random.Random) -> Subject:
    name, pattern, good, near = rng.choice(_DATES)
    matcher: Matcher = {"match": name if name != "datetime" else rng.choice(["datetime", "timestamp"])}
    if pattern is not None:
        matcher[rng.choice(["format", matcher["match"]])] = pattern
    return Subject((matcher,), tuple(good), tuple(near))


_SEMVER = Subject(
    ({"match": "semver"},),
    ("1.2.3", "0.0.0", "1.2.3-beta.1+b", "10.20.30"),
    ("1.2", "v1.2.3", "01.2.3", "1.2.3.4", "", "1.2.3-"),
)
_INCLUDES = [
    Subject(({"match": "include", "value": "b"},), ("b", "abc", "bb"), ("B", "", "a")),
    Subject(({"match": "include", "value": "1"},), ("1", "a1", "0.1"), ("", "2", "one")),
    Subject(({"match": "include", "value": ""},), ("", "x"), ()),
]

# Rules for a value of JSON, where a number is a number.
_JSON = [
    Subject(({"match": "type"},), (1, 7, -3, 2.5, 0), ("1", None, True, [1], {})),
    Subject(({"match": "type"},), ("x", "", "12", "é"), (1, None, False, ["x"], {"a": "x"})),
    Subject(({"match": "type"},), (True, False), ("true", 1, None)),
    Subject(({"match": "type"},), (None,), ("", 0, "null", [], {})),
    Subject(({"match": "number"},), (1, -2, 1.5, 0), ("1", True, None, [1], [])),
    Subject(({"match": "integer"},), (1, -2, 0, 10**15), (1.0, 2.5, "2", True, None, [3], {})),
    Subject(({"match": "decimal"},), (1.5, -0.25, 2.0), (2, "1.5", None, [1.5], False)),
    Subject(({"match": "boolean"},), (True, False, "true"), ("yes", 1, None, [True], "True")),
    Subject(({"match": "null"},), (None,), (0, "", "null", False, [], [None], {})),
    Subject(({"match": "include", "value": "1"},), ("1", 12, "a1", 0.1), (2, "", None, [1])),
    Subject(({"match": "notEmpty"},), ("x", 5, True, 0), ("", None, [], {}, [1])),
    Subject(({"match": "equality"},), ("x",), ("y", 1, None)),
    Subject(({"match": "equality"},), (1,), (1.0, "1", True, 2)),
    Subject(({"match": "equality"},), (1.5,), (1.25, 1, "1.5")),
    Subject(({"match": "regex", "regex": r"\d+"},), (1, "12", 0), (1.5, "a", True, None, [1], ["x"])),
    Subject(({"match": "regex", "regex": "true|null|1"},), (True, None, 1, "true"), (False, 2, "x", {})),
    Subject(({"match": "type"}, {"match": "regex", "regex": r"\w+"}), ("x", "a1"), (1, "", "a b", None)),
    Subject(({"match": "integer"}, {"match": "regex", "regex": r"\d{2}"}), (10, 42), (1, 123, "10", 10.5)),
    Subject(({"match": "integer"}, {"match": "null"}), (1, None, -4), ("x", 1.5, True), "OR"),
    Subject(({"match": "null"}, {"match": "type"}), ("x", None, ""), (1, True, []), "OR"),
    Subject(({"match": "regex", "regex": "a+"}, {"match": "include", "value": "b"}), ("aa", "xb"), ("x", 1), "OR"),
    Subject(({"match": "equality"}, {"match": "null"}), ("x", None), ("y", 0), "OR"),
    Subject(({"match": "number"}, {"match": "boolean"}), (1, 2.5, True, "false"), ("1", None), "OR"),
]

# Rules for a text outside JSON, where a number is what reads like one.
_TEXT = [
    Subject(({"match": "type"},), ("x", "", "12", "é"), ()),
    Subject(({"match": "number"},), ("1", "1.5", "-2", "1e5", "+1"), ("", "x", "1,5", "0x1", "1 2")),
    Subject(({"match": "integer"},), ("1", "42", "0", "007"), ("1.5", "x", "", "-1", "+1", "1e5")),
    Subject(({"match": "decimal"},), ("1.5", "2", "-0.25"), ("x", "", "1.5.2")),
    Subject(({"match": "boolean"},), ("true", "false"), ("True", "1", "", "yes")),
    Subject(({"match": "notEmpty"},), ("x", "0"), ("",)),
    Subject(({"match": "equality"},), ("x",), ("X", "", "y")),
    Subject(({"match": "type"}, {"match": "regex", "regex": r"\w+"}), ("x", "a1"), ("", "a b")),
    Subject(({"match": "integer"}, {"match": "regex", "regex": r"\d{2}"}), ("10", "42"), ("1", "123", "x")),
    Subject(({"match": "integer"}, {"match": "boolean"}), ("1", "true"), ("x", "1.5"), "OR"),
    Subject(({"match": "regex", "regex": "a+"}, {"match": "include", "value": "b"}), ("aa", "xb"), ("x", ""), "OR"),
]

_MAGIC = [
    Subject(({"match": "contentType", "value": "application/json"},), ('{"a":1}',), ("plain", "<a/>")),
    Subject(({"match": "contentType", "value": "text/plain"},), ("plain words", "x"), ('{"a":1}',)),
]


def text_subject(rng: random.Random, version: str) -> Subject:
    """A rule for a text outside JSON."""
    share = rng.random()
    if share < 0.35:
        return rng.choice(PATTERNS)
    if share < 0.45:
        return rng.choice(_INCLUDES)
    if share < 0.55:
        return _dated(rng)
    if share < 0.6:
        return _SEMVER
    return single(rng, _TEXT, version)


def json_subject(rng: random.Random, version: str) -> Subject:
    """A rule for a single value of JSON."""
    share = rng.random()
    if share < 0.12:
        return rng.choice(PATTERNS)
    if share < 0.17:
        return rng.choice(_INCLUDES)
    if share < 0.27:
        return _dated(rng)
    if share < 0.3:
        return _SEMVER
    if share < 0.32:
        return rng.choice(_MAGIC)
    return single(rng, _JSON, version)


def single(rng: random.Random, subjects: list[Subject], version: str) -> Subject:
    """One of the subjects; in V2, where a path has one matcher, one that has no more."""
    return rng.choice([subject for subject in subjects if version != "V2" or len(subject.matchers) == 1])
