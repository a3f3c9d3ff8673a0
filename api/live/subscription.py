"""One socket's subscription: which products, from where on, and what it is told of each change."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from api.feed import Batch, Feed
from api.live import messages
from api.live.messages import SlowReader, Subscribe, TooOld
from catalog.errors import CatalogError
from catalog.principals import Principal
from catalog.settings import Settings
from search.parameters import pairs_of, read_search
from search.request import MAX_PER_PAGE, SearchRequest
from services.container import Services

CONFIRM_SECONDS = 60.0
# After a change, until it is likely to be found by a search, and until it surely is unless sync lags.
FOUND_SECONDS, SETTLED_SECONDS = 1.5, 5.0
# How a result page is shown does not matter here.
_UNUSED = ("page", "per_page", "cursor", "facets", "explain")

Again = Callable[[], Awaitable[Principal]]
Send = Callable[[str], Awaitable[None]]


class Subscription:
    """`again` looks at the credential; `charge` pays for a search; `send` is ended after a while by SlowReader."""

    def __init__(
        self, services: Services, feed: Feed, settings: Settings, again: Again, charge: Again, send: Send
    ) -> None:
        self._services, self._feed, self._settings = services, feed, settings
        self._again, self._charge, self._send = again, charge, send
        self._sent_at = self._confirmed_at = self._searched_at = time.monotonic()
        self._search: SearchRequest | None = None
        # When products were changed that may belong into the search now: the first since the last look, and the last.
        self._stirred_at: float | None = None
        self._stirred_last = -SETTLED_SECONDS
        self._wanted: list[UUID] = []
        self._seen: set[UUID] = set()
        self._position = 0

    async def serve(self, subscribe: Subscribe) -> None:
        """Until it is cancelled. The feed is joined. Raises what ends a socket."""
        who = await self._confirmed()
        # Read before anything is looked up, so that what changes meanwhile is told afterwards.
        last = self._feed.position
        self._position = await self._start(subscribe.after, last)
        if subscribe.search is not None:
            self._search = await self._read(who, subscribe.search)
            self._wanted = await self._found(who, self._search)
        else:
            self._wanted = list(dict.fromkeys(subscribe.ids or ()))
        products = await self._services.products.by_ids(who, self._wanted)
        self._seen = set(products)
        ids = [product_id for product_id in self._wanted if product_id in products]
        missing = [product_id for product_id in self._wanted if product_id not in products]
        snapshot = [messages.state(products[product_id]) for product_id in ids] if subscribe.snapshot else None
        await self._tell(
            messages.encode("subscribed", position=self._position, ids=ids, missing=missing, products=snapshot)
        )
        await self._follow(who)

    async def _start(self, after: int | None, last: int) -> int:
        if after is None or after == last:
            return last
        if after > last or last - after > self._settings.live_max_replay:
            raise TooOld(f"Changes after position {after} can't be replayed. Load the products again and subscribe.")
        first = await self._feed.first()
        if first is None or after < first - 1:
            raise TooOld(f"Changes after position {after} are not kept any more. Load the products again.")
        return after

    async def _follow(self, who: Principal) -> None:
        live = self._position >= self._feed.position
        while True:
            if time.monotonic() - self._confirmed_at >= CONFIRM_SECONDS:
                who = await self._confirmed()
            await self._look_again(who)
            if self._position < self._feed.position:
                batch = await self._next(live=live)
                await self._tell_of(batch, who)
                self._position = batch.position
            else:
                live = True
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pause()):
                        await self._feed.grow(self._position)
            if time.monotonic() - self._sent_at >= self._settings.live_heartbeat_seconds:
                await self._tell(messages.encode("heartbeat", position=self._position))

    async def _next(self, *, live: bool) -> Batch:
        batch = self._feed.kept(self._position)
        if batch is None and not live:
            batch = await self._feed.read(self._position)
        if batch is None:
            raise SlowReader(f"More has changed than this socket has read. Come back from {self._position}.")
        return batch

    async def _tell_of(self, batch: Batch, who: Principal) -> None:
        new = [event for event in batch.events if event.position > self._position]
        events = [event for event in new if event.aggregate_id in self._wanted_ids]
        if len(events) < len(new):
            self._stirred_last = time.monotonic()
            self._stirred_at = self._stirred_at or self._stirred_last
        if not events:
            return
        products = await self._feed.products(batch, who)
        for event in events:
            product = products.get(event.aggregate_id)
            if product is not None:
                self._seen.add(event.aggregate_id)
                key = (who.may, who.forced, event.position)
                if key not in batch.texts:
                    batch.texts[key] = messages.change(event, product)
                await self._tell(batch.texts[key])
            elif event.aggregate_id in self._seen:
                self._seen.discard(event.aggregate_id)
                await self._tell(messages.gone(event.aggregate_id, event.position))

    async def _look_again(self, who: Principal) -> None:
        """What has come into a saved search, and what has left it."""
        if self._search is None or time.monotonic() < self._look_due():
            return
        self._searched_at, self._stirred_at = time.monotonic(), None
        try:
            await self._charge()
            ids = await self._found(who, self._search)
        except CatalogError:
            # It is looked for again next time; what is known so far goes on being told of.
            return
        ids_now = set(ids)
        added = [product_id for product_id in ids if product_id not in self._wanted_ids]
        removed = [product_id for product_id in self._wanted if product_id not in ids_now]
        if added or removed:
            products = await self._services.products.by_ids(who, added)
            self._wanted, self._seen = ids, self._seen.difference(removed) | set(products)
            states = [messages.state(product) for product in products.values()]
            await self._tell(messages.encode("results", position=self._position, added=states, removed=removed))

    async def _read(self, who: Principal, search: Mapping[str, Any]) -> SearchRequest:
        """A search in the words of `POST /search`. Raises InvalidInput."""
        service = self._services.search
        pairs = [pair for pair in pairs_of(search) if pair[0] not in _UNUSED]
        request = service.read(who, await read_search(pairs, lambda: service.attribute_names(who)))
        return replace(request, per_page=MAX_PER_PAGE, facets=())

    async def _found(self, who: Principal, search: SearchRequest) -> list[UUID]:
        """The first products of the search, in its order."""
        ids: dict[UUID, None] = {}
        for page in range(1, -(-self._settings.live_max_products // MAX_PER_PAGE) + 1):
            if page > 1:  # the first one is paid for
                await self._charge()
            (result,) = await self._services.search.search_all(who, [replace(search, page=page)])
            ids |= dict.fromkeys(UUID(hit.id) for hit in result.hits)
            if len(result.hits) < MAX_PER_PAGE:
                break
        return list(ids)[: self._settings.live_max_products]

    def _look_due(self) -> float:
        """Sooner while products change, but not for each of them."""
        latest = self._searched_at + self._settings.live_search_seconds
        if self._searched_at >= self._stirred_last + SETTLED_SECONDS:
            return latest
        soonest = self._searched_at + self._settings.live_search_soonest_seconds
        return min(latest, max(soonest, (self._stirred_at or 0.0) + FOUND_SECONDS))

    @property
    def _wanted(self) -> list[UUID]:
        return self._in_order

    @_wanted.setter
    def _wanted(self, ids: Iterable[UUID]) -> None:
        self._in_order = list(ids)
        self._wanted_ids = frozenset(self._in_order)

    def _pause(self) -> float:
        now = time.monotonic()
        due = [
            self._sent_at + self._settings.live_heartbeat_seconds,
            self._confirmed_at + CONFIRM_SECONDS,
            *([self._look_due()] if self._search is not None else []),
        ]
        return max(0.01, min(due) - now)

    async def _tell(self, text: str) -> None:
        try:
            async with asyncio.timeout(self._settings.live_slow_reader_seconds):
                await self._send(text)
        except TimeoutError:
            raise SlowReader(f"A message was not taken in time. Come back from {self._position}.") from None
        self._sent_at = time.monotonic()

    async def _confirmed(self) -> Principal:
        """Who it is now, with a shopper's eyes: drafts are for nobody here."""
        self._confirmed_at = time.monotonic()
        who = await self._services.access.confirm(await self._again())
        self._services.access.search(who)
        who.require("read", "Live updates")
        return replace(who, may=who.may - {"read_drafts"}, confirmed=True)
