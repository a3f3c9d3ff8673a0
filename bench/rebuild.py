"""How fast `catalog reindex` is, beside the raw limit of the same documents."""

from contextlib import closing
from typing import Any

import psycopg
from elasticsearch import Elasticsearch

from bench import catalogue
from bench.baseline_index import raw_index, settled
from bench.equality import live_differing
from bench.errors import BenchError
from bench.machine import machine
from bench.processes import run
from bench.progress import Progress
from bench.report import Report, against, alone
from bench.state import give_up_standby
from bench.worker_pool import Crew
from catalog.connections import connect
from catalog.elasticsearch import make_client
from catalog.settings import Settings
from indexer.rebuild import ensure_index

GOALS = {2: 0.75, 1: 0.50}
MOST_MB = 200.0
RAW_PROCESSES = 2
# Before Elasticsearch has compiled its hot code, figures rise from run to run.
WARM_UP_DOCUMENTS = 100_000

JOB = """
SELECT extract(epoch FROM finished_at - started_at)::float, state FROM jobs
WHERE kind = 'reindex' ORDER BY created_at DESC LIMIT 1
"""


def rebuild(
    settings: Settings,
    progress: Progress,
    *,
    products: int,
    seed: int,
    processes: tuple[int, ...] = (2, 1),
    rounds: int = 2,
    warm_up: int = WARM_UP_DOCUMENTS,
) -> Report:
    """Rebuild with each number of processes, `rounds` times, each between two runs of the raw limit."""
    with (
        closing(make_client(settings, timeout=120)) as client,
        closing(connect(settings, "catalog-bench", autocommit=True)) as connection,
        Crew(settings, RAW_PROCESSES) as crew,
    ):
        ensure_index(settings, client)
        catalogue.load(connection, products, seed, progress)
        progress.begin("building the documents of the raw limit")
        documents = crew.build()
        report = Report(
            "rebuild",
            machine(connection, client, settings),
            {"products": products, "seed": seed, "rounds": rounds},
        )
        _warm_up(client, settings, crew, documents, warm_up, progress)
        raw = _raw(client, settings, crew, documents, progress)
        for _ in range(rounds):
            for count in processes:
                ours = _ours(connection, client, settings, count, report, progress)
                before, raw = raw, _raw(client, settings, crew, documents, progress)
                report.runs.append(ours | {"products": products, "raw_per_second": (before + raw) / 2})
        _summarise(report, processes)
    return report


def _warm_up(
    client: Elasticsearch, settings: Settings, crew: Crew, documents: int, wanted: int, progress: Progress
) -> None:
    progress.begin("warming Elasticsearch up", wanted)
    for sent in range(0, wanted, max(documents, 1)):
        with raw_index(client, settings, "warm-up") as alias:
            crew.send(alias)
        progress.at(min(wanted, sent + documents))


def _raw(client: Elasticsearch, settings: Settings, crew: Crew, documents: int, progress: Progress) -> float:
    """Documents a second."""
    settled(client)
    progress.begin("measuring the raw limit")
    with raw_index(client, settings, "limit") as alias:
        seconds = crew.send(alias)
        held = client.count(index=alias)["count"]
    if held != documents:
        raise BenchError(f"The reference wrote {held:,} of {documents:,} documents.")
    return documents / seconds


def _ours(
    connection: psycopg.Connection[Any],
    client: Elasticsearch,
    settings: Settings,
    processes: int,
    report: Report,
    progress: Progress,
) -> dict[str, Any]:
    settled(client)
    progress.begin(f"catalog reindex --processes {processes}")
    finished = run(settings, "reindex", "--processes", str(processes))
    row = connection.execute(JOB).fetchone()
    if row is None or row[1] != "done":
        raise BenchError(f"`catalog reindex` ended well, but its job is {row[1] if row else 'not there'}.")
    give_up_standby(connection, client, settings)
    report.differing += live_differing(connection, client, progress)
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
        report.figures.append(alone("largest process of a rebuild", "MB", max(peaks), at_most=MOST_MB))


def _rates(runs: list[dict[str, Any]], seconds: str) -> list[float]:
    return [item["products"] / item[seconds] for item in runs]
