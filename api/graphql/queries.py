"""The questions of this door. Each reads its arguments, asks the service, and shapes the answer."""

from dataclasses import replace
from typing import Annotated, Any

import strawberry
from strawberry.types.nodes import FragmentSpread, InlineFragment, SelectedField, Selection

from api.dependencies import parse_id
from api.graphql.autocomplete_types import Autocomplete
from api.graphql.context import Info
from api.graphql.enums import SearchSort
from api.graphql.inputs import listed
from api.graphql.products import (
    After,
    Category,
    Page,
    PerPage,
    Product,
    ProductConnection,
    category_of,
    connection_of,
    page_after,
    product_of,
)  # fmt: skip
from api.graphql.search_input import SearchFilters, filters_input, shown_facets
from api.graphql.search_types import SearchResult
from catalog.errors import NotFound
from catalog.schemas.category import CategoryNode
from search import result
from search.input import AutocompleteInput

Facets = Annotated[
    list[str] | None,
    strawberry.argument(description="Names, `auto` (the default) or `none`; none where they are not selected."),
]
Everything = Annotated[bool, strawberry.argument(description="Every category in one list, not the roots alone.")]


@strawberry.type
class Query:
    @strawberry.field(description="null for an id that names no product, or none that may be seen.")
    async def product(self, info: Info, id: strawberry.ID) -> Product | None:
        try:
            wanted = parse_id(id, "product")
        except NotFound:
            return None
        row = await info.context.products.load(wanted)
        return product_of(row) if row else None

    @strawberry.field(description="From the database: newest first, or best match first when searched.")
    async def products(
        self,
        info: Info,
        page: Page = 1,
        per_page: PerPage = 20,
        search: Annotated[str | None, strawberry.argument(description="Full text, or a sku.")] = None,
        category: Annotated[str | None, strawberry.argument(description="Path, names from the root, or id.")] = None,
        after: After = None,
    ) -> ProductConnection:
        query = listed(
            page=page_after(after, page, per_page), per_page=per_page, search=search or "", category=category or ""
        )
        products = await info.context.services.products.list(await info.context.confirmed(), **query.model_dump())
        return connection_of(products)

    @strawberry.field(description="The roots of the category tree.")
    async def categories(self, info: Info, all: Everything = False) -> list[Category]:
        roots = await info.context.tree()
        return [category_of(node) for node in (_everything(roots) if all else roots)]

    @strawberry.field(description="Search, with facets. `q` left out browses.", graphql_type=SearchResult)
    async def search(
        self,
        info: Info,
        q: str | None = None,
        filters: SearchFilters | None = None,
        sort: SearchSort = SearchSort.relevance,
        page: Page = 1,
        per_page: PerPage = 20,
        cursor: Annotated[str | None, strawberry.argument(description="`*`, then each nextCursor.")] = None,
        facets: Facets = None,
        exact: Annotated[bool, strawberry.argument(description="The words as they are typed.")] = False,
    ) -> result.SearchResult:
        search = replace(
            filters_input(filters),
            q=q or "",
            sort=sort.value,
            page=page,
            per_page=per_page,
            cursor=cursor,
            facets=shown_facets(facets, selected=_selects(info.selected_fields, "facets")),
            exact=exact,
        )
        return await info.context.services.search.search(info.context.who, search)

    @strawberry.field(
        description="What is being typed, completed; nothing that leads to no product.", graphql_type=Autocomplete
    )
    async def autocomplete(
        self,
        info: Info,
        q: str,
        limit: Annotated[int, strawberry.argument(description="1 to 20 in each section")] = 8,
        category: str | None = None,
    ) -> result.AutocompleteResult:
        typed = AutocompleteInput(q, limit, category)
        return await info.context.services.search.autocomplete(info.context.who, typed)


def _everything(roots: list[CategoryNode]) -> list[CategoryNode]:
    """Parents before their children."""
    return [node for root in roots for node in (root, *_everything(root.children))]


def _selects(selected: list[Selection], name: str) -> bool:
    """Whether a field directly below these is asked for."""
    return any(_asks(below, name) for field in selected for below in field.selections)


def _asks(selection: Any, name: str) -> bool:
    if isinstance(selection, SelectedField):
        return selection.name == name
    assert isinstance(selection, FragmentSpread | InlineFragment)
    return any(_asks(below, name) for below in selection.selections)
