"""Publishing windows through HTTP: hits and counts are of what is visible now, whenever windows began and ended."""

from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from tests.e2e.small_catalogue import search
from tests.support import store, sync_all

PAST, LATER_PAST, FUTURE = "2001-01-01T00:00:00Z", "2020-05-05T05:05:05.123456Z", "2199-01-01T00:00:00Z"
WINDOWS: dict[str, dict[str, Any]] = {
    "always": {},
    "begun": {"publish_from": PAST},
    "begun later": {"publish_from": LATER_PAST},
    "open": {"publish_from": PAST, "publish_until": FUTURE},
    "to come": {"publish_from": FUTURE},
    "ended": {"publish_until": PAST},
    "ended later": {"publish_until": LATER_PAST},
    "was open": {"publish_from": PAST, "publish_until": LATER_PAST},
}


@pytest.mark.parametrize("left_out", [(), ("begun later", "ended later", "was open")])
async def test_what_is_visible_is_found_and_counted(
    settings: Settings,
    db: psycopg.Connection[Any],
    es: Elasticsearch,
    index: str,
    client: httpx.AsyncClient,
    left_out: tuple[str, ...],
) -> None:
    windows = {name: window for name, window in WINDOWS.items() if name not in left_out}
    store(settings, [{"sku": name, "name": "Lamp", "brand": "Norvane"} | window for name, window in windows.items()])
    sync_all(settings, db, es)
    expected = {"always", "begun", "begun later", "open"} - set(left_out)
    for params in ({}, {"q": "lamp"}, {"price_max": "100"}):
        answer = await search(client, facets="brand", **params)
        assert {hit["sku"] for hit in answer["hits"]} == expected
        assert [value["count"] for value in answer["facets"][0]["values"]] == [len(expected)]
