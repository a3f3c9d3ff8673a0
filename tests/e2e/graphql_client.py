"""Asking the GraphQL interface in tests."""

from typing import Any

import httpx


async def post(client: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    """The whole answer."""
    answer = await client.post("/graphql", json={"query": query, "variables": variables})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ask(client: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    """The data of an answer without errors."""
    answer = await post(client, query, **variables)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


async def refused(client: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    """What the first error tells beside its message."""
    answer = await post(client, query, **variables)
    told = answer["errors"][0]["extensions"]
    assert {"code", "status", "errors", "requestId"} <= set(told)
    return told
