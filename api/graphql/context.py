"""What resolvers of one request share: who asks, and loaders that ask once for everything that is wanted at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar
from uuid import UUID

from graphql import DocumentNode
from strawberry.dataloader import DataLoader
from strawberry.types import Info as StrawberryInfo

from api.graphql.errors import LimitExceeded
from catalog.principals import Principal
from catalog.schemas.category import CategoryNode
from catalog.schemas.product_out import ProductOut, ProductPage
from services.container import Services

T = TypeVar("T")
# Of categories' pages in one operation. What a document costs is measured by a usual number of categories, before it is
# known how many there are.
MOST_ON_PAGES = 2000
# A category, the page of its products, and how many are on a page.
PageKey = tuple[UUID, int, int]


class Once(Generic[T]):
    """Runs `work` when it is first asked for, and gives everybody its one result."""

    def __init__(self, work: Callable[[], Awaitable[T]]) -> None:
        self._work = work
        self._task: asyncio.Future[T] | None = None

    async def __call__(self) -> T:
        if self._task is None:
            self._task = asyncio.ensure_future(self._work())
        return await self._task


class Context:
    """One for each operation."""

    def __init__(self, services: Services, who: Principal, document: DocumentNode) -> None:
        self.services = services
        self.document = document
        self.who = who
        # Rights are looked up once, however many fields ask for them.
        self.confirmed = Once(lambda: services.access.confirm(who))
        self._on_pages = 0
        self.forget()

    def forget(self) -> None:
        """What was loaded is old after a write."""
        self.tree = Once(self._load_tree)
        self.products: DataLoader[UUID, ProductOut | None] = DataLoader(self._load_products)
        self.pages: DataLoader[PageKey, ProductPage] = DataLoader(self._load_pages)

    async def _load_tree(self) -> list[CategoryNode]:
        return await self.services.categories.tree(await self.confirmed())

    async def _load_products(self, ids: list[UUID]) -> Sequence[ProductOut | None]:
        products = await self.services.products.by_ids(await self.confirmed(), ids)
        return [products.get(product_id) for product_id in ids]

    async def _load_pages(self, keys: list[PageKey]) -> Sequence[ProductPage]:
        """One call for all categories whose page is the same. Raises LimitExceeded."""
        self._on_pages += sum(per_page for _, _, per_page in keys)
        if self._on_pages > MOST_ON_PAGES:
            raise LimitExceeded(
                "products of categories",
                MOST_ON_PAGES,
                f"{self._on_pages:,}",
                "Ask for smaller pages, or for fewer categories at a time.",
            )
        loaded: dict[PageKey, ProductPage] = {}
        who = await self.confirmed()
        for page, per_page in dict.fromkeys((page, per_page) for _, page, per_page in keys):
            ids = [category for category, *of in keys if of == [page, per_page]]
            pages = await self.services.products.pages_of_categories(who, ids, page=page, per_page=per_page)
            loaded |= {(category, page, per_page): products for category, products in pages.items()}
        return [loaded[key] for key in keys]


Info = StrawberryInfo[Context, None]
