"""Addresses: which stub a request is for, told by its path or its host name alone.

By path, the forms are what two tables say: a head, which names provider and perhaps consumer, a tail, which selects a
version, and `stub`. The words stand in a path as they are and names are percent-encoded, so whoever has a tag called
`stub` writes `%73tub`. The shortest beginning of a path that is an address is taken for one; the rest belongs to the
API under test.

By host name, `provider.` or `consumer--provider.` comes before a domain that is set aside for stubs; each name is
reduced to letters, digits and single hyphens.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, unquote

from stubserver.catalog import ALL, Address, HostedCatalog, Kept, Resolution, Snapshot, Stub
from stubserver.store import Kind, Selector
from stubserver.web.wire import split_target

CONTROL_PREFIX = "/_stubserver"


def is_control(path: str) -> bool:
    """Whether a path belongs to the control door, wherever the server is."""
    return path.startswith(CONTROL_PREFIX) and path[len(CONTROL_PREFIX) :][:1] in ("", "/")


_NAME = "*"


class _Head(NamedTuple):
    """How an address begins, and which of its segments name provider, consumer and environment."""

    form: tuple[str, ...]
    provider: int
    consumer: int | None = None
    environment: int | None = None


_HEADS = (
    _Head(("pacts", "provider", _NAME, "consumer", _NAME), 2, 4),
    _Head(("providers", _NAME), 1),
    _Head(("env", _NAME, "providers", _NAME), 3, environment=1),
)
# Tails: the segments between the head and `stub`, and what they select. The first that fits counts.
_TAILS: tuple[tuple[tuple[str, ...], Kind], ...] = (
    ((), Kind.LATEST),
    (("latest",), Kind.LATEST),
    (("latest-untagged",), Kind.UNTAGGED),
    (("main-branch",), Kind.MAIN_BRANCH),
    (("branch", "latest"), Kind.MAIN_BRANCH),
    (("latest", _NAME), Kind.TAG),
    (("version", _NAME), Kind.VERSION),
    (("environment", _NAME), Kind.ENVIRONMENT),
    (("pact-version", _NAME), Kind.PACT_VERSION),
    (("pact-version", _NAME, "metadata", _NAME), Kind.PACT_VERSION),
    (("branch", _NAME, "latest"), Kind.BRANCH),
    ((_NAME,), Kind.VERSION),
)
# What PactFlow's short form of a version cannot be: these begin other forms, and URLs of the API.
_WORDS = frozenset({word for tail, _ in _TAILS for word in tail if word is not _NAME} | {"tag", "versions"})
_BEGINNINGS = ("/pacts/provider/", "/providers/", "/env/")
_BOUNDARY = re.compile(r"/stub(?=/|$)")
_MOST_SEGMENTS = 11


def parse_address(path: str) -> tuple[Address, str] | None:
    """The address that a raw path begins with, and the prefix that it takes; None where it has no such form."""
    if not path.startswith(_BEGINNINGS):
        return None
    end = path.find("/stub", 9) + len("/stub")
    known = _known.get(path[:end])
    if known is not None and path[end : end + 1] in ("", "/"):
        return known
    parsed = _parse_address(path)
    if parsed is not None and len(parsed[1]) <= _LONGEST_KNOWN:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[parsed[1]] = parsed
    return parsed


# Addresses that were read before, by the prefix that they take: they come with every request.
_known: dict[str, tuple[Address, str]] = {}
_MOST_KNOWN = 10_000
_MOST_SPELLINGS = 100  # base paths of one stub
_LONGEST_KNOWN = 1000  # characters


def _parse_address(path: str) -> tuple[Address, str] | None:
    for boundary in _BOUNDARY.finditer(path):
        prefix = path[: boundary.end()]
        segments = prefix.split("/")[1:-1]
        if len(segments) > _MOST_SEGMENTS:
            return None
        address = _address(segments)
        if address is not None:
            return address, prefix
    return None


def _address(segments: list[str]) -> Address | None:
    """The address that these segments before `stub` are."""
    if "" in segments:
        return None
    for head in _HEADS:
        size = len(head.form)
        if not _fits(head.form, segments[:size]):
            continue
        selector = _selector(head, [_plain(segment) for segment in segments], segments[size:])
        if selector is not None:
            consumer = _plain(segments[head.consumer]) if head.consumer is not None else None
            return Address(_plain(segments[head.provider]), consumer, selector)
    return None


def _selector(head: _Head, names: list[str], rest: list[str]) -> Selector | None:
    """What the segments after a head select."""
    if head.environment is not None:
        return Selector(Kind.ENVIRONMENT, names[head.environment]) if not rest else None
    for tail, kind in _TAILS:
        is_bare = not rest and head.consumer is not None
        is_word = tail == (_NAME,) and rest[:1] != [] and rest[0] in _WORDS
        if _fits(tail, rest) and not is_bare and not is_word:
            place = tail.index(_NAME) + len(head.form) if _NAME in tail else None
            return Selector(kind, names[place] if place is not None else None)
    return None


def _fits(form: tuple[str, ...], segments: list[str]) -> bool:
    return len(form) == len(segments) and all(
        word is _NAME or word == segment for word, segment in zip(form, segments, strict=True)
    )


def _plain(segment: str) -> str:
    return unquote(segment, errors="replace")


def segment_of(name: str | None) -> str:
    """A name as a segment of a path; one that is `stub` does not look like the end of an address."""
    encoded = quote(name or "", safe="", errors="replace")
    return "%73tub" if encoded == "stub" else encoded


_TAIL_PATHS = {
    Kind.LATEST: "latest",
    Kind.UNTAGGED: "latest-untagged",
    Kind.MAIN_BRANCH: "main-branch",
    Kind.TAG: "latest/{}",
    Kind.VERSION: "version/{}",
    Kind.ENVIRONMENT: "environment/{}",
    Kind.PACT_VERSION: "pact-version/{}",
    Kind.BRANCH: "branch/{}/latest",
}


def base_path(address: Address) -> str:
    """The path under which an address is served, without a trailing slash; "" for all pacts."""
    if address.provider is None:
        return ""
    provider = segment_of(address.provider)
    selector = address.selector
    tail = _TAIL_PATHS[selector.kind].format(segment_of(selector.name))
    if address.consumer is not None:
        return f"/pacts/provider/{provider}/consumer/{segment_of(address.consumer)}/{tail}/stub"
    return f"/providers/{provider}/stub" if selector.kind is Kind.LATEST else f"/providers/{provider}/{tail}/stub"


class Place(NamedTuple):
    """Where a request is addressed to, and by what: path and query are within the stub."""

    address: Address
    base: str
    path: str
    query: str


class Resolved(NamedTuple):
    """Where a request goes: the stub, what it belongs to, the address and the base path it was reached under."""

    stub: Stub
    snapshot: Snapshot
    address: Address
    base: str


def named(resolved: Resolved) -> Address | None:
    """The address of a stub as paths have it; None where a host name does not tell, since the stub has nothing."""
    address = resolved.address
    if not address.is_host:
        return address
    some = next(iter(resolved.stub.interactions), None)
    if some is None:
        return None
    return Address(some.provider, some.consumer if address.consumer is not None else None, address.selector)


class Naming(NamedTuple):
    """How addresses are written here: domains whose names are stubs, a path that proxies leave before all others, and
    whether every path that is no address belongs to a stub of all pacts. `own_name` is the host of the server itself.
    """

    domains: tuple[str, ...] = ("localhost",)
    prefix: str = ""
    has_root: bool = True
    own_name: str | None = None

    def host_address(self, host: str | None) -> Address | None:
        """The address that a Host header has, if it is one."""
        if host is None or not self.domains:
            return None
        name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
        name = name.lower().rstrip(".")
        if name == self.own_name or not any(name.endswith(f".{domain}") for domain in self.domains):
            return None
        label = name.partition(".")[0]
        consumer, separator, provider = label.partition("--")
        if not separator:
            return Address(label, None, is_host=True)
        return Address(provider, consumer, is_host=True)

    def own(self, server: str) -> str:
        """The URL of the server itself, for whoever reached it by the host name of a stub."""
        scheme, _, rest = server.partition("://")
        host, slash, path = rest.partition("/")
        if self.host_address(host) is None:
            return server
        name, colon, port = host.partition(":")
        domain = next(domain for domain in self.domains if name.lower().rstrip(".").endswith(f".{domain}"))
        return f"{scheme}://{self.own_name or domain}{colon}{port}{slash}{path}"

    def within(self, path: str) -> str:
        """A path without the one that a proxy may have left before it."""
        if path.startswith(self.prefix) and path[len(self.prefix) :][:1] in ("", "/"):
            return path[len(self.prefix) :] or "/"
        return path

    def place(self, target: str, host_address: Address | None) -> Place | None:
        """Where a request target is addressed to; None for what belongs to the control door."""
        if target[:1] == "/" and "#" not in target:
            path, _, query = target.partition("?")
        else:
            path, query = split_target(target)
        if self.prefix:
            path = self.within(path)
        if is_control(path):
            return None
        if host_address is not None:
            return Place(host_address, "", path, query)
        if path.startswith(_BEGINNINGS) and (parsed := parse_address(path)) is not None:
            address, prefix = parsed
            return Place(address, prefix, path[len(prefix) :] or "/", query)
        return Place(ALL, "", path, query) if self.has_root else None


class AddressBook:
    """What the addresses mean now: those of pacts that were loaded, and those of pacts that were published."""

    __slots__ = ("_documents", "_hosted", "_warm", "root", "snapshot")

    def __init__(self, documents: Snapshot, hosted: HostedCatalog | None) -> None:
        self.snapshot = documents
        self.root = Resolved(documents.root, documents, ALL, "")  # of what has no other address
        self._documents = documents.stubs
        self._hosted = hosted
        # What a stub is kept by: by base path, or by the address where a host name has it.
        self._warm: dict[str | Address, Kept[Snapshot]] = {}

    def resolve(self, place: Place) -> Resolved | Resolution | None:
        """Where a place is, if that is in memory; a Resolution if it is known that there is nothing; else None."""
        address = place.address
        if address is ALL:
            return self.root
        key = place.base or address
        warm = self._warm.get(key)
        if warm is not None:
            resolved: Resolved | None = warm.attached.get(key)
            if resolved is not None:
                warm.used = True
                return resolved
        return self._resolve(place)

    def _resolve(self, place: Place) -> Resolved | Resolution | None:
        address = place.address
        if address.is_host:
            address = self.snapshot.by_host.get((address.provider, address.consumer)) or address
        stub = self._documents.get(address)
        if stub is not None:
            return Resolved(stub, self.snapshot, address, place.base)
        found = self._hosted.warm(address) if self._hosted is not None else _NOTHING
        if not isinstance(found, Kept):
            return found
        if found.value is None:
            return None
        resolved = self.resolved(place, found.value)
        if len(self._warm) >= _MOST_KNOWN:
            self._warm.clear()
        key = place.base or place.address
        if len(found.attached) >= _MOST_SPELLINGS:
            found.attached.clear()
        self._warm[key] = found
        found.attached[key] = resolved
        return resolved

    def resolved(self, place: Place, snapshot: Snapshot) -> Resolved:
        """The place in the stub of a published pact."""
        return Resolved(snapshot.root, snapshot, place.address, place.base)


_NOTHING = Resolution(None)


def at_root(place: Place) -> Place:
    """The same request, addressed to the stub of all pacts, since its address turned out to be none."""
    path = place.base + place.path if place.path != "/" or not place.base else place.base
    return Place(ALL, "", path, place.query)
