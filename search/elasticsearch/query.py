"""Plan -> request body. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from catalog.services.forced import NOTHING_FORCED, Forced
from mappings.identifiers import spellings_of
from search.clauses.explain import EXPLAIN_SOURCE
from search.clauses.filters import (
    Clause,
    category_clause,
    filters_of,
    forced_clauses,
    variant_clauses,
    with_variants_shown,
)
from search.clauses.text_clauses import gains, holding, matching
from search.clauses.variant_price_sort import Order, scored_by_price
from search.clauses.weights import DIALS, FILTERING, Dials
from search.facets.aggregations import MATCH_ALL, aggregations
from search.planning.facet_selection import profile_aggs
from search.planning.plan import NEEDED, SearchPlan, Strictness, named_attributes, names_category, profiles
from search.text.words import looks_identifying

# A name typed exactly is above everything: "1440" may be the name of one product and the sku of another.
EXACT_NAME_BOOST = 2000.0
IDENTIFIER_BOOST = 1000.0
# The beginning of an identifier that is being typed, or of a series.
IDENTIFIER_PREFIX_BOOST = 100.0
SHORTEST_PREFIX = 4
# One word of a longer query: a good match, but not one that outranks all the other words.
PART_BOOST = 20.0

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
# The aggregation that counts what the words find. Facets have numbers for names.
FOUND = "found"
HIT_SOURCE = ["id", "sku", "name", "brand", "category", "price_cents", "in_stock", "image"]
FRAGMENT = 160
WINDOW = ("publish_from", "publish_until")


def published(plan: SearchPlan) -> Clause:
    """Active products inside their publishing window, under the principal's forced filters."""
    return visible(plan.visible_at or plan.now, plan.request.forced)


def visible(now: datetime, forced: Forced = NOTHING_FORCED) -> Clause:
    """What a shopper, or a principal with these forced filters, may see at this time."""
    at = now.isoformat()
    return {
        "bool": {
            "filter": [{"term": {"status": "active"}}, *forced_clauses(forced)],
            "must_not": [{"range": {"publish_from": {"gt": at}}}, {"range": {"publish_until": {"lte": at}}}],
        }
    }


def shuffled(query: Clause) -> Clause:
    """The same products with scores by chance, so that a sample of the best is one of all, and always the same one."""
    by_chance = {"query": query, "field_value_factor": {"field": "checksum", "missing": 0}, "boost_mode": "replace"}
    return {"function_score": by_chance}


def last_change(now: datetime) -> dict[str, Any]:
    """Aggregations that say when a publishing window last began or ended: until the next one, nothing changes."""
    found = {
        name: {"filter": {"range": {name: {"lte": now.isoformat()}}}, "aggs": {"last": {"max": {"field": name}}}}
        for name in WINDOW
    }
    return {"windows": {"global": {}, "aggs": found}}


def read_last_change(answer: dict[str, Any]) -> datetime:
    """The time that `last_change` has found; long ago where no product has a window."""
    found = (answer["windows"][name]["last"]["value"] for name in WINDOW)
    return datetime.fromtimestamp(max((ms for ms in found if ms is not None), default=0) / 1000, UTC)


def words_query(plan: SearchPlan, strictness: Strictness, dials: Dials = FILTERING) -> Clause:
    """Products that hold the words or are named by an identifier."""
    found = [*_identified(plan)]
    if plan.words:
        found.append(matching(plan.words, NEEDED[strictness], dials))
    return {"bool": {"should": found}}


def identified(plan: SearchPlan) -> Clause:
    """Products that the whole query names."""
    return {"terms": {"identifiers": spellings_of(plan.identifier)}}


def _identified(plan: SearchPlan, *, named: bool = False) -> list[Clause]:
    found: list[Clause] = []

    def add(clause: Clause, boost: float, name: str) -> None:
        found.append({"constant_score": {"filter": clause, "boost": boost, **({"_name": name} if named else {})}})

    add({"term": {"name.folded": plan.request.q}}, EXACT_NAME_BOOST, "exact_name")
    add(identified(plan), IDENTIFIER_BOOST, "identifier")
    if len(plan.identifier) >= SHORTEST_PREFIX and looks_identifying(plan.identifier):
        add({"prefix": {"identifiers": plan.identifier}}, IDENTIFIER_PREFIX_BOOST, "identifier_prefix")
    if plan.parts:
        parts = [spelled for part in plan.parts for spelled in spellings_of(part)]
        add({"terms": {"identifiers": parts}}, PART_BOOST, "identifier_part")
    return found


def probe_body(plan: SearchPlan) -> dict[str, Any]:
    """A look without hits: how many products hold all words and each of them, and what the best of them are like.

    The category chooses the attributes alone: the products that hold all words are counted without it.
    """
    below = _below_category(plan)
    profile: dict[str, Any] = {}
    if profiles(plan.request):
        numeric = [name for name in named_attributes(plan.request) if plan.kinds.is_number(name)]
        profile = {"profile": {"filter": below, "aggs": profile_aggs(numeric)}}
    query: dict[str, Any] = {"filter": [published(plan)]}
    aggs: dict[str, Any] = dict(profile)
    body: dict[str, Any] = {"size": 0, "track_total_hits": True}
    if plan.request.q:
        # Scored, because the samples are of the best matches.
        query["must"] = [words_query(plan, "some", DIALS)]
        near = {"terms": {"field": "category.path", "size": NEAR_CATEGORIES}}
        within = profile | {
            "identified": {"filter": identified(plan)},
            "near": {"sampler": {"shard_size": NEAR_SAMPLE}, "aggs": {"categories": near}},
        }
        aggs["all"] = {"filter": words_query(plan, "all"), "aggs": within}
        if plan.words:
            held = [holding(plan.words, place, FILTERING) for place in range(len(plan.words.wanted))]
            aggs["words"] = {"filters": {"filters": held}}
            body["suggest"] = _suggest(plan)
    if names_category(plan):
        nodes = {"terms": {"field": "category_nodes", "size": PROBE_NODES}}
        # Global, because the words and filters may leave no product that could tell the category's name.
        of_any = {"bool": {"filter": [below, *forced_clauses(plan.request.forced)]}}
        aggs["category"] = {"global": {}, "aggs": {"below": {"filter": of_any, "aggs": {"nodes": nodes}}}}
    return body | {"query": {"bool": query} if plan.request.q else shuffled({"bool": query}), "aggs": aggs}


def _suggest(plan: SearchPlan) -> dict[str, Any]:
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
    words = " ".join(word.joined for word in plan.words.wanted if not word.numeric)
    fields = {field: {"term": {"field": field, **options}} for field in CORRECTED_FIELDS}
    return {"text": words, **fields}


def _below_category(plan: SearchPlan) -> Clause:
    return MATCH_ALL if plan.request.category is None else category_clause(plan.request.category)


def search_body(plan: SearchPlan, after: Sequence[Any] | None = None) -> dict[str, Any]:
    """The hits; those behind the sort values `after` where these are given."""
    request = plan.request
    filters = filters_of(request, plan.kinds)
    variants = variant_clauses(filters)
    body: dict[str, Any] = {
        "size": request.per_page,
        "from": (request.page - 1) * request.per_page,
        "track_total_hits": True,
        "_source": HIT_SOURCE + EXPLAIN_SOURCE if request.explain else HIT_SOURCE,
        "query": scored_by_price(_scored(plan), variants, _order(plan)) if by_variant(plan) else _scored(plan),
        "sort": _sort(plan),
    }
    if after is not None:
        del body["from"]
        body["search_after"] = list(after)
    if filters:
        shown = {"size": 1, "_source": True, "sort": [{"variants.price_cents": _order(plan)}]}
        body["post_filter"] = with_variants_shown(filters, shown)
    if plan.words:
        body["highlight"] = _highlight(plan.words.said)
    if not by_score(plan):
        body["track_scores"] = True
    if unsaid := _unsaid(plan, alone=not filters and after is None):
        body["aggs"] = unsaid
    return body


def _unsaid(plan: SearchPlan, *, alone: bool) -> dict[str, Any]:
    """What the words find before the shopper's filters, and the best of it, where the hits do not say so themselves.

    To fetch one more hit prepares the whole query once more. `alone`: nothing but the words decides which hits there
    are.
    """
    if plan.tells_of_words and not (alone and plan.request.page == 1 and by_score(plan)):
        return {FOUND: {"filter": MATCH_ALL, "aggs": {"best": {"top_hits": {"size": 1, "_source": False}}}}}
    return {} if alone else {FOUND: {"filter": MATCH_ALL}}


def best_body(plan: SearchPlan) -> dict[str, Any] | None:
    """The best match, where the hits are ordered by scores that are prices; None where they say it themselves."""
    if plan.strictness in (None, "all") or not by_variant(plan):
        return None
    return {"size": 1, "_source": False, "track_total_hits": False, "query": _scored(plan)}


def popular_body(plan: SearchPlan) -> dict[str, Any]:
    """What others like, in the chosen category if there is one."""
    return {
        "size": POPULAR,
        "track_total_hits": False,
        "_source": HIT_SOURCE,
        "query": {"bool": {"filter": [published(plan), _below_category(plan)]}},
        "sort": [{"popularity": "desc"}, {"id": "asc"}],
    }


def facets_body(plan: SearchPlan) -> dict[str, Any] | None:
    """The counts of the same search, in the same request; None where no facet is wanted.

    It is a search of its own because Elasticsearch keeps the answers of searches without hits until the index changes:
    what many shoppers see, and what costs most to count, is counted once. It says nothing that changes with time.
    """
    aggs = aggregations(plan, filters_of(plan.request, plan.kinds))
    return {"size": 0, "track_total_hits": False, "query": matched(plan), "aggs": aggs} if aggs else None


def matched(plan: SearchPlan) -> Clause:
    """The products of a search before the shopper's filters, without scores."""
    found = [published(plan)]
    if plan.strictness is not None:
        found.append(words_query(plan, plan.strictness))
    return {"bool": {"filter": found}}


def _scored(plan: SearchPlan) -> Clause:
    if plan.strictness is None:
        return {"bool": {"filter": [published(plan)]}}
    told = plan.request.explain
    named = told or plan.tells_of_words
    found = _identified(plan, named=named)
    if plan.words:
        text = {
            "query": matching(plan.words, plan.needed, DIALS, named=named),
            "functions": gains(plan.words, plan.needed, DIALS, plan.now, dict(plan.near), plan.named, named=told),
            "score_mode": "sum",
            "boost_mode": "multiply",
        }
        found.append({"function_score": text})
    return {"bool": {"filter": [published(plan)], "must": [{"bool": {"should": found}}]}}


def by_score(plan: SearchPlan) -> bool:
    """Whether the best match of the words comes first: its score is then what hits are sorted by."""
    return plan.strictness is not None and plan.request.sort == "relevance"


def by_variant(plan: SearchPlan) -> bool:
    """Whether the order is by the prices of variants that hold the filters. The score is then no relevance."""
    prices = plan.request.sort in ("price_asc", "price_desc")
    return prices and bool(variant_clauses(filters_of(plan.request, plan.kinds)))


def _order(plan: SearchPlan) -> Order:
    return "desc" if plan.request.sort == "price_desc" else "asc"


def _sort(plan: SearchPlan) -> list[Clause]:
    """Ties are always broken by id, so that pages never overlap."""
    sort = plan.request.sort
    first: list[Clause]
    if sort in ("price_asc", "price_desc"):
        first = [{"_score" if by_variant(plan) else "price_cents": _order(plan)}]
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
