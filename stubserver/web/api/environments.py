"""Environments, deployments and releases."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.catalog.names import environment_name_problem
from stubserver.errors import NotFoundError
from stubserver.store import Environment, Residence, environments
from stubserver.web.api.call import Call, InvalidError, optional_text
from stubserver.web.api.hal import Urls, empty_response, hal_response, link
from stubserver.web.api.versions import demand_version

# What a residence of each kind is called.
_LISTS = {"deployed": "deployedVersions", "released": "releasedVersions"}
_FLAGS = {"deployed": "currentlyDeployed", "released": "currentlySupported"}
_ENDS = {"deployed": "undeployedAt", "released": "supportEndedAt"}


def environment_document(urls: Urls, item: Environment) -> dict[str, Any]:
    """An environment."""
    here, shown = urls.environment(item.uuid), item.display_name or item.name
    return {
        "uuid": item.uuid,
        "name": item.name,
        "displayName": shown,
        "production": item.production,
        **({"contacts": item.contacts} if item.contacts else {}),
        "createdAt": item.created_at,
        "updatedAt": item.updated_at,
        "_links": {
            "self": link(here, "Environment", item.name),
            "pb:currently-deployed-deployed-versions": link(
                f"{here}/deployed-versions/currently-deployed", f"Versions currently deployed to {shown} environment"
            ),
            "pb:currently-supported-released-versions": link(
                f"{here}/released-versions/currently-supported",
                f"Versions released and supported in {shown} environment",
            ),
            "pb:environments": link(urls.at("environments"), "Environments"),
        },
    }


async def list_environments(call: Call) -> web.Response:
    """GET /environments"""
    async with call.reading() as connection:
        found = await environments.every(connection, call.asked("name"))
    urls = call.urls
    links = {
        "self": link(urls.at("environments"), "Environments"),
        "pb:environments": [link(urls.environment(item.uuid), "Environment", item.name) for item in found],
        "curies": urls.curies("environments"),
    }
    documents = [environment_document(urls, item) for item in found]
    return hal_response({"_embedded": {"environments": documents}, "_links": links})


def _read(document: dict[str, Any]) -> tuple[str, str | None, bool, list[Any]]:
    errors: dict[str, list[str]] = {}
    name, production, contacts = document.get("name"), document.get("production"), document.get("contacts") or []
    if (problem := environment_name_problem(name)) is not None:
        errors["name"] = [problem]
    if not isinstance(production, bool):
        errors["production"] = ["is missing" if production is None else "must be true or false"]
    if not isinstance(contacts, list) or not all(isinstance(contact, dict) for contact in contacts):
        errors["contacts"] = ["must be an array of objects"]
    if errors:
        raise InvalidError(errors)
    return str(name), optional_text(document, "displayName"), bool(production), contacts


async def create_environment(call: Call) -> web.Response:
    """POST /environments"""
    values = _read(await call.document())
    async with call.writing() as connection:
        await _demand_free(connection, values[0])
        made = await environments.add(connection, *values)
    document = environment_document(call.urls, made)
    return hal_response(document, 201, {"Location": call.link(document)})


async def _demand_free(connection: AsyncConnection, name: str, uuid: str | None = None) -> None:
    if any(item.uuid != uuid for item in await environments.every(connection, name)):
        raise InvalidError({"name": [f"Another environment with name '{name}' already exists"]})


async def _demand(call: Call, connection: AsyncConnection) -> Environment:
    found = await environments.find(connection, call["environment"])
    if found is None:
        raise NotFoundError("The requested environment was not found on this server.")
    return found


async def get_environment(call: Call) -> web.Response:
    """GET /environments/UUID"""
    async with call.reading() as connection:
        return hal_response(environment_document(call.urls, await _demand(call, connection)))


async def put_environment(call: Call) -> web.Response:
    """PUT /environments/UUID"""
    values = _read(await call.document())
    async with call.writing() as connection:
        found = await _demand(call, connection)
        await _demand_free(connection, values[0], found.uuid)
        changed = await environments.change(connection, found, *values)
    return hal_response(environment_document(call.urls, changed))


async def delete_environment(call: Call) -> web.Response:
    """DELETE /environments/UUID"""
    async with call.writing() as connection:
        await environments.remove(connection, await _demand(call, connection))
    return empty_response(204)


def residence_document(urls: Urls, item: Residence) -> dict[str, Any]:
    """A version in an environment."""
    document: dict[str, Any] = {
        "uuid": item.uuid,
        _FLAGS[item.kind]: item.current,
        "createdAt": item.created_at,
        "_embedded": {
            "pacticipant": {
                "name": item.pacticipant,
                "_links": {"self": link(urls.pacticipant(item.pacticipant), "Pacticipant", item.pacticipant)},
            },
            "version": {
                "number": item.version,
                "_links": {"self": link(urls.version(item.pacticipant, item.version), "Version", item.version)},
            },
            "environment": environment_document(urls, item.environment),
        },
        "_links": {"self": link(urls.at(f"{item.kind}-versions", item.uuid))},
    }
    if item.target is not None:
        document |= {"applicationInstance": item.target, "target": item.target}
    if item.ended_at is not None:
        document[_ENDS[item.kind]] = item.ended_at
    return document


async def record_deployment(call: Call) -> web.Response:
    """POST /pacticipants/N/versions/V/deployed-versions/environment/UUID"""
    return await _recorded(call, "deployed")


async def record_release(call: Call) -> web.Response:
    """POST /pacticipants/N/versions/V/released-versions/environment/UUID"""
    return await _recorded(call, "released")


async def _recorded(call: Call, kind: str) -> web.Response:
    document = await call.document(may_be_empty=True)
    target = optional_text(document, "applicationInstance") or optional_text(document, "target")
    async with call.writing() as connection:
        version = await demand_version(connection, call["pacticipant"], call["version"])
        place = await _demand(call, connection)
        call.note(environment=place.name)
        its = None if kind == "released" else target
        made, is_new = await environments.settle(connection, version.pacticipant, version.id, place, kind, its)
    told = residence_document(call.urls, made)
    return hal_response(told, 201 if is_new or kind == "deployed" else 200, {"Location": call.link(told)})


async def list_recorded(call: Call) -> web.Response:
    """GET /pacticipants/N/versions/V/deployed-versions/environment/UUID, and the same of released-versions"""
    kind = "deployed" if "/deployed-versions/" in call.request.path else "released"
    async with call.reading() as connection:
        version = await demand_version(connection, call["pacticipant"], call["version"])
        place = await _demand(call, connection)
        found = await environments.current(
            connection, kind, environment=place, pacticipant=version.pacticipant, version=version.number, ended=True
        )
    return _listed(call, kind, found)


async def currently_deployed(call: Call) -> web.Response:
    """GET /environments/UUID/deployed-versions/currently-deployed"""
    return await _current(call, "deployed")


async def currently_supported(call: Call) -> web.Response:
    """GET /environments/UUID/released-versions/currently-supported"""
    return await _current(call, "released")


async def _current(call: Call, kind: str) -> web.Response:
    async with call.reading() as connection:
        found = await environments.current(
            connection,
            kind,
            environment=await _demand(call, connection),
            pacticipant=call.asked("pacticipant"),
            version=call.asked("version"),
            target=call.asked("applicationInstance") or call.asked("target"),
        )
    return _listed(call, kind, found)


def _listed(call: Call, kind: str, found: list[Residence]) -> web.Response:
    documents = [residence_document(call.urls, item) for item in found]
    return hal_response({"_embedded": {_LISTS[kind]: documents}, "_links": {"self": link(call.self_url)}})


async def get_residence(call: Call) -> web.Response:
    """GET /deployed-versions/UUID, /released-versions/UUID"""
    async with call.reading() as connection:
        return hal_response(residence_document(call.urls, await _demand_residence(call, connection)))


async def _demand_residence(call: Call, connection: AsyncConnection) -> Residence:
    kind = "deployed" if "/deployed-versions/" in call.request.path else "released"
    found = await environments.find_residence(connection, call["uuid"], kind)
    if found is None:
        raise NotFoundError(f"The requested {kind} version was not found on this server.")
    return found


async def patch_residence(call: Call) -> web.Response:
    """PATCH /deployed-versions/UUID, /released-versions/UUID: only to end it"""
    document = await call.document(may_be_empty=True)
    async with call.writing() as connection:
        found = await _demand_residence(call, connection)
        flag = _FLAGS[found.kind]
        if document.get(flag) is True and not found.current:
            raise InvalidError({flag: ["cannot be set back to true; record it anew"]})
        if document.get(flag) is False and found.current:
            await environments.end(connection, found)
            found = await _demand_residence(call, connection)
    return hal_response(residence_document(call.urls, found))
