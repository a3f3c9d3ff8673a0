"""How soon a renamed category shows in all of its products, and a single change that is made meanwhile."""

import time
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from elasticsearch import Elasticsearch

from bench.baseline_index import copy_of_index, settled
from bench.catalogue import BIG_CATEGORY, in_big
from bench.equality import live_differing
from bench.errors import BenchError
from bench.lag import STUCK_SECONDS, wait_synced
from bench.machine import machine
from bench.progress import Progress
from bench.report import Report, against, alone
from bench.run import BenchRun
from bench.state import at_work, prepare, warm_up
from bench.worker_pool import WorkerPool
from catalog.connections import connect
from catalog.elasticsearch import make_client
from indexer.indexer import Indexer
from mappings.names import read_alias
from mappings.product_v1 import NODE_SEPARATOR

MAX_RENAME_SECONDS, MAX_SINGLE_CHANGE_SECONDS, MAX_MB = 4.0, 2.0, 200.0
# A look costs some milliseconds of the same processor.
POLL_INTERVAL_SECONDS = 0.1
# Late enough for thousands of products to wait in front of the single change.
SINGLE_CHANGE_DELAY_SECONDS = 0.5
# The reference's versions are above all before, so that each of its writes is one.
VERSION_OFFSET = 1_000_000


@dataclass(frozen=True, slots=True)
class Fixture:
    """What one renaming needs."""

    connection: psycopg.Connection[Any]
    client: Elasticsearch
    #: What shoppers search.
    alias: str
    #: Products of the category.
    rows: int
    #: One outside it.
    single: UUID


def fanout(run: BenchRun, *, rows: int, processes: int = 2, rounds: int = 3) -> Report:
    """Rename a category of `rows` products, `rounds` times, each between two runs of a plain loop over them."""
    rows = min(rows, run.products - 1)
    run = run.with_settings(worker_concurrency=processes)
    settings, progress = run.settings, run.progress
    with (
        closing(make_client(settings, timeout=120)) as client,
        closing(connect(settings, "catalog-bench", autocommit=True)) as connection,
        WorkerPool(settings, processes) as pool,
    ):
        ids = prepare(run, Indexer(connection, client, settings), pool, in_big_category=rows)
        report = Report(
            "fanout",
            machine(connection, client, settings),
            {"products": run.products, "rows": rows, "processes": processes, "seed": run.seed, "rounds": rounds},
        )
        progress.begin("filling a second index for the reference")
        pool.build()
        inside = in_big(connection)
        outside = next(iter(set(ids) - set(inside)))
        fixture = Fixture(connection, client, read_alias(settings.index_prefix), len(inside), outside)
        with copy_of_index(client, settings, pool) as copy, at_work(settings) as peaks:
            warm_up(connection, ids, progress)
            pool.overwrite(copy, inside, VERSION_OFFSET)  # once for nothing: the first run is slower
            loop = _loop(client, pool, copy, inside, 2, progress)
            for number in range(rounds):
                settled(client)
                progress.begin(f"renaming a category of {rows:,} products", rows)
                measured = _rename(fixture, f"Renamed {number + 1}", progress)
                wait_synced(connection, progress)
                before, loop = loop, _loop(client, pool, copy, inside, 3 + number, progress)
                report.runs.append(measured | {"loop_seconds": (before + loop) / 2})
            memory = [peak for each in peaks for peak in each.megabytes()]
        report.differing = live_differing(connection, client, progress)
    _summarise(report, memory)
    return report


def _loop(client: Elasticsearch, pool: WorkerPool, copy: str, ids: list[UUID], times: int, progress: Progress) -> float:
    settled(client)
    progress.begin("measuring a plain loop: read, build, write")
    return pool.overwrite(copy, ids, times * VERSION_OFFSET)


def _rename(fixture: Fixture, name: str, progress: Progress) -> dict[str, Any]:
    """Seconds from COMMIT until all show the name, and from that of a single change until it is shown."""
    node = NODE_SEPARATOR.join((*_path_and_name(fixture, name), str(BIG_CATEGORY)))
    renamed = time.monotonic()
    changed: float | None = None
    price = 0
    single: float | None = None
    whole: float | None = None
    while whole is None or single is None:
        now = time.monotonic()
        if now > renamed + STUCK_SECONDS + fixture.rows / 1000:
            raise BenchError("The new name of the category, or the single change, is not shown.")
        if changed is None and now >= renamed + SINGLE_CHANGE_DELAY_SECONDS:
            price = _change_single(fixture)
            changed = time.monotonic()
        renamed_count, single_visible = _look(fixture, node, price)
        looked = time.monotonic()
        progress.at(renamed_count)
        if whole is None and renamed_count == fixture.rows:
            whole = looked - renamed
        if single is None and changed is not None and single_visible:
            single = looked - changed
        time.sleep(POLL_INTERVAL_SECONDS)
    return {"seconds": whole, "single_seconds": single}


def _path_and_name(fixture: Fixture, name: str) -> tuple[str, str]:
    """Rename the category; it keeps its path."""
    row = fixture.connection.execute(
        "UPDATE categories SET name = %s WHERE id = %s RETURNING path, name", (name, BIG_CATEGORY)
    ).fetchone()
    if row is None:
        raise BenchError("The category to rename is not there.")
    return row[0], row[1]


def _change_single(fixture: Fixture) -> int:
    """The new price in cents."""
    row = fixture.connection.execute(
        "UPDATE products SET price = price + 1 WHERE id = %s RETURNING (price * 100)::int", (fixture.single,)
    ).fetchone()
    if row is None:
        raise BenchError("The product to change is not there.")
    return int(row[0])


def _look(fixture: Fixture, node: str, price: int) -> tuple[int, bool]:
    """How many products show the new name through the alias, and whether the single one shows its price."""
    queries = (
        {"term": {"category_nodes": node}},
        {"bool": {"filter": [{"term": {"id": str(fixture.single)}}, {"term": {"price_cents": price}}]}},
    )
    searches: list[dict[str, Any]] = []
    for query in queries:
        searches += [{}, {"size": 0, "track_total_hits": True, "query": query}]
    answers = fixture.client.msearch(index=fixture.alias, searches=searches)["responses"]
    renamed, is_visible = (answer["hits"]["total"]["value"] for answer in answers)
    return renamed, bool(is_visible)


def _summarise(report: Report, memory: list[float]) -> None:
    whole = [item["seconds"] for item in report.runs]
    loops = [item["loop_seconds"] for item in report.runs]
    report.figures += [
        alone("all renamed, the slowest", "s", max(whole), at_most=MAX_RENAME_SECONDS),
        against("all renamed, beside a plain loop", "s", whole, loops),
        alone(
            "single change meanwhile, the slowest",
            "s",
            max(item["single_seconds"] for item in report.runs),
            at_most=MAX_SINGLE_CHANGE_SECONDS,
        ),
    ]
    if memory:
        report.figures.append(alone("largest process of the workers", "MB", max(memory), at_most=MAX_MB))
