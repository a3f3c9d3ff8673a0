"""Search without Elasticsearch: the same requests, answered from Postgres in the same form and marked `degraded`.

Simpler than the index: no ranking by what a word means, no facets of attributes but those asked for, no highlighted
descriptions, no walks by cursor. What is found, filtered and counted follows the same rules (docs/degraded.md).
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

from catalog.errors import InvalidInput, NotFound, Unavailable
from catalog.filter_conditions import Forced, category_path
from catalog.settings import Settings
from search.autocomplete import draft as autocomplete
from search.autocomplete.input import AutocompleteQuery, read_typed
from search.autocomplete.samples import Sampled
from search.facets.value_search import matching_categories, matching_values
from search.planning.attribute_types import Kinds
from search.planning.context import SearchContext
from search.planning.plan import SOME_ENOUGH, Evidence, MatchingStrategy, SearchPlan, make_plan
from search.postgres import autocomplete as suggest
from search.postgres.conditions import Wanted
from search.postgres.names import CategoryName, Names, read_names
from search.postgres.reader import RETRY_AFTER, Ask, CatalogReader
from search.postgres.response import (
    build_facets,
    build_result,
    category_counts,
    chosen_category,
    counts_of,
    facet_names,
    is_range,
    selected,
)
from search.postgres.statements import (
    Row,
    facets_statement,
    hits_statement,
    identified_statement,
    look_statement,
    names_statements,
    similar_statement,
)
from search.postgres.words import (
    changed,
    corrections_of,
    enough,
    identifier_prefix,
    needed,
    read_identified,
    unknown_words,
    wanted_of,
)
from search.request import AutocompleteRequest, SearchRequest
from search.result import AutocompleteResult, FacetValuesResult, SearchResult
from search.text.synonyms import Synonyms

WITHOUT_VALUES = "{} is a range or a flag; it has no values to search in"
NO_WALK = "A walk by cursor is not possible while search is degraded: ask for pages by number, or again later."


class PostgresBackend:
    """Answers requests from Postgres. One instance serves a whole process.

    `synonyms` tells those that hold now, `attribute_types` those that Elasticsearch had when it was asked last.
    """

    def __init__(
        self,
        reader: CatalogReader,
        settings: Settings,
        synonyms: Callable[[], Awaitable[Synonyms]],
        attribute_types: Callable[[Forced], Kinds],
    ) -> None:
        self._reader = reader
        self._settings = settings
        self._synonyms = synonyms
        self._attribute_types = attribute_types
        self._names = Names()
        self._names_until = 0.0

    async def search(self, request: SearchRequest) -> SearchResult:
        """A page by its number. Raises Unavailable for a cursor, or when Postgres does not answer."""
        if request.cursor is not None:
            raise Unavailable(NO_WALK, RETRY_AFTER)
        kinds, synonyms = self._attribute_types(request.forced), await self._synonyms()
        async with self._reader.transaction() as ask:
            names = await self._read_names(ask)
            plan, wanted = await _decide(ask, _plan(request, kinds, synonyms, names), names)
            hits = await ask(hits_statement(request, wanted, kinds))
            rows = await _counts(ask, plan, wanted)
        facets = build_facets(plan, names, rows, self._settings.currency)
        return build_result(plan, names, hits, facets, self._settings.currency)

    async def facet_values(self, request: SearchRequest, name: str, prefix: str) -> FacetValuesResult:
        """One facet with those of its values that begin with `prefix`. Raises NotFound, InvalidInput, Unavailable."""
        if name in ("price", "in_stock", "on_sale"):
            raise InvalidInput.of("name", WITHOUT_VALUES.format(name))
        if name not in ("brand", "category") and not name.startswith("attr."):
            raise NotFound(f"There is no facet {name[:120]!r}: category, brand, or attr. and the name of an attribute.")
        request = replace(request, facets=(name,), sort="relevance")
        kinds, synonyms = self._attribute_types(request.forced), await self._synonyms()
        async with self._reader.transaction() as ask:
            names = await self._read_names(ask)
            plan, wanted = await _decide(ask, _plan(request, kinds, synonyms, names), names)
            rows = await ask(facets_statement(request, wanted, kinds, (name,), None if request.narrow else name))
        if name == "category":
            return matching_categories(plan, prefix, category_counts(names, rows))
        if name != "brand" and is_range(plan, name, rows):
            raise InvalidInput.of("name", WITHOUT_VALUES.format(name))
        return matching_values(plan, name, prefix, counts_of(names, name, rows))

    async def autocomplete(self, request: AutocompleteRequest) -> AutocompleteResult:
        """Queries, products, categories and brands for what has been typed so far. Raises Unavailable."""
        typed = read_typed(request, SearchContext(datetime.now(UTC)), await self._synonyms())
        async with self._reader.transaction() as ask:
            names = await self._read_names(ask)
            samples, rows = await _samples(ask, typed, names)
            drafted = autocomplete.draft(typed, samples)
            items = autocomplete.counted(drafted)
            statement = suggest.counts_statement(typed, names, items)
            (counts,) = await ask(statement) if statement else [{}]
        products = suggest.products(typed, drafted, rows, self._settings.currency) if typed.request.q else []
        by_item = dict(zip(items, counts.values(), strict=True))
        return autocomplete.build_result(typed, drafted, products, by_item, degraded=True)

    async def attribute_types(self, forced: Forced) -> Kinds:
        """The types of attributes that are known: Postgres is not asked for them."""
        return self._attribute_types(forced)

    async def _read_names(self, ask: Ask) -> Names:
        """Categories and brands, at most `attribute_types_ttl_seconds` old."""
        if time.monotonic() >= self._names_until:
            categories, brands, trigrams = [await ask(statement) for statement in names_statements()]
            self._names = read_names(
                [CategoryName(row["id"], row["path"], tuple(row["names"]), tuple(row["ids"])) for row in categories],
                [(row["id"], row["name"]) for row in brands],
                trigrams=trigrams[0]["there"],
            )
            self._names_until = time.monotonic() + self._settings.attribute_types_ttl_seconds
        return self._names


def _plan(request: SearchRequest, kinds: Kinds, synonyms: Synonyms, names: Names) -> SearchPlan:
    # No value that words name raises anything here.
    context = SearchContext(datetime.now(UTC), replace(kinds, values={}))
    plan = make_plan(request, context, synonyms)
    sent = request.category
    # A name is not told to a principal that may not see what is in that category.
    if sent is None or request.forced:
        return plan
    return replace(plan, evidence=Evidence(category=chosen_category(names, sent, category_path(sent))))


async def _decide(ask: Ask, plan: SearchPlan, names: Names) -> tuple[SearchPlan, Wanted]:
    """How strict to be: all words, then typing errors corrected, then most words, then any.

    The text and the forced filters alone decide, never the shopper's filters or page.
    """
    request = plan.request
    if not request.q:
        return plan, Wanted()
    looked_up = identified_statement(plan.query.identifier, identifier_prefix(plan), plan.query.identifier_parts)
    identified = read_identified(await ask(looked_up) if looked_up else ())
    wanted = wanted_of(plan, names, identified)
    (look,) = await ask(look_statement(request, wanted))
    if enough(plan, look):
        return plan, wanted
    unknown = unknown_words(plan, look)
    if not unknown:
        return await _most(ask, plan, wanted) if len(wanted.slots) > 1 else (plan, wanted)
    similar = await ask(similar_statement(request, unknown)) if names.trigrams else []
    corrections = corrections_of(unknown, names, similar, vocabulary=not request.forced)
    plan = changed(plan, corrections, unknown)
    wanted = wanted_of(plan, names, identified)
    (look,) = await ask(look_statement(request, wanted))
    if look["every"] >= SOME_ENOUGH or len(wanted.slots) < 2:
        return plan, wanted
    return await _most(ask, plan, wanted)


async def _most(ask: Ask, plan: SearchPlan, wanted: Wanted) -> tuple[SearchPlan, Wanted]:
    """Most of the words, or any where no product holds most."""
    matching: MatchingStrategy = "some"
    some = replace(wanted, needed=needed(matching, len(wanted.slots)))
    (look,) = await ask(look_statement(plan.request, some))
    if look["every"] < SOME_ENOUGH:
        matching = "any"
    plan = replace(plan, query=replace(plan.query, matching=matching))
    return plan, replace(wanted, needed=needed(matching, len(wanted.slots)))


async def _counts(ask: Ask, plan: SearchPlan, wanted: Wanted) -> list[Row]:
    """The counts of all facets: those in which nothing is selected together, each other one without its own filter."""
    names, chosen = facet_names(plan), () if plan.request.narrow else selected(plan)
    others = [name for name in names if name not in chosen]
    rows = await ask(facets_statement(plan.request, wanted, plan.context.attribute_types, others)) if others else []
    for name in names:
        if name in chosen:
            rows = rows + await ask(facets_statement(plan.request, wanted, plan.context.attribute_types, (name,), name))
    return rows


async def _samples(ask: Ask, typed: AutocompleteQuery, names: Names) -> tuple[dict[str, list[Sampled]], list[Row]]:
    """What the suggestions are read off: samples by their names, and the rows of all of them."""
    samples: dict[str, list[Sampled]] = {}
    identified: list[Row] = []
    looked_up = identified_statement("", typed.identifier, ()) if typed.identifier else None
    if looked_up and (ids := [row["id"] for row in await ask(looked_up)]):
        identified = await ask(suggest.identified_products(typed, ids))
        samples["identified"] = suggest.sampled(names, identified)
    if not typed.completable:
        return samples, identified
    rows = await ask(suggest.sample_statement(typed, names, (typed.parts, *typed.also)))
    samples["products"] = suggest.sampled(names, rows)
    samples["categories"] = suggest.sampled(names, [row for row in rows if row["named"]])
    if len(rows) < autocomplete.FEW and typed.may_be_mistyped:
        statement = suggest.mistyped_statement(typed) if names.trigrams else None
        parts = suggest.corrected(typed, names, await ask(statement) if statement else ())
        if parts is not None:
            mistyped = await ask(suggest.sample_statement(typed, names, (parts,)))
            samples["mistyped"] = suggest.sampled(names, mistyped)
            rows = rows + mistyped
    return samples, identified + rows
