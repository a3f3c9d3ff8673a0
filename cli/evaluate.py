"""`catalog evaluate`: how good the results are, on judged queries, through the live code path."""

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from catalog.connections import connect
from catalog.database import Database, make_engine
from catalog.elasticsearch import make_async_client
from catalog.settings import Settings, get_settings
from cli.evaluation_tables import tell
from evaluation.compare import compare
from evaluation.judgements import Judgements, read_judgements
from evaluation.names import names_of
from evaluation.report import page
from evaluation.result import Evaluation
from evaluation.run import evaluate as run
from evaluation.run import searches_of
from evaluation.saved import read, save
from search.failover import elasticsearch_search
from search.synonym_reader import SynonymReader

console = Console(stderr=True, soft_wrap=True)
LIVE = "live"


def evaluate(
    judgements: Annotated[Path, typer.Argument(help="CSV with the columns query, sku (or product_id), rating 0 to 4.")],
    baseline: Annotated[Path | None, typer.Option(help="compare with a run saved by --save")] = None,
    save_to: Annotated[Path | None, typer.Option("--save", help="write this run, to compare with later")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="write a report with plots, one file")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
    depth: Annotated[int, typer.Option(min=50, max=100, help="hits of each query that are looked at")] = 100,
    ruleset: Annotated[str, typer.Option(help="only `live` so far")] = LIVE,
    worst: Annotated[int, typer.Option(min=0, help="queries in the table, worst first; 0 shows all")] = 25,
) -> None:
    """Measure relevance on judged queries: nDCG@10, MRR, recall, latency; against a saved run if asked.

    Exit code 1 when the judgements can't be used or the search does not answer. Worse figures are no failure.
    """
    if ruleset != LIVE:
        raise typer.BadParameter("only `live` can be evaluated: there are no drafts yet.", param_hint="--ruleset")
    for option, path in (("--save", save_to), ("--html", html)):
        if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
            raise typer.BadParameter(f"{path} is not a file in a folder that exists.", param_hint=option)
    try:
        judged = read_judgements(judgements)
        before = read(baseline) if baseline else None
    except OSError as error:
        raise typer.BadParameter(f"{error.filename} can not be read: {error.strerror}.") from None
    evaluation = _run(get_settings(), judged, depth)
    comparisons = [compare(before, evaluation), compare(before, evaluation, "judged_ndcg")] if before else []
    tell(evaluation, comparisons, as_json, worst)
    try:
        if save_to:
            save(evaluation, save_to)
        if html:
            html.write_text(page(evaluation, comparisons), encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{error.filename} can not be written: {error.strerror}.") from None


def _run(settings: Settings, judged: Judgements, depth: int) -> Evaluation:
    with closing(connect(settings, "catalog-evaluate", autocommit=True)) as connection:
        names = names_of(connection, judged)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("searching", total=searches_of(judged))

        async def measure() -> Evaluation:
            client, database = make_async_client(settings), Database(make_engine(settings))
            synonyms = SynonymReader(database, settings)
            try:
                await synonyms.load()
                engine = elasticsearch_search(settings, client, synonyms)
                return await run(engine, judged, names, depth, lambda done: bar.update(task, completed=done))
            finally:
                await synonyms.close()
                await database.engine.dispose()
                await client.close()

        return asyncio.run(measure())
