"""What each method needs and costs. A method that is not in this table is refused, whoever asks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from api.grpc.search_in import search_input
from api.limits.costs import AUTOCOMPLETE, READ, WRITE, of_page, of_search
from api.limits.limiter import Kind
from catalog.principals import Permission

PRODUCTS = "/catalog.v1.ProductService/"
HEALTH = "/grpc.health.v1.Health/"


@dataclass(frozen=True, slots=True)
class Rule:
    """`permission` None: nobody has to say who they are, and a credential is not looked at. `cost` in units."""

    permission: Permission | None
    kind: Kind = "read"
    cost: Callable[[Any], int] = lambda request: READ


def _listed(request: Any) -> int:
    return READ + of_page(request.page or 1, request.per_page or 20)


def _searched(request: Any) -> int:
    return of_search(search_input(request))


RULES: dict[str, Rule] = {
    PRODUCTS + "GetProduct": Rule("read"),
    PRODUCTS + "ListProducts": Rule("read", cost=_listed),
    PRODUCTS + "CreateProduct": Rule("write", "write", lambda request: WRITE),
    PRODUCTS + "UpdateProduct": Rule("write", "write", lambda request: WRITE),
    PRODUCTS + "DeleteProduct": Rule("write", "write", lambda request: WRITE),
    PRODUCTS + "Search": Rule("search", "search", _searched),
    PRODUCTS + "Suggest": Rule("search", "autocomplete", lambda request: AUTOCOMPLETE),
    PRODUCTS + "WatchProducts": Rule("read", "live", lambda request: WRITE),
    HEALTH + "Check": Rule(None),
    HEALTH + "List": Rule(None),
    HEALTH + "Watch": Rule(None),
}
