"""Tables. Importing this package registers every one of them with `Base.metadata`."""

from catalog.models.base import Base
from catalog.models.job import Counter, Job, ReindexChunk
from catalog.models.product import Product, ProductImage, ProductVariant, Sku
from catalog.models.sync import Fanout, ProductSync, SearchIndex
from catalog.models.synonym import Revision, Synonym
from catalog.models.taxonomy import Brand, Category
from catalog.models.user import ROLES, User

__all__ = [
    "ROLES",
    "Base",
    "Brand",
    "Category",
    "Counter",
    "Fanout",
    "Job",
    "Product",
    "ProductImage",
    "ProductSync",
    "ProductVariant",
    "ReindexChunk",
    "Revision",
    "SearchIndex",
    "Sku",
    "Synonym",
    "User",
]
