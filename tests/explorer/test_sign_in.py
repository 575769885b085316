"""Who sees pages: strangers do not; whoever signed in sees what the token allows, for as long as it is good."""

from __future__ import annotations

import itertools
import json
import re
import sqlite3
import ssl
import subprocess
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import structlog

from stubserver.security import Role
from stubserver.web.explorer.routes import PAGES, STUB_PAGES
from tests.conftest import Running
from tests.explorer.pages import AS_BROWSER, UI, page, post, ui
from tests.explorer.people import COOKIE, STUB, guarded, revoke, signed_in, token_of
from tests.hosted.conftest import Host
from tests.wire import send_raw


def _all() -> list[tuple[str, str, Role | None]]:
    """Method, path and role of every page, with its places filled in."""
    values = {"provider": "shop", "consumer": "web", "id": "0-1", "uuid": "x"}
    every = [(method, re.sub(r"{(\w+)}", lambda its: values[its[1]], path), role) for method, path, _, role, _ in PAGES]
    every += [(method, STUB + tail, Role.READ) for method, tail in STUB_PAGES]
    every += [("GET", f"{STUB}/interactions/x", Role.READ), ("GET", "/nothing", Role.READ)]
    return every


CLOSED = [(method, path) for method, path, role in _all() if role is not None]
ADMIN = [(method, path) for method, path, role in _all() if role is Role.ADMIN]


async def test_strangers_in_browsers(host: Host) -> None:
    """A browser of a stranger is sent to the sign-in, which knows where it wanted to go; nothing is told but that."""
    running, _ = await guarded(host)
    for method, path in CLOSED:
        status, headers, body = await running.request(method, UI + path, headers=AS_BROWSER)
        if method == "GET":
            assert (status, headers["Location"]) == (303, f"{UI}/sign-in?to={quote(UI + path, safe='')}"), path
        else:
            assert status == 401, path
        assert b"shop" not in body, path
    sign_in = await ui(running, f"/sign-in?to={quote(UI + '/live?q=x&sort=time', safe='')}")
    assert sign_in.fields == {"to": f"{UI}/live?q=x&sort=time"}
    assert "shop" not in sign_in.source
    assert not sign_in.all("nav")
    assert {href for href in sign_in.links(UI) if "static" not in href} <= {f"{UI}/"}


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/hal+json", None])
async def test_strangers_who_are_no_browsers(host: Host, accept: str | None) -> None:
    """Everyone else gets 401 as JSON, that says how to do better; so do exports."""
    running, _ = await guarded(host)
    for method, path in [*CLOSED, ("GET", f"/../export{STUB}/openapi.json")]:
        target = UI + path if ".." not in path else f"/_stubserver/export{STUB}/openapi.json"
        line = f"Accept: {accept}\r\n" if accept is not None else ""
        head = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{line}Content-Length: 0\r\nConnection: close\r\n\r\n"
        status, headers, body = await send_raw(running.url, head.encode())
        assert (status, headers["content-type"].partition(";")[0]) == (401, "application/problem+json"), (method, path)
        assert "www-authenticate" in headers
        assert json.loads(body)["status"] == 401


async def test_unknown_tokens(host: Host) -> None:
    """A token that is none, or was revoked, opens nothing: not in a header, not at the sign-in, not as the cookie."""
    running, admin = await guarded(host)
    revoked, uuid = await token_of(running, Role.ADMIN)
    await revoke(running, admin, uuid)
    for token in ("nonsense", "stubserver_admin_" + "x" * 43, revoked, "", "a" * 5000):
        for headers in ({"Authorization": f"Bearer {token}"}, {"X-Stub-Token": token}, {"Cookie": f"{COOKIE}={token}"}):
            assert (await running.get(f"{UI}/", headers={**AS_BROWSER, **headers}))[0] == 303, (token, headers)
        status, headers, body = await post(running, "/sign-in", {"token": token, "to": f"{UI}/live"})
        assert (status, "Set-Cookie" in headers) == (401, False)
        assert b"not known" in body
        assert not token or len(token) < 20 or token.encode() not in body
    for token in (admin, revoked):
        assert (await running.get(f"{UI}/", headers={**AS_BROWSER, "Cookie": f"{COOKIE}={token}"}))[0] == 303


async def test_the_cookie(host: Host) -> None:
    """Scripts cannot read it, other sites do not send it, it goes to what is ours only; the token is not in it."""
    running, token = await guarded(host)
    _, headers = await signed_in(running, token)
    assert len(headers.getall("Set-Cookie")) == 1
    cookie = SimpleCookie(headers["Set-Cookie"])[COOKIE]
    assert cookie["httponly"] is True
    assert cookie["samesite"] in ("Lax", "Strict")
    assert cookie["path"] == "/_stubserver"
    assert not cookie["secure"]
    assert not cookie["domain"]
    assert 0 < int(cookie["max-age"]) <= 31 * 86400
    assert len(cookie.value) >= 40
    assert token[-10:] not in headers["Set-Cookie"]
    assert (headers["Location"], headers["Cache-Control"]) == (f"{UI}/", "no-store")
    again, _ = await signed_in(running, token)
    assert again["Cookie"] != f"{COOKIE}={cookie.value}"


@pytest.mark.parametrize(
    ("settings", "sent", "path", "secure"),
    [
        ({"base_url": "https://stubs.example.com/broker"}, {"Host": "stubs.example.com"}, "/broker/_stubserver", True),
        (
            {"trusted_proxy": ["127.0.0.0/8"]},
            {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "stubs.example.com", "X-Forwarded-Prefix": "/broker"},
            "/broker/_stubserver",
            True,
        ),
        ({}, {"X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/broker"}, "/_stubserver", False),
    ],
    ids=["base-url", "proxy", "no-proxy"],
)
async def test_the_cookie_behind_something(
    host: Host, settings: dict[str, Any], sent: dict[str, str], path: str, secure: bool
) -> None:
    """Its path and whether it is secure are as the browser reaches the server; nobody but a proxy may say so."""
    running, token = await guarded(host, **settings)
    origin = {"Origin": "https://stubs.example.com"} if secure else {}
    _, headers = await signed_in(running, token, **sent, **origin)
    cookie = SimpleCookie(headers["Set-Cookie"])[COOKIE]
    assert (cookie["path"], bool(cookie["secure"])) == (path, secure)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    """A certificate for localhost, and its key."""
    files = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-out", files[0], "-keyout", files[1]]
    try:
        subject = ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
        subprocess.run([*made, *subject], check=True, capture_output=True)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"openssl makes no certificate here: {error}")
    return files


async def test_the_cookie_over_tls(host: Host, certificate: tuple[str, str]) -> None:
    """Over TLS it is secure."""
    files = certificate
    running = await host(auth="token", tls_cert=files[0], tls_key=files[1])
    trusted = ssl.create_default_context(cafile=files[0])
    form, sent = {"token": running.server.first_token or ""}, {**AS_BROWSER, "Origin": running.url}
    status, headers, _ = await running.request("POST", f"{UI}/sign-in", data=form, headers=sent, ssl=trusted)
    assert status == 303
    assert SimpleCookie(headers["Set-Cookie"])[COOKIE]["secure"] is True


async def test_the_cookie_opens_pages_only(host: Host) -> None:
    """Neither stubs nor the API nor the control door take it: pages that stubs answer with could use it otherwise."""
    running, token = await guarded(host)
    cookie, _ = await signed_in(running, token)
    await ui(running, "/tokens", headers=cookie)
    for _ in range(3):
        assert (await running.get(f"{STUB}/a", headers=cookie))[0] == 401
    for method, path in (
        ("GET", "/"),
        ("GET", "/pacts/latest"),
        ("GET", "/audit"),
        ("GET", "/settings/tokens"),
        ("POST", "/settings/tokens"),
        ("POST", "/contracts/publish"),
        ("GET", "/_stubserver/stubs"),
        ("GET", "/_stubserver/pacts?provider=shop"),
        ("GET", "/_stubserver/metrics"),
        ("POST", "/_stubserver/explain"),
        ("GET", "/_stubserver/messages/shop/web"),
    ):
        sent = {**cookie, "Accept": "application/json", "Content-Type": "application/json"}
        assert (await running.request(method, path, data=b"{}", headers=sent))[0] == 401, path


async def test_a_revoked_token_ends_the_sign_in(host: Host) -> None:
    """With the next request, whoever signed in with it is a stranger; others stay."""
    running, admin = await guarded(host)
    token, uuid = await token_of(running, Role.WRITE)
    cookie, _ = await signed_in(running, token)
    other, _ = await signed_in(running, admin)
    await ui(running, "/", headers=cookie)
    await revoke(running, admin, uuid)
    assert (await running.get(f"{UI}/", headers={**AS_BROWSER, **cookie}))[0] == 303
    assert (await post(running, "/environments", {"name": "x"}, **cookie))[0] == 401
    await ui(running, "/", headers=other)


async def test_revoking_on_the_page(host: Host) -> None:
    """The page revokes tokens, its own as well; what it was not asked for stays."""
    running, admin = await guarded(host)
    token, uuid = await token_of(running, Role.ADMIN, "to be ended")
    cookie, _ = await signed_in(running, token)
    assert (await post(running, f"/tokens/{uuid}/revoke", {}, **cookie))[0] == 303
    again, _ = await signed_in(running, admin)
    assert (await post(running, f"/tokens/{uuid}/revoke", {}, **again))[0] == 404  # there is nothing left to end
    assert (await running.get(f"{UI}/tokens", headers={**AS_BROWSER, **cookie}))[0] == 303
    assert (await running.get(f"{STUB}/a", headers={"X-Stub-Token": token}))[0] == 401
    assert (await running.get(f"{STUB}/a", headers={"X-Stub-Token": admin}))[0] == 201


async def test_sign_out(host: Host) -> None:
    """Signing out ends this sign-in at once, also for whoever kept the cookie, and no other."""
    running, admin = await guarded(host)
    cookie, _ = await signed_in(running, admin)
    other, _ = await signed_in(running, admin)
    status, headers, _ = await post(running, "/sign-out", {}, **cookie)
    assert (status, headers["Location"]) == (303, f"{UI}/sign-in")
    gone = SimpleCookie(headers["Set-Cookie"])[COOKIE]
    assert (gone.value, gone["path"], gone["max-age"]) == ("", "/_stubserver", "0")
    assert (await running.get(f"{UI}/", headers={**AS_BROWSER, **cookie}))[0] == 303
    await ui(running, "/", headers=other)
    assert (await post(running, "/sign-out", {}))[0] == 303  # of somebody who is not signed in


async def test_sign_ins_expire(host: Host, tmp_path: Path) -> None:
    """After its time a cookie is none; the database keeps hashes only, of cookies and of tokens."""
    running, admin = await guarded(host)
    cookie, _ = await signed_in(running, admin)
    await ui(running, "/", headers=cookie)
    with sqlite3.connect(tmp_path / "data" / "stubserver.db") as database:
        [(its, expires)] = database.execute("SELECT hash, expires_at FROM sign_ins").fetchall()
        assert re.fullmatch(r"[0-9a-f]{64}", its)
        database.execute("UPDATE sign_ins SET expires_at = '2020' || substr(expires_at, 5)")
    database.close()
    assert expires > "2026"
    assert (await running.get(f"{UI}/", headers={**AS_BROWSER, **cookie}))[0] == 303
    await signed_in(running, admin)
    kept = b"".join(file.read_bytes() for file in (tmp_path / "data").iterdir())
    assert admin.encode() not in kept
    assert cookie["Cookie"].partition("=")[2].encode() not in kept
    with sqlite3.connect(tmp_path / "data" / "stubserver.db") as database:
        assert len(database.execute("SELECT hash FROM sign_ins").fetchall()) == 1  # what expired is forgotten
    database.close()


@pytest.mark.parametrize("role", [Role.READ, Role.WRITE])
async def test_pages_of_administrators(host: Host, role: Role) -> None:
    """Who may not administrate gets 403 from these pages, by cookie and by header, and sees no link to them."""
    running, admin = await guarded(host)
    token, _ = await token_of(running, role)
    cookie, _ = await signed_in(running, token)
    for method, path in ADMIN:
        for headers in (cookie, {"Authorization": f"Bearer {token}"}, {"X-Stub-Token": token}):
            sent = {**AS_BROWSER, "Origin": running.url, **headers}
            status, _, body = await running.request(method, UI + path, headers=sent)
            assert status == 403, path
            assert b"first administrator" not in body
    hidden = tuple(f"{UI}/{name}" for name in ("tokens", "audit", "settings"))
    for path in ("/", "/network", "/live", "/environments", "/search", "/nothing", STUB, f"{STUB}/usage"):
        shown = await ui(running, path, 404 if path == "/nothing" else 200, headers=cookie)
        assert not [href for href in shown.links(UI) if href.startswith(hidden)], path
    assert set(hidden) <= set((await ui(running, "/", headers=(await signed_in(running, admin))[0])).links(UI))


async def test_only_writers_add_environments(host: Host) -> None:
    """Who may only read sees no form to add one, and is refused; who may write adds one."""
    running, _ = await guarded(host)
    reader, _ = await signed_in(running, (await token_of(running, Role.READ))[0])
    writer, _ = await signed_in(running, (await token_of(running, Role.WRITE))[0])
    assert "Add an environment" not in (await ui(running, "/environments", headers=reader)).text
    assert (await post(running, "/environments", {"name": "uat"}, **reader))[0] == 403
    assert "Add an environment" in (await ui(running, "/environments", headers=writer)).text
    assert (await post(running, "/environments", {"name": "uat"}, **writer))[0] == 303
    assert "uat" in (await ui(running, "/environments", headers=reader)).text


FOREIGN = ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost.evil.example", ""]


@pytest.mark.parametrize("origin", FOREIGN)
async def test_forms_of_other_sites(host: Host, origin: str) -> None:
    """A form that another site sends is refused, with the cookie and without, and changes nothing."""
    running, admin = await guarded(host)
    cookie, _ = await signed_in(running, admin)
    before = await _written(running, admin)
    forms: list[tuple[str, dict[str, str]]] = [
        ("/sign-in", {"token": admin}),
        ("/sign-out", {}),
        ("/tokens", {"description": "x", "role": "admin"}),
        ("/tokens/x/revoke", {}),
        ("/environments", {"name": "x"}),
        (f"{STUB}/try", {"method": "GET", "target": "/a"}),
    ]
    for path, form in forms:
        for sent in (cookie, {}):
            status, headers, _ = await post(running, path, form, **sent, Origin=origin)
            assert status == 403 or (not sent and status == 401 and path not in ("/sign-in", "/sign-out")), path
            assert "Set-Cookie" not in headers
    assert await _written(running, admin) == before
    await ui(running, "/", headers=cookie)


async def test_forms_of_other_sites_without_tokens(host: Host) -> None:
    """Where nobody needs a token, forms of other sites are refused as well, and those under a name that is not ours."""
    running = await host()
    for sent in ({"Origin": "https://evil.example"}, {"Origin": "http://evil.example", "Host": "evil.example"}):
        status, _, _ = await post(running, "/environments", {"name": "x"}, **sent)
        assert status == 403
    assert (await post(running, "/environments", {"name": "x"}))[0] == 303


async def _written(running: Running, admin: str) -> Any:
    bearer = {"Authorization": f"Bearer {admin}", "Accept": "application/json"}
    return [(await running.get(path, headers=bearer))[2] for path in ("/environments", "/settings/tokens")]


ELSEWHERE = [
    "//evil.example",
    "https://evil.example/_stubserver/ui/",
    "\\\\evil.example",
    "/\\evil.example",
    "/_stubserver/ui\\..\\evil",
    "/_stubserver/ui/\\evil",
    "/_stubserver/ui/\r\nSet-Cookie: a=b",
    "/_stubserver/ui/\r\n\r\n<script>",
    "/_stubserver/ui/\t//evil.example",
    "/_stubserver/ui@evil.example",
    "/_stubserver/uievil",
    "_stubserver/ui/",
    "javascript:alert(1)",
    "http:_stubserver/ui/",
    "/_stubserver/ui/\u2028x",
    "",
]


async def test_nobody_is_led_elsewhere(host: Host) -> None:
    """After the sign-in one gets to the page one wanted, if it is a page of ours; else to the first."""
    running, token = await guarded(host)
    assert (await signed_in(running, token, f"{UI}/live?q=x%0A&a=b"))[1]["Location"] == f"{UI}/live?q=x%0A&a=b"
    for to in ELSEWHERE:
        _, headers = await signed_in(running, token, to)
        assert headers["Location"] == f"{UI}/", to
        assert len(headers.getall("Set-Cookie")) == 1
        form = await ui(running, f"/sign-in?to={quote(to, safe='')}")
        assert set(form.fields) == {"to"}


async def test_the_audit_of_sign_ins(host: Host) -> None:
    """Who signed in and who was refused stands in the audit, without a token or a cookie."""
    running, admin = await guarded(host)
    cookie, _ = await signed_in(running, admin)
    await post(running, "/sign-in", {"token": "stubserver_admin_" + "y" * 43})
    await running.server.hosted._record_refusals()
    shown = await ui(running, "/audit", headers=cookie)
    assert "first administrator" in " ".join(shown.row_of("SignIn "[:6], "200"))
    assert "401" in shown.row_of("SignInRefused")
    _, _, body = await running.get("/audit", headers={"Authorization": f"Bearer {admin}"})
    for text in (shown.source, body.decode()):
        assert admin not in text
        assert "y" * 20 not in text
        assert cookie["Cookie"].partition("=")[2] not in text


async def test_the_token_is_nowhere(host: Host, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """No page has the token or the cookie, nor do logs and the access log, whatever one does with them."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory())
    running, admin = await guarded(host, access_log=str(tmp_path / "access"), loglevel="debug")
    cookie, headers = await signed_in(running, admin)
    secret = cookie["Cookie"].partition("=")[2]
    seen = [str(headers["Location"])]
    for (method, path), sent in itertools.product(CLOSED, (cookie, {"X-Stub-Token": admin})):
        if method == "GET" and path != "/live/stream":
            seen.append((await running.get(UI + path, headers={**AS_BROWSER, **sent}))[2].decode())
    await running.get(f"{STUB}/miss?token={admin}", headers={"X-Stub-Token": admin, "X-Other": admin})
    await running.get(f"{STUB}/miss", headers={"Authorization": f"Bearer {admin}"})
    seen.append((await ui(running, "/live", headers=cookie)).source)
    await post(running, "/sign-in", {"token": admin}, Origin="https://evil.example")
    await running.server.stop()
    printed = "".join(capfd.readouterr())
    logged = (tmp_path / "access").read_text().replace(f"?token={admin}", "")  # it has request lines as they came
    for text in (*seen, printed, logged):
        assert admin not in text
        assert secret not in text


async def test_who_is_signed_in(host: Host) -> None:
    """Pages say who one is, and how to sign out; a token that is sent with each request needs no sign-in."""
    running, admin = await guarded(host)
    cookie, _ = await signed_in(running, admin)
    shown = await ui(running, "/", headers=cookie)
    assert "first administrator" in shown.text
    assert shown.all("form", action=f"{UI}/sign-out", method="post")
    shown = await page(running, f"{UI}/", headers={"Authorization": f"Bearer {admin}"})
    assert not shown.all("form", action=f"{UI}/sign-out")


async def test_a_new_token_is_shown_once(host: Host) -> None:
    """The page that made it shows it, works, and is the only one to do so; the audit has who made it."""
    running, admin = await guarded(host)
    cookie, _ = await signed_in(running, admin)
    status, headers, body = await post(running, "/tokens", {"description": "the CI", "role": "write"}, **cookie)
    assert (status, headers["Cache-Control"]) == (201, "no-store")
    [made] = set(re.findall(r"stubserver_rw_[\w-]{43}", body.decode()))
    assert (await running.get(f"{STUB}/a", headers={"X-Stub-Token": made}))[0] == 201
    shown = await ui(running, "/tokens", headers=cookie)
    assert made not in shown.source
    assert shown.row_of("the CI")[2] == "write"
    assert made not in (await ui(running, "/audit", headers=cookie)).source
    for form in ({"description": " ", "role": "read"}, {"description": "x", "role": "god"}, {"description": "y" * 256}):
        status, _, body = await post(running, "/tokens", form, **cookie)
        assert (status, b'role="alert"' in body) == (400, True)
