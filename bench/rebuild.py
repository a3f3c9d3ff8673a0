"""How fast `catalog reindex` is, beside the raw limit of the same documents."""

from contextlib import closing
from typing import Any

from elasticsearch import Elasticsearch

from bench import catalogue
from bench.baseline_index import raw_index, settled
from bench.equality import live_differing
from bench.errors import BenchError
from bench.machine import machine
from bench.processes import run_command
from bench.progress import Progress
from bench.report import Report, against, alone
from bench.run import BenchRun
from bench.state import give_up_standby
from bench.worker_pool import WorkerPool
from catalog.connections import connect
from catalog.elasticsearch import make_client
from catalog.settings import Settings
from indexer.indexer import Indexer
from indexer.rebuild import ensure_index

GOALS = {2: 0.75, 1: 0.50}
MAX_MB = 200.0
RAW_PROCESSES = 2
# Before Elasticsearch has compiled its hot code, figures rise from run to run.
WARM_UP_DOCUMENTS = 100_000

JOB = """
SELECT extract(epoch FROM finished_at - started_at)::float, state FROM jobs
WHERE kind = 'reindex' ORDER BY created_at DESC LIMIT 1
"""


def rebuild(
    run: BenchRun, *, processes: tuple[int, ...] = (2, 1), rounds: int = 2, warm_up: int = WARM_UP_DOCUMENTS
) -> Report:
    """Rebuild with each number of processes, `rounds` times, each between two runs of the raw limit."""
    settings, progress, products, seed = run.settings, run.progress, run.products, run.seed
    with (
        closing(make_client(settings, timeout=120)) as client,
        closing(connect(settings, "catalog-bench", autocommit=True)) as connection,
        WorkerPool(settings, RAW_PROCESSES) as pool,
    ):
        indexer = Indexer(connection, client, settings)
        ensure_index(settings, client)
        catalogue.load(connection, products, seed, progress)
        progress.begin("building the documents of the raw limit")
        documents = pool.build()
        report = Report(
            "rebuild",
            machine(connection, client, settings),
            {"products": products, "seed": seed, "rounds": rounds},
        )
        _warm_up(client, settings, pool, documents, warm_up, progress)
        raw = _raw(client, settings, pool, documents, progress)
        for _ in range(rounds):
            for count in processes:
                ours = _ours(indexer, count, report, progress)
                before, raw = raw, _raw(client, settings, pool, documents, progress)
                report.runs.append(ours | {"products": products, "raw_per_second": (before + raw) / 2})
        _summarise(report, processes)
    return report


def _warm_up(
    client: Elasticsearch, settings: Settings, pool: WorkerPool, documents: int, total: int, progress: Progress
) -> None:
    progress.begin("warming Elasticsearch up", total)
    for done in range(0, total, max(documents, 1)):
        with raw_index(client, settings, "warm-up") as alias:
            pool.send(alias)
        progress.at(min(total, done + documents))


def _raw(client: Elasticsearch, settings: Settings, pool: WorkerPool, documents: int, progress: Progress) -> float:
    """Documents a second."""
    settled(client)
    progress.begin("measuring the raw limit")
    with raw_index(client, settings, "limit") as alias:
        seconds = pool.send(alias)
        count = client.count(index=alias)["count"]
    if count != documents:
        raise BenchError(f"The reference wrote {count:,} of {documents:,} documents.")
    return documents / seconds


def _ours(indexer: Indexer, processes: int, report: Report, progress: Progress) -> dict[str, Any]:
    settled(indexer.client)
    progress.begin(f"catalog reindex --processes {processes}")
    finished = run_command(indexer.settings, "reindex", "--processes", str(processes))
    row = indexer.connection.execute(JOB).fetchone()
    if row is None or row[1] != "done":
        raise BenchError(f"`catalog reindex` ended well, but its job is {row[1] if row else 'not there'}.")
    give_up_standby(indexer)
    report.differing += live_differing(indexer.connection, indexer.client, progress)
    return {
        "processes": processes,
        "seconds": finished.seconds,
        "job_seconds": row[0],
        # Those that work; the others are the starter and its helper, which are smaller.
        "peaks_mb": finished.peaks_mb,
    }


def _summarise(report: Report, processes: tuple[int, ...]) -> None:
    for count in processes:
        runs = [item for item in report.runs if item["processes"] == count]
        raw = [item["raw_per_second"] for item in runs]
        name = f"rebuild, {count} process{'es' if count > 1 else ''}"
        goal = GOALS.get(count)
        report.figures += [
            against(name, "documents/s", _rates(runs, "seconds"), raw, at_least=goal),
            against(f"{name}, its job alone", "documents/s", _rates(runs, "job_seconds"), raw),
        ]
    peaks = [peak for item in report.runs for peak in item["peaks_mb"]]
    if peaks:
        report.figures.append(alone("largest process of a rebuild", "MB", max(peaks), at_most=MAX_MB))


def _rates(runs: list[dict[str, Any]], seconds: str) -> list[float]:
    return [item["products"] / item[seconds] for item in runs]
