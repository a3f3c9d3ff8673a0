"""What is offered where no product holds what was typed, or the filters leave none."""

import httpx
import orjson
import pytest

from bench.recording import recorded_searches
from catalog.settings import Settings
from tests.e2e.small_catalogue import search

pytestmark = pytest.mark.usefixtures("small_catalogue")


async def test_enough_needs_no_suggestions(client: httpx.AsyncClient) -> None:
    assert "suggestions" not in await search(client)
    assert "suggestions" not in await search(client, brand="Norvane")


async def test_nothing_found_offers_what_is_popular(client: httpx.AsyncClient) -> None:
    answer = await search(client, q="xylophone")
    assert answer["total"]["value"] == 0
    offered = answer["suggestions"]
    assert [hit["sku"] for hit in offered["popular"]][:2] == ["BAG-1", "NX-450"]
    assert offered["queries"] == []


async def test_popular_is_of_the_chosen_category(client: httpx.AsyncClient) -> None:
    answer = await search(client, q="xylophone", category="audio")
    assert [hit["sku"] for hit in answer["suggestions"]["popular"]] == ["HP-2"]


async def test_the_beginning_of_a_word_offers_queries_that_find_something(client: httpx.AsyncClient) -> None:
    answer = await search(client, q="headph")
    offered = [item["text"] for item in answer["suggestions"]["queries"]]
    assert any("headphones" in text for text in offered)
    for text in offered:
        assert (await search(client, q=text))["total"]["value"] > 0
    assert [item["value"] for item in answer["suggestions"]["categories"]] == ["audio/headphones"]


async def test_filters_that_leave_nothing_say_what_there_is_without_them(client: httpx.AsyncClient) -> None:
    answer = await search(client, q="laptop", price_max="1")
    assert (answer["total"]["value"], answer["suggestions"]["without_filters"]) == (0, 2)
    answer = await search(client, brand="Norvane", price_max="1")
    assert (answer["total"]["value"], answer["suggestions"]["without_filters"]) == (0, 5)


async def test_exactly_what_was_typed(client: httpx.AsyncClient) -> None:
    corrected = await search(client, q="hedphones")
    assert (corrected["query"]["corrected_to"], corrected["total"]["value"]) == ("headphones", 1)
    exactly = await search(client, q="hedphones", exact="true")
    assert (exactly["query"]["corrected_to"], exactly["total"]["value"]) == (None, 0)
    assert any(item["text"].endswith("headphones") for item in exactly["suggestions"]["queries"])


async def test_no_word_is_left_out_of_an_exact_search(client: httpx.AsyncClient) -> None:
    assert (await search(client, q="laptop mug"))["total"]["value"] == 3
    answer = await search(client, q="laptop mug", exact="true")
    assert (answer["total"]["value"], answer["query"]["dropped_terms"]) == (0, [])


async def test_a_word_of_hidden_products_is_no_correction(client: httpx.AsyncClient) -> None:
    # "Secret" stands in a draft alone.
    answer = await search(client, q="secrat")
    assert answer["total"]["value"] == 0
    assert answer["query"]["corrected_to"] is None
    assert "secret" not in str(answer).lower()


async def test_missing_words_are_told_of_the_best_match_when_prices_give_the_order(client: httpx.AsyncClient) -> None:
    told = [
        (await search(client, q="laptop cotton shirt", sort=sort, in_stock="true"))["query"]["dropped_terms"]
        for sort in ("relevance", "price_asc", "price_desc")
    ]
    assert told == [["laptop"]] * 3


def test_what_is_offered_is_kept_and_the_hits_are_not(settings: Settings) -> None:
    ((calls, _),) = recorded_searches(settings, [(("q", "hedphones"),)])
    body = calls[-1].body
    assert body is not None
    lines = [orjson.loads(line) for line in body.splitlines()]
    sent = list(zip(lines[::2], lines[1::2], strict=True))
    kept = [searched for how, searched in sent if how.get("request_cache")]
    others = [searched for how, searched in sent if "request_cache" not in how]
    assert kept
    assert not any("highlight" in searched for searched in kept)
    assert any("highlight" in searched for searched in others)
