"""What a walk remembers of its first page."""

from datetime import UTC, datetime
from typing import Any

from search.elasticsearch import cursor
from search.elasticsearch.query import search_body
from search.planning.attribute_types import read_kinds
from search.planning.plan import make_plan
from search.request import SearchRequest

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = "a key that only the tests know: 0123456789"
REQUEST = SearchRequest("black laptop bag", facets=())
ANSWER: dict[str, Any] = {"hits": {"hits": [{"sort": [1.5, "id"]}]}}


def test_a_walk_is_of_one_list_whatever_is_learned_of_the_catalogue_meanwhile() -> None:
    first = make_plan(REQUEST, NOW, read_kinds([], ["color\x1fblack", "use\x1flaptop"]))
    text = cursor.write(cursor.after_last(first, ANSWER, "a point", 1), KEY)
    for tokens in ([], ["strap\x1fblack"]):
        later = make_plan(REQUEST, datetime(2026, 1, 2, tzinfo=UTC), read_kinds([], tokens))
        resumed = cursor.resume(later, cursor.read(text, REQUEST, KEY))
        assert search_body(resumed)["query"] == search_body(first)["query"]
