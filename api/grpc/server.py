"""The gRPC server: its services, its limits, its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import grpc
import structlog
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from starlette.datastructures import State

from api.grpc.health import Health
from api.grpc.interceptor import Gate
from api.grpc.metrics import CallMetrics
from api.grpc.servicer import ProductService
from api.grpc.watch import Watch
from catalog.errors import SettingsError
from catalog.settings import Settings
from catalog.v1.product_service_pb2_grpc import add_ProductServiceServicer_to_server

GRACE_SECONDS = 10.0
MAX_METADATA_BYTES = 16 * 1024
MAX_STREAMS_OF_A_CONNECTION = 100
_log = structlog.get_logger()


@asynccontextmanager
async def serving(state: State, port: int | None = None) -> AsyncIterator[int]:
    """Serves with the resources of the application until the block ends; the port, a free one for 0.

    Raises SettingsError for a certificate that can't be read and an address that is taken.
    """
    settings: Settings = state.settings
    metrics = CallMetrics(state.metrics.registry)
    watch = Watch(state.feed, state.identity, settings, metrics)
    health = Health(state.database)
    gate = Gate(state.identity, state.limiter, metrics, settings.request_timeout_seconds)
    server = grpc.aio.server(
        interceptors=[gate], options=_options(settings), maximum_concurrent_rpcs=settings.grpc_max_calls
    )
    add_ProductServiceServicer_to_server(ProductService(state.services, watch), server)
    add_HealthServicer_to_server(health, server)
    bound = _bind(server, settings, settings.grpc_port if port is None else port)
    await health.look()
    await server.start()
    looking = asyncio.create_task(health.follow())
    _log.info("grpc.started", host=settings.grpc_host, port=bound, tls=settings.grpc_tls_certificate is not None)
    try:
        yield bound
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        await health.enter_graceful_shutdown()
        watch.end()
        await server.stop(GRACE_SECONDS)


def _options(settings: Settings) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", settings.max_body_bytes),
        ("grpc.max_send_message_length", settings.grpc_max_response_bytes),
        ("grpc.max_metadata_size", MAX_METADATA_BYTES),
        ("grpc.absolute_max_metadata_size", MAX_METADATA_BYTES),
        ("grpc.max_concurrent_streams", MAX_STREAMS_OF_A_CONNECTION),
        # A second process on the same port would silently share its calls.
        ("grpc.so_reuseport", 0),
        # A connection whose other end has gone is noticed, and one that nobody uses is closed.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.max_connection_idle_ms", 600_000),
        # Whoever pings more often than every ten seconds is sent away.
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_ping_strikes", 2),
    ]


def _bind(server: grpc.aio.Server, settings: Settings, port: int) -> int:
    host = f"[{settings.grpc_host}]" if ":" in settings.grpc_host else settings.grpc_host
    address = f"{host}:{port}"
    pair = credentials(settings)
    try:
        if pair is None:
            return server.add_insecure_port(address)
        return server.add_secure_port(address, pair)
    except RuntimeError:
        raise SettingsError(
            f"gRPC can't listen at {address}: the port is taken, or the address is none of this machine. "
            "Set CATALOG_GRPC_PORT to a free port, or to 0 for no gRPC."
        ) from None


def credentials(settings: Settings) -> grpc.ServerCredentials | None:
    """None without TLS. Raises SettingsError."""
    certificate, key = settings.grpc_tls_certificate, settings.grpc_tls_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise SettingsError("CATALOG_GRPC_TLS_CERTIFICATE and CATALOG_GRPC_TLS_KEY belong together: set both.")
    try:
        pair = (key.read_bytes(), certificate.read_bytes())
    except OSError as error:
        raise SettingsError(f"The certificate or key for gRPC can't be read: {error}.") from None
    return grpc.ssl_server_credentials([pair])
