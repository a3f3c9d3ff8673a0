"""Why a hit is where it is: its score taken apart into named factors. Pure.

The factors are read off the clauses that the hit matched in the very search that ranked it, so they cannot differ from
what was done; `computed` puts them together again, and is equal to the score but for rounding.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from mappings.json_types import Response
from search.clauses.text_clauses import MOST_POPULAR, NEW_FOR_DAYS, NUMBER
from search.clauses.weights import DIALS
from search.planning.plan import SearchPlan
from search.result import Explanation, PlanExplanation
from search.text.attribute_values import attributes_of

SECONDS_A_DAY = 86_400
# An exponential decay is at one half after its scale.
HALF = math.log(2)
GAIN = "gain:"
# Read besides what a hit shows.
EXPLAIN_SOURCE = ["popularity", "created_at"]


def explain_plan(plan: SearchPlan) -> PlanExplanation:
    """The plan as it can be printed."""
    readings = plan.query.words.readings() if plan.query.words else []
    return PlanExplanation(
        words=tuple(word.text for word in plan.query.words.wanted),
        readings=tuple(tuple(word.text for word, _, _ in reading) for reading in readings),
        strictness=plan.query.matching,
        needed=plan.query.minimum_should_match if plan.query.matching else None,
        identifier=plan.query.identifier,
        identifier_parts=plan.query.identifier_parts,
        corrections=dict(plan.query.corrections),
        dropped=plan.query.dropped,
        categories=dict(plan.query.category_shares),
        attributes=attributes_of(plan.query.attribute_values),
        facets=tuple(facet.name for facet in plan.evidence.facets.attributes),
        dials=asdict(DIALS),
    )


def explain_hit(plan: SearchPlan, hit: Response) -> Explanation:
    """The score of a hit of Elasticsearch by factor."""
    named: dict[str, float] = hit.get("matched_queries") or {}
    readings = []
    for number, reading in enumerate(plan.query.words.readings() if plan.query.words else []):
        scores = {word.text: named.get(f"{number}:{first}-{last}") for word, first, last in reading}
        if plan.query.matching != "all" or all(score is not None for score in scores.values()):
            readings.append({text: score for text, score in scores.items() if score is not None})
    words: dict[str, float] = max(readings, key=lambda scores: sum(scores.values()), default={})
    gains = _gains(plan, hit, named) if words else {}
    identifiers = {name: score for name, score in named.items() if name.startswith(("identifier", "exact"))}
    computed = sum(words.values()) * (1 + sum(gains.values())) + sum(identifiers.values())
    return Explanation(words, gains, identifiers, computed)


def _gains(plan: SearchPlan, hit: Response, named: Mapping[str, float]) -> dict[str, float]:
    source, dials = hit["_source"], asdict(DIALS)
    matched = [name[len(GAIN) :].partition(NUMBER)[0] for name in named if name.startswith(GAIN)]
    boosts = {name: float(dials[name]) for name in matched}
    if "attribute_named" in boosts:
        boosts["attribute_named"] *= matched.count("attribute_named") / len(plan.query.attribute_values)
    if "category_consistent" in boosts:
        boosts["category_consistent"] *= dict(plan.query.category_shares)[source["category"]["path"]]
    age = abs((plan.context.now - datetime.fromisoformat(source["created_at"])).total_seconds()) / SECONDS_A_DAY
    boosts["newness"] = dials["newness"] * math.exp(-HALF * age / NEW_FOR_DAYS)
    boosts["popularity"] = dials["popularity"] * min(source.get("popularity", 0.0), MOST_POPULAR)
    return boosts
