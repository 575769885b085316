"""Logs: one line per event, for people or as JSON, on standard error."""

from __future__ import annotations

import logging
import sys

import orjson
import structlog

LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "none": logging.CRITICAL,  # nothing is ever logged at this level
}


def configure_logging(level: str, form: str) -> None:
    """Send log events at `level` (a key of LEVELS) and above to standard error, as `text` or `json`."""
    processors: list[structlog.types.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
    ]
    if form == "json":
        processors += [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_dumped),
        ]
    else:
        # Plain: the usual ones show the values of variables, which may be secrets of whoever sent a request.
        plain = structlog.dev.plain_traceback
        processors.append(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain))
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def _dumped(event: object, **_: object) -> str:
    try:
        return orjson.dumps(event, default=str).decode()
    except TypeError:  # a text from the wire that is not UTF-8
        return orjson.dumps({"event": ascii(event)}).decode()
