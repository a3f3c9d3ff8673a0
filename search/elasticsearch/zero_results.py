"""What to offer where no product holds what was typed: nearby queries, categories, and what others like. Pure.

It is asked for together with the hits, so that nobody waits for it. Nearby queries are read off products that the
index holds, as those of autocomplete are: none of them leads to nothing.
"""

from collections.abc import Mapping
from typing import Any

from search.autocomplete import draft as autocomplete
from search.autocomplete.input import AutocompleteQuery, read_typed
from search.clauses.filters import filters_of
from search.elasticsearch.query import popular_body
from search.planning.plan import SearchPlan
from search.request import AutocompleteRequest

QUERIES = 4
CATEGORIES = 3
POPULAR = "popular"


def help_bodies(plan: SearchPlan) -> dict[str, dict[str, Any]]:
    """The searches to ask besides, by name; none where the words find something."""
    request = plan.request
    if not plan.evidence.missed or request.page > 1 or request.cursor is not None:
        return {}
    samples = autocomplete.sample_bodies(_typed(plan), doubted=not _surely_corrected(plan))
    if samples and plan.evidence.certain and not filters_of(request, plan.context.attribute_types):
        return samples  # something is found: nobody will ask what others like
    return {POPULAR: popular_body(plan)} | samples


def build_help(plan: SearchPlan, answers: Mapping[str, dict[str, Any]], *, nothing: bool) -> dict[str, Any]:
    """`popular` are hits of Elasticsearch, only where nothing was found."""
    if not answers:
        return {"queries": [], "categories": [], POPULAR: []}
    typed = _typed(plan)
    samples = {name: answer for name, answer in answers.items() if name != POPULAR}
    drafted = autocomplete.draft(typed, samples)
    known = {_plain(plan.request.q), _plain(plan.query.words.text)}
    return {
        "queries": [{"text": item.text} for item in drafted.queries if _plain(item.text) not in known],
        "categories": [
            {"value": node.path, "id": node.id, "text": node.name, "label": node.label}
            for node in drafted.categories[:CATEGORIES]
            if node.path != (plan.evidence.category.path if plan.evidence.category else None)
        ],
        POPULAR: answers[POPULAR]["hits"]["hits"] if nothing and POPULAR in answers else [],
    }


def _surely_corrected(plan: SearchPlan) -> bool:
    """Whether each unknown word was taken for one of the catalogue's, and products hold the others.

    This is the same in all plans of a search. A lone word may have been meant as another one that is as near.
    """
    return bool(plan.query.corrections) and plan.evidence.certain and not plan.query.dropped and not plan.query.split


def _typed(plan: SearchPlan) -> AutocompleteQuery:
    """What queries are near to: the words as they were corrected, which need not be looked for with errors again."""
    request = plan.request
    text = plan.query.words.text if _surely_corrected(plan) else request.q
    typed = AutocompleteRequest(text, QUERIES, request.category, request.language, request.forced)
    return read_typed(typed, plan.context)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
