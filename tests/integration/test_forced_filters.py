"""Forced filters made by chance mean the same in Elasticsearch and in Postgres, and what plain SQL says."""

from random import Random
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi import FastAPI

from catalog.errors import NotFound
from catalog.principals import PUBLIC, Principal
from search.parameters import read_search
from search.result import SearchResult, Total
from services.container import Services
from tests import sql_shop
from tests.integration.mixed_catalogue import STORED, filters, products

Db = psycopg.Connection[Any]
Parameters = dict[str, Any]

PRODUCTS = 200
SETS = 40
ATTRIBUTE = "attr."
OTHERS = ("category", "brand", "in_stock", "on_sale")
# Values that are hard: every spelling of a number, a flag that is also a text, options that differ by case.
HARD: list[Parameters] = [
    {"attr.shift": ["-12.5", "0", "2.5", "7.25"]},
    {"attr.shift": ["-12.50", "2.5e0", "00", "+3"]},
    {"attr.weight_g": ["12", "12.0"]},
    {"attr.flag": ["true", "True"]},
    {"attr.color": ["red", "blue", "Äpfel"], "attr.size": ["M", "L"], "in_stock": "true"},
    {"attr.color": ["Red"]},
    {"attr.speeds": [str(number) for number in range(1, 100)], "attr.size": ["S", "XL"]},
    {"brand": ["ÑANDÚ"]},
    {"category": "Home > Kitchen"},
    {"category": "/home/kitchen/"},
    {"category": "nothing/here"},
    {"category": "///"},
    {"attr.nothing": ["x"]},
    {"attr.color": ["'; DROP TABLE products; --", ":scope0", "%s", '"', "\\", "red"]},
    {"attr.'; DROP TABLE products; --": ["red"]},
]


@pytest.fixture(scope="module")
def stock() -> list[dict[str, Any]]:
    return products(PRODUCTS, 23)


@pytest.fixture
def catalogue(db: psycopg.Connection[Any], stocked: dict[str, UUID]) -> None:
    sql_shop.look(db)


@pytest.fixture
def services(app: FastAPI, catalogue: None) -> Services:
    services: Services = app.state.services
    return services


def pairs(params: Parameters) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, value) for name, held in params.items() for value in (held if isinstance(held, list) else [held])
    )


def under(params: Parameters) -> Principal:
    """Somebody who is shown only what holds these parameters."""
    return Principal("test:reader", None, PUBLIC, pairs(params))


def forcible(chance: Random) -> Parameters:
    """Parameters that may be forced, at least one."""
    while True:
        found = {
            name: held
            for name, held in filters(chance).items()
            if name in OTHERS
            or (name.startswith(ATTRIBUTE) and (name[5:] in STORED or not name.endswith(("_min", "_max"))))
        }
        if found:
            return found


async def search(services: Services, who: Principal, params: dict[str, Any]) -> SearchResult:
    """The response to the parameters of an address."""
    asked = await read_search(pairs(params), lambda: services.search.attribute_names(who))
    return await services.search.search(who, asked)


async def searched(services: Services, who: Principal, **params: Any) -> set[str]:
    """The ids of all that a search finds."""
    found: set[str] = set()
    params = {"per_page": "100", "facets": "none", "cursor": "*"} | params
    while True:
        result = await search(services, who, params)
        found |= {hit.id for hit in result.hits}
        if result.next_cursor is None:
            assert result.total == Total(len(found), True)
            return found
        params["cursor"] = result.next_cursor


async def listed(services: Services, who: Principal) -> set[str]:
    """The ids of all that the list has."""
    found: set[str] = set()
    for page in range(1, PRODUCTS):
        answer = await services.products.list(who, page=page, per_page=100)
        found |= {str(item.id) for item in answer.items}
        if page * 100 >= answer.total:
            assert len(found) == answer.total
            return found
    raise AssertionError("a list has an end")


def said_by_sql(db: Db, params: Parameters) -> set[str]:
    held = sql_shop.where(params, stored=STORED)
    rows = db.execute(f"SELECT DISTINCT id FROM buyable WHERE {held.text}", held.values)
    return {str(row[0]) for row in rows}


async def test_both_servers_show_what_sql_says(services: Services, db: Db) -> None:
    chance = Random(31)
    sizes = set()
    for _ in range(SETS):
        params = forcible(chance)
        expected = said_by_sql(db, params)
        assert await searched(services, under(params)) == expected, params
        assert await listed(services, under(params)) == expected, params
        sizes.add(len(expected))
    assert 0 in sizes
    assert len(sizes) > 10


@pytest.mark.parametrize("params", HARD, ids=str)
async def test_both_servers_agree_about_what_is_hard(services: Services, params: Parameters) -> None:
    assert await searched(services, under(params)) == await listed(services, under(params))


async def test_hard_values_are_found_at_all(services: Services) -> None:
    found = [len(await listed(services, under(params))) for params in HARD]
    missing = [params for params, count in zip(HARD, found, strict=True) if not count]
    assert missing == [HARD[1], *HARD[10:13], HARD[14]]


async def test_a_category_is_forced_by_its_id_too(services: Services, db: Db) -> None:
    rows = db.execute("SELECT id::text, path FROM categories").fetchall()
    assert rows
    for category_id, path in rows:
        expected = said_by_sql(db, {"category": path})
        for address in (category_id, category_id.upper(), path):
            who = under({"category": address})
            assert await searched(services, who) == await listed(services, who) == expected


async def test_the_shoppers_own_filters_narrow_what_is_in_sight(services: Services, db: Db) -> None:
    chance = Random(32)
    for _ in range(SETS):
        forced, own = forcible(chance), filters(chance)
        expected = said_by_sql(db, forced) & said_by_sql(db, own)
        assert await searched(services, under(forced), **own) == expected, (forced, own)


async def test_a_click_on_a_facet_gives_exactly_its_count(services: Services) -> None:
    chance = Random(33)
    clicks = 0
    for _ in range(SETS):
        who, own = under(forcible(chance)), filters(chance)
        for facet in (await search(services, who, own)).facets:
            values = facet.values
            for item in chance.sample(values, min(2, len(values))):
                name = facet.name
                kept = {key: held for key, held in own.items() if key not in (name, f"{name}_min", f"{name}_max")}
                clicked = kept | {name: item.value, "facets": "none"}
                assert (await search(services, who, clicked)).total.value == item.count, (
                    who,
                    clicked,
                )
                clicks += 1
    assert clicks > SETS


async def test_reads_by_id_are_of_what_is_in_sight(services: Services, db: Db) -> None:
    chance = Random(34)
    everything = said_by_sql(db, {})
    outcomes = set()
    for _ in range(SETS):
        params = forcible(chance)
        expected = said_by_sql(db, params)
        for key in chance.sample(sorted(everything), 3):
            outcomes.add(key in expected)
            for read in (services.products.get, services.products.sync_status):
                if key in expected:
                    await read(under(params), UUID(key))
                else:
                    with pytest.raises(NotFound):
                        await read(under(params), UUID(key))
    assert outcomes == {True, False}


async def test_categories_count_what_is_in_sight_and_others_are_none(services: Services, db: Db) -> None:
    chance = Random(35)
    for _ in range(SETS):
        params = forcible(chance)
        expected = sql_shop.counts(db, "category", sql_shop.where({}, ids=list(said_by_sql(db, params))))
        nodes = list(await services.categories.tree(under(params)))
        found = {}
        while nodes:
            node = nodes.pop()
            nodes += node.children
            found[node.path] = node.product_count
            assert (await services.categories.get(under(params), node.id)).product_count == node.product_count
        assert found == expected, params


async def test_a_hidden_category_is_not_found(services: Services, db: Db) -> None:
    row = db.execute("SELECT id FROM categories WHERE path = 'sports'").fetchone()
    assert row is not None
    assert (await services.categories.get(under({"category": "sports"}), row[0])).name == "Sports"
    with pytest.raises(NotFound):
        await services.categories.get(under({"category": "home"}), row[0])
