"""The statements that answer a search without Elasticsearch: a first look, a page of hits, counts of facets. Pure.

Each has a bound on what it looks at: `MOST` products that hold the words and filters. With more, the total is "at
least so many", and hits and counts are of those.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from catalog.filter_conditions import UNIT_VALUE, UNITS, Bound
from search.planning.attribute_types import Kinds
from search.planning.plan import ENOUGH
from search.postgres.conditions import (
    SqlFilter,
    Wanted,
    applied,
    filters_of,
    holds,
    identified_sql,
    matches,
    rank,
    unit_conditions,
    visible,
)
from search.request import ATTRIBUTE, SearchRequest

MOST = 10_000
# Names to find a mistyped word among, and those looked at to find the most similar ones.
SIMILAR, LOOKED_AT = 40, 400
# Values counted in one facet of an attribute.
VALUES = 1000

IMAGE = "(SELECT i.url FROM product_images i WHERE i.product_id = p.id ORDER BY i.position, i.id LIMIT 1)"
_ORDERS = {
    "price_asc": "{0} ASC",
    "price_desc": "{0} DESC",
    "newest": "p.created_at DESC",
    "popularity": "p.popularity DESC",
    "name": "lower(p.name) ASC",
}
# Every value of the jsonb {0} as the text that it is shown and filtered by.
_TEXTS = """
    LATERAL (SELECT CASE jsonb_typeof(e) WHEN 'number' THEN trim_scale((e #>> '{{}}')::numeric)::text
                    ELSE e #>> '{{}}' END AS value, jsonb_typeof(e) = 'number' AS is_number
             FROM jsonb_array_elements(CASE jsonb_typeof({0}) WHEN 'array' THEN {0}
                                       ELSE jsonb_build_array({0}) END) AS e
             WHERE jsonb_typeof(e) <> 'null' AND e <> '""') AS held
"""


# A row by the names of its columns.
Row = Mapping[str, Any]


class Statement(NamedTuple):
    """SQL with names of bound values, and these values."""

    sql: str
    values: dict[str, object]


def names_statements() -> tuple[Statement, Statement, Statement]:
    """All categories, all brands, and whether there is an index of trigrams."""
    return (
        Statement(f"SELECT id, path, names, ids FROM categories LIMIT {MOST}", {}),  # noqa: S608
        Statement(f"SELECT id, name FROM brands ORDER BY id LIMIT {MOST}", {}),  # noqa: S608
        Statement("SELECT to_regclass('ix_products_name_trgm') IS NOT NULL AS there", {}),
    )


def identified_statement(identifier: str, prefix: str, parts: Sequence[str]) -> Statement | None:
    """Products by sku, GTIN or model number; None with nothing to look up."""
    bound = Bound()
    sql = identified_sql(identifier, prefix, parts, bound)
    return Statement(sql, bound.values) if sql else None


def look_statement(request: SearchRequest, wanted: Wanted) -> Statement:
    """Whether enough products hold all words (`every`), any is identified, and which words are held (`w0`, …).

    Only the words and forced filters decide how strict a search is, as they do with Elasticsearch.
    """
    bound = Bound()
    shown = visible(request.forced, bound)
    whole = wanted.identified.whole
    columns = [f"(SELECT count(*) FROM ({_some(shown, matches(wanted, bound), ENOUGH)}) AS c) AS every"]  # noqa: S608
    named = f"p.id = ANY ({bound(list(whole), 'uuid[]')})"
    columns.append(f"EXISTS ({_some(shown, named, 1)}) AS identified" if whole else "false AS identified")
    columns += [
        f"EXISTS ({_some(shown, holds(slot, bound), 1)}) AS w{number}" for number, slot in enumerate(wanted.slots)
    ]
    return Statement(f"SELECT {', '.join(columns)}", bound.values)


def similar_statement(request: SearchRequest, words: Sequence[str]) -> Statement:
    """Rows (word, name): names of products in which some word is spelled nearly like one of these."""
    bound = Bound()
    shown = visible(request.forced, bound)
    parts = []
    for word in words:
        sent = bound(word, "text")
        near = f"SELECT p.name FROM products p WHERE {shown} AND p.name %> {sent} LIMIT {LOOKED_AT}"  # noqa: S608
        parts.append(
            f"(SELECT {sent} AS word, name FROM ({near}) AS near"  # noqa: S608
            f" ORDER BY word_similarity({sent}, name) DESC, name LIMIT {SIMILAR})"
        )
    return Statement(" UNION ALL ".join(parts), bound.values)


def hits_statement(request: SearchRequest, wanted: Wanted, kinds: Kinds) -> Statement:
    """One page, with `found` products in every row; without any, a row whose id is null."""
    bound = Bound()
    filters = filters_of(request, kinds, bound)
    units = unit_conditions(filters)
    order, browsing = _order(request, wanted, units), not wanted
    where = f"{visible(request.forced, bound)} AND {matches(wanted, bound)} AND {applied(filters)}"
    # Of all products, the first in the order can be read off an index; a price of units is no column.
    best = f"ORDER BY {order}, p.id" if browsing and not (units and request.sort.startswith("price")) else ""
    shown = "DESC" if request.sort == "price_desc" else "ASC"
    words = ", ".join(holds(slot, bound) for slot in wanted.slots) if wanted.needed is not None else ""
    sql = f"""
        WITH held AS MATERIALIZED (
            SELECT p.id, {rank(wanted, bound)} AS rank FROM products p WHERE {where} {best} LIMIT {MOST + 1}
        ), page AS (
            SELECT p.id, held.rank, row_number() OVER (ORDER BY {order}, p.id) AS place
            FROM held JOIN products p ON p.id = held.id
            ORDER BY {order}, p.id LIMIT {bound(request.per_page, "bigint")}
            OFFSET {bound((request.page - 1) * request.per_page, "bigint")}
        )
        SELECT total.found, page.rank, p.id, p.sku, p.name, p.price, p.inventory, p.category_id, b.name AS brand,
               {IMAGE} AS image, shown.sku AS unit_sku, shown.price AS unit_price,
               shown.inventory AS unit_inventory, shown.options AS unit_options,
               ARRAY[{words}]::boolean[] AS words
        FROM (SELECT count(*) AS found FROM held) AS total LEFT JOIN page ON true
        LEFT JOIN products p ON p.id = page.id LEFT JOIN brands b ON b.id = p.brand_id
        LEFT JOIN LATERAL (
            SELECT * FROM ({UNITS}) AS u WHERE u.is_variant AND {units or "false"}
            ORDER BY u.price {shown}, u.position LIMIT 1
        ) AS shown ON true
        ORDER BY page.place
    """  # noqa: S608
    return Statement(sql, bound.values)


def facets_statement(
    request: SearchRequest, wanted: Wanted, kinds: Kinds, names: Collection[str], without: str | None = None
) -> Statement:
    """Rows (facet, value, products, low, high) of these facets under all filters but those of the facet `without`."""
    bound = Bound()
    filters = [item for item in filters_of(request, kinds, bound) if item.facet != without]
    where = f"{visible(request.forced, bound)} AND {matches(wanted, bound)} AND {applied(filters)}"
    sql = f"""
        WITH held AS MATERIALIZED (
            SELECT p.id, p.price, p.compare_at_price, p.brand_id, p.category_id FROM products p
            WHERE {where} LIMIT {MOST}
        ), units AS ({_units(filters)})
        {" UNION ALL ".join(_counts(names, filters, bound))}
    """  # noqa: S608
    return Statement(sql, bound.values)


def _counts(names: Iterable[str], filters: Sequence[SqlFilter], bound: Bound) -> Iterable[str]:
    none = "NULL::numeric AS low, NULL::numeric AS high"
    for name in names:
        if name in ("category", "brand"):
            yield (
                f"SELECT '{name}' AS facet, {name}_id::text AS value, count(*) AS products, {none}"  # noqa: S608
                f" FROM held WHERE {name}_id IS NOT NULL GROUP BY {name}_id"
            )
        elif name == "price":
            yield (
                "SELECT 'price' AS facet, NULL AS value, count(*) AS products, min(price) AS low, max(price) AS high"
                " FROM units"
            )
        elif name == "in_stock":
            yield (
                f"SELECT 'in_stock' AS facet, 'true' AS value, count(DISTINCT id) AS products, {none}"  # noqa: S608
                " FROM units WHERE inventory > 0"
            )
        elif name == "on_sale":
            yield (
                f"SELECT 'on_sale' AS facet, 'true' AS value, count(*) AS products, {none}"  # noqa: S608
                " FROM held WHERE price < compare_at_price"
            )
        else:
            yield _attribute(name, filters, bound)


def _attribute(name: str, filters: Sequence[SqlFilter], bound: Bound) -> str:
    """The commonest values of one attribute, with the number that a value is, where it is one."""
    attribute = bound(name.removeprefix(ATTRIBUTE), "text")
    value = UNIT_VALUE.format(attribute)
    number = "CASE WHEN held.is_number THEN held.value::numeric END"
    return f"""(
        SELECT {bound(name, "text")} AS facet, held.value, count(DISTINCT own.id) AS products,
               min({number}) AS low, max({number}) AS high
        FROM (SELECT p.id, {value} AS value FROM held JOIN products p ON p.id = held.id
              CROSS JOIN LATERAL ({UNITS}) AS u WHERE {unit_conditions(filters) or "true"}) AS own
        CROSS JOIN {_TEXTS.format("own.value")}
        WHERE own.value IS NOT NULL GROUP BY held.value ORDER BY products DESC, held.value LIMIT {VALUES}
    )"""  # noqa: S608


def count_statement(conditions: Iterable[str], shown: str, bound: Bound, most: int) -> Statement:
    """One row (`c0`, …) with how many products fulfil each condition, counted up to `most`."""
    columns = [
        f"(SELECT count(*) FROM ({_some(shown, test, most)}) AS c) AS c{number}"  # noqa: S608
        for number, test in enumerate(conditions)
    ]
    return Statement(f"SELECT {', '.join(columns)}", bound.values)


def _some(shown: str, test: str, most: int) -> str:
    return f"SELECT 1 FROM products p WHERE {shown} AND {test} LIMIT {most}"  # noqa: S608


def _units(filters: Sequence[SqlFilter]) -> str:
    return (
        f"SELECT p.id, u.price, u.inventory FROM held JOIN products p ON p.id = held.id"  # noqa: S608
        f" CROSS JOIN LATERAL ({UNITS}) AS u WHERE {unit_conditions(filters) or 'true'}"
    )


def _order(request: SearchRequest, wanted: Wanted, units: str) -> str:
    """Ties are broken by id, by whoever orders."""
    if request.sort in ("price_asc", "price_desc"):
        return _by_price(request, units)
    if request.sort == "relevance":
        return "rank DESC" if wanted else _ORDERS["popularity"]
    return _ORDERS[request.sort]


def _by_price(request: SearchRequest, units: str) -> str:
    """By the price of the unit that holds the filters, where these speak of units."""
    end = "max" if request.sort == "price_desc" else "min"
    price = f"(SELECT {end}(u.price) FROM ({UNITS}) AS u WHERE {units})" if units else "p.price"  # noqa: S608
    return _ORDERS.get(request.sort, "{0} ASC").format(price)
