"""Compares an index with Postgres: counts and sums of checksums by bucket, then ids where a bucket differs."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

import psycopg
from elasticsearch import Elasticsearch

from mappings.checksum import BUCKETS, bucket_keys
from mappings.names import READ_FILTER, write_alias

# A product that somebody dropped from quarantine at its current version has a tombstone in every index.
SHOWN = "NOT deleted AND dropped_version IS DISTINCT FROM version"
# The same arithmetic as mappings.checksum, over every product that an index should show.
SUMS = f"""
SELECT get_byte(uuid_send(product_id), 0) AS bucket, count(*),
       sum(('x' || left(md5(product_id || ':' || version), 8))::bit(32)::bigint)::bigint
FROM product_sync WHERE {SHOWN} GROUP BY bucket
"""  # noqa: S608 - SHOWN is the constant above
VERSIONS = f"""
SELECT product_id, version FROM product_sync
WHERE {SHOWN} AND product_id >= %s AND product_id <= %s ORDER BY product_id
"""  # noqa: S608
PENDING = "SELECT product_id FROM product_sync WHERE version > synced_version AND product_id = ANY (%s)"
PAGE = 5000
LOOKS = 5
SETTLE_SECONDS = 1.0
# Of one bucket: where more differ, the index is not repaired but built again, and memory is bounded.
MOST_DIFFERENCES = 50_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A product whose document is not what it should be; None stands for absent."""

    product_id: UUID
    database_version: int | None
    indexed_version: int | None


@dataclass(frozen=True, slots=True)
class Sums:
    """What the comparison of sums says: how many products Postgres has, and the buckets in which the index differs."""

    products: int
    differing: tuple[int, ...]


def compare_sums(connection: psycopg.Connection[Any], client: Elasticsearch, index: str) -> Sums:
    """Count and sum of checksums by bucket, on both sides. Refreshes the index first.

    A bucket with a product that is being changed differs too.
    """
    alias = write_alias(index)
    client.indices.refresh(index=alias)
    in_postgres = {row[0]: (row[1], row[2]) for row in connection.execute(SUMS)}
    in_index = _index_sums(client, alias)
    differing = [bucket for bucket in range(BUCKETS) if in_postgres.get(bucket, (0, 0)) != in_index.get(bucket, (0, 0))]
    return Sums(sum(count for count, _ in in_postgres.values()), tuple(differing))


def differences(
    connection: psycopg.Connection[Any], client: Elasticsearch, index: str, buckets: Collection[int] | None = None
) -> list[Difference]:
    """Products whose version in `index` is not the one that it should show, leaving out those that are pending.

    Reads the ids of `buckets`, or else of those whose sums differ. Refreshes the index first. Products that change
    while this runs can appear: look again before calling it drift.
    """
    found = _by_bucket(connection, client, index, buckets)
    return [item for items in found.values() for item in items]


def lasting_differences(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    index: str,
    looks: int = LOOKS,
    buckets: Collection[int] | None = None,
    wait: Callable[[float], object] = time.sleep,
) -> list[Difference]:
    """What still differs in the same way after several looks: a change may have been on its way in one of them."""
    lasting = _by_bucket(connection, client, index, buckets)
    for _ in range(looks - 1):
        if not lasting:
            break
        wait(SETTLE_SECONDS)
        again = _by_bucket(connection, client, index, lasting)
        both = {bucket: items & lasting[bucket] for bucket, items in again.items()}
        lasting = {bucket: items for bucket, items in both.items() if items}
    return sorted((item for items in lasting.values() for item in items), key=lambda item: item.product_id)


def _by_bucket(
    connection: psycopg.Connection[Any], client: Elasticsearch, index: str, buckets: Collection[int] | None
) -> dict[int, set[Difference]]:
    alias = write_alias(index)
    if buckets is None:
        buckets = compare_sums(connection, client, index).differing
    else:
        client.indices.refresh(index=alias)
    found: dict[int, set[Difference]] = {}
    for bucket in buckets:
        differing = _bucket_differences(connection, client, alias, bucket)
        pending = {row[0] for row in connection.execute(PENDING, ([item.product_id for item in differing],))}
        if lasting := {item for item in differing if item.product_id not in pending}:
            found[bucket] = lasting
    return found


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
    """Both sides come in the order of their ids and are not kept: ids that are not random all share one bucket."""
    found: list[Difference] = []
    with connection.transaction(), connection.cursor("versions") as rows:
        rows.itersize = PAGE
        rows.execute(VERSIONS, bucket_keys(bucket))
        truth = ((product_id, 0, version) for product_id, version in rows)
        held = ((product_id, 1, version) for product_id, version in _index_versions(client, alias, bucket))
        for product_id, sides in groupby(merge(truth, held), key=itemgetter(0)):
            versions = {side: version for _, side, version in sides}
            if versions.get(0) != versions.get(1):
                found.append(Difference(product_id, versions.get(0), versions.get(1)))
                if len(found) == MOST_DIFFERENCES:
                    break
    return found


def _index_versions(client: Elasticsearch, alias: str, bucket: int) -> Iterator[tuple[UUID, int]]:
    """Elasticsearch's own versions: the ones that decide whether a repair is taken."""
    hits = bucket_hits(client, alias, bucket, page=PAGE, source=False, version=True)
    return ((UUID(hit["_id"]), hit["_version"]) for hit in hits)


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
