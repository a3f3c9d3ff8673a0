"""Forced filters as they are read, bound in SQL, and apart from each other in what a process remembers."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from catalog.errors import Forbidden, InvalidInput
from catalog.filter_conditions import NOTHING_FORCED, Forced, condition, stored_as
from catalog.principals import PUBLIC, Principal
from catalog.schemas.fields import option_text
from mappings.attributes import value_text
from search.autocomplete.input import read_typed
from search.autocomplete.samples import sample_bodies
from search.clauses.filters import forced_clauses
from search.elasticsearch import cursor
from search.elasticsearch import spelling as corrections
from search.elasticsearch.catalogue_snapshot import MAX_CATALOGUES, Catalogues
from search.elasticsearch.query import best_body, facets_body, popular_body, probe_body, search_body
from search.elasticsearch.zero_results import zero_results_bodies
from search.parameters import parse_forced
from search.planning.context import SearchContext
from search.planning.plan import Evidence, QueryInterpretation, SearchPlan, make_plan
from search.request import AutocompleteRequest, SearchRequest
from services.access import forced_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BRAND = Forced(brands=("Norvane",))
CLAUSE = {"terms": {"brand.lower": ["Norvane"]}}


def plan(**fields: Any) -> SearchPlan:
    return make_plan(SearchRequest(forced=BRAND, **fields), SearchContext(NOW))


def test_parameters_as_a_search_has_them() -> None:
    sent = [("category", "audio"), ("brand", "A"), ("brand", "B"), ("attr.color", "red"), ("in_stock", "true")]
    assert parse_forced(sent) == Forced("audio", ("A", "B"), (("color", ("red",)),), in_stock=True)
    assert parse_forced([("attr.depth_min", "5")]) == Forced(attributes=(("depth_min", ("5",)),))


def test_no_parameters_force_nothing() -> None:
    assert parse_forced([]) == NOTHING_FORCED
    assert not NOTHING_FORCED
    assert condition(NOTHING_FORCED) == ("true", {})
    assert forced_clauses(NOTHING_FORCED) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("q", "red"), ("price_min", "5"), ("sort", "name"), ("rules", "off"), ("attr.", "x"), ("category", " "),
        ("brand", ""), ("brand", "x" * 1001), ("brand", "a\x00"), ("attr.a\x00", "b"), ("attr." + "n" * 101, "x"),
        ("in_stock", "false"), ("on_sale", "0"), ("on_sale", "maybe"), ("brand", "\ud800"),
    ],
)  # fmt: skip
def test_what_cannot_be_forced_is_named(name: str, value: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        parse_forced([(name, value)])
    assert raised.value.errors[0].field == name[:105]


def test_any_of_the_filters_forces_something() -> None:
    every = [Forced("a"), BRAND, Forced(attributes=(("a", ("b",)),)), Forced(in_stock=True), Forced(on_sale=True)]
    for forced in every:
        assert forced
        assert condition(forced)[0] != "true"
        assert len(forced_clauses(forced)) == 1


def test_what_is_sent_is_bound_and_never_sql() -> None:
    evil = "'); DROP TABLE products; --"
    sql, values = condition(Forced(evil, (evil,), ((evil, (evil,)),)))
    assert "DROP" not in sql
    assert list(values.values()) == ["drop-table-products", [evil], evil, [json.dumps(evil)]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("red", ['"red"']), ("true", ['"true"', "true"]), ("True", ['"True"']), ("12", ['"12"', "12"]),
        ("12.0", ['"12.0"']), ("2.5", ['"2.5"', "2.5"]), ("2.50", ['"2.50"']), ("1e-07", ['"1e-07"', "1e-07"]),
        ("1e3", ['"1e3"']), ("-0", ['"-0"']), ("nan", ['"nan"']), ("1_0", ['"1_0"']), ("٣", ['"\\u0663"']),
        ("1e999", ['"1e999"']),
    ],
)  # fmt: skip
def test_every_json_value_that_is_written_as_a_text(text: str, expected: list[str]) -> None:
    assert [json.dumps(value) for value in stored_as(text)] == expected
    _, values = condition(Forced(attributes=(("a", (text,)),)))
    assert expected in values.values()
    assert all(option_text(value) == value_text(value) == text for value in stored_as(text))


def test_credentials_with_filters_that_cannot_be_read_are_shown_nothing() -> None:
    with pytest.raises(Forbidden):
        forced_of(Principal("key:x", None, PUBLIC, (("colour", "red"),)))


def holds(query: Any, clause: Any) -> bool:
    """Whether the clause stands anywhere in it."""
    if query == clause:
        return True
    held = query.values() if isinstance(query, dict) else query if isinstance(query, list) else ()
    return any(holds(each, clause) for each in held)


def test_every_search_of_a_page_holds_them() -> None:
    typo = plan(q="hedphones red", sort="price_asc", category="audio", attributes=(("color", ("red",)),))
    query = QueryInterpretation(typo.query.words, matching="some")
    typo = SearchPlan(typo.request, SearchContext(NOW), Evidence(missed=True), query)
    bodies: list[Any] = [probe_body(typo), search_body(typo), facets_body(typo), best_body(typo), popular_body(typo)]
    bodies += [corrections.held_body(typo, {"hedphones": ["headphones"]}), *zero_results_bodies(typo).values()]
    for body in bodies:
        assert body is not None
        assert holds(body["query"], CLAUSE), body
    assert holds(probe_body(typo)["aggs"]["category"], CLAUSE)


def test_every_sample_of_what_is_typed_holds_them() -> None:
    for q in ("wireles h", "nx-45", "4006381333931"):
        bodies = sample_bodies(read_typed(AutocompleteRequest(q, 8, "audio", forced=BRAND), SearchContext(NOW)))
        assert bodies
        for body in bodies.values():
            assert holds(body["query"], CLAUSE), body


def test_a_walk_belongs_to_its_filters() -> None:
    prints = {cursor.fingerprint(SearchRequest(forced=forced)) for forced in (NOTHING_FORCED, BRAND, Forced("a"))}
    assert len(prints) == 3


def test_what_is_remembered_is_apart_for_each_set_of_filters() -> None:
    catalogues = Catalogues(60)
    catalogues.of(BRAND).memory.learn(["canary"])
    assert catalogues.of(Forced(brands=("Norvane",))).memory.knows("cana")
    assert not catalogues.of().memory.knows("cana")
    assert not catalogues.of(Forced(brands=("Weft",))).memory.knows("cana")


def test_the_longest_unused_filters_are_forgotten_first() -> None:
    catalogues = Catalogues(60)
    first, second = catalogues.of(Forced("0")), catalogues.of(Forced("1"))
    for number in range(2, MAX_CATALOGUES):
        catalogues.of(Forced(str(number)))
    assert catalogues.of(Forced("0")) is first
    catalogues.of(Forced("one more"))
    assert catalogues.of(Forced("0")) is first
    assert catalogues.of(Forced("1")) is not second


def test_a_correction_is_a_word_in_sight() -> None:
    option = {"text": "sonora", "score": 0.8, "freq": 9}
    other = {"text": "sonore", "score": 0.7, "freq": 1}
    suggest = {"name.written": [{"text": "sonoro", "options": [option, other]}]}
    options = corrections.options_of(["sonoro", "xyz"], suggest)
    assert corrections.best(options) == {"sonoro": "sonora"}
    # In the order of the body: sonora, sonore.
    answer = {"aggregations": {"held": {"buckets": [{"doc_count": 0}, {"doc_count": 1}]}}}
    assert corrections.best(corrections.in_sight(options, answer)) == {"sonoro": "sonore"}
    answer["aggregations"]["held"]["buckets"][1]["doc_count"] = 0
    assert corrections.in_sight(options, answer) == {}
