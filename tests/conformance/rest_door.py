"""The REST interface through the ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.conformance.doors import Answer, Code, Fields, Parameters, Refused, World, read_facets, read_product

_CODES: dict[int, Code] = {
    401: "UNAUTHENTICATED", 403: "FORBIDDEN", 404: "NOT_FOUND", 409: "CONFLICT", 412: "CONFLICT",
    422: "INVALID_INPUT", 503: "UNAVAILABLE",
}  # fmt: skip


class RestDoor:
    name = "rest"

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def get_product(self, product_id: str) -> Answer:
        return read_product(await self._ask("GET", f"products/{product_id}"))

    async def list_products(self, asked: Parameters) -> Answer:
        page = await self._ask("GET", "products", params=asked)
        return {"ids": [item["id"] for item in page["items"]], "total": page["total"]}

    async def create_product(self, fields: Fields) -> Answer:
        return read_product(await self._ask("POST", "products", json=fields))

    async def patch_product(self, product_id: str, fields: Fields, version: int | None = None) -> Answer:
        answer = await self._ask("PATCH", f"products/{product_id}", json=fields, headers=_condition(version))
        return read_product(answer)

    async def delete_product(self, product_id: str, version: int | None = None) -> None:
        await self._ask("DELETE", f"products/{product_id}", headers=_condition(version))

    async def search(self, asked: Parameters) -> Answer:
        found = await self._ask("GET", "search", params=asked)
        return {
            "ids": [hit["id"] for hit in found["hits"]],
            "total": found["total"]["value"],
            "facets": read_facets(found["facets"]),
            "corrected_to": found["query"]["corrected_to"],
            "dropped_terms": found["query"]["dropped_terms"],
            "degraded": found["degraded"],
        }

    async def autocomplete(self, asked: Parameters) -> Answer:
        sections = (await self._ask("GET", "autocomplete", params=asked))["sections"]
        return {
            "queries": [item["text"] for item in sections["queries"]],
            "products": [item["id"] for item in sections["products"]],
            "categories": [item["value"] for item in sections["categories"]],
            "brands": [item["value"] for item in sections["brands"]],
        }

    async def categories(self) -> list[Answer]:
        return [_node(root) for root in await self._ask("GET", "categories")]

    async def _ask(self, method: str, path: str, **sent: Any) -> Any:
        answer = await self._client.request(method, f"/api/v1/{path}", **sent)
        if answer.is_success:
            return answer.json() if answer.content else None
        raise Refused(_CODES[answer.status_code], [wrong["field"] for wrong in answer.json()["errors"]])


def _condition(version: int | None) -> dict[str, str]:
    return {} if version is None else {"If-Match": f'"{version}"'}


def _node(held: Answer) -> Answer:
    names = ("id", "name", "path", "product_count")
    return {name: held[name] for name in names} | {"children": [_node(child) for child in held["children"]]}


@asynccontextmanager
async def open_door(world: World, token: str | None) -> AsyncIterator[RestDoor]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(app=world.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        yield RestDoor(client)
