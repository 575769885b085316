"""`stubserver publish` and `stubserver stubs`: for people and for CI, against a running server."""

from __future__ import annotations

import asyncio
import base64
import shlex
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from yarl import URL

from stubserver.cli.running import EXIT_PROBLEMS, EXIT_REFUSED, EXIT_USAGE, fail, run
from stubserver.errors import BadRequestError, StubServerError
from stubserver.sources.document import FailedDocument
from stubserver.sources.files import read_files

_TIMEOUT = aiohttp.ClientTimeout(total=300, sock_connect=10)
_AT_ONCE = 4  # publications under way
_TRIES = 5
_FIRST_DELAY = 0.5  # seconds; doubles with every further attempt
_COLOURS = {"success": "green", "warning": "yellow", "prompt": "yellow", "error": "red", "danger": "red"}


class RefusedError(StubServerError):
    """The server refused, or does not answer."""

    title = "Refused"
    slug = "refused"


server_option = click.option(
    "-b", "--broker-base-url", "url", envvar="PACT_BROKER_BASE_URL", default="http://127.0.0.1:8080", show_default=True,
    help="The server (PACT_BROKER_BASE_URL).",
)  # fmt: skip
token_option = click.option(
    "-k", "--broker-token", "token", envvar="PACT_BROKER_TOKEN", default=None, help="Access token (PACT_BROKER_TOKEN)."
)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True))
@server_option
@token_option
@click.option(
    "-a", "--consumer-version", "--consumer-app-version", "version", default=None, help="Version (default: the commit)."
)
@click.option("--branch", default=None, help="Branch (default: with no version given, that of the checkout).")
@click.option("-t", "--tag", "tags", multiple=True, help="Tag (can be repeated).")
@click.option("--build-url", default=None, help="URL of the build.")
@click.option("--merge", is_flag=True, help="Add to what the version has already.")
def publish(
    paths: tuple[str, ...],
    url: str,
    token: str | None,
    version: str | None,
    branch: str | None,
    tags: tuple[str, ...],
    build_url: str | None,
    merge: bool,
) -> None:
    """Publish the pacts in PATHS (files and directories). Exits with 5 when any is refused."""
    _demand_url(url)
    if version is None:
        version, branch = _git("rev-parse", "HEAD"), branch or _git("rev-parse", "--abbrev-ref", "HEAD")
    if version is None:
        cure = "give --consumer-version, or run it in a checkout"
        fail(BadRequestError("there is no consumer version", cure), EXIT_USAGE)
    try:
        bodies = _bodies(paths, version, branch, tags, build_url, "merge" if merge else "overwrite")
    except StubServerError as error:
        fail(error, EXIT_USAGE)
    if not bodies:
        fail(BadRequestError(f"there are no pacts in {' '.join(paths)}", "name files or directories"), EXIT_USAGE)
    refused = run(_publish_all(url, token, bodies))
    if refused:
        click.secho(f"{refused} of {len(bodies)} were not published", fg="red", err=True)
        raise SystemExit(EXIT_REFUSED)


def _demand_url(url: str) -> None:
    try:
        parsed = URL(url)
    except ValueError:
        parsed = URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        fail(BadRequestError(f"{url} is not a URL", "write it like http://127.0.0.1:8080"), EXIT_USAGE)


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True, timeout=10)  # noqa: S603, S607
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


def _bodies(
    paths: tuple[str, ...], version: str, branch: str | None, tags: tuple[str, ...], build_url: str | None, mode: str
) -> list[tuple[str, bytes]]:
    """(what it is, body) of each publication, one for each file. Raises BadRequestError."""
    bodies: list[tuple[str, bytes]] = []
    for item in read_files([Path(path) for path in paths], "json"):
        if isinstance(item, FailedDocument):
            cure = "name files, or directories with .json files" if "holds no" in item.error.detail else item.error.cure
            raise BadRequestError(item.error.detail, cure)
        try:
            pact = orjson.loads(item.content)
            consumer, provider = pact["consumer"]["name"], pact["provider"]["name"]
        except (ValueError, KeyError, TypeError):
            raise BadRequestError(f"{item.origin} is not a pact", "it has to name its consumer and provider") from None
        contract = {
            "consumerName": consumer,
            "providerName": provider,
            "specification": "pact",
            "contentType": "application/json",
            "content": base64.b64encode(item.content).decode(),
            "onConflict": mode,
        }
        document = {
            "pacticipantName": consumer,
            "pacticipantVersionNumber": version,
            "branch": branch,
            "tags": list(tags),
            "buildUrl": build_url,
            "contracts": [contract],
        }
        bodies.append((f"{consumer} → {provider}", orjson.dumps(document)))
    return bodies


async def _publish_all(url: str, token: str | None, bodies: list[tuple[str, bytes]]) -> int:
    """Publish all of them, and tell what the server says; how many were refused."""
    console = Console(stderr=True)
    columns = (TextColumn("publishing"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    turn, refused = asyncio.Semaphore(_AT_ONCE), 0
    said: list[tuple[str, int, list[dict[str, Any]]]] = []
    async with aiohttp.ClientSession(timeout=_TIMEOUT, headers=_headers(token), trust_env=True) as session:
        url = await _api(session, url.rstrip("/"))
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("", total=len(bodies))

            async def one(name: str, body: bytes) -> bool:
                async with turn:
                    status, notices = await _post(session, url, body)
                    progress.update(task, advance=1, description=name)
                    said.append((name, status, notices))
                    return status < 300

            done = await asyncio.gather(*(one(name, body) for name, body in bodies))
            refused = done.count(False)
    for _, status, notices in sorted(said, key=lambda item: item[0]):
        for notice in notices:
            colour = _COLOURS.get(str(notice.get("type")))
            click.secho(str(notice.get("text", "")), fg=colour, err=status >= 400)
    return refused


async def _api(session: aiohttp.ClientSession, url: str) -> str:
    """Where the API of a server is: with a server of files, further down than its stubs. A broker has it at its URL."""
    try:
        async with session.get(f"{url}/_stubserver/health") as response:
            return url + str(orjson.loads(await response.read())["api"]).rstrip("/")
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError):
        return url


async def _post(session: aiohttp.ClientSession, url: str, body: bytes) -> tuple[int, list[dict[str, Any]]]:
    """(status, notices). What may pass is tried again."""
    delay = _FIRST_DELAY
    for attempt in range(_TRIES):
        try:
            async with session.post(
                f"{url.rstrip('/')}/contracts/publish", data=body, headers={"Content-Type": "application/json"}
            ) as response:
                content, status = await response.read(), response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            content, status = b"", 503
            reason = f"{url} does not answer: {str(error) or type(error).__name__}"
        else:
            reason = f"{url} answered {status}"
        if status not in (429, 502, 503, 504) or attempt == _TRIES - 1:
            return status, _notices(content) or [{"type": "error" if status >= 400 else "success", "text": reason}]
        click.secho(f"{reason}; trying again in {delay:g} s", fg="yellow", err=True)
        await asyncio.sleep(delay)
        delay *= 2
    raise AssertionError("the last attempt returns")


def _notices(content: bytes) -> list[dict[str, Any]]:
    try:
        notices = orjson.loads(content).get("notices")
    except (ValueError, AttributeError):
        return []
    return [notice for notice in notices if isinstance(notice, dict)] if isinstance(notices, list) else []


def _headers(token: str | None) -> dict[str, str]:
    authorization = {"Authorization": f"Bearer {token.strip()}"} if token else {}
    return {"Accept": "application/hal+json", **authorization}


@click.command()
@server_option
@token_option
@click.option("--json", "as_json", is_flag=True, help="As JSON, for machines.")
@click.argument("provider", required=False)
def stubs(url: str, token: str | None, as_json: bool, provider: str | None) -> None:
    """List the URLs of the stubs of a server; those of one PROVIDER. Exits with 1 when there are none."""
    _demand_url(url)
    try:
        found = run(_stubs(url, token))
    except StubServerError as error:
        fail(error, EXIT_REFUSED)
    chosen = [item for item in found if provider in (None, item.get("provider"))]
    if as_json:
        click.echo(orjson.dumps(chosen, option=orjson.OPT_INDENT_2).decode())
    else:
        width = max((len(str(item["url"])) for item in chosen), default=0)
        for item in chosen:
            whose = f"{item.get('consumer') or 'all consumers'} → {item.get('provider') or 'all providers'}"
            click.echo(f"{item['url']:<{width}}  {whose}")
    if not chosen:
        server = shlex.quote(str(URL(url)))
        click.echo(f"no stubs; publish some with: stubserver publish … -b {server}", err=True)
        raise SystemExit(EXIT_PROBLEMS)


async def _stubs(url: str, token: str | None) -> list[dict[str, Any]]:
    base = url.rstrip("/").removesuffix("/_stubserver")
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT, headers=_headers(token), trust_env=True) as session,
            session.get(f"{base}/_stubserver/stubs") as response,
        ):
            content, status = await response.read(), response.status
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise RefusedError(f"{url} does not answer: {reason}", "check that it is running, and the URL") from None
    try:
        document = orjson.loads(content)
        if status == 200:
            return list(document["stubs"])
        detail = str(document.get("detail") or status)
    except (ValueError, KeyError, AttributeError):
        detail = f"it answered {status}, not as stubserver does"
    raise RefusedError(f"{url}: {detail}", "give a token with --broker-token" if status in (401, 403) else "")
