"""The index, tokens, audit, and what watches over a broker asks for."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from stubserver import __version__
from stubserver.errors import NotFoundError
from stubserver.security import Role, digest_of, hint_of, new_token
from stubserver.store import LATEST, AuditEvent, Token, audit, pacts, tokens
from stubserver.web.addressing import CONTROL_PREFIX
from stubserver.web.api.browsers import to_explorer, wants_page
from stubserver.web.api.call import Call, InvalidError, named, page_of, paged
from stubserver.web.api.hal import Urls, bytes_response, compact_response, empty_response, hal_response, link
from stubserver.web.control import ROUTES as CONTROL_ROUTES

# relation, path, title; what is in braces is for the client to fill in
_RELATIONS = (
    ("pb:publish-contracts", "/contracts/publish", "Publish contracts"),
    ("pb:publish-pact", "/pacts/provider/{provider}/consumer/{consumer}/version/{consumerApplicationVersion}", "Publish a pact"),
    ("pb:latest-pact-versions", "/pacts/latest", "Latest pact versions"),
    ("pb:provider-pacts-for-verification", "/pacts/provider/{provider}/for-verification", "Pacts to be verified by a provider"),
    ("beta:provider-pacts-for-verification", "/pacts/provider/{provider}/for-verification", "DEPRECATED - please use pb:provider-pacts-for-verification"),
    ("pb:latest-provider-pacts", "/pacts/provider/{provider}/latest", "Latest pacts by provider"),
    ("pb:latest-provider-pacts-with-tag", "/pacts/provider/{provider}/latest/{tag}", "Latest pacts for provider with the specified tag"),
    ("pb:provider-pacts", "/pacts/provider/{provider}", "All pact versions for the specified provider"),
    ("pb:provider-pacts-with-tag", "/pacts/provider/{provider}/tag/{tag}", "All pact versions for the provider with the specified tag"),
    ("pb:provider-pacts-with-branch", "/pacts/provider/{provider}/branch/{branch}", "All pact versions for the provider with the specified branch"),
    ("pb:provider-pacts-with-main-branch", "/pacts/provider/{provider}/branch", "All pact versions for the provider with the main branches"),
    ("pb:latest-provider-pacts-with-branch", "/pacts/provider/{provider}/branch/{branch}/latest", "Latest pacts for the provider with the specified branch"),
    ("pb:latest-provider-pacts-with-main-branch", "/pacts/provider/{provider}/branch/latest", "Latest pacts for the provider from the main branches"),
    ("pb:branch-pact-versions", "/pacts/provider/{provider}/consumer/{consumer}/branch/{branch}", "All versions of a pact on a branch"),
    ("pb:latest-branch-pact-versions", "/pacts/provider/{provider}/consumer/{consumer}/branch/{branch}/latest/versions", "Latest version of a pact on a branch"),
    ("pb:main-branch-pact-versions", "/pacts/provider/{provider}/consumer/{consumer}/branch/versions", "All versions of a pact on the main branch"),
    ("pb:latest-main-branch-pact-versions", "/pacts/provider/{provider}/consumer/{consumer}/branch/latest/versions", "Latest version of a pact on the main branch"),
    ("pb:latest-pact-version", "/pacts/provider/{provider}/consumer/{consumer}/latest", "Latest version of a pact"),
    ("pb:provider-states", "/pacts/provider/{provider}/provider-states", "Provider states of a provider"),
    ("pb:pacticipants", "/pacticipants", "Pacticipants"),
    ("pb:pacticipant", "/pacticipants/{pacticipant}", "Fetch pacticipant by name"),
    ("pb:latest-version", "/pacticipants/{pacticipant}/latest-version", "Latest pacticipant version"),
    ("pb:latest-tagged-version", "/pacticipants/{pacticipant}/latest-version/{tag}", "Latest pacticipant version with the specified tag"),
    ("pb:pacticipant-version", "/pacticipants/{pacticipant}/versions/{version}", "Fetch, create or delete a pacticipant version"),
    ("pb:pacticipant-version-tag", "/pacticipants/{pacticipant}/versions/{version}/tags/{tag}", "Get, create or delete a tag for a pacticipant version"),
    ("pb:pacticipant-branch", "/pacticipants/{pacticipant}/branches/{branch}", "Get or delete a pacticipant branch"),
    ("pb:pacticipant-branch-version", "/pacticipants/{pacticipant}/branches/{branch}/versions/{version}", "Get or add/create a version for a branch"),
    ("pb:environments", "/environments", "Environments"),
    ("pb:environment", "/environments/{uuid}", "Environment"),
    ("pb:tagged-pact-versions", "/pacts/provider/{provider}/consumer/{consumer}/tag/{tag}", "All versions of a pact with a tag"),
    ("pb:integrations", "/integrations", "Integrations"),
    ("pb:audit", "/audit", "Who did what"),
)  # fmt: skip
_STUB_RELATIONS = (
    ("pb:stub", "/pacts/provider/{provider}/consumer/{consumer}/latest/stub", "Stub of the latest pact"),
    ("pb:provider-stub", "/providers/{provider}/stub", "Stub of a provider for all its consumers"),
)


async def index(call: Call) -> web.Response:
    """GET /"""
    if wants_page(call.request):
        return to_explorer(call.urls.outside)
    urls = call.urls
    links: dict[str, Any] = {"self": link(f"{urls.base}/", "Index")}
    for relation, path, title in _RELATIONS:
        links[relation] = {"href": urls.base + path, "title": title, "templated": "{" in path}
    for relation, path, title in _STUB_RELATIONS:
        links[relation] = link(urls.outside + path, title, templated=True)
    links["curies"] = [*urls.curies("index"), {**urls.curies("index")[0], "name": "beta"}]
    own = {name: urls.outside + CONTROL_PREFIX + path for _, path, name, _ in CONTROL_ROUTES}
    return hal_response({"name": "stubserver", "version": __version__, "links": own, "_links": links})


async def relation_page(call: Call) -> web.Response:
    """GET /doc/REL: what a relation is"""
    name = call["rel"]
    for relation, path, title in (*_RELATIONS, *_STUB_RELATIONS):
        if relation.partition(":")[2] == name:
            return bytes_response(f"{title}\n\n{path}\n".encode(), content_type="text/plain;charset=utf-8")
    raise NotFoundError(f"There is no relation {name}")


async def heartbeat(call: Call) -> web.Response:
    """GET /diagnostic/status/heartbeat"""
    return hal_response({"ok": True, "_links": {"self": link(call.urls.base + "/diagnostic/status/heartbeat")}})


async def dependencies(call: Call) -> web.Response:
    """GET /diagnostic/status/dependencies: 500 while the store does not answer, as a Pact Broker has it"""
    is_up = not call.api.hosted.is_lost
    links = {"self": link(call.urls.base + "/diagnostic/status/dependencies")}
    return hal_response({"database": {"ok": is_up}, "_links": links}, 200 if is_up else 500)


async def integrations(call: Call) -> web.Response:
    """GET /integrations"""
    page = page_of(call.query)
    offset, limit = ((page[0] - 1) * page[1], page[1]) if page is not None else (0, None)
    async with call.reading() as connection:
        pairs = await pacts.integrations(connection, offset, limit)
        total = await pacts.count_integrations(connection)
    urls = call.urls
    url = urls.at("integrations")

    def answer() -> web.Response:
        documents = [_integration_document(urls, consumer, provider) for consumer, provider in pairs]
        document = {"_embedded": {"integrations": documents}, "_links": {"self": link(url, "All integrations")}}
        return compact_response(paged(document, url, page, total))

    return await call.api.door.in_thread(answer)


def _integration_document(urls: Urls, consumer: str, provider: str) -> dict[str, Any]:
    return {
        "consumer": {"name": consumer},
        "provider": {"name": provider},
        "_links": {
            "pb:latest-pact-version": link(f"{urls.integration(consumer, provider)}/latest"),
            "pb:stub": link(urls.stub(provider, consumer, LATEST), "Stub of the latest pact"),
            "pb:delete_integration": link(
                urls.at("integrations", "provider", provider, "consumer", consumer),
                f"Delete the integration between {consumer} and {provider}",
            ),
        },
    }


async def delete_integration(call: Call) -> web.Response:
    """DELETE /integrations/provider/P/consumer/C: all pacts of the pair"""
    async with call.writing() as connection:
        await call.demand_no_files(connection, consumer=call["consumer"], provider=call["provider"])
        removed = await pacts.remove_all(connection, call["consumer"], call["provider"])
        if not removed:
            raise NotFoundError("The requested integration was not found on this server.")
        call.note(consumer=call["consumer"], provider=call["provider"], pacts=removed)
    return empty_response(204)


def token_document(urls: Urls, item: Token) -> dict[str, Any]:
    """A token, without what must not be known."""
    return {
        "uuid": item.uuid,
        "description": item.description,
        "role": item.role,
        "hint": item.hint,
        "createdAt": item.created_at,
        "revokedAt": item.revoked_at,
        "_links": {"self": link(urls.at("settings", "tokens", item.uuid))},
    }


async def list_tokens(call: Call) -> web.Response:
    """GET /settings/tokens"""
    async with call.reading() as connection:
        found = await tokens.every(connection, revoked=call.query.get("revoked") == "true")
    links = {"self": link(call.urls.at("settings", "tokens"), "Tokens")}
    documents = [token_document(call.urls, item) for item in found]
    return hal_response({"_embedded": {"items": documents}, "_links": links})


async def create_token(call: Call) -> web.Response:
    """POST /settings/tokens: the answer is the one place where the token is ever shown"""
    document = await call.document()
    description = named("description", document.get("description"))
    try:
        role = Role(document.get("role", "read"))
    except ValueError:
        raise InvalidError({"role": [f"must be one of {', '.join(Role)}"]}) from None
    return await _made_token(call, description, role)


async def _made_token(call: Call, description: str, role: Role, replaced: Token | None = None) -> web.Response:
    secret = new_token(role)
    call.note(resource_name="token", description=description, role=role.value, hint=hint_of(secret))
    async with call.writing() as connection:
        if replaced is not None:
            await tokens.revoke(connection, replaced)
        made = await tokens.add(connection, description, role, digest_of(secret), hint_of(secret))
    told = {**token_document(call.urls, made), "value": secret}
    return hal_response(told, 201, {"Location": call.link(told), "Cache-Control": "no-store"})


async def _demand_token(call: Call) -> Token:
    async with call.reading() as connection:
        found = await tokens.find(connection, call["uuid"])
    if found is None or found.revoked_at is not None:
        raise NotFoundError("The requested token was not found on this server.")
    return found


async def get_token(call: Call) -> web.Response:
    """GET /settings/tokens/UUID"""
    return hal_response(token_document(call.urls, await _demand_token(call)))


async def regenerate_token(call: Call) -> web.Response:
    """POST /settings/tokens/UUID/regenerate: the earlier one is revoked"""
    found = await _demand_token(call)
    return await _made_token(call, found.description, Role(found.role), found)


async def revoke_token(call: Call) -> web.Response:
    """DELETE /settings/tokens/UUID"""
    found = await _demand_token(call)
    call.note(resource_name="token", description=found.description, hint=found.hint)
    async with call.writing() as connection:
        await tokens.revoke(connection, found)
    return empty_response(204)


_MOST_EVENTS = 100


async def read_audit(call: Call) -> web.Response:
    """GET /audit: in order of time; `next` is there when there is more"""
    query = call.query
    size = min(page_of({"size": query.get("pageSize", "100")}) or (1, _MOST_EVENTS), (1, _MOST_EVENTS))[1]
    sort = query.get("sort", "+timestamp").strip()
    if sort.lstrip("+-") != "timestamp":
        raise InvalidError({"sort": ["must be +timestamp or -timestamp"]})
    async with call.reading() as connection:
        found = await audit.page(
            connection,
            size + 1,
            since=_moment(query.get("since")),
            kind=call.asked("type"),
            actor=call.asked("userUuid"),
            start=call.asked("from"),
            descending=sort.startswith("-"),
        )
    shown, more = found[:size], found[size:]
    url = call.urls.at("audit")
    kept = {name: query[name] for name in ("since", "type", "userUuid", "sort", "pageSize") if name in query}
    links = {"self": link(f"{url}?{urlencode({**kept, 'from': shown[0].uuid})}" if shown else url)}
    if more:
        links["next"] = link(f"{url}?{urlencode({**kept, 'from': more[0].uuid})}")
    return hal_response({"events": [_event_document(item) for item in shown], "_links": links})


def _moment(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        # A plus that was not encoded has become a blank.
        moment = datetime.fromisoformat(value.replace(" ", "+")).astimezone(tz=_UTC)
    except (ValueError, OverflowError):
        raise InvalidError({"since": ["must be a moment like 2026-02-28T10:00:00Z"]}) from None
    return moment.isoformat(timespec="milliseconds")


_UTC = datetime.fromisoformat("2000-01-01T00:00:00+00:00").tzinfo


def _event_document(item: AuditEvent) -> dict[str, Any]:
    return {
        "uuid": item.uuid,
        "timestamp": item.timestamp,
        "type": item.type,
        "db_user_id": None,  # there are tokens, and no users with numbers
        "user_email": item.actor,
        "status": item.status,
        "payload": item.payload,
    }
