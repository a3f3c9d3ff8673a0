"""A shopper who never stops: reads the kept products through the alias, and notes every error and every gap."""

import threading
from collections.abc import Collection
from contextlib import closing

from elasticsearch import ApiError, Elasticsearch, TransportError

from catalog.elasticsearch import make_client
from catalog.settings import Settings
from mappings.names import read_alias
from tests.state_machine.outage import Outage

PAUSE_SECONDS = 0.02


class Reader(threading.Thread):
    """Runs until `stop`. `problems` is what it saw that no shopper may see."""

    def __init__(self, settings: Settings, outage: Outage, kept: Collection[str]) -> None:
        super().__init__(name="reader", daemon=True)
        self.settings = settings
        self.outage = outage
        self.kept = set(kept)
        self.reads = 0
        self.problems: list[str] = []
        self._stop_asked = threading.Event()

    def run(self) -> None:
        with closing(make_client(self.settings)) as client:
            while not self._stop_asked.wait(PAUSE_SECONDS):
                mark = self.outage.mark()
                try:
                    self._read(client)
                except (ApiError, TransportError) as error:
                    if not self.outage.since(mark):
                        self.problems.append(f"{type(error).__name__}: {error}")

    def stop(self) -> None:
        self._stop_asked.set()
        self.join()

    def _read(self, client: Elasticsearch) -> None:
        answer = client.search(
            index=read_alias(self.settings.index_prefix),
            query={"ids": {"values": sorted(self.kept)}},
            size=len(self.kept) + 1,
            source=False,
            track_total_hits=True,
            allow_partial_search_results=False,
        )
        hits = answer["hits"]
        if (missing := self.kept - {hit["_id"] for hit in hits["hits"]}) or hits["total"]["value"] != len(self.kept):
            self.problems.append(f"{hits['total']['value']} hits through the alias; not found: {sorted(missing)}")
        self.reads += 1
