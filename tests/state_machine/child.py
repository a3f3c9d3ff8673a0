"""The `catalog` command with small pieces, short leases and short patience.

Usage: `python -m tests.state_machine.child COMMAND`.
A catalogue of fifty products then passes as many chunks, claims and time limits as one of a million does otherwise.
"""

from catalog import elasticsearch
from cli.main import app
from indexer import backoff, chunks, fanout, registry, rows, sync


def shrink() -> None:
    chunks.plan.__defaults__ = (6,)
    chunks.LEASE_SECONDS = 3.0
    rows.PAGE_SIZE = 4
    fanout.CHUNK_SIZE = 4
    backoff.MAX_PAUSE_SECONDS = 2.0
    sync.MISSED_WRITE_PAUSE_SECONDS = 1.0
    sync.MIN_TIMEOUT_SECONDS = 1.5
    registry.RECOVERED_SECONDS = 2.0
    registry.PATIENCE_SECONDS = 8.0
    elasticsearch.make_client.__kwdefaults__ = {"timeout": 2.0}


if __name__ == "__main__":
    shrink()
    app()
