"""Results of searches for tests that need no server: plain ones, but for the fields that a test names."""

from typing import Any

from search.result import Bucket, Facet, FacetValue, Hit, Interpretation, Query, SearchResult, Total


def a_hit(sku: str = "M", **fields: Any) -> Hit:
    plain: dict[str, Any] = {
        "position": 1,
        "id": f"id of {sku}",
        "sku": sku,
        "name": f"Name of {sku}",
        "brand": None,
        "category": None,
        "price": 9.0,
        "currency": "USD",
        "in_stock": True,
        "image": None,
        "highlight": {},
        "variant": None,
        "pinned": False,
        "score": 1.0,
    }
    return Hit(**plain | fields)


def a_value(text: str, count: int = 1, selected: bool = False, level: int | None = None) -> FacetValue:
    return FacetValue(value=text, label=text, count=count, level=level, selected=selected)


def a_facet(name: str, *values: FacetValue, **fields: Any) -> Facet:
    plain: dict[str, Any] = {
        "name": name,
        "label": name.title(),
        "type": "values",
        "values": values,
        "total_values": 0,
        "min": None,
        "max": None,
        "unit": None,
        "buckets": (),
    }
    return Facet(**plain | fields)


def a_bucket(low: float | None, high: float | None, count: int, label: str = "") -> Bucket:
    return Bucket(low, high, label, count)


def a_query(text: str = "", **fields: Any) -> Query:
    interpreted = Interpretation((), "all", None, (), {}, (), {})
    plain: dict[str, Any] = {"interpreted": interpreted, "corrected_to": None, "dropped_terms": (), "applied_rules": ()}
    return Query(text, **plain | fields)


def a_result(*hits: Hit, total: int | None = None, **fields: Any) -> SearchResult:
    plain: dict[str, Any] = {
        "query_id": "1",
        "query": a_query(),
        "total": Total(len(hits) if total is None else total, True),
        "hits": hits,
        "facets": (),
        "page": 1,
        "per_page": 10,
        "next_cursor": None,
        "redirect": None,
        "banners": (),
        "degraded": False,
        "took_ms": 1.0,
    }
    return SearchResult(**plain | fields)
