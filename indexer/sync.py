"""Live sync: claim pending products, write their documents to every target, settle each by its own result.

This is the one path by which a change reaches an index. It reads top to bottom in `sync_batch`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import psycopg
import structlog
from elasticsearch import ApiError, TransportError

from catalog.failpoints import failpoint
from catalog.models.sync import SyncPriority
from indexer import ledger
from indexer.bulk import Document, Outcome, Result, stored, stored_versions, write
from indexer.indexer import Indexer
from indexer.outcomes import ProductOutcome, Reason
from indexer.registry import BUILDING, LIVE, MissedWrite, Target, note_error, note_missed, writable
from indexer.rows import Snapshot, read_products
from mappings.schema import SCHEMAS, tombstone

log = structlog.get_logger()

# No retry mends it soon: mostly a rebuild has to, and the alarm must not fill the log meanwhile.
INDEX_AHEAD_PAUSE_SECONDS = 30.0
# Of a product that the live index took and another one did not; newer changes overtake it meanwhile.
MISSED_WRITE_PAUSE_SECONDS = 5.0
# Of a request to Elasticsearch, however short the lease.
MIN_TIMEOUT_SECONDS = 5.0
# Whole documents that are read back in one request.
MAX_DOCUMENTS_READ_BACK = 50


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What one batch came to, in numbers of products."""

    claimed: int = 0
    settled: int = 0
    #: The documents that the live index refused, and those of them that are in quarantine now.
    refused: int = 0
    quarantined: int = 0
    #: Why nothing more should be sent for a while; None when all is well.
    unavailable: str | None = None
    #: Put off for some seconds, for an index or a shard that did not take them.
    waiting: int = 0


def sync_batch(indexer: Indexer, limit: int) -> BatchResult:
    """Bring up to `limit` pending products into every index; an empty result when nothing is pending.

    Raises psycopg.Error when Postgres goes away: the lease runs out and the rows come back.
    """
    connection, settings = indexer.connection, indexer.settings
    claim = ledger.claim(connection, limit, settings.sync_lease_seconds)
    if claim is None:
        return BatchResult()
    failpoint(settings, "sync.after_claim")
    targets, snapshots = _read(connection, claim.ids)
    if not targets:
        ledger.release(connection, claim, claim.ids)
        return BatchResult(claimed=len(claim.ids), unavailable="Index missing: run `catalog reindex`.")
    if targets[0].state == LIVE and targets[0].unsupported_schema:
        # Nothing is wrong with any product: newer workers beside this one write them.
        ledger.release(connection, claim, claim.ids)
        return BatchResult(claimed=len(claim.ids), unavailable=targets[0].unsupported_schema)
    # A request never outlives the lease, not even those of three indexes in turn: no other worker begins the same work.
    timeout = max(MIN_TIMEOUT_SECONDS, settings.sync_lease_seconds / 3)
    batch = SyncBatch(
        replace(indexer, client=indexer.client.options(request_timeout=timeout)),
        claim,
        snapshots,
        {snapshot.product_id: ProductOutcome(snapshot.version) for snapshot in snapshots},
    )
    for target in targets:
        if all(outcome.unavailable for outcome in batch.outcomes.values()):
            break
        batch.write_to(target)
    result = batch.settle()
    failpoint(settings, "sync.after_settle")
    return result


def _read(connection: psycopg.Connection[Any], ids: Sequence[UUID]) -> tuple[list[Target], list[Snapshot]]:
    """Targets and products in one snapshot: an index registered later is filled by a backfill that sees more."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return writable(connection), read_products(connection, ids)


def document_of(snapshot: Snapshot, schema_version: int) -> Document:
    """The document of a product, or the tombstone of a deleted one. Raises any error that its row causes."""
    key, version, row = snapshot.product_id, snapshot.version, snapshot.row()
    body = tombstone(key, version) if row is None else SCHEMAS[schema_version].build(row, version)
    return Document(key, version, body)


@dataclass(slots=True)
class SyncBatch:
    """Claimed products on their way into the targets, one target after the other, and what becomes of each."""

    indexer: Indexer
    claim: ledger.Claim
    #: The rows, read once for all targets.
    snapshots: Sequence[Snapshot]
    #: By product: what the targets written to so far have said.
    outcomes: dict[UUID, ProductOutcome]

    def write_to(self, target: Target) -> None:
        """Write every document to one index and record its answers. Never raises for what Elasticsearch answers."""
        if target.unsupported_schema:
            self._skip_newer_schema(target, target.unsupported_schema)
            return
        results = write(self.indexer.client, target.alias, self._build_documents(target))
        failpoint(self.indexer.settings, "sync.after_write")
        self._record_results(target, results)

    def _build_documents(self, target: Target) -> list[Document]:
        documents = []
        for snapshot in self.snapshots:
            try:
                documents.append(document_of(snapshot, target.schema_version))
            except Exception as error:
                # Any error that this row causes in the builder is its own: the others of the batch must not pay for it.
                log.exception("sync.build_failed", product_id=str(snapshot.product_id), version=snapshot.version)
                self._refuse(target, snapshot.product_id, f"{type(error).__name__}: {error}")
        return documents

    def _refuse(self, target: Target, product_id: UUID, error: str | None) -> None:
        """An index that is not live may be wrong itself: going live is closed to it, the product is not at fault."""
        if target.state == LIVE:
            self.outcomes[product_id].worsen(Reason.REFUSED, error)
        elif note_error(self.indexer.connection, target.name, f"{product_id}: {error}") is MissedWrite.LIVE:
            self.outcomes[product_id].worsen(Reason.UNAVAILABLE, f"{target.name} has just become live")

    def _skip_newer_schema(self, target: Target, error: str) -> None:
        """Newer workers are to write to it. A standby is waited for no longer than any other that misses writes: the
        newer code may have been taken back."""
        if target.state == BUILDING:
            for outcome in self.outcomes.values():
                outcome.worsen(Reason.MISSED)
            log.warning("sync.left_alone", index=target.name, count=len(self.outcomes), error=error)
        else:
            self._record_unavailable(target, list(self.outcomes), Reason.UNAVAILABLE, error)

    def _record_unavailable(self, target: Target, ids: Sequence[UUID], reason: Reason, error: str) -> None:
        """The live index alone may hold a product up; another is waited for and then given up, first in the registry.

        (docs/decisions/0009-an-index-that-takes-no-writes.md)
        """
        missed = MissedWrite.LIVE if target.state == LIVE else note_missed(self.indexer.connection, target.name, error)
        for product_id in ids:
            if missed is MissedWrite.LIVE:
                self.outcomes[product_id].worsen(reason, error)
            elif missed is MissedWrite.RETRY:
                self.outcomes[product_id].worsen(Reason.MISSED)
        if missed is not MissedWrite.LIVE:
            log.warning("sync.index_missed", index=target.name, count=len(ids), fate=missed.value, error=error)

    def _record_results(self, target: Target, results: Sequence[Result]) -> None:
        for result in results:
            if result.outcome is Outcome.REFUSED:
                self._refuse(target, result.document.product_id, result.error)
        for outcome, reason in (
            (Outcome.SHARD_UNAVAILABLE, Reason.SHARD_UNAVAILABLE),
            (Outcome.UNAVAILABLE, Reason.UNAVAILABLE),
        ):
            if unanswered := [result for result in results if result.outcome is outcome]:
                ids = [result.document.product_id for result in unanswered]
                self._record_unavailable(target, ids, reason, unanswered[0].error or "no answer")
        if conflicts := [result.document for result in results if result.outcome is Outcome.CONFLICT]:
            self._record_conflicts(target, conflicts)

    def _record_conflicts(self, target: Target, documents: Sequence[Document]) -> None:
        """As new or newer a document is there already. That is success, unless it is newer than Postgres itself or has
        the same version with other contents: Postgres was restored from an older backup and has counted up to it."""
        client, ids = self.indexer.client, [document.product_id for document in documents]
        try:
            indexed = stored_versions(client, target.alias, ids)
            same_version = [document for document in documents if indexed.get(document.product_id) == document.version]
            for product_id in self._differing(target, same_version):
                self.outcomes[product_id].worsen(Reason.DIFFERS)
        except (ApiError, TransportError) as error:
            self._record_unavailable(target, ids, Reason.UNAVAILABLE, f"{type(error).__name__}: {error.message}")
            return
        # Read after the index, so that a change committed in between is not mistaken for an index ahead.
        current = ledger.versions(self.indexer.connection, ids)
        for product_id in ids:
            indexed_version, version = indexed.get(product_id), current.get(product_id, 0)
            if indexed_version is None:
                # It was deleted by hand, which leaves a newer version behind until `index.gc_deletes` has passed.
                problem = f"index_ahead: {target.name} remembers a deletion that is newer than version {version}"
            elif indexed_version > version:
                problem = f"index_ahead: {target.name} holds version {indexed_version}, Postgres has {version}"
            else:
                continue
            if target.state == LIVE:
                self.outcomes[product_id].worsen(Reason.AHEAD, problem)
            elif note_error(self.indexer.connection, target.name, f"{product_id}: {problem}") is MissedWrite.LIVE:
                self.outcomes[product_id].worsen(Reason.UNAVAILABLE, problem)

    def _differing(self, target: Target, documents: Sequence[Document]) -> list[UUID]:
        """The products whose document in the index, at the same version, is not the one that was sent."""
        differing = []
        for start in range(0, len(documents), MAX_DOCUMENTS_READ_BACK):
            page = {str(each.product_id): each for each in documents[start : start + MAX_DOCUMENTS_READ_BACK]}
            ids = [document.product_id for document in page.values()]
            for item in stored(self.indexer.client, target.alias, ids, source=True):
                document = page[item["_id"]]
                # Another worker may have written a newer one since: then the next comparison decides.
                if item["_version"] == document.version and item["_source"] != document.body:
                    differing.append(document.product_id)
                    log.warning("sync.same_version_differs", index=target.name, product_id=item["_id"])
        return differing

    def settle(self) -> BatchResult:
        """Write every outcome into the ledger. Each statement commits by itself: a lock over several rows could
        deadlock with a writer."""
        connection, claim = self.indexer.connection, self.claim
        for product_id in self._ids(Reason.DIFFERS):
            # A version of its own, which no index has seen: it is claimed again as a change like any other.
            with connection.transaction():
                ledger.renew(connection, [product_id], SyncPriority.CHANGE)
        written = {product_id: self.outcomes[product_id].version for product_id in self._ids(Reason.WRITTEN)}
        ledger.settle(connection, claim, written)
        unavailable = self._ids(Reason.UNAVAILABLE)
        ledger.release(connection, claim, unavailable)
        # The other shards go on, at full speed: products of one that is away step aside for a while.
        waiting = [*self._ids(Reason.SHARD_UNAVAILABLE), *self._ids(Reason.MISSED)]
        ledger.release(connection, claim, waiting, MISSED_WRITE_PAUSE_SECONDS)
        refused = self._ids(Reason.REFUSED)
        quarantined = self._count_attempts(refused)
        self._postpone(self._ids(Reason.AHEAD))
        return BatchResult(
            claimed=len(claim.ids),
            settled=len(written),
            refused=len(refused),
            quarantined=quarantined,
            unavailable=self.outcomes[unavailable[-1]].error if unavailable else None,
            waiting=len(waiting),
        )

    def _ids(self, reason: Reason) -> list[UUID]:
        return [product_id for product_id, outcome in self.outcomes.items() if outcome.reason is reason]

    def _count_attempts(self, ids: Iterable[UUID]) -> int:
        """Count one attempt more of each; how many are in quarantine now."""
        count = 0
        for product_id in ids:
            outcome = self.outcomes[product_id]
            error = outcome.error or ""
            quarantined = ledger.count_attempt(
                self.indexer.connection, product_id, outcome.version, error, self.indexer.settings.sync_max_attempts
            )
            count += quarantined
            log.warning(
                "sync.refused",
                product_id=str(product_id),
                version=outcome.version,
                error=outcome.error,
                quarantined=quarantined,
            )
        return count

    def _postpone(self, ids: Iterable[UUID]) -> None:
        for product_id in ids:
            outcome = self.outcomes[product_id]
            log.error("sync.index_ahead", product_id=str(product_id), error=outcome.error)
            ledger.postpone(
                self.indexer.connection, product_id, outcome.version, outcome.error or "", INDEX_AHEAD_PAUSE_SECONDS
            )
