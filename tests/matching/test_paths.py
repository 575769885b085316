"""Path expressions, their weights, and which rule governs a value."""

from __future__ import annotations

import pytest

from matching.paths import Path, PathError, Scope, Token, Wildcard, parse_path, render_step, token_weight

ANY, INDEX = Wildcard.ANY, Wildcard.INDEX

EXPRESSIONS: dict[str, Path] = {
    "$": (),
    "$.a": ("a",),
    "a": ("a",),
    "a.b": ("a", "b"),
    "a[0]": ("a", 0),
    "$.a.b": ("a", "b"),
    "$.a-b": ("a-b",),
    "$.a_b:c#d@e": ("a_b:c#d@e",),
    "$.é": ("é",),
    "$.1": ("1",),
    "$[0]": (0,),
    "$.a[12].b": ("a", 12, "b"),
    "$.*": (ANY,),
    "$.a.*": ("a", ANY),
    "$[*]": (INDEX,),
    "$.a[*].b": ("a", INDEX, "b"),
    "$['a']": ("a",),
    "$['a.b']": ("a.b",),
    "$['a b']['c']": ("a b", "c"),
    "$['ids[]']": ("ids[]",),
    "$['*']": ("*",),
    "$['0']": ("0",),
    "$['@attr']": ("@attr",),
    '$["x"]': ("x",),
    '$["it\'s"]': ("it's",),
    r"$['it\'s']": ("it's",),
    "$['it''s']": ("it's",),
    r"$['back\\slash']": ("back\\slash",),
    "$['']": ("",),
    "$.a['b'][0].*": ("a", "b", 0, ANY),
}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expression(text: str) -> None:
    """A path expression is a sequence of names, indices and wildcards after its root."""
    assert parse_path(text) == EXPRESSIONS[text]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$..a",
        "$.a..b",
        "$[-1]",
        "$[0:2]",
        "$[?(@.a)]",
        "$.",
        "$.a.",
        "$[",
        "$[a]",
        "$['a",
        "$.a b",
        "$a",
        "$ ",
        ".",
    ],
)
def test_what_is_no_expression(text: str) -> None:
    """Descendants, filters, slices, negative indices and anything unfinished are refused."""
    with pytest.raises(PathError):
        parse_path(text)


@pytest.mark.parametrize(
    ("token", "key", "weight"),
    [
        ("a", "a", 2),
        ("a", "b", 0),
        ("a", 0, 0),
        (0, 0, 2),
        (0, 1, 0),
        (0, "0", 2),
        ("0", 0, 0),
        (ANY, "a", 1),
        (ANY, 3, 1),
        (INDEX, 3, 1),
        (INDEX, "a", 0),
        (INDEX, "3", 0),
    ],
)
def test_token_weight(token: Token, key: str | int, weight: int) -> None:
    """An exact token weighs 2, a wildcard 1; `[*]` covers indices only, an index also a key of the same digits."""
    assert token_weight(token, key) == weight


@pytest.mark.parametrize(
    "key", ["a", "a-b", "a.b", "it's", "é", "0", "", "back\\slash", "a b", 'quo"te', "ids[]", 0, 17]
)
def test_a_rendered_step_reads_back(key: str | int) -> None:
    """The place a report shows can be used as a path expression."""
    assert parse_path("$" + render_step(key)) == (key,)


def governing(rules: list[str], *keys: str | int) -> str | None:
    """The rule (named by its path) that governs the value at these keys."""
    scope = Scope.root([(parse_path(text), text) for text in rules])
    for key in keys:
        scope = scope.child(key)
    found = scope.governing()
    return found[0] if found is not None else None


# The table of the specification for $.item1.level[1].id, best first.
BY_SCORE = [
    "$.item1.level[1].id",  # 160
    "$.item1.level[*].id",  # 80
    "$.item1.level[1]",  # 64
    "$.*.level[*].id",  # 40
    "$.item1.level",  # 24
    "$.item1",  # 8
    "$",  # 2
]
NOT_APPLICABLE = ["$.item2", "$.item1.level[1].name", "$.item1.level[1].id.deeper", "$.item1[*]", "$.item1.level.id"]


def test_the_weights_of_the_specification() -> None:
    """The product of the weights times the number of tokens decides; what does not lead there does not apply."""
    for best in range(len(BY_SCORE)):
        rules = [*NOT_APPLICABLE, *reversed(BY_SCORE[best:])]
        assert governing(rules, "item1", "level", 1, "id") == BY_SCORE[best]
    assert governing(NOT_APPLICABLE, "item1", "level", 1, "id") is None


def test_every_pair_of_the_specification_in_either_order() -> None:
    """The position of a rule in the file says nothing as long as the scores differ."""
    for better, best in enumerate(BY_SCORE):
        for worse in BY_SCORE[better + 1 :]:
            for rules in ([best, worse], [worse, best]):
                assert governing(rules, "item1", "level", 1, "id") == best


def test_a_longer_rule_beats_a_more_exact_shorter_one() -> None:
    """`$.a[*].b` (32) governs `$.a[0].b` although `$.a[0]` (24) is exact."""
    assert governing(["$.a[0]", "$.a[*].b"], "a", 0, "b") == "$.a[*].b"


@pytest.mark.parametrize(
    ("rules", "keys", "best"),
    [
        # Equal scores and lengths: the one that is exact earlier.
        (["$.*.b", "$.a.*"], ("a", "b"), "$.a.*"),
        (["$.a.*", "$.*.b"], ("a", "b"), "$.a.*"),
        (["$.*.b.c", "$.a.*.c", "$.a.b.*"], ("a", "b", "c"), "$.a.b.*"),
        # Equal in everything: the one recorded first.
        (["$[*]", "$.*"], (0,), "$[*]"),
        (["$.*", "$[*]"], (0,), "$.*"),
        (["$['0']", "$[0]"], ("0",), "$['0']"),
        (["$[0]", "$['0']"], ("0",), "$[0]"),
        # Equal scores of different lengths (24 each): the longer one.
        (["$.a.b", "$.*.*.c.*.*"], ("a", "b", "c", "d", "e"), "$.*.*.c.*.*"),
        (["$.a.b", "$.a.*.*.*.*"], ("a", "b", "c", "d", "e"), "$.a.*.*.*.*"),
        (["$.a.*.*.*.*", "$.a.b"], ("a", "b", "c", "d", "e"), "$.a.*.*.*.*"),
    ],
)
def test_ties_have_a_fixed_order(rules: list[str], keys: tuple[str | int, ...], best: str) -> None:
    """Equal scores: the longer rule, then the one that is exact from the left, then the one recorded first."""
    assert governing(rules, *keys) == best


def test_rules_above_a_value_are_inherited() -> None:
    """A rule reaches everything below its path and is told apart from a rule of the very path."""
    scope = Scope.root([(parse_path("$.a"), "up"), (parse_path("$.a.b"), "here")]).child("a").child("b")
    assert scope.governing() == ("here", False)
    assert scope.child("c").governing() == ("here", True)


def test_the_root_rule_governs_the_root() -> None:
    """`$` is not inherited by the root, and is by everything else."""
    scope = Scope.root([((), "all")])
    assert scope.governing() == ("all", False)
    assert scope.child("a").governing() == ("all", True)


def test_a_scope_without_rules_is_free() -> None:
    """A part of a document that no rule reaches is known to be free of rules."""
    scope = Scope.root([(parse_path("$.a.b"), "rule")])
    assert not scope.is_free
    assert not scope.child("a").is_free
    assert scope.child("x").is_free
    assert scope.child("a").child("x").is_free
    assert not scope.child("a").child("b").child("deep").is_free


def test_a_wildcard_child_stands_for_the_unnamed() -> None:
    """What no rule names is governed by wildcards only; `[*]` covers items, not keys."""
    scope = Scope.root([(parse_path("$[*]"), "item"), (parse_path("$.a"), "a")])
    assert scope.child(ANY).governing() is None
    assert scope.child(INDEX).governing() == ("item", False)
    assert Scope.root([(parse_path("$.*"), "any")]).child(INDEX).governing() == ("any", False)
    assert scope.named_keys() == {"a"}
    assert scope.named_indices() == set()
    assert Scope.root([(parse_path("$[2]"), "two")]).named_indices() == {2}
