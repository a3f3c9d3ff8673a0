"""Queries that autocomplete suggests: in context, with typing errors, each leading somewhere, no thing twice."""

from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from tests.e2e.small_catalogue import search
from tests.e2e.typing_catalogue import TYPED, completed, queries
from tests.support import store, sync_all

Db = psycopg.Connection[Any]


pytestmark = pytest.mark.usefixtures("stocked")


@pytest.fixture(scope="module")
def stock() -> list[dict[str, Any]]:
    return TYPED


async def test_the_last_word_is_completed_in_the_context_of_those_before(client: httpx.AsyncClient) -> None:
    found = await queries(client, "wireless h")
    assert found[0] == "wireless headphones"
    # There is an HDMI cable, and there are wireless things, and no product is both.
    assert not any("hdmi" in text or "harp" in text for text in found)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("headph", "headphones"), ("lap", "laptop"), ("noise canc", "noise cancelling headphones"),
        ("sonora head", "sonora headphones"), ("usb c cab", "usb-c cable"), ("usb-c", "usb-c cable"),
        ("norv", "norvane laptop"), ("run", "running shoes"), ("stud", "studio wired headphones"),
        ("audi", "audio"), ("15 inch lap", "15 inch laptop"),
    ],
)  # fmt: skip
async def test_words_are_completed_inside_and_between(client: httpx.AsyncClient, typed: str, expected: str) -> None:
    assert expected in await queries(client, typed)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("shoes runn", "running shoes"), ("headphones wirel", "wireless headphones"), ("bag lap", "laptop bag"),
     ("shoes wom", "women's shoes")],
)  # fmt: skip
async def test_words_may_be_typed_in_any_order(client: httpx.AsyncClient, typed: str, expected: str) -> None:
    assert expected in await queries(client, typed)


@pytest.mark.parametrize(("typed", "expected"), [("headse", "head set"), ("head pho", "headphones")])
async def test_compounds_are_completed_however_they_are_written(
    client: httpx.AsyncClient, typed: str, expected: str
) -> None:
    assert expected in await queries(client, typed)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        # Swapped, changed, left out, added; in the last word and before it; from the third character on.
        ("haedph", "headphones"), ("heedph", "headphones"), ("hadph", "headphones"), ("heeadph", "headphones"),
        ("lpa", "laptop"), ("wirless head", "wireless headphones"), ("wireless haed", "wireless headphones"),
        ("nrovane", "norvane"), ("strideno sho", "strideon shoes"), ("compters", "computers"),
        # Before a word of which little is typed.
        ("lpatop b", "laptop bag"), ("wirless he", "wireless headphones"),
        # Two in a word of eight or more.
        ("haedphoens", "headphones"), ("cancleing", "cancelling headphones"),
    ],
)  # fmt: skip
async def test_typing_errors_are_forgiven(client: httpx.AsyncClient, typed: str, expected: str) -> None:
    found = await queries(client, typed)
    assert any(set(expected.split()) <= set(text.split()) for text in found), found


@pytest.mark.parametrize("typed", ["lp", "xaptop", "hxxdph", "nx-451", "nx451", "usb-c cable 9", "qqqqq"])
async def test_what_is_too_far_away_is_not_suggested(client: httpx.AsyncClient, typed: str) -> None:
    """Two letters, a wrong first letter, two errors in a short word, numbers and identifiers."""
    sections = await completed(client, typed)
    assert not sections["queries"]
    assert not sections["categories"]
    assert not sections["brands"]


async def test_what_is_typed_right_is_not_corrected(client: httpx.AsyncClient) -> None:
    """'wired' is one letter away from nothing: 'wire' begins it, and 'wireless' too."""
    assert all("wireless" not in text for text in await queries(client, "wired"))


@pytest.mark.parametrize(
    ("typed", "text", "highlight"),
    [
        ("headph", "headphones", "headph<em>ones</em>"),
        ("HEADPH", "headphones", "headph<em>ones</em>"),
        ("wireless h", "wireless headphones", "wireless h<em>eadphones</em>"),
        ("noise canc", "noise cancelling headphones", "noise canc<em>elling headphones</em>"),
        ("shoes runn", "running shoes", "runn<em>ing</em> shoes"),
        ("norv", "norvane laptop", "norv<em>ane laptop</em>"),
        ("haedph", "headphones", "headph<em>ones</em>"),
        ("laptop", "laptop", "laptop"),
    ],
)  # fmt: skip
async def test_the_completed_part_is_marked(client: httpx.AsyncClient, typed: str, text: str, highlight: str) -> None:
    found = {item["text"]: item["highlight"] for item in (await completed(client, typed))["queries"]}
    assert found[text] == highlight


async def test_marks_are_the_only_markup(client: httpx.AsyncClient) -> None:
    sections = await completed(client, "lam")
    assert sections["products"][0]["highlight"] == "<em>Lamp</em> &lt;b&gt;&quot;Bright&quot;&lt;/b&gt; &amp; Bold"
    for text in ("lam", "bri", "bol", "wom", "<i"):
        for items in (await completed(client, text)).values():
            for item in items:
                bare = (item["highlight"] or "").replace("<em>", "").replace("</em>", "")
                assert not set("<>\"'") & set(bare)


async def test_a_count_is_that_of_the_page(client: httpx.AsyncClient) -> None:
    """The page adds products that hold most of the words where few hold all: never where there is one word."""
    for typed in ("h", "w", "lap", "ca", "head", "norv", "sonora", "wireless h", "usb c cab", "haedph", "run"):
        sections = await completed(client, typed)
        for item in sections["queries"]:
            found = await search(client, q=item["text"])
            holding = [hit for hit in found["hits"] if not hit.get("missing")]
            assert item["count"] == len(holding) > 0, item
        for item in sections["categories"]:
            assert item["count"] == (await search(client, category=item["value"]))["total"]["value"] > 0
        for item in sections["brands"]:
            assert item["count"] == (await search(client, brand=item["value"]))["total"]["value"] > 0


async def test_hidden_products_suggest_nothing(client: httpx.AsyncClient) -> None:
    for typed in ("hdmi adap", "harp", "zith", "zepp", "hidd", "secr", "z", "wireless ha"):
        sections = await completed(client, typed)
        said = " ".join(item["text"].lower() for items in sections.values() for item in items)
        assert not any(word in said for word in ("adapter", "harp", "zither", "zeppelin", "hidden", "secret")), typed


@pytest.mark.parametrize("typed", ["laptop b", "carry", "lapt", "headph", "son", "usb", "c"])
async def test_no_thing_is_suggested_twice(client: httpx.AsyncClient, typed: str) -> None:
    """No plural beside its singular, no two sizes, no two colours."""
    plain = [
        " ".join(sorted(word.removesuffix("s") for word in text.split() if not word.isdigit() and word not in
                        ("black", "white", "red", "inch", "m")))
        for text in await queries(client, typed, limit=20)
    ]  # fmt: skip
    assert len(plain) == len(set(plain)) > 0, plain


async def test_one_thing_in_two_spellings_is_suggested_once(
    client: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch
) -> None:
    store(settings, [{"sku": "C-3", "name": "Linkor USBC Cable"}, {"sku": "C-4", "name": "Linkor USB C Cables"}])
    sync_all(settings, db, es)
    spelled = [text.replace(" ", "").replace("-", "").removesuffix("s") for text in await queries(client, "usb-c")]
    assert len(spelled) == len(set(spelled)) > 0, spelled


async def test_the_commoner_and_the_more_popular_come_first(client: httpx.AsyncClient) -> None:
    found = await queries(client, "ca")
    assert found.index("cable") < found.index("camera")
    found = await queries(client, "head")
    assert found.index("headphones") < found.index("headphone stand")


async def test_suggestions_keep_to_the_chosen_category(client: httpx.AsyncClient) -> None:
    everywhere = {item["text"]: item["count"] for item in (await completed(client, "w"))["queries"]}
    shoes = await completed(client, "w", category="shoes")
    assert "wireless headphones" in everywhere
    assert {item["text"]: item["count"] for item in shoes["queries"]} == {"women": 1, "women's running shoes": 1}
    assert {item["sku"] for item in shoes["products"]} == {"RUN-W"}
    assert not any((await completed(client, "lap", category="shoes")).values())
    assert not any((await completed(client, "lap", category="no/such/category")).values())


async def test_a_new_product_is_suggested_and_a_hidden_one_no_longer(
    client: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch
) -> None:
    assert not await queries(client, "theremin")
    store(settings, [{"sku": "NEW", "name": "Etherwave Theremin", "brand": "Moogler", "category": "Instruments"}])
    sync_all(settings, db, es)
    assert "theremin" in await queries(client, "ther")
    for typed in ("moog", "instr"):
        assert any((await completed(client, typed)).values())
    store(settings, [{"sku": "NEW", "name": "Etherwave Theremin", "status": "archived"}])
    sync_all(settings, db, es)
    for typed in ("ther", "theremin", "etherw", "moog", "instr"):
        assert not any((await completed(client, typed)).values()), typed


async def test_the_noun_of_a_suggestion_is_the_thing_and_not_what_is_said_about_it(
    client: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch
) -> None:
    names = {
        "N-1": "Quirlsoft Shampoo without Sulfate", "N-2": "Quirlsoft Shampoo without Parabens",
        "N-3": "(2 Pack) Brimfast Phone Charger", "N-4": "Tavoslow Phone Charger",
    }  # fmt: skip
    store(settings, [{"sku": sku, "name": name, "inventory": 3} for sku, name in names.items()])
    sync_all(settings, db, es)
    assert await queries(client, "quirls") == ["quirlsoft shampoo", "quirlsoft"]
    assert await queries(client, "brimfast") == ["brimfast phone charger", "brimfast"]
    assert await queries(client, "tavoslow") == ["tavoslow phone charger", "tavoslow"]


@pytest.mark.parametrize("typed", ["quarŧz ł", "QUARTZ L", "quartz ło", "lodz quarŧ"])
async def test_letters_are_typed_as_they_are_or_as_the_keyboard_has_them(
    client: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch, typed: str
) -> None:
    store(settings, [{"sku": "L-1", "name": "Quarŧz Łódź"}])
    sync_all(settings, db, es)
    assert "quartz lodz" in await queries(client, typed)


async def test_every_section_keeps_to_the_limit(client: httpx.AsyncClient) -> None:
    for limit in (1, 3, 20):
        for typed in ("c", "s", "lap", "h", "wireless"):
            sections = await completed(client, typed, limit=limit)
            assert all(len(items) <= limit for items in sections.values())
            assert len(sections["queries"]) >= 1
