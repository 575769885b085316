"""The command line."""

from __future__ import annotations

import click

from stubserver import __version__
from stubserver.cli.publishing import publish, stubs
from stubserver.cli.serving import check, host, serve
from stubserver.cli.tokens import token


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-v", "--version", prog_name="stubserver")
def main() -> None:
    """A stub server for Pact contracts: every pact is a live API, answered by its real matching rules."""


for command in (serve, host, check, publish, stubs, token):
    main.add_command(command)
