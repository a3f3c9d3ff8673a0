"""Search and autocomplete through HTTP."""

from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from api.app import create_app
from catalog.services.tokens import issue
from catalog.settings import Settings
from tests.support import store, sync_all

Db = psycopg.Connection[Any]

CATALOGUE: list[dict[str, Any]] = [
    {"sku": "NX-450", "name": "Norvane NX-450 Laptop", "brand": "Norvane", "category": "Computers > Laptops",
     "price": "899.00", "inventory": 3, "attributes": {"color": "silver", "weight_g": 1400}, "popularity": 0.6},
    {"sku": "BAG-1", "name": "Laptop Bag", "brand": "Carry", "category": "Computers > Accessories", "price": "39.90",
     "inventory": 10, "attributes": {"color": "black", "weight_g": 600}, "popularity": 0.9},
    {"sku": "HP-2", "name": "Aero Wireless Headphones", "brand": "Norvane", "category": "Audio > Headphones",
     "price": "59.90", "compare_at_price": "79.90", "inventory": 0, "gtin": "4006381333931",
     "description": "Light headphones with <b>deep</b> bass & long playing time."},
    {"sku": "TEE", "name": "Cotton T-Shirt", "brand": "Weft", "category": "Clothing > Shirts", "price": "15.00",
     "variants": [
         {"sku": "TEE-M", "price": "15.00", "inventory": 0, "options": {"size": "M", "color": "red"}},
         {"sku": "TEE-L", "price": "18.00", "inventory": 4, "options": {"size": "L", "color": "blue"}}]},
    {"sku": "DRAFT", "name": "Secret Laptop", "status": "draft"},
    {"sku": "LATER", "name": "Future Laptop", "publish_from": "2999-01-01T00:00:00Z"},
    {"sku": "GONE", "name": "Past Laptop", "publish_until": "2001-01-01T00:00:00Z"},
    {"sku": "CAFE", "name": "Café Crème Mug", "price": "9.00", "inventory": 1},
]  # fmt: skip


@pytest.fixture(autouse=True)
def catalogue(settings: Settings, db: Db, es: Elasticsearch, index: str) -> None:
    store(settings, CATALOGUE)
    sync_all(settings, db, es)


async def search(client: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    response = await client.get("/api/v1/search", params=params)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def skus(client: httpx.AsyncClient, **params: Any) -> list[str]:
    return [hit["sku"] for hit in (await search(client, **params))["hits"]]


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


async def test_words_are_relaxed_and_the_answer_says_so(client: httpx.AsyncClient) -> None:
    answer = await search(client, q="norvane laptop nonsense")
    assert answer["hits"][0]["sku"] == "NX-450"
    assert answer["query"]["interpreted"]["match"] == "some"


async def test_a_typo_still_finds(client: httpx.AsyncClient) -> None:
    assert "HP-2" in await skus(client, q="wireles hedphones")


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


async def test_sorts_break_ties_by_id(client: httpx.AsyncClient) -> None:
    assert await skus(client, sort="price_asc") == ["CAFE", "TEE", "BAG-1", "HP-2", "NX-450"]
    assert await skus(client, sort="price_desc") == ["NX-450", "HP-2", "BAG-1", "TEE", "CAFE"]
    assert await skus(client, sort="name") == ["HP-2", "CAFE", "TEE", "BAG-1", "NX-450"]
    assert (await skus(client, sort="popularity"))[:2] == ["BAG-1", "NX-450"]
    assert len(await skus(client, sort="newest")) == 5


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


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"q": "x" * 10_000}, "q"), ({"page": "0"}, "page"), ({"per_page": "101"}, "per_page"), ({"sort": "x"}, "sort"),
        ({"colour": "red"}, "colour"), ({"price_min": "cheap"}, "price_min"), ({"page": "9999"}, "page"),
    ],
)  # fmt: skip
async def test_bad_parameters_are_named(client: httpx.AsyncClient, params: dict[str, str], field: str) -> None:
    response = await client.get("/api/v1/search", params=params)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert field in [error["field"] for error in response.json()["errors"]]


@pytest.mark.parametrize(
    "q", ['name:"x" OR (y', "/.*.*.*/", "a" * 200, "( ( ( [", "* ? ~2 ^5", "мышь 😀 ‏עכבר", "a " * 100,
          '{"match_all":{}}', "\\"]
)  # fmt: skip
async def test_syntax_is_plain_text(client: httpx.AsyncClient, q: str) -> None:
    await search(client, q=q)


async def test_a_private_catalogue_is_searched_with_a_token_only(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"public_search": False}))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as stranger,
    ):
        for path in ("search", "autocomplete"):
            assert (await stranger.get(f"/api/v1/{path}", params={"q": "laptop"})).status_code == 401
        token = issue(settings, uuid4(), "storefront")
        answer = await stranger.get("/api/v1/search", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200


async def test_autocomplete_sections(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/api/v1/autocomplete", params={"q": "lap"})).json()
    assert set(answer) == {"query", "sections", "took_ms"}
    assert set(answer["sections"]) == {"queries", "products", "categories", "brands"}
    assert {item["sku"] for item in answer["sections"]["products"]} == {"NX-450", "BAG-1"}
    assert [item["value"] for item in answer["sections"]["categories"]] == ["computers/laptops"]
    assert "<em>Laptop</em>" in answer["sections"]["products"][0]["highlight"]


async def test_autocomplete_completes_categories_at_every_level(client: httpx.AsyncClient) -> None:
    for text, paths in {
        "comp": ["computers"], "lap": ["computers/laptops"], "headph": ["audio/headphones"],
        "haedphones": ["audio/headphones"], "zzz": [],
    }.items():  # fmt: skip
        answer = (await client.get("/api/v1/autocomplete", params={"q": text})).json()
        assert [item["value"] for item in answer["sections"]["categories"]] == paths, text
    (computers,) = (await client.get("/api/v1/autocomplete", params={"q": "comp"})).json()["sections"]["categories"]
    assert computers["count"] == len(await skus(client, category="computers"))


@pytest.mark.parametrize("text", ["norv", "Norvane", "nrovane"])
async def test_autocomplete_completes_brands_with_typos(client: httpx.AsyncClient, text: str) -> None:
    answer = (await client.get("/api/v1/autocomplete", params={"q": text})).json()
    assert [item["value"] for item in answer["sections"]["brands"]] == ["Norvane"]


async def test_no_suggestion_leads_to_nothing(client: httpx.AsyncClient) -> None:
    for text in ("l", "la", "c", "shirts", "audio", "wireless hea", "sec", "futu"):
        sections = (await client.get("/api/v1/autocomplete", params={"q": text})).json()["sections"]
        for brand in sections["brands"]:
            assert await skus(client, brand=brand["value"])
        for category in sections["categories"]:
            assert await skus(client, category=category["value"])
        for product in sections["products"]:
            assert product["sku"] in await skus(client, q=product["text"])
            assert product["sku"] not in ("DRAFT", "LATER", "GONE")


@pytest.mark.parametrize("params", [{"limit": "0"}, {"limit": "x"}, {"q": "x" * 201}, {"nope": "1"}])
async def test_bad_autocomplete_parameters(client: httpx.AsyncClient, params: dict[str, str]) -> None:
    assert (await client.get("/api/v1/autocomplete", params=params)).status_code == 422
