"""The command line: `stubserver serve` and `stubserver check`."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, TypeVar

import click
import structlog
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from matching import CompiledInteraction, Severity, example_request
from stubserver import __version__
from stubserver.app import Server, demand_sources, log_documents
from stubserver.catalog import LoadedPact, Snapshot
from stubserver.errors import LoadError, StubServerError
from stubserver.observability import LEVELS, configure_logging
from stubserver.settings import Settings, load_settings
from stubserver.web.addressing import base_path
from stubserver.web.curl import curl_line

EXIT_PROBLEMS = 1  # `check` found problems
EXIT_USAGE = 2  # options or settings that cannot be used
EXIT_LOAD = 3  # nothing could be loaded, or --strict-load refused (as pact-stub-server)
EXIT_LISTEN = 4  # the address cannot be had

if sys.platform == "win32":
    _new_event_loop = asyncio.new_event_loop
else:
    import uvloop

    _new_event_loop = uvloop.new_event_loop

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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-v", "--version", prog_name="stubserver")
def main() -> None:
    """A stub server for Pact contracts: every pact is a live API, answered by its real matching rules."""


@main.command()
@source_options
@click.option("--host", default=None, help="Address to listen on (default: 127.0.0.1).")
@click.option("-p", "--port", type=int, default=None, help="Port to listen on (default: 8080; 0 picks a free one).")
@click.option("-w", "--watch/--no-watch", default=None, help="Load again when files change.")
@click.option("--strict-load/--no-strict-load", default=None, help="Refuse to start when anything is wrong.")
@click.option("--eager", type=int, default=None, help="Interactions to compile before serving (default: 5000).")
@click.option(
    "--order",
    type=click.Choice(["specific", "file", "status"]),
    default=None,
    help="Which of several matching interactions answers: the most specific (default), the first in the files, "
    "or the one with the lowest status.",
)
@click.option("--lenient/--no-lenient", default=None, help="Overlook wrong headers and body types.")
@click.option("--no-match-status", type=int, default=None, help="Status when nothing matches (default: 500).")
@click.option("--near-misses", type=int, default=None, help="Near misses an explanation shows (default: 3).")
@click.option("--head/--no-head", default=None, help="Answer HEAD with what GET would, without the body.")
@click.option("-s", "--provider-state", default=None, help="Provider state (a regex) that is always asked for.")
@click.option("--provider-state-header-name", default=None, help="A further header that asks for a provider state.")
@click.option(
    "--stateless/--no-stateless",
    "--empty-provider-state/--no-empty-provider-state",
    "stateless",
    default=None,
    help="Let interactions without a state answer when a state is asked for (default: yes).",
)
@click.option("-o", "--cors/--no-cors", default=None, help="Answer browsers of other origins (default: yes).")
@click.option("--cors-referer", is_flag=True, default=None, help="Take the origin from Referer without an Origin.")
@click.option("--seed", default=None, help="What generated values are drawn from, beside the request.")
@click.option("--clock", default=None, help="Time of generated dates: today (at noon; default), now, or ISO 8601.")
@click.option("--random/--no-random", default=None, help="Generate new values for each request, even for equal ones.")
@click.option(
    "--echo/--no-echo", default=None, help="Answer with the values that path or query rules let be asked for."
)
@click.option("--hot-cache", type=int, default=None, help="Bytes of answers remembered (default: 16 MiB; 0: none).")
@click.option("--fast-path/--no-fast-path", default=None, help="Answer plain requests at once (default: yes).")
@click.option("--metrics/--no-metrics", default=None, help="Count answers for Prometheus (default: yes).")
@click.option("--access-log", default=None, help="File for a line about each request; - is standard output.")
@click.option("--max-body", type=int, default=None, help="Largest request body in bytes (default: 10 MiB).")
@click.option("-l", "--loglevel", type=click.Choice(list(LEVELS)), default=None, help="Least important events to log.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default=None, help="Logs for people or machines.")
def serve(**options: Any) -> None:
    """Load the pacts in PATHS (files, directories, URLs) and answer for them."""
    settings = _settings(options)
    configure_logging(settings.loglevel, settings.log_format)
    try:
        demand_sources(settings)
        server = Server(settings)
    except StubServerError as error:
        _fail(error, EXIT_USAGE)
    _run(_serve(server))


@main.command()
@source_options
def check(**options: Any) -> None:
    """Read the pacts in PATHS, list every problem with its place and cure, and exit with 1 if there is any."""
    if options["retries"] is None:
        options["retries"] = 0  # whoever checks is waiting
    settings = _settings(options)
    configure_logging("warn", "text")
    try:
        demand_sources(settings)
        # Everything is compiled and listed, nothing refused.
        server = Server(settings.model_copy(update={"strict_load": False, "eager": None}))
    except StubServerError as error:
        _fail(error, EXIT_USAGE)
    snapshot = _run(server.load())
    sys.exit(EXIT_PROBLEMS if print_check(snapshot) else 0)


def _settings(options: dict[str, Any]) -> Settings:
    given = {name: list(v) if isinstance(v, tuple) else v for name, v in options.items() if v is not None and v != ()}
    try:
        return load_settings(given)
    except StubServerError as error:
        _fail(error, EXIT_USAGE)


def _fail(error: StubServerError, code: int, *, as_json: bool = False) -> NoReturn:
    if as_json:
        structlog.get_logger().error("stubserver cannot go on", reason=error.detail, cure=error.cure)
    else:
        click.echo(click.style("stubserver: ", fg="red") + error.detail, err=True)
        if error.cure:
            click.echo(f"  cure: {error.cure}", err=True)
    sys.exit(code)


T = TypeVar("T")


def _run(main_coroutine: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop where there is one."""
    with asyncio.Runner(loop_factory=_new_event_loop) as runner:
        return runner.run(main_coroutine)


async def _serve(server: Server) -> None:
    as_json = server.settings.log_format == "json"
    try:
        snapshot = await server.load()
        if not server.settings.watch:
            _demand_something(snapshot)
    except StubServerError as error:
        _fail(error, EXIT_LOAD, as_json=as_json)
    try:
        host, port = await server.start()
    except StubServerError as error:
        _fail(error, EXIT_LISTEN, as_json=as_json)
    # Threads match and explain large bodies; they have to let the event loop go on often.
    sys.setswitchinterval(0.001)
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if as_json:
        log_start(snapshot, url)
    else:
        print_start(snapshot, url)
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
        reasons = "; ".join(f"{entry.origin}#{entry.problems[0]}" for entry in snapshot.pacts[:_SHOWN])
        raise LoadError(f"no pact could be read: {reasons}", "correct them; stubserver check lists all problems")


def log_start(snapshot: Snapshot, url: str) -> None:
    """What is served, and what is not and why, for machines."""
    log_documents(snapshot.pacts)
    served = len(snapshot.root.interactions)
    structlog.get_logger().info("serving", url=url, pacts=len(snapshot.pacts), interactions=served)


def print_start(snapshot: Snapshot, url: str) -> None:
    """The table of what is served, what is not and why, the addresses, and a curl line that works."""
    console = Console(emoji=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = 200
    table = Table(title="Pacts", title_justify="left", show_edge=False, pad_edge=False)
    for heading in ("consumer", "provider", "spec", "served", "skipped", "from"):
        table.add_column(heading, justify="right" if heading in ("served", "skipped") else "left", overflow="fold")
    shown = snapshot.pacts[:_SHOWN]
    for entry in shown:
        table.add_row(*_row(entry))
    console.print(table)
    # What follows may be copied, so nothing is wrapped, marked up or replaced in it.
    _echo_rest(len(snapshot.pacts), f"{url}/_stubserver/pacts")
    for entry in shown:
        for reason, count in entry.skip_reasons.items():
            click.secho(f"  skipped {count} of {entry.origin}: {reason}", fg="yellow")
        warnings = [problem for problem in entry.problems if problem.severity is Severity.WARNING]
        if warnings:
            command = f"stubserver check {shlex.quote(entry.origin)}"
            click.secho(f"  {len(warnings)} warnings in {entry.origin}; see: {command}", fg="yellow")
    drafts = sum(entry.drafts for entry in snapshot.pacts)
    if drafts:
        click.secho(f"  {drafts} interactions are compiled when they are first asked for; see --eager", fg="yellow")
    click.echo("\nStubs")
    for address in list(snapshot.stubs)[:_SHOWN]:
        click.echo(f"  {url + (base_path(address) or '/')}   {address}")
    _echo_rest(len(snapshot.stubs), f"{url}/_stubserver/stubs")
    sample = _sample(snapshot)
    if sample is not None:
        line = curl_line(url, example_request(sample.interaction.request))
        if line is not None:
            click.echo(f"\nTry\n  {line}")
    served = len(snapshot.root.interactions)
    messages = _messages(snapshot)
    fetched = f" and {messages} messages" if messages else ""
    click.echo(f"\nServing {served} interactions{fetched} of {len(snapshot.pacts)} pacts at {url} (stop with Ctrl+C)\n")


def _messages(snapshot: Snapshot) -> int:
    return sum(len(entry.pact.messages) for entry in snapshot.pacts if entry.pact is not None)


_SHOWN = 50  # rows of each list at start


def _echo_rest(count: int, where: str) -> None:
    if count > _SHOWN:
        click.echo(f"  … and {count - _SHOWN} more: {where}")


def _row(entry: LoadedPact) -> list[str]:
    pact = entry.pact
    if pact is None:
        reason = entry.problems[0].message if entry.problems else "not read"
        return ["[red]not read[/]", f"[red]{escape(reason)}[/]", "", "0", "", escape(entry.origin)]
    return [
        escape(pact.consumer),
        escape(pact.provider),
        pact.specification,
        str(entry.served),
        str(len(pact.skipped)),
        escape(entry.origin),
    ]


def _sample(snapshot: Snapshot) -> CompiledInteraction | None:
    """An interaction to show: a successful GET where there is one, with the shortest curl line."""
    candidates = [
        interaction
        for interaction in snapshot.root.interactions[:100]
        if interaction.matches(example_request(interaction.interaction.request))
    ]
    return min(
        candidates,
        key=lambda item: (item.response.status >= 300, item.method != "GET", len(item.interaction.request.headers)),
        default=None,
    )


def print_check(snapshot: Snapshot) -> int:
    """Every problem with file, place and cure; the number of those that are more than notes."""
    colours = {"error": "red", "skipped": "red", "warning": "yellow", "note": "bright_black"}
    count = 0
    for entry in snapshot.pacts:
        for problem in entry.problems:
            count += problem.severity is not Severity.NOTE
            severity = click.style(problem.severity.value, fg=colours[problem.severity.value])
            click.echo(f"{severity} {entry.origin}#{problem.pointer}\n  {problem.message}\n  cure: {problem.cure}")
        told = {
            problem.pointer.split("/request")[0].split("/response")[0].split("/type")[0] for problem in entry.problems
        }
        for item in entry.pact.skipped if entry.pact is not None else ():
            if item.pointer not in told:
                note = click.style("note", fg=colours["note"])
                click.echo(f"{note} {entry.origin}#{item.pointer}\n  {item.description!r} is not served: {item.reason}")
    served = sum(entry.served for entry in snapshot.pacts)
    skipped = sum(len(entry.pact.skipped) for entry in snapshot.pacts if entry.pact is not None)
    pacts = f"{len(snapshot.pacts)} pacts: {served} interactions can be served, {skipped} cannot"
    messages = _messages(snapshot)
    pacts += f", {messages} messages" if messages else ""
    click.echo(f"{pacts}; {count} problems")
    return count
