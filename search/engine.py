"""The one module of the read side that calls Elasticsearch."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import structlog
from elastic_transport import SerializationError, TransportError
from elasticsearch import ApiError, AsyncElasticsearch, NotFoundError

from catalog.errors import Unavailable
from catalog.settings import Settings
from mappings.names import read_alias
from search import autocomplete
from search.plan import SearchPlan, decide, make_plan, needs_probe
from search.query import probe_body, search_body
from search.request import SearchRequest
from search.response import build_response, read_probe

log = structlog.get_logger()

RETRY_AFTER = 5
# More attribute names than any catalogue should have; past it, the rarest text attributes would be taken for numbers.
MAX_TEXT_ATTRIBUTES = 50_000


class SearchEngine:
    """Answers requests from the index behind the read alias. One instance serves a whole process."""

    def __init__(self, client: AsyncElasticsearch, settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self._alias = read_alias(settings.index_prefix)
        self._text_attributes: frozenset[str] = frozenset()
        self._text_attributes_until = 0.0

    async def search(self, request: SearchRequest) -> dict[str, Any]:
        """The contract's response. Raises Unavailable when Elasticsearch does not answer."""
        started = time.perf_counter()
        plan = await self.plan(request)
        answer = await self._ask(search_body(plan))
        response = build_response(plan, answer, uuid4().hex, self._settings.currency)
        response["took_ms"] = _milliseconds(started)
        return response

    async def plan(self, request: SearchRequest) -> SearchPlan:
        """The plan of a request; at most one round trip, because strictness and facets may need a first look."""
        plan = make_plan(request, datetime.now(UTC))
        if needs_probe(plan):
            plan = decide(plan, read_probe(plan, await self._ask(probe_body(plan))))
        if plan.attribute_facets:
            plan = replace(plan, text_attributes=await self._read_text_attributes())
        return plan

    async def autocomplete(self, q: str, limit: int, category: str | None) -> dict[str, Any]:
        """Products, categories and brands for what has been typed so far."""
        started = time.perf_counter()
        now = datetime.now(UTC)
        answer = await self._ask(autocomplete.body(q, limit, category, now)) if q else None
        response = autocomplete.build_response(q, limit, answer, self._settings.currency)
        response["took_ms"] = _milliseconds(started)
        return response

    async def _read_text_attributes(self) -> frozenset[str]:
        """Names of attributes that are text in at least one product, at most `attribute_types_ttl_seconds` old."""
        if time.monotonic() >= self._text_attributes_until:
            names = {"terms": {"field": "text_attribute_names", "size": MAX_TEXT_ATTRIBUTES}}
            answer = await self._ask({"size": 0, "track_total_hits": False, "aggs": {"names": names}})
            buckets = answer["aggregations"]["names"]["buckets"]
            self._text_attributes = frozenset(bucket["key"] for bucket in buckets)
            self._text_attributes_until = time.monotonic() + self._settings.attribute_types_ttl_seconds
        return self._text_attributes

    async def _ask(self, body: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = await self._client.search(
                index=self._alias, timeout=f"{int(self._settings.search_timeout_seconds * 1000)}ms", **_arguments(body)
            )
        except NotFoundError as error:
            raise Unavailable("Index missing: run `catalog reindex`.", RETRY_AFTER) from error
        except SerializationError:
            # Nothing was sent: what was to be sent, or what came back, is a defect of ours and not a server away.
            raise
        except (ApiError, TransportError) as error:
            log.warning("search.unavailable", error=f"{type(error).__name__}: {error.message}")
            if isinstance(error, ApiError) and error.status_code == 400:
                # The request was ours, not the client's: it passed validation. Let it be seen as the defect it is.
                raise
            raise Unavailable("Search does not answer at the moment.", RETRY_AFTER) from error
        found: dict[str, Any] = answer.body
        if found["timed_out"]:
            raise Unavailable("The search took too long.", RETRY_AFTER)
        return found


def _arguments(body: dict[str, Any]) -> dict[str, Any]:
    """The client spells two of the body's names differently."""
    renamed = {"from": "from_", "_source": "source"}
    return {renamed.get(name, name): value for name, value in body.items()}


def _milliseconds(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
