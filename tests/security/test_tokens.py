"""Access tokens: what they look like, how they come, and who they make of those who send them."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stubserver.security import Guard, Principal, Role, digest_of, hint_of, looks_like_token, new_token, secrets_in
from stubserver.store import Token

KNOWN = "stubserver_rw_" + "Abc-_" * 8 + "xyz"  # as `new_token` makes them, but the same in every run
UNKNOWN = "stubserver_admin_" + "Zyx-_" * 8 + "abc"


def record(secret: str, role: Role = Role.WRITE, description: str = "CI") -> Token:
    """What the store keeps of a token."""
    return Token("uuid", description, role.value, digest_of(secret), hint_of(secret), "", None)


def guard(*tokens: Token) -> Guard:
    """A guard that knows these tokens."""
    made = Guard()
    made.replace(tokens)
    return made


def basic(credentials: str | bytes) -> str:
    """An Authorization header with basic credentials."""
    content = credentials.encode() if isinstance(credentials, str) else credentials
    return "Basic " + base64.b64encode(content).decode()


@pytest.mark.parametrize(("role", "prefix"), [("read", "ro"), ("write", "rw"), ("admin", "admin")])
def test_form(role: str, prefix: str) -> None:
    """A token says what it is and of which role, and has 256 bits of chance in it."""
    made = {new_token(Role(role)) for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(rf"stubserver_{prefix}_[A-Za-z0-9_-]{{43}}", token) for token in made)
    assert {len(hint_of(token)) for token in made} == {len(f"stubserver_{prefix}_") + 6}
    assert all(token.startswith(hint_of(token)) for token in made)


def test_only_the_hash_is_kept() -> None:
    """What is kept does not hold the token, nor does what the guard knows; the hint is too short to guess from."""
    kept = record(KNOWN)
    assert kept.hash == hashlib.sha256(KNOWN.encode()).hexdigest()
    secret = KNOWN.removeprefix("stubserver_rw_")
    known = guard(kept)
    for told in (repr(kept), repr(vars(known)), repr(known.principal_of(KNOWN))):
        assert secret not in told
        assert secret[6:12] not in told


@pytest.mark.parametrize(
    ("has", "allowed"),
    [(Role.READ, [Role.READ]), (Role.WRITE, [Role.READ, Role.WRITE]), (Role.ADMIN, [*Role])],
)
def test_roles(has: Role, allowed: list[Role]) -> None:
    """Each role may do what the one below it may."""
    assert [role for role in Role if has.allows(role)] == allowed


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {KNOWN}",
        f"bearer {KNOWN}",
        f"BEARER   {KNOWN}  ",
        basic(f"anyone:{KNOWN}"),
        basic(f"{KNOWN}:"),
        basic(KNOWN),
        basic(f"{KNOWN}:{KNOWN}"),
        basic(f"{KNOWN}:other"),
        basic(f"{UNKNOWN}:{KNOWN}"),
        basic(f"{KNOWN}:{UNKNOWN}"),
        "basic   " + basic(f":{KNOWN}")[6:],
    ],
)
def test_ways_to_send_a_token(header: str) -> None:
    """As a bearer, or as either half of basic credentials."""
    principal = guard(record(KNOWN)).principal_in(header)
    assert principal == Principal(f"CI ({hint_of(KNOWN)}…)", Role.WRITE)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        " ",
        "Bearer",
        "Bearer ",
        KNOWN,
        f"Token {KNOWN}",
        f"Bearer{KNOWN}",
        f"Bearer {KNOWN[:-1]}",
        f"Bearer {KNOWN}x",
        f"Bearer {KNOWN} {KNOWN}",
        f"Bearer {KNOWN.upper()}",
        f"Bearer {digest_of(KNOWN)}",
        f"Bearer {hint_of(KNOWN)}",
        f"Bearer {UNKNOWN}",
        "Basic",
        "Basic !",
        "Basic é",
        "Basic " + "=" * 100,
        basic(b"\xff\xfe:\xff"),
        basic("user:password"),
        basic(f"a:b:{KNOWN}"),
        basic(f"Bearer {KNOWN}"),
        basic(f"a:{KNOWN}")[:-1],
        f"Digest {KNOWN}",
    ],
)
def test_what_is_no_token(header: str | None) -> None:
    """Anything else is nobody."""
    assert guard(record(KNOWN)).principal_in(header) is None


def test_a_header_for_nothing_but_a_token_goes_first() -> None:
    """Authorization may be meant for the API under test; where the other header is there, only that counts."""
    known = guard(record(KNOWN))
    assert known.principal_in("Bearer of-somebody-else", KNOWN) is not None
    assert known.principal_in(None, f"  {KNOWN} ") is not None
    assert known.principal_in(f"Bearer {KNOWN}", "wrong") is None
    assert known.principal_in(f"Bearer {KNOWN}", "") is None


def test_revoked() -> None:
    """A guard knows the tokens it was given last, and no others."""
    other = new_token(Role.ADMIN)
    known = guard(record(KNOWN), record(other, Role.ADMIN))
    assert known.knows_admin
    assert known.knows_any
    known.replace([record(KNOWN)])
    assert known.principal_of(other) is None
    assert known.principal_of(KNOWN) is not None
    assert not known.knows_admin
    known.replace([])
    assert known.principal_of(KNOWN) is None
    assert not known.knows_any
    assert Guard().principal_in(f"Bearer {KNOWN}") is None


def test_what_looks_like_a_token() -> None:
    """Whether a header holds something in the form of a token, good or not."""
    unknown = new_token(Role.READ)
    assert looks_like_token(f"Bearer {unknown}", None)
    assert looks_like_token(basic(f"x:{unknown}"), None)
    assert looks_like_token(None, f" {unknown} ")
    assert looks_like_token("Bearer other", unknown)
    assert not looks_like_token("Bearer other", "other")
    assert not looks_like_token(None, None)


@given(
    st.sampled_from(["", "Bearer ", "Basic ", "basic\t", "BASIC "]),
    st.text()
    | st.binary().map(lambda content: content.decode("utf-8", "surrogateescape"))
    | st.binary().map(lambda content: base64.b64encode(content).decode()),
)
@example("Basic ", basic(f"{KNOWN}:\0")[6:] + "\udcff")
def test_hostile_headers(scheme: str, rest: str) -> None:
    """Whatever comes in the headers is nobody, and no error."""
    known = guard(record(KNOWN))
    header = scheme + rest
    assert known.principal_in(header) is None
    assert known.principal_in(None, header) is None
    assert list(secrets_in(header)) == []


@given(st.text() | st.binary().map(lambda content: content.decode("utf-8", "surrogateescape")))
def test_digest(text: str) -> None:
    """Different texts have different hashes of 64 characters."""
    assert len(digest_of(text)) == 64
    assert digest_of(text) != digest_of(text + "x")
