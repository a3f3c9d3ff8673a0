"""Proves that an index and Postgres are equal, by versions and by contents, and repairs what is not.

A repair is a new version in the ledger: live sync then writes the document as it writes every other, so there is no
second path into an index.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import structlog
from elasticsearch import Elasticsearch

from indexer.compare import LOOKS, PENDING, SETTLE_SECONDS, Difference, bucket_hits, lasting_differences
from indexer.ledger import bump
from indexer.ledger import versions as ledger_versions
from indexer.registry import BUILDING, Target, targets
from indexer.rows import read_between
from indexer.sync import document_of
from mappings.checksum import BUCKETS, bucket_keys
from mappings.names import write_alias

log = structlog.get_logger()

# Behind single changes and imports, before the spread of a category's change.
PRIORITY = 7
# Whole documents: fewer to a page than when only versions are read.
PAGE = 1000

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

    @property
    def equal(self) -> bool:
        return not (self.versions or self.contents or self.ahead)


Report = Callable[[str, int], None]


def reconcile(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    *,
    repair: bool,
    pause: float = 0.0,
    report: Report = lambda index, bucket: None,
) -> list[Findings]:
    """Compare every index that is kept current with Postgres; `pause` seconds between buckets bound the load.

    `connection` is in autocommit mode. `report` is told the index and how many of the 256 buckets are done.
    """
    return [
        _reconcile_one(connection, client, target, repair, pause, report)
        for target in targets(connection)
        if target.state != BUILDING
    ]


def _reconcile_one(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    target: Target,
    repair: bool,
    pause: float,
    report: Report,
) -> Findings:
    differing = lasting_differences(connection, client, target.name)
    known = {item.product_id for item in differing}
    truth = ledger_versions(connection, list(known))
    # A document that Postgres never knew is not ahead of anything.
    ahead = tuple(
        item
        for item in differing
        if item.indexed_version is not None and item.indexed_version > truth.get(item.product_id, item.indexed_version)
    )
    versions = tuple(item for item in differing if item not in ahead)
    contents: list[UUID] = []
    products = 0
    for bucket in range(BUCKETS):
        found, compared = _audit(connection, client, target, bucket)
        contents += [product_id for product_id in found if product_id not in known]
        products += compared
        report(target.name, bucket + 1)
        time.sleep(pause)
    repaired = 0
    if repair:
        repaired = _repair(connection, versions, contents)
    findings = Findings(target.name, products, versions, tuple(contents), ahead, repaired)
    if not findings.equal:
        log.error(
            "reconcile.drift",
            index=target.name,
            versions=len(versions),
            contents=len(contents),
            ahead=len(ahead),
            repaired=repaired,
        )
    return findings


def _audit(
    connection: psycopg.Connection[Any], client: Elasticsearch, target: Target, bucket: int
) -> tuple[list[UUID], int]:
    """Products of one bucket whose document is not what Postgres makes it, and how many were compared.

    Looked at again until the same ones differ twice: a change may have been on its way.
    """
    lasting, compared = _differing_contents(connection, client, target, bucket)
    for _ in range(LOOKS - 1):
        if not lasting:
            break
        time.sleep(SETTLE_SECONDS)
        client.indices.refresh(index=write_alias(target.name))
        lasting &= _differing_contents(connection, client, target, bucket)[0]
    return sorted(lasting), compared


def _differing_contents(
    connection: psycopg.Connection[Any], client: Elasticsearch, target: Target, bucket: int
) -> tuple[set[UUID], int]:
    held = {UUID(hit["_id"]): hit["_source"] for hit in bucket_hits(client, target.alias, bucket, page=PAGE)}
    differing: set[UUID] = set()
    compared = 0
    for item in read_between(connection, *bucket_keys(bucket)):
        body = held.get(item.product_id)
        if body is None:
            continue
        compared += 1
        if document_of(item, target.schema_version).body != body:
            differing.add(item.product_id)
    pending = {row[0] for row in connection.execute(PENDING, (list(differing),))}
    return differing - pending, compared


def _repair(connection: psycopg.Connection[Any], versions: Iterable[Difference], contents: Iterable[UUID]) -> int:
    ids = {item.product_id for item in versions} | set(contents)
    if not ids:
        return 0
    with connection.transaction():
        for item in versions:
            if item.indexed_version is not None and item.database_version is None:
                connection.execute(ADOPT, (item.product_id, item.indexed_version + 1, PRIORITY))
        bump(connection, sorted(ids), PRIORITY)
    return len(ids)
