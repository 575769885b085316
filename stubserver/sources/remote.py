"""Pacts behind URLs: single documents, and all the latest pacts of a Pact Broker.

The caller names the URLs. What their answers name is another matter: redirects and links are followed on the same
origin only, so neither a credential nor a request goes anywhere that the caller did not name.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
import structlog
from yarl import URL

from stubserver.errors import SourceError
from stubserver.sources.document import MAX_DOCUMENT_BYTES, FailedDocument, PactDocument, Yielded

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Each fetch has a minute from the moment it has a connection; waiting for its turn does not count.
_TIMEOUT = aiohttp.ClientTimeout(total=60, sock_connect=10)
_AT_ONCE = 8
_MAX_REDIRECTS = 5
_RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_FIRST_DELAY = 0.5  # seconds; doubles with every further attempt
_LONGEST_DELAY = 30.0


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach remote pacts: credentials (either or none), whether certificates are checked, how often to retry."""

    token: str | None = None
    user: str | None = None  # "name:password"
    insecure_tls: bool = False
    retries: int = 8

    def headers(self) -> dict[str, str]:
        """The Authorization header, if any."""
        if self.token:
            return {"Authorization": f"Bearer {self.token}"}
        if self.user:
            name, _, password = self.user.partition(":")
            return {"Authorization": aiohttp.encode_basic_auth(name, password)}
        return {}


class Remote:
    """A client for one set of credentials. Use it as an async context manager."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._session: aiohttp.ClientSession | None = None
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def __aenter__(self) -> Remote:
        tls: ssl.SSLContext | bool = not self._access.insecure_tls
        connector = aiohttp.TCPConnector(ssl=tls, limit=0)
        self._session = aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT, trust_env=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def read(self, url: str) -> Yielded:
        """One document."""
        try:
            return PactDocument(_without_credentials(url), await self._get(_parsed(url), "application/json"))
        except SourceError as error:
            return FailedDocument(_without_credentials(url), error)

    async def read_broker(self, url: str, consumers: list[str], providers: list[str]) -> AsyncIterator[Yielded]:
        """The latest pact of every integration of a Pact Broker, or of those whose names match one of the patterns."""
        base = _parsed(url)
        try:
            links = await self._latest_pacts(base)
        except SourceError as error:
            yield FailedDocument(_without_credentials(url), error)
            return
        wanted = [
            href
            for href, consumer, provider in links
            if _is_wanted(consumer, consumers) and _is_wanted(provider, providers)
        ]
        if not wanted:
            cure = "publish some, or widen --consumer-name and --provider-name"
            yield FailedDocument(_without_credentials(url), SourceError(f"{_shown(base)} has no such pacts", cure))
        for document in await asyncio.gather(*(self._read_link(base, href) for href in wanted)):
            yield document

    async def _latest_pacts(self, base: URL) -> list[tuple[str, str, str]]:
        """(href, consumer, provider) of each latest pact."""
        index = await self._get_hal(base)
        link = _link(index, "pb:latest-pact-versions")
        if link is None:
            cure = "give the URL of a Pact Broker's index"
            raise SourceError(f"{_shown(base)} has no link pb:latest-pact-versions", cure)
        listing = await self._get_hal(_followed(base, link))
        links = listing.get("_links")
        entries = (links.get("pb:pacts") or links.get("pacts")) if isinstance(links, dict) else None
        pacts = listing.get("pacts")
        if isinstance(pacts, list) and pacts:
            return [found for pact in pacts if (found := _embedded_pact(pact)) is not None]
        if isinstance(entries, list):
            hrefs = [entry.get("href") for entry in entries if isinstance(entry, dict)]
            return [(href, "", "") for href in hrefs if isinstance(href, str)]
        return []

    async def _read_link(self, base: URL, href: str) -> Yielded:
        try:
            return await self.read(str(_followed(base, href)))
        except SourceError as error:
            return FailedDocument(_without_credentials(href), error)

    async def _get_hal(self, url: URL) -> dict[str, Any]:
        content = await self._get(url, "application/hal+json, application/json")
        try:
            document = orjson.loads(content)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise SourceError(f"{_shown(url)} did not answer with a HAL document", "give the URL of a Pact Broker")
        return document

    async def _get(self, url: URL, accept: str) -> bytes:
        """The body of a GET, after retries and redirects on the same origin. Raises SourceError."""
        delay = _FIRST_DELAY
        for attempt in range(self._access.retries + 1):
            try:
                async with self._turn:
                    return await self._get_once(url, accept)
            except _PassingError as error:
                if attempt == self._access.retries:
                    raise SourceError(str(error), "check that it is running and reachable") from None
                pause = min(delay, _LONGEST_DELAY) * random.uniform(0.5, 1)  # noqa: S311 - only spreads the attempts
                log.warning("fetch failed; trying again", reason=str(error), seconds=round(pause, 1))
            await asyncio.sleep(pause)
            delay *= 2
        raise AssertionError("the last attempt returns or raises")

    async def _get_once(self, url: URL, accept: str) -> bytes:
        assert self._session is not None
        headers = {"Accept": accept, **({} if url.user else self._access.headers())}
        for _ in range(_MAX_REDIRECTS):
            try:
                async with self._session.get(url, headers=headers, allow_redirects=False) as response:
                    if response.status in (301, 302, 303, 307, 308) and "Location" in response.headers:
                        url = _followed(url, response.headers["Location"])
                        continue
                    _demand_success(url, response.status)
                    content = await response.content.read(MAX_DOCUMENT_BYTES + 1)
                    while len(content) <= MAX_DOCUMENT_BYTES and not response.content.at_eof():
                        content += await response.content.read(MAX_DOCUMENT_BYTES + 1 - len(content))
            except aiohttp.ClientSSLError as error:
                cure = "give a certificate that is trusted here, or use --insecure-tls"
                raise SourceError(f"{_shown(url)}: {error}", cure) from None
            except (aiohttp.ClientError, TimeoutError) as error:
                raise _PassingError(f"{_shown(url)}: {str(error) or type(error).__name__}") from None
            if len(content) > MAX_DOCUMENT_BYTES:
                cure = "split it into several pacts"
                raise SourceError(f"{_shown(url)} is larger than {MAX_DOCUMENT_BYTES >> 20} MiB", cure)
            return content
        raise SourceError(f"{_shown(url)} redirects more than {_MAX_REDIRECTS} times", "give the final URL")


class _PassingError(Exception):
    """A failure that may pass."""


def _demand_success(url: URL, status: int) -> None:
    if status in _RETRIED:
        raise _PassingError(f"{_shown(url)} answered {status}")
    if status in (401, 403):
        raise SourceError(f"{_shown(url)} answered {status}", "give credentials with --token or --user")
    if status != 200:
        raise SourceError(f"{_shown(url)} answered {status}", "check the URL")


def _parsed(url: str) -> URL:
    try:
        parsed = URL(url)
    except ValueError as error:
        raise SourceError(f"{_without_credentials(url)} is not a URL", "write it like https://host/path") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise SourceError(f"{_shown(parsed)} is not an http or https URL", "write it like https://host/path")
    return parsed


def _followed(base: URL, href: str) -> URL:
    """A link or redirect target; only on the origin it came from (or the same host's https)."""
    try:
        target = base.join(URL(href))
    except ValueError as error:
        raise SourceError(f"{_shown(base)} links to {href!r}: {error}", "mend that server") from None
    upgraded = target.host == base.host and (base.scheme, target.scheme) == ("http", "https")
    if target.scheme not in ("http", "https") or not (upgraded or target.origin() == base.origin()):
        cure = "if that is right, give that URL itself"
        raise SourceError(f"{_shown(base)} leads to {_shown(target)}, which is another origin", cure)
    # Credentials in the URL that was given are meant for its whole origin.
    return target.with_user(base.user).with_password(base.password) if base.user and not target.user else target


def _link(document: dict[str, Any], relation: str) -> str | None:
    links = document.get("_links")
    link = links.get(relation) if isinstance(links, dict) else None
    href = link.get("href") if isinstance(link, dict) else None
    return href if isinstance(href, str) else None


def _embedded_pact(pact: Any) -> tuple[str, str, str] | None:
    """(href, consumer, provider) of one entry of a broker's list of pacts."""
    try:
        embedded = pact["_embedded"]
        links = pact["_links"]["self"]
        link = links[0] if isinstance(links, list) else links
        return str(link["href"]), str(embedded["consumer"]["name"]), str(embedded["provider"]["name"])
    except (KeyError, TypeError, IndexError):
        return None


def _is_wanted(name: str, patterns: list[str]) -> bool:
    return not patterns or any(pattern == name or re.search(pattern, name) for pattern in patterns)


def _shown(url: URL) -> str:
    return _without_credentials(str(url))


def _without_credentials(url: str) -> str:
    """The URL as it may be shown: no user, no password, and a digest for its query, which may hold a signature."""
    bare, _, query = re.sub(r"^(\w+://)[^/?#]*@", r"\1", url).partition("?")
    return f"{bare}?…{hashlib.sha256(query.encode()).hexdigest()[:8]}" if query else bare
