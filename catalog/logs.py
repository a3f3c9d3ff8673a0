"""Logging: events with a static name and fields, JSON in production, coloured lines on a terminal."""

import logging
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


def configure_process_logs(settings: Settings) -> None:
    """Logs of a whole process: our events, and those of Celery, uvicorn and every other library in the same shape."""
    configure_logs(settings)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(settings)],
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(settings.log_level)
    # One line for each request to Elasticsearch says nothing that our own events do not.
    logging.getLogger("elastic_transport").setLevel(logging.WARNING)


def _rendering(settings: Settings) -> list[Processor]:
    if settings.log_json:
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_to_json)]
    # The pretty tracebacks print every local variable, secrets among them, and take seconds to do it.
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]


def configure_logs(settings: Settings) -> None:
    """Set structlog up for this process. Fields in its context variables, such as `request_id`, go into every event."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_rendering(settings),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=_make_logger,
        cache_logger_on_first_use=False,
    )
