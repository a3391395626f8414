"""The log: events in past-tense snake case, data in keys; JSON unless it goes to a terminal."""

import logging
import sys
from typing import Any, TextIO

import stamina.instrumentation
import structlog

from fleetgauge.settings import Settings


def configure(
    settings: Settings, stream: TextIO = sys.stdout, *, worker: str | None = None
) -> None:
    """Set structlog up for the whole process.

    Services log to stdout; a command whose stdout is its result passes stderr. One worker of
    several puts its name into each line.
    """
    terminal = (
        stream.isatty() if settings.log_format == "auto" else (settings.log_format == "console")
    )
    renderer = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    # Code that retries logs that itself.
    stamina.instrumentation.set_on_retry_hooks(())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *([_naming(worker)] if worker else []),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(stream),
    )


def _naming(worker: str) -> structlog.typing.Processor:
    # Not by context variables: a new thread starts without those of the one that made it.
    def name(_logger: object, _method: str, event: structlog.typing.EventDict) -> Any:
        event["worker"] = worker
        return event

    return name
