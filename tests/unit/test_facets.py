"""Plans to aggregations, and answers to facets: what a real index would not easily show."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from search.clauses.filters import Filter, filters_of
from search.facets.aggregations import COUNTED, COUNTED_TOGETHER, aggregations, groups
from search.facets.labels import label_of
from search.facets.response import build_facets
from search.planning.attribute_types import Kinds
from search.planning.context import SearchContext
from search.planning.plan import Category, Evidence, SearchPlan, make_plan
from search.request import MAX_FACETS, Range, SearchRequest
from search.text.term_patterns import length

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = Kinds({"color": frozenset("to"), "material": frozenset("t"), "depth": frozenset("n")})


def planned(request: SearchRequest) -> tuple[SearchPlan, tuple[Filter, ...]]:
    return make_plan(request, SearchContext(NOW, KINDS)), filters_of(request, KINDS)


def sizes(aggs: dict[str, Any]) -> list[int]:
    found: list[int] = []
    for agg in aggs.values():
        found += [agg["terms"]["size"]] if "terms" in agg else []
        found += sizes(agg.get("aggs", {}))
    return found


def test_facets_without_a_selection_share_their_filters() -> None:
    request = SearchRequest(brands=("A",), on_sale=True, facets=("brand", "price", "attr.color", "on_sale"))
    found = groups(*planned(request))
    assert [group.facets for group in found] == [("price", "attr.color"), ("brand",), ("on_sale",)]
    assert [{item.facet for item in group.filters} for group in found] == [{"brand", "on_sale"}, {"on_sale"}, {"brand"}]


def test_all_attributes_are_counted_in_one_pass() -> None:
    request = SearchRequest(facets=("attr.color", "attr.material", "attr.depth"))
    (group,) = aggregations(*planned(request)).values()
    assert [agg["terms"]["include"] for agg in group["aggs"].values()] == ["(color|material|depth)\x1f.*"]


def test_an_option_is_counted_in_variants_where_another_filter_speaks_of_them() -> None:
    request = SearchRequest(price=Range(1, 2), facets=("attr.color", "attr.material"))
    (group,) = aggregations(*planned(request)).values()
    assert list(group["aggs"]) == ["tokens0", "apart0.simple", "apart0.variants"]
    assert group["aggs"]["tokens0"]["terms"]["include"] == "(material)\x1f.*"


def test_the_tree_is_opened_by_a_short_pattern_or_by_none() -> None:
    def include(path: str) -> str | None:
        plan, filters = planned(SearchRequest(category=path, facets=("category",)))
        plan = replace(plan, evidence=Evidence(category=Category(path, "name")))
        (group,) = aggregations(plan, filters).values()
        found: str | None = group["aggs"]["category"]["terms"].get("include")
        return found

    pattern = include("home/kitchen-ware/pans")
    assert pattern is not None
    for path in ("home", "toys", "home/garden", "home/kitchen-ware", "home/kitchen-ware/pans/steel"):
        assert re.fullmatch(pattern, f"{path}\x1fName\x1fid"), path
    for path in ("toys/balls", "home/garden/tools", "home/kitchen-ware/pots/steel", "kitchen-ware/pans"):
        assert not re.fullmatch(pattern, f"{path}\x1fName\x1fid"), path
    assert length(include("/".join(["x" * 80] * 10)) or "") > 800
    assert include("/".join(["x" * 200] * 10)) is None


@pytest.mark.parametrize("selected", [0, 19])
def test_no_search_counts_more_values_than_elasticsearch_allows(selected: int) -> None:
    names = [f"{number:02}" + "." * 98 for number in range(MAX_FACETS)]
    request = SearchRequest(
        attributes=tuple((name, ("x",)) for name in names[:selected]),
        facets=tuple(f"attr.{name}" for name in names),
        price=Range(1, 2),
    )
    counted = [size for size in sizes(aggregations(*planned(request))) if size > 1]
    assert max(counted) <= COUNTED
    assert sum(counted) <= COUNTED_TOGETHER


def test_a_text_that_has_just_come_among_numbers_is_passed_over() -> None:
    """The kinds of attributes are a few seconds old."""
    request = SearchRequest(facets=("attr.depth",))
    buckets = [{"key": f"depth\x1f{value}", "doc_count": 2} for value in ("1", "nan", "deep", "3.5")]
    (facet,) = build_facets(*planned(request), {"0": {"tokens0": {"buckets": buckets}}}, "USD")
    assert (facet.type, facet.min, facet.max) == ("range", 1, 3.5)


def test_labels() -> None:
    names = ["screen_size", "weight_g", "noise_cancelling", "Größe", "size_in", "a > b"]
    assert [label_of(name) for name in names] == [
        "Screen size", "Weight (g)", "Noise cancelling", "Größe", "Size (inch)", "A > b",
    ]  # fmt: skip
