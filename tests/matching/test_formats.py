"""Rules for texts in a known format: semantic versions, contents of a media type, and classes of statuses."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching import Index, NoMatch, Request, ResponseMatcher, find
from matching.content_types import parse_content_type
from matching.formats import Media, SemanticVersion
from matching.magic import looks_like
from matching.matchers import RuleError
from tests.matching.pacts import any_of, decide, first_mismatch, get, load, only_request, post, rule_lists, with_body

LAW = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
Rule = dict[str, Any]
BOUND = 5.0  # seconds: only a guard against hanging

# semver

SEMVER: Rule = {"match": "semver"}
VERSIONS = """
    1.2.3 0.0.0 10.20.30 1.2.3-alpha 1.2.3-alpha.1 1.2.3-0a 1.2.3+b 1.2.3-beta.1+b.01 1.2.3-beta.1+b
    18446744073709551615.0.0 1.2.3-- 1.2.3-a-b 1.2.3+- 1.2.3-0 1.2.3--1
    """
NO_VERSIONS = [
    *"""1.2 1 1.2.3.4 v1.2.3 V1.2.3 =1.2.3 1.2.3- 1.2.3-alpha..1 1.2.3-01 1.2.3-00 1.2.3+ 1.2.3+b_1 01.2.3 1.02.3 1.2.03
    -1.2.3 +1.2.3 1.2.x 1.2.3-é 1.2.3-a+b+c １.2.3 1.2.٣ 1.2.3-. 1.2.3+.a 1,2,3 ^1.2.3
    """.split(),  # noqa: SIM905
    "",
    " 1.2.3",
    "1.2.3 ",
    "1.2.3\n",
    "1. 2.3",
]


@pytest.mark.parametrize("version", VERSIONS.split())
def test_a_version(version: str) -> None:
    """Three numbers, perhaps a pre-release and build metadata, as Semantic Versioning 2 has them."""
    interaction = with_body({"a": "1.0.0"}, {"$.a": SEMVER})
    assert first_mismatch(interaction, post(json.dumps({"a": version}))) is None


@pytest.mark.parametrize("text", NO_VERSIONS)
def test_no_version(text: str) -> None:
    """Nothing before or after, no leading zeros, no part missing."""
    interaction = with_body({"a": "1.0.0"}, {"$.a": SEMVER})
    assert first_mismatch(interaction, post(json.dumps({"a": text}))) == ("body", "$.a", "semver")


@pytest.mark.parametrize("value", ["1.2", "1", "null", "true", '["1.2.3"]', '{"k":"1.2.3"}'])
def test_a_version_is_a_text(value: str) -> None:
    """Other kinds of values are no versions, not even when they hold one."""
    interaction = with_body({"a": "1.0.0"}, {"$.a": SEMVER})
    assert first_mismatch(interaction, post(f'{{"a":{value}}}')) == ("body", "$.a", "semver")


@pytest.mark.parametrize(
    ("recorded", "matching", "other", "mismatch"),
    [
        (
            {"query": {"v": ["1.0.0"]}, "matchingRules": {"query": rule_lists({"v": SEMVER})}},
            get("/?v=1.2.3-a%2Bb&v=2.0.0"),
            get("/?v=1.2.3&v=2.0"),
            ("query", "v", "semver"),
        ),
        (
            {"headers": {"X-V": "1.0.0"}, "matchingRules": {"header": rule_lists({"X-V": SEMVER})}},
            get("/", ("x-v", " 1.2.3 ")),
            get("/", ("x-v", "v1.2.3")),
            ("header", "X-V", "semver"),
        ),
        (
            {"method": "POST", "headers": {"Content-Type": "text/plain"}, "body": "1.0.0"}
            | {"matchingRules": {"body": rule_lists({"$": SEMVER})}},
            post("1.2.3", "text/plain"),
            post("1.2.3\n", "text/plain"),
            ("body", "$", "semver"),
        ),
    ],
    ids=["query", "header", "text"],
)
def test_versions_elsewhere(recorded: dict[str, Any], matching: Request, other: Request, mismatch: Any) -> None:
    """Versions are found in parameters, headers and texts as in JSON."""
    interaction = only_request(recorded)
    assert first_mismatch(interaction, matching) is None
    assert first_mismatch(interaction, other) == mismatch


def test_a_megabyte_of_version() -> None:
    """A text of any length is told apart from a version at once."""
    rule = SemanticVersion()
    began = time.thread_time()
    for text in ("1.2.3-" + "a." * 500_000, "1" * 1_000_000, "1.2.3-" + "-" * 1_000_000, "0." * 500_000):
        assert not rule.matches(text)
    assert time.thread_time() - began < 1.0


# contentType

SAMPLES = {
    "image/png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0",
    "image/jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0",
    "image/gif": b"GIF89a\1\0\1\0\x80\0\0",
    "image/bmp": b"BM\x1e\0\0\0\0\0\0\0\x1a\0\0\0\x0c\0\0\0\1\0\1\0\1\0\x18\0",
    "image/tiff": b"II*\0\x08\0\0\0",
    "image/webp": b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f",
    "application/pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "application/zip": b"PK\3\4\x14\0\0\0\x08\0",
    "application/gzip": b"\x1f\x8b\x08\0\0\0\0\0\0\3",
    "audio/mpeg": b"ID3\4\0\0\0\0\0\0",
    "audio/wav": b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0",
    "video/mp4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
    "application/json": b'{"a":[1,2]}',
    "application/xml": b"<?xml version='1.0'?><r/>",
    "text/html": b"<!DOCTYPE html><html></html>",
    "text/plain": b"just words",
}


def media(content_type: str) -> Rule:
    return {"match": "contentType", "value": content_type}


@pytest.mark.parametrize("content_type", SAMPLES)
def test_the_marks_of_a_type(content_type: str) -> None:
    """A body is content of a type when it begins as such content does; what was recorded does not count."""
    interaction = with_body(
        base64.b64encode(b"recorded").decode(), {"$": media(content_type)}, "application/octet-stream"
    )
    also = {"text/plain": ["application/json", "application/xml", "text/html"]}
    for other, content in SAMPLES.items():
        fits = other == content_type or other in also.get(content_type, [])
        expected = None if fits else ("body", "$", f"contentType {content_type}")
        assert first_mismatch(interaction, post(content, "application/octet-stream")) == expected, other


@pytest.mark.parametrize("content_type", SAMPLES)
def test_content_in_a_text(content_type: str) -> None:
    """A JSON string holds content as base64, or as it is when it is text."""
    interaction = with_body({"a": "recorded"}, {"$.a": media(content_type)})
    text = base64.b64encode(SAMPLES[content_type]).decode()
    assert first_mismatch(interaction, post(json.dumps({"a": text}))) is None
    wrapped = "\n".join(text[start : start + 8] for start in range(0, len(text), 8))
    assert first_mismatch(interaction, post(json.dumps({"a": wrapped}))) is None
    if content_type.startswith(("text/", "application/json", "application/xml")):
        assert first_mismatch(interaction, post(json.dumps({"a": SAMPLES[content_type].decode()}))) is None


TEXTS = [
    ("application/json", '{"a":1}', True),
    ("application/json", "[1]", True),
    ("application/json", "5", True),
    ("application/json", "null", True),
    ("application/json", '{"a":', False),
    ("application/json", "words", False),
    ("application/hal+json", '{"a":1}', True),
    ("text/json", "{}", True),
    ("application/xml", "<r/>", True),
    ("application/xml", "<?xml version='1.0'?><r/>", True),
    ("text/xml", "<r/>", True),
    ("application/xml", "words", False),
    ("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>", True),
    ("text/html", "<html>", True),
    ("text/html", "words", False),
    ("text/plain", "words", True),
    ("text/plain", "é東京", True),
    ("text/plain; charset=utf-8", "words", True),
    ("TEXT/PLAIN", "words", True),
    ("text/csv", "a,b\n1,2", True),
    ("text/css", "a { b: c }", True),
    ("image/png", "words", False),
    ("application/octet-stream", "words", True),
    ("application/octet-stream", "{}", True),
    ("text/html", "<p>words</p>", True),
    ("text/html", "<?xml version='1.0'?><p/>", False),
    ("text/plain", "a\0b", False),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "PK\3\4\x14\0", True),
    ("application/epub+zip", "PK\3\4\x14\0", True),
    ("application/msword", "PK\3\4\x14\0", False),
]


@pytest.mark.parametrize(("content_type", "text", "fits"), TEXTS, ids=str)
def test_texts_of_a_type(content_type: str, text: str, fits: bool) -> None:
    """JSON and XML have to be what they say; one text cannot be told from another."""
    parsed = parse_content_type(content_type)
    assert parsed is not None
    rule = Media(parsed)
    assert rule.matches(text) is fits
    assert (rule.explain(text) is None) is fits


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (SAMPLES["image/gif"], "image/gif"),
        (b"{}", "application/json"),
        (b"words", "text/plain"),
        (b"\0\1\2", "content of no known type"),
    ],
)
def test_what_is_told_of_content(content: bytes, told: str) -> None:
    """The explanation says what the content looks like."""
    interaction = with_body("eA==", {"$": media("image/png")}, "application/octet-stream")
    mismatch = next(interaction.explain(post(content, "application/octet-stream")))
    assert told in mismatch.message
    assert "image/png" in mismatch.message


def test_bytes_of_no_type() -> None:
    """Everything is a stream of octets; bytes without marks that are no text either are nothing else."""
    octets, png = parse_content_type("application/octet-stream"), parse_content_type("image/png")
    assert octets is not None
    assert png is not None
    assert looks_like(b"\x00\xff\xfe\x80", octets)
    assert not looks_like(b"\x00\xff\xfe\x80", png)
    assert not looks_like(b"", png)


def test_a_type_of_content_and_the_body_type() -> None:
    """The marks decide, whatever type the request says; the recorded Content-Type header still counts."""
    body = {"content": base64.b64encode(b"old").decode(), "contentType": "image/png", "encoded": "base64"}
    rules = {"body": rule_lists({"$": media("image/png")})}
    without_header = only_request({"method": "POST", "body": body, "matchingRules": rules}, "V4")
    for content_type in ("image/png", "application/octet-stream", None):
        assert first_mismatch(without_header, post(SAMPLES["image/png"], content_type)) is None
        mismatch = first_mismatch(without_header, post(SAMPLES["image/gif"], content_type))
        assert mismatch == ("body", "$", "contentType image/png")
    headers = {"Content-Type": "image/png"}
    with_header = only_request({"method": "POST", "headers": headers, "body": body, "matchingRules": rules}, "V4")
    assert first_mismatch(with_header, post(SAMPLES["image/png"], "image/gif")) == (
        "header",
        "Content-Type",
        "equality",
    )


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "image/png", "application/pdf"])
def test_the_same_rule_at_the_root_of_any_body(content_type: str) -> None:
    """A contentType rule at `$` makes the whole body content, also where JSON or text is recorded."""
    recorded: Any = {"a": 1} if content_type == "application/json" else base64.b64encode(b"x").decode()
    interaction = with_body(recorded, {"$": media("application/pdf")}, content_type)
    assert first_mismatch(interaction, post(SAMPLES["application/pdf"], content_type)) is None
    assert first_mismatch(interaction, post("{}", content_type)) == ("body", "$", "contentType application/pdf")
    assert first_mismatch(interaction, post("", content_type)) == ("body", "$", "present")


def test_a_type_of_content_beside_other_rules() -> None:
    """AND and OR combine it with rules on the text."""
    both = with_body("x", {"$": [media("text/plain"), {"match": "include", "value": "needle"}]}, "text/plain")
    assert decide(both, post("hay needle", "text/plain"))
    assert not decide(both, post("hay", "text/plain"))
    either = with_body("x", {"$": any_of(media("image/png"), {"match": "include", "value": "needle"})}, "text/plain")
    assert decide(either, post("needle", "text/plain"))
    assert decide(either, post(SAMPLES["image/png"], "text/plain"))
    assert not decide(either, post("hay", "text/plain"))


def test_types_of_content_elsewhere() -> None:
    """Parameters and headers can hold content of a type, too."""
    rule = {"matchingRules": {"query": rule_lists({"a": media("application/json")})}}
    of_query = only_request({"query": {"a": ["{}"]}, **rule})
    assert first_mismatch(of_query, get("/?a=[1]")) is None
    assert first_mismatch(of_query, get("/?a=x")) == ("query", "a", "contentType application/json")


@LAW
@given(
    st.tuples(
        st.sampled_from([*SAMPLES.values(), b"", b"PK", b"RIFF", b"\0" * 300, b"#!", b"{"]), st.binary(max_size=50)
    ),
    st.sampled_from([*SAMPLES, "image/svg+xml", "application/octet-stream", "a/b", "text/css", "multipart/mixed"]),
)
def test_any_bytes_have_or_lack_a_type(pieces: tuple[bytes, bytes], content_type: str) -> None:
    """Looking for marks raises nothing, and what is refused is explained."""
    parsed = parse_content_type(content_type)
    assert parsed is not None
    assert looks_like(b"".join(pieces), parsed) in (True, False)
    rule = Media(parsed)
    for text in (b"".join(pieces).decode("utf-8", "surrogateescape"), base64.b64encode(b"".join(pieces)).decode()):
        assert rule.matches(text) == (rule.explain(text) is None)


@pytest.mark.parametrize(
    "content", [b"a" * 3_000_000, b"[" * 1_000_000, b"<a>" * 500_000, b" " * 3_000_000, b"=" * 999_999]
)
def test_large_contents(content: bytes) -> None:
    """Megabytes of content are told apart by their beginning."""
    for content_type in ("image/png", "application/json", "application/xml", "text/plain"):
        index = Index([with_body({"a": "x"}, {"$": media(content_type)})])
        began = time.perf_counter()
        find(index, post(content))
        assert time.perf_counter() - began < BOUND


# statusCode, and other rules of a status


def response(rule: Any, status: int = 200) -> ResponseMatcher:
    matchers = rule if isinstance(rule, dict) and "matchers" in rule else {"matchers": [rule]}
    entry = {"request": {}, "response": {"status": status, "matchingRules": {"status": matchers}}}
    return ResponseMatcher(load(entry).interactions[0].interaction.response)


def verdict(matcher: ResponseMatcher, status: int) -> tuple[str, str, str] | None:
    """Part, path and rule of the first mismatch of a status; deciding and explaining must agree."""
    message = Request("GET", "/")
    mismatches = list(matcher.explain(status, message))
    assert matcher.matches(status, message) == (not mismatches)
    return (mismatches[0].part.value, mismatches[0].path, mismatches[0].rule) if mismatches else None


CLASSES: list[tuple[Any, list[int], list[int]]] = [
    ("info", [100, 199], [200, 99]),
    ("success", [200, 204, 299], [199, 300]),
    ("redirect", [300, 399], [299, 400]),
    ("clientError", [400, 404, 499], [399, 500]),
    ("serverError", [500, 599], [499, 600]),
    ("nonError", [100, 200, 399], [400, 500]),
    ("error", [400, 500, 599, 999], [200, 399]),
    ([200, 204], [200, 204], [201]),
    ([404], [404], [200]),
    ([], [], [200]),
]


@pytest.mark.parametrize(("wanted", "taken", "refused"), CLASSES, ids=[str(wanted) for wanted, _, _ in CLASSES])
@pytest.mark.parametrize("name", ["statusCode", "status-code"])
def test_status_code(name: str, wanted: Any, taken: list[int], refused: list[int]) -> None:
    """A status of a class, or one of a list."""
    matcher = response({"match": name, "status": wanted})
    for status in taken:
        assert verdict(matcher, status) is None
    for status in refused:
        found = verdict(matcher, status)
        assert found is not None
        assert found[:2] == ("status", "")
        assert found[2].startswith("statusCode")


@pytest.mark.parametrize(
    ("rule", "taken", "refused"),
    [
        ({"match": "regex", "regex": "2.."}, 204, 404),
        ({"match": "type"}, 500, None),
        ({"match": "equality"}, 200, 201),
        ({"match": "integer"}, 404, None),
        (any_of({"match": "statusCode", "status": "success"}, {"match": "statusCode", "status": [404]}), 404, 400),
    ],
    ids=str,
)
def test_other_rules_of_a_status(rule: Any, taken: int, refused: int | None) -> None:
    """A status is also a text under any other rule."""
    matcher = response(rule)
    assert verdict(matcher, taken) is None
    if refused is not None:
        assert verdict(matcher, refused) is not None


def test_a_status_without_rules() -> None:
    """Without rules it is the recorded one."""
    entry = {"request": {}, "response": {"status": 201}}
    matcher = ResponseMatcher(load(entry).interactions[0].interaction.response)
    assert verdict(matcher, 201) is None
    assert verdict(matcher, 200) == ("status", "", "equality")


@pytest.mark.parametrize(
    "rule",
    [
        {"match": "statusCode"},
        {"match": "statusCode", "status": "Success"},
        {"match": "statusCode", "status": 200},
        {"match": "statusCode", "status": None},
        {"match": "no-such-rule"},
        {"match": "eachValue", "rules": [{"match": "type"}]},
    ],
    ids=str,
)
def test_a_rule_of_a_status_that_cannot_be_applied(rule: Rule) -> None:
    """The response cannot be compared then, while its interaction is served."""
    with pytest.raises(RuleError):
        response(rule)


def test_the_spellings_of_the_status_category() -> None:
    """The rules of a status stand there directly, or under an empty name; V2 has a path for them."""
    rule = {"match": "statusCode", "status": "success"}
    for rules in (
        {"status": {"matchers": [rule]}},
        {"status": {"": {"matchers": [rule]}}},
        {"status": {"$": {"matchers": [rule]}}},
        {"$.status": rule},
    ):
        entry = {"request": {}, "response": {"status": 200, "matchingRules": rules}}
        matcher = ResponseMatcher(load(entry).interactions[0].interaction.response)
        assert verdict(matcher, 299) is None
        assert verdict(matcher, 300) == ("status", "", "statusCode success")


def test_a_status_rule_of_a_request_has_no_effect() -> None:
    """A request has no status; a rule for one changes nothing."""
    rules = {"status": {"matchers": [{"match": "statusCode", "status": "error"}]}}
    interaction = only_request({"path": "/a", "matchingRules": rules})
    assert decide(interaction, get("/a"))
    assert isinstance(find(Index([interaction]), get("/b")), NoMatch)
