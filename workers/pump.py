"""Wakes the workers: looks at the pending index many times a second and sends hints while there is work.

A hint carries nothing, so losing or doubling one costs nothing. (docs/decisions/0003-pump-instead-of-notify.md)
"""

import math
import threading
from typing import Any

import psycopg
import redis
import structlog
from kombu.exceptions import OperationalError

from catalog.connections import connect
from catalog.settings import Settings
from indexer.ledger import waiting
from workers.app import BACKGROUND_QUEUE, SYNC_QUEUE, app

log = structlog.get_logger()

MAX_WAIT_SECONDS = 5.0


class Pump:
    """One loop; `stop` may be set from a signal handler."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stop = threading.Event()
        self._connection: psycopg.Connection[Any] | None = None
        self._redis = redis.Redis.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=2)

    def run(self) -> None:
        """Until `stop` is set. A server that is away is waited for, with growing pauses."""
        failures = 0
        while not self.stop.is_set():
            try:
                self.tick()
                wait = self.settings.pump_interval_seconds
                failures = 0
            except (psycopg.Error, redis.RedisError, OperationalError) as error:
                failures += 1
                wait = min(MAX_WAIT_SECONDS, 0.1 * 2 ** min(failures, 10))
                log.warning("pump.waiting", error=f"{type(error).__name__}: {error}", seconds=wait)
            self.stop.wait(wait)
        if self._connection is not None:
            self._connection.close()

    def tick(self) -> int:
        """One look at the ledger; the number of hints sent."""
        if self._connection is None or self._connection.closed:
            self._connection = connect(self.settings, "catalog-pump", autocommit=True)
        most, batch = self.settings.worker_concurrency, self.settings.sync_batch_size
        # Counting is work for Postgres, many times a second: no further than hints can be sent for.
        full = int(self._redis.llen(SYNC_QUEUE)) >= most
        ready, fanout, job = waiting(self._connection, 1 if full else batch * (most - 1) + 1)
        count = 0
        if ready:
            count += self._top_up("sync.drain", SYNC_QUEUE, min(most, math.ceil(ready / batch)))
        if fanout:
            count += self._top_up("background.spread", BACKGROUND_QUEUE, 1)
        if job:
            count += self._top_up("background.reindex", BACKGROUND_QUEUE, most)
        return count

    def _top_up(self, task: str, queue: str, target: int) -> int:
        """Send hints until `target` wait in the queue: a slow worker must not find thousands of them."""
        waiting = int(self._redis.llen(queue))
        for _ in range(target - waiting):
            app.send_task(task, queue=queue, retry=False, expires=30)
        return max(0, target - waiting)
