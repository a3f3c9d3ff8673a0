"""Search within the values of one facet, without Elasticsearch. Pure."""

from collections.abc import Mapping
from typing import Any

from search.facets.aggregations import split_node
from search.facets.labels import LABELS_OF_FLAGS
from search.facets.response import VALUES, empty, value
from search.planning.plan import SearchPlan
from search.request import ATTRIBUTE
from search.text.prefix import begins


def values_facet(plan: SearchPlan, name: str, prefix: str, counted: Mapping[str, Any]) -> dict[str, Any]:
    """The facet with the commonest of the values that begin so; `counted` are counts by value, or nodes of the tree."""
    if name == "category":
        nodes = [(split_node(bucket["key"]), bucket["doc_count"]) for bucket in counted["buckets"]]
        chosen = plan.evidence.category.path if plan.evidence.category else None
        found = [
            value(path, label, products, path == chosen) | {"level": path.count("/")}
            for (path, label, _), products in nodes
            if begins(prefix, label)
        ]
        return _shown(name, found) | {"type": "tree"}
    labels = LABELS_OF_FLAGS if name.startswith(ATTRIBUTE) and counted.keys() <= LABELS_OF_FLAGS.keys() else {}
    sent = (
        plan.request.brands if name == "brand" else dict(plan.request.attributes).get(name.removeprefix(ATTRIBUTE), ())
    )
    same = {text.lower() for text in sent} if name == "brand" else set(sent)
    return _shown(
        name,
        [
            value(key, labels.get(key, key), products, (key.lower() if name == "brand" else key) in same)
            for key, products in counted.items()
            if begins(prefix, labels.get(key, key))
        ],
    )


def _shown(name: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    ordered = sorted(found, key=lambda item: (-item["count"], item["label"], item["value"]))
    return empty(name) | {"values": ordered[:VALUES], "total_values": len(ordered)}
