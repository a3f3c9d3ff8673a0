"""Compares contents: whole documents with what Postgres makes of their products now, a page of products at a time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import structlog
from elasticsearch import Elasticsearch

from indexer.bulk import stored
from indexer.compare import LOOKS, SETTLE_SECONDS
from indexer.registry import Target
from indexer.rows import read_products
from indexer.sync import document_of

log = structlog.get_logger()

# Whole documents of up to some kilobytes each: few enough for one short request.
PAGE = 500
FIRST = UUID(int=0)

IDS = "SELECT id FROM products WHERE id >= %s ORDER BY id LIMIT %s"
# What live sync is going to write: pending, or with a category or a brand whose change is still to be spread. One
# statement: a spread in between would be seen by neither of two.
COMING = """
SELECT product_id FROM product_sync WHERE version > synced_version AND product_id = ANY (%(ids)s)
UNION ALL
SELECT products.id FROM products JOIN fanout ON entity_id IN (products.id, category_id, brand_id)
WHERE products.id = ANY (%(ids)s)
"""


@dataclass(frozen=True, slots=True)
class Page:
    """`start` is where the next page begins, None after the last one; `last` the last product of this one. `unmade` are
    those of which no document can be made: nothing is said of them."""

    compared: int
    differing: list[UUID]
    unmade: list[UUID]
    last: UUID | None
    start: UUID | None


def audit_page(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    target: Target,
    start: UUID = FIRST,
    wait: Callable[[float], object] = time.sleep,
) -> Page:
    """The products from `start` on whose document is there, but is not what Postgres makes it.

    What differs is looked at again until nothing is left or it has differed in every look: a change may have been on
    its way. Missing documents and wrong versions are found by `indexer.compare`.
    """
    ids = [row[0] for row in connection.execute(IDS, (start, PAGE))]
    lasting, unmade = _differing(connection, client, target, ids)
    for _ in range(LOOKS - 1):
        if not lasting:
            break
        wait(SETTLE_SECONDS)
        lasting &= _differing(connection, client, target, sorted(lasting))[0]
    last = ids[-1] if ids else None
    more = last is not None and len(ids) == PAGE and last.int + 1 < 2**128
    following = UUID(int=last.int + 1) if last is not None and more else None
    return Page(len(ids), sorted(lasting), unmade, last, following)


def _differing(
    connection: psycopg.Connection[Any], client: Elasticsearch, target: Target, ids: list[UUID]
) -> tuple[set[UUID], list[UUID]]:
    """Those that differ, and those that can't be made."""
    if not ids:
        return set(), []
    # Before Postgres: a change in between looks like a difference and not like equality, and the next look tells.
    held: dict[str, dict[str, Any]] = {
        item["_id"]: item["_source"] for item in stored(client, target.alias, ids, source=True)
    }
    differing = set()
    unmade: list[UUID] = []
    first = ""
    for item in read_products(connection, ids):
        body = held.get(str(item.product_id))
        # A document newer than Postgres is an index ahead, which the comparison of versions tells.
        if body is None or body.get("version", 0) > item.version:
            continue
        try:
            made = document_of(item, target.schema_version).body
        except Exception as error:
            # Live sync has put it in quarantine, with this error.
            first = first or f"{item.product_id}: {type(error).__name__}: {error}"
            unmade.append(item.product_id)
            continue
        if made != body:
            differing.add(item.product_id)
    if unmade:
        log.warning("reconcile.build_failed", index=target.name, count=len(unmade), first=first)
    coming = {row[0] for row in connection.execute(COMING, {"ids": list(differing)})}
    return differing - coming, unmade
