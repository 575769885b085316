"""The pages of those who run the server: tokens, audit, environments, settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from aiohttp import web

from stubserver.catalog import Address
from stubserver.catalog.names import environment_name_problem, name_problem
from stubserver.errors import NotFoundError
from stubserver.security import Role, digest_of, hint_of, new_token
from stubserver.store import Kind, Selector, audit, environments, pacts, tokens
from stubserver.web.api.call import payload_of
from stubserver.web.explorer.viewing import Viewing
from stubserver.web.pages import see_other

_EVENTS = 50
_RESIDENCES = 100  # of an environment
_PROVIDERS = 200


async def _record(viewing: Viewing, connection: Any, kind: str, details: Mapping[str, Any]) -> None:
    assert viewing.principal is not None
    payload = payload_of(viewing.request, details)
    await audit.record(connection, [audit.event(kind, viewing.principal.name, 200, payload)])


async def tokens_page(viewing: Viewing) -> web.Response:
    """GET /tokens: those that there are"""
    return await _tokens(viewing)


async def _tokens(viewing: Viewing, status: int = 200, **values: Any) -> web.Response:
    async with viewing.reading() as connection:
        found = await tokens.every(connection, revoked=True)
    shown = sorted(found, key=lambda token: token.revoked_at is not None)[:500]
    blank = {"secret": "", "made": "", "wrong": "", "description": ""}
    return await viewing.page("tokens.html", status, tokens=shown, **{**blank, **values})


async def make_token(viewing: Viewing) -> web.Response:
    """POST /tokens: make one, and show it this once"""
    form = await viewing.form()
    description = form.get("description", "").strip()
    problem = name_problem(description)
    try:
        role = Role(form.get("role", "read"))
    except ValueError:
        return await _tokens(
            viewing, 400, wrong=f"The role must be one of {', '.join(Role)}", description=description[:255]
        )
    if problem is not None:
        return await _tokens(viewing, 400, wrong=f"What it is for {problem}", description=description[:255])
    secret = new_token(role)
    details = {"resource_name": "token", "description": description, "role": role.value, "hint": hint_of(secret)}
    async with viewing.explorer.hosted.writing() as connection:
        await tokens.add(connection, description, role, digest_of(secret), hint_of(secret))
        await _record(viewing, connection, "CreateApiToken", details)
    return await _tokens(viewing, 201, secret=secret, made=f"The token “{description}” is made")


async def revoke_token(viewing: Viewing) -> web.Response:
    """POST /tokens/UUID/revoke: end one"""
    async with viewing.reading() as connection:
        found = await tokens.find(connection, viewing.name_in_path("uuid"))
    if found is None or found.revoked_at is not None:
        raise NotFoundError("there is no such token", "see those that there are")
    async with viewing.explorer.hosted.writing() as connection:
        await tokens.revoke(connection, found)
        details = {"resource_name": "token", "description": found.description, "hint": found.hint}
        await _record(viewing, connection, "RevokeApiToken", details)
    return see_other(viewing.links.page("tokens"))


async def audit_page(viewing: Viewing) -> web.Response:
    """GET /audit: who did what"""
    query = viewing.query
    kind, actor = query.get("type", "").strip()[:100], query.get("actor", "").strip()[:300]
    start = query.get("from") or None
    async with viewing.reading() as connection:
        found = await audit.page(
            connection, _EVENTS + 1, kind=kind or None, actor=actor or None, start=start, descending=True
        )
    events = [
        {
            "timestamp": item.timestamp,
            "type": item.type,
            "actor": item.actor,
            "status": item.status,
            "payload": {"method": "", "path": "", "params": {}, "reason": "", **item.payload},
        }
        for item in found[:_EVENTS]
    ]
    following = found[_EVENTS].uuid if len(found) > _EVENTS else None
    link = viewing.links.page("audit", type=kind, actor=actor, **{"from": following}) if following else None
    is_asked = bool(kind or actor or start)
    return await viewing.page(
        "audit.html", events=events, wanted_type=kind, wanted_actor=actor, is_asked=is_asked, next=link
    )


async def environments_page(viewing: Viewing) -> web.Response:
    """GET /environments: what is where"""
    return await _environments(viewing)


async def _environments(viewing: Viewing, status: int = 200, **values: Any) -> web.Response:
    places = []
    async with viewing.reading() as connection:
        every = await environments.every(connection)
        here: dict[str, list[Any]] = {}
        for residence in await environments.current(connection):
            here.setdefault(residence.environment.uuid, []).append(residence)
        used = {
            environment.name: await pacts.choose(connection, selector=Selector(Kind.ENVIRONMENT, environment.name))
            for environment in every
        }
    for environment in every:
        its = here.get(environment.uuid, [])
        more = max(0, len(its) - _RESIDENCES)
        providers = sorted({pact.provider for pact in used[environment.name]})[:_PROVIDERS]
        shown = {"environment": environment, "residences": its[:_RESIDENCES], "more": more, "providers": providers}
        places.append(shown)
    return await viewing.page(
        "environments.html",
        status,
        places=places,
        stub_in=lambda provider, name: Address(provider, None, Selector(Kind.ENVIRONMENT, name)),
        **{"wrong": "", "name": "", **values},
    )


async def add_environment(viewing: Viewing) -> web.Response:
    """POST /environments: add one"""
    form = await viewing.form()
    name, shown = form.get("name", "").strip(), form.get("display_name", "").strip() or None
    problem = environment_name_problem(name)
    wrong = f"The name {problem}" if problem is not None else ""
    if not wrong and shown is not None and (problem := name_problem(shown)) is not None:
        wrong = f"What it is shown as {problem}"
    if wrong:
        return await _environments(viewing, 400, wrong=wrong, name=name[:255])
    async with viewing.explorer.hosted.writing() as connection:
        if await environments.every(connection, name):
            problem = "is taken: there is an environment of this name"
        else:
            production = form.get("production") == "yes"
            await environments.add(connection, name, shown, production, [])
            await _record(viewing, connection, "CreateEnvironment", {"name": name, "production": production})
    if problem is not None:
        return await _environments(viewing, 409, wrong=f"The name {problem}", name=name[:255])
    return see_other(viewing.links.page("environments") + "#" + quote(name))


async def settings_page(viewing: Viewing) -> web.Response:
    """GET /settings: how the server was started"""
    shown = [(item.name, item.value, item.told, item.is_default) for item in viewing.explorer.settings]
    return await viewing.page("settings.html", settings=shown, store=viewing.explorer.hosted.database.shown)
