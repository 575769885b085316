"""Who looks at a page: by a token in a header, as API clients send it, or signed in with one.

Whoever signs in gets a cookie with a secret of its own; the token stays where it came from. The cookie counts for pages
only, neither stubs nor the API take it. Stubs are of the same origin and may answer with scripts; so whatever changes
something, and pages of administrators, are for people alone (`demand_navigation`).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta

from aiohttp import web

from stubserver.errors import ForbiddenError, UnauthorizedError
from stubserver.security import Principal, Role, digest_of
from stubserver.store import StoreUnavailableError, audit, sign_ins, tokens
from stubserver.web.api.call import payload_of
from stubserver.web.auth import TOKEN_HEADER
from stubserver.web.explorer.viewing import Explorer, Viewing
from stubserver.web.pages import see_other

_WHO = {Role.READ: "readers", Role.WRITE: "those who may publish", Role.ADMIN: "administrators"}
COOKIE = "stubserver_sign_in"
_LASTS = timedelta(days=7)
_LONGEST = 300  # characters of what is taken for a token


async def principal_of(explorer: Explorer, request: web.Request) -> tuple[Principal | None, bool]:
    """Who asks, None for a stranger; and whether that is told by a cookie. Raises StoreUnavailableError."""
    access, headers = explorer.access, request.headers
    if access.is_on and access.has_unknown_token(headers):
        await explorer.hosted.look_again()
    principal = access.guard.principal_in(headers.get("Authorization"), headers.get(TOKEN_HEADER))
    if principal is not None:
        return principal, False
    if not access.is_on:
        return Principal("anyone", access.anyone), False
    secret = request.cookies.get(COOKIE)
    if not secret:
        return None, False
    async with explorer.hosted.reading() as connection:
        token_hash = await sign_ins.token_hash_of(connection, digest_of(secret))
    principal = access.guard.principal_with(token_hash) if token_hash is not None else None
    return principal, principal is not None


async def is_still_good(explorer: Explorer, request: web.Request, principal: Principal | None) -> bool:
    """Whether the same would be let in now."""
    try:
        now, _ = await principal_of(explorer, request)
    except StoreUnavailableError:
        return False
    return now is not None and now == principal


def demand_navigation(headers: Mapping[str, str]) -> None:
    """Raises ForbiddenError where a script asks for what only a person may who is signed in: pages and stubs are of one
    origin. Browsers say so on secure connections and on this machine.
    """
    mode, place = headers.get("Sec-Fetch-Mode", "navigate"), headers.get("Sec-Fetch-Dest", "document")
    if (mode, place) != ("navigate", "document"):
        raise ForbiddenError("scripts may not do this for whoever is signed in", "send a token in a header", "unknown")


def demand(principal: Principal | None, role: Role) -> None:
    """Raises UnauthorizedError for a stranger, ForbiddenError for whoever may not do what takes this role."""
    if principal is None:
        raise UnauthorizedError("these pages need a token", "sign in")
    if not principal.role.allows(role):
        raise ForbiddenError(
            f"this page is for {_WHO[role]}", f"sign in with a token whose role is {role.value}", principal.name
        )


async def sign_in_page(viewing: Viewing) -> web.Response:
    """GET /sign-in"""
    return await _form(viewing, viewing.query.get("to", ""))


async def _form(viewing: Viewing, to: str, wrong: str = "", status: int = 200) -> web.Response:
    return await viewing.page("sign_in.html", status, to=to[:2000], wrong=wrong)


async def sign_in(viewing: Viewing) -> web.Response:
    """POST /sign-in: a cookie for a token"""
    form = await viewing.form()
    token, to = form.get("token", "").strip()[:_LONGEST], form.get("to", "")
    explorer = viewing.explorer
    principal = explorer.access.guard.principal_of(token)
    if principal is None:
        await explorer.hosted.look_again()
        principal = explorer.access.guard.principal_of(token)
    secret = secrets.token_urlsafe(32)
    uuid = None
    if principal is not None:
        async with explorer.hosted.database.writing() as connection:
            uuid = await tokens.uuid_of(connection, digest_of(token))
            if uuid is not None:
                await sign_ins.add(connection, digest_of(secret), uuid, _LASTS)
                event = audit.event("SignIn", principal.name, 200, payload_of(viewing.request, {}))
                await audit.record(connection, [event])
    if uuid is None:
        told = payload_of(viewing.request, {"reason": "this token is not known, or was revoked"})
        explorer.hosted.note_refusal("SignInRefused", 401, told)
        return await _form(viewing, to, "This token is not known, or was revoked.", 401)
    response = see_other(_where_to(viewing, to))
    response.set_cookie(
        COOKIE,
        secret,
        path=viewing.links.control,
        max_age=int(_LASTS.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=viewing.server.startswith("https:"),
    )
    return response


def _where_to(viewing: Viewing, to: str) -> str:
    """The page that somebody wanted to see, if it is one of ours."""
    is_ours = to.startswith(viewing.links.root + "/") and to.isprintable() and "\\" not in to
    return to if is_ours else viewing.links.page()


async def sign_out(viewing: Viewing) -> web.Response:
    """POST /sign-out"""
    secret = viewing.request.cookies.get(COOKIE)
    if secret:
        async with viewing.explorer.hosted.database.writing() as connection:
            await sign_ins.end(connection, digest_of(secret))
    response = see_other(viewing.links.page("sign-in"))
    response.del_cookie(COOKIE, path=viewing.links.control)
    return response
