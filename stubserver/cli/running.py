"""What all commands have in common: exit codes, settings from options, an event loop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

import click
import structlog

from stubserver.errors import StubServerError
from stubserver.settings import Settings, load_settings

EXIT_PROBLEMS = 1  # `check` found problems
EXIT_USAGE = 2  # options or settings that cannot be used
EXIT_LOAD = 3  # nothing could be loaded, or --strict-load refused (as pact-stub-server)
EXIT_LISTEN = 4  # the address cannot be had

EXIT_REFUSED = 5  # a server refused what it was asked for, or did not answer

if sys.platform == "win32":
    _new_event_loop = asyncio.new_event_loop
else:
    import uvloop

    _new_event_loop = uvloop.new_event_loop


def settings_of(options: dict[str, Any]) -> Settings:
    """Settings with the options that were given on top; ends the program when they cannot be used."""
    given = {name: list(v) if isinstance(v, tuple) else v for name, v in options.items() if v is not None and v != ()}
    try:
        return load_settings(given)
    except StubServerError as error:
        fail(error, EXIT_USAGE)


def fail(error: StubServerError, code: int, *, as_json: bool = False) -> NoReturn:
    """Tell what went wrong and end the program with this code."""
    if as_json:
        structlog.get_logger().error("stubserver cannot go on", reason=error.detail, cure=error.cure)
    else:
        click.echo(click.style("stubserver: ", fg="red") + error.detail, err=True)
        if error.cure:
            click.echo(f"  cure: {error.cure}", err=True)
    sys.exit(code)


T = TypeVar("T")


def run(main_coroutine: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop where there is one."""
    with asyncio.Runner(loop_factory=_new_event_loop) as runner:
        return runner.run(main_coroutine)
