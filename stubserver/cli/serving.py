"""`stubserver serve`, `stubserver host` and `stubserver check`."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import structlog

from stubserver.app import Server
from stubserver.catalog import Board, Snapshot, board_memory
from stubserver.cli.printing import (
    SHOWN,
    log_start,
    print_check,
    print_first_token,
    print_host,
    print_start,
)
from stubserver.cli.running import EXIT_LISTEN, EXIT_LOAD, EXIT_PROBLEMS, EXIT_USAGE, fail, run, settings_of
from stubserver.cli.workers import Workers, reserve
from stubserver.errors import LoadError, StubServerError
from stubserver.loading import demand_sources
from stubserver.observability import LEVELS, configure_logging
from stubserver.settings import Settings
from stubserver.web.siblings import Post

F = TypeVar("F", bound=Callable[..., Any])


def source_options(command: F) -> F:
    """The options that say where pacts come from and how to get them."""
    options = [
        click.argument("paths", nargs=-1),
        click.option("-f", "--file", multiple=True, help="Pact file to load (can be repeated)."),
        click.option("-d", "--dir", multiple=True, help="Directory of pact files to load (can be repeated)."),
        click.option("-e", "--extension", "--ext", default=None, help="File extension in directories (default: json)."),
        click.option("-u", "--url", multiple=True, help="URL of a pact to load (can be repeated)."),
        click.option("-b", "--broker-url", default=None, help="Pact Broker to load from (PACT_BROKER_BASE_URL)."),
        click.option("--user", default=None, help="user:password for URLs and the broker."),
        click.option("-t", "--token", default=None, help="Bearer token for URLs and the broker."),
        click.option("--insecure-tls", is_flag=True, default=None, help="Do not check TLS certificates of sources."),
        click.option("--retries", type=int, default=None, help="Retries of a failed fetch (default: 8; check: 0)."),
        click.option("--consumer-name", multiple=True, help="Consumer (name or regex) to load from the broker."),
        click.option("--provider-name", multiple=True, help="Provider (name or regex) to load from the broker."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def serving_options(command: F) -> F:
    """The options that say how requests are answered, and to whom."""
    options = [
        click.option("--host", default=None, help="Address to listen on (default: 127.0.0.1)."),
        click.option(
            "-p", "--port", type=int, default=None, help="Port to listen on (default: 8080; 0 picks a free one)."
        ),
        click.option("--eager", type=int, default=None, help="Interactions to compile before serving (default: 5000)."),
        click.option(
            "--order",
            type=click.Choice(["specific", "file", "status"]),
            default=None,
            help="Which of several matching interactions answers: the most specific (default), the first in the files, "
            "or the one with the lowest status.",
        ),
        click.option("--lenient/--no-lenient", default=None, help="Overlook wrong headers and body types."),
        click.option("--no-match-status", type=int, default=None, help="Status when nothing matches (default: 500)."),
        click.option("--near-misses", type=int, default=None, help="Near misses an explanation shows (default: 3)."),
        click.option("--head/--no-head", default=None, help="Answer HEAD with what GET would, without the body."),
        click.option("-s", "--provider-state", default=None, help="Provider state (a regex) that is always asked for."),
        click.option(
            "--provider-state-header-name", default=None, help="A further header that asks for a provider state."
        ),
        click.option(
            "--stateless/--no-stateless",
            "--empty-provider-state/--no-empty-provider-state",
            "stateless",
            default=None,
            help="Let interactions without a state answer when a state is asked for (default: yes).",
        ),
        click.option("-o", "--cors/--no-cors", default=None, help="Answer browsers of other origins (default: yes)."),
        click.option(
            "--cors-referer", is_flag=True, default=None, help="Take the origin from Referer without an Origin."
        ),
        click.option("--seed", default=None, help="What generated values are drawn from, beside the request."),
        click.option(
            "--clock", default=None, help="Time of generated dates: today (at noon; default), now, or ISO 8601."
        ),
        click.option(
            "--random/--no-random", default=None, help="Generate new values for each request, even for equal ones."
        ),
        click.option(
            "--echo/--no-echo", default=None, help="Answer with the values that path or query rules let be asked for."
        ),
        click.option(
            "--hot-cache", type=int, default=None, help="Bytes of answers remembered (default: 16 MiB; 0: none)."
        ),
        click.option("--fast-path/--no-fast-path", default=None, help="Answer plain requests at once (default: yes)."),
        click.option("--metrics/--no-metrics", default=None, help="Count answers for Prometheus (default: yes)."),
        click.option(
            "--journal", type=int, default=None, help="Latest requests to keep for the live page; 0 for none."
        ),
        click.option("--access-log", default=None, help="File for a line about each request; - is standard output."),
        click.option("--max-body", type=int, default=None, help="Largest request body in bytes (default: 10 MiB)."),
        click.option("-l", "--loglevel", type=click.Choice(list(LEVELS)), default=None, help="Least important to log."),
        click.option(
            "--log-format", type=click.Choice(["text", "json"]), default=None, help="Logs for people or machines."
        ),
        click.option("--auth", type=click.Choice(["off", "token"]), default=None, help="Whether a token is needed."),
        click.option(
            "--allow-open", is_flag=True, default=None, help="Let others than this machine in without tokens."
        ),
        click.option("--stub-domain", multiple=True, help="Domain whose names are stubs (default: localhost)."),
        click.option("--base-url", default=None, help="The URL by which clients reach the server."),
        click.option("--trusted-proxy", multiple=True, help="Network whose X-Forwarded-* headers are believed."),
        click.option("--tls-cert", default=None, help="File with the certificate to serve TLS with."),
        click.option("--tls-key", default=None, help="File with its key."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@source_options
@click.option("-w", "--watch/--no-watch", default=None, help="Load again when files change.")
@click.option("--strict-load/--no-strict-load", default=None, help="Refuse to start when anything is wrong.")
@serving_options
def serve(**options: Any) -> None:
    """Load the pacts in PATHS (files, directories, URLs) and answer for them."""
    settings = settings_of(options)
    configure_logging(settings.loglevel, settings.log_format)
    try:
        demand_sources(settings)
        server = Server(settings)
    except StubServerError as error:
        fail(error, EXIT_USAGE)
    run(_serve(server))


@click.command()
@click.option("--data", default=None, help="Directory of the embedded database (default: stubserver-data).")
@click.option("--database", default=None, help="URL of a PostgreSQL database, in place of the embedded one.")
@click.option("--workers", type=int, default=None, help="Processes that serve (default: 1).")
@click.option("--room", type=int, default=None, help="Bytes for pacts that are kept compiled (default: 512 MiB).")
@serving_options
def host(**options: Any) -> None:
    """Serve what is published with the tools of the Pact Broker, and keep it in a database."""
    settings = settings_of(options)
    configure_logging(settings.loglevel, settings.log_format)
    if settings.workers > 1:
        sys.exit(_host_with_workers(settings))
    try:
        server = Server(settings, hosted=True)
    except StubServerError as error:
        fail(error, EXIT_USAGE)
    run(_host(server))


def _host_with_workers(settings: Settings) -> int:
    try:
        reserved, port = reserve(settings.host, settings.port)
    except StubServerError as error:
        fail(error, EXIT_LISTEN)
    settings = settings.model_copy(update={"port": port})
    memory = board_memory(settings.workers)

    def serve_as(worker: int, is_first_time: bool) -> None:
        board, post = Board(memory, worker, settings.workers), Post(Path(directory), worker, settings.workers)
        server = Server(settings, hosted=True, board=board, post=post)
        run(_host(server, tells=worker == 0 and is_first_time))

    workers = Workers(settings.workers, serve_as, first=lambda: run(_prepare(settings)))
    with reserved, tempfile.TemporaryDirectory(prefix="stubserver-", dir=_short(tempfile.gettempdir())) as directory:
        return workers.run()


def _short(directory: str) -> str:
    """A directory whose sockets have names that are not too long for the system."""
    return directory if len(directory) <= _LONGEST_DIRECTORY else "/tmp"  # noqa: S108  # one of its own is made there


_LONGEST_DIRECTORY = 70  # characters


async def _prepare(settings: Settings) -> None:
    """What is done once, before the workers start: the tables, and the first token."""
    try:
        server = Server(settings, hosted=True)
        await server.open()
    except StubServerError as error:
        fail(error, EXIT_LOAD, as_json=settings.log_format == "json")
    if server.first_token is not None:
        print_first_token(server.first_token)
    await server.stop()


async def _host(server: Server, *, tells: bool = True) -> None:
    as_json = server.settings.log_format == "json"
    try:
        await server.open()
    except StubServerError as error:
        fail(error, EXIT_LOAD, as_json=as_json)
    try:
        host, port = await server.start()
    except StubServerError as error:
        fail(error, EXIT_LISTEN, as_json=as_json)
    if tells:
        _tell_host(server, host, port)
    await _until_stopped(server)


def _tell_host(server: Server, host: str, port: int) -> None:
    url = server.url(host, port)
    if server.settings.log_format == "json":
        structlog.get_logger().info("hosting", url=url, store=server.hosted.database.shown)
    else:
        print_host(server, url)
    if server.first_token is not None:
        print_first_token(server.first_token)  # it can be had nowhere else, and a log is no place for it


@click.command()
@source_options
def check(**options: Any) -> None:
    """Read the pacts in PATHS, list every problem with its place and cure, and exit with 1 if there is any."""
    if options["retries"] is None:
        options["retries"] = 0  # whoever checks is waiting
    settings = settings_of(options)
    configure_logging("warn", "text")
    try:
        demand_sources(settings)
        # Everything is compiled and listed, nothing refused.
        server = Server(settings.model_copy(update={"strict_load": False, "eager": None}))
    except StubServerError as error:
        fail(error, EXIT_USAGE)
    snapshot = run(_checked(server))
    sys.exit(EXIT_PROBLEMS if print_check(snapshot) else 0)


async def _checked(server: Server) -> Snapshot:
    try:
        return await server.load()
    finally:
        await server.stop()


async def _serve(server: Server) -> None:
    as_json = server.settings.log_format == "json"
    try:
        snapshot = await server.load()
        if not server.settings.watch:
            _demand_something(snapshot)
    except StubServerError as error:
        fail(error, EXIT_LOAD, as_json=as_json)
    try:
        host, port = await server.start()
    except StubServerError as error:
        fail(error, EXIT_LISTEN, as_json=as_json)
    url = server.url(host, port)
    if as_json:
        log_start(snapshot, url)
    else:
        print_start(snapshot, url)
    if server.first_token is not None:
        print_first_token(server.first_token)
    await _until_stopped(server)


async def _until_stopped(server: Server) -> None:
    # Threads match and explain large bodies; they have to let the event loop go on often.
    sys.setswitchinterval(0.001)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(name, stopping.set)
    await stopping.wait()
    await server.stop()


def _demand_something(snapshot: Snapshot) -> None:
    """Raises LoadError when there were documents and none could be read."""
    if snapshot.pacts and all(entry.pact is None for entry in snapshot.pacts):
        reasons = "; ".join(f"{entry.origin}#{entry.problems[0]}" for entry in snapshot.pacts[:SHOWN])
        raise LoadError(f"no pact could be read: {reasons}", "correct them; stubserver check lists all problems")
