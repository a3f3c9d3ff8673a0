"""`catalog quarantine`: products that the index refused for good. List them, try them again, do without them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.database import Database, make_engine
from catalog.errors import Conflict
from catalog.schemas.quarantine import QuarantinePage
from catalog.services import quarantine as service
from catalog.services.quarantine import Action
from catalog.settings import get_settings

T = TypeVar("T")

quarantine = typer.Typer(no_args_is_help=True, add_completion=False, help="Products that the index refused for good.")
console = Console(stderr=True, soft_wrap=True)
# Of ids in a sentence.
NAMED = 10

Ids = Annotated[list[UUID] | None, typer.Argument(metavar="ID", help="ids of products", show_default=False)]
Everything = Annotated[bool, typer.Option("--all", help="everything that is in quarantine")]


@quarantine.callback()
def _group() -> None:
    """Products that the index refused for good."""


@quarantine.command("list")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
    limit: Annotated[int, typer.Option(min=1, help="at most this many, the latest first")] = 100,
) -> None:
    """Show what is in quarantine and why."""
    page = _run(lambda database: database.run(service.list_page, 1, limit))
    if as_json:
        typer.echo(page.model_dump_json(include={"items", "total"}))
    else:
        _tell(page)


@quarantine.command()
def replay(ids: Ids = None, everything: Everything = False) -> None:
    """Let the workers write products again, after what was wrong with the index has been mended."""
    count = _change(Action.REPLAY, ids or [], everything)
    typer.echo(f"{count} left quarantine: the workers write them again")


@quarantine.command()
def drop(ids: Ids = None, everything: Everything = False) -> None:
    """Take products out of the index until their next change, which puts them back by itself."""
    count = _change(Action.DROP, ids or [], everything)
    typer.echo(f"{count} left quarantine: the workers take them out of the index")


def _change(action: Action, ids: Sequence[UUID], everything: bool) -> int:
    if bool(ids) == everything:
        raise typer.BadParameter("name the products by their ids, or give --all; not both")
    if everything:
        return _run(lambda database: _all(database, action))
    _run(lambda database: database.run(_named, action, ids))
    return len(set(ids))


async def _named(session: AsyncSession, action: Action, ids: Sequence[UUID]) -> None:
    """All of them or, with an error, none: the error rolls the transaction back."""
    if left := await service.apply(session, action, ids):
        missing = ", ".join(str(product_id) for product_id in left[:NAMED])
        more = f" and {len(left) - NAMED} more" if len(left) > NAMED else ""
        raise Conflict(f"Not in quarantine: {missing}{more}. Nothing was done: see `catalog quarantine list`.")


async def _all(database: Database, action: Action) -> int:
    page = await database.run(service.list_page, 1, 1)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(action.name.lower(), total=page.total)
        return await service.apply_to_all(database, action, lambda done: bar.update(task, completed=done))


def _run(work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        engine = make_engine(get_settings())
        try:
            return await work(Database(engine))
        finally:
            await engine.dispose()

    return asyncio.run(run())


def _tell(page: QuarantinePage) -> None:
    # What Elasticsearch says is full of square brackets.
    out = Console(soft_wrap=True, markup=False, highlight=False)
    if not page.total:
        out.print("Nothing is in quarantine.")
    for item in page.items:
        name = f"{item.sku} {item.name}" if item.sku else "deleted"
        changed = f"{item.changed_at:%Y-%m-%d %H:%M:%S}Z"
        out.print(f"{item.product_id}  version {item.version} of {changed}, {item.attempts} attempts: {name}")
        out.print(f"  {item.error}")
    if page.total > len(page.items):
        out.print(f"and {page.total - len(page.items):,} more: see --limit")
