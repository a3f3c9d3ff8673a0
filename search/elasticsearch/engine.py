"""Answers searches from Elasticsearch."""

import time
from collections.abc import Container, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from catalog.errors import InvalidInput
from catalog.filter_conditions import NOTHING_FORCED, Forced
from catalog.settings import Settings
from mappings.json_types import Body, Response
from search.autocomplete import draft as autocomplete
from search.autocomplete.counts import count_search
from search.autocomplete.input import read_typed
from search.autocomplete.samples import read_samples, sample_bodies
from search.elasticsearch import cursor, spelling
from search.elasticsearch.catalogue_snapshot import Catalogues, CatalogueSnapshot, read_snapshot, snapshot_body
from search.elasticsearch.query import best_body, facets_body, probe_body, search_body
from search.elasticsearch.response import (
    BEST,
    FACETS,
    HITS,
    PARTS,
    build_result,
    choose_plan,
    merge_parts,
    read_probe,
)
from search.elasticsearch.searcher import Searcher, at_point
from search.elasticsearch.zero_results import build_suggestions, zero_results_bodies
from search.facets.value_search import build_values, require_values, values_body
from search.planning.attribute_types import Kinds
from search.planning.context import SearchContext
from search.planning.plan import Probe, SearchPlan, decide, make_plan, needs_probe
from search.planning.probe_cache import ProbeCache
from search.request import AutocompleteRequest, SearchRequest
from search.result import AutocompleteResult, FacetValuesResult, SearchResult, Suggestions
from search.synonym_reader import SynonymReader
from search.text.synonyms import NO_SYNONYMS, Synonyms

Name = TypeVar("Name")
# The searches of a page that are no part of any plan.
ZERO_RESULTS = -1
# The products to show, beside the counts of suggestions.
PRODUCTS = "products"
# Counts of products may be older than what attributes are: a few more or less change nothing.
COUNTS_OUTLIVE_TYPES = 6


class ElasticsearchBackend:
    """Answers requests from the index behind the read alias. One instance serves a whole process."""

    def __init__(self, searcher: Searcher, settings: Settings, synonyms: SynonymReader | None = None) -> None:
        self._searcher = searcher
        self._settings = settings
        self._synonyms = synonyms
        self._probes = ProbeCache(settings.attribute_types_ttl_seconds)
        self._catalogues = Catalogues(COUNTS_OUTLIVE_TYPES * settings.attribute_types_ttl_seconds)

    async def search(self, request: SearchRequest) -> SearchResult:
        """A page, or the next one of a walk. Raises Unavailable, and InvalidInput for a cursor."""
        return await (self._page(request) if request.cursor is None else self._walk(request, request.cursor))

    async def facet_values(self, request: SearchRequest, name: str, prefix: str) -> FacetValuesResult:
        """One facet with those of its values that begin with `prefix`. Raises NotFound, InvalidInput, Unavailable."""
        plans = await self.plan(replace(request, facets=(name,), sort="relevance"))
        require_values(plans[0], name)
        responses = await self._searcher.msearch([values_body(plan, name, prefix) for plan in plans])
        plan, response = choose_plan(plans, responses)
        return build_values(plan, name, prefix, response["aggregations"])

    async def autocomplete(self, request: AutocompleteRequest) -> AutocompleteResult:
        """Queries, products, categories and brands for what has been typed so far; two round trips.

        One more where what is known of the catalogue is too old, as in a search. Raises Unavailable.
        """
        synonyms = await self._current_synonyms(request.q)
        snapshot = await self._snapshot(request.forced)
        # To the hour: what is asked for again is then the same request, and how new a product is counts by days.
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        typed = read_typed(request, SearchContext(now, snapshot.kinds, snapshot.visible_at), synonyms)
        memory = self._catalogues.of(request.forced).memory
        doubted = any(typed.edits_allowed(part) and not memory.knows(part) for part in typed.parts)
        bodies = sample_bodies(typed, doubted=doubted)
        drafted = autocomplete.draft(typed, read_samples(await self._named(bodies, cached=bodies)))
        items = autocomplete.counted(drafted)
        counts = memory.counts(request.category, items)
        products = {PRODUCTS: autocomplete.products_search(typed, drafted)} if request.q else {}
        searches = {item: count_search(typed, item) for item in items if item not in counts}
        responses = await self._named({**products, **searches}, cached=products)
        new_counts = {item: responses[item]["hits"]["total"]["value"] for item in searches}
        memory.remember(request.category, new_counts)
        memory.learn(drafted.words)
        currency = self._settings.currency
        found_products = autocomplete.read_products(typed, responses[PRODUCTS], currency) if request.q else []
        return autocomplete.build_result(typed, drafted, found_products, counts | new_counts)

    async def attribute_types(self, forced: Forced = NOTHING_FORCED) -> Kinds:
        """The types of the catalogue's attributes, at most `attribute_types_ttl_seconds` old. Raises Unavailable."""
        return (await self._snapshot(forced)).kinds

    def known_attribute_types(self, forced: Forced = NOTHING_FORCED) -> Kinds:
        """The types of attributes that were read last, however long ago; none before the first search."""
        return self._catalogues.of(forced).snapshot.kinds

    async def plan(self, request: SearchRequest) -> tuple[SearchPlan, ...]:
        """The plans to try, nearly always one; at most one round trip, to choose how the words match and the facets."""
        synonyms, snapshot = await self._current_synonyms(request.q), await self._snapshot(request.forced)
        plan = make_plan(request, SearchContext(datetime.now(UTC), snapshot.kinds, snapshot.visible_at), synonyms)
        if not needs_probe(plan):
            return (plan,)
        if (profile := snapshot.profile(plan)) is not None:
            return (plan.with_facets(profile),)
        body = probe_body(plan)
        probe = self._probes.get(body)
        if probe is None:
            probe = await self._probe(plan, body)
            self._probes.put(plan, body, probe)
        return decide(plan, probe, snapshot.facet_sample(plan), synonyms)

    async def _page(self, request: SearchRequest, point: str | None = None) -> SearchResult:
        """A page by its number; the first page of a walk where a point in time is given."""
        plans = await self.plan(request)
        bodies: dict[tuple[int, str], Body] = {}
        for number, plan in enumerate(plans):
            parts = {HITS: search_body(plan), FACETS: facets_body(plan), BEST: best_body(plan)}
            bodies |= {(number, part): at_point(body, point) for part, body in parts.items() if body is not None}
        extra = {(ZERO_RESULTS, name): body for name, body in zero_results_bodies(plans[0]).items()}
        responses = await self._named(bodies | extra, cached=extra, named_scores=request.explain)
        merged = [
            merge_parts(plan, {part: responses.get((number, part)) for part in PARTS})
            for number, plan in enumerate(plans)
        ]
        plan, response = choose_plan(plans, merged)
        offered = {name: responses[ZERO_RESULTS, name] for _, name in extra}
        suggestions = build_suggestions(plan, response, offered, self._settings.currency)
        return self._result(plan, response, point, (request.page - 1) * request.per_page, suggestions)

    async def _walk(self, request: SearchRequest, text: str) -> SearchResult:
        """The next page of a walk. Facets came with the first one, and don't change on the way."""
        key = self._cursor_key()
        if key is None:
            raise InvalidInput.of("cursor", "needs CATALOG_JWT_SECRET to be set: cursors are signed with it")
        if text == cursor.START:
            return await self._page(request, await self._searcher.open_point())
        place = cursor.read(text, request, key)
        snapshot = await self._snapshot(request.forced)
        plan = make_plan(replace(request, facets=()), SearchContext(datetime.now(UTC), snapshot.kinds))
        plan = cursor.resume(plan, place)
        point = place.point or await self._searcher.open_point()
        body = at_point(search_body(plan, place.after), point)
        (response,) = await self._searcher.msearch([body], named_scores=request.explain)
        return self._result(plan, response, point, place.position)

    def _result(
        self,
        plan: SearchPlan,
        response: Response,
        point: str | None,
        before: int,
        suggestions: Suggestions | None = None,
    ) -> SearchResult:
        """The result of a page behind `before` hits, with the cursor of the next one where there is any."""
        hits, total = response["hits"]["hits"], response["hits"]["total"]["value"]
        last, key, next_cursor = before + len(hits), self._cursor_key(), None
        if key is not None and hits and last < total:
            next_cursor = cursor.write(cursor.after_last(plan, response, point, last), key)
        return build_result(
            plan,
            response,
            self._settings.currency,
            before=before,
            next_cursor=next_cursor,
            suggestions=suggestions,
        )

    def _cursor_key(self) -> str | None:
        secret = self._settings.jwt_secret
        return secret.get_secret_value() if secret else None

    async def _probe(self, plan: SearchPlan, body: Body) -> Probe:
        """What the probe finds. Under forced filters, one round trip more where words may be corrected."""
        (response,) = await self._searcher.msearch([body])
        probe = read_probe(plan, response)
        if not plan.request.forced or not probe.corrections:
            return probe
        options = spelling.options_of(probe.unknown, response["suggest"], plan.request.language)
        (response,) = await self._searcher.msearch([spelling.held_body(plan, options)])
        return replace(probe, corrections=spelling.best(spelling.in_sight(options, response)))

    async def _current_synonyms(self, q: str) -> Synonyms:
        return await self._synonyms.current() if self._synonyms and q else NO_SYNONYMS

    async def _snapshot(self, forced: Forced) -> CatalogueSnapshot:
        """The catalogue, at most `attribute_types_ttl_seconds` old."""
        catalogue, seconds = self._catalogues.of(forced), self._settings.attribute_types_ttl_seconds
        if time.monotonic() >= catalogue.until:
            if catalogue.snapshot.sample:  # the others go on with what is known, while this one asks
                catalogue.until = time.monotonic() + seconds
            (response,) = await self._searcher.msearch([snapshot_body(datetime.now(UTC), forced)])
            catalogue.snapshot = read_snapshot(response)
            catalogue.until = time.monotonic() + seconds
        return catalogue.snapshot

    async def _named(
        self, bodies: Mapping[Name, Body], *, cached: Container[Name], named_scores: bool = False
    ) -> dict[Name, Response]:
        """The responses to several searches by their names, in one round trip; `cached` names those to be cached."""
        if not bodies:
            return {}
        places = {place for place, name in enumerate(bodies) if name in cached}
        responses = await self._searcher.msearch(list(bodies.values()), cached=places, named_scores=named_scores)
        return dict(zip(bodies, responses, strict=True))
