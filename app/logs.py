"""Logs: one JSON object a line on standard output, or readable lines on a terminal."""

import logging
import sys
from typing import Any

import structlog
from pydantic_core import to_json


def configure(level: str) -> None:
    """Set up logging of a process; called once by each command that serves or works.

    Args:
        level: DEBUG, INFO, WARNING or ERROR; what lies below costs next to nothing.
    """
    readable = sys.stdout.isatty()
    renderer: Any = structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer(_json)
    factory: Any = structlog.WriteLoggerFactory() if readable else structlog.BytesLoggerFactory()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )


def _json(entry: Any, **_options: Any) -> bytes:
    return to_json(entry, fallback=str)
