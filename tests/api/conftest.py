"""A hosted server in process, with a store of its own, and clients for it."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import pytest
from multidict import CIMultiDictProxy
from yarl import URL

from stubserver.app import Server
from stubserver.security import Role, digest_of, hint_of, new_token
from stubserver.settings import Settings
from stubserver.store import Database, sqlite_url, tokens

HAL = "application/hal+json;charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def links(self) -> dict[str, Any]:
        """The links of the document."""
        links: dict[str, Any] = self.document["_links"]
        return links

    @property
    def kind(self) -> str:
        """The media type."""
        return self.headers.get("Content-Type", "").partition(";")[0]


class Api:
    """A hosted server, and those who talk to it; `url` has no trailing slash."""

    def __init__(self, server: Server, url: str, session: aiohttp.ClientSession, token: str | None = None) -> None:
        self.server = server
        self.url = url
        self.session = session
        self.token = token

    def bearing(self, token: str | None) -> Api:
        """The same server, for whoever has this token."""
        return Api(self.server, self.url, self.session, token)

    async def token_of(self, role: Role) -> str:
        """A new token, as `stubserver token create` makes one."""
        secret = new_token(role)
        async with self.server.hosted.writing() as connection:
            await tokens.add(connection, role.value, role, digest_of(secret), hint_of(secret))
        return secret

    async def __call__(
        self, method: str, target: str, body: Any = None, kind: str | None = None, **headers: str
    ) -> Answer:
        """Send a request; its target is a URL of the server or what follows that, and goes out as written. A body that
        is no bytes goes as JSON. Underscores in names of headers stand for hyphens.
        """
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None and not isinstance(body, bytes):
            body, kind = json.dumps(body).encode(), kind or "application/json"
        if kind is not None:
            sent["Content-Type"] = kind
        data = io.BytesIO(body) if body is not None and len(body) > 1 << 20 else body
        url = target if target.startswith("http") else self.url + target
        async with self.session.request(
            method,
            URL(url, encoded=True),
            data=data,
            headers=sent,
            allow_redirects=False,
            skip_auto_headers=["Content-Type"],
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    async def get(self, target: str, status: int = 200, **headers: str) -> Answer:
        """GET what has to be there."""
        answer = await self("GET", target, **headers)
        assert answer.status == status, (target, answer.status, answer.body[:500])
        return answer

    async def publish(self, *contracts: dict[str, Any], status: int = 200, **more: Any) -> Answer:
        """Publish contracts, made by `contract`, of the consumer of the first one."""
        document = {
            "pacticipantName": contracts[0]["consumerName"] if contracts else "web",
            "pacticipantVersionNumber": "1",
            "contracts": list(contracts),
            **more,
        }
        answer = await self("POST", "/contracts/publish", document)
        assert answer.status == status, (answer.status, answer.body[:2000])
        return answer

    async def put(self, pact: Any, version: str = "1", status: int = 201) -> Answer:
        """Publish a pact in the old way."""
        consumer, provider = pact["consumer"]["name"], pact["provider"]["name"]
        answer = await self("PUT", at(consumer, provider, "version", version), pact)
        assert answer.status == status, (answer.status, answer.body[:2000])
        return answer

    async def publications(self) -> list[str]:
        """The URLs of all latest pacts."""
        return [link["href"] for link in (await self.get("/pacts/latest")).links["pb:pacts"]]


def at(consumer: str, provider: str, *more: str) -> str:
    """The path of the pacts of these two, and what follows it."""
    return "/" + "/".join(quote(part, safe="") for part in ("pacts", "provider", provider, "consumer", consumer, *more))


def path_of(url: str) -> str:
    """The path of a URL, as written."""
    return urlsplit(url).path


def interaction(description: str = "things", path: str = "/things", body: Any = None, **more: Any) -> dict[str, Any]:
    """An interaction: GET of a path is answered with 200 and a body, if one is given."""
    response: dict[str, Any] = {"status": 200}
    if body is not None:
        response |= {"headers": {"Content-Type": "application/json"}, "body": body}
    return {"description": description, "request": {"method": "GET", "path": path}, "response": response, **more}


def pact(*interactions: Any, consumer: str = "web", provider: str = "shop", **more: Any) -> dict[str, Any]:
    """A pact."""
    return {
        "consumer": {"name": consumer},
        "provider": {"name": provider},
        "interactions": list(interactions) or [interaction()],
        "metadata": {"pactSpecification": {"version": "2.0.0"}},
        **more,
    }


def contract(content: Any, consumer: str = "web", provider: str = "shop", **more: Any) -> dict[str, Any]:
    """A contract as clients publish it; names that the pact has are taken from there."""
    if isinstance(content, dict):
        consumer = content.get("consumer", {}).get("name", consumer)
        provider = content.get("provider", {}).get("name", provider)
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return {
        "consumerName": consumer,
        "providerName": provider,
        "specification": "pact",
        "contentType": "application/json",
        "content": base64.b64encode(raw).decode(),
        **more,
    }


MakeApi = Callable[..., Awaitable[Api]]


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with nothing in it, made once: it takes longer to make than to copy."""
    folder = tmp_path_factory.mktemp("empty")

    async def make() -> None:
        database = Database(sqlite_url(folder))
        await database.migrate()
        await database.close()

    asyncio.run(make())
    return folder


@pytest.fixture
async def make_api(tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MakeApi]:
    """Start hosted servers: `await make_api(auth="token")`; the one who asks is an administrator."""
    monkeypatch.chdir(tmp_path)  # no stubserver.toml of whoever runs the tests
    started: list[Api] = []

    async def start(**settings: Any) -> Api:
        data = shutil.copytree(empty_store, tmp_path / f"data-{len(started)}")
        server = Server(Settings(port=0, data=str(data), **settings), hosted=True)
        await server.open()
        host, port = await server.start()
        session = aiohttp.ClientSession(auto_decompress=False)
        started.append(Api(server, f"http://{host}:{port}", session, server.first_token))
        return started[-1]

    yield start
    for api in started:
        await api.session.close()
        await api.server.stop()


@pytest.fixture
async def api(make_api: MakeApi) -> Api:
    """A hosted server that asks nobody for a token."""
    return await make_api()


@pytest.fixture
async def guarded(make_api: MakeApi) -> Api:
    """A hosted server that asks everyone for a token; here, the first administrator's is sent."""
    return await make_api(auth="token")
