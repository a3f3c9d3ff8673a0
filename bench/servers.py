"""Servers of a benchmark's own, so that no other data is touched and no other index is measured."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.processes import run_command
from catalog.settings import Settings
from stack import Ephemeral, ephemeral

HEAP = "1g"


@contextmanager
def own_servers(settings: Settings, report: Callable[[str], None]) -> Iterator[Settings]:
    """Started and migrated servers; the settings are the given ones, but for the addresses. Gone at the end."""
    with own_stack(settings, report) as (own, _):
        yield own


@contextmanager
def own_stack(settings: Settings, report: Callable[[str], None]) -> Iterator[tuple[Settings, Ephemeral]]:
    """The same, with the servers themselves for a benchmark that stops one."""
    # A server that boots fast compiles badly, and would be measured so for as long as it runs.
    with ephemeral(report, heap=HEAP, fast_boot=False) as servers:
        own = settings.model_copy(
            update={
                "database_url": servers.postgres_url,
                "redis_url": servers.redis_url,
                "elasticsearch_url": servers.elasticsearch_url,
                "elasticsearch_username": None,
                "elasticsearch_password": None,
                "elasticsearch_ca_certs": None,
                "failpoint": None,
                "log_level": "WARNING",
            }
        )
        report("Creating the database schema and the first index")
        run_command(own, "migrate")
        yield own, servers
