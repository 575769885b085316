"""What the command line says of what is served, and of what is wrong with it."""

from __future__ import annotations

import shlex

import click
import structlog
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from matching import CompiledInteraction, Severity, example_request
from stubserver.app import Server
from stubserver.catalog import LoadedPact, Snapshot
from stubserver.loading import log_documents
from stubserver.outline.curl import curl_line
from stubserver.web.addressing import CONTROL_PREFIX, base_path


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
    shown = snapshot.pacts[:SHOWN]
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
    for address in list(snapshot.stubs)[:SHOWN]:
        click.echo(f"  {url + (base_path(address) or '/')}   {address}")
    _echo_rest(len(snapshot.stubs), f"{url}/_stubserver/stubs")
    click.echo(
        f"\nPublish (until it stops)\n  pact broker publish PACTS -a VERSION --broker-base-url {url}/_stubserver"
    )
    sample = _sample(snapshot)
    if sample is not None:
        line = curl_line(url, example_request(sample.interaction.request))
        if line is not None:
            click.echo(f"\nTry\n  {line}")
    click.echo(f"\nExplore\n  {url}{CONTROL_PREFIX}/ui/")
    served = len(snapshot.root.interactions)
    messages = _messages(snapshot)
    fetched = f" and {messages} messages" if messages else ""
    click.echo(f"\nServing {served} interactions{fetched} of {len(snapshot.pacts)} pacts at {url} (stop with Ctrl+C)\n")


def _messages(snapshot: Snapshot) -> int:
    return sum(len(entry.pact.messages) for entry in snapshot.pacts if entry.pact is not None)


SHOWN = 50  # rows of each list at start


def _echo_rest(count: int, where: str) -> None:
    if count > SHOWN:
        click.echo(f"  … and {count - SHOWN} more: {where}")


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


def print_token(secret: str) -> None:
    """A new token, which is shown this once."""
    click.secho("\nToken (shown this once; only its hash is kept)", fg="yellow")
    click.echo(f"  {secret}\n")


def print_host(server: Server, url: str) -> None:
    """Where the server is, what publishes to it, and what is reached how."""
    settings = server.settings
    click.echo(f"\nHosting at {url}")
    click.echo(f"  store    {server.hosted.database.shown}")
    click.echo(f"  workers  {settings.workers}")
    needed = "everyone needs a token" if settings.auth == "token" else "nobody needs a token"
    click.echo(f"  access   {needed}")
    given = " --broker-token $TOKEN" if settings.auth == "token" else ""
    click.echo(f"\nExplore\n  {url}/")
    click.echo("\nPublish")
    click.echo(f"  pact broker publish pacts/*.json -a $VERSION --branch $BRANCH --broker-base-url {url}{given}")
    click.echo(f"  stubserver publish pacts/ --consumer-version $VERSION --branch $BRANCH -b {url}{given}")
    click.echo("\nStubs")
    click.echo(f"  {url}/pacts/provider/PROVIDER/consumer/CONSUMER/latest/stub")
    if "localhost" in settings.stub_domain and settings.base_url is None:
        click.echo(f"  {url.partition('://')[0]}://PROVIDER.localhost:{url.rpartition(':')[2]}/")
    click.echo(f"  {url}/_stubserver/stubs lists them")
    click.echo("")


def print_first_token(secret: str) -> None:
    """The token of the first start, with which all others are made."""
    click.secho("\nNobody could make tokens yet, so here is one that may do everything.", fg="yellow", nl=False)
    print_token(secret)
