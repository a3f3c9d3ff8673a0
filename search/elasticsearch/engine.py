"""The one module of the read side that calls Elasticsearch."""

import asyncio
import time
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

import structlog
from elastic_transport import SerializationError, TransportError
from elasticsearch import ApiError, AsyncElasticsearch

from catalog import deadline
from catalog.errors import InvalidInput, Unavailable
from catalog.filter_conditions import NOTHING_FORCED, Forced
from catalog.settings import Settings
from mappings.names import read_alias
from search.autocomplete import draft as autocomplete
from search.clauses.scope import last_change, read_last_change, shuffled, visible
from search.elasticsearch import cursor
from search.elasticsearch import spelling as corrections
from search.elasticsearch.catalogue_snapshot import View, Views
from search.elasticsearch.query import best_body, facets_body, probe_body, search_body
from search.elasticsearch.response import (
    BEST,
    FACETS,
    HITS,
    PARTS,
    build_response,
    build_suggestions,
    first_that_finds_enough,
    joined,
    profile_of,
    read_probe,
    whole_catalogue,
)
from search.elasticsearch.zero_results import help_bodies
from search.facets.value_search import build_values, require_values, values_body
from search.planning.attribute_types import read_kinds
from search.planning.context import SearchContext
from search.planning.facet_selection import TOKENS, Profile, profile_aggs
from search.planning.plan import Probe, SearchPlan, decide, make_plan, named_attributes, needs_probe
from search.planning.probe_cache import Looks
from search.request import AutocompleteRequest, SearchRequest
from search.synonym_reader import SynonymReader
from search.text import attribute_values as named_values
from search.text.synonyms import NO_SYNONYMS

log = structlog.get_logger()

RETRY_AFTER = 5
# Of the searches that one request holds.
AT_ONCE = 4
BAD_REQUEST, NOT_FOUND = 400, 404
Name = TypeVar("Name")
# How long a walk may wait for its next page.
KEEP_ALIVE = "5m"
# The searches of a page that are no part of any plan.
HELP = -1
# More attribute names than any catalogue should have; past it, the rarest would be taken for unknown ones.
MAX_KINDS = 60_000


class SearchDefect(Exception):
    """Elasticsearch refused a request that we made of valid input."""


class SearchEngine:
    """Answers requests from the index behind the read alias. One instance serves a whole process."""

    def __init__(self, client: AsyncElasticsearch, settings: Settings, synonyms: SynonymReader | None = None) -> None:
        self._client = client
        self._settings = settings
        self._synonyms = synonyms
        # Made once: each client with other options makes forty of its namespaces anew.
        self._patient = client.options(request_timeout=settings.search_timeout_seconds)
        self._alias = read_alias(settings.index_prefix)
        self._looks = Looks(settings.attribute_types_ttl_seconds)
        # Counts of products may be older than what attributes are: a few more or less change nothing.
        self._views = Views(6 * settings.attribute_types_ttl_seconds)

    async def search(self, request: SearchRequest) -> dict[str, Any]:
        """The contract's response. Raises Unavailable when Elasticsearch is away, InvalidInput for a cursor."""
        started = time.perf_counter()
        request = replace(request, language=self._settings.language)
        response = await (self._page(request) if request.cursor is None else self._walk(request, request.cursor))
        response["took_ms"] = _milliseconds(started)
        return response

    async def search_all(self, requests: Sequence[SearchRequest]) -> list[dict[str, Any]]:
        """The answers to several searches, in order; the first that fails is raised.

        A few at a time: of twenty hard ones at once, each would wait for all others and seem to take too long.
        """
        free = asyncio.Semaphore(AT_ONCE)

        async def answer(request: SearchRequest) -> dict[str, Any]:
            async with free:
                return await self.search(request)

        return list(await asyncio.gather(*map(answer, requests)))

    async def _page(self, request: SearchRequest, point: str | None = None) -> dict[str, Any]:
        """A page by its number; the first page of a walk where a point in time is given."""
        plans = await self.plan(request)
        asked: dict[tuple[int, str], dict[str, Any]] = {}
        for number, plan in enumerate(plans):
            parts = {HITS: search_body(plan), FACETS: facets_body(plan), BEST: best_body(plan)}
            asked |= {(number, name): _at(body, point) for name, body in parts.items() if body is not None}
        helping = {(HELP, name): body for name, body in help_bodies(plans[0]).items()}
        answers = await self._ask_named(asked | helping, request.explain or None, kept=helping)
        found = [joined(plan, {name: answers.get((at, name)) for name in PARTS}) for at, plan in enumerate(plans)]
        plan, answer = first_that_finds_enough(plans, found)
        response = self._respond(plan, answer, point, (request.page - 1) * request.per_page)
        helps = {name: answers[HELP, name] for _, name in helping}
        offered = build_suggestions(plan, answer, helps, self._settings.currency)
        return response | ({"suggestions": offered} if offered else {})

    async def _walk(self, request: SearchRequest, text: str) -> dict[str, Any]:
        """The next page of a walk. Facets came with the first one, and don't change on the way."""
        key = self._key()
        if key is None:
            raise InvalidInput.of("cursor", "needs CATALOG_JWT_SECRET to be set: cursors are signed with it")
        if text == cursor.START:
            return await self._page(request, await self._open_point())
        found = cursor.read(text, request, key)
        view = await self._view(request.forced)
        plan = make_plan(replace(request, facets=()), SearchContext(datetime.now(UTC), view.kinds))
        plan = cursor.resume(plan, found)
        point = found.point or await self._open_point()
        answer = await self._ask(_at(search_body(plan, found.after), point), request.explain or None)
        return self._respond(plan, answer, point, found.position)

    def _respond(self, plan: SearchPlan, answer: dict[str, Any], point: str | None, before: int) -> dict[str, Any]:
        response = build_response(plan, answer, uuid4().hex, self._settings.currency, before)
        last, key = before + len(response["hits"]), self._key()
        if key is not None and response["hits"] and last < response["total"]["value"]:
            response["next_cursor"] = cursor.write(cursor.after_last(plan, answer, point, last), key)
        return response

    def _key(self) -> str | None:
        secret = self._settings.jwt_secret
        return secret.get_secret_value() if secret else None

    async def _open_point(self) -> str:
        """A point in time of the index; it ends by itself when nobody asks for it."""
        try:
            answer = await self._client.open_point_in_time(index=self._alias, keep_alive=KEEP_ALIVE)
        except (ApiError, TransportError) as error:
            log.warning("search.unavailable", error=f"{type(error).__name__}: {error.message}")
            raise Unavailable("Search does not answer at the moment.", RETRY_AFTER) from error
        point: str = answer["id"]
        return point

    async def plan(self, request: SearchRequest) -> tuple[SearchPlan, ...]:
        """The plans to try, nearly always one; at most one round trip, to choose how the words match and the facets."""
        synonyms = await self._synonyms.current() if self._synonyms and request.q else NO_SYNONYMS
        view = await self._view(request.forced)
        plan = make_plan(request, SearchContext(datetime.now(UTC), view.kinds, view.visible_at), synonyms)
        if not needs_probe(plan):
            return (plan,)
        if (profile := whole_catalogue(plan, view.sample)) is not None:
            return (plan.with_facets(profile),)
        body = probe_body(plan)
        probe = self._looks.known(body)
        if probe is None:
            probe = await self._look(plan, body)
            self._looks.remember(plan, body, probe)
        return decide(plan, probe, lambda: _of_catalogue(plan, view), synonyms)

    async def _look(self, plan: SearchPlan, body: dict[str, Any]) -> Probe:
        """What the probe finds. Under forced filters, one round trip more where words may be corrected."""
        answer = await self._ask(body)
        probe = read_probe(plan, answer)
        if not plan.request.forced or not probe.corrections:
            return probe
        options = corrections.options_of(probe.unknown, answer["suggest"], plan.request.language)
        held = await self._ask(corrections.held_body(plan, options))
        return replace(probe, corrections=corrections.best(corrections.in_sight(options, held)))

    async def attribute_names(self, forced: Forced = NOTHING_FORCED) -> Container[str]:
        """The names of the attributes of the products that are seen under these filters."""
        return (await self._view(forced)).kinds

    async def facet_values(self, request: SearchRequest, name: str, prefix: str) -> dict[str, Any]:
        """One facet with those of its values that begin with `prefix`. Raises NotFound, InvalidInput, Unavailable."""
        plans = await self.plan(replace(request, facets=(name,), sort="relevance", language=self._settings.language))
        require_values(plans[0], name)
        answers = await self._ask_all([values_body(plan, name, prefix) for plan in plans])
        plan, answer = first_that_finds_enough(plans, answers)
        return build_values(plan, name, prefix, answer["aggregations"])

    async def autocomplete(self, request: AutocompleteRequest) -> dict[str, Any]:
        """Queries, products, categories and brands for what has been typed so far; two round trips.

        One more where what is known of the catalogue is too old, as in a search.
        """
        started = time.perf_counter()
        request = replace(request, language=self._settings.language)
        synonyms = await self._synonyms.current() if self._synonyms and request.q else NO_SYNONYMS
        view = await self._view(request.forced)
        # To the hour: what is asked for again is then the same request, and how new a product is counts by days.
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        typed = autocomplete.read_typed(request, SearchContext(now, view.kinds, view.visible_at), synonyms)
        memory = view.memory
        doubted = any(typed.edits_allowed(part) and not memory.knows(part) for part in typed.parts)
        looks = autocomplete.sample_bodies(typed, doubted=doubted)
        samples = await self._ask_named(looks, kept=looks)
        drafted = autocomplete.draft(typed, samples)
        wanted = autocomplete.counted(drafted)
        counts = memory.counts(request.category, wanted)
        asked = {name: autocomplete.count_search(typed, name) for name in wanted if name not in counts}
        products = {"": autocomplete.products_of(typed, drafted)} if request.q else {}
        answers = await self._ask_named(products | asked, kept=products)
        hits = answers.pop("")["hits"]["hits"] if request.q else []
        found = {name: answer["hits"]["total"]["value"] for name, answer in answers.items()}
        memory.remember(request.category, found)
        memory.learn(drafted.words)
        response = autocomplete.build_response(typed, drafted, hits, counts | found, self._settings.currency)
        response["took_ms"] = _milliseconds(started)
        return response

    async def _view(self, forced: Forced) -> View:
        """What the attributes of the catalogue are, at most `attribute_types_ttl_seconds` old."""
        view = self._views.of(forced)
        if time.monotonic() >= view.until:
            if view.sample:  # the others go on with what is known, while this one asks
                view.until = time.monotonic() + self._settings.attribute_types_ttl_seconds
            names = {"terms": {"field": "attribute_names", "size": MAX_KINDS}}
            now = datetime.now(UTC)
            body = {"size": 0, "track_total_hits": False, "query": shuffled(visible(now, forced))}
            aggs = {"names": names} | profile_aggs(tokens=named_values.TOKENS) | last_change(now)
            answer = await self._ask(body | {"aggs": aggs})
            view.sample = answer["aggregations"]
            tokens = view.sample["sample"]["tokens"]["buckets"]
            view.kinds = read_kinds(_keys(view.sample.pop("names")["buckets"]), _keys(tokens))
            del tokens[TOKENS:]  # facets are chosen by the commonest ones
            view.profiles.clear()
            view.visible_at = read_last_change(view.sample)
            view.until = time.monotonic() + self._settings.attribute_types_ttl_seconds
        return view

    async def _ask_named(
        self, bodies: Mapping[Name, dict[str, Any]], explained: bool | None = None, *, kept: Container[Name] = ()
    ) -> dict[Name, dict[str, Any]]:
        """The answers to several searches by their names, in one round trip; those of `kept` names are to be kept."""
        if not bodies:
            return {}
        places = {place for place, name in enumerate(bodies) if name in kept}
        return dict(zip(bodies, await self._ask_all(list(bodies.values()), explained, places), strict=True))

    async def _ask(self, body: dict[str, Any], explained: bool | None = None) -> dict[str, Any]:
        """The answer to one search, within the time that a search may take."""
        return (await self._ask_all([body], explained))[0]

    async def _ask_all(
        self, bodies: Sequence[dict[str, Any]], explained: bool | None = None, kept: Container[int] = ()
    ) -> list[dict[str, Any]]:
        """The answers to several searches, in one round trip. Raises Unavailable unless every one is answered.

        Elasticsearch keeps answers without hits until the index changes, and those at the places `kept` also with
        hits: the first letters of a word are typed again and again. Only equal requests have the same answer, so these
        are sent with the same time limit, whatever time is left; the client waits no longer than that.
        """
        seconds = deadline.bounded(self._settings.search_timeout_seconds)
        limits = [f"{max(1, int(each * 1000))}ms" for each in (seconds, self._settings.search_timeout_seconds)]
        searches: list[dict[str, Any]] = []
        for place, body in enumerate(bodies):
            # A point in time says itself which index it is of.
            where = {} if "pit" in body else {"index": self._alias}
            how = {"allow_partial_search_results": False} | ({"request_cache": True} if place in kept else {})
            searches += [where | how, body | {"timeout": limits[place in kept]}]
        try:
            patient = seconds == self._settings.search_timeout_seconds
            client = self._patient if patient else self._client.options(request_timeout=seconds)
            answer = await client.msearch(searches=searches, include_named_queries_score=explained)
        except SerializationError:
            # Nothing was sent: what was to be sent, or what came back, is a defect of ours and not a server away.
            raise
        except (ApiError, TransportError) as error:
            # Whoever waits for less than a search may take learns nothing about Elasticsearch.
            deadline.bounded(seconds)
            log.warning("search.unavailable", error=f"{type(error).__name__}: {error.message}")
            raise Unavailable("Search does not answer at the moment.", RETRY_AFTER) from error
        found: list[dict[str, Any]] = answer["responses"]
        for each in found:
            if each.get("timed_out"):
                deadline.bounded(seconds)
            _check(each)
        return found


def _check(answer: dict[str, Any]) -> None:
    """Raises Unavailable, or SearchDefect where the request itself was refused: it was ours, not the client's."""
    if "error" in answer:
        error, status = answer["error"], answer["status"]
        if error["type"] == "index_not_found_exception":
            raise Unavailable("Index missing: run `catalog reindex`.", RETRY_AFTER)
        if error["type"] == "index_closed_exception":
            raise Unavailable("Index closed: open it, or run `catalog reindex`.", RETRY_AFTER)
        if status == NOT_FOUND:
            raise InvalidInput.of("cursor", f"has expired after {KEEP_ALIVE}; {cursor.AGAIN}")
        log.warning("search.unavailable", error=f"{error['type']}: {error.get('reason')}")
        if status == BAD_REQUEST:
            raise SearchDefect(f"{error['type']}: {error.get('reason')}")
        raise Unavailable("Search does not answer at the moment.", RETRY_AFTER)
    if answer["timed_out"]:
        raise Unavailable("The search took too long.", RETRY_AFTER)


def _of_catalogue(plan: SearchPlan, view: View) -> Profile:
    """What the sample of the whole catalogue says of the attributes that the request wants to see."""
    if plan.context.attribute_types is not view.kinds:  # another look has come while this search waited
        return profile_of(plan, view.sample)
    key = (named_attributes(plan.request), plan.request.auto_facets)
    if key not in view.profiles:
        view.profiles[key] = profile_of(plan, view.sample)
    return view.profiles[key]


def _at(body: dict[str, Any], point: str | None) -> dict[str, Any]:
    return body if point is None else body | {"pit": {"id": point, "keep_alive": KEEP_ALIVE}}


def _keys(buckets: Iterable[dict[str, Any]]) -> Iterator[str]:
    return (bucket["key"] for bucket in buckets)


def _milliseconds(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
