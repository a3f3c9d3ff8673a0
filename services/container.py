"""All services of a process, made once and handed to each interface."""

from dataclasses import dataclass

from catalog.database import Database
from catalog.settings import Settings
from search.failover import FailoverSearch
from services.access import Access
from services.categories import CategoryService
from services.identity import Identity
from services.orders import OrderService
from services.products import ProductService
from services.search import SearchService


@dataclass(frozen=True, slots=True)
class Services:
    """One service a noun, over the same database and search engine."""

    access: Access
    products: ProductService
    categories: CategoryService
    orders: OrderService
    search: SearchService


def make_services(settings: Settings, database: Database, identity: Identity, engine: FailoverSearch) -> Services:
    """The services of a process. They connect to nothing until they are asked something."""
    access = Access(settings, identity)
    return Services(
        access,
        ProductService(settings, database, access),
        CategoryService(database, access),
        OrderService(settings, database, access),
        SearchService(engine, access),
    )
