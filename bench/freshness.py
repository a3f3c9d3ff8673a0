"""How soon a committed change is found by a search, beside the floor: an index call right after COMMIT."""

import time
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from itertools import cycle
from math import ceil
from random import Random
from uuid import UUID

from bench.baseline_index import copy_of_index, settled
from bench.equality import live_differing
from bench.lag import wait_synced
from bench.machine import machine
from bench.progress import Progress
from bench.report import Report, against, alone
from bench.run import BenchRun
from bench.state import at_work, prepare, warm_up
from bench.visibility_probe import Change, VisibilityProbe, watch_changes
from bench.worker_pool import WorkerPool
from catalog.connections import connect
from catalog.elasticsearch import make_client
from indexer.indexer import Indexer
from indexer.rows import read_products
from indexer.sync import document_of
from mappings.names import read_alias
from mappings.schema import CURRENT

GOALS = {50: 1.1, 95: 1.1, 99: 1.2}
MAX_MB = 200.0
INTERVAL_SECONDS = 0.1
WARM_UP_SECONDS = 3.0
RAW_PROCESSES = 2
# Prices that no generated product has; each change has its own.
FIRST_PRICE = 50_000_000
# The floor's versions are above those of the documents that its index was filled with.
VERSION_OFFSET = 1_000_000


@dataclass(frozen=True, slots=True)
class CommittedChange:
    """A change that was made."""

    #: What to search for.
    change: Change
    #: The moment of its COMMIT, of the monotonic clock.
    committed: float


def freshness(run: BenchRun, *, seconds: float = 60.0, warm_up_seconds: float = WARM_UP_SECONDS) -> Report:
    """One change every 100 ms, and halfway between two of them one of the floor, in a second index of the same content.

    Both are measured at the same time, by the same searches, at the same refresh interval.
    """
    settings, progress, seed = run.settings, run.progress, run.seed
    with (
        closing(make_client(settings, timeout=120)) as client,
        closing(connect(settings, "catalog-bench", autocommit=True)) as connection,
        WorkerPool(settings, RAW_PROCESSES) as pool,
    ):
        indexer = Indexer(connection, client, settings)
        ids = prepare(run, indexer, pool)
        report = Report(
            "freshness",
            machine(connection, client, settings),
            {"products": run.products, "seconds": seconds, "seed": seed},
        )
        progress.begin("filling a second index for the floor")
        pool.build()
        with (
            copy_of_index(client, settings, pool) as copy,
            at_work(settings) as peaks,
            watch_changes(settings) as probe,
        ):
            warm_up(connection, ids, progress)
            settled(client)
            changes = _Changes(indexer, copy, ids, seed, probe)
            progress.begin("warming up with single changes")
            changes.make(warm_up_seconds, progress)
            progress.begin("measuring single changes", round(seconds / INTERVAL_SECONDS))
            ours, floor = changes.make(seconds, progress)
            seen = probe.seen()
            wait_synced(connection, progress)
            memory = [peak for each in peaks for peak in each.megabytes()]
        report.differing = live_differing(connection, client, progress)
    _summarise(report, _delays(ours, seen, report, "ours"), _delays(floor, seen, report, "the floor"), memory)
    return report


class _Changes:
    def __init__(self, indexer: Indexer, copy: str, ids: list[UUID], seed: int, probe: VisibilityProbe) -> None:
        self._connection = indexer.connection
        self._client = indexer.client
        self._alias = read_alias(indexer.settings.index_prefix)
        self._copy = copy
        # Each product once before any comes again: a change that is overtaken never shows.
        self._ids = cycle(Random(seed).sample(ids, len(ids)))  # noqa: S311 - no secret
        self._probe = probe
        self._price = FIRST_PRICE

    def make(self, seconds: float, progress: Progress) -> tuple[list[CommittedChange], list[CommittedChange]]:
        """Ours and the floor's, in turn."""
        ours: list[CommittedChange] = []
        floor: list[CommittedChange] = []
        began = time.monotonic()
        for number in range(round(seconds / INTERVAL_SECONDS)):
            _sleep_until(began + number * INTERVAL_SECONDS)
            ours.append(self._commit())
            _sleep_until(began + (number + 0.5) * INTERVAL_SECONDS)
            floor.append(self._index())
            progress.at(number + 1)
        return ours, floor

    def _commit(self) -> CommittedChange:
        """Change a price in Postgres; everything after that is the service's."""
        product_id, price = self._next()
        self._connection.execute("UPDATE products SET price = %s WHERE id = %s", (Decimal(price) / 100, product_id))
        made = CommittedChange((self._alias, price), time.monotonic())
        self._probe.expect(made.change)
        return made

    def _index(self) -> CommittedChange:
        """The same change, its document ready, sent at the moment at which COMMIT would have returned."""
        product_id, price = self._next()
        snapshot = read_products(self._connection, [product_id])[0]
        document = document_of(snapshot._replace(version=VERSION_OFFSET + price), CURRENT)
        body = document.body | {"price_cents": price}
        made = CommittedChange((self._copy, price), time.monotonic())
        self._probe.expect(made.change)
        self._client.index(
            index=self._copy,
            id=str(product_id),
            document=body,
            version=document.version,
            version_type="external",
            require_alias=True,
        )
        return made

    def _next(self) -> tuple[UUID, int]:
        self._price += 1
        return next(self._ids), self._price


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def _delays(made: list[CommittedChange], seen: dict[Change, float], report: Report, whose: str) -> list[float]:
    """Seconds from COMMIT to found, in ascending order."""
    delays = sorted(seen[one.change] - one.committed for one in made if one.change in seen)
    if missing := len(made) - len(delays):
        report.problems.append(f"{missing} of {len(made)} changes of {whose} were never found.")
    return delays


def _summarise(report: Report, ours: list[float], floor: list[float], memory: list[float]) -> None:
    report.runs.append({"ours_seconds": ours, "floor_seconds": floor})
    if ours and floor:
        for percent, goal in GOALS.items():
            values, references = [_percentile(ours, percent)], [_percentile(floor, percent)]
            report.figures.append(against(f"COMMIT to found, p{percent}", "s", values, references, at_most=goal))
    if memory:
        report.figures.append(alone("largest process of the workers", "MB", max(memory), at_most=MAX_MB))


def _percentile(ascending: list[float], percent: int) -> float:
    """The smallest value that `percent` of all values do not exceed (nearest rank)."""
    return ascending[ceil(len(ascending) * percent / 100) - 1]
