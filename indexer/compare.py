"""Compares an index with Postgres: counts and sums of checksums by bucket, then ids where a bucket differs."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from elasticsearch import Elasticsearch

from mappings.checksum import BUCKETS, bucket_keys
from mappings.names import READ_FILTER, write_alias

# The same arithmetic as mappings.checksum, over every living product that is not waiting to be synced.
SUMS = """
SELECT get_byte(uuid_send(product_id), 0) AS bucket, count(*),
       sum(('x' || left(md5(product_id || ':' || version), 8))::bit(32)::bigint)::bigint
FROM product_sync WHERE NOT deleted GROUP BY bucket
"""
VERSIONS = """
SELECT product_id, version FROM product_sync
WHERE NOT deleted AND product_id >= %s AND product_id <= %s
"""
PENDING = "SELECT product_id FROM product_sync WHERE version > synced_version AND product_id = ANY (%s)"
PAGE = 5000
LOOKS = 5
SETTLE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Difference:
    """A product whose document is not what it should be; None stands for absent."""

    product_id: UUID
    database_version: int | None
    indexed_version: int | None


def differences(connection: psycopg.Connection[Any], client: Elasticsearch, index: str) -> list[Difference]:
    """Living products whose version in `index` is not Postgres' version, leaving out those that are pending.

    Refreshes the index first. Products that change while this runs can appear: look again before calling it drift.
    """
    alias = write_alias(index)
    client.indices.refresh(index=alias)
    in_postgres = {row[0]: (row[1], row[2]) for row in connection.execute(SUMS)}
    in_index = _index_sums(client, alias)
    found: list[Difference] = []
    for bucket in range(BUCKETS):
        if in_postgres.get(bucket, (0, 0)) != in_index.get(bucket, (0, 0)):
            found += _bucket_differences(connection, client, alias, bucket)
    pending = {row[0] for row in connection.execute(PENDING, ([item.product_id for item in found],))}
    return [item for item in found if item.product_id not in pending]


def lasting_differences(
    connection: psycopg.Connection[Any], client: Elasticsearch, index: str, looks: int = LOOKS
) -> list[Difference]:
    """What still differs in the same way after several looks: a change may have been on its way in one of them."""
    lasting = set(differences(connection, client, index))
    for _ in range(looks - 1):
        if not lasting:
            break
        time.sleep(SETTLE_SECONDS)
        lasting &= set(differences(connection, client, index))
    return sorted(lasting, key=lambda item: item.product_id)


def listed(found: Sequence[Difference], at_most: int = 10) -> str:
    """The differences in words, for an error."""
    said = "; ".join(
        f"{item.product_id}: Postgres {item.database_version}, index {item.indexed_version}" for item in found[:at_most]
    )
    return f"{len(found)} products, among them {said}" if len(found) > at_most else said


def _index_sums(client: Elasticsearch, alias: str) -> dict[int, tuple[int, int]]:
    answer = client.search(
        index=alias,
        size=0,
        query=READ_FILTER,
        aggs={
            "buckets": {
                "terms": {"field": "bucket", "size": BUCKETS},
                "aggs": {"checksums": {"sum": {"field": "checksum"}}},
            }
        },
    )
    buckets = answer["aggregations"]["buckets"]["buckets"]
    return {item["key"]: (item["doc_count"], int(item["checksums"]["value"])) for item in buckets}


def _bucket_differences(
    connection: psycopg.Connection[Any], client: Elasticsearch, alias: str, bucket: int
) -> list[Difference]:
    truth = dict(connection.execute(VERSIONS, bucket_keys(bucket)).fetchall())
    held = _index_versions(client, alias, bucket)
    return [
        Difference(product_id, truth.get(product_id), held.get(product_id))
        for product_id in sorted({*truth, *held})
        if truth.get(product_id) != held.get(product_id)
    ]


def _index_versions(client: Elasticsearch, alias: str, bucket: int) -> dict[UUID, int]:
    hits = bucket_hits(client, alias, bucket, page=PAGE, source=False, docvalue_fields=[{"field": "version"}])
    return {UUID(hit["_id"]): hit["fields"]["version"][0] for hit in hits}


def bucket_hits(
    client: Elasticsearch, alias: str, bucket: int, *, page: int, **options: Any
) -> Iterator[dict[str, Any]]:
    """Every living document of a bucket, `page` of them in a request; `options` are those of a search."""
    after: list[Any] | None = None
    while True:
        answer = client.search(
            index=alias,
            size=page,
            query={"bool": {"filter": [READ_FILTER, {"term": {"bucket": bucket}}]}},
            sort=[{"id": "asc"}],
            search_after=after,
            **options,
        )
        hits = answer["hits"]["hits"]
        yield from hits
        if len(hits) < page:
            return
        after = hits[-1]["sort"]
