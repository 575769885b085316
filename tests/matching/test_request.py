"""Requests: parts derived at most once, malformed content without exceptions."""

from __future__ import annotations

import pytest

from matching import Request
from matching.http_text import canonical_path


def test_parameters() -> None:
    """A query string gives names in order of appearance and values in order; None is a name without `=`."""
    request = Request("GET", "/", "b=2&a=1&b=3&flag&empty=&&x+y=%C3%A9%2B&=v&bad=%zz")
    assert request.parameters == {
        "b": ["2", "3"],
        "a": ["1"],
        "flag": [None],
        "empty": [""],
        "x y": ["é+"],
        "": ["v"],
        "bad": ["%zz"],
    }
    assert list(request.parameters)[:2] == ["b", "a"]


def test_no_query_has_no_parameters() -> None:
    """An empty query string is none."""
    assert Request("GET", "/").parameters == {}
    assert Request("GET", "/", "&&").parameters == {}


def test_headers() -> None:
    """Header names are lower case, lines in order, list headers split and others whole, blanks around trimmed."""
    lines = [("X-A", " 1, 2 "), ("Accept", "a/b ,c/d"), ("x-a", "3"), ("ACCEPT", "e/f"), ("Date", "Sat, 1 Jan")]
    headers = Request("GET", "/", "", lines).headers
    assert headers.get("x-a") == ["1, 2", "3"]
    assert headers.get("accept") == ["a/b", "c/d", "e/f"]
    assert headers.get("date") == ["Sat, 1 Jan"]
    assert headers.get("x-b") is None


@pytest.mark.parametrize(
    ("headers", "body", "content_type"),
    [
        ([("content-TYPE", "Text/CSV; charset=x")], b"{}", "text/csv; charset=x"),
        ([], b"{}", "application/json"),
        ([], b"hello", "text/plain"),
        ([("Content-Type", "nonsense")], b"[1]", "application/json"),
        ([("Content-Type", "")], b"<html>", "text/html"),
        ([], b"\xff\xfe", "None"),
    ],
)
def test_content_type(headers: list[tuple[str, str]], body: bytes, content_type: str) -> None:
    """The header tells the type; without a readable one the body does."""
    assert str(Request("POST", "/", "", headers, body).content_type) == content_type


def test_json() -> None:
    """A JSON body is a value; numbers keep their kind, integers their digits, and the last duplicate key wins."""
    value, error = Request("POST", "/", body=b'{"a":1,"a":[1.0,12345678901234567890123,true,null]}').json
    assert error is None
    assert value == {"a": [1.0, 12345678901234567890123, True, None]}
    assert [type(item) for item in value["a"]] == [float, int, bool, type(None)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nope",
        b"NaN",
        b"[Infinity]",
        b"[1234567890123456789012, NaN]",
        b"[1234567890123456789012, -Infinity]",
        b'{"a":1}x',
        b"\xff",
        b'["\xff", 1234567890123456789012]',
        b"[" * 100_000,
        b"[1234567890123456789012," * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"9" * 10_000,
        b"{'a':1}",
        b"\xef\xbb\xbf{}x",
    ],
    ids=lambda body: repr(body[:30]),
)
def test_what_is_not_json(body: bytes) -> None:
    """A body that is not JSON says why; nothing is raised."""
    value, error = Request("POST", "/", body=body).json
    assert value is None
    assert error


@pytest.mark.parametrize("body", [b"1e999", b"[1234567890123456789012, 1e999]", b"[1234567890123456789012e999]"])
def test_no_number_is_infinite(body: bytes) -> None:
    """A number beyond what a float holds is not read as infinity, however long the document's digits are."""
    value, error = Request("POST", "/", body=body).json
    assert (value, bool(error)) == (None, True)


def test_parts_are_derived_once() -> None:
    """Asking twice gives the same object."""
    request = Request("POST", "/a%20b", "a=1", [("X", "1")], b"{}")
    assert request.parameters is request.parameters
    assert request.headers is request.headers
    assert request.json is request.json
    assert request.decoded_path == "/a b"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("/a b", "/a%20b", True),
        ("/é", "/%C3%A9", True),
        ("/%c3%a9", "/%C3%A9", True),
        ("/a%2fb", "/a%2Fb", True),
        ("/a%2Fb", "/a/b", False),
        ("/a%2Fb", "/a%2Fc", False),
        ("/%FF", "/%FE", False),
        ("/a/", "/a", False),
        ("/A", "/a", False),
        ("//a", "/a", False),
        ("/a%", "/a%25", True),
        ("/a+b", "/a%20b", False),
        ("/a%3Fb", "/a?b", True),
        ("", "/", False),
    ],
)
def test_when_two_paths_are_one(one: str, other: str, same: bool) -> None:
    """Paths agree when they agree segment by segment after decoding; nothing else is normalised."""
    assert (canonical_path(one) == canonical_path(other)) is same
