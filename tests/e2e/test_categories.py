"""The category tree over REST."""

import asyncio
from typing import Any

import httpx
import psycopg
import pytest

from catalog.settings import Settings
from tests.e2e.helpers import CATEGORIES, NOBODY, PRODUCTS, a_category, a_product, assert_problem, created
from tests.support import waiting_for_locks, writer


async def test_create_and_read(editor: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    answer = await editor.post(CATEGORIES, json={"name": "Küche & Bad", "position": 3})
    assert answer.status_code == 201
    category = answer.json()
    assert (category["slug"], category["path"], category["position"]) == ("kuche-bad", "kuche-bad", 3)
    assert (category["parent_id"], category["product_count"]) == (None, 0)
    assert answer.headers["location"] == f"{CATEGORIES}/{category['id']}"
    child = await a_category(editor, "Kettles", category["id"], slug="kettles-and-more")
    assert (child["path"], child["names"]) == ("kuche-bad/kettles-and-more", ["Küche & Bad", "Kettles"])
    assert (await client.get(f"{CATEGORIES}/{child['id']}")).json() == child


async def test_the_tree(editor: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    await created(editor, category="Electronics > Audio > Speakers")
    await created(editor, category="Electronics > Audio")
    await created(editor, category="Electronics > Audio", status="draft")
    await created(editor, category="Garden")
    tree = (await client.get(CATEGORIES)).json()
    assert [(node["name"], node["product_count"]) for node in tree] == [("Electronics", 2), ("Garden", 1)]
    audio = tree[0]["children"][0]
    assert (audio["path"], audio["product_count"]) == ("electronics/audio", 2)
    assert audio["children"][0]["children"] == []
    assert (await editor.get(CATEGORIES)).json()[0]["product_count"] == 3, "an editor's count has the drafts"
    alone = (await client.get(f"{CATEGORIES}/{audio['id']}")).json()
    assert alone == {name: value for name, value in audio.items() if name != "children"}


async def test_siblings_come_by_position_then_name(editor: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    for name, position in (("B", 1), ("C", 0), ("A", 1)):
        await a_category(editor, name, position=position)
    assert [node["name"] for node in (await client.get(CATEGORIES)).json()] == ["C", "A", "B"]


async def test_a_rename_keeps_the_address(
    editor: httpx.AsyncClient, client: httpx.AsyncClient, db: psycopg.Connection[Any]
) -> None:
    product = await created(editor, category="Audio > Headphones")
    category = (await client.get(CATEGORIES)).json()[0]
    address = f"{CATEGORIES}/{category['id']}"
    renamed = (await editor.patch(address, json={"name": "Sound"})).json()
    assert (renamed["name"], renamed["slug"], renamed["path"]) == ("Sound", "audio", "audio")
    assert db.execute("SELECT count(*) FROM fanout").fetchone() == (2,), "its own products and those of its child"
    moved = (await editor.patch(address, json={"slug": "sound"})).json()
    assert moved["path"] == "sound"
    after = (await client.get(f"{PRODUCTS}/{product['id']}")).json()
    assert after["category"]["path"] == "sound/headphones"
    replaced = (await editor.put(address, json={"name": "Noise"})).json()
    assert (replaced["name"], replaced["slug"], replaced["position"]) == ("Noise", "sound", 0)


async def test_a_change_of_nothing_fans_nothing_out(editor: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    category = await a_category(editor, "Audio")
    for change in ({}, {"name": "Audio"}, {"parent_id": None, "position": 0}):
        assert (await editor.patch(f"{CATEGORIES}/{category['id']}", json=change)).json() == category
    assert db.execute("SELECT count(*) FROM fanout").fetchone() == (0,)


async def test_move(editor: httpx.AsyncClient) -> None:
    one, two = await a_category(editor, "One"), await a_category(editor, "Two")
    child = await a_category(editor, "Child", one["id"])
    await a_category(editor, "Grandchild", child["id"])
    moved = (await editor.patch(f"{CATEGORIES}/{child['id']}", json={"parent_id": two["id"]})).json()
    assert moved["path"] == "two/child"
    tree = (await editor.get(CATEGORIES)).json()
    assert tree[1]["children"][0]["children"][0]["path"] == "two/child/grandchild"
    top = (await editor.patch(f"{CATEGORIES}/{child['id']}", json={"parent_id": None})).json()
    assert top["path"] == "child"


async def test_a_category_can_not_be_moved_below_itself(editor: httpx.AsyncClient) -> None:
    parent = await a_category(editor, "Parent")
    child = await a_category(editor, "Child", parent["id"])
    for below in (parent, child):
        answer = await editor.patch(f"{CATEGORIES}/{parent['id']}", json={"parent_id": below["id"]})
        assert_problem(answer, 422, "parent_id")


async def test_two_that_move_below_each_other_at_once(editor: httpx.AsyncClient) -> None:
    one, two = await a_category(editor, "One"), await a_category(editor, "Two")
    answers = await asyncio.gather(
        editor.patch(f"{CATEGORIES}/{one['id']}", json={"parent_id": two["id"]}),
        editor.patch(f"{CATEGORIES}/{two['id']}", json={"parent_id": one["id"]}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_depth(editor: httpx.AsyncClient) -> None:
    parent_id = None
    for level in range(10):
        parent_id = (await a_category(editor, f"Level {level}", parent_id))["id"]
    assert_problem(await editor.post(CATEGORIES, json={"name": "Deeper", "parent_id": parent_id}), 422, "parent_id")


async def test_a_path_that_is_taken(editor: httpx.AsyncClient) -> None:
    await a_category(editor, "Audio")
    other = await a_category(editor, "Video")
    problem = assert_problem(await editor.post(CATEGORIES, json={"name": "AUDIO"}), 409, "slug")
    assert "'audio'" in problem["detail"]
    assert_problem(await editor.patch(f"{CATEGORIES}/{other['id']}", json={"slug": "audio"}), 409, "slug")


async def test_delete(editor: httpx.AsyncClient, client: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    products = [await created(editor, category="A > B") for _ in range(2)]
    products.append(await created(editor, category="A", status="draft"))
    kept = await created(editor, category="Z")
    category = (await client.get(CATEGORIES)).json()[0]
    address = f"{CATEGORIES}/{category['id']}"
    problem = assert_problem(await editor.delete(address), 409)
    assert "3 products" in problem["detail"]
    assert (await editor.get(PRODUCTS)).json()["total"] == 4
    assert (await editor.delete(f"{address}?cascade=true")).status_code == 204
    assert [item["id"] for item in (await editor.get(PRODUCTS)).json()["items"]] == [kept["id"]]
    assert db.execute("SELECT count(*) FROM product_sync WHERE deleted AND version = 2").fetchone() == (3,)
    assert_problem(await editor.delete(address), 404)


async def test_empty_categories_go_without_asking(editor: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    parent = await a_category(editor, "Parent")
    await a_category(editor, "Child", parent["id"])
    assert (await editor.delete(f"{CATEGORIES}/{parent['id']}")).status_code == 204
    assert (await client.get(CATEGORIES)).json() == []


async def test_no_product_slips_into_a_category_while_it_is_deleted(editor: httpx.AsyncClient) -> None:
    category = await a_category(editor, "Going")
    products = [a_product(category_id=category["id"]) for _ in range(6)]
    deletion, *creations = await asyncio.gather(
        editor.delete(f"{CATEGORIES}/{category['id']}"), *(editor.post(PRODUCTS, json=sent) for sent in products)
    )
    made = [answer for answer in creations if answer.status_code == 201]
    for answer in creations:
        if answer not in made:
            assert_problem(answer, 422, "category_id")
    total = (await editor.get(PRODUCTS)).json()["total"]
    assert (deletion.status_code, total) in ((204, 0), (409, len(made)))


async def waiting_for_a_lock(db: psycopg.Connection[Any]) -> None:
    for _ in range(500):
        if waiting_for_locks(db):
            return
        await asyncio.sleep(0.02)
    pytest.fail("nobody waits for a lock")


async def test_a_subcategory_that_is_committed_while_its_parent_is_deleted(
    editor: httpx.AsyncClient, settings: Settings, db: psycopg.Connection[Any]
) -> None:
    """Its row is not in the snapshot of the statement that waits for the parent's lock."""
    parent = await a_category(editor, "Going")
    with writer(settings) as other:
        row = other.execute(
            "INSERT INTO categories (parent_id, name, slug) VALUES (%s, 'New', 'new') RETURNING id", [parent["id"]]
        ).fetchone()
        assert row is not None
        other.execute("INSERT INTO products (sku, name, price, category_id) VALUES ('S', 'N', 1, %s)", row)
        deletion = asyncio.create_task(editor.delete(f"{CATEGORIES}/{parent['id']}"))
        await waiting_for_a_lock(db)
        other.commit()
        problem = assert_problem(await deletion, 409)
    assert "1 product" in problem["detail"]
    assert (await editor.get(PRODUCTS)).json()["items"][0]["category"]["path"] == "going/new"


async def test_products_that_go_with_their_category_are_locked_by_their_ids(
    editor: httpx.AsyncClient, settings: Settings, db: psycopg.Connection[Any]
) -> None:
    """As an order of several products locks them; as they lie in the table, the two would deadlock."""
    category = await a_category(editor, "Going")
    first, second = "00000000-0000-4000-8000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff"
    for product_id in (second, first):
        db.execute(
            "INSERT INTO products (id, sku, name, price, category_id) VALUES (%s, %s, 'N', 1, %s)",
            [product_id, product_id, category["id"]],
        )
    with writer(settings) as other:
        # Sooner than Postgres looks for a deadlock.
        other.execute("SET lock_timeout = '500ms'")
        other.execute("SELECT 1 FROM products WHERE id = %s FOR NO KEY UPDATE", [first])
        deletion = asyncio.create_task(editor.delete(f"{CATEGORIES}/{category['id']}?cascade=true"))
        await waiting_for_a_lock(db)
        other.execute("SELECT 1 FROM products WHERE id = %s FOR NO KEY UPDATE", [second])
        other.commit()
        assert (await deletion).status_code == 204
    assert (await editor.get(PRODUCTS)).json()["total"] == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 256),
        ("name", "!!!"),
        ("name", "a\x00b"),
        ("name", "Audio > Video"),
        ("name", None),
        ("slug", ""),
        ("slug", "a/b"),
        ("slug", "Not A Slug"),
        ("slug", None),
        ("parent_id", "abc"),
        ("parent_id", NOBODY),
        ("position", -1),
        ("position", 2**31),
        ("position", True),
        ("path", "a/b"),
    ],
)
async def test_wrong_fields_are_named(editor: httpx.AsyncClient, field: str, value: Any) -> None:
    assert_problem(await editor.post(CATEGORIES, json={"name": "A name", field: value}), 422, field)
    category = await a_category(editor, "There")
    assert_problem(await editor.patch(f"{CATEGORIES}/{category['id']}", json={field: value}), 422, field)


async def test_what_is_not_there(editor: httpx.AsyncClient) -> None:
    assert_problem(await editor.get(f"{CATEGORIES}/abc"), 404)
    assert_problem(await editor.get(f"{CATEGORIES}/{NOBODY}"), 404)
    assert_problem(await editor.put(f"{CATEGORIES}/{NOBODY}", json={"name": "A"}), 404)
    assert_problem(await editor.delete(f"{CATEGORIES}/{NOBODY}?cascade=maybe"), 422, "cascade")


async def test_a_path_too_long_for_the_database(editor: httpx.AsyncClient) -> None:
    levels = [
        f"{level}{''.join(chr(0x4E00 + (n * 7919 + level * 104729) % 20000) for n in range(250))}"
        for level in range(10)
    ]
    answer = await editor.post(PRODUCTS, json=a_product(category=" > ".join(levels)))
    assert_problem(answer, 422, "category")
