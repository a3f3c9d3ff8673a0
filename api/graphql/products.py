"""Products and categories as this door shows them."""

import base64
from datetime import datetime
from typing import Annotated, Any, Optional
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from api.graphql.context import Info
from api.graphql.enums import ProductStatus
from api.graphql.inputs import listed
from api.graphql.scalars import Moment, Money, money
from catalog.errors import InvalidInput
from catalog.schemas.category import CategoryNode
from catalog.schemas.product_out import ProductOut, ProductPage

_PLACE = "place:"


@strawberry.type
class Image:
    id: strawberry.ID
    url: str
    alt: str | None
    position: int


@strawberry.type
class Variant:
    id: strawberry.ID
    sku: str
    price: Money
    inventory: int
    options: JSON = strawberry.field(description='Names and labels: `{size: "M"}`.')
    position: int


Page = Annotated[int, strawberry.argument(description="from 1")]
PerPage = Annotated[int, strawberry.argument(description="1 to 100")]
After = Annotated[
    str | None,
    strawberry.argument(description="The endCursor of a page with the same perPage: its next one, in place of `page`."),
]


@strawberry.type(description="A place in the category tree. Counts and products include everything below it.")
class Category:
    # Nothing but its fields is asked of `self`: the category of a hit is one of `search.result`.
    id: strawberry.ID
    name: str
    path: str = strawberry.field(description="The slugs from the root: `audio/headphones`.")

    @strawberry.field(description="The last part of its path.")
    def slug(self) -> str:
        return self.path.rpartition("/")[2]

    @strawberry.field(description="Published products; for those who edit, all of them.")
    async def product_count(self, info: Info) -> int:
        node = await _category(info, self.id)
        return node.product_count if node else 0

    @strawberry.field(description="The category above it; null at the top.")
    async def parent(self, info: Info) -> Optional["Category"]:
        node = await _category(info, self.id)
        above = await _category(info, str(node.parent_id)) if node and node.parent_id else None
        return category_of(above) if above else None

    @strawberry.field(description="Those directly below it.")
    async def children(self, info: Info) -> list["Category"]:
        node = await _category(info, self.id)
        return [category_of(child) for child in node.children] if node else []

    @strawberry.field(description="Its products and those below it, newest first.")
    async def products(
        self, info: Info, page: Page = 1, per_page: PerPage = 20, after: After = None
    ) -> "ProductConnection":
        query = listed(page=page_after(after, page, per_page), per_page=per_page)
        return connection_of(await info.context.pages.load((UUID(self.id), query.page, query.per_page)))


@strawberry.type(description="`version` grows with every change of anything shown here.")
class Product:
    id: strawberry.ID
    sku: str
    name: str
    description: str | None
    price: Money = strawberry.field(description="The lowest of its variants.")
    compare_at_price: Money | None
    currency: str
    on_sale: bool
    inventory: int = strawberry.field(description="The sum of its variants.")
    gtin: str | None
    brand: str | None
    category: Category | None
    images: list[Image]
    attributes: JSON
    variants: list[Variant]
    status: ProductStatus
    publish_from: Moment | None
    publish_until: Moment | None
    popularity: float
    created_at: Moment
    updated_at: Moment
    version: str


@strawberry.type
class ProductEdge:
    node: Product
    cursor: str = strawberry.field(description="Names the place in the list; that of a page's end leads to the next.")


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class ProductConnection:
    edges: list[ProductEdge]
    page_info: PageInfo
    total_count: int


def product_of(row: ProductOut) -> Product:
    return Product(
        id=strawberry.ID(str(row.id)),
        sku=row.sku,
        name=row.name,
        description=row.description,
        price=money(row.price),
        compare_at_price=None if row.compare_at_price is None else money(row.compare_at_price),
        currency=row.currency,
        on_sale=row.on_sale,
        inventory=row.inventory,
        gtin=row.gtin,
        brand=row.brand,
        category=category_of(row.category) if row.category else None,
        images=[
            Image(id=strawberry.ID(str(image.id)), url=image.url, alt=image.alt, position=image.position)
            for image in row.images
        ],
        attributes=_json(row.attributes),
        variants=[
            Variant(
                id=strawberry.ID(str(item.id)), sku=item.sku, price=money(item.price), inventory=item.inventory,
                options=_json(item.options), position=item.position,
            )
            for item in row.variants
        ],
        status=ProductStatus(row.status),
        publish_from=_moment(row.publish_from),
        publish_until=_moment(row.publish_until),
        popularity=row.popularity,
        created_at=Moment(row.created_at),
        updated_at=Moment(row.updated_at),
        version=str(row.version),
    )  # fmt: skip


def category_of(category: Any) -> Category:
    """Of anything that has a category's id, name and path; the rest is looked up when it is asked for."""
    return Category(id=strawberry.ID(str(category.id)), name=category.name, path=category.path)


def connection_of(products: ProductPage) -> ProductConnection:
    before = (products.page - 1) * products.per_page
    edges = [
        ProductEdge(node=product_of(item), cursor=_cursor(place))
        for place, item in enumerate(products.items, before + 1)
    ]
    info = PageInfo(
        has_next_page=before + products.per_page < products.total,
        has_previous_page=products.page > 1 and products.total > 0,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return ProductConnection(edges=edges, page_info=info, total_count=products.total)


async def _category(info: Info, category_id: str) -> CategoryNode | None:
    """From the one tree of this request; None for a category that has just gone."""
    left = list(await info.context.tree())
    while left:
        node = left.pop()
        if str(node.id) == category_id:
            return node
        left += node.children
    return None


def page_after(after: str | None, page: int, per_page: int) -> int:
    """The number of the page behind this cursor. Raises InvalidInput for what is not the end of a whole page."""
    if after is None:
        return page
    if page != 1:
        raise InvalidInput.of("after", "cannot be given together with page: it says itself where to go on")
    place = _place(after)
    if place is None or per_page < 1 or place % per_page:
        raise InvalidInput.of("after", "must be the endCursor of a whole page with the same perPage")
    return place // per_page + 1


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(f"{_PLACE}{place}".encode()).decode()


def _place(cursor: str) -> int | None:
    """The place that a cursor names; None for what is no cursor."""
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii")
    except ValueError:
        return None
    number = text.removeprefix(_PLACE)
    return int(number) if text.startswith(_PLACE) and number.isdecimal() and len(number) < 10 else None


def _moment(value: datetime | None) -> Moment | None:
    return None if value is None else Moment(value)


def _json(value: Any) -> JSON:
    return JSON(value)
