"""The one place that sends searches to Elasticsearch, within the time that a search may take."""

from collections.abc import Container, Sequence
from typing import Protocol

import structlog
from elastic_transport import SerializationError, TransportError
from elasticsearch import ApiError, AsyncElasticsearch

from catalog import deadline
from catalog.errors import InvalidInput, Unavailable
from catalog.settings import Settings
from mappings.json_types import Body, Response
from mappings.names import read_alias
from search.elasticsearch.cursor import AGAIN

log = structlog.get_logger()

RETRY_AFTER = 5
BAD_REQUEST, NOT_FOUND = 400, 404
# How long a point in time waits for the next page of a walk.
KEEP_ALIVE = "5m"
AWAY = "Search does not answer at the moment."


class SearchDefect(Exception):
    """Elasticsearch refused a request that we made of valid input."""


class Searcher(Protocol):
    """What a back-end sends its searches with."""

    async def msearch(
        self, bodies: Sequence[Body], *, cached: Container[int] = (), named_scores: bool = False
    ) -> list[Response]:
        """The responses to several searches, in one round trip. Raises Unavailable unless every one is answered.

        Elasticsearch caches responses without hits until the index changes, and those at the places `cached` also with
        hits. `named_scores`: hits say how much each named clause scores.
        """

    async def open_point(self) -> str:
        """A point in time of the index; it ends by itself when no search asks for it. Raises Unavailable."""


class ElasticsearchSearcher:
    """Searches the index behind the read alias. One instance serves a whole process."""

    def __init__(self, client: AsyncElasticsearch, settings: Settings) -> None:
        self._client = client
        self._seconds = settings.search_timeout_seconds
        # Made once: each client with other options makes forty of its namespaces anew.
        self._patient = client.options(request_timeout=self._seconds)
        self._alias = read_alias(settings.index_prefix)

    async def msearch(
        self, bodies: Sequence[Body], *, cached: Container[int] = (), named_scores: bool = False
    ) -> list[Response]:
        """As the protocol says. Only equal requests have the same cached response, so these are sent with the same time
        limit, whatever time is left; the client waits no longer than that.
        """
        seconds = deadline.bounded(self._seconds)
        limits = [f"{max(1, int(each * 1000))}ms" for each in (seconds, self._seconds)]
        searches: list[Body] = []
        for place, body in enumerate(bodies):
            # A point in time says itself which index it is of.
            target = {} if "pit" in body else {"index": self._alias}
            options = {"allow_partial_search_results": False} | ({"request_cache": True} if place in cached else {})
            searches += [target | options, body | {"timeout": limits[place in cached]}]
        try:
            client = self._patient if seconds == self._seconds else self._client.options(request_timeout=seconds)
            answer = await client.msearch(searches=searches, include_named_queries_score=named_scores or None)
        except SerializationError:
            # Nothing was sent: what was to be sent, or what came back, is a defect of ours and not a server away.
            raise
        except (ApiError, TransportError) as error:
            # A caller that waits for less than a search may take learns nothing about Elasticsearch.
            deadline.bounded(seconds)
            log.warning("search.unavailable", error=f"{type(error).__name__}: {error.message}")
            raise Unavailable(AWAY, RETRY_AFTER) from error
        responses: list[Response] = answer["responses"]
        for response in responses:
            if response.get("timed_out"):
                deadline.bounded(seconds)
            _check(response)
        return responses

    async def open_point(self) -> str:
        try:
            answer = await self._client.open_point_in_time(index=self._alias, keep_alive=KEEP_ALIVE)
        except (ApiError, TransportError) as error:
            log.warning("search.unavailable", error=f"{type(error).__name__}: {error.message}")
            raise Unavailable(AWAY, RETRY_AFTER) from error
        point: str = answer["id"]
        return point


def at_point(body: Body, point: str | None) -> Body:
    """The same search at a point in time, where one is given."""
    return body if point is None else body | {"pit": {"id": point, "keep_alive": KEEP_ALIVE}}


def _check(response: Response) -> None:
    """Raises Unavailable, or SearchDefect where the request itself was refused: it was ours, not the client's."""
    if "error" in response:
        error, status = response["error"], response["status"]
        if error["type"] == "index_not_found_exception":
            raise Unavailable("Index missing: run `catalog reindex`.", RETRY_AFTER)
        if error["type"] == "index_closed_exception":
            raise Unavailable("Index closed: open it, or run `catalog reindex`.", RETRY_AFTER)
        if status == NOT_FOUND:
            raise InvalidInput.of("cursor", f"has expired after {KEEP_ALIVE}; {AGAIN}")
        log.warning("search.unavailable", error=f"{error['type']}: {error.get('reason')}")
        if status == BAD_REQUEST:
            raise SearchDefect(f"{error['type']}: {error.get('reason')}")
        raise Unavailable(AWAY, RETRY_AFTER)
    if response["timed_out"]:
        raise Unavailable("The search took too long.", RETRY_AFTER)
