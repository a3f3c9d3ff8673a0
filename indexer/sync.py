"""Live sync: claim pending products, write their documents to every target, settle each by its own result.

This is the one path by which a change reaches an index. It reads top to bottom in `sync_batch`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import structlog
from elasticsearch import ApiError, Elasticsearch, TransportError

from catalog.failpoints import failpoint
from catalog.settings import Settings
from indexer import ledger
from indexer.bulk import Document, Outcome, Result, stored, stored_versions, write
from indexer.registry import BUILDING, LIVE, Missed, Target, note_error, note_missed, writable
from indexer.rows import Snapshot, read_products
from mappings.schema import SCHEMAS, tombstone

log = structlog.get_logger()

# No retry mends it soon: mostly somebody has to rebuild, and the alarm must not fill the log meanwhile.
INDEX_AHEAD_PAUSE = 30.0
# Of a product that the live index took and another one did not; newer changes overtake it meanwhile.
WAIT_SECONDS = 5.0
# What Elasticsearch says of one shard, in an answer that is a success for the documents of the others.
SHARD_AWAY = "unavailable_shards_exception"
# Of a request to Elasticsearch, however short the lease.
SHORTEST_TIMEOUT = 5.0
# Whole documents that are read back at a time.
READ_BACK = 50


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch came to. `unavailable` is why nothing more should be sent for a while."""

    claimed: int = 0
    settled: int = 0
    refused: int = 0
    quarantined: int = 0
    unavailable: str | None = None
    waiting: int = 0


@dataclass(slots=True)
class Fate:
    """What the targets said of one product: the worst answer decides.

    `unavailable` is the live index's; `waiting` says that another one did not take it yet; `differs` that an index has
    this version with other contents.
    """

    version: int
    refused: str | None = None
    ahead: str | None = None
    unavailable: str | None = None
    waiting: bool = False
    differs: bool = False


def sync_batch(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings, limit: int) -> Batch:
    """Bring up to `limit` pending products into every index; an empty Batch when nothing is pending.

    `connection` is in autocommit mode. Raises psycopg.Error when Postgres goes away: the lease runs out and the rows
    come back.
    """
    held = ledger.claim(connection, limit, settings.sync_lease_seconds)
    if held is None:
        return Batch()
    failpoint(settings, "sync.after_claim")
    indexes, snapshots = _read(connection, held.ids)
    if not indexes:
        ledger.release(connection, held, held.ids)
        return Batch(claimed=len(held.ids), unavailable="Index missing: run `catalog reindex`.")
    if indexes[0].state == LIVE and indexes[0].unknown_shape:
        # Nothing is wrong with any product: newer workers beside this one write them.
        ledger.release(connection, held, held.ids)
        return Batch(claimed=len(held.ids), unavailable=indexes[0].unknown_shape)
    fates = {snapshot.product_id: Fate(snapshot.version) for snapshot in snapshots}
    # A request never outlives the lease, not even those of three indexes in turn: nobody else begins the same work.
    client = client.options(request_timeout=max(SHORTEST_TIMEOUT, settings.sync_lease_seconds / 3))
    for target in indexes:
        if all(fate.unavailable for fate in fates.values()):
            break
        if target.unknown_shape:
            _leave_alone(connection, target, fates)
            continue
        documents = _build(connection, target, snapshots, fates)
        results = write(client, target.alias, documents)
        failpoint(settings, "sync.after_write")
        _judge(connection, client, target, results, fates)
    batch = _settle(connection, settings, held, fates)
    failpoint(settings, "sync.after_settle")
    return batch


def _read(connection: psycopg.Connection[Any], ids: Sequence[UUID]) -> tuple[list[Target], list[Snapshot]]:
    """Targets and products in one snapshot: an index registered later is filled by a backfill that sees more."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return writable(connection), read_products(connection, ids)


def _build(
    connection: psycopg.Connection[Any], target: Target, snapshots: Sequence[Snapshot], fates: dict[UUID, Fate]
) -> list[Document]:
    documents = []
    for snapshot in snapshots:
        try:
            documents.append(document_of(snapshot, target.schema_version))
        except Exception as error:
            # Whatever this row does to the builder, the other rows of the batch must not pay for it.
            log.exception("sync.build_failed", product_id=str(snapshot.product_id), version=snapshot.version)
            _refuse(
                connection, target, fates[snapshot.product_id], snapshot.product_id, f"{type(error).__name__}: {error}"
            )
    return documents


def document_of(snapshot: Snapshot, schema_version: int) -> Document:
    """The document of a product, or the tombstone of a deleted one. Raises whatever its row does to the builder."""
    key, version, row = snapshot.product_id, snapshot.version, snapshot.row()
    body = tombstone(key, version) if row is None else SCHEMAS[schema_version].build(row, version)
    return Document(key, version, body)


def _refuse(
    connection: psycopg.Connection[Any], target: Target, fate: Fate, product_id: UUID, error: str | None
) -> None:
    """An index that nobody reads may be wrong itself: going live is closed to it, the product is not at fault."""
    if target.state == LIVE:
        fate.refused = error
    elif note_error(connection, target.name, f"{product_id}: {error}") is Missed.LIVE:
        fate.unavailable = f"{target.name} has just become live"


def _miss(
    connection: psycopg.Connection[Any], target: Target, ids: Sequence[UUID], fates: dict[UUID, Fate], error: str
) -> None:
    """The live index alone may hold a product up; another one is waited for and then given up, first in the register.

    (docs/decisions/0009-an-index-that-takes-no-writes.md)
    """
    fate = Missed.LIVE if target.state == LIVE else note_missed(connection, target.name, error)
    for product_id in ids:
        if fate is Missed.LIVE:
            fates[product_id].unavailable = error
        elif fate is Missed.WAITED_FOR:
            fates[product_id].waiting = True
    if fate is not Missed.LIVE:
        log.warning("sync.index_missed", index=target.name, count=len(ids), fate=fate.value, error=error)


def _leave_alone(connection: psycopg.Connection[Any], target: Target, fates: dict[UUID, Fate]) -> None:
    """Newer workers are to write to it. For a standby nobody waits longer than for any other that misses writes: the
    newer code may have been taken back."""
    if target.state == BUILDING:
        for fate in fates.values():
            fate.waiting = True
        log.warning("sync.left_alone", index=target.name, count=len(fates), error=target.unknown_shape)
    else:
        _miss(connection, target, list(fates), fates, target.unknown_shape or "")


def _judge(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    target: Target,
    results: Sequence[Result],
    fates: dict[UUID, Fate],
) -> None:
    for result in results:
        if result.outcome is Outcome.REFUSED:
            _refuse(connection, target, fates[result.document.product_id], result.document.product_id, result.error)
    missed = [result for result in results if result.outcome is Outcome.UNAVAILABLE]
    if missed:
        _miss(connection, target, [item.document.product_id for item in missed], fates, missed[0].error or "no answer")
    conflicts = [result.document for result in results if result.outcome is Outcome.CONFLICT]
    if conflicts:
        _judge_conflicts(connection, client, target, conflicts, fates)


def _judge_conflicts(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    target: Target,
    documents: Sequence[Document],
    fates: dict[UUID, Fate],
) -> None:
    """As new or newer a document is there already. That is success, unless it is newer than Postgres itself, or has the
    version of another past: Postgres was restored from an older backup and has counted up to it again."""
    ids = [document.product_id for document in documents]
    try:
        there = stored_versions(client, target.alias, ids)
        same = [document for document in documents if there.get(document.product_id) == document.version]
        for product_id in _differing(client, target, same):
            fates[product_id].differs = True
    except (ApiError, TransportError) as error:
        _miss(connection, target, ids, fates, f"{type(error).__name__}: {error.message}")
        return
    # Read after the index, so that a change committed in between is not mistaken for an index ahead.
    current = ledger.versions(connection, ids)
    for product_id in ids:
        held, truth = there.get(product_id), current.get(product_id, 0)
        if held is not None and held <= truth:
            continue
        if held is None:
            # Somebody deleted it by hand, which leaves a newer version behind until `index.gc_deletes` has passed.
            problem = f"index_ahead: {target.name} remembers a deletion that is newer than version {truth}"
        else:
            problem = f"index_ahead: {target.name} holds version {held}, Postgres has {truth}"
        if target.state == LIVE:
            fates[product_id].ahead = problem
        elif note_error(connection, target.name, f"{product_id}: {problem}") is Missed.LIVE:
            fates[product_id].unavailable = problem


def _differing(client: Elasticsearch, target: Target, documents: Sequence[Document]) -> list[UUID]:
    """The products whose document in the index, at the same version, is not the one that was sent."""
    differing = []
    for start in range(0, len(documents), READ_BACK):
        sent = {str(document.product_id): document for document in documents[start : start + READ_BACK]}
        for item in stored(client, target.alias, [document.product_id for document in sent.values()], source=True):
            document = sent[item["_id"]]
            # Somebody may have written a newer one since: then the next look decides.
            if item["_version"] == document.version and item["_source"] != document.body:
                differing.append(document.product_id)
                log.warning("sync.same_version_differs", index=target.name, product_id=item["_id"])
    return differing


def _settle(
    connection: psycopg.Connection[Any], settings: Settings, held: ledger.Claim, fates: dict[UUID, Fate]
) -> Batch:
    counts: Counter[str] = Counter()
    written: dict[UUID, int] = {}
    released: list[UUID] = []
    waiting: list[UUID] = []
    unavailable: str | None = None
    for product_id, fate in fates.items():
        if fate.unavailable is not None and fate.unavailable.startswith(SHARD_AWAY):
            # The other shards go on, at full speed: products of this one step aside for a while.
            waiting.append(product_id)
        elif fate.unavailable is not None:
            unavailable = fate.unavailable
            released.append(product_id)
        elif fate.refused is None and fate.ahead is None:
            if fate.differs:
                # A version of its own, which no index has seen: it is claimed again as a change like any other.
                with connection.transaction():
                    ledger.renew(connection, [product_id], 0)
            elif fate.waiting:
                waiting.append(product_id)
            else:
                written[product_id] = fate.version
    # Each statement commits by itself: a lock held over several rows could deadlock with a writer.
    ledger.settle(connection, held, written)
    ledger.release(connection, held, released)
    ledger.release(connection, held, waiting, WAIT_SECONDS)
    for product_id, fate in fates.items():
        if fate.unavailable is not None:
            continue
        if fate.refused is not None:
            quarantined = ledger.count_attempt(
                connection, product_id, fate.version, fate.refused, settings.sync_max_attempts
            )
            counts["refused"] += 1
            counts["quarantined"] += quarantined
            log.warning(
                "sync.refused",
                product_id=str(product_id),
                version=fate.version,
                error=fate.refused,
                quarantined=quarantined,
            )
        elif fate.ahead is not None:
            log.error("sync.index_ahead", product_id=str(product_id), error=fate.ahead)
            ledger.postpone(connection, product_id, fate.version, fate.ahead, INDEX_AHEAD_PAUSE)
    return Batch(len(held.ids), len(written), counts["refused"], counts["quarantined"], unavailable, len(waiting))
