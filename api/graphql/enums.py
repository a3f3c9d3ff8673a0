"""Words with a fixed set of values, spelled as REST spells them."""

from enum import Enum

import strawberry


@strawberry.enum(description="Only active products inside their dates are published.")
class ProductStatus(Enum):
    draft = "draft"
    active = "active"
    archived = "archived"


@strawberry.enum(description="Ties are always broken by id.")
class SearchSort(Enum):
    relevance = "relevance"
    price_asc = "price_asc"
    price_desc = "price_desc"
    newest = "newest"
    popularity = "popularity"
    # A member can't be called `name`, which every member has already.
    by_name = strawberry.enum_value("name", name="name")


@strawberry.enum(description="How a facet is shown: values to tick, a range to narrow, a tree to open.")
class FacetType(Enum):
    values = "values"
    range = "range"
    tree = "tree"
