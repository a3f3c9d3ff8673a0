"""Which products a plan is about: those in sight, those that the words find, and their scores. Pure."""

from datetime import UTC, datetime

from catalog.filter_conditions import NOTHING_FORCED, Forced
from mappings.identifiers import spellings_of
from mappings.json_types import Aggregations, Clause, Response
from search.clauses.filters import (
    filters_of,
    forced_clauses,
    variant_clauses,
)
from search.clauses.text_clauses import boosts, matching
from search.clauses.variant_price_sort import Order
from search.clauses.weights import DIALS, FILTERING, Dials
from search.planning.plan import MINIMUM_SHOULD_MATCH, MatchingStrategy, SearchPlan
from search.text.words import looks_identifying

# A name typed exactly is above everything: "1440" may be the name of one product and the sku of another.
EXACT_NAME_BOOST = 2000.0
IDENTIFIER_BOOST = 1000.0
# The beginning of an identifier that is being typed, or of a series.
IDENTIFIER_PREFIX_BOOST = 100.0
SHORTEST_PREFIX = 4
# One word of a longer query: a good match, but not one that outranks all the other words.
PART_BOOST = 20.0
# The aggregation that counts what the words find. Facets have numbers for names.
FOUND = "found"
WINDOW = ("publish_from", "publish_until")


def published(plan: SearchPlan) -> Clause:
    """Active products inside their publishing window, under the principal's forced filters."""
    return visible(plan.context.visibility_time, plan.request.forced)


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


def last_change(now: datetime) -> Aggregations:
    """Aggregations that say when a publishing window last began or ended: until the next one, nothing changes."""
    aggs = {
        name: {"filter": {"range": {name: {"lte": now.isoformat()}}}, "aggs": {"last": {"max": {"field": name}}}}
        for name in WINDOW
    }
    return {"windows": {"global": {}, "aggs": aggs}}


def read_last_change(response: Response) -> datetime:
    """The time that `last_change` has found; long ago where no product has a window."""
    ends = (response["windows"][name]["last"]["value"] for name in WINDOW)
    return datetime.fromtimestamp(max((ms for ms in ends if ms is not None), default=0) / 1000, UTC)


def words_query(plan: SearchPlan, strategy: MatchingStrategy, dials: Dials = FILTERING) -> Clause:
    """Products that hold the words or are named by an identifier."""
    clauses = [*_identified(plan)]
    if plan.query.words:
        clauses.append(matching(plan.query.words, MINIMUM_SHOULD_MATCH[strategy], dials))
    return {"bool": {"should": clauses}}


def identified(plan: SearchPlan) -> Clause:
    """Products that the whole query names."""
    return {"terms": {"identifiers": spellings_of(plan.query.identifier)}}


def _identified(plan: SearchPlan, *, named: bool = False) -> list[Clause]:
    query = plan.query
    clauses: list[Clause] = []

    def add(clause: Clause, boost: float, name: str) -> None:
        clauses.append({"constant_score": {"filter": clause, "boost": boost, **({"_name": name} if named else {})}})

    add({"term": {"name.folded": plan.request.q}}, EXACT_NAME_BOOST, "exact_name")
    add(identified(plan), IDENTIFIER_BOOST, "identifier")
    if len(query.identifier) >= SHORTEST_PREFIX and looks_identifying(query.identifier):
        add({"prefix": {"identifiers": query.identifier}}, IDENTIFIER_PREFIX_BOOST, "identifier_prefix")
    if query.identifier_parts:
        parts = [spelled for part in query.identifier_parts for spelled in spellings_of(part)]
        add({"terms": {"identifiers": parts}}, PART_BOOST, "identifier_part")
    return clauses


def matched(plan: SearchPlan) -> Clause:
    """The products of a search before the shopper's filters, without scores."""
    clauses = [published(plan)]
    if plan.query.matching is not None:
        clauses.append(words_query(plan, plan.query.matching))
    return {"bool": {"filter": clauses}}


def scored(plan: SearchPlan) -> Clause:
    query = plan.query
    if query.matching is None:
        return {"bool": {"filter": [published(plan)]}}
    explained = plan.request.explain
    named = explained or query.reports_missing_terms
    clauses = _identified(plan, named=named)
    if query.words:
        text = {
            "query": matching(query.words, query.minimum_should_match, DIALS, named=named),
            "functions": boosts(query, DIALS, plan.context.now, named=explained),
            "score_mode": "sum",
            "boost_mode": "multiply",
        }
        clauses.append({"function_score": text})
    return {"bool": {"filter": [published(plan)], "must": [{"bool": {"should": clauses}}]}}


def by_score(plan: SearchPlan) -> bool:
    """Whether the best match of the words comes first: its score is then what hits are sorted by."""
    return plan.query.matching is not None and plan.request.sort == "relevance"


def by_variant(plan: SearchPlan) -> bool:
    """Whether the order is by the prices of variants that hold the filters. The score is then no relevance."""
    prices = plan.request.sort in ("price_asc", "price_desc")
    return prices and bool(variant_clauses(filters_of(plan.request, plan.context.attribute_types)))


def order(plan: SearchPlan) -> Order:
    return "desc" if plan.request.sort == "price_desc" else "asc"
