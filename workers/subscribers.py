"""The consumer groups inside the service, and the process that runs them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from catalog.database import Database, make_engine
from catalog.settings import Settings
from workers.consumers import Handler, consume
from workers.emails import TYPES as EMAIL_TYPES
from workers.emails import OrderEmails
from workers.webhooks import Fanout, Sender


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group."""

    #: Makes its handler.
    make: Callable[[Settings, Database], Handler]
    #: The types of events that it takes; None: all.
    types: frozenset[str] | None = None


SUBSCRIBERS: dict[str, Group] = {
    "webhooks": Group(lambda settings, database: Fanout(database)),
    "order-emails": Group(lambda settings, database: OrderEmails(settings), EMAIL_TYPES),
}


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """All groups and the sender of webhooks, until `stop` is set."""
    engine = make_engine(settings.model_copy(update={"database_pool_size": 5}))
    database = Database(engine)
    running: list[Awaitable[None]] = [
        consume(settings, name, group.make(settings, database), types=group.types, stop=stop)
        for name, group in SUBSCRIBERS.items()
    ]
    try:
        await asyncio.gather(*running, Sender(settings, database, stop).run())
    finally:
        stop.set()
        await engine.dispose()
