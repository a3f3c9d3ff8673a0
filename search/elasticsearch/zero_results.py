"""What to offer where no product holds what was typed: nearby queries, categories, and what others like. Pure.

It is asked for together with the hits, so that it costs no round trip. Nearby queries are read off products that the
index holds, as those of autocomplete are: none of them leads to nothing.
"""

from collections.abc import Mapping

from mappings.json_types import Body, Response
from search.autocomplete.draft import draft
from search.autocomplete.input import AutocompleteQuery, read_typed
from search.autocomplete.samples import read_samples, sample_bodies
from search.clauses.filters import filters_of
from search.clauses.scope import FOUND
from search.elasticsearch.query import popular_body
from search.elasticsearch.response import build_hit
from search.planning.plan import SearchPlan
from search.request import AutocompleteRequest
from search.result import NearbyCategory, NearbyQuery, Suggestions

QUERIES = 4
CATEGORIES = 3
POPULAR = "popular"


def zero_results_bodies(plan: SearchPlan) -> dict[str, Body]:
    """The searches to ask besides, by name; none where the words find something."""
    request = plan.request
    if not plan.evidence.missed or request.page > 1 or request.cursor is not None:
        return {}
    samples = sample_bodies(_typed(plan), doubted=not _surely_corrected(plan))
    if samples and plan.evidence.certain and not filters_of(request, plan.context.attribute_types):
        return samples  # something is found: what others like is not shown then
    return {POPULAR: popular_body(plan)} | samples


def build_suggestions(
    plan: SearchPlan, response: Response, responses: Mapping[str, Response], currency: str
) -> Suggestions | None:
    """What to offer where no product holds the words as typed, or the filters leave none; else None.

    `response` is that of the plan, `responses` are those to `zero_results_bodies`.
    """
    nothing = response["hits"]["total"]["value"] == 0
    if not responses and not nothing:
        return None
    by_words = response["aggregations"].get(FOUND)
    without_filters = by_words["doc_count"] if by_words and nothing else None
    if not responses:
        return Suggestions(without_filters, (), (), ())
    drafted = draft(_typed(plan), read_samples({name: each for name, each in responses.items() if name != POPULAR}))
    known = {_plain(plan.request.q), _plain(plan.query.words.text)}
    popular = responses[POPULAR]["hits"]["hits"] if nothing and POPULAR in responses else []
    return Suggestions(
        without_filters,
        tuple(NearbyQuery(item.text) for item in drafted.queries if _plain(item.text) not in known),
        tuple(
            NearbyCategory(node.path, node.id, node.name, node.label)
            for node in drafted.categories[:CATEGORIES]
            if node.path != (plan.evidence.category.path if plan.evidence.category else None)
        ),
        tuple(build_hit(position, hit, currency) for position, hit in enumerate(popular, 1)),
    )


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
