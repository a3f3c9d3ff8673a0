"""WatchProducts: changes in the order of their positions, until the caller ends the call."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from api.dependencies import parse_id
from api.feed import Batch, Feed
from api.grpc.caller import Caller
from api.grpc.changes import Shown, change_for
from api.grpc.metrics import CallMetrics
from catalog.errors import CatalogError, InvalidInput, NotFound, TooManyRequests, Unavailable
from catalog.principals import Principal
from catalog.settings import Settings
from catalog.v1.product_service_pb2 import ProductChange, WatchProductsRequest
from services.identity import Identity

MAX_IDS = 1000
# One principal, or all of anybody together, has at most this share of the watchers.
SHARE = 0.5
CONFIRM_SECONDS = 60.0
RETRY_AFTER = 5

Write = Callable[[ProductChange], Awaitable[None]]


class Gone(CatalogError):
    status = 410
    title = "Gone"


class SlowReader(CatalogError):
    status = 429
    title = "Slow reader"


class Watch:
    """One instance serves a whole process."""

    def __init__(self, feed: Feed, identity: Identity, settings: Settings, metrics: CallMetrics) -> None:
        self._feed = feed
        self._identity = identity
        self._settings = settings
        self._metrics = metrics
        self._watchers: Counter[str] = Counter()
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Ends every call, and takes no more: the server is going away."""
        self._ended.set()

    async def serve(self, request: WatchProductsRequest, caller: Caller, write: Write) -> None:
        """Raises InvalidInput, Gone, SlowReader, TooManyRequests, Unauthenticated, and Unavailable at the end."""
        wanted = _wanted(request)
        self._take_place(caller.who)
        try:
            await self._feed.join()
            try:
                await self._until_ended(self._follow(request, wanted, caller, write))
            finally:
                await self._feed.leave()
        finally:
            self._leave_place(caller.who)

    def _take_place(self, who: Principal) -> None:
        limit = self._settings.grpc_max_watchers
        own = max(1, int(limit * SHARE))
        if self._watchers.total() >= limit or self._watchers[who.id] >= own:
            raise TooManyRequests("There are too many watchers already. Try again later.", RETRY_AFTER)
        self._watchers[who.id] += 1
        self._metrics.watchers.set(self._watchers.total())

    def _leave_place(self, who: Principal) -> None:
        self._watchers[who.id] -= 1
        self._watchers += Counter()  # forgets those that are at zero
        self._metrics.watchers.set(self._watchers.total())

    async def _until_ended(self, following: Awaitable[None]) -> None:
        work, end = asyncio.ensure_future(following), asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait((work, end), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
            raise Unavailable("The server is going away. Call again, after the position received last.", 1)
        finally:
            for task in (work, end):
                task.cancel()
            with suppress(BaseException):
                await asyncio.gather(work, end, return_exceptions=True)

    async def _follow(
        self, request: WatchProductsRequest, wanted: Collection[UUID], caller: Caller, write: Write
    ) -> None:
        who, confirmed_at, shown = await self._confirmed(caller), time.monotonic(), Shown()
        position = await self._start(request)
        live = position >= self._feed.position
        while True:
            batch = await self._next(position, live=live)
            if batch is None:
                live = True
                # Now and then even without a change, so that a token that has expired ends the call.
                with suppress(TimeoutError):
                    async with asyncio.timeout(CONFIRM_SECONDS):
                        await self._feed.grow(position)
            if time.monotonic() - confirmed_at >= CONFIRM_SECONDS:
                who, confirmed_at = await self._confirmed(caller), time.monotonic()
            if batch is None:
                continue
            products = await self._feed.products(batch, who)
            for event in batch.events:
                if event.position > position and (not wanted or event.aggregate_id in wanted):
                    change = change_for(who, event, products.get(event.aggregate_id), shown)
                    if change is not None:
                        await self._send(change, write)
            position = batch.position

    async def _start(self, request: WatchProductsRequest) -> int:
        """The position to go on after."""
        if not request.HasField("after_position"):
            return self._feed.position
        position, last = request.after_position, self._feed.position
        if not 0 <= position <= last:
            raise InvalidInput.of("after_position", f"must be from 0 to {last}, the position of the newest change")
        if 0 < position < last:
            first = await self._feed.first()
            if first is None or position < first - 1:
                raise Gone(
                    f"Changes after position {position} are not kept any more. Read the products that you hold again, "
                    "and watch from now on."
                )
        return position

    async def _next(self, position: int, *, live: bool) -> Batch | None:
        if position >= self._feed.position:
            return None
        batch = self._feed.kept(position)
        if batch is None and live:
            raise SlowReader(f"There were more changes than this call has read. Call again, after position {position}.")
        return batch or await self._feed.read(position)

    async def _send(self, change: ProductChange, write: Write) -> None:
        try:
            async with asyncio.timeout(self._settings.grpc_slow_reader_seconds):
                await write(change)
        except TimeoutError:
            raise SlowReader(
                f"A change was not taken in {self._settings.grpc_slow_reader_seconds:g} s. Call again, after the "
                "position received last."
            ) from None

    async def _confirmed(self, caller: Caller) -> Principal:
        """Who it is now, without a look at the account for every product."""
        who = await self._identity.confirm(await caller.again())
        who.require("read", "Watching")
        return replace(who, confirmed=True)


def _wanted(request: WatchProductsRequest) -> frozenset[UUID]:
    if len(request.product_ids) > MAX_IDS:
        raise InvalidInput.of("product_ids", f"at most {MAX_IDS:,} are allowed")
    try:
        return frozenset(parse_id(product_id, "product") for product_id in request.product_ids)
    except NotFound as error:
        raise InvalidInput.of("product_ids", error.detail) from None
