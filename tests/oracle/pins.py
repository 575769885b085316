"""One example of each difference: what is recorded, what is sent, and which of the two cores takes it for a match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.oracle.bodies import Part, multipart_body
from tests.oracle.cases import Case, Sent, flat_body_rules, rule_list

Rules = dict[str, list[dict[str, Any]] | dict[str, Any]]
JSON = "application/json"
TYPE = {"match": "type"}
NULL = {"match": "null"}


@dataclass(frozen=True)
class Pin:
    """An example of a difference. `rust` None: the Rust core does not load the pact at all."""

    name: str
    case: Case
    rust: bool | None
    ours: bool

    @property
    def sent(self) -> Sent:
        """The one request of the case."""
        return self.case.sent[0]


def _lists(rules: Rules) -> dict[str, Any]:
    return {path: entry if isinstance(entry, dict) else rule_list(entry) for path, entry in rules.items()}


def _body(
    kind: str,
    version: str,
    media_type: str | None,
    recorded: Any,
    rules: Rules,
    sent: str,
    sent_type: str | None = None,
) -> Case:
    sent_type = sent_type or media_type
    request: dict[str, Any] = {"method": "POST", "path": "/", "body": recorded}
    if media_type is not None:
        request["headers"] = {"Content-Type": media_type}
    if rules:
        lists = _lists(rules)
        request["matchingRules"] = flat_body_rules(lists) if version == "V2" else {"body": lists}
    headers = (("Content-Type", sent_type),) if sent_type is not None else ()
    return Case(kind, version, request, (Sent("POST", "/", "", headers, sent.encode()),))


def _json(recorded: Any, rules: Rules, sent: str) -> Case:
    return _body("json", "V3", JSON, recorded, rules, sent)


def _xml(recorded: str, rules: Rules, sent: str) -> Case:
    return _body("xml", "V3", "application/xml", recorded, rules, sent)


def _get(path: str = "/", sent: Sent | None = None, version: str = "V3", **recorded: Any) -> Case:
    return Case("head", version, {"method": "GET", "path": path, **recorded}, (sent or Sent(),))


def _query(values: Any, sent: str, version: str = "V3", rules: dict[str, Any] | None = None) -> Case:
    return _get("/", Sent("GET", "/", sent), version, query=values, matchingRules=rules or {})


def _header(recorded: Any, sent: str, name: str = "X-A", rules: dict[str, Any] | None = None) -> Case:
    request = Sent("GET", "/", "", ((name, sent),))
    return _get("/", request, headers={name: recorded}, matchingRules={"header": rules or {}})


def _part(recorded: Part, sent: Part, boundary: str = "one", rules: Rules | None = None) -> Case:
    form = "multipart/form-data; boundary="
    body = multipart_body([recorded], "one")
    return _body("multipart", "V3", form + "one", body, rules or {}, multipart_body([sent], boundary), form + boundary)


TIED: Rules = {"$.*.b": [{"match": "integer"}], "$.a.*": [TYPE]}
OR_NULL: Rules = {"$.a": {"combine": "OR", "matchers": [TYPE, NULL]}}


def tied_case(rules: Rules) -> Case:
    """Two rules with the same score for `$.a.b`, of which one accepts what is sent."""
    return _json({"a": {"b": "x"}}, rules, '{"a": {"b": "y"}}')


EACH = {"match": "eachValue", "rules": [{"match": "integer"}]}
IS_JSON = {"match": "contentType", "value": JSON}
ADJACENT = {"match": "date", "format": "yyyyMMdd"}
CONTAINS = {"match": "arrayContains", "variants": [{"index": 0, "rules": {}, "generators": {}}]}
OUTRANKING: Rules = {
    "$.a": [{"match": "eachKey", "rules": [{"match": "regex", "regex": "\\d"}]}],
    "$.*.*": [TYPE],
}
ODD_QUERY = {"$.query['a.b']": {"match": "regex", "regex": "\\d"}}
INTEGER_QUERY = {"query": {"a": rule_list([{"match": "integer"}])}}
DATE = {"match": "datetime", "format": "yyyy-MM-dd'T'HH:mm:ssXXX"}
ZONED = {"match": "time", "format": "HH:mm z"}
BARE_T = {"match": "datetime", "format": "yyyy-MM-ddTHH:mm:ss"}
FIELD: Part = ("a", None, None, "x")
FILE: Part = ("a", "f", "text/plain", "x")
TEXT_FILE: Rules = {"$.a": [{"match": "contentType", "value": "text/plain"}]}

PINS = [
    Pin("encoded path", _get("/a", Sent("GET", "/%61")), False, True),
    Pin("encoded path", _get("/a b", Sent("GET", "/a%20b")), False, True),
    Pin("list header", _header(["1", "2"], "1, 2"), False, True),
    Pin("case of media types", _header("a/b", "A/B", name="Accept"), False, True),
    Pin("quoted parameters", _header('a/b;charset="utf-8"', "a/b;charset=utf-8", name="Accept"), False, True),
    Pin("bracketed names", _query("a.b=1", "a.b=2", "V2", ODD_QUERY), False, True),
    Pin("eachValue of one header", _header("1", "2", rules={"X-A": rule_list([EACH])}), False, True),
    Pin("numbers in queries", _query({"a": [5]}, "a=5"), False, True),
    Pin("signed integers in texts", _query({"a": ["1"]}, "a=-1", rules=INTEGER_QUERY), False, True),
    Pin("null text", _json(None, {}, "null"), False, True),
    Pin("guessed types", _body("text", "V3", None, "true", {}, "true"), False, True),
    Pin("integers beyond 64 bits", _json({"a": 2**64 + 1}, {}, f'{{"a": {2**64 + 2}}}'), True, False),
    Pin("alternatives for containers", _json({"a": {"b": 1}}, OR_NULL, '{"a": null}'), False, True),
    Pin("alternatives for containers", _json({"a": {"b": 1}}, OR_NULL, '{"a": {"b": 2}}'), False, True),
    Pin("empty example", _json({"a": []}, {"$.a": [TYPE | {"min": 1}]}, '{"a": []}'), True, False),
    Pin("lists below values", _json({"a": [1]}, {"$": [{"match": "values"}]}, '{"a": []}'), True, False),
    Pin("minus zero", _json({"a": 0}, {}, '{"a": -0}'), False, True),
    Pin("contentType of a whole body", _json({"a": 1}, {"$": [IS_JSON]}, '{"b": 2}'), False, True),
    Pin("what is JSON", _json({"a": "1"}, {"$.a": [IS_JSON]}, '{"a": "1 x"}'), True, False),
    Pin("adjacent numbers of dates", _json({"a": ""}, {"$.a": [ADJACENT]}, '{"a": "2024022"}'), True, False),
    Pin("arrayContains elsewhere", _json({"a": 1}, {"$.a": [CONTAINS]}, '{"a": 2}'), True, False),
    Pin("rules about entries", _json({"a": [{"b": 1}]}, OUTRANKING, '{"a": [{"b": 1}]}'), False, True),
    Pin("line breaks in strings", _json("a\nb", {}, '"a\\nb"'), False, True),
    Pin("digits as keys", _json({"a": {"0": 1}}, {"$.a[*]": [TYPE]}, '{"a": {"0": 2}}'), True, False),
    Pin(
        "equality is final",
        _json({"a": 1}, {"$": [{"match": "equality"}], "$.a": [{"match": "boolean"}]}, '{"a": 1}'),
        False,
        True,
    ),
    Pin("indices in paths", _xml("<a><b>1</b></a>", {"$.a[0].b[0].#text": [TYPE]}, "<a><b>2</b></a>"), False, True),
    Pin("white space in XML", _xml("<a><b/></a>", {"$.a": [TYPE | {"max": 1}]}, "<a> <b/> </a>"), False, True),
    Pin("character references", _xml("<a>1 x</a>", {}, "<a>&#49; x</a>"), False, True),
    Pin("names of elements", _xml("<a><b/></a>", {"$.a": [TYPE | {"max": 1}]}, "<x><b/></x>"), True, False),
    Pin("counts in XML", _xml("<a><b/></a>", {"$.a.b": [TYPE | {"min": 2}]}, "<a><b/><b/></a>"), False, True),
    Pin("rules of elements", _xml("<a>1</a>", {"$.a": [{"match": "regex", "regex": "\\d"}]}, "<a>2</a>"), False, True),
    Pin("boundary", _part(FIELD, FIELD, "two"), False, True),
    Pin("times without format", _json({"a": "10:11:12"}, {"$.a": [{"match": "time"}]}, '{"a": "10:11"}'), False, True),
    Pin("offsets and zones", _json({"a": ""}, {"$.a": [DATE]}, '{"a": "2024-02-29T10:11:12+13:00"}'), False, True),
    Pin("formats of dates", _json({"a": ""}, {"$.a": [BARE_T]}, '{"a": "2024-02-29T10:11:12"}'), False, True),
    Pin("null and lists", _json({"a": [1]}, {"$.a": [NULL]}, '{"a": [null]}'), False, True),
    Pin("zone names", _json({"a": ""}, {"$.a": [ZONED]}, '{"a": "10:11 GMTtext"}'), False, True),
    Pin(
        "types of parts",
        _part(("a", None, "text/plain", "x"), ("a", None, "text/plain;charset=utf-8", "x")),
        False,
        True,
    ),
    Pin("empty files", _part(FILE, (*FILE[:3], ""), rules=TEXT_FILE), True, False),
]

# Of documents and requests that the generator does not make: our verdict, and Rust's, whose reasons are all in sections
# 1 and 2 of the semantics.
UNGENERATED = [
    Pin("1.5 a dictionary as query of V2", _query({"a": ["1"]}, "a=1", "V2"), False, True),
    Pin(
        "1.8 paths in place of names",
        _query({"a": ["1"]}, "a=2", rules={"query": {"$.a": rule_list([TYPE])}}),
        False,
        True,
    ),
    Pin("2.2 a query in the recorded path", _get("/a?b=1", Sent("GET", "/a", "b=1")), False, True),
    Pin("2.6 text/json is JSON", _body("json", "V3", "text/json", {"a": 1}, {}, '{ "a": 1 }'), False, True),
    Pin("3.1 double quotes in paths", _json({"a": 1}, {'$["a"]': [TYPE]}, '{"a": 2}'), None, True),
]
