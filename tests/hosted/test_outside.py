"""Behind TLS, a reverse proxy, or another name: links and stubs are as clients reach them."""

from __future__ import annotations

import json
import ssl
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from stubserver.app import Server
from stubserver.settings import Settings, SettingsError
from stubserver.web.outside import Outside, networks
from tests.conftest import Running, http_pact
from tests.hosted.conftest import Host, put_pact

LINKED = {
    "generators": {"body": {"$.href": {"type": "MockServerURL", "example": "http://x/a", "regex": ".*(/a)$"}}},
    "body": {"content": {"href": "http://x/a"}},
}
SHOP = http_pact(
    {"request": {"path": "/a"}, "response": LINKED},
    {"request": {"path": "/plain"}, "response": {"status": 201}},
    provider="shop",
)


async def hrefs(running: Running, path: str = "/", **options: Any) -> tuple[str, str]:
    """Where the index says publishing is, and where a stub says it is."""
    index = json.loads((await running.get(path, **options))[2])
    answer = json.loads((await running.get(path.rstrip("/") + "/providers/shop/stub/a", **options))[2])
    return index["_links"]["pb:publish-contracts"]["href"], answer["href"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "cert.pem", folder / "key.pem"
    try:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", paths[1], "-out", paths[0],
             "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
            check=True, capture_output=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"openssl makes no certificate here: {error}")
    return paths


@pytest.mark.asyncio(loop_factories=["asyncio", "uvloop"])
async def test_tls(host: Host, certificate: tuple[Path, Path]) -> None:
    """With a certificate the server speaks TLS on both of its ways, and says so in links and answers."""
    running = await host(tls_cert=str(certificate[0]), tls_key=str(certificate[1]))
    trusted = ssl.create_default_context(cafile=str(certificate[0]))
    await put_pact(running, SHOP, "1", ssl=trusted)
    for options in ({}, {"headers": {"Connection": "close"}}, {"headers": {"Expect": "100-continue"}}):
        assert (await running.get("/providers/shop/stub/plain", ssl=trusted, **options))[0] == 201
    expected = f"{running.url}/contracts/publish", f"{running.url}/providers/shop/stub/a"
    assert await hrefs(running, ssl=trusted) == expected
    with pytest.raises(aiohttp.ClientError):
        await running.get("/")


def test_bad_certificates(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    """A certificate that is not there, is none, or has no key is refused with a cure before anything is served."""
    (tmp_path / "none.pem").write_text("nothing")
    for files in (
        {"tls_cert": str(tmp_path / "absent.pem")},
        {"tls_cert": str(tmp_path / "none.pem")},
        {"tls_cert": str(certificate[0])},
        {"tls_key": str(certificate[1])},
    ):
        with pytest.raises(SettingsError) as error:
            Server(Settings(data=str(tmp_path), **files), hosted=True)
        assert error.value.cure


async def test_a_base_url(host: Host) -> None:
    """With a base URL all links begin with it, whether a proxy takes its path away or leaves it."""
    running = await host(base_url="https://stubs.example.com/t/acme/", allow_open=True)
    await put_pact(running, SHOP, "1")
    base = "https://stubs.example.com/t/acme"
    for prefix in ("", "/t/acme"):
        assert await hrefs(running, prefix + "/") == (f"{base}/contracts/publish", f"{base}/providers/shop/stub/a")
        status, _, body = await running.get(f"{prefix}/pacts/provider/shop/consumer/web/latest")
        assert status == 200
        links = json.loads(body)["_links"]
        assert links["self"]["href"] == f"{base}/pacts/provider/shop/consumer/web/version/1"
        assert (await running.get(f"{prefix}/_stubserver/health"))[0] == 200
    assert json.loads((await running.get("/t/acme"))[2])["name"] == "stubserver"
    assert (await running.get("/t/acmex/providers/shop/stub/a"))[0] == 404


FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "api.example.com", "X-Forwarded-Prefix": "/p/"}


async def test_forwarded_headers_are_believed_of_proxies_only(host: Host) -> None:
    """X-Forwarded-* says how clients reach the server where a trusted proxy sent it, and nothing elsewhere."""
    believing = await host(trusted_proxy=["127.0.0.0/8"], allow_open=True)
    await put_pact(believing, SHOP, "1")
    base = "https://api.example.com/p"
    expected = f"{base}/contracts/publish", f"{base}/providers/shop/stub/a"
    assert await hrefs(believing, headers=FORWARDED) == expected
    assert (await hrefs(believing))[1] == f"{believing.url}/providers/shop/stub/a"
    for other in (await host(), await host(trusted_proxy=["10.0.0.0/8"], allow_open=True)):
        expected = f"{other.url}/contracts/publish", f"{other.url}/providers/shop/stub/a"
        assert await hrefs(other, headers=FORWARDED) == expected


async def test_behind_a_real_proxy(host: Host) -> None:
    """Behind a proxy that adds a path and says so, a client goes from the index to a stub by links alone."""
    running = await host(trusted_proxy=["127.0.0.1"], allow_open=True)
    await put_pact(running, SHOP, "1")

    async def forward(request: web.Request) -> web.Response:
        target = request.raw_path.removeprefix("/broker") or "/"
        headers = {**request.headers, "X-Forwarded-Host": request.host, "X-Forwarded-Prefix": "/broker"}
        url = aiohttp.client.URL(running.url + target, encoded=True)
        async with running.session.request(request.method, url, headers=headers) as answer:
            kept = {name: answer.headers[name] for name in ("Content-Type", "X-Stub-Match") if name in answer.headers}
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)

    runner = web.AppRunner(web.Application())
    runner.app.router.add_route("*", "/{path:.*}", forward)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    front = f"http://127.0.0.1:{runner.addresses[0][1]}/broker"
    try:
        async with running.session.get(front + "/") as answer:
            href = (await answer.json(content_type=None))["_links"]["pb:latest-pact-versions"]["href"]
        assert href.startswith(front)
        async with running.session.get(href) as answer:
            [pact] = (await answer.json(content_type=None))["pacts"]
        async with running.session.get(pact["_links"]["pb:stub"]["href"] + "/plain") as answer:
            assert (answer.status, answer.headers["X-Stub-Match"]) == (201, "exact")
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("peer", "is_trusted"),
    [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("11.0.0.1", False), ("::1", True), (None, False), ("x", False)],
)
def test_trust(peer: str | None, is_trusted: bool) -> None:
    """Addresses are compared as networks, mapped ones included."""
    assert Outside(proxies=networks(["10.0.0.0/8", "::1"])).trusts(peer) is is_trusted


@pytest.mark.parametrize(
    "settings", [{"base_url": "stubs"}, {"base_url": "https://a/?x=1"}, {"trusted_proxy": ["10.0.0.0/99"]}]
)
def test_bad_settings(settings: dict[str, Any]) -> None:
    """What cannot be an address is refused."""
    with pytest.raises(ValueError, match="not a"):
        Settings(**settings)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1", "example.com"])  # noqa: S104
def test_open_to_others(tmp_path: Path, address: str) -> None:
    """Without tokens a hosted server listens on this machine only, unless that is forced."""
    with pytest.raises(SettingsError, match="everyone who reaches"):
        Server(Settings(host=address, data=str(tmp_path)), hosted=True)
    Server(Settings(host=address, data=str(tmp_path), allow_open=True), hosted=True)
    Server(Settings(host=address, data=str(tmp_path), auth="token"), hosted=True)
    with pytest.raises(SettingsError, match="everyone who reaches"):
        Server(Settings(base_url="https://stubs.example.com", data=str(tmp_path)), hosted=True)
    with pytest.raises(SettingsError, match="everyone who reaches"):
        Server(Settings(trusted_proxy=["10.0.0.0/8"], data=str(tmp_path)), hosted=True)
    Server(Settings(base_url="http://localhost:9/x", data=str(tmp_path)), hosted=True)
    Server(Settings(host=address))  # what is only read from files may be served to all
