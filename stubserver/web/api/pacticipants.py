"""Pacticipants, their versions, branches and tags."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.errors import NotFoundError
from stubserver.store import (
    Pacticipant,
    pacticipants,
    pacts,
)
from stubserver.web.api.call import AlreadyError, Call, named, optional_text, page_of, paged
from stubserver.web.api.hal import Urls, compact_response, empty_response, hal_response, link

_FIELDS = {"displayName": "display_name", "mainBranch": "main_branch", "repositoryUrl": "repository_url"}


async def demand(connection: AsyncConnection, name: str) -> Pacticipant:
    """The pacticipant of this name. Raises NotFoundError."""
    found = await pacticipants.find(connection, name)
    if found is None:
        raise NotFoundError(f"No pacticipant with name '{name}' found")
    return found


def pacticipant_document(urls: Urls, item: Pacticipant, latest: str | None) -> dict[str, Any]:
    """An application."""
    here = urls.pacticipant(item.name)
    embedded: dict[str, Any] = {"labels": []}
    if latest is not None:
        version = {"number": latest, "_links": {"self": link(urls.version(item.name, latest), "Version", latest)}}
        embedded = {"latestVersion": version, "labels": [], "latest-version": version}
    document: dict[str, Any] = {
        "name": item.name,
        "displayName": item.display_name or item.name,
        "mainBranch": item.main_branch,
        "repositoryUrl": item.repository_url,
        "updatedAt": item.updated_at,
        "createdAt": item.created_at,
        "_embedded": embedded,
        "_links": {
            "self": link(here),
            "pb:versions": link(f"{here}/versions"),
            "pb:branches": link(f"{here}/branches"),
            "pb:version": link(f"{here}/versions/{{version}}", "Get or delete a version", templated=True),
            "pb:version-tag": link(
                f"{here}/versions/{{version}}/tags/{{tag}}",
                f"Get, create or delete a tag for a version of {item.name}",
                templated=True,
            ),
            "pb:branch-version": link(
                f"{here}/branches/{{branch}}/versions/{{version}}",
                f"Get or add/create a version for a branch of {item.name}",
                templated=True,
            ),
            "versions": link(f"{here}/versions", "Deprecated - use pb:versions"),
            "curies": urls.curies("pacticipant"),
        },
    }
    return {key: value for key, value in document.items() if value is not None}


async def list_pacticipants(call: Call) -> web.Response:
    """GET /pacticipants"""
    page, containing = page_of(call.query), call.asked("q")
    offset, limit = ((page[0] - 1) * page[1], page[1]) if page is not None else (0, None)
    async with call.reading() as connection:
        found = await pacticipants.page(connection, offset, limit, containing)
        total = await pacticipants.count(connection, containing)
        latest: dict[int, str] = {}
        for start in range(0, len(found), 500):
            latest |= await pacticipants.newest_numbers(connection, [item.id for item in found[start : start + 500]])
    urls = call.urls
    url = urls.at("pacticipants")

    def answer() -> web.Response:
        documents = [pacticipant_document(urls, item, latest.get(item.id)) for item in found]
        links = {
            "self": link(url),
            "pb:pacticipants": [link(urls.pacticipant(item.name), "Pacticipant", item.name) for item in found],
            "curies": urls.curies("pacticipants"),
        }
        document = {"_embedded": {"pacticipants": documents}, "_links": links, "pacticipants": documents}
        return compact_response(paged(document, url, page, total, containing))

    return await call.api.door.in_thread(answer)


async def create_pacticipant(call: Call) -> web.Response:
    """POST /pacticipants"""
    document = await call.document()
    name, values = named("name", document.get("name")), _values(document)
    async with call.writing() as connection:
        made, is_new = await pacticipants.ensure(connection, name)
        if not is_new:
            raise AlreadyError(f"There is a pacticipant with the name '{name}' already.")
        made = await pacticipants.change(connection, made, values)
    told = pacticipant_document(call.urls, made, None)
    return hal_response(told, 201, {"Location": call.link(told)})


def _values(document: dict[str, Any]) -> dict[str, str | None]:
    return {column: optional_text(document, field) for field, column in _FIELDS.items() if field in document}


async def get_pacticipant(call: Call) -> web.Response:
    """GET /pacticipants/N"""
    async with call.reading() as connection:
        found = await demand(connection, call["pacticipant"])
        latest = await pacticipants.newest_numbers(connection, [found.id])
    return hal_response(pacticipant_document(call.urls, found, latest.get(found.id)))


async def patch_pacticipant(call: Call) -> web.Response:
    """PATCH /pacticipants/N: made where there is none"""
    return await _changed(call, makes=True)


async def put_pacticipant(call: Call) -> web.Response:
    """PUT /pacticipants/N"""
    return await _changed(call, makes=False)


async def _changed(call: Call, *, makes: bool) -> web.Response:
    values, name, is_new = _values(await call.document(may_be_empty=True)), call["pacticipant"], False
    async with call.writing() as connection:
        if makes:
            found, is_new = await pacticipants.ensure(connection, name)
        else:
            found = await demand(connection, name)
            values = {**dict.fromkeys(_FIELDS.values()), **values}
        found = await pacticipants.change(connection, found, values)
        latest = await pacticipants.newest_numbers(connection, [found.id])
    return hal_response(pacticipant_document(call.urls, found, latest.get(found.id)), 201 if is_new else 200)


async def delete_pacticipant(call: Call) -> web.Response:
    """DELETE /pacticipants/N"""
    async with call.writing() as connection:
        await call.demand_no_files(connection, consumer=call["pacticipant"])
        await call.demand_no_files(connection, provider=call["pacticipant"])
        await pacticipants.remove(connection, await demand(connection, call["pacticipant"]))
        await pacts.remove_orphans(connection)
    return empty_response(204)
