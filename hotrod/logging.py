"""Structured logs: static event names with fields, secrets and personal data removed."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_PERSONAL = frozenset(
    {"email", "name", "phone", "address", "recipient", "sender", "body", "text", "html", "problem"}
)
_SECRET = ("password", "secret", "token", "api_key", "authorization", "cookie")


def redact(
    _logger: object, _method: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Mask fields that by their name hold secrets or personal data."""
    for field in entry:
        lowered = field.lower()
        if lowered in _PERSONAL or any(word in lowered for word in _SECRET):
            entry[field] = "[redacted]"
    return entry


def configure_logging(level: str) -> None:
    """Send structlog and the standard library's logs to stderr, one line each.

    People get colors on a terminal; files and pipes get JSON.
    """
    tty = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            *([] if tty else [structlog.processors.format_exc_info]),
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
            if tty
            else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
