"""Pages as tests read them: their elements and texts, and what every page has to be."""

from __future__ import annotations

import io
import json
import re
from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import stubserver.ui.pages
from tests.conftest import Running

UI = "/_stubserver/ui"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
AS_BROWSER = {"Accept": BROWSER}
LARGEST = 250_000  # bytes of a page
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_LEFT_OPEN = frozenset({"option", "p", "li", "td", "tr"})  # whose end may be left out
_FLAGS = frozenset(
    ["hidden", "required", "checked", "selected", "open", "defer", "multiple", "autofocus", "disabled", "download"]
)
_LINKS = ("href", "src", "action", "formaction", "data", "poster", "xlink:href", "srcset", "srcdoc")


@cache
def _written() -> tuple[frozenset[str], frozenset[str]]:
    """The names of elements and attributes that our own templates write."""
    folder = Path(stubserver.ui.pages.__file__).parent / "templates"
    text = "\n".join(path.read_text() for path in folder.glob("*.html"))
    elements = re.findall(r"<([a-zA-Z][\w-]*)", text)
    attributes = re.findall(r"""[\s"}]([a-zA-Z][\w:-]*)="|\s(data-[\w-]+)""", text)
    names = {name.lower() for pair in attributes for name in pair if name}
    return frozenset(name.lower() for name in elements), frozenset(names | _FLAGS)


class Page(HTMLParser):
    """A page: `elements` are (name, attributes) in their order, `text` is what people read."""

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.source = content.decode("utf-8")
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.wrong: list[str] = []
        self.title = ""
        self._open: list[str] = []
        self._pieces: list[str] = []
        self.feed(self.source)
        self.close()
        self.wrong += [f"<{name}> is never closed" for name in self._open if name not in _LEFT_OPEN]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(set(names)) < len(names):
            self.wrong.append(f"<{tag}> has an attribute twice: {names}")
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open[-1] != tag and self._open[-1] in _LEFT_OPEN:
            self._open.pop()
        if not self._open or self._open[-1] != tag:
            self.wrong.append(f"</{tag}> closes {self._open[-1:]}")
            return
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script" and data.strip():
            self.wrong.append(f"a script is written in the page: {data[:60]!r}")
        if self._open and self._open[-1] == "title" and "svg" not in self._open:
            self.title += data
        self._pieces.append(data)

    @property
    def text(self) -> str:
        """What people read, with single blanks."""
        return " ".join("".join(self._pieces).split())

    def all(self, tag: str, /, **wanted: str) -> list[dict[str, str]]:
        """The attributes of all elements of this name that have these attributes."""
        return [found for name, found in self.elements if name == tag and wanted.items() <= found.items()]

    def links(self, within: str = "") -> list[str]:
        """Where all links lead that begin like this, each once."""
        found = dict.fromkeys(attributes["href"] for attributes in self.all("a") if "href" in attributes)
        return [href for href in found if href.startswith(within)]

    @property
    def fields(self) -> dict[str, str]:
        """The hidden fields of its forms."""
        return {its["name"]: its["value"] for its in self.all("input", type="hidden")}

    def rows(self) -> list[list[str]]:
        """The texts of the cells of all tables, row by row."""
        rows = re.findall(r"<tr[^>]*>(.*?)</tr>", self.source, re.DOTALL)
        return [[as_text(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)] for row in rows]

    def row_of(self, *words: str) -> list[str]:
        """The only row that has all these words."""
        [found] = [row for row in self.rows() if all(word in " ".join(row) for word in words)]
        return found


def as_text(source: str) -> str:
    """What people read of a piece of HTML."""
    return Page(source.encode()).text


def faults_of(content: bytes, headers: Any) -> list[str]:
    """What is wrong with a page, whatever it shows."""
    if len(content) > 2 * LARGEST:
        return [f"it has {len(content):,} bytes"]  # and would take long to be read
    page = Page(content)
    faults = list(page.wrong)
    if headers["Content-Type"] != "text/html; charset=utf-8":
        faults.append(f"it is {headers['Content-Type']}")
    if len(content) > LARGEST:
        faults.append(f"it has {len(content):,} bytes")
    if not page.source.lstrip().lower().startswith("<!doctype html>"):
        faults.append("it has no doctype")
    policy = headers.get("Content-Security-Policy", "")
    nonce = re.search(r"script-src 'nonce-([\w-]{16,})'", policy)
    if (
        (nonce is None and "script-src 'none'" not in policy)
        or "unsafe" in policy
        or "default-src 'none'" not in policy
        or "base-uri 'none'" not in policy
    ):
        faults.append(f"its policy is {policy!r}")
    if headers.get("X-Content-Type-Options") != "nosniff":
        faults.append("browsers may guess what it is")
    elements, attributes = _written()
    for tag, its in page.elements:
        if tag not in elements:
            faults.append(f"it has an element <{tag}>")
        faults += [f"<{tag}> has an attribute {name}" for name in its if name not in attributes or name[:2] == "on"]
        if tag == "script" and (
            nonce is None or its.get("nonce") != nonce[1] or not its.get("src", "").startswith("/")
        ):
            faults.append(f"a script is not ours: {its}")
        faults += [
            f"<{tag}> leads to {its[name][:80]!r}" for name in _LINKS if name in its and not _is_inner(its[name])
        ]
    return [f"{page.title.strip()[:60]!r}: {fault}" for fault in faults]


def _is_inner(url: str) -> bool:
    return url.startswith("#") or (url.startswith("/") and url[1:2] not in ("/", "\\"))


async def page(running: Running, target: str, status: int = 200, **options: Any) -> Page:
    """A page, as a browser asks for it; it has to be what every page is."""
    headers = {**AS_BROWSER, **options.pop("headers", {})}
    found, its, body = await running.get(target, headers=headers, **options)
    assert found == status, (target, found, body[:1000])
    assert faults_of(body, its) == [], target
    return Page(body)


async def ui(running: Running, target: str = "/", status: int = 200, **options: Any) -> Page:
    """A page by what follows the root of the pages."""
    return await page(running, UI + target, status, **options)


async def post(running: Running, target: str, form: dict[str, str], **headers: str) -> tuple[int, Any, bytes]:
    """Send a form as a browser does."""
    kind = "application/x-www-form-urlencoded"
    sent = {**AS_BROWSER, "Origin": running.url, "Content-Type": kind, **headers}
    return await running.request("POST", UI + target, data=io.BytesIO(urlencode(form).encode()), headers=sent)


async def api(running: Running, method: str, target: str, document: Any = None, *statuses: int, **headers: str) -> Any:
    """Send JSON to the API; the document that comes back, which has to be a success or of one of these statuses."""
    sent = {"Content-Type": "application/json", **headers}
    body = io.BytesIO(json.dumps(document).encode()) if document is not None else None
    status, _, content = await running.request(method, target, data=body, headers=sent)
    assert status in (statuses or (200, 201, 204)), (target, status, content[:1000])
    return json.loads(content) if content else None


async def publish(
    running: Running, pact: dict[str, Any], version: str, *, branch: str | None = None, tags: Iterable[str] = ()
) -> None:
    """Publish a pact as new clients do."""
    consumer, provider = pact["consumer"]["name"], pact["provider"]["name"]
    contract = {
        "consumerName": consumer,
        "providerName": provider,
        "specification": "pact",
        "contentType": "application/json",
        "content": b64encode(json.dumps(pact).encode()).decode(),
    }
    document = {
        "pacticipantName": consumer,
        "pacticipantVersionNumber": version,
        "branch": branch,
        "tags": list(tags),
        "contracts": [contract],
    }
    await api(running, "POST", "/contracts/publish", document)


async def environment(running: Running, name: str, **more: Any) -> str:
    """The UUID of a new environment."""
    made = await api(running, "POST", "/environments", {"name": name, "production": False, **more})
    return str(made["uuid"])


async def deploy(running: Running, name: str, version: str, uuid: str) -> None:
    """Record that a version is in an environment."""
    path = f"/pacticipants/{quote(name, safe='')}/versions/{quote(version, safe='')}"
    await api(running, "POST", f"{path}/deployed-versions/environment/{uuid}", {})


async def verify(running: Running, consumer: str, provider: str, *, success: bool, version: str = "p1") -> None:
    """Publish the result of verifying the latest pact of two."""
    its = await api(running, "GET", f"{pair(consumer, provider)}/latest")
    target = urlsplit(its["_links"]["pb:publish-verification-results"]["href"]).path
    await api(running, "POST", target, {"success": success, "providerApplicationVersion": version})


def pair(consumer: str, provider: str) -> str:
    """Where the pacts of two are."""
    return f"/pacts/provider/{quote(provider, safe='')}/consumer/{quote(consumer, safe='')}"


def stub(consumer: str, provider: str) -> str:
    """Where the pages of the latest stub of two are, below the root of the pages."""
    return f"{pair(consumer, provider)}/latest/stub"
