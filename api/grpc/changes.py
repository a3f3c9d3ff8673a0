"""Which change a principal is told, and how: nothing of a product that it may not see. Pure."""

from collections import OrderedDict
from uuid import UUID

from api.grpc.products_out import moment, product
from catalog.principals import Principal
from catalog.schemas.product_out import ProductOut
from catalog.services.events import Event
from catalog.v1.product_service_pb2 import ProductChange

DELETED, HIDDEN = "ProductDeleted", "ProductHidden"
# What one call remembers of the products that it has shown.
SHOWN = 100_000


class Shown:
    """The products that a call has shown, the latest of them."""

    def __init__(self) -> None:
        self._ids: OrderedDict[UUID, None] = OrderedDict()

    def add(self, product_id: UUID) -> None:
        self._ids[product_id] = None
        self._ids.move_to_end(product_id)
        if len(self._ids) > SHOWN:
            self._ids.popitem(last=False)

    def take(self, product_id: UUID) -> bool:
        """Whether it was shown; it is not any more."""
        if product_id not in self._ids:
            return False
        del self._ids[product_id]
        return True


def change_for(who: Principal, event: Event, now: ProductOut | None, shown: Shown) -> ProductChange | None:
    """What `who` is told of this event, with the product as it is now; None for nothing.

    A product that is not seen now is told of when it was before: by this call, or as the event itself says.
    """
    if now is not None and event.type != DELETED:
        shown.add(event.aggregate_id)
        return _message(event, event.type, now)
    if now is None and (shown.take(event.aggregate_id) or _was_seen(who, event)):
        return _message(event, DELETED if event.type == DELETED else HIDDEN)
    return None


def _was_seen(who: Principal, event: Event) -> bool:
    if who.forced:
        # An event does not say whether the product was behind the principal's filters.
        return False
    if event.type == DELETED:
        return "read_drafts" in who.may or event.data.get("status", "active") == "active"
    return bool(event.data.get("old", {}).get("status") == "active") if event.type == "ProductUpdated" else False


def _message(event: Event, type_: str, now: ProductOut | None = None) -> ProductChange:
    return ProductChange(
        position=event.position,
        event_id=str(event.id),
        type=type_,
        product_id=str(event.aggregate_id),
        occurred_at=moment(event.occurred_at),
        product=None if now is None else product(now),
    )
