"""Which probes are kept."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from search.clauses.scope import read_last_change
from search.planning.attribute_types import Kinds
from search.planning.context import SearchContext
from search.planning.facet_selection import FacetSample
from search.planning.plan import Probe, SearchPlan, make_plan
from search.planning.probe_cache import LARGE, MOST, ProbeCache
from search.request import SearchRequest

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BODY: dict[str, Any] = {"query": {"term": {"a": "b"}}}


def found(every: int, some: int) -> Probe:
    sample = FacetSample(Kinds(), (), True, None)
    return Probe(every, some, sample, sample, identified=False)


def plan(q: str = "") -> SearchPlan:
    return make_plan(SearchRequest(q=q), SearchContext(NOW))


@pytest.mark.parametrize(
    ("q", "probe", "kept"),
    [
        ("shoe", found(LARGE, LARGE), True),
        ("shoe", found(LARGE - 1, 10_000), False),
        ("", found(0, LARGE), True),
        ("", found(0, LARGE - 1), False),
    ],
)
def test_only_what_a_few_products_cannot_turn_is_remembered(q: str, probe: Probe, kept: bool) -> None:
    probes = ProbeCache(60)
    probes.put(plan(q), BODY, probe)
    known = probes.get(BODY)
    assert (known is not None) == kept
    assert known is None or (known.matches_all, known.matches_some) == (probe.matches_all, probe.matches_some)
    assert probes.get({"query": {"term": {"a": "c"}}}) is None


def test_nothing_is_remembered_for_no_time() -> None:
    probes = ProbeCache(0)
    probes.put(plan(), BODY, found(LARGE, LARGE))
    assert probes.get(BODY) is None


def test_memory_is_bounded() -> None:
    probes = ProbeCache(60)
    for number in range(MOST + 1):
        probes.put(plan(), {"number": number}, found(LARGE, LARGE))
    assert probes.get({"number": 0}) is None
    assert probes.get({"number": MOST}) is not None


def test_the_longest_unused_look_is_forgotten_first() -> None:
    probes = ProbeCache(60)
    for number in range(MOST):
        probes.put(plan(), {"number": number}, found(LARGE, LARGE))
    assert probes.get({"number": 0}) is not None
    probes.put(plan(), {"number": MOST}, found(LARGE, LARGE))
    assert probes.get({"number": 0}) is not None
    assert probes.get({"number": 1}) is None


async def test_a_look_is_forgotten_when_its_seconds_are_over() -> None:
    probes = ProbeCache(0.5)
    probes.put(plan(), BODY, found(LARGE, LARGE))
    assert probes.get(BODY) is not None
    await asyncio.sleep(0.5)
    assert probes.get(BODY) is None


def test_the_last_change_of_what_is_visible() -> None:
    def answer(began: float | None, ended: float | None) -> dict[str, Any]:
        times = {"publish_from": began, "publish_until": ended}
        return {"windows": {name: {"last": {"value": value}} for name, value in times.items()}}

    assert read_last_change(answer(None, None)) == datetime(1970, 1, 1, tzinfo=UTC)
    assert read_last_change(answer(86_400_000.0, None)) == datetime(1970, 1, 2, tzinfo=UTC)
    assert read_last_change(answer(86_400_000.0, 172_800_000.0)) == datetime(1970, 1, 3, tzinfo=UTC)
