"""One chunk in one transaction: stage, refuse what can not land, compare, lock, write."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID, uuid4

from catalog.errors import FieldError
from catalog.importing import statements
from catalog.importing.parse import CLEARED, ProductLine, dump, rejected
from catalog.importing.records import LineResult, Status
from catalog.importing.taxonomy import Connection, Taxonomy, category_path, resolve

Results = dict[int, LineResult]


class Overtaken(Exception):
    """Another writer changed what this chunk had just read: run the chunk again."""


def write(connection: Connection, lines: Sequence[ProductLine]) -> Results:
    """Results by line. No sku may appear twice among `lines`; the connection must be in autocommit mode.

    A line that takes a sku from an earlier one of these lines has no result: it must be written after this call. Raises
    Overtaken or psycopg.Error, with nothing of the chunk written.
    """
    taxonomy = resolve(connection, lines)
    results = _refuse_unknown_categories(lines, taxonomy)
    waiting = {line.line: line for line in lines if line.line not in results}
    with connection.transaction():
        connection.execute(statements.CONFIGURE)
        stored: dict[str, UUID] = dict(
            connection.execute(statements.FIND_STORED, [[line.sku for line in waiting.values()]]).fetchall()
        )
        # The ids of new products are random like those that the table gives: their first byte is their bucket.
        ids = {line.line: stored.get(line.sku) or uuid4() for line in waiting.values()}
        _stage(connection, waiting.values(), ids, stored, taxonomy)
        refused, later = _conflicts(connection, waiting)
        results |= refused
        _take_off(connection, waiting, refused.keys() | later)
        unchanged = _compare(connection, waiting, stored)
        results |= unchanged
        _take_off(connection, waiting, unchanged.keys())
        if waiting:
            _write_staged(connection, waiting.values(), stored)
    for number, line in waiting.items():
        status: Status = "updated" if line.sku in stored else "created"
        results[number] = LineResult(number, status, line.sku, ids[number])
    return results


def _refuse_unknown_categories(lines: Iterable[ProductLine], taxonomy: Taxonomy) -> Results:
    wrong = FieldError("category_id", "there is no category with this id")
    return {
        line.line: rejected(line.line, line.sku, [wrong])
        for line in lines
        if line.category_id and line.category_id not in taxonomy.category_ids
    }


def _stage(
    connection: Connection,
    lines: Iterable[ProductLine],
    ids: dict[int, UUID],
    stored: dict[str, UUID],
    taxonomy: Taxonomy,
) -> None:
    rows, images, variants = [], [], []
    for line in lines:
        number = line.line
        parts = (line.images is not None, line.alts, line.variants is not None)
        rows.append((number, ids[number], line.sku in stored, line.sku, _fields(line, taxonomy), *parts))
        images += [(number, place, *image) for place, image in enumerate(line.images or ())]
        variants += [(number, place, *variant) for place, variant in enumerate(line.variants or ())]
    connection.execute(statements.STAGE)
    _copy(connection, statements.COPY_LINES, rows)
    _copy(connection, statements.COPY_IMAGES, images)
    _copy(connection, statements.COPY_VARIANTS, variants)
    connection.execute(statements.ANALYZE)


def _fields(line: ProductLine, taxonomy: Taxonomy) -> str:
    """The columns that the line gives, with the ids of its brand and category."""
    try:
        ids = {
            "brand_id": taxonomy.brands[line.brand] if line.brand else None,
            "category_id": taxonomy.categories[category_path(line.category)] if line.category else line.category_id,
        }
    except KeyError:
        raise Overtaken("a brand or category was deleted as soon as it was created") from None
    # Put in as text: taking the object apart again would cost more than all the rest here. Of two equal names in an
    # object Postgres keeps the last, and the line's own is a null.
    return line.fields[:-1] + "".join(f',"{name}":"{value}"' for name, value in ids.items() if value) + "}"


def _copy(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for row in rows:
            copy.write_row(row)


def _take_off(connection: Connection, waiting: dict[int, ProductLine], numbers: Collection[int]) -> None:
    if numbers:
        connection.execute(statements.DROP_LINES, [list(numbers)])
    for number in numbers:
        del waiting[number]


def _conflicts(connection: Connection, waiting: dict[int, ProductLine]) -> tuple[Results, set[int]]:
    """Results of the lines that want another product's sku, and the lines whose sku an earlier line may set free."""
    replacing = {line.sku: number for number, line in waiting.items() if line.variants is not None}
    errors: dict[int, list[FieldError]] = {}
    later: set[int] = set()
    for number, field, sku, owner, is_variant in connection.execute(statements.FIND_CONFLICTS):
        if owner == waiting[number].sku:
            raise Overtaken("a product was created since it was read")
        if is_variant and replacing.get(owner, number) < number:
            later.add(number)
        role = f"is a variant of the product {owner!r}" if is_variant else "is a product of its own"
        errors.setdefault(number, []).append(FieldError(field, f"the sku {sku!r} {role}"))
    refused = {
        number: rejected(number, waiting[number].sku, messages)
        for number, messages in errors.items()
        if number not in later
    }
    return refused, later


def _compare(connection: Connection, waiting: dict[int, ProductLine], stored: dict[str, UUID]) -> Results:
    """Results of the lines whose products are stored and that have nothing to write."""
    results: Results = {}
    compared = 0
    for line, window_empty, differs in connection.execute(statements.COMPARE):
        compared += 1
        sku = waiting[line].sku
        if window_empty:
            wrong = FieldError("publish_until", "must be later than publish_from, also than the one that is stored")
            results[line] = rejected(line, sku, [wrong])
        elif not differs:
            results[line] = LineResult(line, "unchanged", sku, stored[sku])
    if compared < sum(line.sku in stored for line in waiting.values()):
        raise Overtaken("a product was deleted or renamed since it was read")
    return results


def _write_staged(connection: Connection, lines: Iterable[ProductLine], stored: dict[str, UUID]) -> None:
    old = [line for line in lines if line.sku in stored]
    new = [line for line in lines if line.sku not in stored]
    if old:
        if len(connection.execute(statements.LOCK).fetchall()) < len(old):
            raise Overtaken("a product was deleted or renamed since it was read")
        connection.execute(statements.UPDATE)
        if any(line.images is not None for line in old):
            connection.execute(statements.REPLACE_IMAGES)
        if any(line.variants is not None for line in old):
            connection.execute(statements.REPLACE_VARIANTS)
    if new:
        connection.execute(statements.INSERT, [dump(CLEARED)])
        if any(line.images for line in new):
            connection.execute(statements.INSERT_IMAGES)
        if any(line.variants for line in new):
            connection.execute(statements.INSERT_VARIANTS)
