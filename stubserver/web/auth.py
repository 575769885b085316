"""Who asks, and whether they may."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from stubserver.errors import ForbiddenError, UnauthorizedError
from stubserver.security import Guard, Principal, Role, looks_like_token

TOKEN_HEADER = "X-Stub-Token"  # noqa: S105  # the name of a header
_CURE = "send a token: Authorization: Bearer …, or for stubs X-Stub-Token: …; stubserver token create makes one"


@dataclass(frozen=True, slots=True)
class Access:
    """What is asked of those who come. Without `is_on`, nobody needs a token, and everyone may
    do what `anyone` may. `is_local` tells that only this machine reaches the server,
    `public_host` is the host (and port) of its base URL."""

    guard: Guard
    is_on: bool = False
    anyone: Role = Role.ADMIN
    is_local: bool = False
    public_host: str | None = None

    def has_unknown_token(self, headers: Mapping[str, str]) -> bool:
        """Whether these headers hold what looks like one of our tokens, and is none that is known."""
        return looks_like_token(headers.get("Authorization"), headers.get(TOKEN_HEADER)) and (
            self.guard.principal_in(headers.get("Authorization"), headers.get(TOKEN_HEADER)) is None
        )

    def demand(self, headers: Mapping[str, str], role: Role) -> Principal:
        """Who asks with these headers. Raises UnauthorizedError, and ForbiddenError when that is not theirs to do."""
        principal = self.guard.principal_in(headers.get("Authorization"), headers.get(TOKEN_HEADER))
        if principal is None and not self.is_on:
            if role is not Role.READ:
                self.demand_own_page(headers)
            principal = Principal("anyone", self.anyone)
        if principal is None:
            given = "Authorization" in headers or TOKEN_HEADER in headers
            raise UnauthorizedError("this token is not known, or was revoked" if given else "a token is needed", _CURE)
        if not principal.role.allows(role):
            what = "may only read" if principal.role is Role.READ else "may not do this"
            if not self.is_on and principal.name == "anyone":
                cure = "listen on 127.0.0.1, use --auth token, or force it with --allow-open"
                detail = "publishing is closed: the server is open to others and asks for no token"
                raise ForbiddenError(detail, cure, principal.name)
            raise ForbiddenError(f"this token {what}", f"use a token with the role {role.value}", principal.name)
        return principal

    def demand_own_page(self, headers: Mapping[str, str]) -> None:
        """Raises ForbiddenError for what a page of somebody else may have made a browser send: where nobody needs a
        token, whoever can reach the server may write, and so could any page that its user looks at.
        """
        host, origin = _plain(headers.get("Host", "")), headers.get("Origin")
        public = _plain(self.public_host) if self.public_host is not None else None
        # No page can send X-Forwarded-Host, so it may say by which name a proxy was called.
        ours = {host, _plain(headers.get("X-Forwarded-Host", host)), public or host}
        if origin is not None and _plain(origin.partition("://")[2]) not in ours:
            cure = "use a token; behind a proxy, name the URL that browsers use with --base-url"
            raise ForbiddenError(f"a page of {origin[:100]} may not write here", cure, "anyone")
        name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
        if (self.is_local or public) and not _is_name_of_this_machine(name) and host != public:
            # A name of somebody else that leads here: a page of theirs would be of the same origin.
            cure = "use 127.0.0.1 or localhost, or a token (--auth token)"
            raise ForbiddenError(f"{host[:100]!r} is not a name of this server", cure, "anyone")

    def token_in_authorization(self, headers: Mapping[str, str]) -> bool:
        """Whether Authorization carries one of our tokens, so that it is not meant for the API under test."""
        return "Authorization" in headers and self.guard.principal_in(headers["Authorization"]) is not None

    @property
    def nobody(self) -> Principal:
        """Whoever asks for what anyone may have."""
        return Principal("anyone", Role.READ)


def _plain(host: str) -> str:
    """A host as it is compared: in lower case, without a dot at its end or a port that is the usual one."""
    name = host.strip().lower().removesuffix(":80").removesuffix(":443")
    plain, separator, port = name.rpartition(":")
    return f"{plain.rstrip('.')}:{port}" if separator and not name.endswith("]") else name.rstrip(".")


def _is_name_of_this_machine(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
