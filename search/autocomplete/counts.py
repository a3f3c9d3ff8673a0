"""The second look: how many products each suggestion finds, and the products of the best one. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from mappings.json_types import Body, Clause
from search.autocomplete.input import AutocompleteQuery
from search.autocomplete.queries import Candidate
from search.autocomplete.samples import scope
from search.clauses.scope import scored, words_query
from search.planning.plan import SearchPlan, make_plan
from search.request import SearchRequest

SOURCE = ["id", "sku", "name", "brand", "price_cents", "image", "in_stock"]
# A product that is called as is typed is above all others; then those whose sku, model number or GTIN begins so.
NAMED = 20_000.0
IDENTIFIED = 10_000.0
# Categories that say what the best completion means.
NEAR = 5


class Counted(NamedTuple):
    """A suggestion whose products are counted."""

    kind: Literal["query", "category", "brand"]
    #: The text of a query, the path of a category, the name of a brand.
    text: str


def count_search(typed: AutocompleteQuery, item: Counted) -> Body:
    """The search that counts the products which a suggestion leads to."""
    return {"size": 0, "track_total_hits": True, "query": {"bool": {"filter": [*scope(typed), _clause(typed, item)]}}}


def _clause(typed: AutocompleteQuery, item: Counted) -> Clause:
    if item.kind == "query":
        # The products of this query's result page: those that hold every word.
        return words_query(_plan(typed, item.text), "all")
    return {"term": {"category_paths" if item.kind == "category" else "brand.lower": item.text}}


def products_body(
    typed: AutocompleteQuery, text: str, best: Candidate | None, sampled: Sequence[str], identified: Sequence[str]
) -> Body:
    """Products that hold what is typed, in the order that the result page of `text` has; identified ones above.

    Only sampled products are ordered, and those with exactly this name: ordering everything that `text` finds would
    cost more the larger the catalogue is. Without a sample, `text` is what is typed, and finds what it finds.
    """
    plan = _plan(typed, text)
    if best is not None:
        leaves = sorted(best.leaves, key=lambda leaf: (-best.leaves[leaf], leaf))[:NEAR]
        shares = tuple((leaf, best.leaves[leaf] / len(best.products)) for leaf in leaves)
        plan = replace(plan, query=replace(plan.query, category_shares=shares))
    ordered: Clause = scored(plan)
    named = {"term": {"name.folded": typed.request.q}}
    above = [_constant(named, NAMED), *([_constant(_ids(identified), IDENTIFIED)] if identified else [])]
    query: Clause = {"filter": scope(typed), "should": [ordered, *above]}
    if sampled:
        spelled = {"term": {"name.folded": text}}
        query["filter"].append({"bool": {"should": [_ids([*sampled, *identified]), named, spelled]}})
    else:
        query["minimum_should_match"] = 1
    return {
        "size": typed.request.limit,
        "track_total_hits": False,
        "_source": SOURCE,
        "query": {"bool": query},
        "sort": [{"_score": "desc"}, {"popularity": "desc"}, {"id": "asc"}],
    }


def _plan(typed: AutocompleteQuery, text: str) -> SearchPlan:
    request = SearchRequest(q=text, per_page=typed.request.limit, facets=(), language=typed.request.language)
    plan = make_plan(request, typed.context)
    if typed.completable:
        return plan
    # Of a long text, every two neighbours read as one word would be a search of its own.
    return replace(plan, query=replace(plan.query, words=replace(plan.query.words, spans=())))


def _ids(ids: Sequence[str]) -> Clause:
    return {"terms": {"id": list(ids)}}


def _constant(clause: Clause, boost: float) -> Clause:
    return {"constant_score": {"filter": clause, "boost": boost}}
