"""What the product page reads from Postgres, so that it stands while search is away."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.schemas.product_out import ProductOut
from catalog.services import product_reads

_NAMES = text("SELECT names FROM categories WHERE id = :id")


async def product_with_names(session: AsyncSession, product_id: UUID, currency: str) -> tuple[ProductOut, list[str]]:
    """A published product, and the names of its category from the root. Raises NotFound."""
    product = await product_reads.get(session, product_id, currency, published_only=True)
    if product.category is None:
        return product, []
    names: list[str] | None = await session.scalar(_NAMES, {"id": product.category.id})
    return product, names or [product.category.name]
