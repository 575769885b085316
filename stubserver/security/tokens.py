"""Access tokens: made at random, shown once, kept as hashes, compared in constant time.

A token has much more chance in it than can be guessed, so a plain SHA-256 is enough to keep it by. Its beginning says
what it is, so that people and scanners recognise one that was left lying about.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from stubserver.store import Token


class Role(StrEnum):
    """What a token allows: READ reads and uses stubs, WRITE also publishes, ADMIN also deals in tokens and audit."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def allows(self, needed: Role) -> bool:
        """Whether this role may do what needs that one."""
        return _RANK[self] >= _RANK[needed]


_RANK = {Role.READ: 0, Role.WRITE: 1, Role.ADMIN: 2}
_PREFIXES = {Role.READ: "stubserver_ro_", Role.WRITE: "stubserver_rw_", Role.ADMIN: "stubserver_admin_"}
_TOKEN = re.compile(r"stubserver_(?:ro|rw|admin)_[A-Za-z0-9_-]{43}")
_HINT = 6  # characters of its random part by which a token is recognised


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever asks: the name that goes into the audit, and the role."""

    name: str
    role: Role


def new_token(role: Role) -> str:
    """A new token."""
    return _PREFIXES[role] + secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """What a token is kept by."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def hint_of(token: str) -> str:
    """The beginning of a token, which is no secret."""
    prefix = token[: token.index("_", len("stubserver_")) + 1]
    return token[: len(prefix) + _HINT]


def secrets_in(authorization: str) -> Iterator[str]:
    """What in an Authorization header has the form of one of our tokens: a bearer, or either half of basic credentials,
    since older clients know no other way to send one.
    """
    scheme, _, rest = authorization.partition(" ")
    kind = scheme.lower()
    if kind == "bearer":
        candidates = [rest.strip()]
    elif kind == "basic":
        try:
            user, _, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return
        candidates = [password, user]
    else:
        return
    yield from (candidate for candidate in candidates if _TOKEN.fullmatch(candidate))


def looks_like_token(authorization: str | None, token: str | None) -> bool:
    """Whether either of two headers holds something in the form of one of our tokens."""
    return (token is not None and _TOKEN.fullmatch(token.strip()) is not None) or any(secrets_in(authorization or ""))


class Guard:
    """Knows the tokens that are good now."""

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[str, Principal]] = {}  # the hash again, and who

    def replace(self, tokens: Iterable[Token]) -> None:
        """Know these from now on."""
        self._tokens = {
            token.hash: (token.hash, Principal(f"{token.description} ({token.hint}…)", Role(token.role)))
            for token in tokens
        }

    @property
    def knows_any(self) -> bool:
        """Whether there is any token."""
        return bool(self._tokens)

    @property
    def knows_admin(self) -> bool:
        """Whether anyone could deal in tokens."""
        return any(principal.role is Role.ADMIN for _, principal in self._tokens.values())

    def principal_of(self, secret: str) -> Principal | None:
        """Whose token this is; None for one that is not good."""
        digest = digest_of(secret)
        found = self._tokens.get(digest)  # of a hash nothing can be learnt by how long it takes to find it
        return found[1] if found is not None and hmac.compare_digest(found[0], digest) else None

    def principal_with(self, digest: str) -> Principal | None:
        """Whose token has this hash; None where it is not good."""
        found = self._tokens.get(digest)
        return found[1] if found is not None else None

    def principal_in(self, authorization: str | None, token: str | None = None) -> Principal | None:
        """Whose token is in an Authorization header or, before it, in a header that has nothing but a token."""
        if token is not None:
            return self.principal_of(token.strip())
        for secret in secrets_in(authorization or ""):
            if (found := self.principal_of(secret)) is not None:
                return found
        return None
