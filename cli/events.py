"""`catalog relay`, `catalog subscribers` and `catalog events`: publishing what happened, and what could not be told."""

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import structlog
import typer

from catalog.connections import connect
from catalog.services.command_audit import record
from catalog.settings import get_settings

events = typer.Typer(no_args_is_help=True, add_completion=False, help="Domain events (docs/events.md).")
dead = typer.Typer(no_args_is_help=True, help="Events that a subscriber could not handle.")
events.add_typer(dead, name="dead")

_TABLES = ("products", "product_images", "product_variants")
_TRIGGERS = ("publish_insert", "publish_update", "publish_delete")


def relay() -> None:
    """Run the relay: it gives events their positions and publishes them. One is at work, others wait for it to end."""
    from workers.relay import Relay

    async def work(stop: asyncio.Event) -> None:
        running = Relay(get_settings())
        running.stop = stop
        await running.run()

    _run("relay", work)


def subscribers() -> None:
    """Run everything that is told of events: webhooks and the e-mails of orders."""
    from workers.subscribers import run

    _run("subscribers", lambda stop: run(get_settings(), stop))


def _run(name: str, work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    async def until_stopped() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        structlog.get_logger().info(f"{name}.started")
        await work(stop)

    asyncio.run(until_stopped())


@events.callback()
def _group() -> None:
    """Domain events."""


@events.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False) -> None:
    """How far publishing and each subscriber have come."""
    with connect(get_settings(), "catalog-cli") as connection:
        row = connection.execute("SELECT position, published FROM event_relay").fetchone() or (0, 0)
        waiting = connection.execute("SELECT count(*) FROM domain_events WHERE position IS NULL").fetchone()
        groups = connection.execute("SELECT name, position FROM event_consumers ORDER BY name").fetchall()
    status = {
        "position": row[0], "published": row[1], "without_position": waiting[0] if waiting else 0,
        "consumers": {name: {"position": position, "behind": row[0] - position} for name, position in groups},
    }  # fmt: skip
    if as_json:
        typer.echo(json.dumps(status))
        return
    typer.echo(f"last position {row[0]}, published up to {row[1]}, without a position {status['without_position']}")
    for name, position in groups:
        typer.echo(f"{name}: at {position}, {row[0] - position} behind")


@events.command()
def off() -> None:
    """Write no more events of products: for whoever does not use them. Orders keep theirs."""
    _switch("off", "DISABLE")
    typer.echo("changes of products write no events until `catalog events on`")


@events.command()
def on() -> None:
    """Write events of products again, from the next change on."""
    _switch("on", "ENABLE ALWAYS")
    typer.echo("changes of products write events")


def _switch(action: str, how: str) -> None:
    with connect(get_settings(), "catalog-cli") as connection:
        # ALTER TABLE waits for open transactions, and everybody else waits behind it.
        connection.execute("SET lock_timeout = '5s'")
        for table in _TABLES:
            for trigger in _TRIGGERS:
                connection.execute(f"ALTER TABLE {table} {how} TRIGGER {trigger}".encode())
        record(connection, f"events.{action}", "events", {})


@dead.command("list")
def show(
    consumer: Annotated[str | None, typer.Option(help="one group of subscribers only")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON list")] = False,
    limit: Annotated[int, typer.Option(min=1, help="at most this many, the latest first")] = 100,
) -> None:
    """Show the dead letters and why they are dead."""
    with connect(get_settings(), "catalog-cli") as connection:
        rows = connection.execute(
            "SELECT consumer, event_id, envelope ->> 'type', error, attempts, replay, created_at "
            "FROM event_dead_letters WHERE %(consumer)s::text IS NULL OR consumer = %(consumer)s "
            "ORDER BY id DESC LIMIT %(limit)s",
            {"consumer": consumer, "limit": limit},
        ).fetchall()
    names = ("consumer", "event_id", "type", "error", "attempts", "replay", "created_at")
    if as_json:
        typer.echo(json.dumps([dict(zip(names, row, strict=True)) for row in rows], default=str))
        return
    if not rows:
        typer.echo("There are no dead letters.")
    for group, event_id, kind, error, attempts, again, created in rows:
        typer.echo(f"{event_id}  {kind} for {group}, {created:%Y-%m-%d %H:%M:%S}, {attempts} attempts"
                   + (", to be tried again" if again else ""))  # fmt: skip
        typer.echo(f"  {error}")


@dead.command()
def replay(
    ids: Annotated[list[UUID] | None, typer.Argument(metavar="EVENT_ID", show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help="every dead letter")] = False,
    consumer: Annotated[str | None, typer.Option(help="of one group of subscribers only")] = None,
) -> None:
    """Have subscribers try dead letters again; they come after later events of the same product."""
    if bool(ids) == everything:
        raise typer.BadParameter("name events by their ids, or give --all; not both")
    with connect(get_settings(), "catalog-cli") as connection:
        count = connection.execute(
            "UPDATE event_dead_letters SET replay = true WHERE (%(all)s OR event_id = ANY (%(ids)s::uuid[])) "
            "AND (%(consumer)s::text IS NULL OR consumer = %(consumer)s)",
            {"all": everything, "ids": list(ids or []), "consumer": consumer},
        ).rowcount
        record(connection, "events.replay", "events", {"consumer": consumer, "all": everything, "count": count})
    typer.echo(f"{count} dead letters are tried again")


__all__ = ["dead", "events", "relay", "subscribers"]
