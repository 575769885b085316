"""Addresses as paths: which stub a request is for, read from its path alone.

An address is recognised only when its pacts are loaded; every other path belongs to the stub of all pacts, so a
provider may well own `/providers` or `/pacts`.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from matching.http_text import canonical_path
from stubserver.catalog import Address, Snapshot, Stub
from stubserver.web.wire import split_target

CONTROL_PREFIX = "/_stubserver"


def is_control(target: str) -> bool:
    """Whether a request target belongs to the control door."""
    if CONTROL_PREFIX not in target:
        return False
    path = split_target(target)[0]
    return path.startswith(CONTROL_PREFIX) and path[len(CONTROL_PREFIX) :][:1] in ("", "/")


_BEGINNINGS = ("/providers/", "/pacts/provider/")

# The forms of addresses: (how many segments, the fixed ones by position). None of them begins another.
_FORMS = (
    (3, {0: "providers", 2: "stub"}),
    (7, {0: "pacts", 1: "provider", 3: "consumer", 5: "latest", 6: "stub"}),
)


def base_path(address: Address) -> str:
    """The path under which an address is served, without a trailing slash; "" for all pacts."""
    if address.provider is None:
        return ""
    provider = quote(address.provider, safe="")
    if address.consumer is None:
        return f"/providers/{provider}/stub"
    return f"/pacts/provider/{provider}/consumer/{quote(address.consumer, safe='')}/latest/stub"


class Resolved(NamedTuple):
    """Where a request goes: the stub, the base path it was reached under, and the path within the stub."""

    stub: Stub
    base: str
    path: str


class AddressBook:
    """The addresses of one snapshot."""

    __slots__ = ("_root", "_stubs", "snapshot")

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._root = snapshot.root
        self._stubs = {canonical_path(base_path(address)): stub for address, stub in snapshot.stubs.items()}

    def resolve(self, path: str) -> Resolved:
        """The stub for a raw request path."""
        if path.startswith(_BEGINNINGS) and (prefix := address_prefix(path)) is not None:
            stub = self._stubs.get(canonical_path(prefix))
            if stub is not None:
                return Resolved(stub, prefix, path[len(prefix) :] or "/")
        return Resolved(self._root, "", path)


def address_prefix(path: str) -> str | None:
    """The part of a raw path that has the form of an address, loaded or not."""
    segments = path[1:].split("/", 7)
    for length, fixed in _FORMS:
        if len(segments) >= length and all(segments[position] == word for position, word in fixed.items()):
            return "/" + "/".join(segments[:length])
    return None
