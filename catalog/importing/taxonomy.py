"""Brands and categories of a chunk: found by name and path, and created when they are missing."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow

from catalog.importing.parse import ProductLine
from catalog.schemas.fields import slugify

Connection = psycopg.Connection[TupleRow]

FIND_BRANDS = """
SELECT given.name, brands.id FROM unnest(%s::text[]) AS given (name)
JOIN brands ON lower(brands.name) = lower(given.name)
"""
# In one order everywhere: two imports that create the same brands must not wait for each other crosswise.
CREATE_BRANDS = """
INSERT INTO brands (name)
SELECT DISTINCT ON (lower(name)) name FROM unnest(%s::text[]) AS given (name) ORDER BY lower(name), name
ON CONFLICT DO NOTHING
"""
FIND_CATEGORIES = "SELECT path, id FROM categories WHERE path = ANY(%s)"
CREATE_ROOTS = """
INSERT INTO categories (slug, name)
SELECT * FROM unnest(%s::text[], %s::text[]) AS given (slug, name) ORDER BY slug
ON CONFLICT DO NOTHING
"""
CREATE_CATEGORIES = """
INSERT INTO categories (parent_id, slug, name)
SELECT parent.id, given.slug, given.name
FROM unnest(%s::text[], %s::text[], %s::text[]) AS given (parent, slug, name)
JOIN categories AS parent ON parent.path = given.parent
ORDER BY given.parent, given.slug
ON CONFLICT DO NOTHING
"""
FIND_CATEGORY_IDS = "SELECT id FROM categories WHERE id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The brands and categories of one chunk of lines."""

    #: Ids by name, in the spelling of the lines.
    brands: dict[str, UUID]
    #: Ids by path.
    categories: dict[str, UUID]
    #: Those ids in the lines that exist.
    category_ids: frozenset[UUID]


def resolve(connection: Connection, lines: Iterable[ProductLine]) -> Taxonomy:
    """Find or create everything that the lines name. What is created is committed at once: holding the new rows of a
    shared brand or category until a whole chunk is written would make other writers wait for it.
    """
    lines = list(lines)
    brands = sorted({line.brand for line in lines if line.brand})
    names = {category_path(line.category): line.category for line in lines if line.category}
    given_ids = {line.category_id for line in lines if line.category_id}
    ids = connection.execute(FIND_CATEGORY_IDS, [list(given_ids)]).fetchall() if given_ids else []
    return Taxonomy(_brands(connection, brands), _categories(connection, names), frozenset(row[0] for row in ids))


@lru_cache(4096)
def category_path(names: tuple[str, ...]) -> str:
    return "/".join(slugify(name) for name in names)


def _brands(connection: Connection, names: list[str]) -> dict[str, UUID]:
    ids: dict[str, UUID] = dict(connection.execute(FIND_BRANDS, [names]).fetchall()) if names else {}
    if missing := [name for name in names if name not in ids]:
        with connection.transaction():
            connection.execute(CREATE_BRANDS, [missing])
        ids = dict(connection.execute(FIND_BRANDS, [names]).fetchall())
    return ids


def _categories(connection: Connection, names: dict[str, tuple[str, ...]]) -> dict[str, UUID]:
    """`names` are the names from the root by path; a stored category keeps the spelling of its name."""
    ids: dict[str, UUID] = dict(connection.execute(FIND_CATEGORIES, [list(names)]).fetchall()) if names else {}
    missing = [names[path] for path in names if path not in ids]
    if not missing:
        return ids
    with connection.transaction():
        for depth in range(max(map(len, missing))):
            level = {category_path(parts[: depth + 1]): parts[: depth + 1] for parts in missing if len(parts) > depth}
            slugs = [slugify(parts[-1]) for parts in level.values()]
            labels = [parts[-1] for parts in level.values()]
            if depth == 0:
                connection.execute(CREATE_ROOTS, [slugs, labels])
            else:
                parents = [category_path(parts[:-1]) for parts in level.values()]
                connection.execute(CREATE_CATEGORIES, [parents, slugs, labels])
    return dict(connection.execute(FIND_CATEGORIES, [list(names)]).fetchall())
