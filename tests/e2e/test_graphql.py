"""Questions and changes through GraphQL."""

from typing import Any

import httpx
import pytest
from graphql import get_introspection_query

from api.graphql import context
from catalog.settings import Settings
from tests.e2e.graphql_client import ask, refused
from tests.e2e.helpers import NOBODY, PRODUCTS, a_product, created
from tests.support import store

CREATE = "mutation ($input: CreateProductInput!) { createProduct(input: $input) { id sku name price version } }"
UPDATE = """
    mutation ($id: ID!, $input: UpdateProductInput!, $version: String) {
        updateProduct(id: $id, input: $input, version: $version) {
            name description price compareAtPrice attributes version } }
"""
DELETE = "mutation ($id: ID!, $version: String) { deleteProduct(id: $id, version: $version) }"


async def test_a_product_has_money_and_its_version_as_text(editor: httpx.AsyncClient) -> None:
    product = (await ask(editor, CREATE, input=a_product(price="29.9")))["createProduct"]
    assert product["price"] == "29.90"
    assert isinstance(product["version"], str)
    found = await ask(editor, "query ($id: ID!) { product(id: $id) { id createdAt updatedAt } }", id=product["id"])
    assert found["product"]["id"] == product["id"]
    assert found["product"]["createdAt"].endswith("Z")


@pytest.mark.parametrize("price", ["29.99", 29.99, 30])
async def test_money_is_sent_as_text_or_number(editor: httpx.AsyncClient, price: Any) -> None:
    product = (await ask(editor, CREATE, input=a_product(price=price)))["createProduct"]
    assert float(product["price"]) == float(price)


async def test_money_is_written_in_the_document(editor: httpx.AsyncClient) -> None:
    for number, price in enumerate(("29.99", '"29.99"')):
        text = f'mutation {{ createProduct(input: {{sku: "{number}", name: "x", price: {price}}}) {{ price }} }}'
        assert (await ask(editor, text))["createProduct"]["price"] == "29.99"


@pytest.mark.parametrize("price", ["1e999999999", "NaN", "Infinity", "-1", "1.999", "", 1e300, "1" * 1000])
async def test_what_is_no_amount_is_refused_by_name(editor: httpx.AsyncClient, price: Any) -> None:
    told = await refused(editor, CREATE, input=a_product(price=price))
    assert (told["code"], [wrong["field"] for wrong in told["errors"]]) == ("INVALID_INPUT", ["price"])


async def test_an_id_that_names_nothing_is_null(client: httpx.AsyncClient) -> None:
    for product_id in (NOBODY, "42", ""):
        assert await ask(client, "query ($id: ID!) { product(id: $id) { id } }", id=product_id) == {"product": None}


async def test_null_clears_and_what_is_left_out_is_kept(editor: httpx.AsyncClient) -> None:
    before = await created(editor, description="Boils.", compare_at_price=40, attributes={"color": "red", "size": 1})
    sent = {"compareAtPrice": None, "attributes": {"size": None}}
    after = (await ask(editor, UPDATE, id=before["id"], input=sent))["updateProduct"]
    assert after["compareAtPrice"] is None
    assert after["description"] == "Boils."
    assert after["attributes"] == {"color": "red"}


async def test_a_lost_race_is_a_conflict(editor: httpx.AsyncClient) -> None:
    before = await created(editor)
    version = str(before["version"])
    await ask(editor, UPDATE, id=before["id"], input={"name": "First"}, version=version)
    told = await refused(editor, UPDATE, id=before["id"], input={"name": "Second"}, version=version)
    assert (told["code"], told["status"]) == ("CONFLICT", 412)
    told = await refused(editor, DELETE, id=before["id"], version=version)
    assert told["code"] == "CONFLICT"
    assert (await refused(editor, DELETE, id=before["id"], version="x"))["code"] == "INVALID_INPUT"


async def test_deleting_answers_true(editor: httpx.AsyncClient) -> None:
    product = await created(editor)
    assert await ask(editor, DELETE, id=product["id"]) == {"deleteProduct": True}
    assert (await editor.get(f"{PRODUCTS}/{product['id']}")).status_code == 404
    assert (await refused(editor, DELETE, id=product["id"]))["code"] == "NOT_FOUND"


async def test_the_pages_of_a_list(editor: httpx.AsyncClient) -> None:
    for _ in range(5):
        await created(editor)
    query = """query ($page: Int!) { products(page: $page, perPage: 2) { totalCount edges { cursor node { id } }
               pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    pages = [(await ask(editor, query, page=page))["products"] for page in (1, 2, 3, 4)]
    assert [page["totalCount"] for page in pages] == [5] * 4
    assert [len(page["edges"]) for page in pages] == [2, 2, 1, 0]
    info = [page["pageInfo"] for page in pages]
    assert [held["hasNextPage"] for held in info] == [True, True, False, False]
    assert [held["hasPreviousPage"] for held in info] == [False, True, True, True]
    cursors = [edge["cursor"] for page in pages for edge in page["edges"]]
    assert len(set(cursors)) == 5
    assert (info[0]["startCursor"], info[0]["endCursor"]) == (cursors[0], cursors[1])
    assert info[3]["endCursor"] is None


async def test_changes_of_one_request_are_made_in_order(editor: httpx.AsyncClient) -> None:
    fields = "{ name category { name productCount } }"
    text = f"""mutation {{
        a: createProduct(input: {{sku: "a", name: "A", price: 1, category: "Kitchen"}}) {fields}
        b: createProduct(input: {{sku: "b", name: "B", price: 1, category: "Kitchen"}}) {fields} }}"""
    made = await ask(editor, text)
    assert [made[name]["category"]["productCount"] for name in "ab"] == [1, 2]


@pytest.mark.usefixtures("small_catalogue")
async def test_a_search_with_facets_and_products(client: httpx.AsyncClient) -> None:
    found = (
        await ask(
            client,
            """{ search(q: "laptop", filters: {attributes: [{name: "color", values: ["silver"]}]},
        facets: ["brand", "attr.color"]) { total { value exact } hits { sku price image category { name slug }
        product { description inventory } } facets { name type values { value count selected } } degraded } }""",
        )
    )["search"]
    assert found["total"] == {"value": 1, "exact": True}
    assert found["hits"][0]["price"] == "899.00"
    assert found["hits"][0]["category"] == {"name": "Laptops", "slug": "laptops"}
    assert found["hits"][0]["product"] == {"description": None, "inventory": 3}
    facets = {facet["name"]: facet for facet in found["facets"]}
    assert facets["brand"]["values"] == [{"value": "Norvane", "count": 1, "selected": False}]
    assert {value["value"]: value["selected"] for value in facets["attr.color"]["values"]} == {
        "black": False,
        "silver": True,
    }
    assert found["degraded"] is False


@pytest.mark.usefixtures("small_catalogue")
async def test_a_walk_by_cursor(client: httpx.AsyncClient) -> None:
    query = "query ($cursor: String) { search(perPage: 2, sort: name, cursor: $cursor) { hits { sku } nextCursor } }"
    cursor, seen = "*", []
    while cursor:
        found = (await ask(client, query, cursor=cursor))["search"]
        seen += [hit["sku"] for hit in found["hits"]]
        cursor = found["nextCursor"]
    assert len(seen) == len(set(seen)) == 5


@pytest.mark.usefixtures("small_catalogue")
async def test_the_tree_up_and_down(client: httpx.AsyncClient) -> None:
    roots = (await ask(client, "{ categories { name children { name slug path parent { name } } } }"))["categories"]
    computers = next(root for root in roots if root["name"] == "Computers")
    assert [child["path"] for child in computers["children"]] == ["computers/accessories", "computers/laptops"]
    assert {child["parent"]["name"] for child in computers["children"]} == {"Computers"}
    every = (await ask(client, "{ categories(all: true) { path productCount } }"))["categories"]
    assert {node["path"]: node["productCount"] for node in every}["computers"] == 2
    assert len(every) == 7


@pytest.mark.usefixtures("small_catalogue")
async def test_pages_of_many_categories_are_counted_when_they_are_known(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "query ($per: Int!) { categories(all: true) { products(perPage: $per) { totalCount } } }"
    monkeypatch.setattr(context, "MOST_ON_PAGES", 7 * 5)
    assert len((await ask(client, query, per=5))["categories"]) == 7
    told = await refused(client, query, per=6)
    assert (told["code"], told["limit"]) == ("INVALID_INPUT", {"name": "products of categories", "allowed": 35})


async def test_the_schema_can_be_asked_for(client: httpx.AsyncClient) -> None:
    schema = (await ask(client, get_introspection_query()))["__schema"]
    assert {"Product", "Category", "Image", "ProductConnection"} <= {kind["name"] for kind in schema["types"]}


PAGED = """query ($after: String, $per: Int!) { products(after: $after, perPage: $per) {
    pageInfo { hasNextPage endCursor } edges { cursor node { sku } } } }"""


async def test_pages_follow_each_other_by_their_end_cursors(settings: Settings, client: httpx.AsyncClient) -> None:
    stored = {f"S{number}" for number in range(7)}
    store(settings, [{"sku": sku, "category": "Audio"} for sku in stored])
    seen: list[str] = []
    after, pages = None, 0
    while True:
        page = (await ask(client, PAGED, after=after, per=3))["products"]
        seen += [edge["node"]["sku"] for edge in page["edges"]]
        pages += 1
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
        assert after == page["edges"][-1]["cursor"]
    assert (pages, len(seen), set(seen)) == (3, 7, stored)
    nested = "query ($after: String) { categories { products(perPage: 3, after: $after) { edges { node { sku } } } } }"
    (category,) = (await ask(client, nested, after=after))["categories"]
    assert [edge["node"]["sku"] for edge in category["products"]["edges"]] == seen[6:]


@pytest.mark.parametrize("after", ["", "x", "cGxhY2U6NA==", "cGxhY2U6LTM=", "cGxhY2U6OTk5OTk5OTk5OTk5", "é"])
async def test_a_cursor_that_ends_no_page_is_refused(client: httpx.AsyncClient, after: str) -> None:
    told = await refused(client, PAGED, after=after, per=3)
    assert (told["code"], told["errors"][0]["field"]) == ("INVALID_INPUT", "after")


async def test_a_cursor_and_a_page_are_too_much(client: httpx.AsyncClient) -> None:
    told = await refused(client, '{ products(after: "cGxhY2U6Mw==", perPage: 3, page: 2) { totalCount } }')
    assert told["errors"][0]["field"] == "after"
