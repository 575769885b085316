"""What changed between two versions of a contract."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import pytest

from stubserver.outline.changes import Change, changes_between
from tests.outline.corpus import by_provider, described, hostile, recorded, some

ORDER: dict[str, Any] = {
    "description": "an order",
    "providerStates": [{"name": "orders exist", "params": {"id": 1}}, {"name": "signed in"}],
    "request": {
        "method": "POST",
        "path": "/orders/1",
        "query": {"page": ["1"]},
        "headers": {"X-Key": ["k"]},
        "body": {"content": {"items": [{"n": 1}], "note": "x"}, "contentType": "application/json"},
        "matchingRules": {
            "path": {"matchers": [{"match": "regex", "regex": r"/orders/\d+"}]},
            "query": {"page": {"matchers": [{"match": "integer"}]}},
            "body": {"$.items": {"matchers": [{"match": "type", "min": 1}]}},
        },
    },
    "response": {
        "status": 200,
        "headers": {"X-Next": ["2"]},
        "body": {"content": {"id": 1, "total": 1.5}, "contentType": "application/json"},
        "matchingRules": {"body": {"$.id": {"matchers": [{"match": "integer"}]}}},
    },
}
OTHER: dict[str, Any] = {"description": "other", "request": {"path": "/other"}, "response": {"status": 204}}


def details(change: Change) -> list[tuple[str, str, str | None, str | None]]:
    """The details of a change."""
    return [(each.side, each.place, each.before, each.after) for each in change.details]


def changed(edit: Callable[[dict[str, Any]], Any]) -> list[tuple[str, str, str | None, str | None]]:
    """The details of the one change between a contract and itself after an edit."""
    later = copy.deepcopy(ORDER)
    edit(later)
    [change] = changes_between(some(ORDER, OTHER), some(later, OTHER))
    assert change.kind == "changed"
    assert change.interaction.interaction.description == "an order"
    return details(change)


Detail = tuple[str, str, str | None, str | None]
EDITS: dict[str, tuple[Callable[[dict[str, Any]], Any], list[Detail]]] = {
    "method": (lambda o: o["request"].update(method="PUT"), [("sends", "method", "POST", "PUT")]),
    "regular expression of the path": (
        lambda o: o["request"]["matchingRules"]["path"]["matchers"][0].update(regex="/orders/.+"),
        [("sends", "path", r"/orders/1 (matches /orders/\d+)", "/orders/1 (matches /orders/.+)")],
    ),
    "rule of the path removed": (
        lambda o: o["request"]["matchingRules"].pop("path"),
        [("sends", "path", r"/orders/1 (matches /orders/\d+)", "/orders/1")],
    ),
    "parameter added": (
        lambda o: o["request"]["query"].update(size=["5"]),
        [("sends", "query size", None, "exactly 5")],
    ),
    "parameter without its rule": (
        lambda o: o["request"]["matchingRules"].pop("query"),
        [("sends", "query page", "any integer", "exactly 1")],
    ),
    "header removed": (
        lambda o: o["request"].pop("headers"),
        [("sends", "header X-Key", "exactly k", None)],
    ),
    "field sent": (
        lambda o: o["request"]["body"]["content"].update(more=True),
        [("sends", "body more", None, "exactly true")],
    ),
    "rule changed": (
        lambda o: o["request"]["matchingRules"]["body"]["$.items"]["matchers"][0].update(min=2),
        [
            (
                "sends",
                "body items",
                "a list of 1 or more items like the recorded ones",
                "a list of 2 or more items like the recorded ones",
            )
        ],
    ),
    "status": (lambda o: o["response"].update(status=201), [("reads", "status", "200", "201")]),
    "header read": (
        lambda o: o["response"]["headers"].update({"X-More": ["m"]}),
        [("reads", "header X-More", None, "exactly m")],
    ),
    "field read": (
        lambda o: o["response"]["body"]["content"].update(name="n"),
        [("reads", "body name", None, 'exactly "n"')],
    ),
    "field no longer read": (
        lambda o: o["response"]["body"]["content"].pop("total"),
        [("reads", "body total", "exactly 1.5", None)],
    ),
    "rule read": (
        lambda o: o["response"]["matchingRules"]["body"].update({"$.total": {"matchers": [{"match": "decimal"}]}}),
        [("reads", "body total", "exactly 1.5", "any decimal number")],
    ),
    "exact value": (
        lambda o: o["request"]["body"]["content"].update(note="y"),
        [("sends", "body note", 'exactly "x"', 'exactly "y"')],
    ),
    "example under a rule": (lambda o: o["response"]["body"]["content"].update(id=7), []),
}


@pytest.mark.parametrize("name", EDITS)
def test_details(name: str) -> None:
    """What changed of an interaction is told at its place, as it was and as it is; of an example under a rule there
    is nothing to tell.
    """
    edit, wanted = EDITS[name]
    assert changed(edit) == wanted


def test_parameters_of_states() -> None:
    """So are parameters of a provider state."""
    [(side, place, before, after)] = changed(lambda o: o["providerStates"][0]["params"].update(id=2))
    assert (side, place) == ("holds", "parameters of orders exist")
    assert "1" in str(before)
    assert "2" in str(after)


EXACT: dict[str, Callable[[dict[str, Any]], Any]] = {
    "the end of a long text": lambda o: o["request"]["body"]["content"].update(note="x" * 1_000 + "y"),
    "the second item of a list": lambda o: o["request"]["body"]["content"].update(list=[1, 3]),
    "the number of items": lambda o: o["request"]["body"]["content"].update(list=[1, 2, 2]),
    "the end of a long list": lambda o: o["request"]["body"]["content"].update(long=[*range(99), 0]),
}


@pytest.mark.parametrize("name", EXACT)
def test_exact_values_are_no_examples(name: str) -> None:
    """What has to be exactly as it is recorded is told when it changes, wherever it stands: only of examples there is
    nothing to tell.
    """
    earlier, later = copy.deepcopy(ORDER), copy.deepcopy(ORDER)
    for each in (earlier, later):
        each["request"]["body"]["content"].update(note="x" * 1_000, list=[1, 2], long=[*range(100)])
    EXACT[name](later)
    [change] = changes_between(some(earlier), some(later))
    assert details(change)


def test_texts_and_bytes() -> None:
    """So is a body that is a text, or bytes."""

    def with_content(content: str, **more: str) -> dict[str, Any]:
        return {"request": {"method": "PUT", "path": "/", "body": {"content": content, **more}}}

    plain = {"contentType": "text/plain"}
    one, other = with_content("x" * 500 + "y", **plain), with_content("x" * 500 + "z", **plain)
    octets = {"contentType": "application/octet-stream", "encoded": "base64"}
    these, those = with_content("AAEC/w==", **octets), with_content("AAEC/g==", **octets)
    for earlier, later in ((one, other), (these, those)):
        [change] = changes_between(some(earlier), some(later))
        assert details(change)


def test_what_is_inside_rules() -> None:
    """A rule that holds others is told when one of those changes."""

    def with_rule(rule: dict[str, Any]) -> dict[str, Any]:
        body = {"content": {"a": [{"k": 1}]}, "contentType": "application/json"}
        return {"request": {"method": "POST", "path": "/", "body": body, "matchingRules": {"body": rules_of(rule)}}}

    def rules_of(rule: dict[str, Any]) -> dict[str, Any]:
        return {"$.a": {"matchers": [rule]}}

    def containing(rule: dict[str, Any]) -> dict[str, Any]:
        variant = {"index": 0, "rules": {"$.k": {"matchers": [rule]}}}
        return with_rule({"match": "arrayContains", "variants": [variant]})

    def each(rule: dict[str, Any]) -> dict[str, Any]:
        return with_rule({"match": "eachValue", "rules": [rule]})

    for wrapped in (containing, each):
        [change] = changes_between(some(wrapped({"match": "integer"})), some(wrapped({"match": "decimal"})))
        assert details(change), wrapped


def test_added_and_removed() -> None:
    """What was not there before is added, what is no longer there is removed."""
    added = {**OTHER, "description": "new", "request": {"path": "/new"}}
    found = changes_between(some(ORDER, OTHER), some(ORDER, added))
    assert [(change.kind, change.interaction.interaction.description) for change in found] == [
        ("removed", "other"),
        ("added", "new"),
    ]
    assert described(change.interaction for change in changes_between([], some(ORDER))) == ["an order"]


def test_states_tell_interactions_apart() -> None:
    """The same description in another state is another interaction."""
    other_state = {**ORDER, "providerStates": [{"name": "no orders"}]}
    assert [change.kind for change in changes_between(some(ORDER), some(other_state))] == ["removed", "added"]
    assert changes_between(some(ORDER, other_state), some(other_state, ORDER)) == []


def test_same_content_in_another_order() -> None:
    """The same content in another order has no changes: interactions of all contracts, shuffled."""
    for interactions in (*by_provider().values(), list(hostile())):
        shuffled = list(interactions)
        random.Random(5).shuffle(shuffled)
        assert changes_between(interactions, shuffled) == []


def test_interactions_with_the_same_names_in_another_order() -> None:
    """Nor has it where several interactions have the same description and states."""
    one, other = copy.deepcopy(ORDER), copy.deepcopy(ORDER)
    other["request"]["path"] = "/orders/2"
    assert changes_between(some(one, other), some(other, one)) == []


def test_one_of_several_with_the_same_names() -> None:
    """Where one of several with the same description and states goes, it is that one which is removed."""
    first, second = copy.deepcopy(ORDER), copy.deepcopy(ORDER)
    second["request"]["path"] = "/orders/2"
    [change] = changes_between(some(first, second), some(second))
    assert (change.kind, change.interaction.recorded_path) == ("removed", "/orders/1")


def test_keys_in_another_order() -> None:
    """Nor have keys, parameters and rules in another order."""

    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(item) for key, item in reversed(value.items())}
        return [turned(item) for item in value] if isinstance(value, list) else value

    assert changes_between(some(ORDER), some(turned(ORDER))) == []


def test_law_of_any_two_contracts() -> None:
    """Between any two, what is there before and after is told once, and only with what differs."""
    providers = [*by_provider().values(), list(hostile()), list(recorded())]
    for earlier, later in zip(providers, providers[1:] + providers[:1], strict=True):
        found = changes_between(earlier, later)
        for change in found:
            assert change.kind in ("added", "removed", "changed")
            assert all(each.before != each.after for each in change.details)
        kinds = [change.kind for change in found]
        assert len(earlier) - kinds.count("removed") == len(later) - kinds.count("added")
        assert changes_between(earlier, earlier) == []
