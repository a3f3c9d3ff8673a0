"""A search goes from file to file downward: no code calls into a module that imports the module it stands in."""

import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

import grimp
import httpx
import pytest
from fastapi import FastAPI

PACKAGES = ("api", "services", "search", "catalog", "mappings")
ROOT = Path(__file__).parents[2]
REQUESTS = [
    ("/api/v1/search", {"q": "norvane hedphones", "price_max": "500"}),
    ("/api/v1/search", {"category": "computers", "attr.color": "black"}),
    ("/api/v1/autocomplete", {"q": "lapt"}),
    ("/api/v1/search/facets/brand", {"q": "laptop", "prefix": "n"}),
]
# Runs work that it is handed, in a task of its own, once for all who wait for it.
RUNNERS = ("catalog.single_flight",)
pytestmark = pytest.mark.usefixtures("small_catalogue")


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, cache_dir=None)


class Calls:
    """Calls from one module of ours to another one, through what is not ours, while it is entered."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], str] = {}

    def __enter__(self) -> "Calls":
        sys.setprofile(self._see)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _see(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and (called := module_of(frame.f_code.co_filename)):
            caller = next(_callers(frame), None)
            if caller is not None and caller != called:
                self.found.setdefault((caller, called), frame.f_code.co_qualname)


def _callers(frame: FrameType) -> Iterator[str]:
    above = frame.f_back
    while above is not None:
        if module := module_of(above.f_code.co_filename):
            yield module
        above = above.f_back


@lru_cache(None)
def module_of(file: str) -> str | None:
    path = Path(file)
    if not path.is_relative_to(ROOT) or path.relative_to(ROOT).parts[0] not in PACKAGES:
        return None
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("away", [False, True], ids=["elasticsearch", "postgres"])
@pytest.mark.parametrize(("path", "params"), REQUESTS)
async def test_from_the_service_on_no_call_climbs(
    app: FastAPI,
    client: httpx.AsyncClient,
    graph: grimp.ImportGraph,
    path: str,
    params: dict[str, str],
    away: bool,
) -> None:
    while away and app.state.search.breaker.closed:
        app.state.search.breaker.failed()
    with Calls() as calls:
        answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    below = {pair: name for pair, name in calls.found.items() if not pair[0].startswith(("api.", *RUNNERS))}
    assert len(below) > 20
    assert any("postgres" in called for _, called in below) == away
    assert {
        (caller, called, name)
        for (caller, called), name in below.items()
        if graph.chain_exists(importer=called, imported=caller)
    } == set()
