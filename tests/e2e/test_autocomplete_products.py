"""Products, categories and brands of autocomplete, and what it does with odd text."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import psycopg
import pytest
from elastic_transport import AiohttpHttpNode
from elasticsearch import AsyncElasticsearch, Elasticsearch

from catalog.elasticsearch import make_async_client
from catalog.settings import Settings
from mappings.names import read_alias
from search.failover import FailoverSearch, elasticsearch_search
from search.request import AutocompleteRequest
from tests.e2e.small_catalogue import skus
from tests.e2e.typing_catalogue import TYPED, completed, products, queries
from tests.support import store, sync_all

Db = psycopg.Connection[Any]


pytestmark = pytest.mark.usefixtures("stocked")


@pytest.fixture(scope="module")
def stock() -> list[dict[str, Any]]:
    return TYPED


async def test_the_thing_itself_comes_before_what_is_for_it(client: httpx.AsyncClient) -> None:
    """The most popular product of all is a laptop bag."""
    assert (await products(client, "lap"))[:2] == ["NX-450", "NX-470"]
    assert (await products(client, "headp"))[-1] == "STAND"


@pytest.mark.parametrize("typed", ["lap", "headp", "wireless h", "usb c", "run", "sonora", "haedph", "ca"])
async def test_products_are_in_the_order_of_the_page(client: httpx.AsyncClient, typed: str) -> None:
    best = (await queries(client, typed))[0]
    page = await skus(client, q=best)
    shown = [sku for sku in await products(client, typed, limit=20) if sku in page]
    assert shown == [sku for sku in page if sku in shown]
    assert shown[0] == page[0]


async def test_a_name_that_is_typed_exactly_comes_first(client: httpx.AsyncClient) -> None:
    assert (await products(client, "carry laptop bags"))[0] == "BAG-SET"
    assert (await products(client, "linkor hdmi cable"))[0] == "HDMI"


@pytest.mark.parametrize(
    ("typed", "sku"),
    [("NX-4", "NX-450"), ("nx-47", "NX-470"), ("NX 470", "NX-470"), ("nx470", "NX-470"), ("4006381333931", "NX-450"),
     ("400638", "NX-450"), ("uc-90", "USB-1"), ("UC9000X1", "USB-1"), ("run-w-6", "RUN-W"), ("bag-set", "BAG-SET")],
)  # fmt: skip
async def test_the_beginning_of_an_identifier_finds_its_product(
    client: httpx.AsyncClient, typed: str, sku: str
) -> None:
    assert (await products(client, typed))[0] == sku


@pytest.mark.parametrize("typed", ["nx-451", "4006381333932", "uc-9001"])
async def test_an_identifier_is_never_corrected(client: httpx.AsyncClient, typed: str) -> None:
    assert not any((await completed(client, typed)).values())


async def test_words_of_a_description_find_what_the_page_finds(
    client: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch
) -> None:
    store(settings, [{"sku": "OIL", "name": "Bath Oil", "description": "With lavender from Provence."}])
    sync_all(settings, db, es)
    assert await products(client, "lavender") == ["OIL"]


async def test_categories_say_where_they_are(client: httpx.AsyncClient) -> None:
    (laptops,) = (await completed(client, "lapt"))["categories"]
    assert laptops["text"] == "Laptops"
    assert laptops["highlight"] == "Lapt<em>ops</em>"
    assert laptops["value"] == "computers/laptops"
    assert laptops["label"] == "Computers > Laptops"
    assert laptops["count"] == 2
    running = (await completed(client, "women runn"))["categories"]
    assert [item["label"] for item in running] == ["Shoes > Women > Running"]
    assert [item["label"] for item in (await completed(client, "sonora headph"))["categories"]] == [
        "Audio > Headphones"
    ]


async def test_brands_are_completed_and_named(client: httpx.AsyncClient) -> None:
    for typed, brand, highlight in (
        ("norv", "Norvane", "Norv<em>ane</em>"), ("nrovane", "Norvane", "Norvane"), ("sonora head", "Sonora", "Sonora"),
        ("fjäll", "Fjällmark", "Fjäll<em>mark</em>"), ("fjall", "Fjällmark", "Fjäll<em>mark</em>"),
    ):  # fmt: skip
        (found,) = (await completed(client, typed))["brands"]
        assert (found["text"], found["highlight"]) == (brand, highlight)


async def test_accents_are_forgiven_and_kept_in_brands(client: httpx.AsyncClient) -> None:
    for typed in ("fjallm", "fjällm", "FJÄLLM"):
        assert "fjällmark cafe mug" in await queries(client, typed)
    assert "cafe mug" in await queries(client, "caf")


@pytest.mark.parametrize(
    "typed",
    [
        "\x00", "\x07lap\x00top", "🎧", "🎧 head", "שלום", "مرحبا headph", "наушники", "無線ヘッドホン", "हिन्दी",
        "\u202elaptop", "\ud7ff", "𝓁𝒶𝓅", "𐐀𐐁𐐂𐐃", "lap\u200btop",
        " ".join("abcdefghijklmnopqrstuvwxyz" * 4)[:200], " ".join(["wirele"] * 28), "x" * 200, "ab" * 100,
        " ".join(f"word{number}" for number in range(28)), "(((((", "a* OR b~2", "lap AND NOT (top",
        "/lap.*/", "[a TO z]",
        '"lap', "{\"match_all\":{}}", "<script>alert(1)</script>", "%00", "..", "-", "_", "__", "l_p", "'", "women's",
        "’", "1.5", "1,5", "１３", "ﬁ", "İstanbul", "ß", "e\u0301", "\u0301", "null",
    ],
)  # fmt: skip
async def test_odd_text_gets_a_plain_answer(client: httpx.AsyncClient, typed: str) -> None:
    sections = await completed(client, typed)
    assert set(sections) == {"queries", "products", "categories", "brands"}
    assert all(item["count"] > 0 for item in sections["queries"])


async def test_control_characters_are_spaces(client: httpx.AsyncClient) -> None:
    assert "NX-450" in await products(client, "\x07nx\x00450")


@pytest.fixture
async def trips(settings: Settings) -> AsyncIterator[tuple[FailoverSearch, list[str]]]:
    """An engine, and where it has sent its requests."""
    sent: list[str] = []

    class Counting(AiohttpHttpNode):
        async def perform_request(self, method: str, target: str, **given: Any) -> Any:  # type: ignore[override]
            sent.append(target)
            return await super().perform_request(method, target, **given)

    client: AsyncElasticsearch = make_async_client(settings, node_class=Counting)
    engine = elasticsearch_search(settings.model_copy(update={"attribute_types_ttl_seconds": 60}), client)
    # What the catalogue is like is looked at once a minute, whoever asks.
    await engine.autocomplete(AutocompleteRequest(""))
    sent.clear()
    yield engine, sent
    await client.close()


@pytest.mark.parametrize("typed", ["", "l", "lap", "wireless h", "haedph", "wirless haed", "nx-4", "qqqq", "a " * 90])
async def test_it_takes_two_round_trips_at_most(trips: tuple[FailoverSearch, list[str]], typed: str) -> None:
    engine, sent = trips
    await engine.autocomplete(AutocompleteRequest(typed.strip()))
    assert len(sent) <= 2


async def test_what_is_typed_again_is_answered_from_memory_until_something_changes(
    trips: tuple[FailoverSearch, list[str]], settings: Settings, db: Db, es: Elasticsearch
) -> None:
    engine, _ = trips

    def kept() -> int:
        held = es.indices.stats(index=read_alias(settings.index_prefix), metric="request_cache")
        hits: int = held["_all"]["total"]["request_cache"]["hit_count"]
        return hits

    first, before = await engine.autocomplete(AutocompleteRequest("wireless h")), kept()
    again = await engine.autocomplete(AutocompleteRequest("wireless h"))
    assert again.sections == first.sections
    assert kept() - before >= 2  # the samples; the products are another request after the full hour
    store(settings, [{"sku": "HARP", "name": "Wireless Harp", "popularity": 1}])
    sync_all(settings, db, es)
    changed = await engine.autocomplete(AutocompleteRequest("wireless h"))
    assert "HARP" in {item.sku for item in changed.sections.products}
