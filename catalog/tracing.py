"""Traces by OTLP, where `CATALOG_OTLP_ENDPOINT` is set. Without it no span is recorded, and nothing is loaded for it.

A span is made around a request or call (here), a transaction (`catalog.database`), a request to Elasticsearch (by its
client itself) and a task of a worker. None has what a client wrote, but the route and the id of the request.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from importlib.metadata import version
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from catalog.settings import Settings

SERVICE = "catalog"
# A collector that does not answer delays nothing: what does not fit into the queue is lost.
EXPORT_SECONDS = 5

# An error's message may hold what a client wrote, and a statement with its values.
_NO_EXCEPTION_DETAILS: dict[str, Any] = {"record_exception": False, "set_status_on_exception": False}

Attributes = Mapping[str, str | int]
_tracer = trace.get_tracer(SERVICE)
_propagator = TraceContextTextMapPropagator()


def configure_tracing(settings: Settings, process: str) -> None:
    """Once in a process, after it has forked. `process` is what it does: serve, worker."""
    if settings.otlp_endpoint is None:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    share = TraceIdRatioBased(settings.otlp_sample)
    # A caller may name the trace, and not decide that all of its own are recorded.
    provider = TracerProvider(
        sampler=ParentBased(share, remote_parent_sampled=share),
        resource=Resource.create(
            {"service.name": SERVICE, "service.version": version("catalog-search"), "catalog.process": process}
        ),
    )
    address = f"{settings.otlp_endpoint.rstrip('/')}/v1/traces"
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=address, timeout=EXPORT_SECONDS)))
    trace.set_tracer_provider(provider)


def server_span(name: str, traceparent: str | None, attributes: Attributes) -> AbstractContextManager[Span]:
    """Around what a client asked for, in the client's trace if it names one."""
    above = _propagator.extract({"traceparent": traceparent} if traceparent else {})
    return _tracer.start_as_current_span(name, above, SpanKind.SERVER, dict(attributes), **_NO_EXCEPTION_DETAILS)


def span(name: str, attributes: Attributes) -> AbstractContextManager[Span]:
    """Around a part of a request, or around work in the background."""
    return _tracer.start_as_current_span(
        name, kind=SpanKind.INTERNAL, attributes=dict(attributes), **_NO_EXCEPTION_DETAILS
    )


def failed(made: Span, description: str) -> None:
    """Mark what was our fault."""
    made.set_status(StatusCode.ERROR, description)


def trace_id(made: Span) -> str | None:
    """Of a span that is recorded."""
    return trace.format_trace_id(made.get_span_context().trace_id) if made.is_recording() else None
