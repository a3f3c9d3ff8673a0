"""`catalog apikey`: keys for programs."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.database import Database, make_engine
from catalog.errors import InvalidInput
from catalog.principals import PERMISSIONS, Principal
from catalog.schemas.api_key import MAX_RATE, ApiKeyIn, ApiKeyOut
from catalog.schemas.messages import field_errors
from catalog.services import api_keys, audit
from catalog.settings import get_settings
from search.parameters import parse_forced

T = TypeVar("T")

apikey = typer.Typer(no_args_is_help=True, add_completion=False, help="API keys: create, list, revoke.")
console = Console(stderr=True, soft_wrap=True)
# Whoever runs commands here reaches the database itself.
CLI = Principal(audit.CLI, "admin", frozenset(PERMISSIONS), confirmed=True)
PER_PAGE = 1000

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout")]


@apikey.callback()
def _group() -> None:
    """API keys: create, list, revoke."""


@apikey.command()
def create(
    name: Annotated[str, typer.Option(help="what the key is for")],
    scope: Annotated[list[str], typer.Option(help=f"repeatable: {', '.join(PERMISSIONS)}")],
    forced: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="repeatable: category, brand, attr.NAME, in_stock or on_sale"),
    ] = None,
    rate: Annotated[int | None, typer.Option(min=1, max=MAX_RATE, help="requests a minute")] = None,
    days: Annotated[float | None, typer.Option(min=0.001, max=36_500, help="until it expires; left out: never")] = None,
    as_json: AsJson = False,
) -> None:
    """Create a key and print it. It is shown this once."""
    pairs = [_pair(text) for text in forced or []]
    parse_forced(pairs)
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    try:
        payload = ApiKeyIn.model_validate({"name": name, "scopes": scope, "expires_at": expires_at, "rate": rate})
    except ValidationError as error:
        wrong = field_errors(error.errors())
        raise InvalidInput("; ".join(f"{fault.field}: {fault.message}" for fault in wrong), wrong) from None
    made = _run(lambda session: api_keys.create(session, CLI, get_settings(), payload, pairs))
    if as_json:
        typer.echo(made.model_dump_json())
    else:
        console.print("Keep this key now: it is not shown again.", markup=False, highlight=False)
        typer.echo(made.key)


@apikey.command("list")
def show(as_json: AsJson = False) -> None:
    """List keys, newest first, also those that have ended; never their secrets."""
    page = _run(lambda session: api_keys.list_page(session, 1, PER_PAGE))
    if as_json:
        typer.echo(page.model_dump_json(include={"items", "total"}))
        return
    table = Table("prefix", "name", "scopes", "forced", "rate", "last used", "state")
    for key in page.items:
        forced = " ".join(f"{name}={value}" for name, values in key.forced.items() for value in values)
        used = f"{key.last_used_at:%Y-%m-%d %H:%M}Z" if key.last_used_at else "never"
        table.add_row(key.prefix, key.name, " ".join(key.scopes), forced, str(key.rate or ""), used, _state(key))
    Console(markup=False, highlight=False).print(table)


@apikey.command()
def revoke(key: Annotated[str, typer.Argument(help="its prefix or its id")]) -> None:
    """End a key for good. Searches with it end within some seconds, everything else at once."""

    async def work(session: AsyncSession) -> None:
        # Whoever has the whole key at hand may give it: what counts is before the dot.
        key_id = _id(key) or await api_keys.by_prefix(session, key.partition(".")[0])
        await api_keys.revoke(session, audit.CLI, key_id)

    _run(work)
    console.print("revoked", markup=False, highlight=False)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidInput.of("forced", f"{text!r} is not NAME=VALUE")
    return name, value


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _state(key: ApiKeyOut) -> str:
    if key.revoked_at:
        return "revoked"
    if key.expires_at is None:
        return "valid"
    return "expired" if key.expires_at <= datetime.now(UTC) else f"until {key.expires_at:%Y-%m-%d}"


def _run(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async def run() -> T:
        engine = make_engine(get_settings())
        try:
            return await Database(engine).run(work)
        finally:
            await engine.dispose()

    return asyncio.run(run())
