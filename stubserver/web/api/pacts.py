"""Reading pacts: one, those of a provider, and what changed between two."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from matching.json_text import parse_json
from stubserver.catalog.contract import name_in
from stubserver.catalog.difference import difference
from stubserver.catalog.names import name_problem
from stubserver.errors import NotFoundError
from stubserver.store import LATEST, MAIN_BRANCH, Kind, Publication, Selector, environments, now, pacticipants, pacts
from stubserver.web.api.browsers import to_stub_page, to_versions_page, wants_page
from stubserver.web.api.call import Call
from stubserver.web.api.hal import Urls, bytes_response, compact_response, hal_response, link, spliced

_MISSING = "The requested document was not found on this server."


async def find_pact(call: Call, connection: AsyncConnection, selector: Selector) -> Publication:
    """The pact that a path and a selector mean. Raises NotFoundError."""
    found = await pacts.choose(connection, call["provider"], call["consumer"], selector)
    if found:
        return found[0]
    if selector.kind is Kind.PACT_VERSION and selector.name is not None:
        replaced = await _replaced(call, connection, selector.name)
        if replaced is not None:
            return replaced
    raise NotFoundError(_MISSING)


async def _replaced(call: Call, connection: AsyncConnection, sha: str) -> Publication | None:
    """A pact version that was replaced by merging: whoever began to verify it may go on."""
    found = await pacts.replaced_content(connection, sha)
    if found is None:
        return None
    content_id, content = found
    document = parse_json(content)
    names = name_in(document, "consumer"), name_in(document, "provider")
    if names != (call["consumer"], call["provider"]):
        return None
    return Publication(0, call["consumer"], call["provider"], "replaced", 0, content_id, sha, len(content), now())


def selector_of(call: Call) -> Selector:
    """The selector that the path of a call has."""
    named = call.request.match_info
    for name, kind in (
        ("version", Kind.VERSION),
        ("tag", Kind.TAG),
        ("branch", Kind.BRANCH),
        ("sha", Kind.PACT_VERSION),
        ("environment", Kind.ENVIRONMENT),
    ):
        if name in named:
            return Selector(kind, call[name])
    return LATEST


async def get_pact(call: Call) -> web.Response:
    """GET …/version/V, …/latest, …/latest/TAG, …/branch/B/latest, …/pact-version/SHA"""
    return await _answered(call, selector_of(call))


async def get_untagged(call: Call) -> web.Response:
    """GET …/latest-untagged"""
    return await _answered(call, Selector(Kind.UNTAGGED))


async def get_main_branch(call: Call) -> web.Response:
    """GET …/branch/latest: the latest of the main branch"""
    return await _answered(call, MAIN_BRANCH)


async def _answered(call: Call, selector: Selector) -> web.Response:
    if wants_page(call.request):
        return to_stub_page(call, selector)
    async with call.reading() as connection:
        found = await find_pact(call, connection, selector)
        version = _version_in(call.request.match_info.get("metadata"))
        if version is not None:  # which of the versions with this content was meant
            meant = await pacts.find(connection, found.consumer, found.provider, version)
            found = meant if meant is not None and meant.sha == found.sha else found
        content = await pacts.content_of(connection, found.content_id)
    return pact_response(call, found, content)


def _version_in(metadata: str | None) -> str | None:
    """The consumer version that the metadata of a permalink names."""
    if metadata is None:
        return None
    try:
        decoded = base64.urlsafe_b64decode(metadata + "=" * (-len(metadata) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
    version = parse_qs(decoded).get("cvn", [""])[0]
    return version if name_problem(version) is None else None


def pact_response(call: Call, publication: Publication, content: bytes, status: int = 200) -> web.Response:
    """A pact with its links."""
    members = {"createdAt": publication.created_at, "_links": pact_links(call, publication)}
    headers = {"X-Pact-Consumer-Version": _header(publication.version)}
    return bytes_response(spliced(content, members), status, headers)


def _header(value: str) -> str:
    return value if value.isascii() else value.encode("ascii", "backslashreplace").decode()


def title_of(publication: Publication) -> str:
    """What a pact is called in links."""
    return f"Pact between {publication.consumer} ({publication.version}) and {publication.provider}"


def pact_links(call: Call, publication: Publication) -> dict[str, Any]:
    """The links of a pact."""
    urls, item = call.urls, publication
    here, its, content = urls.integration(item.consumer, item.provider), urls.pact(item), urls.pact_version(item)
    # What was asked for with metadata keeps it, so that results come back with it.
    metadata = call.request.match_info.get("metadata")
    results = f"{content}/metadata/{metadata}" if metadata is not None else content
    version = urls.version(item.consumer, item.version)
    return {
        "self": link(its, "Pact", title_of(item)),
        "pb:consumer": link(urls.pacticipant(item.consumer), "Consumer", item.consumer),
        "pb:consumer-version": link(version, "Consumer version", item.version),
        "pb:consumer-versions": [link(version, "Consumer version", item.version)],
        "pb:provider": link(urls.pacticipant(item.provider), "Provider", item.provider),
        "pb:pact-version": link(content, "Pact content version permalink", item.sha),
        "pb:latest-pact-version": link(f"{here}/latest", "Latest version of this pact"),
        "pb:all-pact-versions": link(f"{here}/versions", "All versions of this pact"),
        "pb:latest-untagged-pact-version": link(f"{here}/latest-untagged", "Latest untagged version of this pact"),
        "pb:latest-tagged-pact-version": link(
            f"{here}/latest/{{tag}}", "Latest tagged version of this pact", templated=True
        ),
        "pb:previous-distinct": link(f"{its}/previous-distinct", "Previous distinct version of this pact"),
        "pb:diff-previous-distinct": link(
            f"{its}/diff/previous-distinct", "Diff with previous distinct version of this pact"
        ),
        "pb:diff": link(
            f"{content}/diff/pact-version/{{pactVersion}}", "Diff with another version of this pact", templated=True
        ),
        "pb:tag-version": link(
            f"{version}/tags/{{tag}}", "PUT to this resource to tag this consumer version", templated=True
        ),
        "pb:publish-verification-results": link(f"{results}/verification-results", "Publish verification results"),
        "pb:latest-verification-results": link(f"{content}/verification-results/latest"),
        "pb:stub": link(urls.version_stub(item), "Stub of this pact", title_of(item)),
        "pb:latest-stub": link(urls.stub(item.provider, item.consumer, LATEST), "Stub of the latest pact"),
        "curies": urls.curies("pact"),
    }


async def list_versions(call: Call) -> web.Response:
    """GET …/versions, …/tag/T, …/branch/B, …/branch/B/latest/versions"""
    return await _listed(call, selector_of(call))


async def list_main_branch_versions(call: Call) -> web.Response:
    """GET …/branch/versions, …/branch/latest/versions"""
    return await _listed(call, MAIN_BRANCH)


async def _listed(call: Call, selector: Selector) -> web.Response:
    if wants_page(call.request):
        return to_versions_page(call)
    consumer, provider = call["consumer"], call["provider"]
    async with call.reading() as connection:
        choose = pacts.choose if call.request.path.endswith("/latest/versions") else pacts.history
        found = await choose(connection, provider, consumer, selector)
    urls = call.urls
    embedded = [
        {
            "createdAt": item.created_at,
            "_embedded": {
                "consumerVersion": {
                    "number": item.version,
                    "_links": {"self": link(urls.version(consumer, item.version), "Version", item.version)},
                }
            },
            "_links": {
                "self": link(urls.pact(item), title_of(item)),
                "pb:stub": link(urls.version_stub(item), "Stub of this pact"),
            },
        }
        for item in found
    ]
    return hal_response(
        {
            "_embedded": {"pacts": embedded},
            "_links": {
                "self": link(call.self_url, f"Versions of the pact between {consumer} and {provider}"),
                "consumer": link(urls.pacticipant(consumer), "Consumer", consumer),
                "provider": link(urls.pacticipant(provider), "Provider", provider),
                "pact-versions": [link(urls.pact(item), "Pact", f"Version {item.version}") for item in found],
            },
        }
    )


def _latest_document(urls: Urls, item: Publication, latest: str) -> dict[str, Any]:
    version = link(urls.version(item.consumer, item.version), "Version", item.version)
    return {
        "createdAt": item.created_at,
        "_embedded": {
            "consumer": {
                "name": item.consumer,
                "_embedded": {"version": {"number": item.version, "_links": {"self": version}}},
                "_links": {"self": link(urls.pacticipant(item.consumer))},
            },
            "provider": {"name": item.provider, "_links": {"self": link(urls.pacticipant(item.provider))}},
        },
        "_links": {
            "self": [link(latest), link(urls.pact(item))],
            "pb:stub": link(urls.stub(item.provider, item.consumer, LATEST), "Stub of this pact"),
        },
    }


async def latest_pacts(call: Call) -> web.Response:
    """GET /pacts/latest"""
    async with call.reading() as connection:
        found = await pacts.choose(connection)
    urls = call.urls
    return await call.api.door.in_thread(lambda: compact_response(_latest(urls, found)))


def _latest(urls: Urls, found: Sequence[Publication]) -> dict[str, Any]:
    links = [
        link(
            f"{urls.integration(item.consumer, item.provider)}/latest",
            f"Latest pact between {item.consumer} and {item.provider}",
        )
        for item in found
    ]
    documents = [_latest_document(urls, item, its["href"]) for item, its in zip(found, links, strict=True)]
    old = [{**item, "name": "DEPRECATED - please use the pb:pacts relation"} for item in links]
    its = {"self": link(f"{urls.base}/pacts/latest"), "pb:pacts": links, "pacts": old, "curies": urls.curies("pacts")}
    return {"pacts": documents, "_links": its}


async def provider_latest(call: Call) -> web.Response:
    """GET /pacts/provider/P/latest, …/latest/TAG, …/branch/B/latest"""
    return await _of_provider(call, selector_of(call), newest=True)


async def provider_main_branch_latest(call: Call) -> web.Response:
    """GET /pacts/provider/P/branch/latest"""
    return await _of_provider(call, MAIN_BRANCH, newest=True)


async def provider_all(call: Call) -> web.Response:
    """GET /pacts/provider/P, …/tag/T, …/branch/B"""
    return await _of_provider(call, selector_of(call), newest=False)


async def provider_main_branch(call: Call) -> web.Response:
    """GET /pacts/provider/P/branch"""
    return await _of_provider(call, MAIN_BRANCH, newest=False)


async def _of_provider(call: Call, selector: Selector, *, newest: bool) -> web.Response:
    provider = call["provider"]
    async with call.reading() as connection:
        await demand_provider(connection, provider)
        found = await (pacts.choose if newest else pacts.history)(connection, provider, None, selector)
    urls = call.urls
    links = [link(urls.pact(item), title_of(item), item.consumer) for item in found]
    # `pacts` is what the Rust verifier reads, `pb:pacts` what everyone else does.
    old = [{**item, "title": f"DEPRECATED - please use the pb:pacts relation. {item['title']}"} for item in links]
    return hal_response(
        {
            "_links": {
                "self": link(call.self_url, f"Pact versions for the provider {provider}"),
                "pb:provider": link(urls.pacticipant(provider), name=provider),
                "pb:pacts": links,
                "pb:stub": link(urls.stub(provider, None, selector), "Stub of all these consumers"),
                "provider": link(
                    urls.pacticipant(provider), provider, "DEPRECATED - please use the pb:provider relation"
                ),
                "pacts": old,
            }
        }
    )


async def demand_provider(connection: AsyncConnection, provider: str) -> None:
    """Raises NotFoundError for a provider that is not known."""
    if await pacticipants.find(connection, provider) is None:
        raise NotFoundError(f"No provider with name '{provider}' found")


async def provider_states(call: Call) -> web.Response:
    """GET /pacts/provider/P/provider-states, …/branch/B, …/environment/UUID"""
    provider = call["provider"]
    async with call.reading() as connection:
        await demand_provider(connection, provider)
        selector = selector_of(call)
        if selector.kind is Kind.ENVIRONMENT:
            environment = await environments.find(connection, selector.name or "")
            selector = Selector(Kind.ENVIRONMENT, environment.name if environment is not None else "")
        found = await pacts.choose(connection, provider, None, selector)
        contents = await pacts.contents_of(connection, [item.sha for item in found])
    states = await call.api.door.in_thread(_states, found, contents)
    return hal_response({"providerStates": states})


def _states(found: Sequence[Publication], contents: dict[str, bytes]) -> list[dict[str, Any]]:
    states: dict[str, dict[str, Any]] = {}
    for item in found:
        document = parse_json(contents[item.sha])
        for key in ("interactions", "messages"):
            for interaction in document[key] if isinstance(document.get(key), list) else ():
                for name, params in _states_of(interaction):
                    state = states.setdefault(name, {"name": name, "params": {}, "consumers": []})
                    state["params"] |= params
                    if item.consumer not in state["consumers"]:
                        state["consumers"].append(item.consumer)
    return sorted(states.values(), key=lambda state: str(state["name"]))


def _states_of(interaction: Any) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(interaction, dict):
        return []
    listed = interaction.get("providerStates")
    if isinstance(listed, list):
        named = [state for state in listed if isinstance(state, dict) and isinstance(state.get("name"), str)]
        return [(state["name"], state["params"] if isinstance(state.get("params"), dict) else {}) for state in named]
    single = interaction.get("providerState") or interaction.get("provider_state")
    return [(single, {})] if isinstance(single, str) else []


async def previous_distinct(call: Call) -> web.Response:
    """GET …/version/V/previous-distinct"""
    async with call.reading() as connection:
        found = await find_pact(call, connection, selector_of(call))
        previous = await pacts.previous_distinct(connection, found)
        if previous is None:
            raise NotFoundError(_MISSING)
        content = await pacts.content_of(connection, previous.content_id)
    return pact_response(call, previous, content)


async def diff_previous_distinct(call: Call) -> web.Response:
    """GET …/version/V/diff/previous-distinct"""
    async with call.reading() as connection:
        found = await find_pact(call, connection, selector_of(call))
        previous = await pacts.previous_distinct(connection, found)
        if previous is None:
            raise NotFoundError("There is no earlier version of this pact that differs.")
        return await _difference(call, connection, previous, found)


async def diff(call: Call) -> web.Response:
    """GET …/version/V/diff/version/V2, …/pact-version/S/diff/pact-version/S2"""
    selector = selector_of(call)
    async with call.reading() as connection:
        found = await find_pact(call, connection, selector)
        other = await find_pact(call, connection, Selector(selector.kind, call["other"]))
        return await _difference(call, connection, other, found)


async def _difference(
    call: Call, connection: AsyncConnection, earlier: Publication, later: Publication
) -> web.Response:
    before = await pacts.content_of(connection, earlier.content_id)
    after = await pacts.content_of(connection, later.content_id)
    text = await call.api.door.in_thread(lambda: difference(parse_json(before), parse_json(after), 10_000))
    head = f"- {title_of(earlier)}\n+ {title_of(later)}\n\n"
    return bytes_response((head + (text or "no difference") + "\n").encode(), content_type="text/plain;charset=utf-8")
