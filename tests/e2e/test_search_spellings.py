"""Spellings that shoppers use and a catalogue does not: measures, compounds, plurals, lost spaces, typing errors."""

from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from tests.e2e.small_catalogue import search
from tests.support import store, sync_all

Db = psycopg.Connection[Any]

NAMES = {
    "LAP13": 'Norvane Zephyr 13" Laptop, 1TB SSD', "LAP15": "Norvane Zephyr 15.6 inch Laptop, 512 GB SSD",
    "BAG": "Laptop Bag 13 inch", "HALF": "Water Bottle 500 ml", "LITRE": "Thermos Bottle 1 l", "JUG": "Glass Jug 1.5L",
    "BANK": "Powerbank 20,000 mAh", "CABLE": "USB C Cable 2m", "SUN": "Sunglasses Polarized", "CASE": "Glasses Case",
    "PHONE": "iPhone 15 Cover", "TV": '4K Television 55"', "HEAD": "Bluetooth Over-ear Headphones",
    "MOUSE": "Optical Mouse Wireless", "SCARF": "Scarves Wool", "SHELF": "Oak Bookshelf", "DRESS": "Women's Dress",
    "LENS": "Camera Lens", "THE": "The The", "SHIRT": "Linen Shirt", "BIKE": "City Bike",
}  # fmt: skip


@pytest.fixture(autouse=True)
def catalogue(settings: Settings, db: Db, es: Elasticsearch, index: str) -> None:
    products: list[dict[str, Any]] = [{"sku": sku, "name": name} for sku, name in NAMES.items()]
    products += [
        {"sku": "KING", "name": "It", "brand": "King", "category": "Tops"},
        {"sku": "UPC", "name": "Plain Thing", "gtin": "00012345678905"},
    ]
    store(settings, products)
    sync_all(settings, db, es)


@pytest.mark.parametrize(
    ("q", "first"),
    [
        ("13″ laptop", "LAP13"), ("13in laptop", "LAP13"), ("15.6 laptop", "LAP15"), ("laptop 15,6 inch", "LAP15"),
        ("512 ssd", "LAP15"), ("1 terabyte ssd", "LAP13"), ("1000gb laptop", "LAP13"), ("0.5 l", "HALF"),
        ("0,5l bottle", "HALF"), ("500 millilitre", "HALF"), ("1000ml bottle", "LITRE"), ("1.5 litre jug", "JUG"),
        ("20000mah", "BANK"), ("power bank 20000 mAh", "BANK"), ("2 metre cable", "CABLE"), ("200 cm cable", "CABLE"),
        ("4 k", "TV"), ("55in television", "TV"),
    ],
)  # fmt: skip
async def test_measures_lose_nothing(client: httpx.AsyncClient, q: str, first: str) -> None:
    answer = await search(client, q=q)
    assert answer["hits"][0]["sku"] == first
    assert (answer["query"]["dropped_terms"], answer["query"]["corrected_to"]) == ([], None)


@pytest.mark.parametrize(
    ("q", "first"),
    [
        ("lap top", "LAP15"), ("sun glasses", "SUN"), ("i phone 15", "PHONE"), ("book shelf", "SHELF"),
        ("scarf", "SCARF"), ("bookshelves", "SHELF"), ("womens dress", "DRESS"), ("woman dress", "DRESS"),
        ("lenses", "LENS"),
    ],
)  # fmt: skip
async def test_compounds_and_plurals_lose_nothing(client: httpx.AsyncClient, q: str, first: str) -> None:
    answer = await search(client, q=q)
    hit = answer["hits"][0]
    assert hit["sku"] in (first, first.replace("15", "13"))
    assert (answer["query"]["dropped_terms"], answer["query"]["corrected_to"]) == ([], None)
    assert hit.get("missing", []) == []


@pytest.mark.parametrize(
    ("q", "first", "corrected", "dropped"),
    [
        ("headphonesbluetooth", "HEAD", "headphones bluetooth", []),
        ("wirelessmouse", "MOUSE", "wireless mouse", []),
        ("wirelessmouse xyzzy", "MOUSE", "wireless mouse", ["xyzzy"]),
        ("wirelessmouse opticl", "MOUSE", "wireless mouse optical", []),
        # No word is taken for one that means nothing, nor a short one for another with two errors.
        ("tee shirt", "SHIRT", None, ["tee"]), ("kids bike", "BIKE", None, ["kids"]),
    ],
)  # fmt: skip
async def test_what_a_word_was_taken_for_is_told(
    client: httpx.AsyncClient, q: str, first: str, corrected: str | None, dropped: list[str]
) -> None:
    answer = await search(client, q=q)
    assert answer["hits"][0]["sku"] == first
    assert (answer["query"]["corrected_to"], answer["query"]["dropped_terms"]) == (corrected, dropped)


async def test_a_walk_goes_on_with_words_that_were_read_as_two(
    client: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch
) -> None:
    store(settings, [{"sku": "MOUSE2", "name": "Vertical Mouse, also Wireless"}])
    sync_all(settings, db, es)
    first = await search(client, q="wirelessmouse", cursor="*", per_page=1)
    second = await search(client, q="wirelessmouse", cursor=first["next_cursor"], per_page=1)
    assert {page["hits"][0]["sku"] for page in (first, second)} == {"MOUSE", "MOUSE2"}
    assert second["query"]["corrected_to"] == "wireless mouse"
    assert second["next_cursor"] is None


async def test_no_word_is_read_as_two_in_an_exact_search(client: httpx.AsyncClient) -> None:
    assert (await search(client, q="wirelessmouse", exact="true"))["total"]["value"] == 0


async def test_a_click_on_a_facet_keeps_the_words_that_were_read_as_two(client: httpx.AsyncClient) -> None:
    answer = await search(client, q="headphonesbluetooth", price_max=1)
    assert (answer["total"]["value"], answer["query"]["corrected_to"]) == (0, "headphones bluetooth")
    assert answer["suggestions"]["without_filters"] == 1


@pytest.mark.parametrize("q", ["00012345678905", "12345678905", "012345678905", "0012345678905", "12345-678905"])
async def test_a_gtin_is_found_with_any_zeros_before_it(client: httpx.AsyncClient, q: str) -> None:
    answer = await search(client, q=q)
    assert [hit["sku"] for hit in answer["hits"]] == ["UPC"]
