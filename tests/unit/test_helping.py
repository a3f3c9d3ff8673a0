"""What a search asks for besides, where no product holds the words as they are typed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from search.helping import POPULAR, build_help, help_bodies
from search.plan import SearchPlan, make_plan
from search.request import SearchRequest
from search.words import change

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def missed(q: str, **corrected: str) -> SearchPlan:
    """A search that found nothing as it is typed, with words that were taken for others."""
    plan = make_plan(SearchRequest(q), NOW)
    words = change(plan.words, corrected, ())
    return replace(plan, missed=True, words=words, corrected=tuple(corrected.items()))


@pytest.mark.parametrize(
    ("plan", "looked_for"),
    [
        (missed("wireles hedphones"), True),
        (missed("wireles hedphones", wireles="wireless", hedphones="headphones"), False),
        # The word that is left unknown may still be mistyped.
        (replace(missed("wireles qedphones", wireles="wireless"), dropped=("qedphones",)), True),
        (replace(missed("wireles headphonesblack", wireles="wireless"), split=("headphonesblack",)), True),
    ],
)
def test_errors_are_looked_for_once(plan: SearchPlan, looked_for: bool) -> None:
    bodies = help_bodies(plan)
    assert POPULAR in bodies
    assert ("mistyped" in bodies) == looked_for


def test_what_is_found_as_typed_needs_no_help() -> None:
    assert help_bodies(make_plan(SearchRequest("mug"), NOW)) == {}


def test_neither_what_was_typed_nor_what_it_was_taken_for_is_offered() -> None:
    plan = missed("wirelss", wirelss="wireless")
    hit = {"fields": {"id": ["1"], "name.folded": ["aero wireless headphones"]}, "sort": [1.0]}
    samples = {name: {"hits": {"hits": [hit] if name == "products" else []}} for name in help_bodies(plan)}
    offered = [item["text"] for item in build_help(plan, samples, nothing=False)["queries"]]
    assert "wireless headphones" in offered
    assert not {"wirelss", "wireless"} & set(offered)
