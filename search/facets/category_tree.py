"""Counts of categories -> the tree that is shown. Pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from catalog.filter_conditions import category_path
from mappings.json_types import Response
from search.facets.aggregations import split_node
from search.facets.labels import capitalised
from search.planning.plan import SearchPlan
from search.result import FacetValue


class CategoryCount(NamedTuple):
    """How many products are in a category and below it."""

    #: The slugs from the root.
    path: str
    #: Its own name.
    name: str
    products: int


def read_category_counts(buckets: Iterable[Response]) -> list[CategoryCount]:
    """From the buckets of an aggregation over `category_nodes`.

    Just after a rename, the old and the new name of one category may both be counted.
    """
    nodes = ((split_node(bucket["key"]), bucket["doc_count"]) for bucket in buckets)
    return [CategoryCount(path, name, products) for (path, name, _), products in nodes]


def tree_values(plan: SearchPlan, counts: Iterable[CategoryCount]) -> list[FacetValue]:
    """The top level, and below it the branch of the selected category with its children; `level` counts from 0."""
    chosen = _chosen_path(plan)
    names: dict[str, str] = {}
    products: dict[str, int] = {}
    for count in counts:
        names.setdefault(count.path, count.name)
        products[count.path] = products.get(count.path, 0) + count.products
    if chosen and chosen not in names:
        names[chosen], products[chosen] = _category_label(plan, chosen), 0
    shown = {path: products[path] for path in names if _in_branch(path, chosen)}
    return [
        FacetValue(value=path, label=names[path], count=shown[path], level=path.count("/"), selected=path == chosen)
        for path in sorted(shown, key=lambda path: _tree_order(path, shown))
    ]


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


def _tree_order(path: str, products: Mapping[str, int]) -> list[tuple[int, str]]:
    """Parents before their children, siblings by count."""
    slugs = path.split("/")
    paths = ["/".join(slugs[: depth + 1]) for depth in range(len(slugs))]
    return [(-products.get(each, 0), each) for each in paths]
