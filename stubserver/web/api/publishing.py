"""Publishing pacts, in the new way (all contracts of a consumer version at once) and the old one (one by one)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from stubserver.catalog.contract import Contract, ContractError, contract_of, name_in, read_document
from stubserver.catalog.names import name_problem
from stubserver.catalog.publish import ConflictError, Outcome, Published, Publishing, Result, flaws_of, publish
from stubserver.errors import NotFoundError
from stubserver.store import LATEST, Kind, Publication, Selector, pacts
from stubserver.web.addressing import segment_of
from stubserver.web.api.call import LONGEST_URL, Call, InvalidError, OldConflictError
from stubserver.web.api.hal import hal_response, link
from stubserver.web.api.pacts import pact_response

_MOST_CONTRACTS = 1000


async def publish_contracts(call: Call) -> web.Response:
    """POST /contracts/publish"""
    document = await call.document()
    publishing = await call.api.door.in_thread(_publishing, document)
    call.demand_no_file_version(publishing.version)
    call.note(
        pacticipant=publishing.consumer,
        version=publishing.version,
        contracts=[{"provider": item.provider, "sha": item.sha} for item in publishing.contracts],
    )
    async with call.writing() as connection:
        result = await publish(connection, publishing)
    flaws = {item.contract.sha: await call.api.door.in_thread(flaws_of, item.contract) for item in result.published}
    notices = list(_notices(call, publishing, result, flaws))
    return hal_response(_published_document(call, publishing, notices))


def _publishing(document: dict[str, Any]) -> Publishing:
    """What a body says. Raises InvalidError."""
    errors: dict[str, list[str]] = {}

    def check(field: str, value: Any, where: str | None = None) -> None:
        if (problem := name_problem(value)) is not None:
            errors.setdefault(where or field, []).append(problem if where is None else f"{field} {problem}")

    consumer, number = document.get("pacticipantName"), document.get("pacticipantVersionNumber")
    check("pacticipantName", consumer)
    check("pacticipantVersionNumber", number)
    if document.get("branch") is not None:
        check("branch", document["branch"])
    build_url = document.get("buildUrl")
    if build_url is not None and (problem := name_problem(build_url, LONGEST_URL)) is not None:
        errors["buildUrl"] = [problem]
    tags = document.get("tags") or []
    if not isinstance(tags, list):
        errors["tags"] = ["must be an array"]
        tags = []
    for tag in tags:
        check("tags", tag)
    contracts: list[Contract] = []
    listed = document.get("contracts")
    if not isinstance(listed, list):
        errors.setdefault("contracts", []).append("is missing" if listed is None else "must be an array")
        listed = []
    if len(listed) > _MOST_CONTRACTS:
        raise InvalidError({"contracts": [f"cannot be more than {_MOST_CONTRACTS} at once"]})
    for place, item in enumerate(listed):
        problems, contract = _contract(item, consumer)
        if problems:
            errors.setdefault("contracts", []).extend(f"{problem} (at index {place})" for problem in problems)
        elif contract is not None:
            contracts.append(contract)
    if errors:
        raise InvalidError(errors)
    return Publishing(
        str(consumer), str(number), contracts, document.get("branch"), tuple(dict.fromkeys(tags)),
        build_url,
    )  # fmt: skip


def _contract(item: Any, consumer: Any) -> tuple[list[str], Contract | None]:
    """(what is wrong with one of the contracts, the contract)."""
    if not isinstance(item, dict):
        return ["must be an object"], None
    problems = [
        f"{field} {problem}"
        for field in ("consumerName", "providerName")
        if (problem := name_problem(item.get(field))) is not None
    ]
    if not problems and item["consumerName"] != consumer:
        problems.append(f"consumerName ({item['consumerName']}) must match pacticipantName ({consumer})")
    for field, only in (("specification", "pact"), ("contentType", "application/json")):
        if item.get(field) != only:
            problems.append(f"{field} must be {only}")
    problems += [
        f"{field} must be one of: overwrite, merge"
        for field in ("onConflict", "writeMode")
        if item.get(field) not in (None, "overwrite", "merge")
    ]
    try:
        content = base64.b64decode(item.get("content") or "", validate=True)
    except (binascii.Error, ValueError, TypeError):
        return [*problems, "content is not valid Base64"], None
    if not content:
        return [*problems, "content is missing"], None
    try:
        document = read_document(content)
    except ContractError as error:
        return [*problems, error.detail], None
    if problems:
        return problems, None
    problems += [
        f"{role} name in contract content ({name_in(document, role)}) must match {role}Name ({item[f'{role}Name']})"
        for role in ("consumer", "provider")
        if name_in(document, role) not in (None, item[f"{role}Name"])
    ]
    if problems:
        return problems, None
    merges = "merge" in (item.get("onConflict"), item.get("writeMode"))
    return [], contract_of(document, item["consumerName"], item["providerName"], merges=merges)


def _notices(
    call: Call, publishing: Publishing, result: Result, flaws: dict[str, list[Any]]
) -> Iterable[tuple[str, str]]:
    verb = "Created" if result.version_is_new else "Updated"
    branch = f" with branch {publishing.branch}" if publishing.branch else ""
    tags = f"{' and' if branch else ' with'} tags {', '.join(publishing.tags)}" if publishing.tags else ""
    yield "debug", f"{verb} {publishing.consumer} version {publishing.version}{branch}{tags}"
    for item in result.published:
        yield from _contract_notices(call, publishing, item, flaws[item.contract.sha])
    if call.api.is_ephemeral:
        yield "warning", "  This server keeps what is published only until it stops; stubserver host keeps it for good."


def _contract_notices(
    call: Call, publishing: Publishing, item: Published, flaws: list[Any]
) -> Iterable[tuple[str, str]]:
    contract, urls = item.contract, call.urls
    pair = f"{publishing.consumer} version {publishing.version} and provider {contract.provider}"
    told = {
        Outcome.CREATED: f"Pact successfully published for {pair}.",
        Outcome.UNCHANGED: f"Pact successfully republished for {pair} with no content changes.",
        Outcome.MERGED: f"Pact successfully merged for {pair}.",
    }
    yield "success", told[item.outcome]
    address = urls.integration(contract.consumer, contract.provider)
    yield "debug", f"  View the published pact at {address}/version/{segment_of(publishing.version)}"
    events = ["contract_published", *(["contract_content_changed"] if item.is_new_content else [])]
    yield "debug", f"  Events detected: {', '.join(events)}"
    yield "info", f"  Its stub answers at {urls.stub(contract.provider, contract.consumer, LATEST)}"
    version = Selector(Kind.VERSION, publishing.version)
    yield "info", f"  That of this version alone at {urls.stub(contract.provider, contract.consumer, version)}"
    if flaws:
        yield "warning", f"  {len(flaws)} of its interactions or documents cannot be served:"
        for flaw in flaws[:10]:
            yield "warning", f"    {flaw}"


def _published_document(call: Call, publishing: Publishing, notices: list[tuple[str, str]]) -> dict[str, Any]:
    urls = call.urls
    consumer, number = publishing.consumer, publishing.version
    version = link(urls.version(consumer, number), "Version", number)
    return {
        "notices": [{"type": kind, "text": text} for kind, text in notices],
        "logs": [
            {"level": _LEVELS.get(kind, kind), "message": text, "deprecationWarning": "Replaced by notices"}
            for kind, text in notices
        ],
        "_embedded": {
            "pacticipant": {"name": consumer, "_links": {"self": link(urls.pacticipant(consumer))}},
            "version": {"number": number, "_links": {"self": version}},
        },
        "_links": {
            "pb:pacticipant": link(urls.pacticipant(consumer), "Pacticipant", consumer),
            "pb:pacticipant-version": link(urls.version(consumer, number), "Pacticipant version", number),
            "pb:pacticipant-version-tags": [
                link(urls.tag(consumer, number, tag), "Tag", tag) for tag in publishing.tags
            ],
            "pb:contracts": [
                link(
                    f"{urls.integration(consumer, item.provider)}/version/{segment_of(number)}",
                    "Pact",
                    f"Pact between {consumer} ({number}) and {item.provider}",
                )
                for item in publishing.contracts
            ],
            "pb:stubs": [
                link(urls.stub(item.provider, consumer, LATEST), "Stub", f"Stub of {item.provider} for {consumer}")
                for item in publishing.contracts
            ],
        },
    }


_LEVELS = {"success": "info", "warning": "warn", "prompt": "info"}


async def put_pact(call: Call) -> web.Response:
    """PUT /pacts/provider/P/consumer/C/version/V"""
    return await _publish_one(call, merges=False)


async def merge_pact(call: Call) -> web.Response:
    """PATCH /pacts/provider/P/consumer/C/version/V"""
    return await _publish_one(call, merges=True)


async def _publish_one(call: Call, *, merges: bool) -> web.Response:
    consumer, provider = call["consumer"], call["provider"]
    problem = name_problem(call.request.match_info["version"])
    if problem is not None:
        raise InvalidError({"consumer_version_number": [problem]})
    version = call.request.match_info["version"]
    call.demand_no_file_version(version)
    document = await call.api.door.in_thread(read_document, await call.body("application/json"))
    wrong = {
        f"{role}.name": [f"name in pact '{name_in(document, role)}' does not match name in URL path '{name}'."]
        for role, name in (("consumer", consumer), ("provider", provider))
        if name_in(document, role) not in (None, name)
    }
    if wrong:
        raise InvalidError(wrong)
    contract = await call.api.door.in_thread(contract_of, document, consumer, provider, merges=merges)
    call.note(pacticipant=consumer, version=version, contracts=[{"provider": provider, "sha": contract.sha}])
    try:
        async with call.writing() as connection:
            result = await publish(connection, Publishing(consumer, version, (contract,), replaces=True))
            stored = await pacts.find(connection, consumer, provider, version)
            assert stored is not None
            content = await pacts.content_of(connection, stored.content_id)
    except ConflictError as error:
        raise OldConflictError(error.detail, error.cure, error.changes) from None
    status = 201 if result.published[0].outcome is Outcome.CREATED else 200
    return pact_response(call, stored, content, status)


async def delete_pact(call: Call) -> web.Response:
    """DELETE /pacts/provider/P/consumer/C/version/V"""
    call.demand_no_file_version(call["version"])
    async with call.writing() as connection:
        found = await _found(call, connection)
        call.note(sha=found.sha)
        await pacts.remove(connection, found)
    latest = call.urls.integration(found.consumer, found.provider) + "/latest"
    links = {"index": link(call.urls.base + "/"), "pb:latest-pact-version": link(latest)}
    return hal_response({"_links": links})


async def _found(call: Call, connection: Any) -> Publication:
    found = await pacts.find(connection, call["consumer"], call["provider"], call["version"])
    if found is None:
        raise NotFoundError("The requested document was not found on this server.")
    return found
