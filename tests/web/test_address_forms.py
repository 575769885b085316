"""The forms of addresses: read from paths and host names, and written again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stubserver.catalog import Address
from stubserver.store import LATEST, MAIN_BRANCH, Kind, Selector
from stubserver.web.addressing import Naming, base_path, parse_address

PAIR = "/pacts/provider/P/consumer/C"
NAMED = (Kind.TAG, Kind.VERSION, Kind.ENVIRONMENT, Kind.PACT_VERSION, Kind.BRANCH)


@pytest.mark.parametrize(
    ("path", "provider", "consumer", "selector"),
    [
        (f"{PAIR}/latest/stub", "P", "C", LATEST),
        (f"{PAIR}/latest/prod/stub", "P", "C", Selector(Kind.TAG, "prod")),
        (f"{PAIR}/branch/feat%2Fx/latest/stub", "P", "C", Selector(Kind.BRANCH, "feat/x")),
        (f"{PAIR}/version/1.0%2Bab/stub", "P", "C", Selector(Kind.VERSION, "1.0+ab")),
        (f"{PAIR}/1.0.0/stub", "P", "C", Selector(Kind.VERSION, "1.0.0")),
        (f"{PAIR}/environment/prod/stub", "P", "C", Selector(Kind.ENVIRONMENT, "prod")),
        (f"{PAIR}/pact-version/abc/stub", "P", "C", Selector(Kind.PACT_VERSION, "abc")),
        (f"{PAIR}/pact-version/abc/metadata/xyz/stub", "P", "C", Selector(Kind.PACT_VERSION, "abc")),
        (f"{PAIR}/main-branch/stub", "P", "C", MAIN_BRANCH),
        (f"{PAIR}/branch/latest/stub", "P", "C", MAIN_BRANCH),
        (f"{PAIR}/latest-untagged/stub", "P", "C", Selector(Kind.UNTAGGED)),
        (f"{PAIR}/latest/%73tub/stub", "P", "C", Selector(Kind.TAG, "stub")),
        ("/providers/P/stub", "P", None, LATEST),
        ("/providers/P/latest/prod/stub", "P", None, Selector(Kind.TAG, "prod")),
        ("/providers/P/branch/main/latest/stub", "P", None, Selector(Kind.BRANCH, "main")),
        ("/providers/P/environment/uat/stub", "P", None, Selector(Kind.ENVIRONMENT, "uat")),
        ("/providers/P/main-branch/stub", "P", None, MAIN_BRANCH),
        ("/env/uat/providers/P/stub", "P", None, Selector(Kind.ENVIRONMENT, "uat")),
        ("/providers/stub/stub", "stub", None, LATEST),
    ],
)
@pytest.mark.parametrize("rest", ["", "/", "/orders/1", "/stub/stub", "/latest/stub"])
def test_forms(path: str, provider: str, consumer: str | None, selector: Selector, rest: str) -> None:
    """Each form is recognised, whatever path of the API under test follows it."""
    assert parse_address(path + rest) == (Address(provider, consumer, selector), path)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/stub",
        "/providers",
        "/providers/P",
        "/providers//stub",
        "/providers/P/stubs",
        "/pacts/provider/P/stub",
        f"{PAIR}/stub",
        f"{PAIR}/version//stub",
        f"{PAIR}/branch/a/b/latest/stub",
        "/env/uat/stub",
        "/env/uat/providers/P",
        "/Providers/P/stub",
        "/x/providers/P/stub",
        "/providers/" + "a/" * 50 + "stub",
    ],
)
def test_what_is_no_address(path: str) -> None:
    """What has no such form is none."""
    assert parse_address(path) is None


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
selectors = st.one_of(
    st.sampled_from([LATEST, MAIN_BRANCH, Selector(Kind.UNTAGGED)]),
    st.builds(Selector, st.sampled_from(NAMED), names),
)


@given(names, st.none() | names, selectors, st.sampled_from(["", "/", "/a/stub", "/providers/x/stub"]))
def test_written_and_read(provider: str, consumer: str | None, selector: Selector, rest: str) -> None:
    """Whatever the names, an address that is written is read as the same."""
    address = Address(provider, consumer, selector)
    assert parse_address(base_path(address) + rest) == (address, base_path(address))


@given(st.text(st.characters(codec="ascii"), max_size=200))
def test_reading_is_total(path: str) -> None:
    """No path is too strange to be read."""
    parsed = parse_address("/providers/" + path)
    assert parsed is None or path.startswith(parsed[1][len("/providers/") :])


HOSTS = Naming(("localhost", "stubs.example.com"))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("shop.localhost", Address("shop", is_host=True)),
        ("SHOP.localhost:8080", Address("shop", is_host=True)),
        ("web--shop.localhost:8080", Address("shop", "web", is_host=True)),
        ("shop.stubs.example.com", Address("shop", is_host=True)),
        ("shop.any.thing.stubs.example.com.", Address("shop", is_host=True)),
        ("localhost", None),
        ("localhost:8080", None),
        ("stubs.example.com", None),
        ("shop.example.com", None),
        ("notstubs.example.com", None),
        ("127.0.0.1:8080", None),
        ("[::1]:8080", None),
        ("[::1]", None),
        ("", None),
        (None, None),
    ],
)
def test_host_names(host: str | None, address: Address | None) -> None:
    """A name below a domain for stubs is a provider, or a consumer and a provider; every other name is the server."""
    assert HOSTS.host_address(host) == address
