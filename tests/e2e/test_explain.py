"""Why a hit is where it is."""

from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from tests.e2e.conftest import SignedIn
from tests.e2e.helpers import assert_problem
from tests.support import store, sync_all

pytestmark = [pytest.mark.secured, pytest.mark.usefixtures("small_catalogue")]
PATH = "/api/v1/search"


@pytest.mark.parametrize(
    "q",
    [
        "laptop", "norvane laptop", "head phones", "NX-450", "laptop bag", "wireles headphones", "norvane mug nonsense",
        "silver norvane laptop", "black or silver laptop", "silver laptopnorvane", "black bagcarry", "red shirtweft",
    ],
)  # fmt: skip
async def test_the_factors_make_the_score(signed_in: SignedIn, q: str) -> None:
    async with signed_in("merchandiser") as merchandiser:
        answer = (await merchandiser.get(PATH, params={"q": q, "explain": "true"})).json()
    assert answer["hits"]
    for hit in answer["hits"]:
        assert hit["explanation"]["computed"] == pytest.approx(hit["score"], rel=1e-3), hit
    assert answer["query"]["plan"]["dials"]["head"] > 0


async def test_the_head_noun_is_a_factor(signed_in: SignedIn) -> None:
    async with signed_in("admin") as admin:
        answer = (await admin.get(PATH, params={"q": "laptop", "explain": "true"})).json()
    gains = {hit["sku"]: hit["explanation"]["gains"] for hit in answer["hits"]}
    assert ("head" in gains["NX-450"], "head" in gains["BAG-1"]) == (True, False)
    assert answer["hits"][0]["sku"] == "NX-450"


async def test_a_colour_that_is_named_is_a_factor(
    signed_in: SignedIn, settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch
) -> None:
    """Of two bags that say "red" as often, the one that is red is meant."""
    store(
        settings,
        [
            {"sku": "RED", "name": "Carry Tote", "attributes": {"color": "red"}},
            {"sku": "TAG", "name": "Carry Tote", "attributes": {"color": "green", "note": "red label"}},
        ],
    )
    sync_all(settings, db, es)
    async with signed_in("admin") as admin:
        answer = (await admin.get(PATH, params={"q": "red tote", "explain": "true"})).json()
    gains = {hit["sku"]: hit["explanation"]["gains"] for hit in answer["hits"]}
    assert [hit["sku"] for hit in answer["hits"]][:2] == ["RED", "TAG"]
    assert ("attribute_named" in gains["RED"], "attribute_named" in gains["TAG"]) == (True, False)
    assert answer["query"]["interpreted"]["attributes"] == {"red": ["color"]}
    for hit in answer["hits"]:
        assert hit["explanation"]["computed"] == pytest.approx(hit["score"], rel=1e-3), hit


async def test_sales_counted_as_popularity_do_not_outweigh_the_words(
    signed_in: SignedIn, settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch
) -> None:
    db.execute("UPDATE products SET popularity = CASE sku WHEN 'BAG-1' THEN 1e6 ELSE 0 END")
    sync_all(settings, db, es)
    async with signed_in("admin") as admin:
        answer = (await admin.get(PATH, params={"q": "laptop", "explain": "true"})).json()
    first, bag = answer["hits"][0], next(hit for hit in answer["hits"] if hit["sku"] == "BAG-1")
    assert first["sku"] == "NX-450"
    assert bag["explanation"]["gains"]["popularity"] == pytest.approx(0.2)
    for hit in (first, bag):
        assert hit["explanation"]["computed"] == pytest.approx(hit["score"], rel=1e-3)


async def test_the_head_noun_may_be_typed_as_two_words(signed_in: SignedIn) -> None:
    async with signed_in("admin") as admin:
        answer = (await admin.get(PATH, params={"q": "head phones", "explain": "true"})).json()
    (headphones,) = answer["hits"]
    assert (headphones["sku"], "head" in headphones["explanation"]["gains"]) == ("HP-2", True)


async def test_only_merchandisers_see_how_results_are_made(
    client: httpx.AsyncClient, editor: httpx.AsyncClient
) -> None:
    assert_problem(await client.get(PATH, params={"explain": "true"}), 401)
    assert_problem(await editor.get(PATH, params={"explain": "true"}), 403)
    assert_problem(await editor.post(PATH + "/multi", json={"searches": [{"explain": True}]}), 403)
    assert (await client.get(PATH, params={"explain": "false"})).status_code == 200
