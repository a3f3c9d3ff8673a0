"""Synonyms in searches: found by either word, at once, without a reindex."""

from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from tests.e2e.conftest import SignedIn
from tests.e2e.small_catalogue import search
from tests.e2e.test_synonyms import SYNONYMS, added
from tests.support import store, sync_all

Db = psycopg.Connection[Any]

CATALOGUE: list[dict[str, Any]] = [
    {"sku": "TELE", "name": "Orion Television 55 inch", "category": "Video"},
    {"sku": "TV", "name": "Vega TV 42 inch", "category": "Video"},
    {"sku": "FLAT", "name": "Lyra flat screen, wall-mounted", "category": "Video"},
    {"sku": "STAND", "name": "Oak TV Stand", "category": "Furniture"},
    {"sku": "LAP", "name": "Norvane laptop 13 inch", "category": "Computers"},
    {"sku": "NOTE", "name": "Ruled notebook, A5", "category": "Paper"},
    *({"sku": f"SOFA{number}", "name": f"Linen sofa {number}", "category": "Furniture"} for number in range(12)),
    *({"sku": f"RED{number}", "name": f"Linen napkin {number}", "category": "Kitchen"} for number in range(3)),
]


pytestmark = pytest.mark.usefixtures("stocked")


@pytest.fixture(scope="module")
def stock() -> list[dict[str, Any]]:
    return CATALOGUE


async def found(client: httpx.AsyncClient, q: str) -> set[str]:
    return {hit["sku"] for hit in (await search(client, q=q))["hits"]}


async def synonyms(client: httpx.AsyncClient, q: str) -> Any:
    return (await search(client, q=q))["query"]["interpreted"]["synonyms"]


@pytest.fixture
async def merchandiser(signed_in: SignedIn) -> Any:
    async with signed_in("merchandiser") as client:
        yield client


async def test_two_way_finds_both_from_both_sides_at_once(
    client: httpx.AsyncClient, merchandiser: httpx.AsyncClient
) -> None:
    assert await found(client, "tv") == {"TV", "STAND"}
    entry = await added(merchandiser, "two_way", "TV", "television")
    assert await found(client, "tv") == await found(client, "Televisions") == {"TV", "STAND", "TELE"}
    assert await synonyms(client, "tvs") == {"tvs": ["television"]}
    await merchandiser.put(f"{SYNONYMS}/{entry['id']}", json={"kind": "two_way", "terms": ["telly", "television"]})
    assert await found(client, "tv") == {"TV", "STAND"}
    assert await found(client, "telly") == {"TELE"}
    await merchandiser.delete(f"{SYNONYMS}/{entry['id']}")
    assert (await found(client, "telly"), await synonyms(client, "television")) == (set(), {})


async def test_one_way_finds_in_its_direction_only(client: httpx.AsyncClient, merchandiser: httpx.AsyncClient) -> None:
    await added(merchandiser, "one_way", "notebook", "laptop")
    assert await found(client, "notebook") == {"NOTE", "LAP"}
    assert await found(client, "laptop") == {"LAP"}


async def test_several_words_stand_for_one_and_one_for_several(
    client: httpx.AsyncClient, merchandiser: httpx.AsyncClient
) -> None:
    await added(merchandiser, "two_way", "flat screen", "television")
    for q in ("flat screen", "flat-screens", "flatscreen", "television"):
        assert await found(client, q) == {"FLAT", "TELE"}, q
    for q, first in (("orion flat screen", "TELE"), ("television wall mounted", "FLAT")):
        assert (await search(client, q=q))["hits"][0]["sku"] == first
    assert await synonyms(client, "orion flat screens") == {"flat screens": ["television"]}


async def test_the_word_itself_counts_more_than_its_synonym(
    client: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch, merchandiser: httpx.AsyncClient
) -> None:
    store(settings, [{"sku": "A", "name": "Walnut couch"}, {"sku": "B", "name": "Walnut settee"}])
    sync_all(settings, db, es)
    await added(merchandiser, "two_way", "couch", "settee")
    for q, first in (("couch", "A"), ("settee", "B"), ("walnut couch", "A"), ("walnut settee", "B")):
        assert (await search(client, q=q))["hits"][0]["sku"] == first, q


async def test_a_synonym_of_several_words_counts_no_more_than_the_word(
    client: httpx.AsyncClient, merchandiser: httpx.AsyncClient
) -> None:
    await added(merchandiser, "two_way", "television", "flat screen")
    for q, first in (("television", "TELE"), ("flat screen", "FLAT")):
        assert (await search(client, q=q))["hits"][0]["sku"] == first, q


async def test_synonyms_count_when_the_strictness_is_chosen(
    client: httpx.AsyncClient, merchandiser: httpx.AsyncClient
) -> None:
    answer = await search(client, q="linen couch")
    assert (answer["query"]["dropped_terms"], answer["total"]["value"]) == (["couch"], 15)
    await added(merchandiser, "two_way", "couch", "sofa")
    answer = await search(client, q="linen couch")
    assert (answer["query"]["interpreted"]["match"], answer["total"]["value"]) == ("all", 12)
    assert (answer["query"]["dropped_terms"], answer["query"]["corrected_to"]) == ([], None)


async def test_a_run_whose_words_the_catalogue_does_not_hold_is_known_by_its_synonym(
    client: httpx.AsyncClient, merchandiser: httpx.AsyncClient
) -> None:
    await added(merchandiser, "one_way", "goggle box", "television")
    answer = await search(client, q="goggle box orion")
    assert [hit["sku"] for hit in answer["hits"]] == ["TELE"]
    assert (answer["query"]["dropped_terms"], answer["query"]["corrected_to"]) == ([], None)


async def test_a_corrected_word_has_its_synonyms(client: httpx.AsyncClient, merchandiser: httpx.AsyncClient) -> None:
    await added(merchandiser, "one_way", "television", "tv")
    answer = await search(client, q="televison vega")
    assert answer["query"]["corrected_to"] == "television vega"
    assert answer["query"]["interpreted"]["synonyms"] == {"television": ["tv"]}
    assert answer["hits"][0]["sku"] == "TV"


async def test_what_a_synonym_found_is_marked(client: httpx.AsyncClient, merchandiser: httpx.AsyncClient) -> None:
    await added(merchandiser, "one_way", "telly", "television")
    (hit,) = (await search(client, q="telly"))["hits"]
    assert "<em>Television</em>" in hit["highlight"]["name"]


async def test_facets_count_what_a_synonym_found(client: httpx.AsyncClient, merchandiser: httpx.AsyncClient) -> None:
    await added(merchandiser, "two_way", "tv", "television")
    (facet,) = (await search(client, q="television", facets="category"))["facets"]
    counts = {value["value"]: value["count"] for value in facet["values"]}
    assert counts == {"video": 2, "furniture": 1}
    for category, count in counts.items():
        assert (await search(client, q="television", category=category))["total"]["value"] == count


async def test_a_walk_keeps_the_synonyms_that_it_began_with(
    client: httpx.AsyncClient, merchandiser: httpx.AsyncClient
) -> None:
    entry = await added(merchandiser, "two_way", "couch", "sofa")
    seen: list[str] = []
    cursor: str | None = "*"
    while cursor:
        answer = await search(client, q="linen couch", per_page=5, cursor=cursor)
        seen += [hit["sku"] for hit in answer["hits"]]
        cursor = answer["next_cursor"]
        await merchandiser.delete(f"{SYNONYMS}/{entry['id']}")
    assert sorted(seen) == sorted(f"SOFA{number}" for number in range(12))


async def test_plain_sql_is_live_too(client: httpx.AsyncClient, db: Db) -> None:
    db.execute("INSERT INTO synonyms (kind, terms, digest) VALUES ('one_way', '{telly,television}', 'x')")
    assert await found(client, "telly") == {"TELE"}
    db.execute("TRUNCATE synonyms")
    assert await found(client, "telly") == set()


async def test_a_bomb_of_synonyms_is_answered(client: httpx.AsyncClient, db: Db) -> None:
    words = [f"{chr(97 + number)}word" for number in range(24)]
    for entry in range(40):
        terms = [*words[:10], *(f"some other words here {entry}x{number}" for number in range(40))]
        db.execute("INSERT INTO synonyms (kind, terms, digest) VALUES ('two_way', %s, %s)", [terms, str(entry)])
    for q in (words[0], " ".join(words[:3]), " ".join(words)):
        answer = await search(client, q=q)
        assert answer["query"]["interpreted"]["synonyms"]


async def test_suggestions_come_from_what_is_typed_in_other_words(
    client: httpx.AsyncClient, merchandiser: httpx.AsyncClient
) -> None:
    async def suggested(q: str) -> dict[str, Any]:
        sections: dict[str, Any] = (await client.get("/api/v1/autocomplete", params={"q": q})).json()["sections"]
        return sections

    assert not any("sofa" in item["text"] for item in (await suggested("couch"))["queries"])
    await added(merchandiser, "two_way", "couch", "sofa")
    sections = await suggested("couch")
    assert any("sofa" in item["text"] for item in sections["queries"])
    assert any(item["sku"].startswith("SOFA") for item in sections["products"])
