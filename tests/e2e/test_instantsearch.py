"""InstantSearch's requests through HTTP: its results say what our own search says, each under exactly its filters."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.e2e.helpers import assert_problem

pytestmark = pytest.mark.usefixtures("small_catalogue")
PATH = "/api/v1/instantsearch"
LEVEL = "hierarchicalCategories.lvl"


async def ask(
    client: httpx.AsyncClient, *params: dict[str, Any] | str, index: str = "products"
) -> list[dict[str, Any]]:
    requests = [{"indexName": index, "params": each} for each in params]
    answer = await client.post(PATH, json={"requests": requests})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    assert len(results) == len(params)
    return results


async def refused(client: httpx.AsyncClient, params: dict[str, Any], field: str) -> None:
    answer = await client.post(PATH, json=[{"indexName": "products", "params": params}])
    assert_problem(answer, 422, f"requests.0.{field}")


def skus(result: dict[str, Any]) -> list[str]:
    return sorted(hit["sku"] for hit in result["hits"])


async def test_a_page_of_hits(client: httpx.AsyncClient) -> None:
    (result,) = await ask(client, {"query": "", "hitsPerPage": 2, "page": 1})
    assert (result["nbHits"], result["page"], result["nbPages"], result["hitsPerPage"]) == (5, 1, 3, 2)
    assert [hit["__position"] for hit in result["hits"]] == [3, 4]
    assert all(hit["objectID"] == hit["id"] for hit in result["hits"])
    assert "facets" not in result


async def test_parameters_as_the_query_of_an_address(client: httpx.AsyncClient) -> None:
    sent = "query=&hitsPerPage=5&facets=%5B%22brand%22%5D&facetFilters=%5B%5B%22brand%3ANorvane%22%5D%5D"
    (result,) = await ask(client, sent)
    assert skus(result) == ["HP-2", "NX-450"]
    assert result["facets"] == {"brand": {"Norvane": 2}}


async def test_the_requests_of_a_refined_list(client: httpx.AsyncClient) -> None:
    first, second = await ask(
        client,
        {"facets": ["brand"], "facetFilters": [["brand:Norvane", "brand:Weft"]]},
        {"facets": "brand", "hitsPerPage": 0, "page": 0, "analytics": False, "clickAnalytics": False},
    )
    assert first["facets"]["brand"] == {"Norvane": 2, "Weft": 1}
    assert second["facets"]["brand"] == {"Norvane": 2, "Carry": 1, "Weft": 1}
    assert (second["hits"], second["nbHits"], second["nbPages"]) == ([], 5, 0)


async def test_values_of_one_attribute_that_must_all_hold(client: httpx.AsyncClient) -> None:
    both, one = await ask(
        client,
        {"facets": ["attr.color"], "facetFilters": ["attr.color:silver", "attr.color:black"]},
        {"facets": ["attr.color"], "facetFilters": ["attr.color:silver"]},
    )
    assert both["nbHits"] == 0
    assert (skus(one), one["facets"]["attr.color"]) == (["NX-450"], {"silver": 1})


async def test_the_levels_of_a_hierarchical_menu(client: httpx.AsyncClient) -> None:
    top, chosen, siblings = await ask(
        client,
        {"facets": [f"{LEVEL}0"]},
        {
            "facets": [f"{LEVEL}0", f"{LEVEL}1", f"{LEVEL}2"],
            "facetFilters": [[f"{LEVEL}1:Computers > Laptops"]],
        },
        {"facets": [f"{LEVEL}0", f"{LEVEL}1"], "facetFilters": [[f"{LEVEL}0:Computers"]], "hitsPerPage": 0},
    )
    assert top["facets"] == {f"{LEVEL}0": {"Computers": 2, "Audio": 1, "Clothing": 1}}
    assert skus(chosen) == ["NX-450"]
    assert chosen["facets"] == {f"{LEVEL}0": {"Computers": 1}, f"{LEVEL}1": {"Computers > Laptops": 1}, f"{LEVEL}2": {}}
    assert siblings["facets"][f"{LEVEL}1"] == {"Computers > Laptops": 1, "Computers > Accessories": 1}


async def test_ranges_and_their_ends(client: httpx.AsyncClient) -> None:
    (result,) = await ask(client, {"facets": ["price"], "numericFilters": ["price>=15.001", "price<=60"]})
    assert skus(result) == ["BAG-1", "HP-2", "TEE"]
    assert result["facets_stats"]["price"]["max"] == 59.9
    assert result["facets"]["price"] == {}
    (above,) = await ask(client, {"numericFilters": ["attr.weight_g>600"]})
    assert skus(above) == ["NX-450"]
    (none,) = await ask(client, {"numericFilters": ["price>60", "price<20"]})
    assert none["nbHits"] == 0


async def test_flags_count_both_sides(client: httpx.AsyncClient) -> None:
    every, shown = await ask(
        client, {"facets": ["in_stock"]}, {"facets": ["in_stock"], "facetFilters": [["in_stock:true"]]}
    )
    assert every["facets"]["in_stock"] == {"true": 4, "false": 1}
    assert shown["facets"]["in_stock"] == {"true": 4}
    assert shown["nbHits"] == 4


async def test_filters_in_words(client: httpx.AsyncClient) -> None:
    (result,) = await ask(
        client, {"filters": 'brand:"Norvane" AND (attr.color:silver OR attr.color:black) AND price > 40'}
    )
    assert skus(result) == ["NX-450"]


EVERY = {"NX-450", "BAG-1", "HP-2", "TEE", "CAFE"}


@pytest.mark.parametrize(
    ("params", "left_out"),
    [
        ({"facetFilters": ["brand:-Norvane"]}, {"NX-450", "HP-2"}),
        ({"facetFilters": ["brand:-norvane", "brand:-Weft"]}, {"NX-450", "HP-2", "TEE"}),
        ({"facetFilters": ["brand:-Nobody"]}, set()),
        ({"facetFilters": [["brand:Weft", "attr.color:silver", "category.lvl0:Audio"]]}, {"BAG-1", "CAFE"}),
        ({"facetFilters": [["brand:-Norvane", "attr.color:silver"]]}, {"HP-2"}),
        ({"facetFilters": ["attr.color:-red"]}, {"TEE"}),
        ({"facetFilters": ["attr.size:-L", "attr.color:-black"]}, {"TEE", "BAG-1"}),
        ({"facetFilters": ["category.lvl0:-Computers"]}, {"NX-450", "BAG-1"}),
        ({"facetFilters": [["category.lvl1:Computers > Laptops", "category:audio"]]}, {"BAG-1", "TEE", "CAFE"}),
        ({"facetFilters": [["in_stock:false"]]}, EVERY - {"HP-2"}),
        ({"facetFilters": [["in_stock:true", "in_stock:false"]]}, set()),
        ({"facetFilters": [["on_sale:false"]]}, {"HP-2"}),
        ({"numericFilters": ["price!=39.9"]}, {"BAG-1"}),
        ({"numericFilters": ["price!=18"]}, {"TEE"}),
        ({"numericFilters": [["price<10", "price>500"]]}, EVERY - {"CAFE", "NX-450"}),
        ({"numericFilters": [["attr.weight_g=600", "attr.weight_g=1400"]]}, EVERY - {"BAG-1", "NX-450"}),
        ({"numericFilters": ["attr.weight_g!=600"]}, {"BAG-1"}),
        ({"filters": "NOT brand:Norvane AND price < 20"}, {"NX-450", "HP-2", "BAG-1"}),
        ({"filters": "brand:Norvane OR price < 10"}, {"BAG-1", "TEE"}),
        ({"filters": "(NOT in_stock:true OR brand:Carry) AND price >= 30"}, {"NX-450", "TEE", "CAFE"}),
        ({"facetFilters": ["brand:-Norvane"], "filters": "NOT attr.color:black"}, {"NX-450", "HP-2", "BAG-1"}),
    ],
)
async def test_what_is_left_out_and_choices_between_facets(
    app: FastAPI, client: httpx.AsyncClient, params: dict[str, Any], left_out: set[str]
) -> None:
    """The same products and counts, whether Elasticsearch answers or Postgres in its place."""
    asked = {**params, "facets": ["brand", "in_stock", "attr.color", f"{LEVEL}0"]}
    (found,) = await ask(client, asked)
    assert set(skus(found)) == EVERY - left_out
    assert found["nbHits"] == len(found["hits"])
    while app.state.search.breaker.closed:
        app.state.search.breaker.failed()
    (spare,) = await ask(client, asked)
    assert (spare["degraded"], skus(spare), spare["facets"]) == (True, skus(found), found["facets"])
    assert found["facets"]["brand"].get("Norvane", 0) == len({"NX-450", "HP-2"} - left_out)


async def test_a_number_has_its_values_for_ratings(app: FastAPI, client: httpx.AsyncClient) -> None:
    """What `ratingMenu` adds up."""
    (found,) = await ask(client, {"facets": ["attr.weight_g"], "numericFilters": ["attr.weight_g>=4"]})
    assert found["facets"]["attr.weight_g"] == {"600": 1, "1400": 1}
    assert found["facets_stats"]["attr.weight_g"] == {"min": 600, "max": 1400}
    while app.state.search.breaker.closed:
        app.state.search.breaker.failed()
    (spare,) = await ask(client, {"facets": ["attr.weight_g"], "numericFilters": ["attr.weight_g>=4"]})
    assert (spare["degraded"], spare["facets"]) == (True, found["facets"])


async def test_a_search_within_values_under_what_is_left_out(client: httpx.AsyncClient) -> None:
    params = {"facetName": "brand", "facetQuery": "", "facetFilters": ["brand:-Norvane"]}
    answer = await client.post(PATH, json=[{"indexName": "products", "params": params}])
    (result,) = answer.json()["results"]
    assert {value["value"] for value in result["facetHits"]} == {"Carry", "Weft"}


async def test_an_index_for_each_sort(client: httpx.AsyncClient) -> None:
    (result,) = await ask(client, {}, index="products_price_desc")
    assert result["index"] == "products_price_desc"
    assert [hit["price"] for hit in result["hits"]] == sorted((hit["price"] for hit in result["hits"]), reverse=True)


async def test_highlights_in_the_tags_that_were_sent(client: httpx.AsyncClient) -> None:
    tags = {"highlightPreTag": "__ais-highlight__", "highlightPostTag": "__/ais-highlight__"}
    (result,) = await ask(client, {"query": "headphones", **tags})
    marked = result["hits"][0]["_highlightResult"]
    assert marked["name"]["value"] == "Aero Wireless __ais-highlight__Headphones__/ais-highlight__"
    assert (marked["name"]["matchLevel"], marked["name"]["fullyHighlighted"]) == ("full", False)
    assert marked["brand"] == {
        "value": "Norvane", "matchLevel": "none", "fullyHighlighted": False, "matchedWords": []
    }  # fmt: skip
    (escaped,) = await ask(client, {"query": "deep bass"})
    assert "&lt;b&gt;" in escaped["hits"][0]["_highlightResult"]["description"]["value"]


async def test_every_facet_comes_with_its_order(client: httpx.AsyncClient) -> None:
    (result,) = await ask(client, {"facets": ["*"]})
    assert {"brand", "price", "in_stock", f"{LEVEL}0"} <= set(result["facets"])
    assert result["renderingContent"]["facetOrdering"]["facets"]["order"] == list(result["facets"])


@pytest.mark.parametrize(
    "request_",
    [
        {"indexName": "products", "params": {"facetName": "brand", "facetQuery": "nor"}},
        {"indexName": "products", "type": "facet", "facet": "brand", "params": {"facetQuery": "nor"}},
    ],
)
async def test_a_search_within_the_values_of_a_facet(client: httpx.AsyncClient, request_: dict[str, Any]) -> None:
    answer = await client.post(PATH, json=[request_])
    assert answer.status_code == 200, answer.text
    (result,) = answer.json()["results"]
    assert result["facetHits"] == [{"value": "Norvane", "highlighted": "<em>Nor</em>vane", "count": 2}]


async def test_a_page_behind_the_last_is_empty(client: httpx.AsyncClient) -> None:
    (result,) = await ask(client, {"page": 99_999})
    assert (result["hits"], result["nbHits"], result["nbPages"]) == ([], 5, 1)


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"facetFilters": ["rating:5"]}, "facetFilters"),
        ({"facetFilters": 7}, "facetFilters"),
        ({"filters": "brand:A OR brand:B AND attr.color:red"}, "filters"),
        ({"filters": "NOT (brand:A OR brand:B)"}, "filters"),
        ({"facets": ["color"]}, "facets"),
        ({"hitsPerPage": 101}, "hitsPerPage"),
        ({"page": -1}, "page"),
        ({"query": "x" * 201}, "query"),
        ({"tagFilters": "sale"}, "tagFilters"),
        ({"aroundLatLng": "1,2"}, "aroundLatLng"),
    ],
)
async def test_what_cannot_be_said_in_our_terms_is_refused_by_name(
    client: httpx.AsyncClient, params: dict[str, Any], field: str
) -> None:
    await refused(client, params, field)


@pytest.mark.parametrize("body", [[], {}, 7, None, "x", [7], [{"indexName": "other"}], [{}] * 21, {"requests": {}}])
async def test_a_body_of_another_shape_is_refused(client: httpx.AsyncClient, body: Any) -> None:
    assert_problem(await client.post(PATH, json=body), 422)
