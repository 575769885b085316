"""Echo: which leaves of a recorded answer take the value that was asked for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from matching import GeneratorContext, Request, draw_key, echo_template
from tests.matching.pacts import only

ANY_ORDER = {"path": {"matchers": [{"match": "regex", "regex": r"/shop/orders/\w+"}]}}
ANY_PAGE = {"query": {"page": {"matchers": [{"match": "type"}]}}}


class Case(NamedTuple):
    """What is recorded, what is asked for, and what comes."""

    recorded: Any
    target: str
    answer: Any


PATHS = {
    "an id": Case({"id": "10", "x": 1}, "/shop/orders/77", {"id": "77", "x": 1}),
    "a number stays a number": Case({"id": 10}, "/shop/orders/77", {"id": 77}),
    "what is no number leaves a number": Case({"id": 10}, "/shop/orders/abc", {"id": 10}),
    "the name of the segment before": Case(
        {"order": "10", "orders": "10"}, "/shop/orders/a", {"order": "a", "orders": "a"}
    ),
    "joined names in any spelling": Case(
        {"orderId": 10, "order_id": 10, "Order-ID": 10, "ordersId": 10},
        "/shop/orders/5",
        {"orderId": 5, "order_id": 5, "Order-ID": 5, "ordersId": 5},
    ),
    "other names stay": Case({"number": 10, "customerId": 10}, "/shop/orders/5", {"number": 10, "customerId": 10}),
    "other values stay": Case({"id": 11}, "/shop/orders/5", {"id": 11}),
    "only the id nearest to the root": Case(
        {"a": {"id": 10, "b": {"id": 10, "orderId": 10}}},
        "/shop/orders/5",
        {"a": {"id": 5, "b": {"id": 10, "orderId": 5}}},
    ),
    "every id of a list": Case([{"id": 10}, {"id": 10}], "/shop/orders/5", [{"id": 5}, {"id": 5}]),
    "escapes are undone": Case({"id": "10"}, "/shop/orders/%C3%A9", {"id": "é"}),
    "quotes are escaped": Case({"id": "10"}, "/shop/orders/%22%5C", {"id": '"\\'}),
    "bytes that are no text": Case({"id": "10"}, "/shop/orders/%FF", {"id": "\ufffd"}),
    "another number of segments": Case({"id": "10"}, "/shop/orders/5/6", {"id": "10"}),
    "the recorded request": Case({"id": 10}, "/shop/orders/10", {"id": 10}),
}


def answered(request: dict[str, Any], response: dict[str, Any], asked: Request) -> Any:
    """The body of the answer, with what was asked for in it."""
    interaction = only({"description": "case", "request": request, "response": {"status": 200, **response}})
    template = echo_template(interaction)
    if template is None:
        return json.loads(interaction.response.body)
    key = draw_key("", interaction.id, asked)
    context = GeneratorContext(key, datetime(2000, 1, 1, tzinfo=UTC), request=asked)
    return json.loads(template.fill_body(context, 200, interaction.response.body))


@pytest.mark.parametrize("case", PATHS.values(), ids=PATHS)
def test_segments_of_the_path(case: Case) -> None:
    """A segment of the path goes by `id`, and by the segment before it."""
    request = {"path": "/shop/orders/10", "matchingRules": ANY_ORDER}
    assert answered(request, {"body": case.recorded}, Request("GET", case.target)) == case.answer


@pytest.mark.parametrize(
    ("recorded", "query", "answer"),
    [
        ({"page": 1}, "page=7", {"page": 7}),
        ({"page": "1"}, "page=7", {"page": "7"}),
        ({"Page": 1, "pages": 1}, "page=7", {"Page": 7, "pages": 1}),
        ({"page": 2}, "page=7", {"page": 2}),
        ({"page": 1}, "page", {"page": 1}),
        ({"page": 1}, "", {"page": 1}),
        ({"page": 1}, "page=007", {"page": 1}),
        ({"page": 1}, "page=-3", {"page": -3}),
        ({"page": 1.0}, "page=2", {"page": 1.0}),
    ],
)
def test_parameters(recorded: Any, query: str, answer: Any) -> None:
    """A query parameter goes by its own name."""
    request = {"query": {"page": ["1"]}, "matchingRules": ANY_PAGE}
    assert answered(request, {"body": recorded}, Request("GET", "/", query)) == answer


@pytest.mark.parametrize(("text", "comes"), [("true", True), ("false", False), ("5", True), ("True", True)])
def test_truth_values(text: str, comes: bool) -> None:
    """A recorded truth value becomes another truth value, or stays."""
    request = {"query": {"page": ["true"]}, "matchingRules": ANY_PAGE}
    assert answered(request, {"body": {"page": True}}, Request("GET", "/", f"page={text}")) == {"page": comes}


def test_names_in_the_plural() -> None:
    """`categories` is about a `category`."""
    rules = {"path": {"matchers": [{"match": "type"}]}}
    request = {"path": "/categories/10", "matchingRules": rules}
    assert answered(request, {"body": {"categoryId": 10}}, Request("GET", "/categories/5")) == {"categoryId": 5}


def test_nothing_varies_without_rules() -> None:
    """Where only the recorded request matches, nothing is echoed."""
    interaction = only({"description": "case", "request": {"path": "/a/1"}, "response": {"body": {"id": 1}}})
    assert echo_template(interaction) is None


def test_a_generator_wins() -> None:
    """A leaf that is generated is not echoed, other leaves are."""
    request = {"path": "/shop/orders/10", "matchingRules": ANY_ORDER}
    response = {
        "body": {"id": 10, "orderId": 10},
        "generators": {"body": {"$.id": {"type": "RandomInt", "min": 3, "max": 3}}},
    }
    assert answered(request, response, Request("GET", "/shop/orders/5")) == {"id": 3, "orderId": 5}


@pytest.mark.parametrize(
    "response",
    [
        {"headers": {"Content-Type": "text/plain"}, "body": "10"},
        {"headers": {"Content-Type": "application/xml"}, "body": "<id>10</id>"},
        {"headers": {"Content-Type": "application/json"}, "body": ""},
        {},
    ],
)
def test_bodies_without_leaves(response: dict[str, Any]) -> None:
    """Only JSON is echoed into."""
    request = {"path": "/shop/orders/10", "matchingRules": ANY_ORDER}
    assert echo_template(only({"description": "case", "request": request, "response": response})) is None
