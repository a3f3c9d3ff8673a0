"""A catalogue of a few products, each there for a reason, and the calls that search it."""

from typing import Any

import httpx

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


async def search(client: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    response = await client.get("/api/v1/search", params=params)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def skus(client: httpx.AsyncClient, **params: Any) -> list[str]:
    return [hit["sku"] for hit in (await search(client, **params))["hits"]]
