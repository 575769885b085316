"""The picture of who uses whom."""

from __future__ import annotations

import itertools
import random
import re
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from stubserver.outline.network import Picture, around, busiest, picture_of

Pairs = list[tuple[str, str]]
NAMES = st.sampled_from([f"n{n}" for n in range(12)]) | st.text(max_size=40)
PAIRS: st.SearchStrategy[Pairs] = st.lists(st.tuples(NAMES, NAMES), max_size=40)


def in_columns(picture: Picture) -> dict[str, float]:
    """Where each application stands, from left to right."""
    return {box.name: box.x for box in picture.boxes}


def assert_law(pairs: Pairs) -> Picture:
    """What holds of all pictures."""
    picture = picture_of(pairs)
    assert sorted(box.name for box in picture.boxes) == sorted({name for pair in pairs for name in pair})
    assert sorted((arrow.consumer, arrow.provider) for arrow in picture.arrows) == sorted(set(pairs))
    for box in picture.boxes:
        assert 0 <= box.x <= box.x + box.width <= picture.width
        assert 0 <= box.y <= box.y + box.height <= picture.height
        assert len(box.label) <= 24
        assert box.is_provider == any(provider == box.name for _, provider in pairs)
    for one, other in itertools.combinations(picture.boxes, 2):
        apart = (
            one.x + one.width <= other.x
            or other.x + other.width <= one.x
            or one.y + one.height <= other.y
            or other.y + other.height <= one.y
        )
        assert apart, (one, other)
    boxes = {box.name: box for box in picture.boxes}
    for arrow in picture.arrows:
        numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", arrow.path)]
        from_box, to_box = boxes[arrow.consumer], boxes[arrow.provider]
        assert re.fullmatch(r"M[\d.e-]+ [\d.e-]+(?: ?[HCc][\d.e -]+)+", arrow.path), arrow.path
        assert numbers[0] in (from_box.x, from_box.x + from_box.width)
        assert from_box.y <= numbers[1] <= from_box.y + from_box.height
        if arrow.consumer == arrow.provider:  # a loop of relative numbers, three quarters as wide as they are
            assert numbers[0] + max(numbers[2::2]) * 0.75 <= picture.width
        else:
            ends_level = re.search(r"H([\d.]+)$", arrow.path)
            end = float(ends_level[1]) if ends_level else numbers[-2]
            assert end in (to_box.x, to_box.x + to_box.width)
    return picture


@settings(max_examples=200, deadline=None)
@given(PAIRS)
def test_law_of_layout(pairs: Pairs) -> None:
    """All boxes are on the sheet, none overlap, and each pair has an arrow from its consumer to its provider."""
    assert_law(pairs)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), max_size=50))
def test_consumers_stand_left(edges: list[tuple[int, int]]) -> None:
    """Where nobody uses its own user, consumers stand left of their providers; whoever uses itself does, too."""
    pairs = [(f"n{min(edge)}", f"n{max(edge)}") for edge in edges]
    x = in_columns(assert_law(pairs))
    assert all(x[consumer] < x[provider] for consumer, provider in pairs if consumer != provider)


def test_no_pairs() -> None:
    """Nothing is an empty sheet."""
    picture = picture_of([])
    assert (picture.boxes, picture.arrows) == ([], [])


def test_cycles() -> None:
    """Those who use each other, and themselves, are drawn too."""
    picture = assert_law([("a", "b"), ("b", "a"), ("c", "c"), ("b", "c"), ("c", "d"), ("d", "b")])
    assert len(picture.arrows) == 6
    assert_law([("alone", "alone")])
    ring = [f"n{n:03}" for n in range(60)]
    assert_law(list(zip(ring, ring[1:] + ring[:1], strict=True)))


def test_within_a_cycle() -> None:
    """Who is in no cycle stands left of one, all the same."""
    x = in_columns(picture_of([("web", "a"), ("a", "b"), ("b", "a"), ("b", "store")]))
    assert x["web"] < min(x["a"], x["b"])
    assert max(x["a"], x["b"]) < x["store"]


def random_pairs(count: int, edges: int, seed: int) -> Pairs:
    """Pairs among so many applications, from a seeded source."""
    source = random.Random(seed)
    names = [f"application {n}" for n in range(count)]
    chain = [(names[n], names[n + 1]) for n in range(0, count - 1, 2)]
    return [*chain, *((source.choice(names), source.choice(names)) for _ in range(edges))]


def test_same_picture() -> None:
    """The same pairs are the same picture, in whatever order they come, and however often."""
    pairs = random_pairs(40, 80, seed=1)
    wanted = picture_of(pairs)
    for seed in range(3):
        shuffled = pairs * 2
        random.Random(seed).shuffle(shuffled)
        assert picture_of(shuffled) == wanted


def test_many_applications() -> None:
    """A hundred applications are drawn in well under a second, however they use each other."""
    dense = random_pairs(100, 400, seed=2)
    layers = [(f"{layer}-{n}", f"{layer + 1}-{m}") for layer in range(9) for n in range(10) for m in range(0, 10, 3)]
    long_chain = [(f"{n:03}", f"{n + 1:03}") for n in range(99)]
    across = [*long_chain, *((f"{n:03}", "099") for n in range(0, 99, 3))]
    for pairs in (dense, layers, long_chain, across):
        began = time.thread_time()
        picture = picture_of(pairs)
        assert time.thread_time() - began < 0.7
        assert 90 <= len(picture.boxes) <= 100


def test_fewer_crossings() -> None:
    """Two that use one each stand beside whom they use."""
    picture = assert_law([("a", "y"), ("b", "x"), ("c", "z")])
    y = {box.name: box.y for box in picture.boxes}
    order = sorted("abc", key=lambda name: y[name])
    used = {"a": "y", "b": "x", "c": "z"}
    assert sorted("xyz", key=lambda name: y[name]) == [used[name] for name in order]


def test_around() -> None:
    """The surroundings of an application are its pairs and those among its neighbours."""
    pairs = [("web", "orders"), ("orders", "stock"), ("web", "stock"), ("stock", "depot"), ("ios", "news")]
    assert around(pairs, "orders") == pairs[:3]
    assert around(pairs, "nobody") == []


@settings(max_examples=100, deadline=None)
@given(PAIRS, st.integers(0, 10))
def test_busiest(pairs: Pairs, most: int) -> None:
    """Of many applications, the busiest are kept, and those that were left out are counted."""
    kept, left_out = busiest(pairs, most)
    names = {name for pair in pairs for name in pair}
    assert len({name for pair in kept for name in pair}) <= most
    assert left_out == max(0, len(names) - most)
    assert set(kept) <= set(pairs)
    if len(names) <= most:
        assert kept == pairs


def test_long_names() -> None:
    """A long name is shortened on its box, and whole in its data."""
    [box, _] = picture_of([("x" * 200, "y")]).boxes
    assert (box.name, box.label) == ("x" * 200, "x" * 23 + "…")
