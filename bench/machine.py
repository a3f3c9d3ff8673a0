"""What a benchmark ran on."""

import os
import platform
from pathlib import Path
from typing import Any

import psycopg
from elasticsearch import Elasticsearch

from catalog.settings import Settings


def machine(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings) -> dict[str, Any]:
    """Cores, memory and versions; and those settings of servers and service that the figures depend on."""
    nodes = client.nodes.info(metric="jvm")["nodes"].values()
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": _memory_gb(),
        "python": platform.python_version(),
        "postgres": _show(connection, "server_version"),
        "fsync": _show(connection, "fsync"),
        "elasticsearch": client.info()["version"]["number"],
        "heap_mb": sum(node["jvm"]["mem"]["heap_max_in_bytes"] for node in nodes) // 2**20,
        "refresh_interval": settings.index_refresh_interval,
        "batch": settings.sync_batch_size,
    }


def _memory_gb() -> float | None:
    try:
        first = Path("/proc/meminfo").read_text().splitlines()[0]
    except OSError:
        return None
    return round(int(first.split()[1]) / 2**20, 1)


def _show(connection: psycopg.Connection[Any], name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    return str(row[0]) if row else ""
