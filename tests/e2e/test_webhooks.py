"""Webhooks over REST: who may, what is refused, the secret once; and the AsyncAPI document."""

from typing import Any

import httpx
import pytest

from catalog.schemas.event import TYPES
from tests.e2e.conftest import SignedIn
from tests.e2e.helpers import NOBODY, assert_problem

WEBHOOKS = "/api/v1/webhooks"
HOOK = {"url": "https://shop.example.com/hook", "types": ["PriceChanged"], "description": "The shop"}


async def test_a_webhook_is_added_read_rotated_pinged_and_deleted(admin: httpx.AsyncClient) -> None:
    answer = await admin.post(WEBHOOKS, json=HOOK)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    secret = made.pop("secret")
    address = answer.headers["location"]
    assert (await admin.get(address)).json() == made
    assert secret not in (await admin.get(WEBHOOKS)).text
    rotated = (await admin.post(f"{address}/rotate")).json()
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != secret
    assert (await admin.post(f"{address}/ping")).status_code == 202
    page = (await admin.get(f"{address}/deliveries", params={"state": "pending"})).json()
    assert [item["type"] for item in page["items"]] == ["Ping"]
    assert (await admin.post(f"{address}/replay", json={})).json() == {"replayed": 0}
    assert (await admin.post(f"{address}/enable")).json()["active"] is True
    assert (await admin.delete(address)).status_code == 204
    assert_problem(await admin.get(address), 404)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "http://shop.example.com/"}, "url"),
        ({"url": "ftp://shop.example.com/"}, "url"),
        ({"url": "https://user:pass@shop.example.com/"}, "url"),
        ({"url": "https://shop.example.com/#part"}, "url"),
        ({"url": "https://shop.example.com:99999/"}, "url"),
        ({"url": "https://shop.example.com/a b"}, "url"),
        ({"url": "https:///hook"}, "url"),
        ({"url": "https://[::1/"}, "url"),
        ({"types": ["PriceChange"]}, "types.0"),
        ({"secret": "mine"}, "secret"),
        ({"description": "a\u0000b"}, "description"),
    ],
)
async def test_bad_input_names_the_field(admin: httpx.AsyncClient, change: dict[str, Any], field: str) -> None:
    assert_problem(await admin.post(WEBHOOKS, json={**HOOK, **change}), 422, field)


@pytest.mark.parametrize("role", [None, "editor", "merchandiser", "analyst", "storefront"])
async def test_only_administrators(client: httpx.AsyncClient, signed_in: SignedIn, role: str | None) -> None:
    async def refused(asking: httpx.AsyncClient, status: int) -> None:
        one = f"{WEBHOOKS}/{NOBODY}"
        for answer in (
            await asking.get(WEBHOOKS), await asking.post(WEBHOOKS, json=HOOK), await asking.delete(one),
            await asking.post(f"{one}/rotate"), await asking.get(f"{one}/deliveries"),
        ):  # fmt: skip
            assert_problem(answer, status)

    if role is None:
        await refused(client, 401)
        return
    async with signed_in(role) as asking:
        await refused(asking, 403)


async def test_the_asyncapi_document_has_a_schema_for_each_event(client: httpx.AsyncClient) -> None:
    document = (await client.get("/asyncapi.json")).json()
    assert document["asyncapi"] == "3.0.0"
    assert set(document["components"]["messages"]) == set(TYPES)
    for name in TYPES:
        assert document["components"]["schemas"][f"{name}Envelope"]["properties"]["type"]["const"] == name
    page = await client.get("/asyncapi")
    assert page.status_code == 200
    assert "http" not in page.text.replace("https://json-schema.org", "").split("<body>")[0]


async def test_events_are_among_the_metrics(client: httpx.AsyncClient) -> None:
    text = (await client.get("/metrics")).text
    for name in ("events_unpublished", "events_published_total", "webhooks_pending", "webhooks_failures_total"):
        assert f"catalog_{name} 0.0" in text, name
