"""Elasticsearch's answer -> the contract's response. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from catalog.filter_conditions import category_path
from search.clauses.explain import explain_hit, explain_plan
from search.clauses.filters import filters_of
from search.clauses.scope import FOUND, by_score, by_variant
from search.clauses.text_clauses import covered, split_of
from search.elasticsearch import spelling as corrections
from search.elasticsearch.zero_results import build_help
from search.facets.aggregations import split_node
from search.facets.category_tree import category_id
from search.facets.response import build_facets
from search.planning.facet_selection import Profile, read_profile
from search.planning.plan import Category, Probe, SearchPlan, finds_enough, named_attributes
from search.result import interpreted
from search.text.words import change, read_words

# The searches that one plan makes.
HITS, FACETS, BEST = PARTS = ("hits", "facets", "best")
# A category with a smaller share of the best matches says nothing about what the words mean.
LEAST_SHARE = 0.1


def build_response(
    plan: SearchPlan, answer: dict[str, Any], query_id: str, currency: str, before: int | None = None
) -> dict[str, Any]:
    """The whole response but `took_ms` and `next_cursor`, which the caller adds.

    `before` is the number of hits before this page, where the page number does not say it.
    """
    request = plan.request
    hits = answer["hits"]
    plan = _understood(plan, answer)
    first = 1 + ((request.page - 1) * request.per_page if before is None else before)
    filters = filters_of(request, plan.context.attribute_types)
    return {
        "query_id": query_id,
        "query": {
            "text": request.q,
            "interpreted": interpreted(plan),
            "corrected_to": plan.query.words.text if plan.query.corrections else None,
            "dropped_terms": [*plan.query.dropped, *lacking(plan, answer)],
            "applied_rules": [],
        }
        | ({"plan": explain_plan(plan)} if request.explain else {}),
        "total": {"value": hits["total"]["value"], "exact": hits["total"]["relation"] == "eq"},
        "hits": [
            _hit(position, hit, currency, _score(plan, hit)) | _told(plan, hit)
            for position, hit in enumerate(hits["hits"], first)
        ],
        "facets": build_facets(plan, filters, answer.get("aggregations", {}), currency),
        "page": request.page,
        "per_page": request.per_page,
        "next_cursor": None,
        "redirect": None,
        "banners": [],
        "degraded": False,
    }


def joined(plan: SearchPlan, parts: Mapping[str, dict[str, Any] | None]) -> dict[str, Any]:
    """The answers to the parts of one plan as the one answer that they would be."""
    answer, facets, best = (parts[name] for name in PARTS)
    if answer is None:
        raise ValueError("a plan has hits")
    hits, found = answer["hits"], answer.get("aggregations", {}) | (facets["aggregations"] if facets else {})
    if plan.query.words:
        # What was not asked for, because the hits say it: see `search_body`.
        said = {"doc_count": hits["total"]["value"], "best": {"hits": {"hits": hits["hits"][:1]}}}
        found[FOUND] = said | found.get(FOUND, {}) | ({"best": {"hits": best["hits"]}} if best else {})
    return answer | {"aggregations": found}


def build_suggestions(
    plan: SearchPlan, answer: dict[str, Any], helps: Mapping[str, dict[str, Any]], currency: str
) -> dict[str, Any] | None:
    """What to offer where no product holds the words as typed, or the filters leave none; else None."""
    nothing = answer["hits"]["total"]["value"] == 0
    if not helps and not nothing:
        return None
    offered = build_help(plan, helps, nothing=nothing)
    popular = [_hit(place, hit, currency, None) for place, hit in enumerate(offered["popular"], 1)]
    found = answer["aggregations"].get(FOUND)
    return {"without_filters": found["doc_count"] if found and nothing else None} | offered | {"popular": popular}


def _understood(plan: SearchPlan, answer: dict[str, Any]) -> SearchPlan:
    """The plan as it came out: without corrections of which nothing comes, because the vocabulary holds words of hidden
    products too; and with the two words that the best match holds where one was read as two."""
    found = answer["hits"]["total"]["value"] or answer.get("aggregations", {}).get(FOUND, {}).get("doc_count", 0)
    if found and plan.query.split:
        best = answer["aggregations"][FOUND]["best"]["hits"]["hits"][:1]
        parts = split_of(name for hit in best for name in hit.get("matched_queries", []))
        corrections = (*plan.query.corrections, *parts.items())
        query = replace(plan.query, words=change(plan.query.words, parts, ()), corrections=corrections)
        return replace(plan, query=query)
    if not plan.query.corrections or found:
        return plan
    unread = tuple(word for word, _ in plan.query.corrections)
    words = read_words(plan.request.q, plan.request.language)
    query = replace(plan.query, words=words, corrections=(), dropped=(*unread, *plan.query.dropped))
    return replace(plan, query=query)


def lacking(plan: SearchPlan, answer: dict[str, Any]) -> list[str]:
    """The words that even the best match does not hold, whatever the shopper's filters leave of it."""
    if not plan.query.lets_words_lack or not plan.query.words:
        return []
    best = answer["aggregations"][FOUND]["best"]["hits"]["hits"]
    return _missing(plan, best[0]) if best else []


def _told(plan: SearchPlan, hit: dict[str, Any]) -> dict[str, Any]:
    """What a hit says of its match: missing words where some may be, and its score by factor when asked for."""
    told = {"missing": _missing(plan, hit)} if plan.query.lets_words_lack else {}
    return told | {"explanation": explain_hit(plan, hit)} if plan.request.explain else told


def _missing(plan: SearchPlan, hit: dict[str, Any]) -> list[str]:
    names = hit.get("matched_queries", [])
    if any(name.startswith("identifier") or name == "exact_name" for name in names):
        return []
    held = covered(names)
    return [word.text for place, word in enumerate(plan.query.words.wanted) if place not in held]


def first_that_finds_enough(
    plans: Sequence[SearchPlan], answers: Sequence[dict[str, Any]]
) -> tuple[SearchPlan, dict[str, Any]]:
    """The first plan whose words alone find enough, and its answer; else the last, which finds most."""
    for plan, answer in zip(plans[:-1], answers[:-1], strict=True):
        if finds_enough(plan, answer["aggregations"][FOUND]["doc_count"]):
            return plan, answer
    return plans[-1], answers[-1]


def read_probe(plan: SearchPlan, answer: dict[str, Any]) -> Probe:
    """What the first look found."""
    some = answer.get("aggregations", {})
    every = some.get("all", some)
    held = _held(some)
    words = plan.query.words.wanted if held else ()
    unknown = tuple(word.text for word, count in zip(words, held, strict=True) if not count)
    return Probe(
        matches_all=every.get("doc_count", 0),
        matches_some=answer["hits"]["total"]["value"],
        profile_all=cache(lambda: _profile(plan, every)),
        profile_some=cache(lambda: _profile(plan, some)),
        identified=every.get("identified", {}).get("doc_count", 0) > 0,
        category=_chosen(plan, some["category"]["below"]["nodes"]["buckets"]) if "category" in some else None,
        near=_near(every),
        unknown=unknown,
        corrections=corrections.best(corrections.options_of(unknown, answer.get("suggest", {}), plan.request.language)),
        held=held,
    )


def _held(aggregations: dict[str, Any]) -> tuple[int, ...]:
    """How many products hold each word, where that was asked."""
    return tuple(bucket["doc_count"] for bucket in aggregations["words"]["buckets"]) if "words" in aggregations else ()


def _near(aggregations: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    sample = aggregations.get("near")
    if not sample or not sample["doc_count"]:
        return ()
    shares = ((bucket["key"], bucket["doc_count"] / sample["doc_count"]) for bucket in sample["categories"]["buckets"])
    return tuple((path, share) for path, share in shares if share >= LEAST_SHARE)


def _profile(plan: SearchPlan, aggregations: dict[str, Any]) -> Profile:
    return profile_of(plan, aggregations["profile"]) if "profile" in aggregations else Profile()


def profile_of(plan: SearchPlan, sample: dict[str, Any]) -> Profile:
    """What a sample of products says of the attributes that the request wants to see."""
    request, types = plan.request, plan.context.attribute_types
    return read_profile(sample, types, named_attributes(request), auto=request.auto_facets)


def whole_catalogue(plan: SearchPlan, sample: dict[str, Any]) -> Profile | None:
    """The profile of a search in the whole catalogue, of which there is a sample; None where a look is needed."""
    if plan.request.q or plan.request.category is not None:
        return None
    profile = profile_of(plan, sample)
    types = plan.context.attribute_types
    numeric = [profile.facet(name) for name in named_attributes(plan.request) if types.is_number(name)]
    return profile if all(facet is not None and facet.steps for facet in numeric) else None


def _chosen(plan: SearchPlan, buckets: list[dict[str, Any]]) -> Category | None:
    """The chosen one of categories in the order of their counts: in a rename or move the commonest name and path."""
    sent = plan.request.category or ""
    wanted_id, wanted_path = category_id(sent), category_path(sent)
    for bucket in buckets:
        path, name, held_id = split_node(bucket["key"])
        if held_id == wanted_id if wanted_id else path == wanted_path:
            return Category(path, name)
    return None


def _score(plan: SearchPlan, hit: dict[str, Any]) -> float | None:
    """How well the hit matches; None where its score is a price."""
    if by_variant(plan):
        return None
    score: float | None = hit["sort"][0] if by_score(plan) else hit["_score"]
    return score


def _hit(position: int, hit: dict[str, Any], currency: str, score: float | None) -> dict[str, Any]:
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
        "score": score,
    }


def _variant(hit: dict[str, Any]) -> dict[str, Any] | None:
    """The variant that holds the filters; None without such filters or for a product that has no variants."""
    inner = hit.get("inner_hits", {}).get("variants", {}).get("hits", {}).get("hits", [])
    if not inner:
        return None
    source = inner[0]["_source"]
    return {
        "sku": source["sku"],
        "price": source["price_cents"] / 100,
        "in_stock": source["in_stock"],
        "options": source["options"],
    }
