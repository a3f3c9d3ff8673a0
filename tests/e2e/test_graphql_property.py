"""Documents and values made from the schema itself: none of them is ever answered as a fault of ours."""

import asyncio
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import from_schema, nodes

from api.graphql.schema import sdl

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
IDS = st.one_of(st.uuids().map(str), TEXT)
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), TEXT, IDS, st.just("1e999999"), st.lists(TEXT, max_size=3),
    st.dictionaries(TEXT, st.one_of(TEXT, st.integers(), st.none()), max_size=3),
)  # fmt: skip
SCALARS = {
    "Decimal": st.one_of(TEXT, st.sampled_from(["1", "29.99", "-1", "NaN", "1e99"])).map(nodes.String),
    "DateTime": st.one_of(TEXT, st.just("2026-01-31T12:00:00Z")).map(nodes.String),
    "JSON": st.one_of(TEXT.map(nodes.String), st.integers(-(2**40), 2**40).map(nodes.Int)),
}
PRODUCT = st.fixed_dictionaries(
    {"sku": ODD, "name": ODD, "price": ODD},
    optional=dict.fromkeys(
        ("description", "compareAtPrice", "cost", "currency", "inventory", "gtin", "brand", "category", "categoryId",
         "status", "publishFrom", "publishUntil", "popularity", "images", "attributes", "variants"), ODD),
)  # fmt: skip
SEARCH = st.fixed_dictionaries(
    {},
    optional={
        "q": ODD, "page": ODD, "perPage": ODD, "cursor": ODD, "facets": ODD, "sort": ODD,
        "filters": st.one_of(ODD, st.fixed_dictionaries(
            {}, optional={"category": ODD, "brand": ODD, "priceMin": ODD, "priceMax": ODD, "inStock": ODD,
                          "attributes": st.lists(st.fixed_dictionaries(
                              {"name": st.one_of(TEXT, st.just("attr.weight_g"))},
                              optional={"values": ODD, "min": ODD, "max": ODD}), max_size=2)})),
    },
)  # fmt: skip
EXAMPLES = settings(
    max_examples=60,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
FOUND = "query ($q: String, $filters: SearchFilters, $sort: SearchSort, $page: Int, $perPage: Int, $cursor: String, " \
        "$facets: [String!]) { search(q: $q, filters: $filters, sort: $sort, page: $page, perPage: $perPage, " \
        "cursor: $cursor, facets: $facets) { total { value } hits { id } facets { name } } }"  # fmt: skip
CREATED = "mutation ($input: CreateProductInput!) { createProduct(input: $input) { id price attributes } }"
CODES = {"INVALID_INPUT", "NOT_FOUND", "CONFLICT"}

pytestmark = pytest.mark.usefixtures("small_catalogue")


async def unharmed(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    answer = await client.post("/graphql", json=body)
    assert answer.status_code in (200, 400), answer.text
    told = answer.json()
    codes = {error["extensions"]["code"] for error in told.get("errors", ())}
    assert codes <= CODES, (body, told["errors"])


async def run_all(client: httpx.AsyncClient, bodies: st.SearchStrategy[dict[str, Any]]) -> None:
    """Hypothesis calls a plain function: it runs in a thread, and each example in the loop of this test."""
    loop = asyncio.get_running_loop()

    @EXAMPLES
    @given(bodies)
    def each(body: dict[str, Any]) -> None:
        asyncio.run_coroutine_threadsafe(unharmed(client, body), loop).result(60)

    await asyncio.to_thread(each)


async def test_documents_made_from_the_schema(editor: httpx.AsyncClient) -> None:
    await run_all(editor, from_schema(sdl(), custom_scalars=SCALARS).map(lambda text: {"query": text}))


async def test_products_of_odd_values(editor: httpx.AsyncClient) -> None:
    await run_all(editor, PRODUCT.map(lambda sent: {"query": CREATED, "variables": {"input": _sendable(sent)}}))


async def test_searches_of_odd_values(editor: httpx.AsyncClient) -> None:
    await run_all(editor, SEARCH.map(lambda sent: {"query": FOUND, "variables": _sendable(sent)}))


async def test_any_text_is_a_document(editor: httpx.AsyncClient) -> None:
    words = st.sampled_from(["{", "}", "(", ")", "...", "products", "on", "@skip", "$a", ":", '"', "query", "fragment",
                             "id", "[", "]", "!", "1", "\n", "__schema", "mutation", "deleteProduct"])  # fmt: skip
    await run_all(editor, st.lists(st.one_of(words, TEXT), max_size=30).map(lambda parts: {"query": " ".join(parts)}))


def _sendable(value: Any) -> Any:
    """JSON has no infinities."""
    if isinstance(value, float):
        return value if abs(value) < 1e300 else 0.5
    if isinstance(value, dict):
        return {name: _sendable(held) for name, held in value.items()}
    return [_sendable(item) for item in value] if isinstance(value, list) else value
