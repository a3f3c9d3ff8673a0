"""What plain SQL says of a catalogue: products, values, prices and variants that hold filters. The tests' judge."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import psycopg

Db = psycopg.Connection[Any]
Filters = Mapping[str, Any]

# One row for each thing that can be bought: a variant with its product's attributes, or the product itself.
BUYABLE = """
CREATE TEMP TABLE buyable AS
    SELECT row_number() OVER () AS row, product.id, product.sku, product.name, brand.name AS brand,
           category.path AS category, coalesce(product.price < product.compare_at_price, false) AS on_sale,
           variant.sku AS variant, coalesce(variant.price, product.price) AS price,
           coalesce(variant.inventory, product.inventory) > 0 AS in_stock,
           (product.attributes - coalesce((SELECT array_agg(DISTINCT name) FROM product_variants AS sibling,
                                           jsonb_object_keys(sibling.options) AS name
                                           WHERE sibling.product_id = product.id), '{}'))
           || coalesce(variant.options, '{}') AS attributes
    FROM products AS product
    LEFT JOIN product_variants AS variant ON variant.product_id = product.id
    LEFT JOIN brands AS brand ON brand.id = product.brand_id
    LEFT JOIN categories AS category ON category.id = product.category_id
    WHERE product.status = 'active';
CREATE TEMP TABLE held AS
    SELECT DISTINCT row, id, attribute.name,
           CASE jsonb_typeof(one) WHEN 'number' THEN trim_scale((one #>> '{}')::numeric)::text
                ELSE one #>> '{}' END AS value,
           CASE jsonb_typeof(one) WHEN 'number' THEN (one #>> '{}')::numeric END AS number
    FROM buyable, jsonb_each(attributes) AS attribute (name, many),
         jsonb_array_elements(CASE jsonb_typeof(many) WHEN 'array' THEN many ELSE jsonb_build_array(many) END) AS one
    WHERE jsonb_typeof(one) <> 'null' AND one #>> '{}' <> '';
CREATE INDEX ON held (row, name);
CREATE INDEX ON held (name, value);
"""  # fmt: skip


class Where(NamedTuple):
    """A condition on `buyable` and the values in it."""

    text: str
    values: list[Any]


class Shown(NamedTuple):
    """A product under filters: the sku of the variant that holds them (None without variants) and its price."""

    price: float
    id: str
    variant: str | None


def look(db: Db) -> None:
    """Take a look at the catalogue as it is now."""
    db.execute("DROP TABLE IF EXISTS buyable, held")
    db.execute(BUYABLE)


def without(filters: Filters, facet: str, stored: frozenset[str] = frozenset()) -> dict[str, Any]:
    """All filters but those of this facet; attributes in `stored` are names, however they end."""
    bounds = {f"{facet}_min", f"{facet}_max"} - {f"attr.{name}" for name in stored}
    return {name: held for name, held in filters.items() if name != facet and name not in bounds}


def where(filters: Filters, ids: list[str] | None = None, stored: frozenset[str] = frozenset()) -> Where:
    """`filters` are parameters of a search; attributes in `stored` are names, however they end."""
    found = [Where("true", [])]
    if ids is not None:
        found.append(Where("buyable.id = ANY (%s::uuid[])", [ids]))
    for name, held in filters.items():
        values = held if isinstance(held, list) else [held]
        attribute = name.removeprefix("attr.")
        if name.startswith("attr.") and attribute.endswith(("_min", "_max")) and attribute not in stored:
            continue
        if name.startswith("attr."):
            held_value = (
                "EXISTS (SELECT FROM held WHERE held.row = buyable.row AND held.name = %s AND value = ANY (%s))"
            )
            found.append(Where(held_value, [attribute, values]))
        elif name == "category":
            found.append(Where("(buyable.category = %s OR buyable.category LIKE %s || '/%%')", [held, held]))
        elif name == "brand":
            found.append(Where("lower(buyable.brand) = ANY (%s)", [[value.lower() for value in values]]))
        elif name in ("in_stock", "on_sale"):
            found.append(Where(f"buyable.{name}", []))
        elif name in ("price_min", "price_max"):
            found.append(Where(f"buyable.price {'>=' if name == 'price_min' else '<='} %s::numeric", [str(held)]))
        elif name == "q":
            found.append(Where("buyable.name ~* ('\\m' || %s || '\\M')", [held]))
    for name in {name[5:-4] for name in filters if name.startswith("attr.") and name[5:] not in stored}:
        low, high = (filters.get(f"attr.{name}_{end}") for end in ("min", "max"))
        if low is not None or high is not None:
            text = (
                "EXISTS (SELECT FROM held WHERE held.row = buyable.row AND held.name = %s"
                " AND number BETWEEN %s::numeric AND %s::numeric)"
            )
            limits = ["-Infinity" if low is None else str(low), "Infinity" if high is None else str(high)]
            found.append(Where(text, [name, *limits]))
    return Where(" AND ".join(part.text for part in found), [value for part in found for value in part.values])


def total(db: Db, held: Where) -> int:
    """Products with something to buy that holds every filter at once."""
    return int(_one(db, f"SELECT count(DISTINCT id) FROM buyable WHERE {held.text}", held.values)[0])


def counts(db: Db, facet: str, held: Where) -> dict[str, int]:
    """Products by value of a facet; a category counts those below it."""
    if facet == "brand":
        query, values = f"SELECT brand, count(DISTINCT id) FROM buyable WHERE {held.text} GROUP BY 1", held.values
    elif facet == "category":
        query = (
            "SELECT path, count(DISTINCT buyable.id) FROM buyable JOIN categories"
            f" ON category = path OR category LIKE path || '/%%' WHERE {held.text} GROUP BY 1"
        )
        values = held.values
    else:
        query = (
            "SELECT value, count(DISTINCT id) FROM buyable JOIN held USING (row, id)"
            f" WHERE held.name = %s AND {held.text} GROUP BY 1"
        )
        values = [facet.removeprefix("attr."), *held.values]
    return {str(value): products for value, products in db.execute(query, values) if value is not None}


def ends(db: Db, facet: str, held: Where) -> tuple[float | None, float | None]:
    """Lowest and highest price, or number of an attribute, of what holds every filter at once."""
    if facet == "price":
        row = _one(db, f"SELECT min(price), max(price) FROM buyable WHERE {held.text}", held.values)
    else:
        query = (
            "SELECT min(number), max(number) FROM buyable JOIN held USING (row, id)"
            f" WHERE held.name = %s AND {held.text}"
        )
        row = _one(db, query, [facet.removeprefix("attr."), *held.values])
    low, high = (None if limit is None else float(limit) for limit in row)
    return low, high


def by_price(db: Db, held: Where, order: str) -> list[Shown]:
    """Every product in the order of the price at which it holds the filters, ties by id."""
    query = f"""
        SELECT price, id, variant FROM (
            SELECT DISTINCT ON (id) price, id, variant FROM buyable WHERE {held.text} ORDER BY id, price {order}
        ) AS found ORDER BY price {order}, id"""
    return [Shown(float(price), str(key), variant) for price, key, variant in db.execute(query, held.values)]


def _one(db: Db, query: str, values: list[Any]) -> Any:
    row = db.execute(query, values).fetchone()
    assert row is not None
    return row
