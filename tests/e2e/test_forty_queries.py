"""Forty queries as people type them, on the catalogue of the demonstration, and what the first hit must be.

The first hit is told by patterns of its category's path and of its name, which say what thing it is, and by its brand
where one is typed: which of several such products comes first is a matter of how well they sell.
"""

import re
from typing import Any

import httpx
import psycopg
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from generator import generate_products
from tests.e2e.small_catalogue import search
from tests.support import store, sync_all

PRODUCTS = 2000

# Query, path, name; and the brand.
QUERIES = [
    # The thing before what is for it.
    ("laptop", "laptops/", "laptop"), ("laptop bag", "bags-sleeves", "laptop bag"),
    ("laptop stand", "laptop-accessories/stands", "laptop stand"),
    ("phone", "/phones/", "phone"), ("phone charger", "phone-accessories/", "phone charger"),
    ("phone case", "phone-accessories/cases", "phone case"),
    ("camera", "cameras/(compact|action|mirrorless)", "camera"),
    ("camera bag", "camera-accessories/bags", "camera bag"),
    ("camera battery", "camera-accessories/batteries", "camera battery"),
    ("tablet", "/tablets/tablets", "tablet"), ("monitor", "(office|gaming)-monitors", "monitor"),
    ("monitor arm", "monitor-arms", "monitor arm"), ("watch strap", "watch-straps", "watch strap"),
    ("mouse pad", "mouse-pads", "mouse pad"), ("keyboard", "keyboards", "keyboard"),
    # One word, two words, with a dash.
    ("head phones", "headphones/.*-ear", "headphones"), ("headset", "headsets", "headset"),
    ("head set", "headsets", "headset"),
    ("smart watch", "smart-watches", "smart ?watch"), ("smartwatch", "smart-watches", "smart ?watch"),
    ("tshirt", "t-shirts", "t-shirt"), ("wifi router", "routers", "router, wi-fi"),
    ("e reader", "e-readers", "e-(book )?reader"),
    # Plurals, case, accents, order.
    ("TENTS", "camping/tents", "tent"), ("wrenches", "screwdrivers-wrenches", "wrench"),
    ("lumiere douce eyeliner", "make-up/eyes", "eyeliner", "Lumière Douce"),
    ("shoes running women", "women/running-shoes", "women's .*running shoes"),
    ("mens jeans", "/men/jeans-pants", "men's .*jeans"),
    # Sizes with their units.
    ("16 inch laptop bag", "bags-sleeves", '16" .*laptop bag'), ('15.6" laptop', "laptops/", '15.6" .*laptop'),
    ("hdmi cable", "hdmi-cables", "hdmi cable"), ("sd card 128gb", "memory-cards", "sd card, 128 gb"),
    ("500ml body wash", "shower-bath", "body wash, 500 ml"),
    # What it is for, and how it is.
    ("waterproof tent", "camping/tents", "waterproof .*tent"),
    ("noise cancelling headphones", "headphones/.*-ear", "noise cancelling .*headphones"),
    ("cordless drill", "drills", "cordless drill"), ("gaming laptop", "gaming-laptops", "gaming laptop"),
    # Typing errors.
    ("hedphones", "headphones/.*-ear", "headphones"), ("keybord", "keyboards", "keyboard"),
    ("grafics card", "graphics-cards", "graphics card"),
]  # fmt: skip


async def test_the_first_hits(
    client: httpx.AsyncClient, settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str
) -> None:
    store(settings, list(generate_products(PRODUCTS, 1)))
    sync_all(settings, db, es)
    wrong = []
    for q, path, name, *brand in QUERIES:
        hits = (await search(client, q=q, facets="none", per_page=3))["hits"]
        if not (hits and _is(hits[0], path, name, *brand)):
            wrong.append(f"{q}: {[(hit['name'], hit['category']['path']) for hit in hits]}")
    assert len(QUERIES) == 40
    assert not wrong, "\n".join(wrong)


def _is(hit: dict[str, Any], path: str, name: str, brand: str = "") -> bool:
    described = re.search(path, hit["category"]["path"]) and re.search(name, hit["name"].lower())
    return bool(described) and brand in ("", hit["brand"])
