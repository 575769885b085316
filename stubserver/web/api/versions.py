"""Versions of pacticipants, their branches and tags."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.errors import NotFoundError
from stubserver.store import Environment, Publication, Residence, Version, environments, pacticipants, pacts
from stubserver.web.api.call import Call, InvalidError, named, optional_text, page_of, paged
from stubserver.web.api.hal import Urls, empty_response, hal_response, link
from stubserver.web.api.pacticipants import demand


async def demand_version(connection: AsyncConnection, pacticipant: str, number: str) -> Version:
    """A version. Raises NotFoundError."""
    await demand(connection, pacticipant)
    found = await pacticipants.find_version(connection, pacticipant, number)
    if found is None:
        raise NotFoundError(f"No version {number} of {pacticipant} found")
    return found


def version_document(
    urls: Urls, item: Version, places: list[Environment] | None = None, residences: list[Residence] | None = None
) -> dict[str, Any]:
    """A version; with links to record it in `places` where they are given."""
    here = urls.version(item.pacticipant, item.number)
    links: dict[str, Any] = {
        "self": link(here, "Version", item.number),
        "pb:pacticipant": link(urls.pacticipant(item.pacticipant), "Pacticipant", item.pacticipant),
        "pb:tag": link(f"{here}/tags/{{tag}}", "Get, create or delete a tag for this version", templated=True),
        "pb:latest-verification-results-where-pacticipant-is-consumer": link(
            f"{urls.at('verification-results', 'consumer', item.pacticipant, 'version', item.number)}/latest",
            "Latest verification results for consumer version",
        ),
        "pb:pact-versions": [
            link(
                urls.pact(Publication(0, item.pacticipant, provider, item.number, 0, 0, "", 0, "")),
                "Pact",
                f"Pact between {item.pacticipant} ({item.number}) and {provider}",
            )
            for provider in item.providers
        ],
    }
    if places is not None:
        for kind, noun in (("deployed", "deployment"), ("released", "release")):
            links[f"pb:{kind}-environments"] = [
                link(
                    urls.at(f"{kind}-versions", its.uuid),
                    f"Version {kind} to {its.environment.display_name or its.environment.name}",
                    its.environment.name,
                )
                for its in residences or ()
                if its.kind == kind
            ]
            links[f"pb:record-{noun}"] = [
                link(
                    f"{here}/{kind}-versions/environment/{place.uuid}",
                    f"Record {noun} to {place.display_name or place.name}",
                    place.name,
                )
                for place in places
            ]
    document: dict[str, Any] = {
        "number": item.number,
        "buildUrl": item.build_url,
        "createdAt": item.created_at,
        "_embedded": {
            "branchVersions": [
                {
                    "name": branch.name,
                    "latest": branch.is_latest,
                    "_links": {"self": _on_branch(urls, item, branch.name)},
                }
                for branch in item.branches
            ],
            "tags": [
                {"name": tag, "_links": {"self": link(urls.tag(item.pacticipant, item.number, tag), "Tag", tag)}}
                for tag in item.tags
            ],
        },
        "_links": {**links, "curies": urls.curies("version")},
    }
    return {key: value for key, value in document.items() if value is not None}


def _on_branch(urls: Urls, item: Version, branch: str) -> dict[str, Any]:
    return link(urls.branch_version(item.pacticipant, branch, item.number), "Branch version", branch)


async def list_versions(call: Call) -> web.Response:
    """GET /pacticipants/N/versions, …/branches/B/versions, …/tags/T/versions"""
    pacticipant, names = call["pacticipant"], call.request.match_info
    tag = call["tag"] if "tag" in names else None
    branch = call["branch"] if "branch" in names else None
    page = page_of(call.query) or (1, 100)
    async with call.reading() as connection:
        await demand(connection, pacticipant)
        offset, size = (page[0] - 1) * page[1], page[1]
        found = await pacticipants.list_versions(connection, pacticipant, offset, size, tag=tag, branch=branch)
        total = await pacticipants.count_versions(connection, pacticipant, tag=tag, branch=branch)
    documents = [version_document(call.urls, item) for item in found]
    url = call.urls.pacticipant(pacticipant) + "/versions"
    if branch is not None:
        url = call.urls.branch(pacticipant, branch) + "/versions"
    elif tag is not None:
        url = call.urls.at("pacticipants", pacticipant, "tags", tag, "versions")
    links = {
        "self": link(url),
        "versions": [link(call.urls.version(pacticipant, item.number), "Version", item.number) for item in found],
    }
    return hal_response(paged({"_embedded": {"versions": documents}, "_links": links}, url, page, total))


async def get_version(call: Call) -> web.Response:
    """GET /pacticipants/N/versions/V"""
    async with call.reading() as connection:
        found = await demand_version(connection, call["pacticipant"], call["version"])
        return await _version_response(call, connection, found)


async def latest_version(call: Call) -> web.Response:
    """GET /pacticipants/N/latest-version, …/latest-version/TAG, …/branches/B/latest-version"""
    pacticipant, names = call["pacticipant"], call.request.match_info
    tag = call["tag"] if "tag" in names else None
    branch = call["branch"] if "branch" in names else None
    async with call.reading() as connection:
        await demand(connection, pacticipant)
        found = await pacticipants.latest_version(connection, pacticipant, tag=tag, branch=branch)
        if found is None:
            raise NotFoundError(f"No such version of {pacticipant} found")
        return await _version_response(call, connection, found)


async def _version_response(
    call: Call, connection: AsyncConnection, version: Version, status: int = 200
) -> web.Response:
    places = await environments.every(connection)
    its = await environments.current(connection, pacticipant=version.pacticipant, version=version.number)
    return hal_response(version_document(call.urls, version, places, its), status)


async def put_version(call: Call) -> web.Response:
    """PUT or PATCH /pacticipants/N/versions/V"""
    document = await call.document(may_be_empty=True)
    build_url = optional_text(document, "buildUrl")
    tags = document.get("tags") or []
    if not isinstance(tags, list):
        raise InvalidError({"tags": ["must be an array"]})
    names = [named("tags", tag.get("name") if isinstance(tag, dict) else tag) for tag in tags]
    async with call.writing() as connection:
        owner, _ = await pacticipants.ensure(connection, call["pacticipant"])
        version_id, is_new = await pacticipants.ensure_version(connection, owner, call["version"], build_url)
        for name in names:
            await pacticipants.add_tag(connection, owner, version_id, name)
        found = await demand_version(connection, owner.name, call["version"])
        return await _version_response(call, connection, found, 201 if is_new else 200)


async def delete_version(call: Call) -> web.Response:
    """DELETE /pacticipants/N/versions/V"""
    call.demand_no_file_version(call["version"])
    async with call.writing() as connection:
        found = await demand_version(connection, call["pacticipant"], call["version"])
        await pacticipants.remove_version(connection, found)
        await pacts.remove_orphans(connection)
    return empty_response(204)


async def list_branches(call: Call) -> web.Response:
    """GET /pacticipants/N/branches"""
    pacticipant = call["pacticipant"]
    async with call.reading() as connection:
        await demand(connection, pacticipant)
        found = await pacticipants.list_branches(connection, pacticipant)
    documents = [_branch_document(call.urls, pacticipant, item.name, item.created_at) for item in found]
    url = call.urls.at("pacticipants", pacticipant, "branches")
    return hal_response({"_embedded": {"branches": documents}, "_links": {"self": link(url)}})


def _branch_document(urls: Urls, pacticipant: str, name: str, created_at: str) -> dict[str, Any]:
    here = urls.branch(pacticipant, name)
    links = {
        "self": link(here, "Branch", name),
        "pb:latest-version": link(f"{here}/latest-version", "Latest version for branch"),
    }
    return {"name": name, "createdAt": created_at, "_links": links}


async def get_branch(call: Call) -> web.Response:
    """GET /pacticipants/N/branches/B"""
    pacticipant, name = call["pacticipant"], call["branch"]
    async with call.reading() as connection:
        found = await pacticipants.find_branch(connection, pacticipant, name)
    if found is None:
        raise NotFoundError(f"No branch {name} of {pacticipant} found")
    return hal_response(_branch_document(call.urls, pacticipant, name, found.created_at))


async def delete_branch(call: Call) -> web.Response:
    """DELETE /pacticipants/N/branches/B"""
    async with call.writing() as connection:
        owner = await demand(connection, call["pacticipant"])
        if not await pacticipants.remove_branch(connection, owner, call["branch"]):
            raise NotFoundError(f"No branch {call['branch']} of {owner.name} found")
    return empty_response(204)


async def put_branch_version(call: Call) -> web.Response:
    """PUT /pacticipants/N/branches/B/versions/V: everything that is missing is made"""
    pacticipant, branch, number = call["pacticipant"], call["branch"], call["version"]
    document = await call.document(may_be_empty=True)
    async with call.writing() as connection:
        owner, _ = await pacticipants.ensure(connection, pacticipant)
        build_url = optional_text(document, "buildUrl")
        version_id, _ = await pacticipants.ensure_version(connection, owner, number, build_url)
        is_new = await pacticipants.add_to_branch(connection, owner, version_id, branch)
        found = await demand_version(connection, pacticipant, number)
    return _branch_version_response(call, branch, found, 201 if is_new else 200)


async def get_branch_version(call: Call) -> web.Response:
    """GET /pacticipants/N/branches/B/versions/V"""
    branch = call["branch"]
    async with call.reading() as connection:
        found = await demand_version(connection, call["pacticipant"], call["version"])
    if branch not in (item.name for item in found.branches):
        raise NotFoundError(f"Version {found.number} is not on branch {branch}")
    return _branch_version_response(call, branch, found, 200)


def _branch_version_response(call: Call, branch: str, version: Version, status: int) -> web.Response:
    urls = call.urls
    here = urls.branch_version(version.pacticipant, branch, version.number)
    links = {
        "self": link(here, "Branch version"),
        "pb:branch": link(urls.branch(version.pacticipant, branch), "Branch", branch),
        "pb:version": link(urls.version(version.pacticipant, version.number), "Version", version.number),
    }
    headers = {"Location": here} if status == 201 else None
    return hal_response({"createdAt": version.created_at, "_links": links}, status, headers)


async def put_tag(call: Call) -> web.Response:
    """PUT /pacticipants/N/versions/V/tags/T: everything that is missing is made"""
    pacticipant, number, tag = call["pacticipant"], call["version"], call["tag"]
    await call.document(may_be_empty=True)
    async with call.writing() as connection:
        owner, _ = await pacticipants.ensure(connection, pacticipant)
        version_id, _ = await pacticipants.ensure_version(connection, owner, number)
        is_new = await pacticipants.add_tag(connection, owner, version_id, tag)
        version = await demand_version(connection, pacticipant, number)
        created_at = await pacticipants.tag_time(connection, version, tag)
    return _tag_response(call, version, tag, created_at, 201 if is_new else 200)


async def get_tag(call: Call) -> web.Response:
    """GET /pacticipants/N/versions/V/tags/T"""
    tag = call["tag"]
    async with call.reading() as connection:
        version = await demand_version(connection, call["pacticipant"], call["version"])
        created_at = await pacticipants.tag_time(connection, version, tag)
    if created_at is None:
        raise NotFoundError(f"Version {version.number} of {version.pacticipant} has no tag {tag}")
    return _tag_response(call, version, tag, created_at, 200)


def _tag_response(call: Call, version: Version, tag: str, created_at: str | None, status: int) -> web.Response:
    urls = call.urls
    here = urls.tag(version.pacticipant, version.number, tag)
    links = {
        "self": link(here, "Tag", tag),
        "version": link(urls.version(version.pacticipant, version.number), "Version", version.number),
        "pacticipant": link(urls.pacticipant(version.pacticipant), "Pacticipant", version.pacticipant),
    }
    headers = {"Location": here} if status == 201 else None
    return hal_response({"name": tag, "createdAt": created_at, "_links": links}, status, headers)


async def delete_tag(call: Call) -> web.Response:
    """DELETE /pacticipants/N/versions/V/tags/T"""
    async with call.writing() as connection:
        version = await demand_version(connection, call["pacticipant"], call["version"])
        if not await pacticipants.remove_tag(connection, version, call["tag"]):
            raise NotFoundError(f"Version {version.number} of {version.pacticipant} has no tag {call['tag']}")
    return empty_response(204)
