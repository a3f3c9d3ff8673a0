"""A catalogue to type in: each product is there for a promise of autocomplete, and the calls that complete."""

from typing import Any

import httpx

Item = dict[str, Any]

HEADPHONES, LAPTOPS, BAGS, CABLES = (
    "Audio > Headphones", "Computers > Laptops", "Computers > Bags & Sleeves", "Computers > Cables",
)  # fmt: skip

TYPED: list[Item] = [
    {"sku": "AIR-1", "name": "Sonora Air Wireless Headphones, Black", "brand": "Sonora", "category": HEADPHONES,
     "popularity": 0.9, "inventory": 3},
    {"sku": "AIR-2", "name": "Sonora Air Wireless Headphones, White", "brand": "Sonora", "category": HEADPHONES,
     "popularity": 0.8, "inventory": 3},
    {"sku": "HUSH", "name": "Sonora Hush Wireless Noise Cancelling Headphones", "brand": "Sonora",
     "category": HEADPHONES, "popularity": 0.5},
    {"sku": "STUDIO", "name": "Kestrix Studio Wired Headphones", "brand": "Kestrix", "category": HEADPHONES},
    {"sku": "STAND", "name": "Wooden Headphone Stand", "category": "Audio > Stands", "popularity": 0.1},
    {"sku": "DUO", "name": "Voxel Head Set for Gaming", "brand": "Voxel", "category": "Audio > Gaming"},
    {"sku": "NX-450", "name": "Norvane NX-450 Laptop, 15 inch", "brand": "Norvane", "category": LAPTOPS,
     "popularity": 0.6, "gtin": "4006381333931"},
    {"sku": "NX-470", "name": "Norvane NX-470 Laptop, 17 inch", "brand": "Norvane", "category": LAPTOPS,
     "popularity": 0.4},
    {"sku": "BAG-13", "name": "Carry Laptop Bag 13 inch, Black", "brand": "Carry", "category": BAGS, "popularity": 0.9},
    {"sku": "BAG-15", "name": "Carry Laptop Bag 15 inch, Black", "brand": "Carry", "category": BAGS},
    {"sku": "BAG-17", "name": "Carry Laptop Bag 17 inch, Red", "brand": "Carry", "category": BAGS},
    {"sku": "BAG-SET", "name": "Carry Laptop Bags", "brand": "Carry", "category": BAGS},
    {"sku": "USB-1", "name": "Linkor USB-C Cable, 1 m", "brand": "Linkor", "category": CABLES, "popularity": 0.3,
     "attributes": {"model": "UC-9000X1"}},
    {"sku": "USB-2", "name": "Linkor USB-C Cable, 2 m", "brand": "Linkor", "category": CABLES},
    {"sku": "HDMI", "name": "Linkor HDMI Cable", "brand": "Linkor", "category": CABLES},
    {"sku": "CAM", "name": "Vistral Camera", "brand": "Vistral", "category": "Cameras"},
    {"sku": "RUN-W", "name": "Strideon Women's Running Shoes", "brand": "Strideon",
     "category": "Shoes > Women > Running",
     "variants": [{"sku": "RUN-W-6", "price": "60.00", "inventory": 1, "options": {"size": "6"}}]},
    {"sku": "RUN-M", "name": "Strideon Men's Running Shoes", "brand": "Strideon", "category": "Shoes > Men > Running"},
    {"sku": "MUG", "name": "Fjällmark Café Mug", "brand": "Fjällmark"},
    {"sku": "LAMP", "name": "Lamp <b>\"Bright\"</b> & Bold", "brand": "A<i>B"},
    # Nobody may hear of these.
    {"sku": "DRAFT", "name": "Wireless HDMI Adapter", "brand": "Hidden", "category": "Secrets", "status": "draft"},
    {"sku": "OLD", "name": "Wireless Harp", "brand": "Hidden", "category": "Secrets", "status": "archived"},
    {"sku": "LATER", "name": "Zither", "brand": "Hidden", "publish_from": "2199-01-01T00:00:00Z"},
    {"sku": "GONE", "name": "Zeppelin", "brand": "Hidden", "publish_until": "2001-01-01T00:00:00Z"},
]  # fmt: skip


async def completed(client: httpx.AsyncClient, q: str, **params: Any) -> dict[str, list[Item]]:
    """The sections of what has been typed."""
    answer = await client.get("/api/v1/autocomplete", params={"q": q, **params})
    assert answer.status_code == 200, answer.text
    sections: dict[str, list[Item]] = answer.json()["sections"]
    return sections


async def queries(client: httpx.AsyncClient, q: str, **params: Any) -> list[str]:
    """The texts of the suggested queries."""
    return [item["text"] for item in (await completed(client, q, **params))["queries"]]


async def products(client: httpx.AsyncClient, q: str, **params: Any) -> list[str]:
    """The skus of the suggested products."""
    return [item["sku"] for item in (await completed(client, q, **params))["products"]]
