"""Logging: events with a static name and fields, JSON in production, coloured lines on a terminal."""

import logging
import re
import sys
from io import StringIO
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor

from catalog.settings import Settings

# The C0 and C1 control characters, and what Unicode ends lines with.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_OF_SEVERAL_LINES = ("exception", "stack")


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


def one_line(text: str) -> str:
    """What a client wrote can't begin a line of its own, nor colour or clear a terminal."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def _escape(_: Any, __: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        if isinstance(value, str) and name not in _OF_SEVERAL_LINES and _CONTROL.search(value):
            event[name] = one_line(value)
    return event


def _traceback(stream: TextIO, exc_info: Any) -> None:
    """A plain one: the pretty ones print every local variable, secrets among them, and take seconds to do it."""
    text = StringIO()
    structlog.dev.plain_traceback(text, exc_info)
    # An error's message may hold what a client wrote: indented, none of its lines passes for an event.
    stream.write("\n".join(f"    {one_line(line)}".rstrip() for line in text.getvalue().split("\n")))


def _rendering(settings: Settings) -> list[Processor]:
    if settings.log_json:
        return [_escape, structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_to_json)]
    return [_escape, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_traceback)]


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
