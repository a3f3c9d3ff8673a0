"""What a walk remembers of its first page."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from catalog.filter_conditions import Forced
from search.elasticsearch import cursor
from search.elasticsearch.query import search_body
from search.planning.attribute_types import read_kinds
from search.planning.context import SearchContext
from search.planning.plan import make_plan
from search.request import Range, SearchRequest

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = "a key that only the tests know: 0123456789"
REQUEST = SearchRequest("black laptop bag", facets=())
ANSWER: dict[str, Any] = {"hits": {"hits": [{"sort": [1.5, "id"]}]}}


def test_a_walk_is_of_one_list_whatever_is_learned_of_the_catalogue_meanwhile() -> None:
    first = make_plan(REQUEST, SearchContext(NOW, read_kinds([], ["color\x1fblack", "use\x1flaptop"])))
    text = cursor.write(cursor.after_last(first, ANSWER, "a point", 1), KEY)
    for tokens in ([], ["strap\x1fblack"]):
        later = make_plan(REQUEST, SearchContext(datetime(2026, 1, 2, tzinfo=UTC), read_kinds([], tokens)))
        resumed = cursor.resume(later, cursor.read(text, REQUEST, KEY))
        assert search_body(resumed)["query"] == search_body(first)["query"]


def test_a_walk_goes_on_while_older_and_newer_instances_run_side_by_side() -> None:
    """These are the fingerprints that the first cursors had: another spelling of a request would end every walk."""
    everything = SearchRequest(
        "red mug's", "a/b", ("A", "B"), (("color", ("red", "blue")),), (("depth", Range(1.0, None)),), Range(None, 999),
        in_stock=True, on_sale=True, sort="price_asc", page=3, per_page=50, facets=(), cursor="*", explain=True,
        exact=True, language="de", forced=Forced("audio", ("A",), (("c", ("x",)),), in_stock=True),
    )  # fmt: skip
    assert cursor.fingerprint(everything) == "5151fcfc247b6c09e87fd646fcfd1229"
    assert cursor.fingerprint(SearchRequest()) == "fe22233632f526bd2b37ebfd12d39612"
    held = cursor.after_last(make_plan(REQUEST, SearchContext(NOW)), ANSWER, "a point", 1)
    assert {field.name for field in fields(held)} == {
        "after", "position", "point", "search", "now", "strictness", "corrections", "dropped", "split", "near",
        "synonyms", "named",
    }  # fmt: skip
