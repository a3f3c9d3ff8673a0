"""Plan -> request body. Pure."""

from typing import Any

from search.facets import MATCH_ALL, aggregations
from search.filters import Clause, category_clause, clauses, filters_of, variant_clauses
from search.plan import SearchPlan, Strictness, names_category

# Words are matched across these fields as if they were one: a word is as rare as it is in all of them together.
TEXT_FIELDS = ["name^3", "brand.text^2", "category_text", "attributes_text", "description"]
FUZZY_FIELDS = ["name^3", "brand.text^2", "category_text^2"]
# All but one of two or three words, about two thirds of more: the ranking puts what holds them all first.
SOME_WORDS = "1<-1 3<60%"

# A name typed exactly is above everything: "1440" may be the name of one product and the sku of another.
EXACT_NAME_BOOST = 2000.0
IDENTIFIER_BOOST = 1000.0
# One word of a longer query: a good match, but not one that outranks all the other words.
PART_BOOST = 20.0
ALL_WORDS_BOOST = 1.5
PHRASE_BOOST = 0.5
FUZZY_BOOST = 0.3
# A best-seller gains at most this share of its text score: it never outranks a much better match.
POPULARITY_GAIN = 0.2

PROBE_ATTRIBUTES = 12
# The chosen category, those above it and commonly counted ones below; a rename in progress doubles them.
PROBE_NODES = 50
HIT_SOURCE = ["id", "sku", "name", "brand", "category", "price_cents", "in_stock", "image"]
FRAGMENT = 160


def published(plan: SearchPlan) -> Clause:
    """Active products inside their publishing window."""
    now = plan.now.isoformat()
    return {
        "bool": {
            "filter": [{"term": {"status": "active"}}],
            "must_not": [{"range": {"publish_from": {"gt": now}}}, {"range": {"publish_until": {"lte": now}}}],
        }
    }


def words_query(plan: SearchPlan, strictness: Strictness) -> Clause:
    """Products that hold the words or are named by an identifier; scored by how well."""
    text = " ".join(plan.words)
    every = {"combined_fields": {"query": text, "fields": TEXT_FIELDS, "operator": "and"}}
    if strictness == "all":
        needed: list[Clause] = [every]
        better: list[Clause] = []
    else:
        some = {"combined_fields": {"query": text, "fields": TEXT_FIELDS, "minimum_should_match": SOME_WORDS}}
        needed = [some, _fuzzy(text)]
        better = [{"constant_score": {"filter": every, "boost": ALL_WORDS_BOOST}}]
    better += [
        {"match_phrase": {"name": {"query": text, "slop": 1, "boost": PHRASE_BOOST}}},
        {"constant_score": {"filter": {"term": {"name.folded": text}}, "boost": EXACT_NAME_BOOST}},
    ]
    matched: Clause = {"bool": {"must": [{"bool": {"should": needed}}], "should": better}}
    return {"bool": {"should": [matched, *_identified(plan)]}}


def identified(plan: SearchPlan) -> Clause:
    """Products that the whole query names."""
    return {"term": {"identifiers": plan.identifier}}


def _identified(plan: SearchPlan) -> list[Clause]:
    found: list[Clause] = [{"constant_score": {"filter": identified(plan), "boost": IDENTIFIER_BOOST}}]
    if plan.parts:
        parts = {"terms": {"identifiers": list(plan.parts)}}
        found.append({"constant_score": {"filter": parts, "boost": PART_BOOST}})
    return found


def _fuzzy(text: str) -> Clause:
    return {
        "multi_match": {
            "query": text,
            "fields": FUZZY_FIELDS,
            "type": "best_fields",
            "operator": "and",
            "fuzziness": "AUTO",
            "prefix_length": 1,
            "max_expansions": 30,
            "boost": FUZZY_BOOST,
        }
    }


def probe_body(plan: SearchPlan) -> dict[str, Any]:
    """A look without hits: how many products hold all words, and which attributes are common among the matches.

    The category chooses the attributes alone: the products that hold all words are counted without it.
    """
    below = _below_category(plan)
    names: dict[str, Any] = {"terms": {"field": "attribute_names", "size": PROBE_ATTRIBUTES}}
    attributes = {"filter": below, "aggs": {"names": names}}
    scope: list[Clause] = [published(plan)]
    aggs: dict[str, Any] = {"attributes": attributes}
    if plan.words:
        every = words_query(plan, "all")
        aggs["all"] = {"filter": every, "aggs": {"attributes": attributes, "identified": {"filter": identified(plan)}}}
        scope.append(words_query(plan, "some"))
    if names_category(plan):
        nodes = {"terms": {"field": "category_nodes", "size": PROBE_NODES}}
        # Global, because the words and filters may leave no product that could tell the category's name.
        aggs["category"] = {"global": {}, "aggs": {"below": {"filter": below, "aggs": {"nodes": nodes}}}}
    return {"size": 0, "track_total_hits": False, "query": {"bool": {"filter": scope}}, "aggs": aggs}


def _below_category(plan: SearchPlan) -> Clause:
    return MATCH_ALL if plan.request.category is None else category_clause(plan.request.category)


def search_body(plan: SearchPlan) -> dict[str, Any]:
    """Hits and facets in one request."""
    request = plan.request
    filters = filters_of(request)
    variants = variant_clauses(filters)
    body: dict[str, Any] = {
        "size": request.per_page,
        "from": (request.page - 1) * request.per_page,
        "track_total_hits": True,
        "track_scores": True,
        "_source": HIT_SOURCE,
        "query": _scored(plan),
        "sort": _sort(plan, variants),
    }
    shown = {"size": 1, "_source": True, "sort": [{"variants.price_cents": _order(request.sort)}]} if variants else None
    if filters:
        body["post_filter"] = {"bool": {"filter": clauses(filters, shown)}}
    if aggs := aggregations(plan, filters):
        body["aggs"] = aggs
    if plan.words:
        body["highlight"] = _highlight(" ".join(plan.words))
    return body


def _scored(plan: SearchPlan) -> Clause:
    if plan.strictness is None:
        return {"bool": {"filter": [published(plan)]}}
    matched = {"bool": {"filter": [published(plan)], "must": [words_query(plan, plan.strictness)]}}
    return {
        "function_score": {
            "query": matched,
            "functions": [
                {"weight": 1},
                {"field_value_factor": {"field": "popularity", "missing": 0}, "weight": POPULARITY_GAIN},
            ],
            "score_mode": "sum",
            "boost_mode": "multiply",
            "max_boost": 1 + POPULARITY_GAIN,
        }
    }


def _order(sort: str) -> str:
    return "desc" if sort == "price_desc" else "asc"


def _sort(plan: SearchPlan, variants: list[Clause]) -> list[Clause]:
    """Ties are always broken by id, so that pages never overlap."""
    sort = plan.request.sort
    first: list[Clause]
    if sort in ("price_asc", "price_desc"):
        order = _order(sort)
        if variants:
            nested = {"path": "variants", "filter": {"bool": {"filter": variants}}}
            mode = "min" if order == "asc" else "max"
            first = [{"variants.price_cents": {"order": order, "mode": mode, "nested": nested}}]
        else:
            first = [{"price_cents": order}]
    elif sort == "newest":
        first = [{"created_at": "desc"}]
    elif sort == "name":
        first = [{"name.folded": "asc"}]
    elif sort == "popularity" or plan.strictness is None:
        first = [{"popularity": "desc"}]
    else:
        first = [{"_score": "desc"}]
    return [*first, {"id": "asc"}]


def _highlight(text: str) -> dict[str, Any]:
    matched = {"multi_match": {"query": text, "fields": ["name", "description"]}}
    return {
        "encoder": "html",
        "pre_tags": ["<em>"],
        "post_tags": ["</em>"],
        "highlight_query": matched,
        "fields": {
            "name": {"number_of_fragments": 0},
            "description": {"number_of_fragments": 1, "fragment_size": FRAGMENT},
        },
    }
