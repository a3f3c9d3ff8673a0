"""Searches while Elasticsearch is away: from Postgres, in the same shape, with the same filters and counts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest

from catalog.filter_conditions import Forced
from catalog.settings import Settings
from search.request import AutocompleteRequest, SearchRequest
from stack.ports import free_port
from tests.apps import create_app
from tests.e2e.conftest import SignedIn
from tests.e2e.helpers import assert_problem
from tests.e2e.test_synonyms import SYNONYMS

pytestmark = pytest.mark.secured

SEARCH = "/api/v1/search"


@pytest.fixture
async def away(settings: Settings, small_catalogue: None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application at whose Elasticsearch nobody listens."""
    own = {"elasticsearch_url": f"http://127.0.0.1:{free_port()}", "breaker_pause_seconds": 3600}
    async with client_of(settings.model_copy(update=own)) as client:
        yield client


@asynccontextmanager
async def client_of(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield client


async def found(client: httpx.AsyncClient, *parameters: tuple[str, str], **named: Any) -> dict[str, Any]:
    answer = await client.get(SEARCH, params=[*parameters, *named.items()])
    assert answer.status_code == 200, answer.text
    response: dict[str, Any] = answer.json()
    return response


async def test_the_shape_is_that_of_any_other_answer(away: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    spare, usual = await found(away, q="headphones"), await found(client, q="headphones")
    assert (spare["degraded"], usual["degraded"]) == (True, False)
    assert spare["hits"]
    assert spare.keys() == usual.keys()
    assert spare["query"].keys() == usual["query"].keys()
    assert spare["query"]["interpreted"].keys() == usual["query"]["interpreted"].keys()
    assert spare["hits"][0].keys() == usual["hits"][0].keys()
    assert spare["facets"][0].keys() == usual["facets"][0].keys()
    assert spare["next_cursor"] is None


async def skus(client: httpx.AsyncClient, *parameters: tuple[str, str], **named: Any) -> list[str]:
    return [hit["sku"] for hit in (await found(client, *parameters, **named))["hits"]]


@pytest.mark.parametrize(
    ("q", "first"),
    [
        ("laptop", "NX-450"),
        ("laptop bag", "BAG-1"),
        ("Laptop Bag", "BAG-1"),
        ("headphone", "HP-2"),
        ("cotton t-shirt", "TEE"),
        ("norvane headphones", "HP-2"),
        ("audio", "HP-2"),
        ("cafe creme mug", "CAFE"),
    ],
)
async def test_words_find_names_brands_and_categories(away: httpx.AsyncClient, q: str, first: str) -> None:
    assert (await skus(away, q=q))[0] == first


@pytest.mark.parametrize("q", ["nx450", "NX-450", "nx 450", "Nx_450"])
async def test_a_sku_is_found_however_it_is_spelled(away: httpx.AsyncClient, q: str) -> None:
    assert (await skus(away, q=q))[0] == "NX-450"


@pytest.mark.parametrize(("q", "sku"), [("4006381333931", "HP-2"), ("tee-l", "TEE"), ("TEEL", "TEE")])
async def test_gtins_and_skus_of_variants_are_found(away: httpx.AsyncClient, q: str, sku: str) -> None:
    assert (await skus(away, q=q))[0] == sku


async def test_a_typing_error_is_corrected_and_told(away: httpx.AsyncClient) -> None:
    answer = await found(away, q="hedphones")
    assert [hit["sku"] for hit in answer["hits"]] == ["HP-2"]
    assert answer["query"]["corrected_to"] == "headphones"


async def test_exact_words_are_not_corrected(away: httpx.AsyncClient) -> None:
    answer = await found(away, q="hedphones", exact="true")
    assert (answer["hits"], answer["query"]["corrected_to"]) == ([], None)


async def test_words_that_nothing_holds_are_left_out_and_told(away: httpx.AsyncClient) -> None:
    answer = await found(away, q="headphones qwxyzzy")
    assert [hit["sku"] for hit in answer["hits"]] == ["HP-2"]
    assert answer["query"]["dropped_terms"] == ["qwxyzzy"]


async def test_what_is_not_published_is_not_found(away: httpx.AsyncClient) -> None:
    assert set(await skus(away, q="laptop")) <= {"NX-450", "BAG-1"}
    assert len(await skus(away)) == 5


async def test_the_variant_that_holds_the_filters_is_shown(away: httpx.AsyncClient) -> None:
    (hit,) = (await found(away, ("attr.size", "L"), in_stock="true"))["hits"]
    assert hit["variant"] == {
        "sku": "TEE-L",
        "price": 18.0,
        "in_stock": True,
        "options": {"size": "L", "color": "blue"},
    }
    assert hit["price"] == 18.0
    assert await skus(away, ("attr.size", "M"), in_stock="true") == []


async def test_a_facet_ignores_its_own_selection(away: httpx.AsyncClient) -> None:
    answer = await found(away, brand="carry", q="laptop")
    brands = next(facet for facet in answer["facets"] if facet["name"] == "brand")
    assert {(item["value"], item["count"], item["selected"]) for item in brands["values"]} == {
        ("Norvane", 1, False),
        ("Carry", 1, True),
    }
    assert answer["total"] == {"value": 1, "exact": True}


async def test_pages_do_not_overlap(away: httpx.AsyncClient) -> None:
    pages = [await skus(away, sort="name", page=str(page), per_page="2") for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert len({sku for page in pages for sku in page}) == 5


async def test_a_page_beyond_the_end_has_the_total(away: httpx.AsyncClient) -> None:
    answer = await found(away, page="9")
    assert (answer["hits"], answer["total"]["value"]) == ([], 5)


async def test_a_walk_by_cursor_is_refused_with_a_reason(away: httpx.AsyncClient) -> None:
    answer = await away.get(SEARCH, params={"cursor": "*"})
    assert "cursor" in assert_problem(answer, 503)["detail"]
    assert int(answer.headers["retry-after"]) > 0


async def test_several_searches_at_once(away: httpx.AsyncClient) -> None:
    answer = await away.post(f"{SEARCH}/multi", json={"searches": [{"q": "laptop"}, {"q": "mug"}]})
    assert answer.status_code == 200, answer.text
    assert [(result["degraded"], result["hits"][0]["sku"]) for result in answer.json()["results"]] == [
        (True, "NX-450"),
        (True, "CAFE"),
    ]


async def test_facets_that_have_no_values_are_refused(away: httpx.AsyncClient) -> None:
    assert_problem(await away.get(f"{SEARCH}/facets/price"), 422)
    assert_problem(await away.get(f"{SEARCH}/facets/nothing"), 404)


@pytest.mark.parametrize(
    ("q", "section", "text"),
    [
        ("head", "queries", "headphones"),
        ("head", "products", "Aero Wireless Headphones"),
        ("head", "categories", "Headphones"),
        ("norv", "brands", "Norvane"),
        ("lapt", "products", "Laptop Bag"),
        ("hedph", "products", "Aero Wireless Headphones"),
        ("nx-4", "products", "Norvane NX-450 Laptop"),
    ],
)
async def test_completions(away: httpx.AsyncClient, q: str, section: str, text: str) -> None:
    answer = await away.get("/api/v1/autocomplete", params={"q": q})
    assert answer.status_code == 200, answer.text
    completed = answer.json()
    assert completed["degraded"]
    assert text in [item["text"] for item in completed["sections"][section]]


async def test_no_completion_leads_to_nothing(away: httpx.AsyncClient) -> None:
    for typed in ("l", "la", "he", "no", "audio h", "t-sh", "caf", "xyzzy"):
        sections = (await away.get("/api/v1/autocomplete", params={"q": typed})).json()["sections"]
        for item in sections["queries"]:
            assert 0 < item["count"] <= (await found(away, q=item["text"]))["total"]["value"]
        assert all(item["count"] for name in ("categories", "brands") for item in sections[name])


async def test_completions_know_synonyms(away: httpx.AsyncClient, signed_in: SignedIn) -> None:
    async def suggested(typed: str) -> set[str]:
        sections = (await away.get("/api/v1/autocomplete", params={"q": typed})).json()["sections"]
        return {item["text"] for items in sections.values() for item in items}

    assert "Laptop Bag" not in await suggested("rucksack")
    async with signed_in("merchandiser") as merchandiser:
        added = await merchandiser.post(SYNONYMS, json={"kind": "two_way", "terms": ["rucksack", "bag"]})
        assert added.status_code == 201, added.text
    await suggested("anything")  # reads the synonyms
    assert {"Laptop Bag", "carry bag"} <= await suggested("rucksack")
    assert "Laptop Bag" in await suggested("laptop rucksack")


async def test_usual_completions_say_nothing_of_it(client: httpx.AsyncClient, small_catalogue: None) -> None:
    answer = await client.get("/api/v1/autocomplete", params={"q": "head"})
    assert "degraded" not in answer.json()


async def test_the_shop_page_says_so(away: httpx.AsyncClient) -> None:
    page = await away.get("/", params={"q": "laptop"})
    assert page.status_code == 200
    assert 'data-notice="degraded"' in page.text
    assert "Laptop Bag" in page.text
    assert (await away.get("/")).status_code == 200


async def test_nothing_is_asked_of_elasticsearch_while_the_breaker_is_open(
    settings: Settings, small_catalogue: None
) -> None:
    connections = 0

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while await reader.read(1024):
            pass
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        own = {"elasticsearch_url": url, "search_timeout_seconds": 0.2, "breaker_pause_seconds": 3600}
        async with client_of(settings.model_copy(update=own)) as client:
            for _ in range(settings.breaker_failures):
                assert (await found(client, q="laptop"))["degraded"]
            before = connections
            assert before > 0
            for _ in range(20):
                assert (await found(client, q="laptop"))["degraded"]
            assert connections == before


async def test_health_says_where_searches_are_answered_from(away: httpx.AsyncClient) -> None:
    for _ in range(10):
        await found(away, q="laptop")
    health = await away.get("/health/ready")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert health.json()["search"]["degraded"]
    metrics = (await away.get("/metrics")).text
    assert 'catalog_search_breaker{state="closed"} 0.0' in metrics
    assert "catalog_search_breaker_opened_total 1.0" in metrics
    assert "catalog_search_degraded_total 10.0" in metrics


async def test_forced_filters_hold(settings: Settings, small_catalogue: None) -> None:
    """In hits, counts, values and completions alike: what they hide is nowhere."""
    url = f"http://127.0.0.1:{free_port()}"
    app = create_app(settings.model_copy(update={"elasticsearch_url": url}))
    async with app.router.lifespan_context(app):
        engine, forced = app.state.search, Forced(brands=("Carry",))
        request = SearchRequest("laptop", forced=forced)
        for held in (
            await engine.search(request),
            await engine.search(replace(request, q="NX-450")),
            await engine.search(replace(request, q="norvan")),
            await engine.facet_values(request, "brand", ""),
            await engine.autocomplete(AutocompleteRequest("norv", forced=forced)),
            await engine.autocomplete(AutocompleteRequest("nx-450", forced=forced)),
        ):
            said = repr({name: value for name, value in msgspec.to_builtins(held).items() if name != "query"})
            assert "Norvane" not in said
            assert "NX-450" not in said
        assert (await engine.search(request)).total.value == 1
