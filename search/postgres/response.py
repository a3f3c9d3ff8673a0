"""Rows of Postgres -> results. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from mappings.attributes import unit_of
from search.autocomplete.highlight import found as marked
from search.facets.category_tree import CategoryCount, tree_values
from search.facets.ranges import RangeCounts
from search.facets.response import commonest_values, flag_facet, is_useful, list_facet, range_facet
from search.planning.facet_selection import FEW_VALUES
from search.planning.plan import Category, SearchPlan, named_attributes
from search.postgres.names import Names
from search.postgres.statements import MOST, Row
from search.request import ATTRIBUTE, FIXED_FACETS
from search.result import (
    UNNAMED,
    UNTIMED,
    Facet,
    Hit,
    HitCategory,
    Query,
    SearchResult,
    Total,
    Variant,
    interpretation,
)


def facet_names(plan: SearchPlan) -> tuple[str, ...]:
    """The facets to answer: those asked for, or the fixed ones and those of attributes that are filtered by."""
    if not plan.request.auto_facets:
        return plan.request.facets or ()
    return FIXED_FACETS + tuple(ATTRIBUTE + name for name in named_attributes(plan.request))


def build_result(
    plan: SearchPlan, names: Names, hits: Sequence[Row], facets: tuple[Facet, ...], currency: str
) -> SearchResult:
    """The result of the rows of a page. There is no `next_cursor`: a walk needs a point in time."""
    request = plan.request
    products = [row for row in hits if row["id"] is not None]
    total = hits[0]["found"] if hits else 0
    first = 1 + (request.page - 1) * request.per_page
    return SearchResult(
        query_id=UNNAMED,
        query=Query(
            text=request.q,
            interpreted=interpretation(plan),
            corrected_to=plan.query.words.text if plan.query.corrections and total else None,
            dropped_terms=(*(() if total else (word for word, _ in plan.query.corrections)), *plan.query.dropped),
            applied_rules=(),
        ),
        total=Total(min(total, MOST), total <= MOST),
        hits=tuple(_hit(plan, names, row, place, currency) for place, row in enumerate(products, first)),
        facets=facets,
        page=request.page,
        per_page=request.per_page,
        next_cursor=None,
        redirect=None,
        banners=(),
        degraded=True,
        took_ms=UNTIMED,
    )


def build_facets(plan: SearchPlan, names: Names, rows: Iterable[Row], currency: str) -> tuple[Facet, ...]:
    """The facets in order. Where the choice is ours, those with nothing to choose are left out."""
    rows_by_facet: dict[str, list[Row]] = {}
    for row in rows:
        rows_by_facet.setdefault(row["facet"], []).append(row)
    facets = [_facet(plan, names, name, rows_by_facet.get(name, []), currency) for name in facet_names(plan)]
    chosen, named = selected(plan), not plan.request.auto_facets
    return tuple(facet for facet in facets if named or facet.name in chosen or is_useful(facet))


def selected(plan: SearchPlan) -> tuple[str, ...]:
    """The facets in which something is selected, whose own counts ignore that."""
    request = plan.request
    fixed = (request.category, request.brands, request.price, request.in_stock, request.on_sale)
    attributes = (*dict(request.attributes), *dict(request.ranges))
    return (
        *(name for name, sent in zip(FIXED_FACETS, fixed, strict=True) if sent),
        *(ATTRIBUTE + name for name in dict.fromkeys(attributes)),
    )


def counts_of(names: Names, name: str, rows: Iterable[Row]) -> dict[str, int]:
    """Products by the text of each value of a facet that has values; brands by their names."""
    if name != "brand":
        return {row["value"]: row["products"] for row in rows}
    brands = {str(key): brand for key, brand in names.brands.items()}
    # A brand that is younger than the names is left out for the few seconds until they are read again.
    return {brands[row["value"]]: row["products"] for row in rows if row["value"] in brands}


def category_counts(names: Names, rows: Iterable[Row]) -> list[CategoryCount]:
    """Counts of categories and of all above them."""
    by_text = {str(key): category for key, category in names.categories.items()}
    products: dict[UUID, int] = {}
    for row in rows:
        if (category := by_text.get(row["value"])) is not None:
            for key in category.ids:
                if key in names.categories:
                    products[key] = products.get(key, 0) + row["products"]
    counted = ((names.categories[key], count) for key, count in products.items())
    return [CategoryCount(category.path, category.names[-1], count) for category, count in counted]


def chosen_category(names: Names, sent: str, path: str) -> Category | None:
    """The category that was chosen by its id or path, as the catalogue knows it."""
    for category in names.categories.values():
        if str(category.id) == sent.lower() or category.path == path:
            return Category(category.path, category.names[-1])
    return None


def is_range(plan: SearchPlan, name: str, rows: Sequence[Row]) -> bool:
    """Whether an attribute with these values is shown as a range, as it is with Elasticsearch."""
    attribute = name.removeprefix(ATTRIBUTE)
    types = plan.context.attribute_types
    known = attribute in types
    number = types.is_number(attribute) if known else rows and all(row["low"] is not None for row in rows)
    few = len(rows) <= FEW_VALUES and attribute not in dict(plan.request.ranges)
    return bool(number) and not few and attribute not in dict(plan.request.attributes)


def _facet(plan: SearchPlan, names: Names, name: str, rows: Sequence[Row], currency: str) -> Facet:
    request = plan.request
    if name == "category":
        return list_facet(name, tree_values(plan, category_counts(names, rows)), type="tree")
    if name == "price":
        limits = RangeCounts(_plain(rows[0]["low"]), _plain(rows[0]["high"])) if rows else RangeCounts()
        return range_facet(name, currency, limits)
    if name in ("in_stock", "on_sale"):
        return flag_facet(plan, name, rows[0]["products"] if rows else 0)
    counts = counts_of(names, name, rows)
    if name == "brand":
        spelled = {brand.lower(): brand for brand in counts}
        return list_facet(name, *commonest_values(counts, {spelled.get(sent.lower(), sent) for sent in request.brands}))
    attribute = name.removeprefix(ATTRIBUTE)
    if is_range(plan, name, rows):
        numbers = [row["low"] for row in rows if row["low"] is not None]
        limits = RangeCounts(_plain(min(numbers)), _plain(max(numbers))) if numbers else RangeCounts()
        values, total = commonest_values(counts, ()) if request.narrow else ([], 0)
        return range_facet(name, unit_of(attribute), limits, total, values)
    return list_facet(name, *commonest_values(counts, dict(request.attributes).get(attribute, ())))


def _hit(plan: SearchPlan, names: Names, row: Row, position: int, currency: str) -> Hit:
    variant = _variant(plan, row)
    category = names.categories.get(row["category_id"])
    highlight = marked(row["name"], plan.query.words.text.split()) if plan.query.words else None
    by_price = plan.request.sort in ("price_asc", "price_desc")
    partial = plan.query.lets_words_lack
    return Hit(
        position=position,
        id=str(row["id"]),
        sku=row["sku"],
        name=row["name"],
        brand=row["brand"],
        category=HitCategory(str(category.id), category.names[-1], category.path) if category else None,
        price=variant.price if variant else float(row["price"]),
        currency=currency,
        in_stock=variant.in_stock if variant else row["inventory"] > 0,
        image=row["image"],
        highlight={"name": highlight} if highlight else {},
        variant=variant,
        pinned=False,
        score=None if by_price and variant else float(row["rank"]),
        missing=_missing(plan, row) if partial else None,
    )


def _missing(plan: SearchPlan, row: Row) -> tuple[str, ...]:
    flags = zip(plan.query.words.wanted, row["words"], strict=False)
    return tuple(word.text for word, contained in flags if not contained)


def _variant(plan: SearchPlan, row: Row) -> Variant | None:
    """The variant that holds the filters, where one of these speaks of what variants differ in."""
    request = plan.request
    if row["unit_sku"] is None:
        return None
    chosen = any(plan.context.attribute_types.may_be_option(name) for name, _ in request.attributes)
    if request.price is None and not request.in_stock and not chosen:
        return None
    return Variant(row["unit_sku"], float(row["unit_price"]), row["unit_inventory"] > 0, row["unit_options"])


def _plain(number: Any) -> float | None:
    return None if number is None else float(number)
