"""Search within the values of a facet, through HTTP."""

from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest

from api.rest.search_models import Facet
from tests.e2e.helpers import assert_problem

Db = psycopg.Connection[Any]

CATALOGUE: list[dict[str, Any]] = [
    {"sku": "A", "name": "Lamp", "brand": "Ørsted Light", "category": "Home > Lamps", "price": 10, "inventory": 1,
     "attributes": {"color": "Café crème", "weight_g": 100, "a/b [c]": "x", "dimmable": True}},
    {"sku": "B", "name": "Lamp", "brand": "Norvane", "category": "Home > Lampshades", "price": 20,
     "attributes": {"color": "dark blue", "weight_g": 200, "dimmable": False}},
    {"sku": "C", "name": "Kettle", "brand": "Norvane", "category": "Home > Kitchen > Kettles", "price": 30,
     "variants": [{"sku": "C1", "price": 30, "inventory": 0, "options": {"color": "blue"}},
                  {"sku": "C2", "price": 35, "inventory": 2, "options": {"color": "black"}}]},
    *({"sku": f"W{number}", "name": "Stone", "attributes": {"weight_g": number}} for number in range(20)),
]  # fmt: skip


pytestmark = pytest.mark.usefixtures("stocked")


@pytest.fixture(scope="module")
def stock() -> list[dict[str, Any]]:
    return CATALOGUE


async def facet(client: httpx.AsyncClient, name: str, **params: Any) -> Any:
    response = await client.get(f"/api/v1/search/facets/{quote(name, safe='')}", params=params)
    assert response.status_code == 200, response.text
    return response.json()


async def values(client: httpx.AsyncClient, name: str, **params: Any) -> list[tuple[str, int]]:
    return [(item["value"], item["count"]) for item in (await facet(client, name, **params))["values"]]


async def test_the_answer_is_shaped_as_a_facet(client: httpx.AsyncClient) -> None:
    page = (await client.get("/api/v1/search", params={"facets": "attr.color"})).json()
    found = await facet(client, "attr.color", prefix="bl")
    assert set(found) == set(page["facets"][0]) == set(Facet.model_fields)
    Facet.model_validate(found)
    assert (found["name"], found["label"], found["type"], found["total_values"]) == ("attr.color", "Color", "values", 3)


async def test_the_page_of_the_interface_describes_it(client: httpx.AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()["paths"]["/api/v1/search/facets/{name}"]["get"]
    assert {"name", "prefix", "q", "brand", "attr.NAME"} <= {parameter["name"] for parameter in described["parameters"]}
    assert {"200", "404", "422"} <= set(described["responses"])


async def test_words_that_are_corrected_are_so_here(client: httpx.AsyncClient) -> None:
    assert await values(client, "brand", q="kettel") == [("Norvane", 1)]


async def test_any_word_begins_whatever_case_and_accents(client: httpx.AsyncClient) -> None:
    assert await values(client, "attr.color", prefix="BL") == [("black", 1), ("blue", 1), ("dark blue", 1)]
    assert await values(client, "attr.color", prefix="creme") == [("Café crème", 1)]
    assert await values(client, "attr.color", prefix="lue") == []
    assert await values(client, "brand", prefix="ors") == [("Ørsted Light", 1)]


async def test_nothing_typed_gives_the_commonest(client: httpx.AsyncClient) -> None:
    assert await values(client, "brand") == [("Norvane", 2), ("Ørsted Light", 1)]


async def test_the_same_words_and_filters_hold_but_not_its_own(client: httpx.AsyncClient) -> None:
    assert await values(client, "attr.color", prefix="bl", q="lamp") == [("dark blue", 1)]
    # The blue one is sold out, so it is the black one that is in stock.
    assert await values(client, "attr.color", prefix="bl", in_stock="true", brand="norvane") == [("black", 1)]
    found = await facet(client, "brand", prefix="n", brand="ørsted light", price_min="25")
    assert [(item["value"], item["count"], item["selected"]) for item in found["values"]] == [("Norvane", 1, False)]


async def test_selected_values_say_so(client: httpx.AsyncClient) -> None:
    found = await facet(client, "brand", prefix="nor", brand="NORVANE")
    assert [(item["value"], item["selected"]) for item in found["values"]] == [("Norvane", True)]


async def test_categories_are_found_by_name_at_every_level(client: httpx.AsyncClient) -> None:
    found = await facet(client, "category", prefix="lamp")
    assert found["type"] == "tree"
    assert [(item["value"], item["label"], item["level"], item["count"]) for item in found["values"]] == [
        ("home/lamps", "Lamps", 1, 1), ("home/lampshades", "Lampshades", 1, 1),
    ]  # fmt: skip
    assert await values(client, "category", prefix="home") == [("home", 3)]


async def test_flags_are_found_by_what_is_shown(client: httpx.AsyncClient) -> None:
    assert await values(client, "attr.dimmable", prefix="y") == [("true", 1)]


async def test_a_name_of_any_characters(client: httpx.AsyncClient) -> None:
    assert await values(client, "attr.a/b [c]", prefix="X") == [("x", 1)]


async def test_the_address_of_the_page_may_be_sent_whole(client: httpx.AsyncClient) -> None:
    params = {"sort": "price_asc", "page": "3", "per_page": "7", "facets": "brand", "price_max": "30"}
    assert await values(client, "brand", prefix="n", **params) == [("Norvane", 2)]


@pytest.mark.parametrize("name", ["nonsense", "attr.nonsense", "attr.", "color"])
async def test_an_unknown_facet_is_not_found(client: httpx.AsyncClient, name: str) -> None:
    problem = assert_problem(await client.get(f"/api/v1/search/facets/{name}", params={"prefix": "a"}), 404)
    assert name in problem["detail"]


@pytest.mark.parametrize("name", ["price", "in_stock", "on_sale", "attr.weight_g"])
async def test_a_range_has_no_values_to_search_in(client: httpx.AsyncClient, name: str) -> None:
    assert_problem(await client.get(f"/api/v1/search/facets/{name}", params={"prefix": "a"}), 422, "name")


async def test_wrong_parameters_are_named(client: httpx.AsyncClient) -> None:
    for params, field in (({"prefix": "x" * 201}, "prefix"), ({"colour": "red"}, "colour"), ({"page": "0"}, "page")):
        assert_problem(await client.get("/api/v1/search/facets/brand", params=params), 422, field)
    assert_problem(await client.get("/api/v1/search/facets/brand?prefix=a&prefix=b"), 422, "prefix")


@pytest.mark.parametrize("prefix", ["[a-z]", ".*", "(a|", "\\", '"', "~&@#<1-5>", "a" * 200, "😀", "ﷺ" * 100, "\x00"])
async def test_syntax_is_plain_text(client: httpx.AsyncClient, prefix: str) -> None:
    for name in ("brand", "category", "attr.color"):
        await facet(client, name, prefix=prefix)
