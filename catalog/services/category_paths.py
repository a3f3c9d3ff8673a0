"""Finding and making categories by path. Paths are matched by slug, so case, accents and spacing do not matter."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.models import Category
from catalog.schemas.fields import CATEGORY_SEPARATOR, category_names, slugify


async def ensure(session: AsyncSession, category: str) -> UUID:
    """The id of 'Audio > Headphones'; missing levels are made from the root down, also while others make them."""
    names = category_names(category)
    category_id = await _by_path(session, _path(names))
    return category_id or await _make(session, names)


async def _make(session: AsyncSession, names: Sequence[str]) -> UUID:
    parent_id: UUID | None = None
    for depth, name in enumerate(names, start=1):
        path = _path(names[:depth])
        # The path is derived by a trigger before the unique key is checked, so the conflict is seen on it.
        make = insert(Category).values(parent_id=parent_id, name=name, slug=slugify(name))
        make = make.on_conflict_do_nothing(index_elements=[Category.path])
        category_id: UUID | None = None
        while category_id is None:
            category_id = await _by_path(session, path) or await session.scalar(make.returning(Category.id))
        parent_id = category_id
    assert parent_id is not None, "a path has at least one name"
    return parent_id


async def _by_path(session: AsyncSession, path: str) -> UUID | None:
    return await session.scalar(select(Category.id).where(Category.path == path))


def _path(names: Sequence[str]) -> str:
    return "/".join(slugify(name) for name in names)


def slug_path(address: str) -> str:
    """'Electronics > Audio', 'Electronics/Audio' and '/electronics/audio/' -> 'electronics/audio'."""
    separator = CATEGORY_SEPARATOR if CATEGORY_SEPARATOR in address else "/"
    return "/".join(filter(None, (slugify(part) for part in address.split(separator))))
