"""Brands: distinguished by name, regardless of case."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.models import Brand


async def ensure(session: AsyncSession, name: str) -> UUID:
    """The id of the brand with this name in any case; made if there is none, also while another one makes it."""
    find = select(Brand.id).where(func.lower(Brand.name) == func.lower(name))
    make = insert(Brand).values(name=name).on_conflict_do_nothing(index_elements=[func.lower(Brand.name)])
    while True:
        brand_id = await session.scalar(find)
        if brand_id is None:
            brand_id = await session.scalar(make.returning(Brand.id))
        if brand_id is not None:
            return brand_id
