"""Sees when changes become visible: one process that searches for all open changes at once, every few milliseconds."""

import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from elasticsearch import Elasticsearch

from bench.errors import BenchError
from catalog.elasticsearch import make_client
from catalog.settings import Settings

POLL_INTERVAL_SECONDS = 0.005
# A change that is not found for so long never will be.
MAX_WAIT_SECONDS = 60.0

# The index or alias to search, and the price in cents that only the changed product has.
Change = tuple[str, int]


@dataclass(slots=True)
class VisibilityProbe:
    """`expect` a change when it is made, then ask once for all `seen`."""

    _process: Connection

    def expect(self, change: Change) -> None:
        self._process.send(change)

    def seen(self) -> dict[Change, float]:
        """The moment of the monotonic clock at which each change was first found; those never found are left out."""
        self._process.send(None)
        if not self._process.poll(2 * MAX_WAIT_SECONDS):
            raise BenchError("The process that looks for changes does not answer.")
        visible_at: dict[Change, float] = self._process.recv()
        return visible_at


@contextmanager
def watch_changes(settings: Settings) -> Iterator[VisibilityProbe]:
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_look, args=(settings, there), daemon=True)
    process.start()
    there.close()
    try:
        here.recv()  # it is ready
        yield VisibilityProbe(here)
    finally:
        process.terminate()
        process.join()
        here.close()


def _look(settings: Settings, changes: Connection) -> None:
    # A Ctrl-C reaches every process of the terminal; this one is ended by the one that it works for.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    open_changes: dict[Change, float] = {}
    visible_at: dict[Change, float] = {}
    ending = False
    with closing(make_client(settings)) as client:
        client.info()  # the first request makes the connection
        changes.send(True)
        while not ending or open_changes:
            began = time.monotonic()
            while changes.poll():
                change = changes.recv()
                ending = change is None
                if change is not None:
                    open_changes[change] = began
            for change in _visible(client, open_changes):
                visible_at[change] = time.monotonic()
                del open_changes[change]
            for change in [one for one, since in open_changes.items() if began > since + MAX_WAIT_SECONDS]:
                del open_changes[change]
            time.sleep(max(0.0, began + POLL_INTERVAL_SECONDS - time.monotonic()))
    changes.send(visible_at)


def _visible(client: Elasticsearch, changes: dict[Change, float]) -> list[Change]:
    if not changes:
        return []
    indexes = sorted({index for index, _ in changes})
    searches: list[dict[str, Any]] = []
    for index in indexes:
        prices = [price for name, price in changes if name == index]
        query = {"terms": {"price_cents": prices}}
        searches += [
            {"index": index},
            {"size": len(prices), "query": query, "_source": False, "docvalue_fields": ["price_cents"]},
        ]
    answers = client.msearch(searches=searches)["responses"]
    return [
        (index, hit["fields"]["price_cents"][0])
        for index, answer in zip(indexes, answers, strict=True)
        for hit in answer["hits"]["hits"]
    ]
