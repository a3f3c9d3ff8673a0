"""Products over REST: create, list, read, replace, patch, delete, sync status."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg

from tests.e2e.helpers import NOBODY, PRODUCTS, a_product, assert_problem, created


async def test_an_admin_creates_a_product(admin: httpx.AsyncClient) -> None:
    sent = {"name": "Test Product", "description": "A description", "price": 29.99, "sku": "TEST-001"}
    answer = await admin.post(PRODUCTS, json=sent)
    assert answer.status_code == 201
    assert answer.json()["price"] == 29.99


async def test_pages_of_a_list(admin: httpx.AsyncClient) -> None:
    for number in range(25):
        sent = {"name": f"Product {number}", "description": "", "price": 10 + number, "sku": f"SKU-{number:03}"}
        assert (await admin.post(PRODUCTS, json=sent)).status_code == 201
    first = (await admin.get(f"{PRODUCTS}?page=1&per_page=10")).json()
    assert len(first["items"]) == 10
    assert (first["total"], first["page"], first["per_page"]) == (25, 1, 10)
    second = (await admin.get(f"{PRODUCTS}?page=2&per_page=10")).json()
    assert len(second["items"]) == 10
    assert second["page"] == 2
    third = (await admin.get(f"{PRODUCTS}?page=3&per_page=10")).json()
    assert len(third["items"]) == 5
    skus = [item["sku"] for page in (first, second, third) for item in page["items"]]
    assert skus == [f"SKU-{number:03}" for number in reversed(range(25))], "newest first, each exactly once"
    beyond = (await admin.get(f"{PRODUCTS}?page=1000000&per_page=100")).json()
    assert (beyond["items"], beyond["total"]) == ([], 25)


async def test_the_whole_representation(editor: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    sent = a_product(
        description="Boils.",
        price="29.90",
        compare_at_price=39,
        cost="12.00",
        currency="USD",
        inventory=7,
        gtin="4006381-333931",
        brand="Norvane",
        category="Kitchen > Kettles",
        images=["https://img.example/1.jpg", {"url": "https://img.example/2.jpg", "alt": "from above"}],
        attributes={"color": "black", "weight_g": 900.5, "cordless": True, "for": ["tea", "coffee"]},
        popularity=0.5,
    )
    answer = await editor.post(PRODUCTS, json=sent)
    product = answer.json()
    assert answer.headers["location"] == f"{PRODUCTS}/{product['id']}"
    assert answer.headers["etag"] == '"1"'
    assert (product["price"], product["compare_at_price"], product["on_sale"]) == (29.9, 39.0, True)
    assert "cost" not in product, "what it cost is nobody's business"
    assert (product["inventory"], product["gtin"], product["currency"]) == (7, "4006381333931", "USD")
    assert product["brand"] == "Norvane"
    assert (product["category"]["name"], product["category"]["path"]) == ("Kettles", "kitchen/kettles")
    pictures = [(image["url"], image["alt"], image["position"]) for image in product["images"]]
    assert pictures == [("https://img.example/1.jpg", None, 0), ("https://img.example/2.jpg", "from above", 1)]
    assert product["attributes"] == sent["attributes"]
    assert (product["status"], product["variants"], product["version"]) == ("active", [], 1)
    assert product["created_at"].endswith("Z")
    assert (await client.get(answer.headers["location"])).json() == product
    assert (await client.get(PRODUCTS)).json()["items"] == [product]


async def test_with_variants_price_is_the_lowest_and_inventory_the_sum(editor: httpx.AsyncClient) -> None:
    variants = [
        {"sku": "V-M", "price": 12.5, "inventory": 3, "options": {"size": "M"}},
        {"sku": "V-L", "price": "11.00", "inventory": 4, "options": {"size": "L", "pack": 2}},
    ]
    product = await created(editor, price=99, inventory=99, variants=variants)
    assert (product["price"], product["inventory"], product["version"]) == (11.0, 7, 1)
    assert [variant["sku"] for variant in product["variants"]] == ["V-M", "V-L"]
    assert product["variants"][1]["options"] == {"size": "L", "pack": "2"}


async def test_brand_and_category_are_found_again_whatever_the_case(editor: httpx.AsyncClient) -> None:
    first = await created(editor, brand="Norvane", category="Home > Kitchen & Bath")
    second = await created(editor, brand="NORVANE", category="home >  kitchen bath")
    assert second["brand"] == "Norvane"
    assert second["category"] == first["category"]


async def test_many_create_the_same_brand_and_category_at_once(
    editor: httpx.AsyncClient, db: psycopg.Connection[Any]
) -> None:
    await asyncio.gather(*(created(editor, brand="New", category="A > B > C") for _ in range(12)))
    assert db.execute("SELECT count(*) FROM brands").fetchone() == (1,)
    assert db.execute("SELECT count(*) FROM categories").fetchone() == (3,)


async def test_search_finds_words_and_exact_skus(editor: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    lamp = await created(editor, sku="LMP-1", name="Desk lamp", description="Goes well with a kettle.")
    kettle = await created(editor, sku="KTL-1", name="Electric kettles")
    shirt = await created(editor, name="Shirt", variants=[{"sku": "SHIRT-RED-M", "price": 9}])

    async def search(text: str) -> list[str]:
        page = (await client.get(PRODUCTS, params={"search": text})).json()
        assert page["total"] == len(page["items"])
        return [item["id"] for item in page["items"]]

    assert await search("kettle") == [kettle["id"], lamp["id"]], "a match in the name comes first"
    assert await search("kettle -desk") == [kettle["id"]]
    assert await search("LMP-1") == [lamp["id"]]
    assert await search("SHIRT-RED-M") == [shirt["id"]]
    assert await search("unheard") == []
    assert len(await search("")) == 3
    assert await search("' \" & | ! ( ) :* <->") == []


async def test_category_filter(editor: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    speaker = await created(editor, category="Electronics > Audio > Speakers")
    radio = await created(editor, category="Electronics > Audio")
    await created(editor, category="Garden")
    both = {speaker["id"], radio["id"]}
    for category in ("electronics", "electronics/audio", "Electronics > Audio", radio["category"]["id"]):
        page = (await client.get(PRODUCTS, params={"category": category})).json()
        assert {item["id"] for item in page["items"]} == both, category
        assert page["total"] == 2
    for unknown in ("nothing/here", NOBODY, ">", "/"):
        assert (await client.get(PRODUCTS, params={"category": unknown})).json()["total"] == 0


async def test_shoppers_see_only_what_is_published(
    admin: httpx.AsyncClient, analyst: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    now = datetime.now(UTC)
    yesterday, tomorrow = (now - timedelta(days=1)).isoformat(), (now + timedelta(days=1)).isoformat()
    shown = await created(admin, publish_from=yesterday, publish_until=tomorrow)
    hidden = [
        await created(admin, status="draft"),
        await created(admin, status="archived"),
        await created(admin, publish_from=tomorrow),
        await created(admin, publish_until=yesterday),
    ]
    for shopper in (client, analyst):
        page = (await shopper.get(PRODUCTS)).json()
        assert ([item["id"] for item in page["items"]], page["total"]) == ([shown["id"]], 1)
        for product in hidden:
            assert_problem(await shopper.get(f"{PRODUCTS}/{product['id']}"), 404)
    assert (await admin.get(PRODUCTS)).json()["total"] == 5
    assert (await admin.get(f"{PRODUCTS}/{hidden[0]['id']}")).status_code == 200


async def test_put_replaces_the_whole_product(editor: httpx.AsyncClient) -> None:
    product = await created(
        editor, description="old", brand="B", category="C", inventory=5, attributes={"a": 1}, images=["/a.jpg"]
    )
    answer = await editor.put(f"{PRODUCTS}/{product['id']}", json={"sku": "NEW", "name": "New", "price": 5})
    after = answer.json()
    assert answer.status_code == 200
    assert (after["id"], after["sku"], after["name"], after["price"]) == (product["id"], "NEW", "New", 5.0)
    assert (after["description"], after["brand"], after["category"]) == (None, None, None)
    assert (after["inventory"], after["attributes"], after["images"]) == (0, {}, [])
    assert after["version"] == 2
    assert after["updated_at"] > product["updated_at"]
    assert after["created_at"] == product["created_at"]


async def test_patch_merges(editor: httpx.AsyncClient) -> None:
    product = await created(editor, description="d", brand="B", inventory=5, attributes={"a": 1, "b": "x"})
    change = {"description": None, "price": "7.00", "attributes": {"a": None, "b": "y", "c": [1, 2]}}
    after = (await editor.patch(f"{PRODUCTS}/{product['id']}", json=change)).json()
    assert (after["description"], after["price"]) == (None, 7.0)
    assert after["attributes"] == {"b": "y", "c": [1, 2]}
    assert (after["brand"], after["inventory"], after["name"]) == ("B", 5, product["name"])
    cleared = {"inventory": None, "attributes": None, "brand": None, "status": None}
    after = (await editor.patch(f"{PRODUCTS}/{product['id']}", json=cleared)).json()
    assert (after["inventory"], after["attributes"], after["brand"], after["status"]) == (0, {}, None, "active")
    merge_patch = {"Content-Type": "application/merge-patch+json"}
    answer = await editor.patch(f"{PRODUCTS}/{product['id']}", content=b'{"inventory": 3}', headers=merge_patch)
    assert answer.json()["inventory"] == 3


async def test_true_is_not_one(editor: httpx.AsyncClient) -> None:
    product = await created(editor, attributes={"a": 1})
    after = (await editor.patch(f"{PRODUCTS}/{product['id']}", json={"attributes": {"a": True}})).json()
    assert after["attributes"]["a"] is True


async def test_a_change_of_nothing_writes_nothing(editor: httpx.AsyncClient) -> None:
    sent = a_product(
        description="d",
        brand="B",
        category="C > D",
        images=["/a.jpg", "/a.jpg", {"url": "/b.jpg", "alt": "b"}],
        attributes={"a": 1, "b": [True, 2.5]},
        variants=[{"sku": "N-1", "price": 5, "inventory": 2, "options": {"size": "M"}}, {"sku": "N-2", "price": 6}],
        publish_from="2026-01-01T00:00:00+02:00",
    )
    product = (await editor.post(PRODUCTS, json=sent)).json()
    for answer in (
        await editor.put(f"{PRODUCTS}/{product['id']}", json=sent),
        await editor.patch(f"{PRODUCTS}/{product['id']}", json=sent),
        await editor.patch(f"{PRODUCTS}/{product['id']}", json={}),
        await editor.patch(f"{PRODUCTS}/{product['id']}", json={"price": 5, "inventory": 2, "attributes": {"a": 1.0}}),
    ):
        assert answer.json() == product


async def test_variants_are_matched_by_sku_and_images_by_url(editor: httpx.AsyncClient) -> None:
    product = await created(
        editor,
        images=["/a.jpg", "/b.jpg", "/c.jpg"],
        variants=[{"sku": "M-1", "price": 5, "inventory": 1}, {"sku": "M-2", "price": 6}, {"sku": "M-3", "price": 7}],
    )
    change = {
        "images": ["/c.jpg", "/new.jpg", "/a.jpg"],
        "variants": [
            {"sku": "M-3", "price": 4},
            {"sku": "M-4", "price": 9, "inventory": 2},
            {"sku": "M-1", "price": 5},
        ],
    }
    after = (await editor.patch(f"{PRODUCTS}/{product['id']}", json=change)).json()
    ids = {variant["sku"]: variant["id"] for variant in product["variants"]}
    assert [variant["sku"] for variant in after["variants"]] == ["M-3", "M-4", "M-1"]
    assert [variant["position"] for variant in after["variants"]] == [0, 1, 2]
    assert (after["variants"][0]["id"], after["variants"][2]["id"]) == (ids["M-3"], ids["M-1"])
    assert (after["price"], after["inventory"]) == (4.0, 2)
    pictures = {image["url"]: image["id"] for image in product["images"]}
    assert [image["url"] for image in after["images"]] == ["/c.jpg", "/new.jpg", "/a.jpg"]
    assert after["images"][0]["id"] == pictures["/c.jpg"]
    assert after["version"] == 2
    bare = (await editor.patch(f"{PRODUCTS}/{product['id']}", json={"variants": []})).json()
    assert (bare["variants"], bare["price"], bare["inventory"]) == ([], 4.0, 2)


async def test_the_sku_of_a_removed_variant_is_free_at_once(editor: httpx.AsyncClient) -> None:
    product = await created(editor, sku="S-1", variants=[{"sku": "S-2", "price": 1}])
    sent = a_product(sku="S-2", variants=[{"sku": "S-1", "price": 2}])
    answer = await editor.put(f"{PRODUCTS}/{product['id']}", json=sent)
    assert answer.status_code == 200, answer.text
    assert answer.json()["variants"][0]["sku"] == "S-1"


async def test_price_of_a_product_with_variants(editor: httpx.AsyncClient) -> None:
    alike = await created(editor, variants=[{"sku": "P-1", "price": 5}, {"sku": "P-2", "price": 5}])
    after = (await editor.patch(f"{PRODUCTS}/{alike['id']}", json={"price": 4.5})).json()
    assert (after["price"], [variant["price"] for variant in after["variants"]]) == (4.5, [4.5, 4.5])
    unlike = await created(editor, variants=[{"sku": "P-3", "price": 5}, {"sku": "P-4", "price": 6}])
    problem = assert_problem(await editor.patch(f"{PRODUCTS}/{unlike['id']}", json={"price": 4}), 422, "price")
    assert "different prices" in problem["detail"]


async def test_inventory_of_a_product_with_variants(editor: httpx.AsyncClient) -> None:
    one = await created(editor, variants=[{"sku": "I-1", "price": 5, "inventory": 2}])
    after = (await editor.patch(f"{PRODUCTS}/{one['id']}", json={"inventory": 9})).json()
    assert (after["inventory"], after["variants"][0]["inventory"]) == (9, 9)
    two = await created(editor, variants=[{"sku": f"I-{n}", "price": 5, "inventory": n} for n in (2, 3)])
    assert_problem(await editor.patch(f"{PRODUCTS}/{two['id']}", json={"inventory": 9}), 422, "inventory")
    after = (await editor.patch(f"{PRODUCTS}/{two['id']}", json={"inventory": 0})).json()
    assert (after["inventory"], [variant["inventory"] for variant in after["variants"]]) == (0, [0, 0])


async def test_the_largest_inventories_can_change_places(editor: httpx.AsyncClient) -> None:
    largest = 2**31 - 1
    product = await created(
        editor, variants=[{"sku": "L-1", "price": 1, "inventory": largest}, {"sku": "L-2", "price": 1}]
    )
    swapped = {"variants": [{"sku": "L-2", "price": 1, "inventory": largest}, {"sku": "L-1", "price": 1}]}
    answer = await editor.patch(f"{PRODUCTS}/{product['id']}", json=swapped)
    assert answer.status_code == 200, answer.text


async def test_delete(editor: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    product = await created(editor)
    answer = await editor.delete(f"{PRODUCTS}/{product['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert_problem(await client.get(f"{PRODUCTS}/{product['id']}"), 404)
    assert_problem(await editor.delete(f"{PRODUCTS}/{product['id']}"), 404)
    assert_problem(await editor.put(f"{PRODUCTS}/{product['id']}", json=a_product()), 404)
    assert_problem(await editor.patch(f"{PRODUCTS}/{product['id']}", json={}), 404)


async def test_sync_status(editor: httpx.AsyncClient, client: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    product = await created(editor)
    address = f"{PRODUCTS}/{product['id']}/sync"
    status = (await client.get(address)).json()
    assert (status["database_version"], status["indexed_version"], status["in_sync"]) == (1, 0, False)
    assert (status["deleted"], status["quarantined"], status["error"]) == (False, False, None)
    db.execute("UPDATE product_sync SET attempts = 3, next_attempt_at = 'infinity', error = 'too long'")
    assert (await client.get(address)).json()["error"] is None, "errors are for people who can act on them"
    status = (await editor.get(address)).json()
    assert (status["quarantined"], status["error"], status["attempts"]) == (True, "too long", 3)
    db.execute("UPDATE product_sync SET synced_version = version, synced_at = now(), next_attempt_at = NULL")
    status = (await client.get(address)).json()
    assert (status["in_sync"], status["lag_seconds"]) == (True, 0)
    await editor.delete(f"{PRODUCTS}/{product['id']}")
    status = (await client.get(address)).json()
    assert (status["deleted"], status["database_version"], status["in_sync"]) == (True, 2, False)
    assert_problem(await client.get(f"{PRODUCTS}/{NOBODY}/sync"), 404)


async def test_writers_of_one_product_wait_for_each_other(editor: httpx.AsyncClient) -> None:
    product = await created(editor, variants=[{"sku": f"W-{n}", "price": n} for n in range(1, 6)])
    address = f"{PRODUCTS}/{product['id']}"

    async def change(number: int) -> int:
        variants = [{"sku": f"W-{n}", "price": n + number} for n in (5, 1, 3, 2, 4)]
        return (await editor.patch(address, json={"name": f"Name {number}", "variants": variants})).status_code

    assert set(await asyncio.gather(*(change(number) for number in range(1, 13)))) == {200}
    after = (await editor.get(address)).json()
    assert after["version"] == 13
    assert after["price"] == min(variant["price"] for variant in after["variants"])
