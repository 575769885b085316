"""Every route of the API on one screen: method, path, handler, the role that it takes, what the audit calls it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable

import structlog
from aiohttp import web

from stubserver.errors import (
    ForbiddenError,
    MethodNotAllowedError,
    NotFoundError,
    StubServerError,
    UnauthorizedError,
)
from stubserver.security import Role
from stubserver.web.addressing import CONTROL_PREFIX
from stubserver.web.api import administration, environments, pacticipants, pacts, publishing, verifications, versions
from stubserver.web.api.browsers import to_explorer, wants_page
from stubserver.web.api.call import Api, Call, error_response, payload_of
from stubserver.web.problems import problem_response

log: structlog.stdlib.BoundLogger = structlog.get_logger()

Handler = Callable[[Call], Awaitable[web.Response]]
READ, WRITE, ADMIN = Role.READ, Role.WRITE, Role.ADMIN

_P = "/pacts/provider/{provider}"
_PC = f"{_P}/consumer/{{consumer}}"
_SHA = f"{_PC}/pact-version/{{sha}}"
_N = "/pacticipants/{pacticipant}"
_V = f"{_N}/versions/{{version}}"

ROUTES: tuple[tuple[str, str, Handler, Role, str], ...] = (
    ("GET", "/", administration.index, READ, ""),
    ("GET", "/doc/{rel}", administration.relation_page, READ, ""),
    ("GET", "/diagnostic/status/heartbeat", administration.heartbeat, READ, ""),
    ("GET", "/diagnostic/status/dependencies", administration.dependencies, READ, ""),
    ("GET", "/integrations", administration.integrations, READ, ""),
    ("DELETE", "/integrations/provider/{provider}/consumer/{consumer}", administration.delete_integration, WRITE, "DeleteIntegration"),
    ("GET", "/audit", administration.read_audit, ADMIN, ""),
    ("GET", "/settings/tokens", administration.list_tokens, ADMIN, ""),
    ("POST", "/settings/tokens", administration.create_token, ADMIN, "CreateApiToken"),
    ("GET", "/settings/tokens/{uuid}", administration.get_token, ADMIN, ""),
    ("DELETE", "/settings/tokens/{uuid}", administration.revoke_token, ADMIN, "RevokeApiToken"),
    ("POST", "/settings/tokens/{uuid}/regenerate", administration.regenerate_token, ADMIN, "RegenerateApiToken"),

    ("POST", "/contracts/publish", publishing.publish_contracts, WRITE, "PublishContracts"),
    ("PUT", f"{_PC}/version/{{version}}", publishing.put_pact, WRITE, "PublishPact"),
    ("PATCH", f"{_PC}/version/{{version}}", publishing.merge_pact, WRITE, "MergePact"),
    ("DELETE", f"{_PC}/version/{{version}}", publishing.delete_pact, WRITE, "DeletePact"),

    ("GET", "/pacts/latest", pacts.latest_pacts, READ, ""),
    ("GET", f"{_PC}/version/{{version}}", pacts.get_pact, READ, ""),
    ("GET", f"{_PC}/latest", pacts.get_pact, READ, ""),
    ("GET", f"{_PC}/latest/{{tag}}", pacts.get_pact, READ, ""),
    ("GET", f"{_PC}/latest-untagged", pacts.get_untagged, READ, ""),
    ("GET", f"{_PC}/branch/latest", pacts.get_main_branch, READ, ""),
    ("GET", f"{_PC}/branch/versions", pacts.list_main_branch_versions, READ, ""),
    ("GET", f"{_PC}/branch/latest/versions", pacts.list_main_branch_versions, READ, ""),
    ("GET", f"{_PC}/branch/{{branch}}", pacts.list_versions, READ, ""),
    ("GET", f"{_PC}/branch/{{branch}}/latest", pacts.get_pact, READ, ""),
    ("GET", f"{_PC}/branch/{{branch}}/latest/versions", pacts.list_versions, READ, ""),
    ("GET", f"{_PC}/environment/{{environment}}", pacts.get_pact, READ, ""),
    ("GET", f"{_PC}/versions", pacts.list_versions, READ, ""),
    ("GET", f"{_PC}/tag/{{tag}}", pacts.list_versions, READ, ""),
    ("GET", f"{_PC}/version/{{version}}/previous-distinct", pacts.previous_distinct, READ, ""),
    ("GET", f"{_PC}/version/{{version}}/diff/previous-distinct", pacts.diff_previous_distinct, READ, ""),
    ("GET", f"{_PC}/version/{{version}}/diff/version/{{other}}", pacts.diff, READ, ""),
    ("GET", _SHA, pacts.get_pact, READ, ""),
    ("GET", f"{_SHA}/metadata/{{metadata}}", pacts.get_pact, READ, ""),
    ("GET", f"{_SHA}/diff/pact-version/{{other}}", pacts.diff, READ, ""),

    ("GET", f"{_P}/latest", pacts.provider_latest, READ, ""),
    ("GET", f"{_P}/latest/{{tag}}", pacts.provider_latest, READ, ""),
    ("GET", _P, pacts.provider_all, READ, ""),
    ("GET", f"{_P}/tag/{{tag}}", pacts.provider_all, READ, ""),
    ("GET", f"{_P}/branch", pacts.provider_main_branch, READ, ""),
    ("GET", f"{_P}/branch/latest", pacts.provider_main_branch_latest, READ, ""),
    ("GET", f"{_P}/branch/{{branch}}", pacts.provider_all, READ, ""),
    ("GET", f"{_P}/branch/{{branch}}/latest", pacts.provider_latest, READ, ""),
    ("GET", f"{_P}/provider-states", pacts.provider_states, READ, ""),
    ("GET", f"{_P}/provider-states/branch/{{branch}}", pacts.provider_states, READ, ""),
    ("GET", f"{_P}/provider-states/environment/{{environment}}", pacts.provider_states, READ, ""),

    ("GET", f"{_P}/for-verification", verifications.describe, READ, ""),
    ("POST", f"{_P}/for-verification", verifications.for_verification, READ, ""),
    ("POST", f"{_SHA}/verification-results", verifications.publish_result, WRITE, "PublishVerificationResult"),
    ("POST", f"{_SHA}/metadata/{{metadata}}/verification-results", verifications.publish_result, WRITE, "PublishVerificationResult"),
    ("GET", f"{_SHA}/verification-results/latest", verifications.latest_result, READ, ""),
    ("GET", f"{_SHA}/verification-results/{{number}}", verifications.get_result, READ, ""),
    ("GET", f"{_PC}/version/{{version}}/verification-results/latest", verifications.latest_result, READ, ""),
    ("GET", "/verification-results/consumer/{consumer}/version/{version}/latest", verifications.results_of_version, READ, ""),

    ("GET", "/pacticipants", pacticipants.list_pacticipants, READ, ""),
    ("POST", "/pacticipants", pacticipants.create_pacticipant, WRITE, "CreatePacticipant"),
    ("GET", _N, pacticipants.get_pacticipant, READ, ""),
    ("PATCH", _N, pacticipants.patch_pacticipant, WRITE, "UpdatePacticipant"),
    ("PUT", _N, pacticipants.put_pacticipant, WRITE, "UpdatePacticipant"),
    ("DELETE", _N, pacticipants.delete_pacticipant, WRITE, "DeletePacticipant"),
    ("GET", f"{_N}/versions", versions.list_versions, READ, ""),
    ("GET", f"{_N}/latest-version", versions.latest_version, READ, ""),
    ("GET", f"{_N}/latest-version/{{tag}}", versions.latest_version, READ, ""),
    ("GET", f"{_N}/tags/{{tag}}/versions", versions.list_versions, READ, ""),
    ("GET", f"{_N}/branches", versions.list_branches, READ, ""),
    ("GET", f"{_N}/branches/{{branch}}", versions.get_branch, READ, ""),
    ("DELETE", f"{_N}/branches/{{branch}}", versions.delete_branch, WRITE, "DeleteBranch"),
    ("GET", f"{_N}/branches/{{branch}}/versions", versions.list_versions, READ, ""),
    ("GET", f"{_N}/branches/{{branch}}/latest-version", versions.latest_version, READ, ""),
    ("PUT", f"{_N}/branches/{{branch}}/versions/{{version}}", versions.put_branch_version, WRITE, "AddVersionToBranch"),
    ("GET", f"{_N}/branches/{{branch}}/versions/{{version}}", versions.get_branch_version, READ, ""),
    ("GET", _V, versions.get_version, READ, ""),
    ("PUT", _V, versions.put_version, WRITE, "UpdateVersion"),
    ("PATCH", _V, versions.put_version, WRITE, "UpdateVersion"),
    ("DELETE", _V, versions.delete_version, WRITE, "DeleteVersion"),
    ("PUT", f"{_V}/tags/{{tag}}", versions.put_tag, WRITE, "CreateTag"),
    ("GET", f"{_V}/tags/{{tag}}", versions.get_tag, READ, ""),
    ("DELETE", f"{_V}/tags/{{tag}}", versions.delete_tag, WRITE, "DeleteTag"),

    ("GET", "/environments", environments.list_environments, READ, ""),
    ("POST", "/environments", environments.create_environment, WRITE, "CreateEnvironment"),
    ("GET", "/environments/{environment}", environments.get_environment, READ, ""),
    ("PUT", "/environments/{environment}", environments.put_environment, WRITE, "UpdateEnvironment"),
    ("DELETE", "/environments/{environment}", environments.delete_environment, WRITE, "DeleteEnvironment"),
    ("GET", "/environments/{environment}/deployed-versions/currently-deployed", environments.currently_deployed, READ, ""),
    ("GET", "/environments/{environment}/released-versions/currently-supported", environments.currently_supported, READ, ""),
    ("POST", f"{_V}/deployed-versions/environment/{{environment}}", environments.record_deployment, WRITE, "RecordDeployment"),
    ("POST", f"{_V}/released-versions/environment/{{environment}}", environments.record_release, WRITE, "RecordRelease"),
    ("GET", f"{_V}/deployed-versions/environment/{{environment}}", environments.list_recorded, READ, ""),
    ("GET", f"{_V}/released-versions/environment/{{environment}}", environments.list_recorded, READ, ""),
    ("GET", "/deployed-versions/{uuid}", environments.get_residence, READ, ""),
    ("PATCH", "/deployed-versions/{uuid}", environments.patch_residence, WRITE, "RecordUndeployment"),
    ("GET", "/released-versions/{uuid}", environments.get_residence, READ, ""),
    ("PATCH", "/released-versions/{uuid}", environments.patch_residence, WRITE, "RecordSupportEnded"),
)  # fmt: skip
_OPEN = frozenset({administration.heartbeat})  # what asks for no token: whoever watches over the server has none


def add_api_routes(application: web.Application, api: Api, prefixes: Iterable[tuple[str, str]]) -> None:
    """Add all routes below each of these prefixes: what a proxy may leave before all paths, and what stands after it."""
    by_path: dict[str, dict[str, tuple[Handler, Role, str]]] = {}
    for method, path, handler, role, kind in ROUTES:
        by_path.setdefault(path, {})[method] = (handler, role, kind)
    for start, below in prefixes:
        for word in _NOT_OFFERED:
            application.router.add_route("*", f"{start}{below}/{word}{{tail:(?:/.*)?}}", _not_offered(word))
        for path, methods in by_path.items():
            handle = _handler(api, below, methods)
            # A name is whatever stands between two slashes.
            whole = start + below + re.sub(r"\{(\w+)\}", r"{\1:[^/]+}", path)
            application.router.add_route("*", whole, handle)
            if path == "/" and start + below:
                application.router.add_route("*", start + below, handle)


_AUDITED = frozenset({401, 403, 409})  # refusals that are recorded
# What a Pact Broker has beside all this.
_NOT_OFFERED = ("matrix", "can-i-deploy", "webhooks", "triggered-webhooks", "labels", "dashboard", "metrics")


def _not_offered(word: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(_: web.Request) -> web.StreamResponse:
        return error_response(NotFoundError(f"{word} is not offered by this server", "see its index for what is"))

    return handle


def _handler(
    api: Api, prefix: str, methods: dict[str, tuple[Handler, Role, str]]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    allowed = ", ".join([*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"])

    async def handle(request: web.Request) -> web.StreamResponse:
        kind, call = "", None
        try:
            if request.method == "OPTIONS":
                return web.Response(status=204, headers={"Allow": allowed})
            chosen = methods.get("GET" if request.method == "HEAD" else request.method)
            if chosen is None:
                raise MethodNotAllowedError(f"{request.path} does not take {request.method}", f"use {allowed}")
            handler, role, kind = chosen
            asked = request.headers
            if api.access.is_on and api.access.has_unknown_token(asked):
                await api.hosted.look_again()
            needed = role if handler not in _OPEN else None
            principal = api.access.demand(asked, needed) if needed is not None else api.access.nobody
            if api.prepare is not None:
                await api.prepare()
            call = Call(api, request, prefix, principal, kind)
            return await handler(call)
        except StubServerError as error:
            if isinstance(error, UnauthorizedError) and request.method == "GET" and wants_page(request):
                return to_explorer(api.door.outside.server_of(request))  # where one can sign in
            if error.status in _AUDITED:
                told = payload_of(request, {**(call.noted if call is not None else {}), "reason": error.detail[:300]})
                actor = error.actor if isinstance(error, ForbiddenError) else "unknown"
                actor = call.principal.name if call is not None else actor
                api.hosted.note_refusal(kind or "Refused", error.status, told, actor)
            response = error_response(error)
            if error.status == 405:
                response.headers["Allow"] = allowed
            return response

    return handle


@web.middleware
async def unknown_as_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """What no route is for: of the control door in its usual shape, all else as clients of a Pact Broker read it."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        if CONTROL_PREFIX in request.raw_path:
            return problem_response(NotFoundError(f"nothing is at {request.path}", f"see {CONTROL_PREFIX}/"))
        return error_response(NotFoundError(f"nothing is at {request.path}", "see the index at / for what is"))
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        response = problem_response(
            MethodNotAllowedError(f"{request.path} does not take {request.method}", f"use {allowed}")
        )
        response.headers["Allow"] = allowed
        return response
