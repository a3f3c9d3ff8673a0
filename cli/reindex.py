"""`catalog reindex`: starts a rebuild or joins the one under way, helps with it, and shows how far it is."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from multiprocessing import get_context
from typing import Annotated, Any

import psycopg
import typer
from elasticsearch import Elasticsearch
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from catalog.connections import connect
from catalog.elasticsearch import make_client
from catalog.errors import Conflict
from catalog.gc import tune_gc
from catalog.models.job import REINDEX, JobState
from catalog.schemas.job import MAX_SHARDS
from catalog.services.command_audit import record
from catalog.settings import Settings, get_settings
from indexer import jobs, rebuild
from indexer.indexer import Indexer

console = Console(stderr=True, soft_wrap=True)
# Chunks in one step: nothing waits behind this process, so it need not pause after each.
MAX_CHUNKS = 5


def reindex(
    cancel: Annotated[bool, typer.Option("--cancel", help="end the rebuild under way; the live index stays")] = False,
    shards: Annotated[
        int | None, typer.Option(min=1, max=MAX_SHARDS, help="of the new index; CATALOG_INDEX_SHARDS otherwise")
    ] = None,
    processes: Annotated[
        int, typer.Option(min=1, max=64, help="that this command works with, beside the workers that run already")
    ] = 1,
) -> None:
    """Build a new index beside the live one, compare it with Postgres and switch to it.

    The rebuild is kept in Postgres: run the command again after a kill or Ctrl-C and it goes on where it was, and
    workers carry it on without it.
    """
    settings = get_settings()
    with (
        closing(make_client(settings)) as client,
        closing(connect(settings, "catalog-reindex", autocommit=True)) as connection,
    ):
        if cancel:
            _cancel(connection, client, settings)
            return
        job = _start_or_join(connection, shards)
        tune_gc()
        try:
            with _helpers(settings, processes - 1), _bar() as bar:
                shown = bar.add_task("preparing", total=None, rate="")
                rebuild.run(
                    Indexer(connection, client, settings),
                    max_chunks=MAX_CHUNKS,
                    on_step=lambda: _show(bar, shown, rebuild.progress(connection, job)),
                )
        except KeyboardInterrupt:
            console.print("Left alone: workers carry the rebuild on, `catalog reindex` joins it again,")
            console.print("`catalog reindex --cancel` ends it.")
            raise typer.Exit(1) from None
        console.print(f"{rebuild.result(connection, job)} is live")
        if left_out := rebuild.progress(connection, job).left_out:
            console.print(
                f"{left_out:,} products in quarantine are not in it: the workers try them again now, "
                "`catalog quarantine list` tells which are refused again",
                style="yellow",
            )


def _cancel(connection: psycopg.Connection[Any], client: Elasticsearch, settings: Settings) -> None:
    job = jobs.active(connection, REINDEX)
    if job is None:
        raise Conflict("No rebuild is running.")
    with connection.transaction():
        if not jobs.request_cancel(connection, REINDEX):
            raise Conflict("No rebuild is running.")
        record(connection, "reindex.cancel", f"job:{job.id}", {})
    rebuild.run(Indexer(connection, client, settings))
    ended = jobs.get(connection, job.id)
    if ended.state == JobState.DONE:
        raise Conflict(f"Too late: {ended.progress['index']} is live already. `catalog rollback` goes back.")
    if ended.state != JobState.CANCELLED:
        raise Conflict(ended.error or f"The rebuild is {ended.state}.")
    console.print("cancelled; the live index is unchanged")


def _start_or_join(connection: psycopg.Connection[Any], shards: int | None) -> jobs.Job:
    job = jobs.active(connection, REINDEX)
    if job is None:
        with connection.transaction():
            job = rebuild.start(connection, shards)
            record(connection, "reindex.start", f"job:{job.id}", {"shards": shards})
        return job
    if shards is not None and shards != job.params.get("shards"):
        raise Conflict("A rebuild is running already, with other shards. Wait for it to end, or cancel it.")
    console.print("a rebuild is under way: joining it")
    return job


@contextmanager
def _helpers(settings: Settings, count: int) -> Iterator[None]:
    """Processes that carry the same rebuild on until it ends, or until this process does."""
    context = get_context("spawn")
    helpers = [context.Process(target=_help, args=(settings, os.getpid()), daemon=True) for _ in range(count)]
    with ExitStack() as ending:
        for helper in helpers:
            helper.start()
            ending.callback(helper.terminate)
        yield
        for helper in helpers:
            helper.join()


def _help(settings: Settings, parent: int) -> None:
    def stop_with_parent() -> None:
        if os.getppid() != parent:
            raise SystemExit(1)

    tune_gc()
    with (
        closing(make_client(settings)) as client,
        closing(connect(settings, "catalog-reindex", autocommit=True)) as connection,
    ):
        rebuild.run(Indexer(connection, client, settings), max_chunks=MAX_CHUNKS, on_step=stop_with_parent)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def _show(bar: Progress, shown: TaskID, now: rebuild.Progress) -> None:
    speed = bar.tasks[0].speed
    bar.update(
        shown,
        description=now.phase,
        completed=now.done,
        total=now.total,
        rate=f"{speed:,.0f} documents/s" if speed else "",
    )
