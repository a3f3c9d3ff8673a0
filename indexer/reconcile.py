"""Proves that an index and Postgres are equal, by versions and by contents, and repairs what is not.

A repair is a new version in the ledger: live sync then writes the document as it writes every other, so there is no
second path into an index.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import structlog
from elasticsearch import Elasticsearch

from indexer import counters
from indexer.audit import FIRST, audit_page
from indexer.compare import Difference, compare_sums, lasting_differences
from indexer.ledger import renew
from indexer.ledger import versions as ledger_versions
from indexer.registry import BUILDING, Target, targets
from mappings.checksum import BUCKETS
from mappings.checksum import bucket as bucket_of

log = structlog.get_logger()

# Behind single changes and imports, before the spread of a category's change.
PRIORITY = 7
# How many ids of each kind are named in the log.
NAMED = 20

# A document that Postgres never knew gets a ledger row of a deleted product, one version above the document's.
ADOPT = """
INSERT INTO product_sync (product_id, version, deleted, priority) VALUES (%s, %s, true, %s)
ON CONFLICT (product_id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Findings:
    """What one index differs in. `ahead` are documents newer than Postgres: only a rebuild mends those."""

    index: str
    products: int
    versions: tuple[Difference, ...]
    contents: tuple[UUID, ...]
    ahead: tuple[Difference, ...]
    repaired: int
    seconds: float

    @property
    def equal(self) -> bool:
        return not (self.versions or self.contents or self.ahead)


Report = Callable[[str, int], None]


def comparable(connection: psycopg.Connection[Any]) -> list[Target]:
    """The indexes that must be equal to Postgres: those that are kept current and are complete."""
    return [target for target in targets(connection) if target.state != BUILDING and not target.given_up]


def reconcile(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    *,
    repair: bool,
    quick: bool = False,
    report: Report = lambda index, buckets: None,
) -> list[Findings]:
    """Compare every index that is kept current with Postgres, all at once and as fast as it goes.

    `connection` is in autocommit mode. `quick` compares versions only. `report` is told the index and how many of the
    256 buckets are done.
    """
    return [_reconcile_one(connection, client, target, repair, quick, report) for target in comparable(connection)]


def _reconcile_one(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    target: Target,
    repair: bool,
    quick: bool,
    report: Report,
) -> Findings:
    started = time.monotonic()
    report(target.name, 0)
    sums = compare_sums(connection, client, target.name)
    versions, ahead = split(connection, lasting_differences(connection, client, target.name, buckets=sums.differing))
    known = {item.product_id for item in (*versions, *ahead)}
    contents: list[UUID] = []
    start: UUID | None = None if quick else FIRST
    while start is not None:
        page = audit_page(connection, client, target, start)
        contents += [product_id for product_id in page.differing if product_id not in known]
        start = page.start
        report(target.name, bucket_of(str(start)) if start else BUCKETS)
    report(target.name, BUCKETS)
    repaired = 0
    with connection.transaction():
        if repair:
            repaired = mend(connection, versions, contents)
    tell(target.name, versions, contents, ahead, repaired)
    seconds = time.monotonic() - started
    return Findings(target.name, sums.products, tuple(versions), tuple(contents), tuple(ahead), repaired, seconds)


def split(
    connection: psycopg.Connection[Any], differing: Sequence[Difference]
) -> tuple[list[Difference], list[Difference]]:
    """What can be repaired, and the documents that are newer than Postgres. Unknown ones are not ahead of anything."""
    truth = ledger_versions(connection, [item.product_id for item in differing])
    ahead = {item for item in differing if (item.indexed_version or 0) > truth.get(item.product_id, 2**63)}
    return [item for item in differing if item not in ahead], [item for item in differing if item in ahead]


def mend(connection: psycopg.Connection[Any], versions: Iterable[Difference], contents: Iterable[UUID]) -> int:
    """Have these products written again, and count them; how many they are. Call it inside a transaction."""
    unknown = [item for item in versions if item.indexed_version is not None and item.database_version is None]
    ids = sorted({item.product_id for item in versions} | set(contents))
    if not ids:
        return 0
    for item in unknown:
        connection.execute(ADOPT, (item.product_id, (item.indexed_version or 0) + 1, PRIORITY))
    renew(connection, ids, PRIORITY)
    counters.add(connection, counters.REPAIRS, len(ids))
    return len(ids)


def tell(
    index: str, versions: Sequence[Difference], contents: Sequence[UUID], ahead: Sequence[Difference], repaired: int
) -> None:
    """Log a difference with the first ids of each kind."""
    if versions or contents:
        ids = [str(item.product_id) for item in versions[:NAMED]]
        log.error(
            "reconcile.drift",
            index=index,
            versions=len(versions),
            contents=len(contents),
            repaired=repaired,
            ids=ids + [str(product_id) for product_id in contents[:NAMED]],
        )
    if ahead:
        ids = [str(item.product_id) for item in ahead[:NAMED]]
        log.error("reconcile.index_ahead", index=index, ahead=len(ahead), ids=ids, remedy="run `catalog reindex`")
