"""The benchmarks of searching at tiny sizes: that they ask what they should, notice failures and say what they found.

Their figures mean nothing here, and none is looked at.
"""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import psycopg
import pytest
from elasticsearch import Elasticsearch

from bench import catalogue
from bench.by_id import Grpc, by_id, own_process
from bench.load import Call, Load, load_program
from bench.processes import running
from bench.progress import Quiet
from bench.recording import recorded_completions, recorded_searches
from bench.report import Report
from bench.run import BenchRun
from bench.scale import measure_size, scale
from bench.search import search
from bench.shop import note, wait_for
from bench.shopper import SHARES, Shopper, look_around
from bench.suggest import suggest
from catalog.settings import Settings
from search.parameters import parse_search
from stack.ports import free_port
from tests.support import store, sync_all

pytestmark = pytest.mark.secured

Db = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def patient(settings: Settings) -> Settings:
    """Settings with which a slow machine gives no errors: how fast answers come is none of these tests' business."""
    return settings.model_copy(update={"search_timeout_seconds": 30})


@pytest.fixture(scope="module")
def load() -> Iterator[Load]:
    with load_program() as program:
        yield program


@contextmanager
def answering(*answers: tuple[int, bytes]) -> Iterator[str]:
    """A server that gives these answers in turn, over and over; its address."""
    given = iter(range(10**9))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = answers[next(given) % len(answers)]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def figures(report: Report) -> dict[str, Any]:
    """The figures by name, of a report in which nothing went wrong."""
    said = json.loads(json.dumps(report.as_dict()))
    assert (said["problems"], said["differing"], said["ok"]) == ([], [], True)
    return {figure["name"]: figure for figure in said["figures"]}


def test_a_shopper_asks_the_same_for_the_same_seed_and_of_every_kind(db: Db) -> None:
    ids = catalogue.load(db, 400, 3, Quiet())
    seen = look_around(db, ids, 3)

    asked = Shopper(seen, 3).searches(500)

    assert Shopper(look_around(db, ids, 3), 3).searches(500) == asked != Shopper(seen, 4).searches(500)
    kinds = Counter(one.kind for one in asked)
    assert all(abs(kinds[kind] / 5 - share) < 7 for kind, share in SHARES.items())
    requests = [parse_search(one.parameters).to_request() for one in asked]
    filtered = [request for request in requests if request.q]
    assert any(request.brands for request in filtered)
    assert any(request.price for request in filtered)
    assert any(request.attributes for request in filtered)
    assert any(request.ranges for request in filtered)
    assert any(request.category for request in filtered)


def test_a_shopper_types_key_by_key(db: Db) -> None:
    ids = catalogue.load(db, 100, 3, Quiet())

    typed = Shopper(look_around(db, ids, 3), 3).keystrokes(300)

    assert len(typed) == 300
    assert all(text and text == text.strip() for text in typed)
    assert all(text[:-1].strip() in typed for text in typed if len(text) > 1)


def test_what_is_recorded_is_what_the_engine_asks_elasticsearch(
    settings: Settings, db: Db, es: Elasticsearch, index: str
) -> None:
    store(settings, [{"sku": "LAMP", "name": "Desk lamp"}, {"sku": "CHAIR", "name": "Chair"}])
    sync_all(settings, db, es)

    [(sent, result)] = recorded_searches(settings, [(("q", "lamp"),)])
    [(completed, suggested)] = recorded_completions(settings, [(("q", "la"),)])

    assert [hit.sku for hit in result.hits] == ["LAMP"]
    assert 1 <= len(sent) <= 3
    assert all(call.url.startswith(settings.elasticsearch_url) for call in sent)
    assert b"lamp" in (sent[-1].body or b"")
    assert suggested.query == "la"
    assert completed


def test_what_is_recorded_can_be_sent_again(
    settings: Settings, db: Db, es: Elasticsearch, index: str, load: Load
) -> None:
    store(settings, [{"sku": "LAMP", "name": "Desk lamp"}])
    sync_all(settings, db, es)
    [(sent, _)] = recorded_searches(settings, [(("q", "lamp"),)])

    [measured] = load.in_turn([[sent] * 5], 0)

    assert (len(measured.milliseconds), len(measured.took), measured.errors) == (5, 5, [])
    assert measured.per_second > 0


def test_streams_are_asked_as_often_as_each_other(load: Load) -> None:
    with answering((200, b'{"took": 7}'), (200, b'{"hits": [], "took_ms": 1.5}')) as url:
        first, second = load.in_turn([[(Call("GET", url),)] * 4, [(Call("GET", url),) * 2] * 4], 0)

    assert (len(first.milliseconds), len(second.milliseconds)) == (4, 4)
    assert set(first.took) <= {7, 1.5}
    # Two calls are one search.
    assert second.took == [8.5] * 4


def test_a_rate_is_kept_however_late_answers_are(load: Load) -> None:
    with answering((200, b"{}")) as url:
        measured = load.paced([(Call("GET", url),)], per_second=50, seconds=0.5)

    assert (len(measured.milliseconds), measured.failed) == (25, 0)


@pytest.mark.parametrize(
    "answer",
    [
        (503, b'{"title": "Temporarily unavailable"}'),
        (200, b'{"took":1,"timed_out":true}'),
        (200, b'{"_shards":{"failed":1,"failures":[{"shard":0}]}}'),
        (200, b'{"responses":[{"error":{"type":"too_long"},"status":400}]}'),
        (200, b'{"hits":[],"degraded":true}'),
    ],
)
def test_an_answer_that_is_not_whole_fails_the_report(load: Load, answer: tuple[int, bytes]) -> None:
    report = Report("search", {}, {})
    with answering((200, b"{}"), answer) as url:
        measured = load.closed([(Call("GET", url),)], clients=1, seconds=0.2)

    note(report, "searches", measured)

    assert measured.failed >= 1
    assert not report.ok
    assert report.problems[0].startswith(f"searches: {measured.failed} of")
    assert url in report.problems[0]


def test_a_server_that_is_away_fails_the_report(load: Load) -> None:
    report = Report("search", {}, {})
    [measured] = load.in_turn([[(Call("GET", f"http://127.0.0.1:{free_port()}"),)]], 0)

    note(report, "searches", measured)

    assert (measured.failed, measured.milliseconds) == (1, [])
    assert not report.ok


@pytest.mark.process
def test_searches_are_measured_beside_the_same_bodies_sent_straight(patient: Settings, db: Db, index: str) -> None:
    report = search(
        BenchRun(patient, Quiet(), products=300, seed=1), seconds=0.5, rounds=1, searches=60, warm_up_seconds=0.5
    )

    found = figures(report)
    assert {name: figure["goal"] for name, figure in found.items() if figure["goal"]} == {
        "search, one by one, p50": "<= 4 ms more",
        "facets on, p50, beside facets off": "<= 2 x",
        "searches at saturation, 16 clients": ">= 0.6 x",
        next(name for name in found if name.startswith("at half load")): "<= 3 x",
        "to Elasticsearch, p99": "<= 2 round trips",
    }
    assert {"    head, p50", "    typo, p50", "    filters, p50"} <= found.keys()
    assert sum(report.runs[0]["kinds"].values()) == 60


@pytest.mark.process
def test_suggestions_are_measured_at_a_rate(patient: Settings, db: Db, index: str) -> None:
    report = suggest(BenchRun(patient, Quiet(), products=300, seed=1), seconds=1, rate=40, warm_up_seconds=0.5)

    found = figures(report)
    assert found["autocomplete, server-side, p50"]["goal"] == "<= 8 ms"
    assert found["autocomplete, server-side, p99"]["goal"] == "<= 25 ms"
    assert report.runs[0]["requests"] == 40


@pytest.mark.process
def test_two_sizes_are_compared(patient: Settings, db: Db, index: str) -> None:
    size = measure_size(BenchRun(patient, Quiet(), products=200, seed=1), seconds=0.2, searches=20, warm_up_seconds=0.2)

    found = figures(scale(size, size, 1))

    assert {name: (figure["ratio"], figure["goal"]) for name, figure in found.items()} == {
        "search, p50": (1, "<= 4 x"),
        "autocomplete, p50": (1, "<= 1.5 x"),
    }


@pytest.mark.process
def test_a_product_by_id_is_measured_beside_bare_endpoints(settings: Settings, db: Db, index: str) -> None:
    report = by_id(BenchRun(settings, Quiet(), products=100, seed=1), seconds=0.5, rounds=1, warm_up_seconds=0.2)

    found = figures(report)
    assert [figure["goal"] for figure in found.values()] == [">= 0.5 x", None, "<= 20 ms"] * 2
    assert all(figure["reference"] for figure in found.values())
    assert {run["door"] for run in report.runs} == {"REST", "gRPC"}


@pytest.mark.process
def test_a_method_that_fails_fails_the_report(settings: Settings, db: Db, index: str) -> None:
    report = Report("by-id", {}, {})
    http_port, grpc_port = free_port(), free_port()
    with running(settings, str(http_port), str(grpc_port), module="bench.baseline_api"), own_process() as process:
        wait_for(f"http://127.0.0.1:{http_port}/docs")
        measured = Grpc(process, grpc_port, [UUID(int=1)]).closed(0.2)
    note(report, "gRPC", measured)

    assert measured.failed
    assert not report.ok
