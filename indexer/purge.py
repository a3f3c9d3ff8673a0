"""Takes tombstones out of the indexes when no write can be so late any more.

Each is deleted at its own version: a product that comes back meanwhile has a higher one and is left alone. Nothing else
is forgotten, the ledger keeps the version of every product that ever lived.
(docs/decisions/0002-versions-and-deletes.md)
"""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import structlog
from elasticsearch import ApiError, Elasticsearch, TransportError

from indexer.indexer import Indexer
from indexer.registry import writable
from mappings.checksum import BUCKETS

log = structlog.get_logger()

PAGE_SIZE = 1000
# 404: another worker was faster. 409: the product came back.
SUCCESS_STATUSES = (200, 404, 409)
SECONDS_A_DAY = 86_400
TOMBSTONE = {"term": {"deleted": True}}

OLD = """
SELECT product_id, version FROM product_sync
WHERE product_id = ANY (%s) AND deleted AND synced_version = version
  AND synced_at < clock_timestamp() - make_interval(secs => %s)
"""


def purge(indexer: Indexer, *, seconds: float = float("inf"), on_step: Callable[[], object] = lambda: None) -> int:
    """Delete tombstones older than `tombstone_days` from every index that is written to; how many they were.

    `on_step` is called before every page of them. What is left when the time is up, is left for the next call.
    """
    deadline = time.monotonic() + seconds
    purged = 0
    for target in writable(indexer.connection):
        try:
            for tombstones in _pages(indexer.client, target.alias):
                on_step()
                if time.monotonic() > deadline:
                    break
                purged += _delete(indexer.client, target.alias, _old(indexer, tombstones))
        except (ApiError, TransportError) as error:
            log.warning("purge.unavailable", index=target.name, error=f"{type(error).__name__}: {error.message}")
    if purged:
        log.info("purge.done", count=purged)
    return purged


def _pages(client: Elasticsearch, alias: str) -> Iterator[dict[UUID, int]]:
    """The versions of all tombstones by id, PAGE_SIZE at a time."""
    response = client.search(
        index=alias, size=0, query=TOMBSTONE, aggs={"buckets": {"terms": {"field": "bucket", "size": BUCKETS}}}
    )
    buckets = [item["key"] for item in response["aggregations"]["buckets"]["buckets"]]
    # A call that is too short for all of them must not stop before the same ones as the last one.
    random.shuffle(buckets)
    for bucket in buckets:
        after: list[Any] | None = None
        while True:
            response = client.search(
                index=alias,
                size=PAGE_SIZE,
                query={"bool": {"filter": [TOMBSTONE, {"term": {"bucket": bucket}}]}},
                sort=[{"id": "asc"}],
                search_after=after,
                source=False,
                docvalue_fields=[{"field": "version"}],
            )
            hits = response["hits"]["hits"]
            if hits:
                yield {UUID(hit["_id"]): hit["fields"]["version"][0] for hit in hits}
            if len(hits) < PAGE_SIZE:
                break
            after = hits[-1]["sort"]


def _old(indexer: Indexer, tombstones: dict[UUID, int]) -> dict[UUID, int]:
    """Those that are the last word on their product, and have been for long enough."""
    seconds = indexer.settings.tombstone_days * SECONDS_A_DAY
    rows = indexer.connection.execute(OLD, (list(tombstones), seconds))
    return {row[0]: row[1] for row in rows if tombstones[row[0]] == row[1]}


def _delete(client: Elasticsearch, alias: str, tombstones: dict[UUID, int]) -> int:
    if not tombstones:
        return 0
    actions = [
        {"delete": {"_id": str(product_id), "version": version, "version_type": "external_gte"}}
        for product_id, version in tombstones.items()
    ]
    response = client.bulk(
        index=alias,
        operations=actions,
        require_alias=True,
        filter_path="items.*.status,items.*.error",
    )
    items = [item["delete"] for item in response.body["items"]]
    failed = [item["error"] for item in items if item["status"] not in SUCCESS_STATUSES]
    if failed:
        log.warning("purge.refused", alias=alias, count=len(failed), error=failed[0])
    return sum(item["status"] == 200 for item in items)
