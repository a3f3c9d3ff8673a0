"""The system under test: servers of its own, a worker, a pump, a reader, and the faults of the servers."""

import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import redis
from celery import Celery
from elasticsearch import ApiError, TransportError

from catalog.connections import connect
from catalog.elasticsearch import make_client
from catalog.settings import Settings
from cli.run import migrate_database
from indexer.rebuild import ensure_index
from mappings.names import read_alias
from stack import Ephemeral, StackError, ephemeral
from tests.processes import wait_until
from tests.state_machine.crew import Crew
from tests.state_machine.outage import Outage
from tests.state_machine.reader import Reader
from workers.app import BACKGROUND_QUEUE

TABLES = (
    "products, product_images, product_variants, skus, categories, brands, users, jobs, reindex_chunks, counters, "
    "product_sync, fanout, search_indexes, synonyms, revisions, domain_events, event_relay, "
    "event_consumers, event_dead_letters, webhooks, webhook_deliveries"
)


class Broken(BaseException):
    """The system is not as it must be.

    No Exception, because Hypothesis would run the same steps again, which says nothing where processes race.
    """


class World:
    """Shared by all examples; `begin` empties it for the next one."""

    def __init__(self, servers: Ephemeral, settings: Settings, crew: Crew, *, thorough: bool) -> None:
        self.thorough = thorough
        self.servers = servers
        self.settings = settings
        self.crew = crew
        self.es = make_client(settings)
        self._forgiving = self.es.options(ignore_status=404)
        self.db: psycopg.Connection[Any] = connect(settings, "machine", autocommit=True)
        self.redis = redis.Redis.from_url(settings.redis_url)
        self.celery = Celery(broker=settings.redis_url, set_as_current=False)
        self.outage = Outage()
        self.reader: Reader | None = None
        self.reads = 0
        self.over = False
        self.steps: list[str] = []
        self.counts: Counter[str] = Counter()
        self._began = time.monotonic()

    def close(self) -> None:
        self.servers.elasticsearch.resume()  # or the reader would wait for an answer for long
        self.unwatch()
        self.es.close()
        self.db.close()
        self.redis.close()
        self.celery.close()

    def begin(self) -> None:
        """An empty catalogue with an empty index."""
        self.steps = []
        self._began = time.monotonic()
        # Triggers refuse TRUNCATE, and rightly: in the replica role they do not fire.
        self.db.execute("SET session_replication_role = replica")
        self.db.execute(f"TRUNCATE {TABLES} CASCADE")
        self.db.execute("SET session_replication_role = origin")
        for name in self._indexes():
            self.es.indices.delete(index=name)
        self.redis.flushall()
        ensure_index(self.settings, self.es)

    def watch(self, kept: list[UUID]) -> None:
        """From now on these must be found at every moment."""
        self.reader = Reader(self.settings, self.outage, [str(product_id) for product_id in kept])
        self.reader.start()

    def unwatch(self) -> None:
        if self.reader:
            self.reader.stop()
            self.reads += self.reader.reads
            self.reader = None

    def note(self, name: str, arguments: dict[str, Any]) -> None:
        self.counts[name] += 1
        said = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        self.steps.append(f"{time.monotonic() - self._began:6.1f} s  {name}({said})")

    def interrupt(self) -> None:
        """End it all now: a round that is not over proves nothing."""
        self.over = True
        raise KeyboardInterrupt

    def fail(self, problem: str) -> Broken:
        """What to raise: the problem, the steps before it, and what worker and pump said last."""
        self.over = True
        return Broken("\n".join([problem, "Steps:", *self.steps, "Logs:", self.crew.said()]))

    @contextmanager
    def blamed(self, name: str) -> Iterator[None]:
        """Errors in the block are the system's."""
        try:
            yield
        except Exception:
            raise self.fail(f"{name} failed: {traceback.format_exc()}") from None

    def within(self, seconds: float, condition: Callable[[], bool], otherwise: Callable[[], str]) -> None:
        """Wait until `condition`; fails with `otherwise` when it does not come true."""
        try:
            wait_until(condition, seconds)
        except AssertionError:
            raise self.fail(otherwise()) from None

    def pause(self) -> None:
        """Elasticsearch keeps its connections and answers nothing."""
        self.outage.begin()
        self.servers.elasticsearch.pause()

    def kill(self) -> None:
        """Elasticsearch is killed as by a power cut."""
        self.outage.begin()
        self.servers.elasticsearch.kill()

    def bring_back(self) -> None:
        """End a pause or a stop, and wait until searches are answered again."""
        self.servers.elasticsearch.resume()
        try:
            self.servers.elasticsearch.start()
        except StackError:
            # Its inner port was free when it was chosen, and somebody else's some seconds later.
            self.servers.elasticsearch.start()
        self.within(60, self._searches, lambda: "Elasticsearch is back, but searches are not answered")
        self.outage.end()

    def block(self, on: bool) -> None:
        """Set or clear the write block of every index there is."""
        for name in self._indexes():
            self._forgiving.indices.put_settings(index=name, settings={"index.blocks.write": on or None})

    def close_indexes(self) -> None:
        """Every index there is; readers know."""
        self.outage.begin()
        for name in self._indexes():
            self._forgiving.indices.close(index=name)

    def open_indexes(self) -> None:
        """Also those that were made since; until searches are answered again."""
        for name in self._indexes():
            self._forgiving.indices.open(index=name, wait_for_active_shards=1)
        self.within(60, self._searches, lambda: "The indexes are open, but searches are not answered")
        self.outage.end()

    def _indexes(self) -> list[str]:
        """For requests one by one: an index that a rebuild drops meanwhile must not keep a request from the others."""
        return list(self.es.indices.get(index=f"{self.settings.index_prefix}-*", expand_wildcards="all").body)

    def send(self, task: str) -> None:
        """What the scheduler would send."""
        self.celery.send_task(task, queue=BACKGROUND_QUEUE)

    def _searches(self) -> bool:
        try:
            self.es.search(index=read_alias(self.settings.index_prefix), size=0, allow_partial_search_results=False)
        except (ApiError, TransportError):
            return False
        return True


@contextmanager
def running_world(*, thorough: bool) -> Iterator[World]:
    """Servers, worker and pump, until the end of the block. `thorough` allows faults that take many seconds."""
    with tempfile.TemporaryDirectory(prefix="catalog-machine-") as logs, ephemeral(in_memory=True) as servers:
        settings = Settings.model_validate(
            {
                "database_url": servers.postgres_url,
                "redis_url": servers.redis_url,
                "elasticsearch_url": servers.elasticsearch_url,
                "index_prefix": "machine",
                "index_refresh_interval": "100ms",
                "jwt_secret": "a secret that only the tests know: 0123456789",
                "sync_batch_size": 8,
                "sync_lease_seconds": 3,
                "sync_max_attempts": 2,
                # Nobody mends what live sync forgets.
                "reconcile_interval_seconds": 0,
                "log_level": "ERROR",
            }
        )
        migrate_database(settings)
        crew = Crew(settings, Path(logs))
        try:
            crew.start()
            with closing(World(servers, settings, crew, thorough=thorough)) as world:
                yield world
        finally:
            crew.stop()
