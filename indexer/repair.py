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
from elasticsearch import ApiError, Elasticsearch, TransportError
from psycopg import errors

from indexer import counters
from indexer.audit import FIRST, audit_page
from indexer.compare import Difference, compare_sums, lasting_differences
from indexer.ledger import LOCK_MILLISECONDS, renew
from indexer.ledger import versions as ledger_versions
from indexer.registry import BUILDING, LIVE, Target, targets
from mappings.checksum import BUCKETS
from mappings.checksum import bucket as bucket_of

log = structlog.get_logger()

# Behind single changes and imports, before the spread of a category's change.
PRIORITY = 7
# Products that are given a new version in one transaction.
CHUNK = 1000
# How many ids of each kind are named in the log.
NAMED = 20

# A document that Postgres never knew gets a ledger row of a deleted product, one version above the document's.
ADOPT = """
INSERT INTO product_sync (product_id, version, deleted, priority) VALUES (%s, %s, true, %s)
ON CONFLICT (product_id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Findings:
    """What one index differs in. `ahead` are documents newer than Postgres: only a rebuild mends those. Of `unmade`
    products no document can be made, and nothing is known of them; `error` is why the index could not be compared."""

    index: str
    products: int
    versions: tuple[Difference, ...]
    contents: tuple[UUID, ...]
    ahead: tuple[Difference, ...]
    repaired: int
    seconds: float
    unmade: int = 0
    error: str | None = None

    @property
    def equal(self) -> bool:
        return not (self.versions or self.contents or self.ahead or self.unmade or self.error)


Report = Callable[[str, int], None]


def comparable(connection: psycopg.Connection[Any]) -> list[Target]:
    """The indexes that must be equal to Postgres, those that are kept current and are complete; the live one first."""
    found = [target for target in targets(connection) if target.state != BUILDING and not target.given_up]
    return sorted(found, key=lambda target: target.state != LIVE)


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
    256 buckets are done. An index that can't be compared is found with its `error`, and the others are compared.
    """
    found = []
    for target in comparable(connection):
        try:
            found.append(_reconcile_one(connection, client, target, repair, quick, report))
        except (ApiError, TransportError) as error:
            said = f"{type(error).__name__}: {error.message}"
            found.append(Findings(target.name, 0, (), (), (), 0, 0.0, error=said))
    return found


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
    unmade = 0
    start: UUID | None = None if quick or target.unknown_shape else FIRST
    while start is not None:
        page = audit_page(connection, client, target, start)
        contents += [product_id for product_id in page.differing if product_id not in known]
        unmade += len(page.unmade)
        start = page.start
        report(target.name, bucket_of(str(start)) if start else BUCKETS)
    report(target.name, BUCKETS)
    repaired = 0
    if repair:
        for piece in pieces(versions, contents):
            with suppress(errors.LockNotAvailable), connection.transaction():
                repaired += mend(connection, *piece)
    tell(target.name, versions, contents, ahead, repaired)
    seconds = time.monotonic() - started
    return Findings(
        target.name,
        sums.products,
        tuple(versions),
        tuple(contents),
        tuple(ahead),
        repaired,
        seconds,
        unmade,
        target.unknown_shape,
    )


def split(
    connection: psycopg.Connection[Any], differing: Sequence[Difference]
) -> tuple[list[Difference], list[Difference]]:
    """What can be repaired, and the documents that are newer than Postgres. Unknown ones are not ahead of anything."""
    truth = ledger_versions(connection, [item.product_id for item in differing])
    ahead = {item for item in differing if (item.indexed_version or 0) > truth.get(item.product_id, 2**63)}
    return [item for item in differing if item not in ahead], [item for item in differing if item in ahead]


Piece = tuple[list[Difference], list[UUID]]


def pieces(versions: Sequence[Difference], contents: Sequence[UUID]) -> Iterator[Piece]:
    """So few at a time that a transaction over them holds their locks for a moment only, in the order of their ids."""
    differing = sorted(versions, key=lambda item: item.product_id)
    for start in range(0, len(differing), CHUNK):
        yield differing[start : start + CHUNK], []
    for start in range(0, len(contents), CHUNK):
        yield [], sorted(contents)[start : start + CHUNK]


def mend(connection: psycopg.Connection[Any], versions: Iterable[Difference], contents: Iterable[UUID]) -> int:
    """Have these products written again, and count them; how many. Call it inside a transaction.

    Those that a writer holds are left to that writer or, if he takes his change back, to the next look.
    """
    unknown = [item for item in versions if item.indexed_version is not None and item.database_version is None]
    ids = sorted({item.product_id for item in versions} | set(contents))
    if not ids:
        return 0
    connection.execute("SELECT set_config('lock_timeout', %s, true)", (str(LOCK_MILLISECONDS),))
    for item in unknown:
        connection.execute(ADOPT, (item.product_id, (item.indexed_version or 0) + 1, PRIORITY))
    mended = len(renew(connection, ids, PRIORITY))
    if mended:
        counters.add(connection, counters.REPAIRS, mended)
    return mended


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
