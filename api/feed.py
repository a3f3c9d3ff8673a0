"""Recent changes of products, read from Postgres once for all who watch in this process."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog

from catalog.database import Database
from catalog.errors import CatalogError
from catalog.principals import Principal
from catalog.schemas.product_out import ProductOut
from catalog.services import events
from catalog.services.events import Event
from services.products import ProductService

TYPES = frozenset(["ProductCreated", "ProductUpdated", "PriceChanged", "StockChanged", "ProductDeleted"])
BATCH = 200
# What is kept for those who are a little behind; who falls out of it while watching reads too slowly.
KEPT_BATCHES = 100
PAUSE_SECONDS = 0.1
PAUSE_AFTER_FAILURE_SECONDS = 1.0
# Principals with different rights that watch at once; each has its own look at the products of a batch.
KEPT_VIEWS = 200
_log = structlog.get_logger()

Seen = Mapping[UUID, ProductOut | None]


@dataclass(slots=True)
class Batch:
    """The events after one position up to another, and their products as they are now, for each kind of principal."""

    after: int
    position: int
    events: tuple[Event, ...]
    views: OrderedDict[Any, asyncio.Task[Seen]] = field(default_factory=OrderedDict)
    # What a door has made of events of this batch, to be sent as it is to all who may see the same.
    texts: dict[Any, str] = field(default_factory=dict)

    @classmethod
    def of(cls, after: int, events: Iterable[Event]) -> "Batch":
        batch = tuple(events)
        return cls(after, batch[-1].position, tuple(event for event in batch if event.type in TYPES))


class Feed:
    """It follows while somebody watches, and rests otherwise."""

    def __init__(self, products: ProductService, database: Database) -> None:
        self._products = products
        self._database = database
        self._batches: deque[Batch] = deque(maxlen=KEPT_BATCHES)
        self._grown = asyncio.Condition()
        self._following: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._users = 0
        self.position = 0

    async def join(self) -> None:
        """Until `leave`, `position` follows the newest change."""
        self._users += 1
        try:
            async with self._starting:
                if self._following is None:
                    self._batches.clear()
                    self.position = await self._database.run(events.last_position)
                    self._following = asyncio.create_task(self._follow())
        except BaseException:
            await self.leave()
            raise

    async def leave(self) -> None:
        self._users -= 1
        if not self._users and self._following is not None:
            following, self._following = self._following, None
            following.cancel()

    def kept(self, position: int) -> Batch | None:
        """The batch that has what comes after `position`, as long as it is kept."""
        # Positions have no gaps, and neither have batches: it is one of the newest few.
        return next((batch for batch in reversed(self._batches) if batch.after <= position < batch.position), None)

    async def read(self, position: int) -> Batch | None:
        """What comes after `position` from Postgres, for who goes on where it was long ago."""
        events_after = await self._database.run(events.after, position, BATCH)
        return Batch.of(position, events_after) if events_after else None

    async def first(self) -> int | None:
        """The oldest position that is kept; None when none is."""
        return await self._database.run(events.first_position)

    async def grow(self, position: int) -> None:
        """Wait until there is something after `position`."""
        async with self._grown:
            await self._grown.wait_for(lambda: self.position > position)

    async def products(self, batch: Batch, who: Principal) -> Seen:
        """The batch's products as this principal may see them; None for one that it may not, or that is gone."""
        view = (who.may, who.forced)
        task = batch.views.get(view)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = batch.views[view] = asyncio.create_task(self._look(batch, who))
            if len(batch.views) > KEPT_VIEWS:
                batch.views.popitem(last=False)
        # Others may wait for the same look: it does not end with the call that began it.
        return await asyncio.shield(task)

    async def _look(self, batch: Batch, who: Principal) -> Seen:
        ids = {event.aggregate_id for event in batch.events}
        products = await self._products.by_ids(who, ids) if ids else {}
        return {product_id: products.get(product_id) for product_id in ids}

    async def _follow(self) -> None:
        while True:
            try:
                batch = await self._database.run(events.after, self.position, BATCH)
            except Exception as error:
                # The watchers wait: a database that is away changes nothing.
                if not isinstance(error, CatalogError):
                    _log.exception("feed.failed")
                await asyncio.sleep(PAUSE_AFTER_FAILURE_SECONDS)
                continue
            if batch:
                async with self._grown:
                    self._batches.append(Batch.of(self.position, batch))
                    self.position = batch[-1].position
                    self._grown.notify_all()
            if len(batch) < BATCH:
                await asyncio.sleep(PAUSE_SECONDS)
