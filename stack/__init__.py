"""Starts Postgres, Redis and Elasticsearch on a machine that has no container engine."""

from stack.config import StackConfig, default_cache, default_home
from stack.control import Running, start, status, stop
from stack.ephemeral import Ephemeral, ephemeral
from stack.errors import StackError
from stack.server import Server, ServerStatus

__all__ = [
    "Ephemeral",
    "Running",
    "Server",
    "ServerStatus",
    "StackConfig",
    "StackError",
    "default_cache",
    "default_home",
    "ephemeral",
    "start",
    "status",
    "stop",
]
