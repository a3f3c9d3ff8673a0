"""Proves that an index and Postgres are equal, by versions and by contents, and repairs what is not.

A repair is a new version in the ledger: live sync then writes the document as it writes every other, so there is no
second path into an index.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import structlog
from elasticsearch import ApiError, TransportError
from psycopg import errors

from catalog.models.sync import SyncPriority
from indexer import counters
from indexer.audit import FIRST_ID, audit_page
from indexer.compare import Difference, compare_sums, lasting_differences
from indexer.indexer import Indexer
from indexer.ledger import LOCK_TIMEOUT_MILLISECONDS, renew
from indexer.ledger import versions as ledger_versions
from indexer.registry import BUILDING, LIVE, Target, targets
from mappings.checksum import BUCKETS
from mappings.checksum import bucket as bucket_of

log = structlog.get_logger()

# Products that are given a new version in one transaction.
CHUNK_SIZE = 1000
# How many ids of each kind are in a line of the log.
MAX_LOGGED_IDS = 20

# A document that Postgres never knew gets a ledger row of a deleted product, one version above the document's.
ADOPT = """
INSERT INTO product_sync (product_id, version, deleted, priority) VALUES (%s, %s, true, %s)
ON CONFLICT (product_id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Findings:
    """What one index differs in."""

    index: str
    #: How many Postgres has.
    products: int
    #: Wrong, missing or superfluous, by their versions.
    versions: tuple[Difference, ...]
    #: Of the right version with other contents.
    contents: tuple[UUID, ...]
    #: Documents newer than Postgres: only a rebuild puts those right.
    ahead: tuple[Difference, ...]
    #: How many products were given to live sync to be written again.
    repaired: int
    seconds: float
    #: How many products no document can be made of: nothing is known of them.
    unmade: int = 0
    #: Why the index could not be compared.
    error: str | None = None

    @property
    def equal(self) -> bool:
        return not (self.versions or self.contents or self.ahead or self.unmade or self.error)


# Called with the name of an index and how many of its buckets are compared.
Report = Callable[[str, int], None]
# Products that one transaction repairs: those of a wrong version, those of wrong contents.
RepairChunk = tuple[list[Difference], list[UUID]]


def comparable(connection: psycopg.Connection[Any]) -> list[Target]:
    """The indexes that must be equal to Postgres, those that are kept current and are complete; the live one first."""
    complete = [target for target in targets(connection) if target.state != BUILDING and not target.given_up]
    return sorted(complete, key=lambda target: target.state != LIVE)


def reconcile(
    indexer: Indexer, *, repair: bool, quick: bool = False, report: Report = lambda index, buckets: None
) -> list[Findings]:
    """Compare every index that is kept current with Postgres, all at once and as fast as it goes.

    `quick` compares versions only. `report` is called with the index and how many of the 256 buckets are done. An index
    that can't be compared has findings with an `error`, and the others are compared.
    """
    findings = []
    for target in comparable(indexer.connection):
        try:
            findings.append(_reconcile_one(indexer, target, repair=repair, quick=quick, report=report))
        except (ApiError, TransportError) as error:
            reason = f"{type(error).__name__}: {error.message}"
            findings.append(Findings(target.name, 0, (), (), (), 0, 0.0, error=reason))
    return findings


def _reconcile_one(indexer: Indexer, target: Target, *, repair: bool, quick: bool, report: Report) -> Findings:
    started = time.monotonic()
    report(target.name, 0)
    sums = compare_sums(indexer, target.name)
    differences = lasting_differences(indexer, target.name, buckets=sums.differing)
    versions, ahead = split_ahead(indexer.connection, differences)
    known = {difference.product_id for difference in differences}
    contents: list[UUID] = []
    unmade = 0
    start: UUID | None = None if quick or target.unsupported_schema else FIRST_ID
    while start is not None:
        page = audit_page(indexer, target, start)
        contents += [product_id for product_id in page.differing if product_id not in known]
        unmade += len(page.unmade)
        start = page.start
        report(target.name, bucket_of(str(start)) if start else BUCKETS)
    report(target.name, BUCKETS)
    repaired = 0
    if repair:
        for chunk in repair_chunks(versions, contents):
            with suppress(errors.LockNotAvailable), indexer.connection.transaction():
                repaired += repair_products(indexer.connection, *chunk)
    log_drift(target.name, versions, contents, ahead, repaired)
    return Findings(
        index=target.name,
        products=sums.products,
        versions=tuple(versions),
        contents=tuple(contents),
        ahead=tuple(ahead),
        repaired=repaired,
        seconds=time.monotonic() - started,
        unmade=unmade,
        error=target.unsupported_schema,
    )


def split_ahead(
    connection: psycopg.Connection[Any], differences: Sequence[Difference]
) -> tuple[list[Difference], list[Difference]]:
    """What can be repaired, and the documents that are newer than Postgres. Unknown ones are not ahead of anything."""
    current = ledger_versions(connection, [each.product_id for each in differences])
    ahead = {each for each in differences if (each.indexed_version or 0) > current.get(each.product_id, 2**63)}
    return [each for each in differences if each not in ahead], [each for each in differences if each in ahead]


def repair_chunks(versions: Sequence[Difference], contents: Sequence[UUID]) -> Iterator[RepairChunk]:
    """So few at a time that a transaction over them has their locks for a moment only, in the order of their ids."""
    differing = sorted(versions, key=lambda difference: difference.product_id)
    for start in range(0, len(differing), CHUNK_SIZE):
        yield differing[start : start + CHUNK_SIZE], []
    for start in range(0, len(contents), CHUNK_SIZE):
        yield [], sorted(contents)[start : start + CHUNK_SIZE]


def repair_products(
    connection: psycopg.Connection[Any], versions: Iterable[Difference], contents: Iterable[UUID]
) -> int:
    """Have these products written again, and count them; how many. Call it inside a transaction.

    Those that a writer has locked are left to that writer or, if the change is taken back, to the next comparison.
    """
    unknown = [each for each in versions if each.indexed_version is not None and each.database_version is None]
    ids = sorted({each.product_id for each in versions} | set(contents))
    if not ids:
        return 0
    connection.execute("SELECT set_config('lock_timeout', %s, true)", (str(LOCK_TIMEOUT_MILLISECONDS),))
    for each in unknown:
        connection.execute(ADOPT, (each.product_id, (each.indexed_version or 0) + 1, int(SyncPriority.REPAIR)))
    repaired = len(renew(connection, ids, SyncPriority.REPAIR))
    if repaired:
        counters.add(connection, counters.REPAIRS, repaired)
    return repaired


def log_drift(
    index: str, versions: Sequence[Difference], contents: Sequence[UUID], ahead: Sequence[Difference], repaired: int
) -> None:
    """Log a difference with the first ids of each kind."""
    if versions or contents:
        ids = [str(each.product_id) for each in versions[:MAX_LOGGED_IDS]]
        log.error(
            "reconcile.drift",
            index=index,
            versions=len(versions),
            contents=len(contents),
            repaired=repaired,
            ids=ids + [str(product_id) for product_id in contents[:MAX_LOGGED_IDS]],
        )
    if ahead:
        ids = [str(each.product_id) for each in ahead[:MAX_LOGGED_IDS]]
        log.error("reconcile.index_ahead", index=index, ahead=len(ahead), ids=ids, remedy="run `catalog reindex`")
