"""Answers of the search engine as messages. Pure."""

from collections.abc import Mapping
from typing import Any

import orjson
from google.protobuf.struct_pb2 import Struct

from api.grpc.products_out import money
from catalog.v1 import product_service_pb2 as pb

Found = Mapping[str, Any]


def search_response(found: Found) -> pb.SearchResponse:
    query = found["query"]
    return pb.SearchResponse(
        query_id=found["query_id"],
        query=pb.SearchQuery(
            text=query["text"],
            interpreted=_struct(query["interpreted"]),
            corrected_to=query["corrected_to"],
            dropped_terms=query["dropped_terms"],
            applied_rules=query["applied_rules"],
            plan=_struct(query.get("plan")),
        ),
        total=pb.Total(value=found["total"]["value"], exact=found["total"]["exact"]),
        hits=map(_hit, found["hits"]),
        facets=map(_facet, found["facets"]),
        page=found["page"],
        per_page=found["per_page"],
        next_cursor=found["next_cursor"],
        redirect=found["redirect"],
        banners=[banner for item in found["banners"] if (banner := _struct(item)) is not None],
        suggestions=_struct(found.get("suggestions")),
        degraded=found["degraded"],
        took_ms=found["took_ms"],
        age_seconds=found.get("age_seconds"),
    )


def suggest_response(found: Found) -> pb.SuggestResponse:
    sections = found["sections"]
    return pb.SuggestResponse(
        query=found["query"],
        queries=[pb.QuerySuggestion(**_of(item, _QUERY)) for item in sections["queries"]],
        products=[
            pb.ProductSuggestion(price=money(item["price"]), **_of(item, _PRODUCT)) for item in sections["products"]
        ],
        categories=[pb.CategorySuggestion(**_of(item, _CATEGORY)) for item in sections["categories"]],
        brands=[pb.BrandSuggestion(**_of(item, _BRAND)) for item in sections["brands"]],
        took_ms=found["took_ms"],
        degraded=found.get("degraded", False),
    )


_QUERY = ("text", "highlight", "count")
_PRODUCT = ("id", "sku", "text", "highlight", "brand", "currency", "image", "in_stock")
_CATEGORY = ("text", "highlight", "value", "label", "id", "count")
_BRAND = ("text", "highlight", "value", "count")
_HIT = ("position", "id", "sku", "name", "brand", "currency", "in_stock", "image", "highlight", "pinned", "score")
_FACET = ("name", "label", "type", "total_values", "min", "max")


def _of(item: Found, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: item[name] for name in names}


def _hit(item: Found) -> pb.Hit:
    category, variant = item["category"], item["variant"]
    return pb.Hit(
        category=category and pb.Category(id=str(category["id"]), name=category["name"], path=category["path"]),
        price=money(item["price"]),
        variant=variant
        and pb.HitVariant(
            sku=variant["sku"], price=money(variant["price"]), in_stock=variant["in_stock"], options=variant["options"]
        ),
        missing=item.get("missing") or (),
        explanation=_struct(item.get("explanation")),
        **_of(item, _HIT),
    )


def _facet(item: Found) -> pb.Facet:
    return pb.Facet(
        values=[
            pb.FacetValue(
                value=value["value"],
                label=value["label"],
                count=value["count"],
                selected=value["selected"],
                level=value.get("level", 0),
            )
            for value in item["values"]
        ],
        unit=item.get("unit"),
        buckets=[
            pb.FacetBucket(low=step["from"], high=step["to"], label=step["label"], count=step["count"])
            for step in item["buckets"]
        ],
        **_of(item, _FACET),
    )


def _struct(held: Found | None) -> Struct | None:
    """Anything that JSON can hold; through JSON, because a tuple or an id is nothing for a Struct."""
    if held is None:
        return None
    message = Struct()
    message.update(orjson.loads(orjson.dumps(held)))
    return message
