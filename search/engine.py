"""The one module of the read side that calls Elasticsearch."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import structlog
from elastic_transport import SerializationError, TransportError
from elasticsearch import ApiError, AsyncElasticsearch

from catalog.errors import InvalidInput, Unavailable
from catalog.settings import Settings
from mappings.names import read_alias
from search import autocomplete, cursor
from search.facet_values import build_values, require_values, values_body
from search.kinds import Kinds, read_kinds
from search.looks import Looks
from search.plan import SearchPlan, decide, make_plan, needs_probe
from search.postgres import SynonymReader
from search.profile import profile_aggs
from search.query import facets_body, last_change, probe_body, read_last_change, search_body, shuffled, visible
from search.request import SearchRequest, may_be_stored, parse_request
from search.response import build_response, first_that_finds_enough, profile_of, read_probe, whole_catalogue
from search.suggest_memory import Memory
from search.synonyms import NO_SYNONYMS

log = structlog.get_logger()

RETRY_AFTER = 5
BAD_REQUEST, NOT_FOUND = 400, 404
# How long a walk may wait for its next page.
KEEP_ALIVE = "5m"
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
        self._alias = read_alias(settings.index_prefix)
        self._kinds = Kinds()
        self._visible_at: datetime | None = None
        self._sample: dict[str, Any] = {}
        self._kinds_until = 0.0
        self._looks = Looks(settings.attribute_types_ttl_seconds)
        # Counts of products may be older than what attributes are: a few more or less change nothing.
        self._memory = Memory(6 * settings.attribute_types_ttl_seconds)

    async def search(self, request: SearchRequest) -> dict[str, Any]:
        """The contract's response. Raises Unavailable when Elasticsearch is away, InvalidInput for a cursor."""
        started = time.perf_counter()
        response = await (self._page(request) if request.cursor is None else self._walk(request, request.cursor))
        response["took_ms"] = _milliseconds(started)
        return response

    async def search_all(self, requests: Sequence[SearchRequest]) -> list[dict[str, Any]]:
        """The answers to several searches, in order; the first that fails is raised."""
        return list(await asyncio.gather(*map(self.search, requests)))

    async def _page(self, request: SearchRequest, point: str | None = None) -> dict[str, Any]:
        """A page by its number; the first page of a walk where a point in time is given."""
        plans = await self.plan(request)
        bodies = [search_body(plan) for plan in plans]
        counted = [body for plan in plans if (body := facets_body(plan))]
        answers = await self._ask_all([_at(body, point) for body in bodies + counted], request.explain or None)
        for answer, facets in zip(answers, answers[len(plans) :], strict=False):
            answer["aggregations"] = answer.get("aggregations", {}) | facets["aggregations"]
        plan, answer = first_that_finds_enough(plans, answers[: len(plans)])
        return self._respond(plan, answer, point, (request.page - 1) * request.per_page)

    async def _walk(self, request: SearchRequest, text: str) -> dict[str, Any]:
        """The next page of a walk. Facets came with the first one, and don't change on the way."""
        key = self._key()
        if key is None:
            raise InvalidInput.of("cursor", "needs CATALOG_JWT_SECRET to be set: cursors are signed with it")
        if text == cursor.START:
            return await self._page(request, await self._open_point())
        found = cursor.read(text, request, key)
        plan = make_plan(replace(request, facets=()), datetime.now(UTC), await self._read_kinds())
        plan = cursor.resume(plan, found)
        point = found.point or await self._open_point()
        (answer,) = await self._ask_all([_at(search_body(plan, found.after), point)], request.explain or None)
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
        """The plans to try, nearly always one; at most one round trip, to choose the strictness and the facets."""
        synonyms = await self._synonyms.current() if self._synonyms and request.q else NO_SYNONYMS
        plan = make_plan(request, datetime.now(UTC), await self._read_kinds(), synonyms)
        plan = replace(plan, visible_at=self._visible_at)
        if not needs_probe(plan):
            return (plan,)
        if (profile := whole_catalogue(plan, self._sample)) is not None:
            return (replace(plan, profile=profile),)
        body = probe_body(plan)
        probe = self._looks.known(body)
        if probe is None:
            probe = read_probe(plan, await self._ask(body))
            self._looks.remember(plan, body, probe)
        return decide(plan, probe, lambda: profile_of(plan, self._sample), synonyms)

    async def read(self, items: Iterable[tuple[str, str]]) -> SearchRequest:
        """The request that parameters make: `attr.depth_min` is a value where an attribute has this name."""
        sent = list(items)
        ambiguous = any(may_be_stored(name) for name, _ in sent)
        return parse_request(sent, await self._read_kinds() if ambiguous else ())

    async def facet_values(self, request: SearchRequest, name: str, prefix: str) -> dict[str, Any]:
        """One facet with those of its values that begin with `prefix`. Raises NotFound, InvalidInput, Unavailable."""
        plans = await self.plan(replace(request, facets=(name,), sort="relevance"))
        require_values(plans[0], name)
        answers = await self._ask_all([values_body(plan, name, prefix) for plan in plans])
        plan, answer = first_that_finds_enough(plans, answers)
        return build_values(plan, name, prefix, answer["aggregations"])

    async def autocomplete(self, q: str, limit: int, category: str | None) -> dict[str, Any]:
        """Queries, products, categories and brands for what has been typed so far; two round trips."""
        started = time.perf_counter()
        typed = autocomplete.read_typed(q, limit, category, datetime.now(UTC))
        doubted = any(typed.edits_allowed(part) and not self._memory.knows(part) for part in typed.parts)
        samples = await self._ask_named(autocomplete.sample_bodies(typed, doubted=doubted))
        drafted = autocomplete.draft(typed, samples)
        wanted = autocomplete.counted(drafted)
        counts = self._memory.counts(category, wanted)
        asked = {name: autocomplete.count_search(typed, name) for name in wanted if name not in counts}
        products = {"": autocomplete.products_of(typed, drafted)} if q else {}
        answers = await self._ask_named(products | asked)
        hits = answers.pop("")["hits"]["hits"] if q else []
        found = {name: answer["hits"]["total"]["value"] for name, answer in answers.items()}
        self._memory.remember(category, found)
        self._memory.learn(drafted.words)
        response = autocomplete.build_response(typed, drafted, hits, counts | found, self._settings.currency)
        response["took_ms"] = _milliseconds(started)
        return response

    async def _read_kinds(self) -> Kinds:
        """What the attributes of the catalogue are, at most `attribute_types_ttl_seconds` old."""
        if time.monotonic() >= self._kinds_until:
            if self._sample:  # the others go on with what is known, while this one asks
                self._kinds_until = time.monotonic() + self._settings.attribute_types_ttl_seconds
            names = {"terms": {"field": "attribute_names", "size": MAX_KINDS}}
            now = datetime.now(UTC)
            body = {"size": 0, "track_total_hits": False, "query": shuffled(visible(now))}
            answer = await self._ask(body | {"aggs": {"names": names} | profile_aggs() | last_change(now)})
            self._sample = answer["aggregations"]
            self._kinds = read_kinds(bucket["key"] for bucket in self._sample.pop("names")["buckets"])
            self._visible_at = read_last_change(self._sample)
            self._kinds_until = time.monotonic() + self._settings.attribute_types_ttl_seconds
        return self._kinds

    async def _ask_named(self, bodies: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """The answers to several searches by their names, in one round trip."""
        return dict(zip(bodies, await self._ask_all(list(bodies.values())), strict=True)) if bodies else {}

    async def _ask(self, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to one search, within the time that a search may take."""
        return (await self._ask_all([body]))[0]

    async def _ask_all(self, bodies: Sequence[dict[str, Any]], explained: bool | None = None) -> list[dict[str, Any]]:
        """The answers to several searches, in one round trip. Raises Unavailable unless every one is answered."""
        limit = f"{int(self._settings.search_timeout_seconds * 1000)}ms"
        searches: list[dict[str, Any]] = []
        for body in bodies:
            # A point in time says itself which index it is of.
            where = {} if "pit" in body else {"index": self._alias}
            searches += [where | {"allow_partial_search_results": False}, body | {"timeout": limit}]
        try:
            answer = await self._client.msearch(searches=searches, include_named_queries_score=explained)
        except SerializationError:
            # Nothing was sent: what was to be sent, or what came back, is a defect of ours and not a server away.
            raise
        except (ApiError, TransportError) as error:
            log.warning("search.unavailable", error=f"{type(error).__name__}: {error.message}")
            raise Unavailable("Search does not answer at the moment.", RETRY_AFTER) from error
        found: list[dict[str, Any]] = answer["responses"]
        for each in found:
            _check(each)
        return found


def _check(answer: dict[str, Any]) -> None:
    """Raises Unavailable, or SearchDefect where the request itself was refused: it was ours, not the client's."""
    if "error" in answer:
        error, status = answer["error"], answer["status"]
        if error["type"] == "index_not_found_exception":
            raise Unavailable("Index missing: run `catalog reindex`.", RETRY_AFTER)
        if status == NOT_FOUND:
            raise InvalidInput.of("cursor", f"has expired after {KEEP_ALIVE}; {cursor.AGAIN}")
        log.warning("search.unavailable", error=f"{error['type']}: {error.get('reason')}")
        if status == BAD_REQUEST:
            raise SearchDefect(f"{error['type']}: {error.get('reason')}")
        raise Unavailable("Search does not answer at the moment.", RETRY_AFTER)
    if answer["timed_out"]:
        raise Unavailable("The search took too long.", RETRY_AFTER)


def _at(body: dict[str, Any], point: str | None) -> dict[str, Any]:
    return body if point is None else body | {"pit": {"id": point, "keep_alive": KEEP_ALIVE}}


def _milliseconds(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
