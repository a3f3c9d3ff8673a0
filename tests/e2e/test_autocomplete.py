"""Autocomplete through HTTP."""

from typing import Any

import httpx
import psycopg
import pytest

from tests.e2e.helpers import assert_problem
from tests.e2e.small_catalogue import skus

Db = psycopg.Connection[Any]

pytestmark = [pytest.mark.secured, pytest.mark.usefixtures("small_catalogue")]


async def test_autocomplete_sections(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/api/v1/autocomplete", params={"q": "lap"})).json()
    assert set(answer) == {"query", "sections", "took_ms"}
    assert set(answer["sections"]) == {"queries", "products", "categories", "brands"}
    assert {item["sku"] for item in answer["sections"]["products"]} == {"NX-450", "BAG-1"}
    assert [item["value"] for item in answer["sections"]["categories"]] == ["computers/laptops"]
    assert "<em>Laptop</em>" in answer["sections"]["products"][0]["highlight"]


async def test_autocomplete_completes_categories_at_every_level(client: httpx.AsyncClient) -> None:
    for text, paths in {
        "comp": ["computers"], "lap": ["computers/laptops"], "headph": ["audio/headphones"],
        "haedphones": ["audio/headphones"], "zzz": [],
    }.items():  # fmt: skip
        answer = (await client.get("/api/v1/autocomplete", params={"q": text})).json()
        assert [item["value"] for item in answer["sections"]["categories"]] == paths, text
    (computers,) = (await client.get("/api/v1/autocomplete", params={"q": "comp"})).json()["sections"]["categories"]
    assert computers["count"] == len(await skus(client, category="computers"))


@pytest.mark.parametrize("text", ["norv", "Norvane", "nrovane"])
async def test_autocomplete_completes_brands_with_typos(client: httpx.AsyncClient, text: str) -> None:
    answer = (await client.get("/api/v1/autocomplete", params={"q": text})).json()
    assert [item["value"] for item in answer["sections"]["brands"]] == ["Norvane"]


async def test_no_suggestion_leads_to_nothing(client: httpx.AsyncClient) -> None:
    for text, some in {
        "l": True, "la": True, "c": True, "shirts": True, "audio": True, "norv": True, "wireless hea": True,
        "sec": False, "futu": False, "past": False,
    }.items():  # fmt: skip
        sections = (await client.get("/api/v1/autocomplete", params={"q": text})).json()["sections"]
        assert any(sections.values()) == some, text
        for brand in sections["brands"]:
            assert await skus(client, brand=brand["value"])
        for category in sections["categories"]:
            assert await skus(client, category=category["value"])
        for product in sections["products"]:
            assert product["sku"] in await skus(client, q=product["text"])
            assert product["sku"] not in ("DRAFT", "LATER", "GONE")


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"limit": "0"}, "limit"), ({"limit": "x"}, "limit"), ({"q": "x" * 201}, "q"), ({"nope": "1"}, "nope"),
        ({"q": ["a", "b"]}, "q"), ({"limit": ["1", "2"]}, "limit"), ({"category": ["a", "b"]}, "category"),
        ({"category": "c" * 2601}, "category"),
    ],
)  # fmt: skip
async def test_bad_autocomplete_parameters(client: httpx.AsyncClient, params: dict[str, Any], field: str) -> None:
    assert_problem(await client.get("/api/v1/autocomplete", params=params), 422, field)


async def test_unknown_autocomplete_parameters_are_told_in_moderation(client: httpx.AsyncClient) -> None:
    params = {f"x{number}": "1" for number in range(500)}
    problem = assert_problem(await client.get("/api/v1/autocomplete", params=params), 422, "x0")
    assert len(problem["errors"]) == 20
