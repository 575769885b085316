"""Every page on one screen: method, path, handler, the role that it takes, and where it belongs in the menu."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import unquote

from aiohttp import web

from stubserver.errors import MethodNotAllowedError, NotFoundError, StubServerError, UnauthorizedError
from stubserver.security import Role
from stubserver.store import StoreUnavailableError
from stubserver.ui.pages import static_file, version_of
from stubserver.web.addressing import CONTROL_PREFIX
from stubserver.web.explorer import admin, console, contracts, exports, history, home, live, sign_in
from stubserver.web.explorer.swagger import swagger_files
from stubserver.web.explorer.viewing import Explorer, Handler, Viewing
from stubserver.web.pages import see_other
from stubserver.web.problems import SERVER, problem_response

READ, WRITE, ADMIN = Role.READ, Role.WRITE, Role.ADMIN
_ROOT = f"{CONTROL_PREFIX}/ui"
_EXPORT = f"{CONTROL_PREFIX}/export"

PAGES: tuple[tuple[str, str, Handler, Role | None, str], ...] = (
    ("GET", "/", home.home, READ, ""),
    ("GET", "/search", home.search_page, READ, "search"),
    ("GET", "/network", home.network_page, READ, "network"),
    ("GET", "/problems", home.problems_page, READ, "problems"),
    ("GET", "/integrations/{provider}/{consumer}", history.versions_page, READ, "versions"),
    ("GET", "/integrations/{provider}/{consumer}/diff", history.diff_page, READ, "versions"),
    ("GET", "/live", live.live_page, READ, "live"),
    ("GET", "/live/stream", live.live_stream, READ, "live"),
    ("GET", "/live/{id}", live.entry_page, READ, "live"),
    ("GET", "/environments", admin.environments_page, READ, "environments"),
    ("POST", "/environments", admin.add_environment, WRITE, "environments"),
    ("GET", "/tokens", admin.tokens_page, ADMIN, "tokens"),
    ("POST", "/tokens", admin.make_token, ADMIN, "tokens"),
    ("POST", "/tokens/{uuid}/revoke", admin.revoke_token, ADMIN, "tokens"),
    ("GET", "/audit", admin.audit_page, ADMIN, "audit"),
    ("GET", "/settings", admin.settings_page, ADMIN, "settings"),
    ("GET", "/sign-in", sign_in.sign_in_page, None, "sign-in"),
    ("POST", "/sign-in", sign_in.sign_in, None, "sign-in"),
    ("POST", "/sign-out", sign_in.sign_out, None, "sign-in"),
)

_StubHandler = Callable[[Viewing, contracts.StubView], Awaitable[web.Response]]

# Pages of a stub: method, what follows its address, handler.
STUB_PAGES: dict[tuple[str, str], _StubHandler] = {
    ("GET", ""): contracts.interactions_page,
    ("GET", "/usage"): contracts.usage_page,
    ("GET", "/try"): console.console_page,
    ("POST", "/try"): console.try_request,
    ("GET", "/openapi"): exports.openapi_page,
}


def add_explorer_routes(application: web.Application, explorer: Explorer, prefixes: Iterable[str]) -> None:
    """Add all pages below each of these prefixes, which a proxy may leave before all paths."""
    by_path: dict[str, dict[str, tuple[Handler, Role | None, str]]] = {}
    for method, path, handler, role, current in PAGES:
        by_path.setdefault(path, {})[method] = (handler, role, current)
    for prefix in prefixes:
        root = prefix + _ROOT
        add = application.router.add_route
        add("*", root, _to_home)
        add("GET", f"{root}/static/{{name}}", _static)
        add("GET", f"{root}/swagger/{{name}}", _swagger)
        for path, methods in by_path.items():
            add("*", root + path.replace("}", ":[^/]+}"), _handle(explorer, methods))
        add("*", f"{root}/{{rest:.+}}", _handle(explorer, _BELOW))
        add("*", f"{prefix}{_EXPORT}/{{rest:.+}}", _handle(explorer, {"GET": (_export, READ, "")}))
    application.on_shutdown.append(explorer.close)


def _handle(
    explorer: Explorer, methods: dict[str, tuple[Handler, Role | None, str]]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        method = "GET" if request.method == "HEAD" else request.method
        handler, role, current = methods.get(method, (_wrong_method, READ, ""))
        try:
            principal, signed_in = await sign_in.principal_of(explorer, request)
        except StoreUnavailableError as error:
            return problem_response(error)
        is_good = functools.partial(sign_in.is_still_good, explorer, request, principal)
        viewing = Viewing(explorer, request, principal, current, signed_in=signed_in, is_good=is_good)
        try:
            if role is not None:
                sign_in.demand(principal, role)
            is_closed = not explorer.access.is_on and (role in (WRITE, ADMIN) or current == "live")
            if method == "POST" or is_closed:
                explorer.access.demand_own_page(request.headers)
            if signed_in and role is not READ:
                sign_in.demand_navigation(request.headers)
            if explorer.api.prepare is not None:
                await explorer.api.prepare()
            return await handler(viewing)
        except UnauthorizedError as error:
            if method == "GET" and "text/html" in request.headers.get("Accept", "") and not viewing.wants_part:
                return see_other(viewing.links.page("sign-in", to=viewing.own_target))
            return problem_response(error)
        except StubServerError as error:
            if "text/html" not in request.headers.get("Accept", "text/html") and not viewing.wants_part:
                return problem_response(error)
            return await viewing.problem(error)

    return handle


async def _wrong_method(viewing: Viewing) -> web.Response:
    raise MethodNotAllowedError(f"this page does not take {viewing.request.method}", "use GET")


async def _below(viewing: Viewing) -> web.Response:
    """The pages of a stub: its address stands in the path as it is, names percent-encoded."""
    path = viewing.own_path[len(viewing.links.root) :]
    found = contracts.split_below(path)
    if found is None:
        whole = contracts.split_below(path.rstrip("/") + "/stub")
        if whole is None or whole[1]:
            raise NotFoundError("there is no such page", "see the menu for what there is")
        # Somebody left out the end of the address.
        links, address = viewing.links, whole[0]
        return see_other(links.stub(address) if address.consumer is not None else links.stub(address, "/usage"))
    address, tail = found
    method = "GET" if viewing.request.method == "HEAD" else viewing.request.method
    handler = STUB_PAGES.get((method, tail))
    if handler is not None:
        return await handler(viewing, await contracts.view_of(viewing, address))
    steps = tail.split("/")[1:]
    if method == "GET" and steps[:1] == ["interactions"] and len(steps) in (2, 3):
        view, interaction_id = await contracts.view_of(viewing, address), unquote(steps[1])
        if len(steps) == 2:
            return await contracts.interaction_page(viewing, view, interaction_id)
        if steps[2] == "json":
            return await contracts.interaction_json(viewing, view, interaction_id)
        if steps[2] == "try":
            return await console.console_page(viewing, view, interaction_id)
    raise NotFoundError("there is no such page of a stub", f"see {viewing.links.stub(address)}")


_BELOW: dict[str, tuple[Handler, Role | None, str]] = {"GET": (_below, READ, "stub"), "POST": (_below, READ, "stub")}


async def _export(viewing: Viewing) -> web.Response:
    path = viewing.own_path[len(viewing.links.control) + len("/export") :]
    found = contracts.split_below(path)
    if found is None or not found[1].startswith("/"):
        raise NotFoundError("this is no address of a stub", "write …/export/providers/PROVIDER/stub/openapi.json")
    address, tail = found
    return await exports.export(viewing, await contracts.view_of(viewing, address), tail[1:])


async def _to_home(request: web.Request) -> web.StreamResponse:
    return see_other("ui/")  # whatever a proxy has before it


async def _static(request: web.Request) -> web.StreamResponse:
    name = request.match_info["name"]
    found = static_file(name)
    return _file(found, is_versioned=found is not None and request.query.get("v") == version_of(name))


async def _swagger(request: web.Request) -> web.StreamResponse:
    return _file((swagger_files() or {}).get(request.match_info["name"]), is_versioned=False)


def _file(found: tuple[bytes, str] | None, *, is_versioned: bool) -> web.Response:
    if found is None:
        return problem_response(NotFoundError("there is no such file", ""))
    content, media = found
    kept = "public, max-age=31536000, immutable" if is_versioned else "public, max-age=3600"
    headers = {"Content-Type": media, "Cache-Control": kept, "Server": SERVER, "X-Content-Type-Options": "nosniff"}
    return web.Response(body=content, headers=headers)
