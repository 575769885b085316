"""`stubserver token`: make, list and revoke the tokens of a store, whether or not a server runs on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

from stubserver.app import database_url
from stubserver.cli.printing import print_token
from stubserver.cli.running import EXIT_USAGE, fail, run, settings_of
from stubserver.errors import NotFoundError, StubServerError
from stubserver.security import Role, digest_of, hint_of, new_token
from stubserver.store import Database, Token, audit, tokens

F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def token() -> None:
    """Make, list and revoke access tokens."""


def store_options(command: F) -> F:
    """The options that say which store is meant."""
    command = click.option("--database", default=None, help="URL of the PostgreSQL database.")(command)
    return click.option("--data", default=None, help="Directory of the embedded database.")(command)


@token.command()
@store_options
@click.option("--role", type=click.Choice([role.value for role in Role]), default="read", show_default=True)
@click.argument("description")
def create(description: str, role: str, **options: Any) -> None:
    """Make a token, and show it this once. DESCRIPTION says what it is for."""
    secret = new_token(Role(role))

    async def make(database: Database) -> None:
        async with database.writing() as connection:
            await tokens.add(connection, description, role, digest_of(secret), hint_of(secret))
            await _record(connection, "CreateApiToken", description, role, hint_of(secret))

    _with_store(options, make)
    print_token(secret)


@token.command("list")
@store_options
def list_tokens(**options: Any) -> None:
    """List the tokens that are good."""
    found: list[Token] = []

    async def read(database: Database) -> None:
        async with database.reading() as connection:
            found.extend(await tokens.every(connection))

    _with_store(options, read)
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("begins with", "role", "description", "created", "uuid"):
        table.add_column(heading, overflow="fold")
    for item in found:
        table.add_row(f"{item.hint}…", item.role, item.description, item.created_at[:19], item.uuid)
    console = Console(emoji=False, markup=False, highlight=False)
    if not console.is_terminal:
        console.width = 200
    console.print(table)


@token.command()
@store_options
@click.argument("which")
def revoke(which: str, **options: Any) -> None:
    """End a token: WHICH is its uuid, or the beginning that `list` shows."""

    async def end(database: Database) -> None:
        async with database.writing() as connection:
            wanted = which.rstrip("…")
            found = [item for item in await tokens.every(connection) if wanted in (item.uuid, item.hint)]
            if len(found) != 1:
                detail = f"there is no token {which}" if not found else f"{len(found)} tokens begin with {which}"
                raise NotFoundError(detail, "name one by its uuid; see stubserver token list")
            await tokens.revoke(connection, found[0])
            await _record(connection, "RevokeApiToken", found[0].description, found[0].role, found[0].hint)

    _with_store(options, end)
    click.echo(f"revoked {which}")


async def _record(connection: Any, kind: str, description: str, role: str, hint: str) -> None:
    payload = {"method": "CLI", "params": {"description": description, "role": role, "hint": hint}}
    await audit.record(connection, [audit.event(kind, "command line", 200, payload)])


def _with_store(options: dict[str, Any], work: Callable[[Database], Any]) -> None:
    settings = settings_of(options)

    async def main() -> None:
        database = Database(database_url(settings))
        try:
            await database.migrate()
            await work(database)
        finally:
            await database.close()

    try:
        run(main())
    except StubServerError as error:
        fail(error, EXIT_USAGE)
