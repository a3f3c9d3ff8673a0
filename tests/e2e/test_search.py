"""Search and autocomplete through HTTP."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from elastic_transport import SerializationError
from elasticsearch import Elasticsearch
from fastapi import FastAPI

from api.app import create_app
from catalog.services.tokens import issue
from catalog.settings import Settings
from search.request import SORTS, SearchRequest
from tests.e2e.helpers import NOBODY, assert_problem
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
    {"sku": "LATER", "name": "Future Laptop", "publish_from": "2199-01-01T00:00:00Z"},
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


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"attr.\\ud800": "x"}', 422), (b'{"brand": "\\udfff"}', 422), (b'{"q": "\\ud800"}', 422),
        (b'{"facets": "attr.\\ud800"}', 422), (b'{"\\ud800": null, "q": "x"}', 200),
        (b'{"price_min": NaN}', 422), (b'{"brand": Infinity}', 422), (b'{"attr.a": [1e400]}', 422),
        (b'{"q": "' + b"x" * 70_000 + b'"}', 413), (b'{"brand": {}}', 422), (b"[]", 422), (b"nonsense", 422),
    ],
)  # fmt: skip
async def test_bodies_that_are_none(client: httpx.AsyncClient, body: bytes, status: int) -> None:
    answer = await client.post("/api/v1/search", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text


async def test_what_no_server_takes_is_our_defect_and_no_outage(app: FastAPI) -> None:
    """Nothing of the kind passes the parser; if it did, "try again later" would be the wrong advice."""
    with pytest.raises(SerializationError):
        await app.state.search.search(SearchRequest(brands=("\ud800",)))


async def test_a_large_body_without_a_length_is_refused(client: httpx.AsyncClient) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(70):
            yield b" " * 1024

    answer = await client.post("/api/v1/search", content=parts(), headers={"Content-Type": "application/json"})
    assert_problem(answer, 413)


@pytest.mark.parametrize(
    "name",
    ["a[b]", "a>b", "a.b", "..", "a*", "a_", "a\x00b", "a\tb", "\u2028a", "n" * 100, "😀" * 100, "null", "\x1fa"],
)
async def test_no_attribute_name_breaks_a_search(client: httpx.AsyncClient, name: str) -> None:
    for value in ("x", "1", "ﷺ" * 1000, "\ufb2c" * 1000, "😀" * 1000, "\x00"):
        await search(client, q="laptop", **{f"attr.{name}": value, "price_min": "1"})
    await search(client, facets=f"attr.{name}")
    await search(client, **{f"attr.{name}_min": "-1e15", f"attr.{name}_max": "1"})


async def test_stored_attribute_names_of_any_kind_are_facets(
    client: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch
) -> None:
    names = ["weight [kg]", "a > b", "a.b", "..", "😀"]
    store(settings, [{"sku": f"A{value}", "attributes": dict.fromkeys(names, value)} for value in ("x", "y")])
    sync_all(settings, db, es)
    facets = {facet["name"]: facet for facet in (await search(client))["facets"]}
    for name in names:
        assert [value["count"] for value in facets[f"attr.{name}"]["values"]] == [1, 1]
        assert await skus(client, **{f"attr.{name}": "x"}) == ["Ax"]


@pytest.mark.parametrize("category", ["ﷺ/" * 1300, "ﷺ>" * 1300, "!!!", "a" * 2600, "\x00a"])
async def test_no_category_breaks_a_search(client: httpx.AsyncClient, category: str) -> None:
    assert (await search(client, category=category))["hits"] == []
    assert (await client.get("/api/v1/autocomplete", params={"q": "lap", "category": category})).status_code == 200


async def test_head_is_get_without_a_body(client: httpx.AsyncClient) -> None:
    for path in ("/api/v1/search", "/api/v1/products", "/api/v1/categories", "/health/live", "/metrics"):
        got, head = await client.get(path), await client.head(path)
        assert (head.status_code, head.content) == (got.status_code, b""), path
        assert head.headers["content-type"] == got.headers["content-type"]
    assert (await client.head("/api/v1/search", params={"page": "0"})).status_code == 422
    assert (await client.head("/api/v1/products/bulk")).status_code in (404, 405)


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
    for text, some in {
        "l": True, "la": True, "c": True, "shirts": True, "audio": True, "norv": True, "wireless hea": True,
        "sec": False, "futu": False, "past": False,
    }.items():  # fmt: skip
        sections = (await client.get("/api/v1/autocomplete", params={"q": text})).json()["sections"]
        assert any(sections.values()) == some, text
        for brand in sections["brands"]:
            assert await skus(client, brand=brand["value"])
        for category in sections["categories"]:
            assert await skus(client, category=category["value"])
        for product in sections["products"]:
            assert product["sku"] in await skus(client, q=product["text"])
            assert product["sku"] not in ("DRAFT", "LATER", "GONE")


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"limit": "0"}, "limit"), ({"limit": "x"}, "limit"), ({"q": "x" * 201}, "q"), ({"nope": "1"}, "nope"),
        ({"q": ["a", "b"]}, "q"), ({"limit": ["1", "2"]}, "limit"), ({"category": ["a", "b"]}, "category"),
        ({"category": "c" * 2601}, "category"),
    ],
)  # fmt: skip
async def test_bad_autocomplete_parameters(client: httpx.AsyncClient, params: dict[str, Any], field: str) -> None:
    assert_problem(await client.get("/api/v1/autocomplete", params=params), 422, field)


async def test_unknown_autocomplete_parameters_are_told_in_moderation(client: httpx.AsyncClient) -> None:
    params = {f"x{number}": "1" for number in range(500)}
    problem = assert_problem(await client.get("/api/v1/autocomplete", params=params), 422, "x0")
    assert len(problem["errors"]) == 20
