"""Elasticsearch's answer -> the contract's response. Pure."""

from typing import Any
from uuid import UUID

from search.facets import PRICE_STEPS_CENTS, facet_names, is_range, split_node
from search.filters import category_path, filters_of
from search.plan import Category, Probe, SearchPlan
from search.request import ATTRIBUTE

LABELS = {"category": "Category", "brand": "Brand", "price": "Price", "in_stock": "In stock", "on_sale": "On sale"}


def build_response(plan: SearchPlan, answer: dict[str, Any], query_id: str, currency: str) -> dict[str, Any]:
    """The whole response but `took_ms`, which the caller measures."""
    request = plan.request
    hits = answer["hits"]
    first = (request.page - 1) * request.per_page + 1
    answered = answer.get("aggregations", {})
    facets = [_facet(plan, name, answered[str(number)]) for number, name in enumerate(facet_names(plan))]
    selected = {item.facet for item in filters_of(request)}
    return {
        "query_id": query_id,
        "query": {
            "text": request.q,
            "interpreted": {"words": list(plan.words), "match": plan.strictness},
            "corrected_to": None,
            "dropped_terms": [],
            "applied_rules": [],
        },
        "total": {"value": hits["total"]["value"], "exact": hits["total"]["relation"] == "eq"},
        "hits": [_hit(position, hit, currency) for position, hit in enumerate(hits["hits"], first)],
        "facets": [facet for facet in facets if not request.auto_facets or facet["name"] in selected or _says(facet)],
        "page": request.page,
        "per_page": request.per_page,
        "next_cursor": None,
        "redirect": None,
        "banners": [],
        "degraded": False,
    }


def read_probe(plan: SearchPlan, answer: dict[str, Any]) -> Probe:
    """What the first look found."""
    some = answer["aggregations"]
    every = some.get("all", some)
    return Probe(
        matches_all=every.get("doc_count", 0),
        attributes_all=_attribute_names(every),
        attributes_some=_attribute_names(some),
        identified=every.get("identified", {}).get("doc_count", 0) > 0,
        category=_chosen(plan, some["category"]["below"]["nodes"]["buckets"]) if "category" in some else None,
    )


def _attribute_names(aggregations: dict[str, Any]) -> tuple[str, ...]:
    return tuple(bucket["key"] for bucket in aggregations["attributes"]["names"]["buckets"])


def _chosen(plan: SearchPlan, buckets: list[dict[str, Any]]) -> Category | None:
    """The chosen one of categories in the order of their counts: in a rename or move the commonest name and path."""
    sent = plan.request.category or ""
    wanted_id, wanted_path = _category_id(sent), category_path(sent)
    for bucket in buckets:
        path, name, category_id = split_node(bucket["key"])
        if category_id == wanted_id if wanted_id else path == wanted_path:
            return Category(path, name)
    return None


def _hit(position: int, hit: dict[str, Any], currency: str) -> dict[str, Any]:
    source = hit["_source"]
    variant = _variant(hit)
    category = source.get("category")
    return {
        "position": position,
        "id": source["id"],
        "sku": source["sku"],
        "name": source["name"],
        "brand": source.get("brand"),
        "category": category and {name: category[name] for name in ("id", "name", "path")},
        "price": variant["price"] if variant else source["price_cents"] / 100,
        "currency": currency,
        "in_stock": variant["in_stock"] if variant else source["in_stock"],
        "image": source.get("image"),
        "highlight": {name: held[0] for name, held in hit.get("highlight", {}).items()},
        "variant": variant,
        "pinned": False,
        "score": hit["_score"],
    }


def _variant(hit: dict[str, Any]) -> dict[str, Any] | None:
    """The variant that holds the filters; None without such filters or for a product that has no variants."""
    inner = hit.get("inner_hits", {}).get("variants", {}).get("hits", {}).get("hits", [])
    if not inner or not inner[0]["_source"]["real"]:
        return None
    source = inner[0]["_source"]
    return {
        "sku": source["sku"],
        "price": source["price_cents"] / 100,
        "in_stock": source["in_stock"],
        "options": source["options"],
    }


def _facet(plan: SearchPlan, name: str, answer: dict[str, Any]) -> dict[str, Any]:
    facet: dict[str, Any] = {
        "name": name,
        "label": LABELS.get(name) or label_of(name),
        "type": "values",
        "values": [],
        "total_values": 0,
        "min": None,
        "max": None,
        "buckets": [],
    }
    if name == "category":
        return facet | _tree(plan, answer)
    if name == "price":
        return facet | _price(answer)
    if name in ("in_stock", "on_sale"):
        selected = plan.request.in_stock if name == "in_stock" else plan.request.on_sale
        value = {"value": "true", "label": LABELS[name], "count": answer["doc_count"], "selected": selected}
        return facet | {"values": [value], "total_values": 1}
    if name == "brand":
        return facet | _values(answer, plan.request.brands)
    if is_range(plan, name):
        return facet | _number(answer)
    return facet | _values(_inside(answer), dict(plan.request.attributes).get(name.removeprefix(ATTRIBUTE), ()))


def label_of(name: str) -> str:
    """'attr.screen_size' -> 'Screen size'."""
    words = name.removeprefix(ATTRIBUTE).replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _inside(answer: dict[str, Any]) -> dict[str, Any]:
    """An attribute's counts stand below the nested variants where other filters speak of variants."""
    matching: dict[str, Any] = answer["variants"]["matching"] if "variants" in answer else answer
    return matching


def _count(bucket: dict[str, Any]) -> int:
    """Products, not variants."""
    count: int = bucket["products"]["doc_count"] if "products" in bucket else bucket["doc_count"]
    return count


def _values(answer: dict[str, Any], selected: tuple[str, ...]) -> dict[str, Any]:
    counts: dict[str, int] = {bucket["key"]: _count(bucket) for bucket in answer["values"]["buckets"]}
    chosen: set[str] = set()
    for value, bucket in zip(selected, answer.get("selected", {}).get("buckets", []), strict=False):
        # A brand is matched whatever its case: show it as the catalogue spells it.
        spelled = bucket.get("label", {}).get("buckets", [])
        key = spelled[0]["key"] if spelled else value
        counts.setdefault(key, _count(bucket))
        chosen.add(key)
    values = [
        {"value": key, "label": key, "count": count, "selected": key in chosen}
        for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    return {"values": values, "total_values": max(answer["total"]["value"], len(values))}


def _tree(plan: SearchPlan, answer: dict[str, Any]) -> dict[str, Any]:
    """The top level, and below it the branch of the selected category with its children; `level` counts from 0."""
    nodes: dict[str, dict[str, Any]] = {}
    chosen = _chosen_path(plan)
    for bucket in answer["values"]["buckets"]:
        path, name, _ = split_node(bucket["key"])
        # Just after a rename the old and the new name of a category may both be counted.
        node = nodes.setdefault(path, {"value": path, "label": name, "count": 0, "level": path.count("/")})
        node["count"] += bucket["doc_count"]
    if chosen and chosen not in nodes:
        label = _category_label(plan, chosen)
        nodes[chosen] = {"value": chosen, "label": label, "count": 0, "level": chosen.count("/")}
    values = [node | {"selected": path == chosen} for path, node in nodes.items() if _in_branch(path, chosen)]
    return {
        "type": "tree",
        "values": sorted(values, key=lambda value: _tree_order(value, nodes)),
        "total_values": len(nodes),
    }


def _chosen_path(plan: SearchPlan) -> str | None:
    """The chosen category's path; what was sent, as one can be clicked again, where the catalogue has no such."""
    category = plan.request.category
    if plan.category is not None:
        return plan.category.path
    if category is None:
        return None
    return _category_id(category) or category_path(category)


def _category_id(category: str) -> str | None:
    try:
        return str(UUID(category))
    except ValueError:
        return None


def _category_label(plan: SearchPlan, path: str) -> str:
    if plan.category is not None:
        return plan.category.name
    return path if _category_id(path) else label_of(path.rpartition("/")[2].replace("-", " "))


def _in_branch(path: str, chosen: str | None) -> bool:
    parent = path.rpartition("/")[0]
    return not parent or (chosen is not None and (chosen == parent or chosen.startswith(parent + "/")))


def _tree_order(value: dict[str, Any], nodes: dict[str, dict[str, Any]]) -> list[tuple[int, str]]:
    """Parents before their children, siblings by count."""
    slugs = value["value"].split("/")
    paths = ["/".join(slugs[: depth + 1]) for depth in range(len(slugs))]
    return [(-nodes[path]["count"] if path in nodes else 0, path) for path in paths]


def _price(answer: dict[str, Any]) -> dict[str, Any]:
    matching = _inside(answer)
    low, high = matching["min"]["value"], matching["max"]["value"]
    if low is None:
        return {"type": "range"}
    limits = [*PRICE_STEPS_CENTS[1:], None]
    buckets = [
        {
            "from": step["from"] / 100,
            # The last cent before the next step: price_max is inclusive, so a click gives exactly this count.
            "to": None if limit is None else (limit - 1) / 100,
            "count": step["products"]["doc_count"],
        }
        for step, limit in zip(matching["steps"]["buckets"], limits, strict=True)
    ]
    shown = [bucket for bucket in buckets if bucket["count"]]
    return {"type": "range", "min": low / 100, "max": high / 100, "buckets": shown, "total_values": len(shown)}


def _number(answer: dict[str, Any]) -> dict[str, Any]:
    named = answer["numbers"]["named"]
    return {
        "type": "range",
        "min": named["min"]["value"],
        "max": named["max"]["value"],
        "total_values": named["products"]["doc_count"],
    }


def _says(facet: dict[str, Any]) -> bool:
    """Whether there is something to choose; where the choice of facets is ours, others are shown only if selected."""
    if facet["type"] == "range":
        return facet["min"] is not None and facet["min"] != facet["max"]
    if facet["name"] in ("in_stock", "on_sale"):
        return bool(facet["values"][0]["count"])
    return len(facet["values"]) >= (1 if facet["type"] == "tree" else 2)
