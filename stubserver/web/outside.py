"""How this server is addressed from outside: behind TLS, a reverse proxy, or another name."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aiohttp.web_request import BaseRequest
from yarl import URL

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Outside:
    """What is known of it: `base_url` (without a slash at its end) where that is fixed, the scheme of the socket, and
    the networks of proxies whose X-Forwarded-Proto, -Host and -Prefix are believed.
    """

    base_url: str | None = None
    scheme: str = "http"
    proxies: tuple[_Network, ...] = field(default=())

    @property
    def prefix(self) -> str:
        """The path of the base URL, "" where there is none."""
        return URL(self.base_url).raw_path.rstrip("/") if self.base_url is not None else ""

    @property
    def host(self) -> str | None:
        """The host of the base URL."""
        return URL(self.base_url).host if self.base_url is not None else None

    @property
    def authority(self) -> str | None:
        """The host of the base URL, with its port."""
        return URL(self.base_url).authority if self.base_url is not None else None

    def trusts(self, peer: str | None) -> bool:
        """Whether what this peer (an IP address) says of the client is believed."""
        if peer is None or not self.proxies:
            return False
        try:
            address = ipaddress.ip_address(peer.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self.proxies)

    def server(self, headers: Mapping[str, str], *, trusted: bool, fallback: str = "localhost") -> str:
        """Scheme, host and prefix as clients write them, for a request with these headers."""
        if self.base_url is not None:
            return self.base_url
        scheme, host, prefix = self.scheme, headers.get("Host") or fallback, ""
        if trusted:
            scheme = _first(headers.get("X-Forwarded-Proto")) or scheme
            host = _first(headers.get("X-Forwarded-Host")) or host
            prefix = (_first(headers.get("X-Forwarded-Prefix")) or "").rstrip("/")
        shown = f"{scheme}://{host}{prefix}"
        return shown if shown.isascii() else shown.encode("ascii", "replace").decode()

    def host_server(self, host: str) -> str:
        """Scheme and host of a stub that has a host name of its own."""
        scheme = URL(self.base_url).scheme if self.base_url is not None else self.scheme
        return f"{scheme}://{host}"

    def server_of(self, request: BaseRequest) -> str:
        """Scheme, host and prefix as the client of this request wrote them."""
        fallback = "localhost"
        if request.transport is not None and "Host" not in request.headers:
            host, port = request.transport.get_extra_info("sockname")[:2]
            fallback = f"{f'[{host}]' if ':' in host else host}:{port}"
        return self.server(request.headers, trusted=self.trusts(peer_of(request)), fallback=fallback)


def peer_of(request: BaseRequest) -> str | None:
    """The IP address that a request came from; None for a Unix socket."""
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None
    return peer[0] if isinstance(peer, tuple) else None


def networks(texts: Iterable[str]) -> tuple[_Network, ...]:
    """Networks as they are written: 10.0.0.0/8, or one address. Raises ValueError."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def _first(value: str | None) -> str | None:
    return value.split(",")[0].strip() if value else None
