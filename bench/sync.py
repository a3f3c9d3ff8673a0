"""How fast live sync follows a writer, and what it costs the writer.

The references are a plain loop that writes the same products again, and the same writer without our triggers.
"""

import time
from contextlib import closing
from random import Random
from typing import Any
from uuid import UUID

from bench import catalogue
from bench.baseline_index import copy_of_index, settled
from bench.equality import live_differing
from bench.errors import BenchError
from bench.lag import STUCK_SECONDS, wait_synced, waiting
from bench.machine import machine
from bench.progress import Progress
from bench.report import Report, against, alone
from bench.run import BenchRun
from bench.state import at_work, prepare, warm_up
from bench.worker_pool import WorkerPool
from bench.writer import Written, without_triggers, write
from catalog.connections import connect
from catalog.elasticsearch import make_client
from indexer.compare import differences
from indexer.indexer import Indexer
from indexer.registry import LIVE, targets

OVERALL, WRITER, LAG_SECONDS, MAX_MB = 0.5, 0.5, 3.0, 200.0
POLL_INTERVAL_SECONDS = 0.02
# The reference's versions are above all before, so that each of its writes is one.
VERSION_OFFSET = 1_000_000


def sync(run: BenchRun, *, rows: int, processes: int = 2, rounds: int = 1) -> Report:
    """Update `rows` random products while workers follow, `rounds` times, each between two runs of the references."""
    run = run.with_settings(worker_concurrency=processes)
    settings, progress, products, seed = run.settings, run.progress, run.products, run.seed
    with (
        closing(make_client(settings, timeout=120)) as client,
        closing(connect(settings, "catalog-bench", autocommit=True)) as connection,
        WorkerPool(settings, processes) as pool,
    ):
        indexer = Indexer(connection, client, settings)
        ids = prepare(run, indexer, pool)
        picked = Random(seed).sample(ids, min(rows, len(ids)))  # noqa: S311 - no secret
        report = Report(
            "sync",
            machine(connection, client, settings),
            {"products": products, "rows": len(picked), "processes": processes, "seed": seed, "rounds": rounds},
        )
        progress.begin("filling a second index for the reference")
        pool.build()
        with copy_of_index(client, settings, pool) as copy:
            bench = _Bench(indexer, pool, copy, picked, progress)
            bench.measure(report, rounds)
        report.differing = live_differing(connection, client, progress)
    _summarise(report)
    return report


class _Bench:
    def __init__(self, indexer: Indexer, pool: WorkerPool, copy: str, picked: list[UUID], progress: Progress) -> None:
        self.indexer = indexer
        self.connection = indexer.connection
        self.pool = pool
        self.copy = copy
        self.picked = picked
        self.progress = progress
        self.live = next(target.name for target in targets(self.connection) if target.state == LIVE)
        self._above = 0

    def measure(self, report: Report, rounds: int) -> None:
        self._overwrite()  # once for nothing: the first run is slower
        loop, bare = self._overwrite(), self._bare_writer()
        for _ in range(rounds):
            idle = self._idle_writer()
            measured = self._followed_writer()
            next_loop, next_bare = self._overwrite(), self._bare_writer()
            report.runs.append(
                measured
                | {
                    "writer_idle_per_second": idle,
                    "loop_per_second": (loop + next_loop) / 2,
                    "writer_bare_per_second": (bare + next_bare) / 2,
                }
            )
            loop, bare = next_loop, next_bare
        # What was written without triggers is in no index yet.
        write(self.connection, self.picked)
        self.pool.drain()
        wait_synced(self.connection, self.progress)

    def _overwrite(self) -> float:
        self._above += VERSION_OFFSET
        self._rest("measuring a plain loop: read, build, write")
        return len(self.picked) / self.pool.overwrite(self.copy, self.picked, self._above)

    def _bare_writer(self) -> float:
        self._rest("measuring the writer without triggers")
        with without_triggers(self.connection):
            return write(self.connection, self.picked).per_second

    def _idle_writer(self) -> float:
        """With triggers and without workers: what the ledger alone costs."""
        self._rest("measuring the writer with triggers, no workers")
        return write(self.connection, self.picked).per_second

    def _followed_writer(self) -> dict[str, Any]:
        with at_work(self.indexer.settings) as peaks:
            wait_synced(self.connection, self.progress, "syncing what no worker followed")
            warm_up(self.connection, self.picked, self.progress)
            self._rest("measuring live sync behind the writer")
            written = write(self.connection, self.picked)
            settled_at, equal_at = self._caught_up(written)
            memory = [peak for each in peaks for peak in each.megabytes()]
        return {
            "rows": written.rows,
            "writer_per_second": written.per_second,
            "seconds": equal_at - written.first_commit,
            "lag_seconds": equal_at - written.last_commit,
            "lag_seconds_before_comparing": settled_at - written.last_commit,
            "peaks_mb": memory,
        }

    def _caught_up(self, written: Written) -> tuple[float, float]:
        """The moments at which nothing was pending, and at which a refreshed index was equal to Postgres besides."""
        deadline = written.last_commit + STUCK_SECONDS + written.rows / 1000
        while time.monotonic() < deadline:
            if not waiting(self.connection):
                settled_at = time.monotonic()
                if not differences(self.indexer, self.live):
                    return settled_at, time.monotonic()
            time.sleep(POLL_INTERVAL_SECONDS)
        raise BenchError(f"Not equal {time.monotonic() - written.last_commit:.0f} s after the last commit.")

    def _rest(self, step: str) -> None:
        """Begin each measurement with tables that are clean and an Elasticsearch that merges nothing."""
        catalogue.vacuum(self.connection)
        self.connection.execute("CHECKPOINT")
        settled(self.indexer.client)
        self.progress.begin(step)


def _summarise(report: Report) -> None:
    def runs(key: str) -> list[float]:
        return [item[key] for item in report.runs]

    rates = [item["rows"] / item["seconds"] for item in report.runs]
    bare = runs("writer_bare_per_second")
    report.figures += [
        against("first commit to equal", "rows/s", rates, runs("loop_per_second"), at_least=OVERALL),
        alone("equal after the last commit", "s", max(runs("lag_seconds")), at_most=LAG_SECONDS),
        alone(
            "the plain loop, for as many rows", "s", max(item["rows"] / item["loop_per_second"] for item in report.runs)
        ),
        against("writer, workers follow", "rows/s", runs("writer_per_second"), bare, at_least=WRITER),
        against("writer, no workers", "rows/s", runs("writer_idle_per_second"), bare, at_least=WRITER),
    ]
    peaks = [peak for item in report.runs for peak in item["peaks_mb"]]
    if peaks:
        report.figures.append(alone("largest process of the workers", "MB", max(peaks), at_most=MAX_MB))
