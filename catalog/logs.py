"""Logging: events with a static name and fields, JSON in production, coloured lines on a terminal."""

import sys
from typing import Any

import orjson
import structlog
from structlog.typing import Processor

from catalog.settings import Settings


def _to_json(event: Any, **options: Any) -> str:
    return orjson.dumps(event, default=options.get("default", str), option=orjson.OPT_NON_STR_KEYS).decode()


def _make_logger(*_: Any) -> structlog.PrintLogger:
    # stderr is looked up anew for each logger: a test or a daemon may have replaced it since the set-up.
    return structlog.PrintLogger(sys.stderr)


def configure_logs(settings: Settings) -> None:
    """Set structlog up for this process. Fields in its context variables, such as `request_id`, go into every event."""
    rendering: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_to_json)]
        if settings.log_json
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *rendering,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=_make_logger,
        cache_logger_on_first_use=False,
    )
