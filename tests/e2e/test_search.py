"""Search through HTTP: what is found, in which order, under which filters."""

from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from search.request import SORTS
from tests.e2e.helpers import NOBODY
from tests.e2e.small_catalogue import search, skus
from tests.support import store, sync_all

Db = psycopg.Connection[Any]

pytestmark = [pytest.mark.secured, pytest.mark.usefixtures("small_catalogue")]


async def test_the_shape_is_the_contracts(client: httpx.AsyncClient) -> None:
    answer = await search(client, q="laptop")
    assert set(answer) == {
        "query_id", "query", "total", "hits", "facets", "page", "per_page", "next_cursor", "redirect", "banners",
        "degraded", "took_ms",
    }  # fmt: skip
    assert set(answer["query"]) == {"text", "interpreted", "corrected_to", "dropped_terms", "applied_rules"}
    assert set(answer["hits"][0]) == {
        "position", "id", "sku", "name", "brand", "category", "price", "currency", "in_stock", "image", "highlight",
        "variant", "pinned", "score",
    }  # fmt: skip
    for facet in answer["facets"]:
        assert set(facet) >= {"name", "label", "type", "values", "total_values", "min", "max", "buckets"}
    assert answer["took_ms"] > 0


async def test_only_published_products_are_found(client: httpx.AsyncClient) -> None:
    assert set(await skus(client, q="laptop")) == {"NX-450", "BAG-1"}
    assert len(await skus(client)) == 5


async def test_accents_plurals_case_and_order_lose_nothing(client: httpx.AsyncClient) -> None:
    assert await skus(client, q="creme cafe mugs") == ["CAFE"]
    assert (await skus(client, q="HEADPHONE wireless"))[0] == "HP-2"


@pytest.mark.parametrize("text", ["NX-450", "nx450", "nx 450", "NX.450"])
async def test_an_identifier_comes_first_however_it_is_spelled(client: httpx.AsyncClient, text: str) -> None:
    assert (await skus(client, q=text))[0] == "NX-450"


async def test_a_gtin_finds_its_product_alone(client: httpx.AsyncClient) -> None:
    assert await skus(client, q="4006381333931") == ["HP-2"]


async def test_a_variants_sku_finds_its_product(client: httpx.AsyncClient) -> None:
    assert (await skus(client, q="TEE-L"))[0] == "TEE"


async def test_an_exact_name_comes_first(client: httpx.AsyncClient) -> None:
    assert (await skus(client, q="laptop bag"))[0] == "BAG-1"


async def test_an_exact_name_comes_before_an_identifier(
    client: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch
) -> None:
    store(settings, [
        {"sku": "1440", "name": "Garden hose", "popularity": 1},
        {"sku": "GAME", "name": "1440"},
        *({"sku": f"M{number}", "name": f"Wireless mouse {number} with 1440 dpi"} for number in range(3)),
    ])  # fmt: skip
    sync_all(settings, db, es)
    assert (await skus(client, q="1440"))[:2] == ["GAME", "1440"]
    answer = await search(client, q="wireless mouse 1440")
    assert {hit["sku"] for hit in answer["hits"][:3]} == {"M0", "M1", "M2"}
    assert "1440" not in [hit["sku"] for hit in answer["hits"]]


async def test_one_word_of_many_as_an_identifier_does_not_stop_relaxing(client: httpx.AsyncClient) -> None:
    answer = await search(client, q="wireless headphones NX-450")
    assert answer["query"]["interpreted"]["match"] == "some"
    assert {"NX-450", "HP-2"} <= {hit["sku"] for hit in answer["hits"]}


async def test_strictness_does_not_depend_on_the_category(
    client: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch
) -> None:
    """All words in many products, but in few of one category: its click gives what it showed."""
    store(settings, [
        {"sku": f"C{number}", "name": name, "category": category}
        for number, (name, category) in enumerate(
            [("Steel pan", "Kitchen")] * 11 + [("Steel pan", "Camping")] * 2 + [("Steel pot", "Camping")] * 5
            + [("Red pan", "Camping")] * 5
        )
    ])  # fmt: skip
    sync_all(settings, db, es)
    (facet,) = (await search(client, q="steel pan", facets="category"))["facets"]
    counts = {value["value"]: value["count"] for value in facet["values"]}
    assert counts == {"kitchen": 11, "camping": 2}
    for category, count in counts.items():
        answer = await search(client, q="steel pan", category=category)
        assert (answer["total"]["value"], answer["query"]["interpreted"]["match"]) == (count, "all")


async def test_brands_are_told_apart_as_the_catalogue_does(
    client: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch
) -> None:
    store(settings, [{"sku": "B1", "brand": "Ñandú"}, {"sku": "B2", "brand": "NANDÚ"}, {"sku": "B3", "brand": "ñANDÚ"}])
    sync_all(settings, db, es)
    (facet,) = (await search(client, facets="brand"))["facets"]
    counts = {value["value"]: value["count"] for value in facet["values"]}
    assert (counts["Ñandú"], counts["NANDÚ"]) == (2, 1)
    assert set(await skus(client, brand="Ñandú")) == set(await skus(client, brand="ÑANDÚ")) == {"B1", "B3"}
    assert await skus(client, brand="nandú") == ["B2"]


async def test_words_are_relaxed_and_the_answer_says_so(client: httpx.AsyncClient) -> None:
    answer = await search(client, q="norvane laptop nonsense")
    assert answer["hits"][0]["sku"] == "NX-450"
    assert answer["query"]["interpreted"]["match"] == "some"
    assert answer["query"]["dropped_terms"] == ["nonsense"]
    assert answer["hits"][0]["missing"] == []


async def test_a_typo_is_corrected_and_the_answer_says_so(client: httpx.AsyncClient) -> None:
    answer = await search(client, q="wireles hedphones")
    assert answer["hits"][0]["sku"] == "HP-2"
    assert (answer["query"]["corrected_to"], answer["query"]["dropped_terms"]) == ("wireless headphones", [])


async def test_words_of_the_catalogue_and_numbers_are_never_corrected(client: httpx.AsyncClient) -> None:
    for q in ("laptop", "nx-451", "1439"):
        assert (await search(client, q=q))["query"]["corrected_to"] is None


@pytest.mark.parametrize("q", ["head phones", "headphones", "Wireless-headphones", "HEADPHONE wireless"])
async def test_compounds_lose_nothing(client: httpx.AsyncClient, q: str) -> None:
    assert (await skus(client, q=q))[0] == "HP-2"


async def test_no_match_is_an_empty_answer(client: httpx.AsyncClient) -> None:
    answer = await search(client, q="zzzzqqqq")
    assert (answer["total"], answer["hits"]) == ({"value": 0, "exact": True}, [])


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"brand": "norvane"}, {"NX-450", "HP-2"}),
        ({"brand": ["Norvane", "Carry"]}, {"NX-450", "HP-2", "BAG-1"}),
        ({"category": "computers"}, {"NX-450", "BAG-1"}),
        ({"category": "Computers > Laptops"}, {"NX-450"}),
        ({"price_max": "39.90"}, {"BAG-1", "TEE", "CAFE"}),
        ({"price_min": "16", "price_max": "20"}, {"TEE"}),
        ({"on_sale": "true"}, {"HP-2"}),
        ({"in_stock": "true"}, {"NX-450", "BAG-1", "TEE", "CAFE"}),
        ({"attr.weight_g_max": "1000"}, {"BAG-1"}),
        ({"attr.color": ["black", "silver"]}, {"NX-450", "BAG-1"}),
        ({"attr.size": "M", "attr.color": "red"}, {"TEE"}),
        ({"attr.size": "M", "attr.color": "blue"}, set()),
        ({"attr.size": "M", "in_stock": "true"}, set()),
        ({"attr.size": "L", "price_max": "15"}, set()),
    ],
)
async def test_filters(client: httpx.AsyncClient, params: dict[str, Any], expected: set[str]) -> None:
    assert set(await skus(client, **params)) == expected


async def test_a_category_by_id(client: httpx.AsyncClient) -> None:
    facet = (await search(client, q="NX-450"))["hits"][0]["category"]
    answer = await search(client, category=facet["id"])
    assert [hit["sku"] for hit in answer["hits"]] == ["NX-450"]
    tree = next(item for item in answer["facets"] if item["name"] == "category")
    assert [value["value"] for value in tree["values"] if value["selected"]] == ["computers/laptops"]


async def test_a_category_by_id_without_hits_is_still_named(client: httpx.AsyncClient) -> None:
    category = (await search(client, q="NX-450"))["hits"][0]["category"]
    for params in ({"q": "mug"}, {"price_max": "1"}, {"price_max": "1", "facets": "category"}):
        answer = await search(client, category=category["id"], **params)
        assert answer["hits"] == []
        tree = next(item for item in answer["facets"] if item["name"] == "category")
        (chosen,) = (value for value in tree["values"] if value["selected"])
        assert (chosen["value"], chosen["label"], chosen["count"]) == ("computers/laptops", "Laptops", 0)


async def test_an_unknown_category_keeps_what_was_sent(client: httpx.AsyncClient) -> None:
    for sent, label in (("garden/lawn-mowers", "Lawn mowers"), (NOBODY, NOBODY)):
        (tree,) = (await search(client, category=sent, facets="category"))["facets"]
        chosen = [(value["value"], value["label"]) for value in tree["values"] if value["selected"]]
        assert chosen == [(sent, label)]


async def test_the_hit_shows_the_variant_that_holds_the_filters(client: httpx.AsyncClient) -> None:
    (hit,) = (await search(client, **{"attr.size": "L"}))["hits"]
    assert hit["variant"] == {
        "sku": "TEE-L", "price": 18.0, "in_stock": True, "options": {"size": "L", "color": "blue"},
    }  # fmt: skip
    assert (hit["price"], hit["in_stock"]) == (18.0, True)
    (plain,) = (await search(client, q="t-shirt"))["hits"]
    assert (plain["variant"], plain["price"]) == (None, 15.0)
    (other,) = (await search(client, **{"attr.color": "black"}))["hits"]
    assert other["variant"] is None


async def test_sorts(client: httpx.AsyncClient) -> None:
    assert await skus(client, sort="price_asc") == ["CAFE", "TEE", "BAG-1", "HP-2", "NX-450"]
    assert await skus(client, sort="price_desc") == ["NX-450", "HP-2", "BAG-1", "TEE", "CAFE"]
    assert await skus(client, sort="name") == ["HP-2", "CAFE", "TEE", "BAG-1", "NX-450"]
    assert (await skus(client, sort="popularity"))[:2] == ["BAG-1", "NX-450"]


async def test_sorts_break_ties_by_id(client: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch) -> None:
    store(settings, [{"sku": f"T{number}", "name": "Twin", "price": 5, "inventory": 1} for number in range(12)])
    # One time for all, so that "newest" has ties too.
    db.execute("UPDATE products SET created_at = '2026-01-01Z' WHERE name = 'Twin'")
    sync_all(settings, db, es)
    for sort in SORTS:
        for params in ({"q": "twin"}, {"q": "twin", "in_stock": "true"}, {"price_min": "5", "price_max": "5"}):
            pages = [await search(client, sort=sort, page=page, per_page=5, **params) for page in (1, 2, 3)]
            ids = [hit["id"] for page in pages for hit in page["hits"]]
            assert len(ids) == 12
            assert ids == sorted(ids), (sort, params)


async def test_price_sort_uses_the_matching_variant(client: httpx.AsyncClient) -> None:
    assert await skus(client, sort="price_asc", in_stock="true") == ["CAFE", "TEE", "BAG-1", "NX-450"]
    (hit,) = (await search(client, sort="price_desc", price_max="20", in_stock="true", brand="Weft"))["hits"]
    assert hit["price"] == 18.0


async def test_pages_do_not_overlap(client: httpx.AsyncClient) -> None:
    pages = [await search(client, page=page, per_page=2) for page in (1, 2, 3)]
    found = [hit["sku"] for page in pages for hit in page["hits"]]
    assert len(found) == len(set(found)) == 5
    assert [hit["position"] for page in pages for hit in page["hits"]] == [1, 2, 3, 4, 5]


async def test_a_highlight_is_safe_html(client: httpx.AsyncClient) -> None:
    (hit,) = (await search(client, q="deep bass"))["hits"][:1]
    assert "&lt;b&gt;<em>deep</em>" in hit["highlight"]["description"]


async def test_get_and_post_are_one(client: httpx.AsyncClient) -> None:
    body = {"q": "laptop", "brand": ["Norvane"], "price_max": 1000, "facets": ["brand"]}
    posted = (await client.post("/api/v1/search", json=body)).json()
    got = await search(client, q="laptop", brand="Norvane", price_max="1000", facets="brand")
    for answer in (posted, got):
        answer.pop("took_ms")
        answer.pop("query_id")
    assert posted == got
