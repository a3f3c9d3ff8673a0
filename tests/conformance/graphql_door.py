"""The GraphQL interface through the ASGI application."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.conformance.doors import Answer, Fields, Parameters, Refused, World, read_facets, read_product

_CATEGORY = "category { id name path }"
_PRODUCT = f"""
    id sku name description price compareAtPrice currency onSale inventory gtin brand {_CATEGORY}
    images {{ url alt position }} attributes variants {{ sku price inventory options }} status version
"""
_GET = f"query ($id: ID!) {{ product(id: $id) {{ {_PRODUCT} }} }}"
_LIST = """
    query ($page: Int, $perPage: Int, $search: String, $category: String) {
        products(page: $page, perPage: $perPage, search: $search, category: $category) {
            totalCount edges { node { id } } } }
"""
_CREATE = f"mutation ($input: CreateProductInput!) {{ createProduct(input: $input) {{ {_PRODUCT} }} }}"
_UPDATE = f"""
    mutation ($id: ID!, $input: UpdateProductInput!, $version: String) {{
        updateProduct(id: $id, input: $input, version: $version) {{ {_PRODUCT} }} }}
"""
_DELETE = "mutation ($id: ID!, $version: String) { deleteProduct(id: $id, version: $version) }"
_SEARCH = """
    query ($q: String, $filters: SearchFilters, $sort: SearchSort, $page: Int, $perPage: Int, $cursor: String,
           $facets: [String!]) {
        search(q: $q, filters: $filters, sort: $sort, page: $page, perPage: $perPage, cursor: $cursor,
               facets: $facets) {
            total { value exact } hits { id } correctedTo droppedTerms degraded
            facets { name label type totalValues min max unit
                     values { value label count selected level } buckets { from to label count } } } }
"""
_AUTOCOMPLETE = """
    query ($q: String!, $limit: Int, $category: String) { autocomplete(q: $q, limit: $limit, category: $category) {
        sections { queries { text } products { id } categories { value } brands { value } } } }
"""
_TREE = """
    fragment node on Category { id name path productCount }
    { categories { ...node children { ...node children { ...node children { ...node } } } } }
"""
_OWN = ("q", "sort", "page", "per_page", "cursor", "facets")
_BOUND = re.compile(r"(attr\..+)_(min|max)")


class GraphqlDoor:
    name = "graphql"

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def get_product(self, product_id: str) -> Answer:
        found = (await self._ask(_GET, id=product_id))["product"]
        # A product that is not there is null and no error: that is how this protocol says it.
        if found is None:
            raise Refused("NOT_FOUND")
        return _product(found)

    async def list_products(self, asked: Parameters) -> Answer:
        page = (await self._ask(_LIST, **camels(asked)))["products"]
        return {"ids": [edge["node"]["id"] for edge in page["edges"]], "total": page["totalCount"]}

    async def create_product(self, fields: Fields) -> Answer:
        return _product((await self._ask(_CREATE, input=camels(fields)))["createProduct"])

    async def patch_product(self, product_id: str, fields: Fields, version: int | None = None) -> Answer:
        answer = await self._ask(_UPDATE, id=product_id, input=camels(fields), version=_text(version))
        return _product(answer["updateProduct"])

    async def delete_product(self, product_id: str, version: int | None = None) -> None:
        assert (await self._ask(_DELETE, id=product_id, version=_text(version)))["deleteProduct"] is True

    async def search(self, asked: Parameters) -> Answer:
        own = {name: value for name, value in asked.items() if name in _OWN}
        found = (await self._ask(_SEARCH, **camels(own), filters=_filters(asked)))["search"]
        return {
            "ids": [hit["id"] for hit in found["hits"]],
            "total": found["total"]["value"],
            "facets": read_facets([snakes(facet) for facet in found["facets"]]),
            "corrected_to": found["correctedTo"],
            "dropped_terms": found["droppedTerms"],
            "degraded": found["degraded"],
        }

    async def autocomplete(self, asked: Parameters) -> Answer:
        sections = (await self._ask(_AUTOCOMPLETE, **asked))["autocomplete"]["sections"]
        return {
            "queries": [item["text"] for item in sections["queries"]],
            "products": [item["id"] for item in sections["products"]],
            "categories": [item["value"] for item in sections["categories"]],
            "brands": [item["value"] for item in sections["brands"]],
        }

    async def categories(self) -> list[Answer]:
        return [_node(root) for root in (await self._ask(_TREE))["categories"]]

    async def _ask(self, query: str, **variables: Any) -> Any:
        response = await self._client.post("/graphql", json={"query": query, "variables": variables})
        answer = response.json()
        if "errors" in answer:
            told = answer["errors"][0]["extensions"]
            raise Refused(told["code"], [snake(wrong["field"]) for wrong in told["errors"]])
        return answer["data"]


def snake(name: str) -> str:
    return name if name.startswith("attr.") else re.sub(r"[A-Z]", lambda found: "_" + found[0].lower(), name)


def camels(held: Fields) -> Answer:
    """Names of fields; those of attributes are the shop's own, and have no underscores here to lose."""
    return {re.sub(r"_([a-z])", lambda found: found[1].upper(), name): value for name, value in held.items()}


def snakes(held: Fields) -> Answer:
    return {snake(name): value for name, value in held.items()}


def _text(version: int | None) -> str | None:
    return None if version is None else str(version)


def _filters(asked: Parameters) -> Answer:
    attributes: dict[str, Answer] = {}
    plain: Answer = {}
    for name, value in asked.items():
        if bound := _BOUND.fullmatch(name):
            attributes.setdefault(bound[1], {})[bound[2]] = value
        elif name.startswith("attr."):
            attributes.setdefault(name, {})["values"] = value
        elif name not in _OWN:
            plain[name] = value
    return camels(plain) | {"attributes": [{"name": name, **held} for name, held in attributes.items()]}


def _product(held: Answer) -> Answer:
    return read_product(snakes(held))


def _node(held: Answer) -> Answer:
    return {
        "id": held["id"], "name": held["name"], "path": held["path"], "product_count": held["productCount"],
        "children": [_node(child) for child in held.get("children", [])],
    }  # fmt: skip


@asynccontextmanager
async def open_door(world: World, token: str | None) -> AsyncIterator[GraphqlDoor]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(app=world.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        yield GraphqlDoor(client)
