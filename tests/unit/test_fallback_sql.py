"""Statements of the spare engine are made of constants: what a client sends is a bound value, and nothing else."""

import re
from datetime import UTC, datetime
from uuid import uuid4

from catalog.filter_conditions import Forced
from search.parameters import parse_search
from search.planning.attribute_types import Kinds
from search.planning.context import SearchContext
from search.planning.plan import make_plan
from search.postgres.conditions import Identified, spellings
from search.postgres.names import Names, nearest, read_names
from search.postgres.statements import facets_statement, hits_statement, identified_statement, look_statement
from search.postgres.words import corrections_of, needed, wanted_of
from search.request import SearchRequest

HOSTILE = "x'); DROP TABLE products; -- :b0 %s \\"


def test_what_is_sent_is_in_no_statement() -> None:
    names = ("q", "category", "brand", "attr.color", f"attr.{HOSTILE}", "facets")
    pairs = [*((name, HOSTILE) for name in names[:-1]), ("facets", f"attr.{HOSTILE.replace(',', '')}")]
    request = parse_search(pairs).to_request()
    wanted = wanted_of(make_plan(request, SearchContext(datetime.now(UTC))), Names(), Identified())
    statements = [
        look_statement(request, wanted),
        hits_statement(request, wanted, Kinds()),
        facets_statement(request, wanted, Kinds(), request.facets or ()),
    ]
    for statement in statements:
        assert "DROP" not in statement.sql
        assert any("drop" in repr(value).lower() for value in statement.values.values())


def test_forced_filters_are_in_every_statement() -> None:
    request = SearchRequest("lamp", forced=Forced(brands=("Norvane",)))
    wanted = wanted_of(make_plan(request, SearchContext(datetime.now(UTC))), Names(), Identified())
    for statement in (
        look_statement(request, wanted),
        hits_statement(request, wanted, Kinds()),
        facets_statement(request, wanted, Kinds(), ("brand",)),
        facets_statement(request, wanted, Kinds(), ("brand",), "brand"),
    ):
        names = [name for name, value in statement.values.items() if value == ["Norvane"]]
        forced = re.findall(rf":(?:{'|'.join(names)})\b", statement.sql)
        assert len(forced) == statement.sql.count("p.status = 'active'") > 0


def test_nothing_is_looked_up_without_an_identifier() -> None:
    assert identified_statement("", "", ()) is None


def test_a_pattern_in_an_identifier_is_no_pattern() -> None:
    statement = identified_statement("", "nx_4%", ())
    assert statement is not None
    assert "nx\\_4\\%%" in statement.values.values()


def test_words_are_looked_for_in_their_other_spellings() -> None:
    assert spellings("wi-fi") == ("wi-fi", "wifi")
    assert spellings("13inch") == ("13inch", "13 inch", "13")
    assert spellings("lamp") == ("lamp",)


def test_how_many_words_must_be_held() -> None:
    assert [needed("some", words) for words in (1, 2, 3, 4, 5, 8)] == [1, 1, 2, 2, 3, 4]
    assert needed("any", 5) == 1
    assert needed("all", 5) is None


def test_a_mistyped_word_is_taken_for_the_nearest() -> None:
    assert nearest("hedphones", ["Aero Headphones", "Earphones"]) == "headphones"
    assert nearest("smasung", ["Samsung Phone"]) == "samsung"
    assert nearest("tv", ["TX"]) is None
    assert nearest("nx450", ["NX451"]) is None


def test_of_equally_near_words_the_commonest_is_meant() -> None:
    assert nearest("lanp", ["lamp", "land", "lamp"]) == "lamp"


def test_what_forced_filters_hide_corrects_nothing() -> None:

    names = read_names([], [(uuid4(), "Norvane")], trigrams=False)
    assert corrections_of(["norvan"], names, [], vocabulary=True) == {"norvan": "norvane"}
    assert corrections_of(["norvan"], names, [], vocabulary=False) == {}
