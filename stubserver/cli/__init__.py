"""The command line. Each command is read when it is called for, so that those that need little start at once."""

from __future__ import annotations

import importlib

import click

from stubserver import __version__

# command, the module that has it, what it does
_COMMANDS = {
    "serve": ("serving", "Load pacts from files, directories and URLs, and answer for them."),
    "host": ("serving", "Serve what is published with the tools of the Pact Broker, and keep it."),
    "check": ("serving", "List every problem of pacts with its place and cure."),
    "publish": ("publishing", "Publish pacts to a server."),
    "stubs": ("publishing", "List the URLs of the stubs of a server."),
    "token": ("tokens", "Make, list and revoke access tokens."),
}


class Commands(click.Group):
    """Commands that are imported when they are called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of this name."""
        if name not in _COMMANDS:
            return None
        command = getattr(importlib.import_module(f"stubserver.cli.{_COMMANDS[name][0]}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What each of them does, told without reading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, what) for name, (_, what) in _COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-v", "--version", prog_name="stubserver")
def main() -> None:
    """A stub server for Pact contracts: every pact is a live API, answered by its real matching rules."""
