"""However many items an answer holds, it takes the same number of SQL statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch
from fastapi import FastAPI
from sqlalchemy import event

from catalog.settings import Settings
from tests.e2e.graphql_client import ask
from tests.support import store, sync_all

CATEGORIES = """
    { categories(all: true) { name productCount parent { name productCount } children { name productCount }
      products(perPage: 10) { totalCount edges { node { sku images { url } category { slug productCount } } } } } }
"""
PRODUCTS = (
    "{ products { edges { node { id brand variants { sku } category { name productCount parent { name } } } } } }"
)
HITS = "{ search(perPage: 100) { hits { product { sku description category { productCount } } } } }"


@contextmanager
def statements(app: FastAPI) -> Iterator[list[str]]:
    """What is sent to Postgres meanwhile, without the driver's own."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    engine = app.state.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def fill(settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, first: int, count: int) -> None:
    store(settings, [
        {"sku": f"p{number}", "category": f"Room {number % 7} > Shelf {number % 3}", "brand": f"Brand {number % 5}",
         "images": ["https://example.com/a.jpg"]}
        for number in range(first, first + count)
    ])  # fmt: skip
    sync_all(settings, db, es)


@pytest.mark.parametrize(("query", "expected"), [(CATEGORIES, 3), (PRODUCTS, 3), (HITS, 2)])
async def test_more_items_take_no_more_statements(
    query: str, expected: int, settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch, index: str,
    app: FastAPI, client: httpx.AsyncClient,
) -> None:  # fmt: skip
    fill(settings, db, es, 0, 2)
    counts = []
    await ask(client, query)
    for first, count in ((2, 10), (12, 60)):
        with statements(app) as sent:
            few = await ask(client, query)
        fill(settings, db, es, first, count)
        with statements(app) as sent_later:
            many = await ask(client, query)
        assert len(str(many)) > len(str(few))
        counts += [len(sent), len(sent_later)]
    assert set(counts) == {expected}


async def test_products_by_id_are_read_together(
    settings: Settings, db: psycopg.Connection[Any], app: FastAPI, client: httpx.AsyncClient
) -> None:
    ids = list(store(settings, [{"sku": f"p{number}"} for number in range(10)]).values())
    text = "{" + " ".join(f'p{number}: product(id: "{product_id}") {{ sku }}' for number, product_id in enumerate(ids))
    with statements(app) as sent:
        found = await ask(client, text + "}")
    assert [found[f"p{number}"]["sku"] for number in range(10)] == [f"p{number}" for number in range(10)]
    assert len(sent) == 1


async def test_rights_are_looked_up_once(app: FastAPI, editor: httpx.AsyncClient) -> None:
    lookups = []
    for fields in (1, 5):
        text = "{" + " ".join(f"a{number}: products(page: {number + 1}) {{ totalCount }}" for number in range(fields))
        with statements(app) as sent:
            await ask(editor, text + "}")
        lookups.append(sum("users" in statement for statement in sent))
    assert lookups[0] >= lookups[1]
