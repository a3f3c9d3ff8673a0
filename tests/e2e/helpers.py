"""Words that the tests of the REST interface share."""

from typing import Any
from uuid import uuid4

import httpx

PRODUCTS = "/api/v1/products"
CATEGORIES = "/api/v1/categories"
NOBODY = "00000000-0000-4000-8000-000000000000"


def a_product(**fields: Any) -> dict[str, Any]:
    """What to send for a product; each has a sku of its own."""
    return {"sku": f"SKU-{uuid4().hex[:12]}", "name": "A kettle", "price": 29.99, **fields}


async def created(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    """A product as the API answered it."""
    answer = await client.post(PRODUCTS, json=a_product(**fields))
    assert answer.status_code == 201, answer.text
    product: dict[str, Any] = answer.json()
    return product


async def a_category(client: httpx.AsyncClient, name: str, parent_id: str | None = None, **fields: Any) -> Any:
    answer = await client.post(CATEGORIES, json={"name": name, "parent_id": parent_id, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def assert_problem(answer: httpx.Response, status: int, *fields: str) -> Any:
    """The answer is a whole RFC 9457 problem with this status, and names these fields."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "errors", "request_id"}
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    named = [error["field"] for error in problem["errors"]]
    assert set(fields) <= set(named), problem["errors"]
    return problem
