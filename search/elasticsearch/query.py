"""Plan -> request body. Pure."""

from collections.abc import Sequence
from typing import Any

from mappings.json_types import Aggregations, Body, Clause, Json
from search.clauses.explain import EXPLAIN_SOURCE
from search.clauses.filters import (
    category_clause,
    filters_of,
    forced_clauses,
    variant_clauses,
    with_variants_shown,
)
from search.clauses.scope import (
    FOUND,
    by_score,
    by_variant,
    identified,
    matched,
    order,
    published,
    scored,
    shuffled,
    words_query,
)
from search.clauses.text_clauses import holding
from search.clauses.variant_price_sort import scored_by_price
from search.clauses.weights import DIALS, FILTERING
from search.facets.aggregations import MATCH_ALL, aggregations
from search.planning.facet_selection import profile_aggs
from search.planning.plan import SearchPlan, named_attributes, names_category, profiles

# The best matches say which categories the words mean.
NEAR_SAMPLE = 50
NEAR_CATEGORIES = 5
# What the catalogue has instead of a word that it does not hold.
CORRECTED_FIELDS = ("name.written", "brand.text", "category_text")
SHORTEST_CORRECTED = 3
CORRECTIONS = 3
CORRECTIONS_IN_SIGHT = 20
ANY_FREQUENCY = 1e9

# The chosen category, those above it and commonly counted ones below; a rename in progress doubles them.
PROBE_NODES = 50
# What others like, where a search finds nothing.
POPULAR = 6
HIT_SOURCE = ["id", "sku", "name", "brand", "category", "price_cents", "in_stock", "image"]
FRAGMENT = 160


def probe_body(plan: SearchPlan) -> Body:
    """A look without hits: how many products hold all words and each of them, and what the best of them are like.

    The category chooses the attributes alone: the products that hold all words are counted without it.
    """
    below = _below_category(plan)
    profile: Aggregations = {}
    if profiles(plan.request):
        numeric = [name for name in named_attributes(plan.request) if plan.context.attribute_types.is_number(name)]
        profile = {"profile": {"filter": below, "aggs": profile_aggs(numeric)}}
    query: Clause = {"filter": [published(plan)]}
    aggs: Aggregations = dict(profile)
    body: Body = {"size": 0, "track_total_hits": True}
    if plan.request.q:
        # Scored, because the samples are of the best matches.
        query["must"] = [words_query(plan, "some", DIALS)]
        near = {"terms": {"field": "category.path", "size": NEAR_CATEGORIES}}
        within = profile | {
            "identified": {"filter": identified(plan)},
            "near": {"sampler": {"shard_size": NEAR_SAMPLE}, "aggs": {"categories": near}},
        }
        aggs["all"] = {"filter": words_query(plan, "all"), "aggs": within}
        if plan.query.words:
            word_filters = [
                holding(plan.query.words, place, FILTERING) for place in range(len(plan.query.words.wanted))
            ]
            aggs["words"] = {"filters": {"filters": word_filters}}
            body["suggest"] = _suggest(plan)
    if names_category(plan):
        nodes = {"terms": {"field": "category_nodes", "size": PROBE_NODES}}
        # Global, because the words and filters may leave no product that could tell the category's name.
        of_any = {"bool": {"filter": [below, *forced_clauses(plan.request.forced)]}}
        aggs["category"] = {"global": {}, "aggs": {"below": {"filter": of_any, "aggs": {"nodes": nodes}}}}
    return body | {"query": {"bool": query} if plan.request.q else shuffled({"bool": query}), "aggs": aggs}


def _suggest(plan: SearchPlan) -> Json:
    """The nearest words of the catalogue for each word that it does not hold."""
    options = {
        "suggest_mode": "missing",
        "size": CORRECTIONS,
        "min_word_length": SHORTEST_CORRECTED,
        "prefix_length": 1,
        "max_edits": 2,
        "string_distance": "damerau_levenshtein",
        "analyzer": "written",
    }
    if plan.request.forced:
        # Hidden products make no word known; and of the words near it, those are left that are in sight.
        options |= {"suggest_mode": "always", "max_term_freq": ANY_FREQUENCY, "size": CORRECTIONS_IN_SIGHT}
    words = " ".join(word.joined for word in plan.query.words.wanted if not word.numeric)
    fields = {field: {"term": {"field": field, **options}} for field in CORRECTED_FIELDS}
    return {"text": words, **fields}


def _below_category(plan: SearchPlan) -> Clause:
    return MATCH_ALL if plan.request.category is None else category_clause(plan.request.category)


def search_body(plan: SearchPlan, after: Sequence[Any] | None = None) -> Body:
    """The hits; those behind the sort values `after` where these are given."""
    request = plan.request
    filters = filters_of(request, plan.context.attribute_types)
    variants = variant_clauses(filters)
    body: Body = {
        "size": request.per_page,
        "from": (request.page - 1) * request.per_page,
        "track_total_hits": True,
        "_source": HIT_SOURCE + EXPLAIN_SOURCE if request.explain else HIT_SOURCE,
        "query": scored_by_price(scored(plan), variants, order(plan)) if by_variant(plan) else scored(plan),
        "sort": _sort(plan),
    }
    if after is not None:
        del body["from"]
        body["search_after"] = list(after)
    if filters:
        shown = {"size": 1, "_source": True, "sort": [{"variants.price_cents": order(plan)}]}
        body["post_filter"] = with_variants_shown(filters, shown)
    if plan.query.words:
        body["highlight"] = _highlight(plan.query.words.said)
    if not by_score(plan):
        body["track_scores"] = True
    if aggs := _companion_aggs(plan, alone=not filters and after is None):
        body["aggs"] = aggs
    return body


def _companion_aggs(plan: SearchPlan, *, alone: bool) -> Aggregations:
    """What the words find before the shopper's filters, and the best of it, where the hits do not say so themselves.

    To fetch one more hit prepares the whole query once more. `alone`: nothing but the words decides which hits there
    are.
    """
    if plan.query.reports_missing_terms and not (alone and plan.request.page == 1 and by_score(plan)):
        return {FOUND: {"filter": MATCH_ALL, "aggs": {"best": {"top_hits": {"size": 1, "_source": False}}}}}
    return {} if alone else {FOUND: {"filter": MATCH_ALL}}


def best_body(plan: SearchPlan) -> Body | None:
    """The best match, where the hits are ordered by scores that are prices; None where they say it themselves."""
    if not plan.query.lets_words_lack or not by_variant(plan):
        return None
    return {"size": 1, "_source": False, "track_total_hits": False, "query": scored(plan)}


def popular_body(plan: SearchPlan) -> Body:
    """What others like, in the chosen category if there is one."""
    return {
        "size": POPULAR,
        "track_total_hits": False,
        "_source": HIT_SOURCE,
        "query": {"bool": {"filter": [published(plan), _below_category(plan)]}},
        "sort": [{"popularity": "desc"}, {"id": "asc"}],
    }


def facets_body(plan: SearchPlan) -> Body | None:
    """The counts of the same search, in the same request; None where no facet is wanted.

    It is a search of its own because Elasticsearch keeps the answers of searches without hits until the index changes:
    what many shoppers see, and what costs most to count, is counted once. It says nothing that changes with time.
    """
    aggs = aggregations(plan, filters_of(plan.request, plan.context.attribute_types))
    return {"size": 0, "track_total_hits": False, "query": matched(plan), "aggs": aggs} if aggs else None


def _sort(plan: SearchPlan) -> list[Clause]:
    """Ties are always broken by id, so that pages never overlap."""
    sort = plan.request.sort
    first: list[Clause]
    if sort in ("price_asc", "price_desc"):
        first = [{"_score" if by_variant(plan) else "price_cents": order(plan)}]
    elif sort == "newest":
        first = [{"created_at": "desc"}]
    elif sort == "name":
        first = [{"name.folded": "asc"}]
    elif sort == "popularity" or plan.query.matching is None:
        first = [{"popularity": "desc"}]
    else:
        first = [{"_score": "desc"}]
    return [*first, {"id": "asc"}]


def _highlight(text: str) -> Json:
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
