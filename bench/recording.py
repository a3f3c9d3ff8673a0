"""The very requests that the service sends to Elasticsearch for a search, as the engine itself makes them."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from elastic_transport import AiohttpHttpNode

from bench.errors import BenchError
from bench.load import Call, Search
from bench.shopper import Parameters
from catalog.elasticsearch import make_async_client
from catalog.errors import Unavailable
from catalog.settings import Settings
from search.elasticsearch.engine import SearchEngine
from search.parameters import parse_autocomplete, parse_search

MAX_ATTEMPTS = 5

Response = dict[str, Any]
Ask = Callable[[SearchEngine, Parameters], Any]


def recorded_searches(settings: Settings, searches: Sequence[Parameters]) -> list[tuple[Search, Response]]:
    """For each search what is sent to Elasticsearch, and the engine's response."""
    return asyncio.run(_record(settings, searches, lambda engine, one: engine.search(parse_search(one).to_request())))


def recorded_completions(settings: Settings, searches: Sequence[Parameters]) -> list[tuple[Search, Response]]:
    """The same for autocomplete."""
    return asyncio.run(
        _record(settings, searches, lambda engine, one: engine.autocomplete(parse_autocomplete(one).to_request()))
    )


async def _record(settings: Settings, searches: Sequence[Parameters], ask: Ask) -> list[tuple[Search, Response]]:
    calls: list[Call] = []
    client = make_async_client(settings, node_class=_recording(calls))
    try:
        # What an engine asks for only now and then, for all searches, is no part of a search.
        engine = SearchEngine(client, settings.model_copy(update={"attribute_types_ttl_seconds": 3600}))
        for one in searches:
            await _patiently(ask, engine, one, calls)
        recorded: list[tuple[Search, Response]] = []
        for one in searches:
            response = await _patiently(ask, engine, one, calls)
            recorded.append((tuple(calls), response))
        return recorded
    finally:
        await client.close()


async def _patiently(ask: Ask, engine: SearchEngine, one: Parameters, calls: list[Call]) -> Response:
    """The response; `calls` are those of the attempt that gave it. A cold Elasticsearch may be too slow at first."""
    for _ in range(MAX_ATTEMPTS):
        calls.clear()
        with suppress(Unavailable):
            response: Response = await ask(engine, one)
            return response
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
