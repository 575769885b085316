"""Which pacts a provider has to verify, and what came of it."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from stubserver.catalog.names import name_problem
from stubserver.errors import NotFoundError
from stubserver.store import (
    LATEST,
    MAIN_BRANCH,
    Kind,
    Publication,
    Selector,
    Verification,
    environments,
    pacticipants,
    pacts,
    verifications,
)
from stubserver.web.api.call import LONGEST_URL, Call, InvalidError, named, optional_text
from stubserver.web.api.hal import Urls, hal_response, link
from stubserver.web.api.pacts import demand_provider, find_pact, title_of
from stubserver.web.api.versions import demand_version

_FIELD = "consumerVersionSelectors"
_FLAGS = ("mainBranch", "matchingBranch", "latest", "deployed", "released", "deployedOrReleased")
_NAMES = ("tag", "branch", "environment", "fallbackTag", "fallbackBranch", "consumer")
_MOST = 100  # selectors of one question


async def describe(call: Call) -> web.Response:
    """GET /pacts/provider/P/for-verification: what clients look at before they ask"""
    provider = call["provider"]
    async with call.reading() as connection:
        await demand_provider(connection, provider)
        found = await _by_default(connection, provider)
        return hal_response(await _document(call, connection, provider, found, with_status=False))


async def for_verification(call: Call) -> web.Response:
    """POST /pacts/provider/P/for-verification"""
    document, provider = await call.document(may_be_empty=True), call["provider"]
    selectors = document.get(_FIELD) or []
    if not isinstance(selectors, list) or len(selectors) > _MOST:
        raise InvalidError({_FIELD: [f"must be an array of at most {_MOST}"]})
    branch = optional_text(document, "providerVersionBranch")
    problems = [
        f"{problem} (at index {place})" for place, item in enumerate(selectors) for problem in _problems(item, branch)
    ]
    if problems:
        raise InvalidError({_FIELD: problems})
    async with call.reading() as connection:
        await demand_provider(connection, provider)
        found: list[tuple[str, Publication]] = []
        if not selectors:
            found = await _by_default(connection, provider)
        for place, item in enumerate(selectors):
            name = item.get("environment")
            if name is not None and not await environments.every(connection, name):
                message = f"environment with name '{name}' does not exist (at index {place})"
                raise InvalidError({_FIELD: [message]})
            found += await _selected(connection, provider, item, branch)
        with_status = document.get("includePendingStatus") is True
        return hal_response(await _document(call, connection, provider, found, with_status=with_status))


def _problems(item: Any, provider_branch: str | None) -> Iterable[str]:
    if not isinstance(item, dict):
        yield "must be an object"
        return
    for name in _NAMES:
        if item.get(name) is not None and (problem := name_problem(item[name])) is not None:
            yield f"{name} {problem}"
    for name in _FLAGS:
        if not isinstance(item.get(name), bool | None):
            yield f"{name} must be true or false"
    has = {name for name in (*_FLAGS, *_NAMES) if item.get(name) not in (None, False)}
    if not has & {"tag", "branch", "environment", *_FLAGS}:
        yield (
            "must specify a value for environment or tag or branch, or specify mainBranch=true, matchingBranch=true, "
            "latest=true, deployed=true, released=true or deployedOrReleased=true"
        )
    if {"tag", "branch"} <= has:
        yield "cannot specify both a tag and a branch"
    by_place = has & {"environment", "deployed", "released", "deployedOrReleased"}
    if by_place and has & {"branch", "mainBranch", "matchingBranch", "tag", "latest"}:
        yield f"cannot specify {sorted(by_place)[0]} with a branch, a tag or latest"
    if "fallbackTag" in has and not {"tag", "latest"} <= has:
        yield "a fallbackTag can only be set when a tag and latest=true are, too"
    if "fallbackBranch" in has and not has & {"branch", "matchingBranch"}:
        yield "a fallbackBranch can only be set when a branch is, too"
    if "matchingBranch" in has and provider_branch is None:
        yield "the provider version branch must be specified when the selector matchingBranch=true is used"


async def _by_default(connection: AsyncConnection, provider: str) -> list[tuple[str, Publication]]:
    """The latest of each consumer's main branch, or else the latest; and everything deployed or released."""
    main = await pacts.choose(connection, provider, None, MAIN_BRANCH)
    with_main = {item.consumer for item in main}
    found = [("latest from main branch", item) for item in main]
    latest = await pacts.choose(connection, provider)
    found += [("latest", item) for item in latest if item.consumer not in with_main]
    here = await pacts.choose(connection, provider, None, Selector(Kind.DEPLOYED_OR_RELEASED))
    return found + [("deployed or released", item) for item in here]


async def _selected(
    connection: AsyncConnection, provider: str, item: dict[str, Any], provider_branch: str | None
) -> list[tuple[str, Publication]]:
    """(why, pact) of all that one selector selects."""
    consumer = item.get("consumer")

    async def newest(selector: Selector, why: str) -> list[tuple[str, Publication]]:
        return [(why, found) for found in await pacts.choose(connection, provider, consumer, selector)]

    place = item.get("environment")
    where = f" in {place}" if place else ""
    if item.get("deployed"):
        return await newest(Selector(Kind.DEPLOYED, place), f"currently deployed{where}")
    if item.get("released"):
        return await newest(Selector(Kind.RELEASED, place), f"released and supported{where}")
    if place or item.get("deployedOrReleased"):
        return await newest(Selector(Kind.DEPLOYED_OR_RELEASED, place), f"currently deployed or released{where}")
    if item.get("mainBranch"):
        return await newest(MAIN_BRANCH, "latest from main branch")
    branch = provider_branch if item.get("matchingBranch") else item.get("branch")
    if branch:
        found = await newest(Selector(Kind.BRANCH, branch), f"latest from branch {branch}")
        fallback = item.get("fallbackBranch")
        if not found and fallback:
            found = await newest(Selector(Kind.BRANCH, fallback), f"latest from branch {fallback} (fallback)")
        return found
    if item.get("tag"):
        tag = Selector(Kind.TAG, item["tag"])
        if not item.get("latest"):
            tagged = await pacts.history(connection, provider, consumer, tag)
            return [(f"tagged {item['tag']}", found) for found in tagged]
        found = await newest(tag, f"latest with tag {item['tag']}")
        fallback = item.get("fallbackTag")
        if not found and fallback:
            found = await newest(Selector(Kind.TAG, fallback), f"latest with tag {fallback} (fallback)")
        return found
    return await newest(LATEST, "latest")


async def _document(
    call: Call,
    connection: AsyncConnection,
    provider: str,
    found: list[tuple[str, Publication]],
    *,
    with_status: bool,
) -> dict[str, Any]:
    """The pacts, each content once, with why it is to be verified."""
    by_content: dict[tuple[str, str], list[tuple[str, Publication]]] = {}
    for why, item in found:
        by_content.setdefault((item.consumer, item.sha), []).append((why, item))
    ids = [group[0][1].content_id for group in by_content.values()]
    verified = await verifications.verified(connection, ids, provider) if ids and with_status else set()
    entries = [
        _entry(call.urls, group, group[0][1].content_id not in verified if with_status else None)
        for group in by_content.values()
    ]
    url = call.urls.at("pacts", "provider", provider, "for-verification")
    return {"_embedded": {"pacts": entries}, "_links": {"self": link(url, "Pacts to be verified")}}


def _entry(urls: Urls, group: list[tuple[str, Publication]], pending: bool | None) -> dict[str, Any]:
    item = max((publication for _, publication in group), key=lambda publication: publication.version_id)
    whys = list(dict.fromkeys(why for why, _ in group))
    reasons = "".join(f"\n    * {why} ({publication.version})" for why, publication in dict.fromkeys(group))
    notices = [
        {
            "when": "before_verification",
            "text": f"The pact at {urls.pact_version(item)} is being verified because the pact content belongs to the "
            f"consumer versions matching the following criteria:{reasons}",
        }
    ]
    if pending is not None:
        notices.append({"when": "before_verification", "text": _PENDING if pending else _NOT_PENDING})
    properties = {"notices": notices} if pending is None else {"pending": pending, "notices": notices}
    metadata = urlencode([("cvn", item.version), *([("p", str(pending).lower())] if pending is not None else [])])
    encoded = base64.urlsafe_b64encode(metadata.encode()).decode().rstrip("=")
    return {
        "shortDescription": ", ".join(whys),
        "verificationProperties": properties,
        "_links": {"self": link(f"{urls.pact_version(item)}/metadata/{encoded}", name=title_of(item))},
    }


_PENDING = "This pact is pending: no successful verification of it was published yet, so a failure fails no build."
_NOT_PENDING = "This pact was verified successfully before, so a failure fails the build."


async def publish_result(call: Call) -> web.Response:
    """POST …/pact-version/SHA/verification-results"""
    document = await call.document()
    errors: dict[str, list[str]] = {}
    success, number = document.get("success"), document.get("providerApplicationVersion")
    if not isinstance(success, bool):
        errors["success"] = ["is missing" if success is None else "must be true or false"]
    if (problem := name_problem(number)) is not None:
        errors["providerApplicationVersion"] = [problem]
    build_url = document.get("buildUrl")
    if build_url is not None and not _is_url(build_url):
        errors["buildUrl"] = ["must be a URL"]
    if errors:
        raise InvalidError(errors)
    details: dict[str, Any] = {key: document[key] for key in ("testResults", "verifiedBy") if key in document}
    async with call.writing() as connection:
        item = await find_pact(call, connection, Selector(Kind.PACT_VERSION, call["sha"]))
        call.note(sha=item.sha, success=success)
        consumer, _ = await pacticipants.ensure(connection, item.consumer)
        provider, _ = await pacticipants.ensure(connection, item.provider)
        version_id, _ = await pacticipants.ensure_version(connection, provider, named("version", number))
        made = await verifications.add(
            connection, item, consumer, provider, version_id, bool(success), build_url, details
        )
    told = _result_document(call.urls, made, item)
    return hal_response(told, 201, {"Location": call.link(told)})


def _is_url(value: Any) -> bool:
    try:
        return (
            name_problem(value, LONGEST_URL) is None
            and URL(value).scheme in ("http", "https")
            and bool(URL(value).host)
        )
    except ValueError:
        return False


def _result_document(urls: Urls, item: Verification, publication: Publication) -> dict[str, Any]:
    content, title = urls.pact_version(publication), title_of(publication)
    document: dict[str, Any] = {
        "providerName": item.provider,
        "providerApplicationVersion": item.provider_version,
        "success": item.success,
        "verificationDate": item.created_at,
        "buildUrl": item.build_url,
        **item.details,
        "_links": {
            "self": link(
                f"{content}/verification-results/{item.number}",
                "Verification result",
                f"Verification result {item.number} for {title}",
            ),
            "pb:pact-version": link(content, "Pact", title),
        },
    }
    return {key: value for key, value in document.items() if value is not None}


async def get_result(call: Call) -> web.Response:
    """GET …/pact-version/SHA/verification-results/N"""
    try:
        number = int(call["number"])
    except ValueError:
        number = -1
    async with call.reading() as connection:
        item = await find_pact(call, connection, Selector(Kind.PACT_VERSION, call["sha"]))
        found = await verifications.find(connection, number) if 0 <= number < 1 << 62 else None
    if found is None or found.sha != item.sha:
        raise NotFoundError("The requested verification result was not found on this server.")
    return hal_response(_result_document(call.urls, found, item))


async def latest_result(call: Call) -> web.Response:
    """GET …/pact-version/SHA/verification-results/latest, …/version/V/verification-results/latest"""
    names = call.request.match_info
    selector = Selector(Kind.PACT_VERSION, call["sha"]) if "sha" in names else Selector(Kind.VERSION, call["version"])
    async with call.reading() as connection:
        item = await find_pact(call, connection, selector)
        found = await verifications.of_contents(connection, [item.content_id], item.provider)
    if not found:
        raise NotFoundError("This pact was not verified yet.")
    return hal_response(_result_document(call.urls, found[0], item))


async def results_of_version(call: Call) -> web.Response:
    """GET /verification-results/consumer/C/version/V/latest"""
    consumer, number = call["consumer"], call["version"]
    summary: dict[str, list[str]] = {"successful": [], "failed": [], "unknown": []}
    documents: list[dict[str, Any]] = []
    async with call.reading() as connection:
        version = await demand_version(connection, consumer, number)
        for provider in version.providers:
            item = await pacts.find(connection, consumer, provider, number)
            assert item is not None
            found = await verifications.of_contents(connection, [item.content_id], provider)
            outcome = "unknown" if not found else "successful" if found[0].success else "failed"
            summary[outcome].append(provider)
            documents += [_result_document(call.urls, result, item) for result in found[:1]]
    url = call.urls.at("verification-results", "consumer", consumer, "version", number, "latest")
    return hal_response(
        {
            "success": bool(documents) and not summary["failed"] and not summary["unknown"],
            "providerSummary": summary,
            "_embedded": {"verificationResults": documents},
            "_links": {"self": link(url, "Latest verification results")},
        }
    )
