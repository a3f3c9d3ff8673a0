"""What names a request: its id, and the trace that it belongs to. The same for every front door. Pure."""

import re
from uuid import uuid4

HEADER = "X-Request-ID"
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


def request_id(sent: str | None) -> str:
    """The client's id if it is a sane one: anything else could write into logs and headers what it likes."""
    return sent if sent and _SANE_ID.fullmatch(sent) else uuid4().hex


def trace_id(traceparent: str | None) -> str | None:
    """The trace of a `traceparent` header (W3C Trace Context); None without one, or for nonsense."""
    match = _TRACE.fullmatch(traceparent or "")
    return match[1] if match and match[1].strip("0") and match[2].strip("0") else None
