"""Endpoints: paths that differ in an id are one, and regular expressions are readable."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import CompiledInteraction
from stubserver.outline.endpoints import Endpoint, Parameter, endpoints_of
from tests.outline.corpus import at_paths, by_provider, of_the_specification, recorded, some

UUIDS = ("0d5a3a1e-6f2b-4c1d-9a77-2f7a1c3b5d10", "AA5a3a1e-6f2b-4c1d-9a77-2f7a1c3b5d1F")


def paths(*given_paths: str | tuple[str, str]) -> list[str]:
    """The paths of the endpoints of GETs."""
    return [endpoint.path for endpoint in endpoints_of(at_paths(*given_paths))]


def only(*given_paths: str | tuple[str, str]) -> Endpoint:
    """The one endpoint of GETs."""
    [endpoint] = endpoints_of(at_paths(*given_paths))
    return endpoint


PATTERNS: dict[str, tuple[str, str, str]] = {
    "digits": ("/orders/1", r"/orders/\d+", "/orders/{order}"),
    "anchors": ("/orders/1", r"^/orders/\d+$", "/orders/{order}"),
    "anchors of other languages": ("/orders/1", r"\A/orders/\d+\z", "/orders/{order}"),
    "escaped slashes": ("/orders/1", r"^\/orders\/\d+$", "/orders/{order}"),
    "an escaped dollar at the end": ("/a/b$", r"/a/b\$", "/a/b$"),
    "escaped dots": ("/a.b/1", r"/a\.b/\d+", "/a.b/{a_b}"),
    "dots that nobody escaped": ("/v1.0/orders/1", r"/v1.0/orders/\d+", "/v1.0/orders/{order}"),
    "a part of a segment": ("/orders/o-12", r"/orders/o-\d+", "/orders/{order}"),
    "two segments": ("/a/x/b/y", r"/a/\w+/b/\w+", "/a/{a}/b/{b}"),
    "segments beside each other": ("/a/x/y", r"/a/\w+/\w+", "/a/{a}/{a2}"),
    "repeats": ("/a/123", r"/a/\d{1,3}", "/a/{a}"),
    "an alternative in a group": ("/a/b/c", r"/a/(b|x)/c", "/a/{a}/c"),
    "a group with slashes": ("/a/x/y", r"/a/(x/y|z)", "/a/{rest}"),
    "a class without slashes": ("/a/b/c", r"/a/[^/]+/c", "/a/{a}/c"),
    "a class with a slash": ("/a/b", r"/a/[a-z/]+", "/a/{a}"),
    "a class with a slash over several segments": ("/a/b/c", r"/a/[a-z/]+", "/a/{rest}"),
    "a class with an escaped bracket": ("/a/b/c", r"/a/[\]/b]+/c", "/a/{a}/c"),
    "several segments": ("/a/b/c/d", r"/a/.*", "/a/{rest}"),
    "one segment of them": ("/a/b", r"/a/.*", "/a/{a}"),
    "all of it": ("/a/b/c", r"/.*", "/{rest}"),
    "everything": ("/a/b/c", r".*", "/{rest}"),
    "alternatives beside each other": ("/a/b", r"/a/b|/c/d", "/a/b"),
    "a slash at the end, or not": ("/orders/1", r"^/orders/\d+/?$", "/orders/{order}"),
    "a slash at the end of a text, or not": ("/orders", r"^/orders/?$", "/orders"),
    "a group around all": ("/orders/1", r"^(?:/orders/\d+)$", "/orders/{order}"),
    "a flag": ("/orders/1", r"(?i)/orders/\d+", "/orders/{order}"),
    "a plain text": ("/a/b", "/a/b", "/a/b"),
    "a segment that is a UUID": (f"/a/{UUIDS[0]}", "/a/[0-9a-f-]{36}", "/a/{a}"),
}


@pytest.mark.parametrize("name", PATTERNS)
def test_regular_expressions(name: str) -> None:
    """A regular expression reads as a path with names in braces."""
    path, source, wanted = PATTERNS[name]
    assert paths((path, source)) == [wanted]


NAMES = {
    "/orders": "order",
    "/categories": "category",
    "/addresses": "address",
    "/boxes": "box",
    "/branches": "branch",
    "/dishes": "dish",
    "/class": "class",
    "/big-things": "big_thing",
    "": "value",
    "/größen": "größen",
}


@pytest.mark.parametrize("before", NAMES)
def test_names(before: str) -> None:
    """A parameter is called after what stands before it, one of them."""
    endpoint = only(f"{before}/1", f"{before}/2")
    assert endpoint.path == f"{before}/{{{NAMES[before]}}}"
    assert endpoint.parameters == (Parameter(NAMES[before], (), ("1", "2")),)


def test_ids() -> None:
    """Paths that differ in numbers and UUIDs are one endpoint; other texts are not ids."""
    assert paths("/a/1", "/a/22", f"/a/{UUIDS[0]}", f"/a/{UUIDS[1]}") == ["/a/{a}"]
    assert paths("/a/1/b/1", "/a/2/b/1") == ["/a/{a}/b/1"]
    assert paths("/a/one", "/a/two") == ["/a/one", "/a/two"]
    assert paths("/a/1x", "/a/2x") == ["/a/1x", "/a/2x"]


def test_single_id() -> None:
    """An id that comes alone may be a name, and stays."""
    assert paths("/errors/404") == ["/errors/404"]
    assert paths("/a/1", "/a/1", "/b/2") == ["/a/1", "/b/2"]


def test_id_beside_a_text() -> None:
    """A text in the place of an id is an endpoint of its own."""
    assert paths("/orders/latest", "/orders/1", "/orders/2") == ["/orders/latest", "/orders/{order}"]


def test_two_expressions_for_one_place() -> None:
    """Different expressions for the same place are one parameter with both."""
    endpoint = only(("/orders/1", r"/orders/\d+"), ("/orders/a", "/orders/[a-z]+"), "/orders/7")
    assert endpoint.path == "/orders/{order}"
    assert endpoint.parameters == (Parameter("order", (r"\d+", "[a-z]+"), ("1", "a", "7")),)
    assert len(endpoint.interactions) == 3


def test_methods() -> None:
    """Each method of a path is an endpoint, in the order in which people tell them."""
    methods = ["PURGE", "DELETE", "POST", "GET", "PUT"]
    found = endpoints_of(some(*({"request": {"method": method, "path": "/a"}} for method in methods)))
    assert [(each.method, each.path) for each in found] == [
        (method, "/a") for method in ("GET", "POST", "PUT", "DELETE", "PURGE")
    ]


def test_literal_braces() -> None:
    """Braces that are recorded are no parameter."""
    endpoint = only("/a/{id}")
    assert endpoint.parameters == ()
    assert endpoint.pieces == [("/a/%7Bid%7D", False)]
    ruled = only(("/a/{id}/1", r"/a/\{id\}/\d+"))
    assert [is_parameter for _, is_parameter in ruled.pieces] == [False, True]


def test_pieces() -> None:
    """A path is told in pieces that are parameters or not."""
    endpoint = only("/a/1/b/1/c", "/a/2/b/2/c")
    assert endpoint.pieces == [("/a/", False), ("{a}", True), ("/b/", False), ("{b}", True), ("/c", False)]


TIES = {
    "a text that a parameter is called after": ("/rest/5", "/rest/6", ("/rest/a/b", "/rest/.*")),
    "braces and their escapes": ("/a/{x}", "/a/%7Bx%7D"),
    "no path at all": ("", "/"),
    "a parameter and braces": ("/a/{a}", ("/a/1", r"/a/\d+")),
    "rests of several lengths": (("/a/b/c", "/a/.*"), ("/a/b/c/d", "/a/.*"), ("/a/b", "/a/.*")),
    "a rest of nothing": (("/a", "/a/?"), "/a"),
    "names that end alike": ("/a/1/2", "/a/3/4", "/a/1/x", "/a2/1", "/a2/2"),
}


@pytest.mark.parametrize("name", TIES)
def test_no_two_endpoints_look_alike(name: str) -> None:
    """Whatever is recorded, no two endpoints have the same method and path, and none is without a path."""
    assert_law(at_paths(*TIES[name]))


def assert_law(interactions: list[CompiledInteraction]) -> None:
    """What holds of the endpoints of all interactions."""
    found = endpoints_of(interactions)
    inside = [interaction for endpoint in found for interaction in endpoint.interactions]
    assert len(inside) == len(interactions)
    assert set(inside) == set(interactions)
    names = [(endpoint.method, endpoint.path) for endpoint in found]
    assert len(names) == len(set(names)), sorted(names)
    for endpoint in found:
        assert {interaction.method for interaction in endpoint.interactions} == {endpoint.method}
        called = [parameter.name for parameter in endpoint.parameters]
        assert len(called) == len(set(called))
        assert [piece[1:-1] for piece, is_parameter in endpoint.pieces if is_parameter] == called, endpoint.path
        assert "".join(piece for piece, _ in endpoint.pieces) == endpoint.path
        assert all(parameter.examples for parameter in endpoint.parameters)


def test_law_of_real_pacts() -> None:
    """Each interaction of real pacts is in exactly one endpoint, whether they are served together or by provider."""
    assert_law(list(recorded()))
    assert_law(list(of_the_specification()))
    for interactions in by_provider().values():
        assert_law(interactions)


SEGMENTS = st.sampled_from(["rest", "1", "22", UUIDS[0], "{rest}", "%7Brest%7D", "value", "é", ""])
SOURCES = st.sampled_from(
    ["a", r"\d+", "[^/]+", "[a-z]+", ".*", "(a|rest)", ".", "1", r"\{a\}", "(a/a|1)", "[]/]a]*", "(?:a)?", r"\w+/?"]
)
LITERALS = st.lists(SEGMENTS, max_size=3).map(lambda segments: "/" + "/".join(segments))
RULED = st.tuples(LITERALS, st.lists(SOURCES, max_size=3).map(lambda pieces: "/" + "/".join(pieces)))


@settings(max_examples=300, deadline=None)
@given(st.lists(LITERALS | RULED, min_size=1, max_size=8))
def test_law_of_any_paths(given_paths: list[str | tuple[str, str]]) -> None:
    """So is each of any, whatever their paths and regular expressions are."""
    assert_law(at_paths(*given_paths))
