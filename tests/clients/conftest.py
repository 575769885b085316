"""Hosted servers, started once for all tests that do not need one of their own, and the clients that are installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients.hosted import CLIENTS, Client, Hosted, client_or_skip, hosting


@pytest.fixture(scope="session")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    """A server that asks nobody for a token."""
    with hosting(tmp_path_factory.mktemp("hosted")) as server:
        yield server


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    """A server that asks everyone for a token."""
    with hosting(tmp_path_factory.mktemp("guarded"), "--auth", "token") as server:
        yield server


@pytest.fixture(scope="session")
def prefixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    """A server below a path, as behind a proxy that leaves the path as it is."""
    with hosting(tmp_path_factory.mktemp("prefixed"), "--base-url", "http://127.0.0.1:{port}/t/acme/broker") as server:
        yield server


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Client:
    """Each of the clients."""
    return client_or_skip(request.param)


@pytest.fixture(params=["rust", "ruby"])
def either(request: pytest.FixtureRequest) -> Client:
    """The client in Rust, then that in Ruby."""
    return client_or_skip(request.param)


@pytest.fixture
def rust() -> Client:
    """The client in Rust."""
    return client_or_skip("rust")


@pytest.fixture
def ruby() -> Client:
    """The client in Ruby."""
    return client_or_skip("ruby")
