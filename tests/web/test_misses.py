"""A request that nothing answers: the report, and curl commands that really work."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

import pytest
import structlog

from tests.conftest import Running, Serve, http_pact
from tests.web.pasted import assert_curl_is_answered, curl
from tests.web.raw import converse

ORDERS = http_pact(
    {
        "description": "a page of orders",
        "request": {
            "method": "GET",
            "path": "/orders",
            "query": {"page": ["2"], "q": ["a b&c=d"], "tag": ["x", "y"]},
            "headers": {"Accept": ["application/json", "text/plain"], "X-Key": ['it\'s "quoted" $HOME `id` \\n !!']},
        },
        "response": {"status": 200},
    },
    {
        "description": "a new order",
        "request": {
            "method": "POST",
            "path": "/orders",
            "body": {
                "content": {"name": 'O\'Brien "Bob"', "note": "two\nlines\t$(id) `id` \\ %s", "é": "世界 🛒", "n": 1.0},
                "contentType": "application/json",
            },
        },
        "response": {"status": 201},
    },
    consumer="web",
    provider="shop",
)


async def test_report(serve: Serve) -> None:
    """The report is JSON: an error for machines, a message for people, the nearest interactions in full."""
    running = await serve(ORDERS)
    status, headers, body = await running.request("POST", "/orders", json={"name": "x"})
    assert (status, headers["Content-Type"].split(";")[0]) == (500, "application/json")
    assert (headers["X-Stub-Match"], headers["Cache-Control"]) == ("none", "no-store")
    assert headers["X-Content-Type-Options"] == "nosniff"
    report = json.loads(body)
    assert set(report) == {"error", "message", "mismatches", "nearest"}
    assert report["error"] == "no-match"
    assert report["message"] == "No interaction matches POST /orders at the stub of all pacts"
    near = report["nearest"][0]
    assert set(near) == {"interaction", "mismatches", "more", "curl"}
    assert near["interaction"] == {
        "id": near["interaction"]["id"],
        "description": "a new order",
        "states": [],
        "consumer": "web",
        "provider": "shop",
        "origin": near["interaction"]["origin"],
        "method": "POST",
        "path": "/orders",
        "status": 201,
    }
    assert near["interaction"]["origin"].endswith("0-0.json#/interactions/1")
    for mismatch in near["mismatches"]:
        assert set(mismatch) == {"part", "path", "rule", "expected", "actual", "message"}
    assert report["mismatches"] == [mismatch["message"] for mismatch in near["mismatches"]]
    name = next(m for m in near["mismatches"] if m["path"] == "$.name")
    assert (name["part"], name["expected"], name["actual"]) == ("body", 'O\'Brien "Bob"', "x")


async def test_query_is_in_the_message(serve: Serve) -> None:
    """The message shows the request as it came."""
    report = await (await serve(ORDERS)).report("GET", "/orders?page=3&x=%20")
    assert "GET /orders?page=3&x=%20 " in report["message"]


async def test_nearest_first(serve: Serve) -> None:
    """The interaction with the fewest differences comes first; how many are shown is a setting."""
    pact = http_pact(
        {"description": "differs in 3", "request": {"path": "/x", "query": {name: ["1"] for name in "abcd"}}},
        {"description": "differs in 1", "request": {"path": "/x", "query": {"a": ["2"]}}},
        {"description": "differs in 2", "request": {"path": "/x", "query": {"a": ["2"], "b": ["1"]}}},
    )
    report = await (await serve(pact, near_misses=2)).report("GET", "/x?a=1")
    assert [near["interaction"]["description"] for near in report["nearest"]] == ["differs in 1", "differs in 2"]


async def test_other_method(serve: Serve) -> None:
    """A path that is recorded under another method is a near miss by method."""
    report = await (await serve(ORDERS)).report("PATCH", "/orders", json={})
    assert report["nearest"][0]["mismatches"][0]["part"] == "method"


async def test_resembling_path(serve: Serve) -> None:
    """A slip in the path is found again."""
    report = await (await serve(ORDERS)).report("GET", "/orders/")
    assert report["nearest"][0]["mismatches"][0]["part"] == "path"


async def test_nothing_near(serve: Serve) -> None:
    """Where nothing resembles the request, the report says where to look."""
    report = await (await serve(ORDERS)).report("GET", "/entirely/else/where/now")
    assert report["nearest"] == []
    assert report["mismatches"] == []
    assert "/_stubserver/interactions" in report["hint"]


@pytest.mark.parametrize("base", ["", "/providers/shop/stub", "/pacts/provider/shop/consumer/web/latest/stub"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_curl_lines_work(serve: Serve, base: str, method: str) -> None:
    """Headers, queries and bodies with quotes, newlines and shell syntax survive being pasted, at every address."""
    running = await serve(ORDERS)
    report = await running.report(method, base + "/orders")
    assert report["nearest"]
    for near in report["nearest"]:
        assert running.url + base + "/" in near["curl"]
        await assert_curl_is_answered(near)


ODD_REQUESTS: dict[str, dict[str, Any]] = {
    "blank": {"path": "/odd/a b"},
    "unicode": {"path": "/odd/café/世界"},
    "quotes": {"path": '/odd/it\'s "x"'},
    "percent": {"path": "/odd/100%25"},
    "encoded slash": {"path": "/odd/a%2Fb"},
    "brackets": {"path": "/odd/[1]/{a,b}"},
    "bracket query": {"path": "/odd", "query": {"filter[name]": ["{x}"], "ids[]": ["1", "2"]}},
    "question mark": {"path": "/odd/a%3Fb"},
    "hash": {"path": "/odd/a#b"},
    "plus": {"path": "/odd/a+b", "query": {"q": ["1+1"]}},
    "dots": {"path": "/odd/../up/./here"},
    "double slash": {"path": "//odd//x"},
    "semicolon": {"path": "/odd;v=1/$x/`id`"},
    "backslash": {"path": "/odd/a\\b"},
    "empty parameter": {"path": "/odd", "query": {"a": [""], "b": ["x"]}},
    "bare parameter": {"path": "/odd", "query": "flag"},
    "ampersand": {"path": "/odd", "query": {"a&b": ["c&d=e"]}},
    "unicode query": {"path": "/odd", "query": {"naïve": ["ÿ 世"]}},
    "empty header": {"path": "/odd", "headers": {"X-Empty": [""]}},
    "unicode header": {"path": "/odd", "headers": {"X-Name": ["Zoë"]}},
    "at header": {"path": "/odd", "headers": {"X-At": ["@file"]}},
    "several values": {"path": "/odd", "headers": {"X-Many": ["1", "2"]}},
    "user agent": {"path": "/odd", "headers": {"User-Agent": ["app/1.0"]}},
    "host": {"path": "/odd", "headers": {"Host": ["shop.example"]}},
    "cookie": {"path": "/odd", "headers": {"Cookie": ["a=1; b=2"]}},
    "authorization": {"path": "/odd", "headers": {"Authorization": ["Bearer x.y-z"]}},
    "delete with body": {"method": "DELETE", "path": "/odd", "body": {"content": {"a": 1}}},
    "get with body": {"method": "GET", "path": "/odd", "body": {"content": [1, 2]}},
    "put without body": {"method": "PUT", "path": "/odd"},
    "post without body": {"method": "POST", "path": "/odd"},
    "post with empty body": {"method": "POST", "path": "/odd", "body": {"content": ""}},
    "own method": {"method": "PURGE", "path": "/odd"},
    "options": {"method": "OPTIONS", "path": "/odd"},
    "head": {"method": "HEAD", "path": "/odd"},
    "text body": {
        "method": "PUT",
        "path": "/odd",
        "body": {"content": "@not a file\n\tit's 'x' \\ \"y\"\r\nend\n", "contentType": "text/plain"},
    },
    "unicode body": {"method": "PUT", "path": "/odd", "body": {"content": "ÿ世", "contentType": "text/plain"}},
    "json string": {"method": "PUT", "path": "/odd", "body": {"content": '"x"', "contentType": "application/json"}},
    "long number": {"method": "PUT", "path": "/odd", "body": {"content": {"n": 123456789012345678901234567890}}},
    "long body": {"method": "PUT", "path": "/odd", "body": {"content": {"a": "x" * 20_000}}},
    "binary body": {
        "method": "PUT",
        "path": "/odd",
        "body": {"content": "AP8Q/w0KAA==", "encoded": "base64", "contentType": "application/x-thing"},
    },
    "body with control characters": {
        "method": "PUT",
        "path": "/odd",
        "body": {"content": "\x00\x01\r\x1b[31m\x7f\x9b", "contentType": "text/plain"},
    },
    "typed body": {
        "method": "PUT",
        "path": "/odd",
        "headers": {"Content-Type": ["application/vnd.x+json; charset=utf-8"]},
        "body": {"content": {"a": 1}, "contentType": "application/vnd.x+json"},
    },
}


@pytest.mark.parametrize("name", ODD_REQUESTS)
async def test_curl_lines_of_odd_requests(serve: Serve, name: str) -> None:
    """Whatever is recorded, the curl command of its near miss is answered by it."""
    recorded = {"method": "GET", **ODD_REQUESTS[name]}
    running = await serve(
        http_pact({"description": name, "request": recorded, "response": {"status": 299}}, provider="p q")
    )
    miss = "POST" if recorded["method"] != "POST" else "PATCH"
    document = {"path": recorded["path"], "method": miss}
    if "%" not in recorded["path"]:
        document["path"] = recorded["path"].replace("#", "%23")
    status, _, body = await running.request("POST", "/_stubserver/explain", json=document)
    assert status == 200, body
    [near] = json.loads(body)["nearest"]
    await assert_curl_is_answered(near)


async def test_body_that_is_too_long_for_a_command_line(serve: Serve) -> None:
    """Where no command line can carry the request, there is none, and the report says why."""
    recorded = {"method": "PUT", "path": "/x", "body": {"content": {"a": "x" * 50_000}}}
    running = await serve(http_pact({"request": recorded}))
    near = (await running.report("PUT", "/x"))["nearest"][0]
    assert near["curl"] is None
    assert "command line" in near["note"]


async def test_example_that_contradicts_its_rule(serve: Serve) -> None:
    """An example that its own rule refuses gives no command, rather than one that does not work."""
    rules = {"path": {"combine": "AND", "matchers": [{"match": "regex", "regex": "/orders/\\d+"}]}}
    running = await serve(http_pact({"request": {"path": "/orders/x", "matchingRules": rules}}))
    report = await running.report("POST", "/orders/5")
    assert report["nearest"][0]["curl"] is None


STATES = http_pact(
    {"description": "without state", "request": {"path": "/price"}, "response": {"status": 404}},
    {
        "description": "with state",
        "providerStates": [{"name": '50% off (today) "only" & it\'s $5 + é'}],
        "request": {"path": "/price"},
        "response": {"status": 200},
    },
    {
        "description": "another state",
        "providerStates": [{"name": "50% off"}],
        "request": {"path": "/price", "query": {"a": ["1"]}},
        "response": {"status": 201},
    },
)


async def test_curl_lines_ask_for_the_state(serve: Serve) -> None:
    """When a state is asked for, the command of each near miss asks for the state that it needs, or for none."""
    running = await serve(STATES)
    asked = {"X-Stub-State": "nothing", "X-Stub-Stateless": "hide"}
    report = await running.report("GET", "/price", headers=asked)
    assert {near["interaction"]["description"] for near in report["nearest"]} == {
        "with state",
        "without state",
        "another state",
    }
    for near in report["nearest"]:
        await assert_curl_is_answered(near)


async def test_curl_lines_keep_the_state(serve: Serve) -> None:
    """When the state was right and something else was not, the command keeps it."""
    running = await serve(STATES)
    asked = {"pactflow-stub-provider-state": "50% off$", "X-Stub-Stateless": "hide"}
    report = await running.report("GET", "/price", headers=asked)
    near = next(n for n in report["nearest"] if n["interaction"]["description"] == "another state")
    assert "X-Stub-State: 50% off$" in near["curl"]
    await assert_curl_is_answered(near)


async def test_curl_lines_lift_a_state_of_the_settings(serve: Serve) -> None:
    """Where the settings ask for a state, the command for an interaction without one still reaches it."""
    running = await serve(STATES, provider_state="nothing", stateless=False)
    report = await running.report("GET", "/price")
    assert len(report["nearest"]) == 3
    for near in report["nearest"]:
        await assert_curl_is_answered(near)


async def test_curl_line_of_a_request_without_host(serve: Serve) -> None:
    """A client of HTTP/1.0 that names no host gets a command that works all the same."""
    running = await serve(ORDERS)
    _, _, body = await converse(running.url, b"POST /orders HTTP/1.0\r\n\r\n")
    near = json.loads(body)["nearest"][0]
    await assert_curl_is_answered(near)


async def test_pages_for_browsers(serve: Serve) -> None:
    """A browser gets the report as a page that runs nothing, with the same facts."""
    running = await serve(ORDERS)
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    status, headers, body = await running.get("/orders?page=<script>", headers=browser)
    page = body.decode()
    assert (status, headers["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert headers["X-Stub-Match"] == "none"
    assert "script-src 'none'" in headers["Content-Security-Policy"]
    assert "<script" not in page
    assert "GET /orders?page=&lt;script&gt;" in page
    assert "a page of orders" in page
    assert "<b>query page</b>" in page


async def test_text_for_people(serve: Serve) -> None:
    """Whoever asks for text gets the report as text, with the same facts."""
    running = await serve(ORDERS)
    status, headers, body = await running.get("/orders?page=<script>", headers={"Accept": "text/plain"})
    text = body.decode()
    assert (status, headers["Content-Type"]) == (500, "text/plain; charset=utf-8")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert text.startswith("No interaction matches GET /orders?page=<script> at the stub of all pacts.\n")
    assert "1. a page of orders" in text
    assert "web → shop: GET /orders" in text
    assert "   - query page: " in text
    [line, *_] = [line.strip() for line in text.splitlines() if line.strip().startswith("curl ")]
    assert (await curl(line))[0] == 200


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "application/json"),
        ("", "application/json"),
        ("application/json, text/plain, */*", "application/json"),
        ("text/plain", "text/plain"),
        ("application/problem+json", "application/json"),
        ("image/png", "application/json"),
    ],
)
async def test_what_a_client_accepts(serve: Serve, accept: str, content_type: str) -> None:
    """Text only for those who ask for text and not for JSON."""
    _, headers, _ = await (await serve(ORDERS)).get("/nowhere", headers={"Accept": accept})
    assert headers["Content-Type"].split(";")[0] == content_type


async def test_report_on_a_big_body_is_small(serve: Serve) -> None:
    """A big body is explained in a report that a terminal can show, and quickly."""
    running = await serve(ORDERS)
    body = json.dumps({"name": "x" * 3_000_000, "items": list(range(200_000)), "é": {"a": ["y"] * 100_000}})
    async with asyncio.timeout(10):
        status, _, report = await running.request(
            "POST", "/orders", data=io.BytesIO(body.encode()), headers={"Content-Type": "application/json"}
        )
    assert status == 500
    assert len(report) < 50_000
    assert json.loads(report)["nearest"][0]["interaction"]["description"] == "a new order"


async def test_many_mismatches_are_cut(serve: Serve) -> None:
    """At most twenty differences of an interaction are shown; `more` tells that there are others."""
    content = {f"field{n}": n for n in range(100)}
    running = await serve(http_pact({"request": {"method": "POST", "path": "/x", "body": {"content": content}}}))
    report = await running.report("POST", "/x", json=dict.fromkeys(content, -1))
    assert (len(report["nearest"][0]["mismatches"]), report["nearest"][0]["more"]) == (20, True)
    report = await running.report("POST", "/x", json={**content, "field3": -1})
    assert (len(report["nearest"][0]["mismatches"]), report["nearest"][0]["more"]) == (1, False)


async def test_misses_do_not_change_what_is_served(serve: Serve) -> None:
    """After any number of misses the same request gets the same answer."""
    running: Running = await serve(STATES)
    before = await running.get("/price")
    for _ in range(5):
        await running.report("GET", "/price/x")
    after = await running.get("/price")
    assert (before[0], before[2]) == (after[0], after[2])


async def test_a_shadowed_interaction_has_no_curl_line(serve: Serve) -> None:
    """Where another interaction answers the recorded request, the report says so instead of giving a wrong command."""
    running = await serve(
        http_pact(
            {"description": "the literal one", "request": {"path": "/items/1"}, "response": {"status": 404}},
            {
                "description": "by pattern",
                "request": {
                    "path": "/items/1",
                    "matchingRules": {"path": {"matchers": [{"match": "regex", "regex": "/items/\\d+"}]}},
                },
            },
        )
    )
    report = await running.report("GET", "/items/2?unexpected=1")
    [near] = [near for near in report["nearest"] if near["interaction"]["description"] == "by pattern"]
    assert near["curl"] is None
    assert "the literal one" in near["note"]


async def test_interactions_of_other_states_are_reached_by_their_state(serve: Serve) -> None:
    """Of two interactions for the same request, the curl line of the second asks for its state."""
    asked = {"path": "/items", "query": {"page": ["1"]}}
    running = await serve(
        http_pact(
            {"description": "some", "providerStates": [{"name": "some exist"}], "request": asked},
            {"description": "none", "providerStates": [{"name": "none exist"}], "request": asked},
        )
    )
    report = await running.report("GET", "/items")
    assert {near["interaction"]["description"] for near in report["nearest"]} == {"some", "none"}
    for near in report["nearest"]:
        await assert_curl_is_answered(near)


async def test_logs_hold_no_values(serve: Serve) -> None:
    """The log line of a miss names where the request differs, and none of its values."""
    running = await serve(http_pact({"request": {"path": "/x", "headers": {"Authorization": "Bearer recorded"}}}))
    with structlog.testing.capture_logs() as events:
        await running.report("GET", "/x?token=secret-1", headers={"Authorization": "Bearer secret-2"})
    logged = str(events)
    assert "Authorization" in logged
    assert "secret" not in logged
    assert "recorded" not in logged
