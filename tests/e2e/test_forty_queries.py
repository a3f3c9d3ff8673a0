"""Forty queries as people type them, on the catalogue of the demonstration, and where the first hit must be.

The first hit is named by a part of its category's path and a word of its name: which of several such products comes
first is a matter of how well they sell.
"""

from typing import Any

import httpx
import psycopg
from elasticsearch import Elasticsearch

from catalog.generator import generate_products
from catalog.settings import Settings
from tests.e2e.small_catalogue import search
from tests.support import store, sync_all

PRODUCTS = 2000

QUERIES = [
    # The thing before what is for it.
    ("laptop", "laptops", "laptop"), ("laptop bag", "bags-sleeves", "bag"), ("laptop stand", "stands", "stand"),
    ("phone", "phones/", "phone"), ("phone charger", "chargers", "charger"), ("phone case", "cases", "phone"),
    ("camera", "cameras/", "camera"), ("camera bag", "bags", "bag"), ("camera battery", "batteries", "battery"),
    ("tablet", "tablets/tablets", "tablet"), ("monitor", "monitors", "monitor"), ("monitor arm", "monitor-arms", "arm"),
    ("watch strap", "watch-straps", "strap"), ("mouse pad", "mouse-pads", ""), ("keyboard", "keyboards", "keyboard"),
    # One word, two words, with a dash.
    ("head phones", "headphones", "headphones"), ("headset", "headsets", "headset"),
    ("head set", "headsets", "headset"),
    ("smart watch", "smart-watches", "watch"), ("smartwatch", "smart-watches", "watch"),
    ("tshirt", "t-shirts", "t-shirt"), ("wifi router", "routers", "router"), ("e reader", "e-readers", "reader"),
    # Plurals, case, accents, order.
    ("TENTS", "tents", "tent"), ("wrenches", "screwdrivers-wrenches", "wrench"),
    ("lumiere douce eyeliner", "eyes", "eyeliner"),
    ("shoes running women", "women/running-shoes", "running shoes"), ("mens jeans", "men/jeans-pants", "men's"),
    # Sizes with their units.
    ("16 inch laptop bag", "bags-sleeves", '16"'), ('15.6" laptop', "laptops", '15.6"'),
    ("hdmi cable", "hdmi-cables", "hdmi"),
    ("sd card 128gb", "memory-cards", "128 gb"), ("500ml body wash", "shower-bath", "500 ml"),
    # What it is for, and how it is.
    ("waterproof tent", "tents", "waterproof"), ("noise cancelling headphones", "headphones", "noise cancelling"),
    ("cordless drill", "drills", ""), ("gaming laptop", "gaming-laptops", "gaming laptop"),
    # Typing errors.
    ("hedphones", "headphones", "headphones"), ("keybord", "keyboards", "keyboard"),
    ("grafics card", "graphics-cards", "graphics"),
]  # fmt: skip


async def test_the_first_hits(
    client: httpx.AsyncClient, settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str
) -> None:
    store(settings, list(generate_products(PRODUCTS, 1)))
    sync_all(settings, db, es)
    wrong = []
    for q, path, word in QUERIES:
        hits = (await search(client, q=q, facets="none", per_page=3))["hits"]
        first: dict[str, Any] = hits[0] if hits else {"name": "", "category": {"path": ""}}
        if path not in first["category"]["path"] or word not in first["name"].lower():
            wrong.append(f"{q}: {[(hit['name'], hit['category']['path']) for hit in hits]}")
    assert len(QUERIES) == 40
    assert not wrong, "\n".join(wrong)
