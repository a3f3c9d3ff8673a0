"""Elasticsearch's responses -> results, and what the probe says of the words. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from catalog.filter_conditions import category_path
from mappings.json_types import Response
from search.clauses.explain import explain_hit, explain_plan
from search.clauses.filters import filters_of
from search.clauses.scope import FOUND, by_score, by_variant
from search.clauses.text_clauses import covered, split_of
from search.elasticsearch import spelling
from search.facets.aggregations import split_node
from search.facets.category_tree import category_id
from search.facets.response import build_facets
from search.planning.facet_selection import FacetSample
from search.planning.plan import Category, Probe, SearchPlan, finds_enough, named_attributes
from search.result import (
    UNNAMED,
    UNTIMED,
    Hit,
    HitCategory,
    Query,
    SearchResult,
    Suggestions,
    Total,
    Variant,
    interpretation,
)
from search.text.words import change, read_words

# The searches that one plan makes.
HITS, FACETS, BEST = PARTS = ("hits", "facets", "best")
# A category with a smaller share of the best matches says nothing about what the words mean.
LEAST_SHARE = 0.1


def build_result(
    plan: SearchPlan,
    response: Response,
    currency: str,
    *,
    before: int,
    next_cursor: str | None = None,
    suggestions: Suggestions | None = None,
) -> SearchResult:
    """The result of a response to the merged parts of a plan; `before` is the number of hits before its first one."""
    request, hits = plan.request, response["hits"]
    plan = _effective_plan(plan, response)
    filters = filters_of(request, plan.context.attribute_types)
    return SearchResult(
        query_id=UNNAMED,
        query=Query(
            text=request.q,
            interpreted=interpretation(plan),
            corrected_to=plan.query.words.text if plan.query.corrections else None,
            dropped_terms=(*plan.query.dropped, *missing_terms(plan, response)),
            applied_rules=(),
            plan=explain_plan(plan) if request.explain else None,
        ),
        total=Total(hits["total"]["value"], hits["total"]["relation"] == "eq"),
        hits=tuple(build_hit(position, hit, currency, plan) for position, hit in enumerate(hits["hits"], before + 1)),
        facets=build_facets(plan, filters, response.get("aggregations", {}), currency),
        page=request.page,
        per_page=request.per_page,
        next_cursor=next_cursor,
        redirect=None,
        banners=(),
        degraded=False,
        suggestions=suggestions,
        took_ms=UNTIMED,
    )


def merge_parts(plan: SearchPlan, parts: Mapping[str, Response | None]) -> Response:
    """The responses to the parts of one plan as the one response that they would be."""
    response, facets, best = (parts[name] for name in PARTS)
    if response is None:
        raise ValueError("a plan has hits")
    hits = response["hits"]
    aggregations = response.get("aggregations", {}) | (facets["aggregations"] if facets else {})
    if plan.query.words:
        # What was not asked for, because the hits say it: see `search_body`.
        by_hits = {"doc_count": hits["total"]["value"], "best": {"hits": {"hits": hits["hits"][:1]}}}
        by_best = {"best": {"hits": best["hits"]}} if best else {}
        aggregations[FOUND] = by_hits | aggregations.get(FOUND, {}) | by_best
    return response | {"aggregations": aggregations}


def _effective_plan(plan: SearchPlan, response: Response) -> SearchPlan:
    """The plan as it came out: without corrections of which nothing comes, because the vocabulary holds words of hidden
    products too; and with the two words that the best match holds where one was read as two."""
    count = response["hits"]["total"]["value"] or response.get("aggregations", {}).get(FOUND, {}).get("doc_count", 0)
    if count and plan.query.split:
        best = response["aggregations"][FOUND]["best"]["hits"]["hits"][:1]
        parts = split_of(name for hit in best for name in hit.get("matched_queries", []))
        corrections = (*plan.query.corrections, *parts.items())
        query = replace(plan.query, words=change(plan.query.words, parts, ()), corrections=corrections)
        return replace(plan, query=query)
    if not plan.query.corrections or count:
        return plan
    unread = tuple(word for word, _ in plan.query.corrections)
    words = read_words(plan.request.q, plan.request.language)
    query = replace(plan.query, words=words, corrections=(), dropped=(*unread, *plan.query.dropped))
    return replace(plan, query=query)


def missing_terms(plan: SearchPlan, response: Response) -> tuple[str, ...]:
    """The words that even the best match does not hold, whatever the shopper's filters leave of it."""
    if not plan.query.lets_words_lack or not plan.query.words:
        return ()
    best = response["aggregations"][FOUND]["best"]["hits"]["hits"]
    return _missing(plan, best[0]) if best else ()


def _missing(plan: SearchPlan, hit: Response) -> tuple[str, ...]:
    names = hit.get("matched_queries", [])
    if any(name.startswith("identifier") or name == "exact_name" for name in names):
        return ()
    matched = covered(names)
    return tuple(word.text for place, word in enumerate(plan.query.words.wanted) if place not in matched)


def choose_plan(plans: Sequence[SearchPlan], responses: Sequence[Response]) -> tuple[SearchPlan, Response]:
    """The first plan whose words alone find enough, and its response; else the last, which finds most."""
    for plan, response in zip(plans[:-1], responses[:-1], strict=True):
        if finds_enough(plan, response["aggregations"][FOUND]["doc_count"]):
            return plan, response
    return plans[-1], responses[-1]


def read_probe(plan: SearchPlan, response: Response) -> Probe:
    """What the response to `probe_body` says."""
    some = response.get("aggregations", {})
    every = some.get("all", some)
    holding = _holding(some)
    counts = zip(plan.query.words.wanted, holding, strict=True) if holding else ()
    unknown = tuple(word.text for word, products in counts if not products)
    options = spelling.options_of(unknown, response.get("suggest", {}), plan.request.language)
    return Probe(
        matches_all=every.get("doc_count", 0),
        matches_some=response["hits"]["total"]["value"],
        sample_all=_sample(plan, every),
        sample_some=_sample(plan, some),
        identified=every.get("identified", {}).get("doc_count", 0) > 0,
        category=_chosen(plan, some["category"]["below"]["nodes"]["buckets"]) if "category" in some else None,
        near=_near(every),
        unknown=unknown,
        corrections=spelling.best(options),
        held=holding,
    )


def _holding(aggregations: Response) -> tuple[int, ...]:
    """How many products hold each word, where that was asked."""
    return tuple(bucket["doc_count"] for bucket in aggregations["words"]["buckets"]) if "words" in aggregations else ()


def _near(aggregations: Response) -> tuple[tuple[str, float], ...]:
    sample = aggregations.get("near")
    if not sample or not sample["doc_count"]:
        return ()
    shares = ((bucket["key"], bucket["doc_count"] / sample["doc_count"]) for bucket in sample["categories"]["buckets"])
    return tuple((path, share) for path, share in shares if share >= LEAST_SHARE)


def _sample(plan: SearchPlan, aggregations: Response) -> FacetSample:
    """The sample that says which attributes have facets, where it was asked for."""
    request = plan.request
    return FacetSample(
        plan.context.attribute_types, named_attributes(request), request.auto_facets, aggregations.get("profile")
    )


def _chosen(plan: SearchPlan, buckets: list[Response]) -> Category | None:
    """The chosen one of categories in the order of their counts: in a rename or move the commonest name and path."""
    sent = plan.request.category or ""
    sent_id, sent_path = category_id(sent), category_path(sent)
    for bucket in buckets:
        path, name, node_id = split_node(bucket["key"])
        if node_id == sent_id if sent_id else path == sent_path:
            return Category(path, name)
    return None


def build_hit(position: int, hit: Response, currency: str, plan: SearchPlan | None = None) -> Hit:
    """A hit of Elasticsearch; `plan` is the one that found it, None for a hit that no words found."""
    source, variant = hit["_source"], _variant(hit)
    category = source.get("category")
    partial = plan is not None and plan.query.lets_words_lack
    return Hit(
        position=position,
        id=source["id"],
        sku=source["sku"],
        name=source["name"],
        brand=source.get("brand"),
        category=HitCategory(category["id"], category["name"], category["path"]) if category else None,
        price=variant.price if variant else source["price_cents"] / 100,
        currency=currency,
        in_stock=variant.in_stock if variant else source["in_stock"],
        image=source.get("image"),
        highlight={name: fragments[0] for name, fragments in hit.get("highlight", {}).items()},
        variant=variant,
        pinned=False,
        score=_score(plan, hit) if plan else None,
        missing=_missing(plan, hit) if plan and partial else None,
        explanation=explain_hit(plan, hit) if plan and plan.request.explain else None,
    )


def _score(plan: SearchPlan, hit: Response) -> float | None:
    """How well the hit matches; None where its score is a price."""
    if by_variant(plan):
        return None
    score: float | None = hit["sort"][0] if by_score(plan) else hit["_score"]
    return score


def _variant(hit: Response) -> Variant | None:
    """The variant that holds the filters; None without such filters or for a product that has no variants."""
    inner = hit.get("inner_hits", {}).get("variants", {}).get("hits", {}).get("hits", [])
    if not inner:
        return None
    source = inner[0]["_source"]
    return Variant(source["sku"], source["price_cents"] / 100, source["in_stock"], source["options"])
