"""Compares contents: whole documents with what Postgres makes of their products now, a page of products at a time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from indexer.bulk import stored
from indexer.compare import MAX_COMPARISONS, SETTLE_SECONDS
from indexer.indexer import Indexer
from indexer.registry import Target
from indexer.rows import read_products
from indexer.sync import document_of

log = structlog.get_logger()

# Whole documents of up to some kilobytes each: few enough for one short request.
PAGE_SIZE = 500
FIRST_ID = UUID(int=0)

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
    """What the audit of one page of products came to."""

    #: How many products were looked at.
    compared: int
    #: Those whose document is not what Postgres makes it.
    differing: list[UUID]
    #: Those of which no document can be made: nothing is said of them.
    unmade: list[UUID]
    #: The last product of this page; None when it is empty.
    last: UUID | None
    #: Where the next page begins; None after the last one.
    start: UUID | None


def audit_page(
    indexer: Indexer,
    target: Target,
    start: UUID = FIRST_ID,
    wait: Callable[[float], object] = time.sleep,
) -> Page:
    """The products from `start` on whose document is there, but is not what Postgres makes it.

    What differs is compared again until nothing is left or it has differed every time: a change may have been on its
    way. Missing documents and wrong versions are left to `indexer.compare`.
    """
    ids = [row[0] for row in indexer.connection.execute(IDS, (start, PAGE_SIZE))]
    lasting, unmade = _differing(indexer, target, ids)
    for _ in range(MAX_COMPARISONS - 1):
        if not lasting:
            break
        wait(SETTLE_SECONDS)
        lasting &= _differing(indexer, target, sorted(lasting))[0]
    last = ids[-1] if ids else None
    more = last is not None and len(ids) == PAGE_SIZE and last.int + 1 < 2**128
    following = UUID(int=last.int + 1) if last is not None and more else None
    return Page(len(ids), sorted(lasting), unmade, last, following)


def _differing(indexer: Indexer, target: Target, ids: list[UUID]) -> tuple[set[UUID], list[UUID]]:
    """Those that differ, and those that can't be made."""
    if not ids:
        return set(), []
    # Before Postgres: a change in between looks like a difference and not like equality, and the next comparison tells.
    bodies: dict[str, dict[str, Any]] = {
        item["_id"]: item["_source"] for item in stored(indexer.client, target.alias, ids, source=True)
    }
    differing = set()
    unmade: list[UUID] = []
    first_error = ""
    for snapshot in read_products(indexer.connection, ids):
        body = bodies.get(str(snapshot.product_id))
        # A document newer than Postgres is an index ahead, which the comparison of versions tells.
        if body is None or body.get("version", 0) > snapshot.version:
            continue
        try:
            document = document_of(snapshot, target.schema_version)
        except Exception as error:
            # Live sync has put it in quarantine, with this error.
            first_error = first_error or f"{snapshot.product_id}: {type(error).__name__}: {error}"
            unmade.append(snapshot.product_id)
            continue
        if document.body != body:
            differing.add(snapshot.product_id)
    if unmade:
        log.warning("reconcile.build_failed", index=target.name, count=len(unmade), first=first_error)
    coming = {row[0] for row in indexer.connection.execute(COMING, {"ids": list(differing)})}
    return differing - coming, unmade
