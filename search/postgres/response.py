"""Rows of Postgres -> the contract's response, the same shape as Elasticsearch's. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mappings.attributes import unit_of
from mappings.product_v1 import NODE_SEPARATOR
from search.autocomplete.highlight import found as marked
from search.facets.category_tree import tree_of
from search.facets.labels import LABELS
from search.facets.response import empty, says_something, value, values_facet
from search.planning.facet_selection import FEW_VALUES
from search.planning.plan import Category, SearchPlan, named_attributes
from search.postgres.names import Names
from search.postgres.statements import MOST
from search.request import ATTRIBUTE, FIXED_FACETS
from search.result import interpreted

Row = Mapping[str, Any]
Facet = dict[str, Any]


def facet_names(plan: SearchPlan) -> tuple[str, ...]:
    """The facets to answer: those asked for, or the fixed ones and those of attributes that are filtered by."""
    if not plan.request.auto_facets:
        return plan.request.facets or ()
    return FIXED_FACETS + tuple(ATTRIBUTE + name for name in named_attributes(plan.request))


def build_response(
    plan: SearchPlan, names: Names, hits: Sequence[Row], facets: Sequence[Facet], query_id: str, currency: str
) -> dict[str, Any]:
    """The whole response but `took_ms`. There is no `next_cursor`: a walk needs a point in time."""
    request = plan.request
    products = [row for row in hits if row["id"] is not None]
    total = hits[0]["found"] if hits else 0
    first = 1 + (request.page - 1) * request.per_page
    return {
        "query_id": query_id,
        "query": {
            "text": request.q,
            "interpreted": interpreted(plan),
            "corrected_to": plan.query.words.text if plan.query.corrections and total else None,
            "dropped_terms": [*([] if total else [word for word, _ in plan.query.corrections]), *plan.query.dropped],
            "applied_rules": [],
        },
        "total": {"value": min(total, MOST), "exact": total <= MOST},
        "hits": [_hit(plan, names, row, place, currency) for place, row in enumerate(products, first)],
        "facets": list(facets),
        "page": request.page,
        "per_page": request.per_page,
        "next_cursor": None,
        "redirect": None,
        "banners": [],
        "degraded": True,
    }


def build_facets(plan: SearchPlan, names: Names, rows: Iterable[Row], currency: str) -> list[Facet]:
    """The facets in order. Where the choice is ours, those with nothing to choose are left out."""
    held: dict[str, list[Row]] = {}
    for row in rows:
        held.setdefault(row["facet"], []).append(row)
    found = {name: _facet(plan, names, name, held.get(name, []), currency) for name in facet_names(plan)}
    chosen = selected(plan)
    named = not plan.request.auto_facets
    return [facet for name, facet in found.items() if named or name in chosen or says_something(facet)]


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


def nodes_of(names: Names, rows: Iterable[Row]) -> dict[str, Any]:
    """Counts of categories and of all above them, as Elasticsearch gives them."""
    categories = {str(key): category for key, category in names.categories.items()}
    found: dict[str, int] = {}
    for row in rows:
        if (category := categories.get(row["value"])) is None:
            continue
        for held in (names.categories.get(key) for key in category.ids):
            if held is not None:
                node = NODE_SEPARATOR.join((held.path, held.names[-1], str(held.id)))
                found[node] = found.get(node, 0) + row["products"]
    return {"buckets": [{"key": node, "doc_count": products} for node, products in found.items()]}


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
    facet, request = empty(name), plan.request
    if name == "category":
        return facet | tree_of(plan, nodes_of(names, rows))
    if name == "price":
        low, high = (rows[0]["low"], rows[0]["high"]) if rows else (None, None)
        return facet | {"type": "range", "unit": currency, "min": _plain(low), "max": _plain(high)}
    if name in ("in_stock", "on_sale"):
        on = request.in_stock if name == "in_stock" else request.on_sale
        flag = value("true", LABELS[name], rows[0]["products"] if rows else 0, on)
        return facet | {"values": [flag], "total_values": 1}
    counts = counts_of(names, name, rows)
    if name == "brand":
        spelled = {brand.lower(): brand for brand in counts}
        return facet | values_facet(counts, {spelled.get(sent.lower(), sent) for sent in request.brands})
    attribute = name.removeprefix(ATTRIBUTE)
    if is_range(plan, name, rows):
        numbers = [row["low"] for row in rows if row["low"] is not None]
        ends = (min(numbers), max(numbers)) if numbers else (None, None)
        values = values_facet(counts, ()) if request.narrow else {}
        limits = {"type": "range", "unit": unit_of(attribute), "min": _plain(ends[0]), "max": _plain(ends[1])}
        return facet | values | limits
    return facet | values_facet(counts, dict(request.attributes).get(attribute, ()))


def _hit(plan: SearchPlan, names: Names, row: Row, position: int, currency: str) -> dict[str, Any]:
    variant = _variant(plan, row)
    category = names.categories.get(row["category_id"])
    highlight = marked(row["name"], plan.query.words.text.split()) if plan.query.words else None
    by_price = plan.request.sort in ("price_asc", "price_desc")
    hit = {
        "position": position,
        "id": str(row["id"]),
        "sku": row["sku"],
        "name": row["name"],
        "brand": row["brand"],
        "category": category and {"id": str(category.id), "name": category.names[-1], "path": category.path},
        "price": variant["price"] if variant else float(row["price"]),
        "currency": currency,
        "in_stock": variant["in_stock"] if variant else row["inventory"] > 0,
        "image": row["image"],
        "highlight": {"name": highlight} if highlight else {},
        "variant": variant,
        "pinned": False,
        "score": None if by_price and variant else float(row["rank"]),
    }
    if not plan.query.lets_words_lack:
        return hit
    missing = [word.text for word, held in zip(plan.query.words.wanted, row["words"], strict=False) if not held]
    return hit | {"missing": missing}


def _variant(plan: SearchPlan, row: Row) -> dict[str, Any] | None:
    """The variant that holds the filters, where one of these speaks of what variants differ in."""
    request = plan.request
    if row["unit_sku"] is None:
        return None
    chosen = any(plan.context.attribute_types.may_be_option(name) for name, _ in request.attributes)
    if request.price is None and not request.in_stock and not chosen:
        return None
    return {
        "sku": row["unit_sku"],
        "price": float(row["unit_price"]),
        "in_stock": row["unit_inventory"] > 0,
        "options": row["unit_options"],
    }


def _plain(number: Any) -> float | None:
    return None if number is None else float(number)
