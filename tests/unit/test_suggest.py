"""What sampled products suggest, without a server."""

from datetime import UTC, datetime

import pytest

from search.autocomplete.counts import Counted
from search.autocomplete.highlight import completed, found
from search.autocomplete.input import AutocompleteQuery, read_typed
from search.autocomplete.match import name_words
from search.autocomplete.memory import LARGE, MOST_COUNTS, Memory
from search.autocomplete.queries import Found, add_categories, add_names, choose
from search.autocomplete.samples import Node, Sampled
from search.planning.context import SearchContext
from search.request import AutocompleteRequest

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def typed(q: str, limit: int = 8) -> AutocompleteQuery:
    return read_typed(AutocompleteRequest(q, limit), SearchContext(NOW))


def suggested(q: str, *names: str, brand: str | None = None, typos: bool = False) -> list[str]:
    """The queries that products of these names suggest; the first is the most popular."""
    words = typed(q)
    samples = [Sampled(str(at), 1 / (at + 1), name, brand) for at, name in enumerate(names)]
    queries: Found = {}
    add_names(queries, words, samples, typos=typos)
    return [candidate.text for candidate in choose(queries, words)]


@pytest.mark.parametrize(
    ("name", "noun"),
    [
        ("norvane laptop bag 15 inch, black", "bag"), ("halcyra vertex 680 wireless earbuds, navy", "earbuds"),
        ("hp pavilion dv7-1211ea notebook silver 43.2 cm (17\")", "notebook"), ("cotton t-shirt", "t-shirt"),
        ("toner cartridge for laser printers", "cartridge"), ("usb-c cable, 2 m", "cable"),
        ("stand with clamp", "stand"), ("dress in black", "dress"),
        ("quirlsoft shampoo without sulfate", "shampoo"), ("shampoo w/o parabens", "shampoo"),
        ("cushion that warms", "cushion"), ("headset und halterung", "headset"), ("lamp & shade", "lamp"),
        ("(2 pack) quirlfast phone charger", "charger"), ("[set of 3] glass jars | kitchen", "jars"),
        ("norvane: phone charger", "charger"), ("3 in 1 cable", "cable"), ("samsung qled tv 55 inch", "tv"),
        ("ink cartridge cyan", "cartridge"), ("chocolate bar", "bar"), ("ring-original", "ring"),
    ],
)  # fmt: skip
def test_the_noun_of_a_name(name: str, noun: str) -> None:
    assert name_words(name).noun_text() == noun


@pytest.mark.parametrize("name", ["450 x 20 mm", "", "6 pack - for laptop bags", "450, 16 bar"])
def test_a_name_may_have_no_noun(name: str) -> None:
    assert name_words(name).noun is None


@pytest.mark.parametrize(
    ("name", "brand", "noun"),
    [
        ("laptop lenovo x", "Lenovo", "laptop"), ("fjallmark mug fjallmark", "Fjällmark", "mug"),
        ("mouse by norvane", "Norvane", "mouse"), ("norvane 450", "Norvane", "norvane"),
        ("torrent & tide cairn head torch", "Torrent & Tide", "torch"),
    ],
)  # fmt: skip
def test_a_brand_is_no_noun_unless_there_is_no_other(name: str, brand: str, noun: str) -> None:
    words = name_words(name, brand)
    assert words.noun_text() == noun


def test_what_a_thing_is_without_is_not_suggested_as_the_thing() -> None:
    names = ["quirlsoft shampoo without sulfate", "quirlsoft shampoo without parabens"]
    assert suggested("quirls", *names) == ["quirlsoft shampoo", "quirlsoft"]


def test_a_name_that_begins_with_a_count_of_pieces_is_completed_to_its_thing() -> None:
    assert "quirlfast phone charger" in suggested("quirlfast", "(2 pack) quirlfast phone charger")


def test_words_side_by_side_are_suggested_in_the_order_of_the_name() -> None:
    assert suggested("shoes run", "trail running shoes")[0] == "running shoes"
    assert suggested("laptop norv", "norvane slim laptop")[0] == "norvane laptop"


def test_the_noun_is_what_is_meant() -> None:
    assert suggested("h", "halo pro wireless headphones")[0] == "headphones"


def test_a_phrase_ends_at_a_comma() -> None:
    assert all("," not in text for text in suggested("bag", "laptop bag, black", "bag, leather"))


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("lap", ["laptop 15 inch", "laptop 17 inch", "laptops"]),
        ("mug", ["mug, red", "mug blue", "mugs, small"]),
        ("cable", ["cable 1 m", "cable 2 m"]),
    ],
)  # fmt: skip
def test_sizes_colours_and_plurals_are_one_thing(q: str, names: list[str]) -> None:
    assert len(suggested(q, *names)) == 1


def test_who_types_a_number_chooses_one() -> None:
    assert {"iphone 15", "iphone 14"} <= set(suggested("iphone 1", "iphone 15 case", "iphone 14 case"))


def test_the_same_products_are_suggested_twice_at_most() -> None:
    assert len(suggested("norv", "norvane air ultra slim laptop", brand="Norvane")) <= 2


def test_a_category_is_suggested_by_its_name() -> None:
    words = typed("women runn")
    nodes = (Node("shoes", "Shoes", "1", "Shoes"), Node("shoes/run", "Running Shoes", "2", "Shoes > Running Shoes"))
    queries: Found = {}
    add_categories(queries, words, [Sampled("1", 1, "women's trainer", "Strideon", nodes=nodes)])
    assert [candidate.text for candidate in choose(queries, words)] == ["womens running shoes"]


@pytest.mark.parametrize(
    ("text", "q", "expected"),
    [
        ("wireless headphones", "wireless h", "wireless h<em>eadphones</em>"),
        ("running shoes", "shoes run", "run<em>ning</em> shoes"),
        ("laptop bag", "laptop", "laptop <em>bag</em>"),
        ("norvane laptop", "lap", "<em>norvane</em> lap<em>top</em>"),
        ("mouse", "mose", "mouse"),
        ("women's shoes", "womens sh", "women&#x27;s sh<em>oes</em>"),
        ('16" laptop', "16 inch lap", "16&quot; lap<em>top</em>"),
        ("a & b", "a", "a <em>&amp; b</em>"),
    ],
)  # fmt: skip
def test_what_is_new_is_marked(text: str, q: str, expected: str) -> None:
    assert completed(text, typed(q).parts) == expected


def test_found_words_of_a_name_are_marked_whole() -> None:
    assert found("Norvane <NX> Laptop", ("lap",)) == "Norvane &lt;NX&gt; <em>Laptop</em>"
    assert found("Norvane Laptop", ("lpatop",)) == "Norvane <em>Laptop</em>"
    assert found("Norvane <NX>", ("shoe",)) == "Norvane &lt;NX&gt;"
    assert found('Norvane 13" Laptop', ("13inch",)) == "Norvane <em>13&quot;</em> Laptop"


def test_words_that_a_search_leaves_out_are_not_asked_for() -> None:
    assert typed("shoes for wom").parts == ("shoes", "wom")
    assert typed("shoes for").parts == ("shoes", "for")


def test_a_question_is_not_completed() -> None:
    assert not typed("b c d e f g h i j").completable
    assert not typed("").completable
    assert typed("usb usb usb usb usb usb usb usb usb c").completable


@pytest.mark.parametrize(
    ("q", "identifier"),
    [("nx-4", "nx4"), ("NX 450", "nx450"), ("400638", "400638"), ("4006", ""), ("laptop", ""), ("n4", ""), ("", "")],
)
def test_what_may_be_the_beginning_of_an_identifier(q: str, identifier: str) -> None:
    assert typed(q).identifier == identifier


def test_parts_of_a_model_number_are_never_mistyped() -> None:
    assert not typed("abcd-123").may_be_mistyped
    assert typed("abcd 123").edits_allowed("abcd") == 1
    assert typed("abcd 123").edits_allowed("123") == 0


def test_memory_keeps_large_counts_for_some_seconds() -> None:
    memory = Memory(60)
    memory.remember("shoes", {Counted("query", "shoe"): LARGE, Counted("query", "boot"): LARGE - 1})
    assert memory.counts("shoes", [Counted("query", "shoe"), Counted("query", "boot")]) == {
        Counted("query", "shoe"): LARGE
    }
    assert memory.counts(None, [Counted("query", "shoe")]) == {}


def test_memory_knows_the_beginnings_of_words() -> None:
    memory = Memory(60)
    memory.learn(["shoes", "tv"])
    assert all(map(memory.knows, ["sho", "shoe", "shoes"]))
    assert not any(map(memory.knows, ["sh", "hoe", "shoesx", "tv", ""]))


def test_memory_of_no_seconds_keeps_nothing() -> None:
    memory = Memory(0)
    memory.remember(None, {Counted("query", "shoe"): LARGE})
    memory.learn(["shoes"])
    assert memory.counts(None, [Counted("query", "shoe")]) == {}
    assert not memory.knows("shoes")


def test_memory_forgets_before_it_grows_too_large() -> None:
    memory = Memory(60)
    for number in range(MOST_COUNTS + 10):
        memory.remember(None, {Counted("query", f"{number}"): LARGE})
    assert memory.counts(None, [Counted("query", "0")]) == {}
    assert memory.counts(None, [Counted("query", f"{MOST_COUNTS + 9}")])
