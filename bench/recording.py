"""The very requests that the service sends to Elasticsearch for a search, as the engine itself makes them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from elastic_transport import AiohttpHttpNode

from bench.errors import BenchError
from bench.load import Call, Search
from bench.shopper import Parameters
from catalog.elasticsearch import make_async_client
from catalog.errors import Unavailable
from catalog.settings import Settings
from search.failover import FailoverSearch, elasticsearch_search
from search.parameters import parse_autocomplete, parse_search
from search.result import AutocompleteResult, SearchResult

MAX_ATTEMPTS = 5

Answer = TypeVar("Answer")
Ask = Callable[[FailoverSearch, Parameters], Awaitable[Answer]]


def recorded_searches(settings: Settings, searches: Sequence[Parameters]) -> list[tuple[Search, SearchResult]]:
    """For each search what is sent to Elasticsearch, and the engine's result."""
    return asyncio.run(_record(settings, searches, lambda engine, one: engine.search(parse_search(one).to_request())))


def recorded_completions(settings: Settings, searches: Sequence[Parameters]) -> list[tuple[Search, AutocompleteResult]]:
    """The same for autocomplete."""
    return asyncio.run(
        _record(settings, searches, lambda engine, one: engine.autocomplete(parse_autocomplete(one).to_request()))
    )


async def _record(settings: Settings, searches: Sequence[Parameters], ask: Ask[Answer]) -> list[tuple[Search, Answer]]:
    calls: list[Call] = []
    client = make_async_client(settings, node_class=_recording(calls))
    try:
        # What an engine asks for only now and then, whatever is searched for, is no part of a search.
        engine = elasticsearch_search(settings.model_copy(update={"attribute_types_ttl_seconds": 3600}), client)
        for one in searches:
            await _patiently(ask, engine, one, calls)
        recorded: list[tuple[Search, Answer]] = []
        for one in searches:
            answer = await _patiently(ask, engine, one, calls)
            recorded.append((tuple(calls), answer))
        return recorded
    finally:
        await client.close()


async def _patiently(ask: Ask[Answer], engine: FailoverSearch, one: Parameters, calls: list[Call]) -> Answer:
    """The answer; `calls` are those of the attempt that gave it. A cold Elasticsearch may be too slow at first."""
    for _ in range(MAX_ATTEMPTS):
        calls.clear()
        with suppress(Unavailable):
            return await ask(engine, one)
    raise BenchError(f"The search for {dict(one)} was not answered, {MAX_ATTEMPTS} times.")


def _recording(calls: list[Call]) -> type[AiohttpHttpNode]:
    """A connection that writes down what goes through it."""

    class Recording(AiohttpHttpNode):
        # The name of what it returns is not public; it is passed on as it is.
        async def perform_request(self, method: str, target: str, **options: Any) -> Any:  # type: ignore[override]
            headers = tuple((options.get("headers") or {}).items())
            calls.append(Call(method, self.base_url + target, options.get("body"), headers))
            return await super().perform_request(method, target, **options)

    return Recording
