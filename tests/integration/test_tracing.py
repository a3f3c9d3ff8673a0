"""Traces as a collector gets them: of a real API process and a real worker, by OTLP over HTTP."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import httpx
import psycopg
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from catalog.settings import Settings
from catalog.v1.product_service_pb2 import GetProductRequest
from catalog.v1.product_service_pb2_grpc import ProductServiceStub
from stack.ports import free_port
from tests.processes import is_up, running, wait_until
from tests.support import store

pytestmark = pytest.mark.process

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
SECRET = "what-nobody-else-should-read"


class Collector(ThreadingHTTPServer):
    """`held` are the spans by their ids, because one may be sent again, with the process that made them."""

    def __init__(self) -> None:
        self.held: dict[bytes, tuple[str, Span]] = {}
        self.paths: set[str] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def named(self, name: str) -> list[Span]:
        return [span for _, span in list(self.held.values()) if span.name == name]


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.paths.add(self.path)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            process = {held.key: held.value.string_value for held in resource.resource.attributes}["catalog.process"]
            self.server.held |= {
                span.span_id: (process, span) for scope in resource.scope_spans for span in scope.spans
            }
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def told(span: Span) -> dict[str, Any]:
    return {held.key: getattr(held.value, held.value.WhichOneof("value") or "") for held in span.attributes}


@pytest.mark.usefixtures("index")
def test_requests_calls_and_tasks(settings: Settings, db: psycopg.Connection[Any], collector: Collector) -> None:
    ids = store(settings, [{"sku": "A"}])
    http, rpc = free_port(), free_port()
    traced = settings.model_copy(update={"otlp_endpoint": collector.address, "http_port": http, "grpc_port": rpc})
    address = f"http://127.0.0.1:{http}"
    with running(traced, "serve"), running(traced, "worker"), running(traced, "pump"):
        wait_until(lambda: is_up(address), 120)
        headers = {**TRACEPARENT, "X-Request-ID": "the-request"}
        assert httpx.get(f"{address}/api/v1/products/{ids['A']}?x=1", headers=headers).status_code == 422
        assert httpx.get(f"{address}/api/v1/products/{ids['A']}", headers=headers).status_code == 200
        httpx.get(f"{address}/api/v1/search", params={"q": SECRET}, headers={"X-API-Key": SECRET})
        assert httpx.get(f"{address}/api/v1/search", params={"q": SECRET}).status_code == 200
        with grpc.insecure_channel(f"127.0.0.1:{rpc}") as channel:
            ProductServiceStub(channel).GetProduct(
                GetProductRequest(id=str(ids["A"])), metadata=tuple(TRACEPARENT.items())
            )
        wait_until(lambda: db.execute("SELECT count(*) FROM product_sync WHERE synced_version > 0").fetchone() == (1,))
        wait_until(lambda: bool(collector.named("task sync.drain")), 60)
        wait_until(lambda: bool(collector.named("catalog.v1.ProductService/GetProduct")), 60)
    assert collector.paths == {"/v1/traces"}
    refused, answered = sorted(
        collector.named("GET /api/v1/products/{product_id}"), key=lambda span: span.start_time_unix_nano
    )
    assert (refused.trace_id.hex(), answered.trace_id.hex()) == (TRACE, TRACE)
    assert told(answered) == {
        "http.request.method": "GET", "http.route": "/api/v1/products/{product_id}",
        "http.response.status_code": 200, "catalog.request_id": "the-request",
    }  # fmt: skip
    assert answered.span_id in [span.parent_span_id for span in collector.named("postgres product_reads.get")]
    (call,) = collector.named("catalog.v1.ProductService/GetProduct")
    assert (call.trace_id.hex(), told(call)["rpc.grpc.status_code"]) == (TRACE, 0)
    search = {span.span_id for span in collector.named("GET /api/v1/search")}
    assert search & {span.parent_span_id for span in collector.named("msearch")}
    assert {process for process, _ in collector.held.values()} == {"serve", "worker"}
    assert not [span for _, span in collector.held.values() if "/health/" in span.name or SECRET in str(span)]
