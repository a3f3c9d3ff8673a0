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
from indexer.compare import LOOKS, PENDING, SETTLE_SECONDS
from indexer.registry import Target
from indexer.rows import read_products
from indexer.sync import document_of

log = structlog.get_logger()

# Whole documents of up to some kilobytes each: few enough for one short request.
PAGE = 500
FIRST = UUID(int=0)

IDS = "SELECT id FROM products WHERE id >= %s ORDER BY id LIMIT %s"


@dataclass(frozen=True, slots=True)
class Page:
    """`start` is where the next page begins, None after the last one; `last` the last product of this one."""

    compared: int
    differing: list[UUID]
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
    lasting = _differing(connection, client, target, ids)
    for _ in range(LOOKS - 1):
        if not lasting:
            break
        wait(SETTLE_SECONDS)
        lasting &= _differing(connection, client, target, sorted(lasting))
    last = ids[-1] if ids else None
    more = last is not None and len(ids) == PAGE and last.int + 1 < 2**128
    return Page(len(ids), sorted(lasting), last, UUID(int=last.int + 1) if last is not None and more else None)


def _differing(
    connection: psycopg.Connection[Any], client: Elasticsearch, target: Target, ids: list[UUID]
) -> set[UUID]:
    if not ids:
        return set()
    # Before Postgres: a change in between looks like a difference and not like equality, and the next look tells.
    held: dict[str, dict[str, Any]] = {
        item["_id"]: item["_source"] for item in stored(client, target.alias, ids, source=True)
    }
    differing = set()
    unmade: list[str] = []
    for item in read_products(connection, ids):
        body = held.get(str(item.product_id))
        # A document newer than Postgres is an index ahead, which the comparison of versions tells.
        if body is None or body.get("version", 0) > item.version:
            continue
        try:
            made = document_of(item, target.schema_version).body
        except Exception as error:
            # Live sync has put it in quarantine, with this error.
            unmade.append(f"{item.product_id}: {type(error).__name__}: {error}")
            continue
        if made != body:
            differing.add(item.product_id)
    if unmade:
        log.warning("reconcile.build_failed", index=target.name, count=len(unmade), first=unmade[0])
    pending = {row[0] for row in connection.execute(PENDING, (list(differing),))}
    return differing - pending
