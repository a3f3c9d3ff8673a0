"""`catalog bench`: measures searches, rebuild, sync, freshness and fan-out on servers of its own, beside references."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from bench.report import Report, table, verdict
from bench.run import BenchRun
from bench.servers import own_servers, own_stack
from catalog.logs import configure_process_logs
from catalog.settings import get_settings

bench = typer.Typer(no_args_is_help=True, add_completion=False)
console = Console(stderr=True, soft_wrap=True)
WIDTH = 120

Products = Annotated[int, typer.Option("--products", min=100, help="generated products in the catalogue")]
Seed = Annotated[int, typer.Option("--seed", help="of the generated products and of what is picked among them")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on stdout; the table goes to stderr")]
Processes = Annotated[int, typer.Option("--processes", min=1, max=64, help="of the workers and of the reference")]


@bench.callback()
def _group() -> None:
    """Measure on servers of its own; each figure beside a reference of the same run.

    A missed goal is shown. The exit code is 1 when work was not finished or the index is not equal to Postgres.
    """


class StepProgress:
    """The steps of a benchmark on stderr: a bar on a terminal, a line for each step elsewhere."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task: TaskID | None = None

    def begin(self, step: str, total: int | None = None) -> None:
        if self._bar.disable:
            console.print(step, markup=False, highlight=False)
            return
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(step, total=total)

    def at(self, done: int) -> None:
        if self._task is not None:
            self._bar.update(self._task, completed=done)


@bench.command()
def rebuild(
    products: Products = 200_000,
    seed: Seed = 1,
    processes: Annotated[
        list[int] | None, typer.Option("--processes", min=1, max=64, help="of the rebuild; repeatable [default: 2 1]")
    ] = None,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="measurements of each; medians are shown")] = 2,
    as_json: AsJson = False,
) -> None:
    """Time `catalog reindex` beside the raw limit: ready documents sent by two processes."""
    from bench.rebuild import rebuild as measure

    counts = tuple(processes or (2, 1))
    _run(lambda run: measure(run, processes=counts, rounds=rounds), products, seed, as_json)


@bench.command()
def sync(
    products: Products = 200_000,
    rows: Annotated[int, typer.Option("--rows", min=100, help="random products that the writer updates")] = 50_000,
    seed: Seed = 1,
    processes: Processes = 2,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="measurements; medians are shown")] = 1,
    as_json: AsJson = False,
) -> None:
    """Time live sync behind a fast writer, beside a plain loop and beside the writer without triggers."""
    from bench.sync import sync as measure

    _run(lambda run: measure(run, rows=rows, processes=processes, rounds=rounds), products, seed, as_json)


@bench.command()
def freshness(
    products: Products = 200_000,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="with a change every 100 ms")] = 60,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Time single changes from COMMIT to found, beside an index call right after COMMIT."""
    from bench.freshness import freshness as measure

    _run(lambda run: measure(run, seconds=seconds), products, seed, as_json)


@bench.command()
def fanout(
    products: Products = 200_000,
    rows: Annotated[int, typer.Option("--rows", min=10, help="products of the category that is renamed")] = 20_000,
    seed: Seed = 1,
    processes: Processes = 2,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="renamings; the slowest counts")] = 3,
    as_json: AsJson = False,
) -> None:
    """Time the renaming of a category until every product shows it, and a single change made meanwhile."""
    from bench.fanout import fanout as measure

    _run(lambda run: measure(run, rows=rows, processes=processes, rounds=rounds), products, seed, as_json)


@bench.command()
def search(
    products: Products = 200_000,
    seconds: Annotated[float, typer.Option("--seconds", min=1, max=600, help="of each measurement")] = 20,
    seed: Seed = 1,
    rounds: Annotated[int, typer.Option("--rounds", min=1, max=20, help="at saturation; medians are shown")] = 3,
    scale: Annotated[
        bool, typer.Option("--scale", help="only how p50 grows from 100,000 to 1,000,000 products; takes long")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Time a realistic mix of searches through the API, beside the same bodies sent straight to Elasticsearch."""
    if scale:
        _run_scale(seed, seconds, as_json)
        return
    from bench.search import search as measure

    _run(lambda run: measure(run, seconds=seconds, rounds=rounds), products, seed, as_json)


@bench.command()
def suggest(
    products: Products = 200_000,
    seconds: Annotated[float, typer.Option("--seconds", min=1, max=600, help="of each measurement")] = 30,
    rate: Annotated[float, typer.Option("--rate", min=1, max=1000, help="keys pressed a second, by all together")] = 50,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Time autocomplete after every key of realistic queries, at a fixed rate."""
    from bench.suggest import suggest as measure

    _run(lambda run: measure(run, seconds=seconds, rate=rate), products, seed, as_json)


@bench.command()
def degraded(
    products: Products = 20_000,
    seconds: Annotated[float, typer.Option("--seconds", min=1, max=600, help="of each phase")] = 15,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Search while Elasticsearch is killed, hangs and comes back; and with the cache beside without it."""
    from bench.degraded import degraded as measure

    with own_stack(get_settings(), console.print) as (settings, servers), _progress() as progress:
        configure_process_logs(settings)
        report = measure(BenchRun(settings, progress, products, seed), servers, seconds=seconds)
    tell(report, as_json)


@bench.command(name="by-id")
def by_id(
    products: Products = 20_000,
    seed: Seed = 1,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="of each measurement")] = 15,
    as_json: AsJson = False,
) -> None:
    """Time a product by id through REST and gRPC, beside bare endpoints that run the same SELECT."""
    from bench.by_id import by_id as measure

    _run(lambda run: measure(run, seconds=seconds), products, seed, as_json)


@bench.command()
def limits(calls: Annotated[int, typer.Option("--calls", min=100)] = 5000) -> None:
    """Time what the rate limiter adds to a request, beside a bare PING of the same Redis."""
    from cli.bench_limits import run as measure

    measure(calls)


def _run_scale(seed: int, seconds: float, as_json: bool) -> None:
    from bench.scale import LARGE, SMALL, Size, measure_size
    from bench.scale import scale as compare

    def size(products: int) -> Size:
        with own_servers(get_settings(), console.print) as settings, _progress() as progress:
            configure_process_logs(settings)
            return measure_size(BenchRun(settings, progress, products, seed), seconds=seconds)

    tell(compare(size(SMALL), size(LARGE), seed), as_json)


def _run(measure: Callable[[BenchRun], Report], products: int, seed: int, as_json: bool) -> None:
    with own_servers(get_settings(), console.print) as settings, _progress() as progress:
        configure_process_logs(settings)
        report = measure(BenchRun(settings, progress, products, seed))
    tell(report, as_json)


def tell(report: Report, as_json: bool) -> None:
    """Print a report. Exits with code 1 when the work was not finished or is not equal to Postgres."""
    if as_json:
        typer.echo(json.dumps(report.as_dict()))
    output = sys.stderr if as_json else sys.stdout
    # Without a terminal to say how wide the lines may be, no figure is broken in two.
    Console(stderr=as_json, width=None if output.isatty() else WIDTH).print(table(report))
    for line in verdict(report):
        console.print(line, style="red", markup=False, highlight=False)
    if not report.ok:
        raise typer.Exit(1)


@contextmanager
def _progress() -> Iterator[StepProgress]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield StepProgress(bar)
