"""Whether an index is equal to Postgres: every field of every document, and no document too many."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import psycopg
from elasticsearch import Elasticsearch

from bench.progress import Progress
from indexer.registry import LIVE, targets
from indexer.rows import read_between
from indexer.sync import document_of
from mappings.checksum import BUCKETS, bucket_keys
from mappings.names import READ_FILTER, write_alias

PAGE_SIZE = 1000
# Compared at once, so that memory does not grow with the catalogue.
MAX_DOCUMENTS_IN_MEMORY = 5000


def differing(
    connection: psycopg.Connection[Any], client: Elasticsearch, index: str, schema_version: int, progress: Progress
) -> list[str]:
    """The ids whose document is missing, not wanted, or differs in any field from what Postgres makes it.

    No process may write meanwhile.
    """
    progress.begin("comparing every document with Postgres", BUCKETS)
    alias = write_alias(index)
    client.indices.refresh(index=alias)
    differing_ids: list[str] = []
    step = max(1, BUCKETS * MAX_DOCUMENTS_IN_MEMORY // max(client.count(index=alias)["count"], MAX_DOCUMENTS_IN_MEMORY))
    for first in range(0, BUCKETS, step):
        last = min(first + step, BUCKETS) - 1
        documents = dict(_documents(client, alias, first, last))
        for item in chain.from_iterable(read_between(connection, bucket_keys(first)[0], bucket_keys(last)[1])):
            if documents.pop(str(item.product_id), None) != document_of(item, schema_version).body:
                differing_ids.append(str(item.product_id))  # noqa: PERF401 - pop() is what the loop is for
        differing_ids += documents
        progress.at(last + 1)
    return differing_ids


def live_differing(connection: psycopg.Connection[Any], client: Elasticsearch, progress: Progress) -> list[str]:
    """`differing` for the index that readers see."""
    live = next(target for target in targets(connection) if target.state == LIVE)
    return differing(connection, client, live.name, live.schema_version, progress)


def _documents(client: Elasticsearch, alias: str, first: int, last: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Id and source of every living document in the buckets from `first` to `last`."""
    query = {"bool": {"filter": [READ_FILTER, {"range": {"bucket": {"gte": first, "lte": last}}}]}}
    after: list[Any] | None = None
    while True:
        answer = client.search(index=alias, size=PAGE_SIZE, query=query, sort=[{"id": "asc"}], search_after=after)
        hits = answer["hits"]["hits"]
        yield from ((hit["_id"], hit["_source"]) for hit in hits)
        if len(hits) < PAGE_SIZE:
            return
        after = hits[-1]["sort"]
