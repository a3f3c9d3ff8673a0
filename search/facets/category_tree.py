"""Counts of categories -> the tree that is shown. Pure."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from catalog.filter_conditions import category_path
from search.facets.aggregations import split_node
from search.facets.labels import capitalised
from search.planning.plan import SearchPlan

Answer = dict[str, Any]
Facet = dict[str, Any]


def tree_of(plan: SearchPlan, answer: Answer) -> Facet:
    """The top level, and below it the branch of the selected category with its children; `level` counts from 0."""
    nodes: dict[str, dict[str, Any]] = {}
    chosen = _chosen_path(plan)
    for bucket in answer["buckets"]:
        path, name, _ = split_node(bucket["key"])
        # Just after a rename the old and the new name of a category may both be counted.
        node = nodes.setdefault(path, {"value": path, "label": name, "count": 0, "level": path.count("/")})
        node["count"] += bucket["doc_count"]
    if chosen and chosen not in nodes:
        label = _category_label(plan, chosen)
        nodes[chosen] = {"value": chosen, "label": label, "count": 0, "level": chosen.count("/")}
    nodes = {path: node for path, node in nodes.items() if _in_branch(path, chosen)}
    values = [node | {"selected": path == chosen} for path, node in nodes.items()]
    return {
        "type": "tree",
        "values": sorted(values, key=lambda value: _tree_order(value, nodes)),
        "total_values": len(nodes),
    }


def _chosen_path(plan: SearchPlan) -> str | None:
    """The chosen category's path; what was sent, as one can be clicked again, where the catalogue has no such."""
    category = plan.request.category
    if plan.evidence.category is not None:
        return plan.evidence.category.path
    if category is None:
        return None
    return category_id(category) or category_path(category)


def category_id(category: str) -> str | None:
    """The id, where a category was named by one."""
    try:
        return str(UUID(category))
    except ValueError:
        return None


def _category_label(plan: SearchPlan, path: str) -> str:
    if plan.evidence.category is not None:
        return plan.evidence.category.name
    return path if category_id(path) else capitalised(path.rpartition("/")[2].replace("-", " "))


def _in_branch(path: str, chosen: str | None) -> bool:
    parent = path.rpartition("/")[0]
    return not parent or (chosen is not None and (chosen == parent or chosen.startswith(parent + "/")))


def _tree_order(value: Answer, nodes: Mapping[str, Answer]) -> list[tuple[int, str]]:
    """Parents before their children, siblings by count."""
    slugs = value["value"].split("/")
    paths = ["/".join(slugs[: depth + 1]) for depth in range(len(slugs))]
    return [(-nodes[path]["count"] if path in nodes else 0, path) for path in paths]
