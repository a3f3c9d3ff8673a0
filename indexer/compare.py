"""Compares an index with Postgres: counts and sums of checksums by bucket, then ids where a bucket differs."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from elasticsearch import Elasticsearch

from indexer.indexer import Indexer
from mappings.checksum import BUCKETS, bucket_keys
from mappings.names import READ_FILTER, write_alias

# A product that was dropped from quarantine at its current version has a tombstone in every index.
SHOULD_BE_INDEXED = "NOT deleted AND dropped_version IS DISTINCT FROM version"
# The same arithmetic as mappings.checksum, over every product that an index should show.
SUMS = f"""
SELECT get_byte(uuid_send(product_id), 0) AS bucket, count(*),
       sum(('x' || left(md5(product_id || ':' || version), 8))::bit(32)::bigint)::bigint
FROM product_sync WHERE {SHOULD_BE_INDEXED} GROUP BY bucket
"""  # noqa: S608 - SHOULD_BE_INDEXED is the constant above
VERSIONS = f"""
SELECT product_id, version FROM product_sync
WHERE {SHOULD_BE_INDEXED} AND product_id >= %s AND product_id <= %s ORDER BY product_id
"""  # noqa: S608
PENDING = "SELECT product_id FROM product_sync WHERE version > synced_version AND product_id = ANY (%s)"
PAGE_SIZE = 5000
# Comparisons in which a product must differ in the same way, and the pause between two of them.
MAX_COMPARISONS = 5
SETTLE_SECONDS = 1.0
# Of one bucket: where more differ, the index is not repaired but built again, and memory is bounded.
MAX_DIFFERENCES = 50_000
# Differences that an error spells out.
MAX_EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class Difference:
    """A product whose document is not what it should be."""

    product_id: UUID
    #: None: Postgres has no such living product.
    database_version: int | None
    #: None: the index has no such living document.
    indexed_version: int | None


@dataclass(frozen=True, slots=True)
class Sums:
    """What the comparison of sums says."""

    #: How many Postgres has.
    products: int
    #: The buckets in which the index differs.
    differing: tuple[int, ...]


def compare_sums(indexer: Indexer, index: str) -> Sums:
    """Count and sum of checksums by bucket, on both sides. Refreshes the index first.

    A bucket with a product that is being changed differs too.
    """
    alias = write_alias(index)
    indexer.client.indices.refresh(index=alias)
    in_postgres = {row[0]: (row[1], row[2]) for row in indexer.connection.execute(SUMS)}
    in_index = _index_sums(indexer.client, alias)
    differing = [bucket for bucket in range(BUCKETS) if in_postgres.get(bucket, (0, 0)) != in_index.get(bucket, (0, 0))]
    return Sums(sum(count for count, _ in in_postgres.values()), tuple(differing))


def differences(indexer: Indexer, index: str, buckets: Collection[int] | None = None) -> list[Difference]:
    """Products whose version in `index` is not the one that it should show, leaving out those that are pending.

    Reads the ids of `buckets`, or else of those whose sums differ. Refreshes the index first. Products that change
    while this runs can appear: compare again before calling it drift.
    """
    by_bucket = _by_bucket(indexer, index, buckets)
    return [difference for differences in by_bucket.values() for difference in differences]


def lasting_differences(
    indexer: Indexer,
    index: str,
    comparisons: int = MAX_COMPARISONS,
    buckets: Collection[int] | None = None,
    wait: Callable[[float], object] = time.sleep,
) -> list[Difference]:
    """What still differs in the same way after several comparisons: a change may have been on its way in one of them.

    `wait` is called with the seconds between two of them.
    """
    lasting = _by_bucket(indexer, index, buckets)
    for _ in range(comparisons - 1):
        if not lasting:
            break
        wait(SETTLE_SECONDS)
        again = _by_bucket(indexer, index, lasting)
        both = {bucket: differences & lasting[bucket] for bucket, differences in again.items()}
        lasting = {bucket: differences for bucket, differences in both.items() if differences}
    return sorted(
        (difference for differences in lasting.values() for difference in differences),
        key=lambda difference: difference.product_id,
    )


def _by_bucket(indexer: Indexer, index: str, buckets: Collection[int] | None) -> dict[int, set[Difference]]:
    if buckets is None:
        buckets = compare_sums(indexer, index).differing
    else:
        indexer.client.indices.refresh(index=write_alias(index))
    by_bucket: dict[int, set[Difference]] = {}
    for bucket in buckets:
        differing = _bucket_differences(indexer, write_alias(index), bucket)
        pending = {row[0] for row in indexer.connection.execute(PENDING, ([each.product_id for each in differing],))}
        if lasting := {each for each in differing if each.product_id not in pending}:
            by_bucket[bucket] = lasting
    return by_bucket


def format_differences(differences: Sequence[Difference], limit: int = MAX_EXAMPLES) -> str:
    """The differences in words, for an error."""
    examples = "; ".join(
        f"{each.product_id}: Postgres {each.database_version}, index {each.indexed_version}"
        for each in differences[:limit]
    )
    return f"{len(differences)} products, among them {examples}" if len(differences) > limit else examples


def _index_sums(client: Elasticsearch, alias: str) -> dict[int, tuple[int, int]]:
    response = client.search(
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
    buckets = response["aggregations"]["buckets"]["buckets"]
    return {item["key"]: (item["doc_count"], int(item["checksums"]["value"])) for item in buckets}


def _bucket_differences(indexer: Indexer, alias: str, bucket: int) -> list[Difference]:
    """Both sides are streamed in the order of their ids: ids that are not random all share one bucket."""
    differing: list[Difference] = []
    with indexer.connection.transaction(), indexer.connection.cursor("versions") as rows:
        rows.itersize = PAGE_SIZE
        rows.execute(VERSIONS, bucket_keys(bucket))
        in_postgres = ((product_id, 0, version) for product_id, version in rows)
        in_index = ((product_id, 1, version) for product_id, version in _index_versions(indexer.client, alias, bucket))
        for product_id, sides in groupby(merge(in_postgres, in_index), key=itemgetter(0)):
            versions = {side: version for _, side, version in sides}
            if versions.get(0) != versions.get(1):
                differing.append(Difference(product_id, versions.get(0), versions.get(1)))
                if len(differing) == MAX_DIFFERENCES:
                    break
    return differing


def _index_versions(client: Elasticsearch, alias: str, bucket: int) -> Iterator[tuple[UUID, int]]:
    """Elasticsearch's own versions: the ones that decide whether a repair is taken."""
    hits = bucket_hits(client, alias, bucket, page=PAGE_SIZE, source=False, version=True)
    return ((UUID(hit["_id"]), hit["_version"]) for hit in hits)


def bucket_hits(
    client: Elasticsearch, alias: str, bucket: int, *, page: int, **options: Any
) -> Iterator[dict[str, Any]]:
    """Every living document of a bucket, `page` of them in a request; `options` are those of a search."""
    after: list[Any] | None = None
    while True:
        response = client.search(
            index=alias,
            size=page,
            query={"bool": {"filter": [READ_FILTER, {"term": {"bucket": bucket}}]}},
            sort=[{"id": "asc"}],
            search_after=after,
            **options,
        )
        hits = response["hits"]["hits"]
        yield from hits
        if len(hits) < page:
            return
        after = hits[-1]["sort"]
