"""What surrounds every call: ids, errors nobody foresaw, limits, health, TLS, the end of the server."""

import asyncio
import datetime
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastapi import FastAPI
from grpc_health.v1 import health_pb2, health_pb2_grpc

from api.grpc.server import serving
from catalog.errors import SettingsError
from catalog.settings import Settings
from catalog.v1 import product_service_pb2 as pb
from tests.apps import create_app
from tests.e2e.grpc_calls import reason, refusal, served, signed_in, stub_of, told_id
from tests.e2e.helpers import NOBODY
from tests.processes import wait_until
from tests.support import waiting_for_locks

Db = psycopg.Connection[Any]
UNKNOWN = pb.GetProductRequest(id=NOBODY)


@pytest.fixture
async def channel(app: FastAPI) -> AsyncIterator[grpc.aio.Channel]:
    async with served(app) as channel:
        yield channel


def id_in(metadata: Any) -> str:
    return str(dict(metadata)["x-request-id"])


async def test_the_id_of_a_request_comes_back(channel: grpc.aio.Channel) -> None:
    call = stub_of(channel).ListProducts(pb.ListProductsRequest(), metadata=(("x-request-id", "mine-1"),))
    await call
    assert id_in(await call.trailing_metadata()) == "mine-1"


async def test_an_error_has_an_id_in_its_metadata_and_details(channel: grpc.aio.Channel) -> None:
    error = await refusal(stub_of(channel).GetProduct(UNKNOWN, metadata=(("x-request-id", "not sane!"),)))
    assert id_in(error.trailing_metadata()) == told_id(error)
    assert "not sane" not in told_id(error)
    assert reason(error) == "NOT_FOUND"


async def test_an_error_that_nobody_foresaw_is_masked(channel: grpc.aio.Channel, db: Db) -> None:
    db.execute("ALTER TABLE products RENAME COLUMN gtin TO secret")
    try:
        error = await refusal(stub_of(channel).GetProduct(UNKNOWN, metadata=(("x-request-id", "broken-1"),)))
    finally:
        db.execute("ALTER TABLE products RENAME COLUMN secret TO gtin")
    assert error.code() == grpc.StatusCode.INTERNAL
    assert error.details() == "Something went wrong here. The request id finds it in the log."
    assert told_id(error) == "broken-1"


async def test_a_request_that_is_no_message_is_refused_without_its_content(channel: grpc.aio.Channel) -> None:
    call: Any = channel.unary_unary("/catalog.v1.ProductService/GetProduct")
    error = await refusal(call(b"\xff\xff secret"))
    assert error.code() in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.INVALID_ARGUMENT)
    assert "Traceback" not in (error.details() or "")


async def test_a_request_over_the_limit_is_refused(channel: grpc.aio.Channel, settings: Settings) -> None:
    large = pb.SearchRequest(q="x" * (settings.max_body_bytes + 1))
    error = await refusal(stub_of(channel).Search(large))
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_an_answer_over_the_limit_is_refused(settings: Settings, db: Db) -> None:
    app = create_app(settings.model_copy(update={"grpc_max_response_bytes": 1024}))
    async with app.router.lifespan_context(app), served(app) as channel:
        stub, metadata = stub_of(channel), signed_in(settings, db, "editor")
        product = pb.ProductInput(sku="K-1", name="A kettle", price="1", description="x" * 2000)
        error = await refusal(stub.CreateProduct(pb.CreateProductRequest(product=product), metadata=metadata))
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_calls_are_counted_by_method_and_code(channel: grpc.aio.Channel, client: httpx.AsyncClient) -> None:
    await refusal(stub_of(channel).GetProduct(UNKNOWN))
    text = (await client.get("/metrics")).text
    assert 'catalog_grpc_calls_total{code="NOT_FOUND",method="/catalog.v1.ProductService/GetProduct"} 1.0' in text


async def test_a_budget_that_is_spent_is_spent_here_too(settings: Settings, db: Db) -> None:
    tight = settings.model_copy(
        update={"limits_enabled": True, "limits_per_address": 2, "limits_exempt_networks": "192.0.2.0/24"}
    )
    app = create_app(tight)
    async with app.router.lifespan_context(app), served(app) as channel:
        codes = [(await refusal(stub_of(channel).GetProduct(UNKNOWN))).code() for _ in range(3)]
    assert codes == [grpc.StatusCode.NOT_FOUND, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.RESOURCE_EXHAUSTED]


async def test_health_says_that_it_serves(channel: grpc.aio.Channel) -> None:
    stub: Any = health_pb2_grpc.HealthStub(channel)
    for service in ("", "catalog.v1.ProductService"):
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    error = await refusal(stub.Check(health_pb2.HealthCheckRequest(service="nobody")))
    assert error.code() == grpc.StatusCode.NOT_FOUND


async def test_health_says_that_it_does_not_serve_without_postgres(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"database_url": "postgresql://catalog@127.0.0.1:1/nothing"}))
    async with app.router.lifespan_context(app), served(app) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest())
        error = await refusal(stub_of(channel).GetProduct(UNKNOWN))
    assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING
    assert error.code() == grpc.StatusCode.UNAVAILABLE


async def test_a_call_that_has_begun_is_answered_before_the_server_ends(
    app: FastAPI, settings: Settings, db: Db
) -> None:
    metadata = signed_in(settings, db, "editor")
    with psycopg.connect(settings.database_url) as other:
        other.execute("LOCK TABLE products IN ACCESS EXCLUSIVE MODE")
        async with serving(app.state, 0) as port:
            channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
            call = asyncio.ensure_future(_asked(channel, metadata))
            await asyncio.to_thread(wait_until, lambda: waiting_for_locks(db) > 0)
            asyncio.get_running_loop().call_later(0.5, other.rollback)
    answer = await call
    await channel.close()
    assert answer.total == 0


async def _asked(channel: grpc.aio.Channel, metadata: Any) -> Any:
    return await stub_of(channel).ListProducts(pb.ListProductsRequest(), metadata=metadata)


async def test_it_speaks_tls_when_it_has_a_certificate(settings: Settings, db: Db, tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    secure = settings.model_copy(update={"grpc_tls_certificate": certificate, "grpc_tls_key": key})
    app = create_app(secure)
    async with app.router.lifespan_context(app), serving(app.state, 0) as port:
        trusted = grpc.ssl_channel_credentials(certificate.read_bytes())
        async with grpc.aio.secure_channel(f"localhost:{port}", trusted) as channel:
            error = await refusal(stub_of(channel).GetProduct(UNKNOWN))
        async with grpc.aio.insecure_channel(f"localhost:{port}") as plain:
            refused = await refusal(stub_of(plain).GetProduct(UNKNOWN))
    assert error.code() == grpc.StatusCode.NOT_FOUND
    assert refused.code() == grpc.StatusCode.UNAVAILABLE


async def test_a_certificate_without_its_key_is_a_wrong_setting(settings: Settings, tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    for update in ({"grpc_tls_certificate": certificate}, {"grpc_tls_key": key}):
        app = create_app(settings.model_copy(update=update))
        async with app.router.lifespan_context(app):
            with pytest.raises(SettingsError, match="CATALOG_GRPC_TLS_KEY"):
                await serving(app.state, 0).__aenter__()


async def test_a_port_that_is_taken_is_not_shared(app: FastAPI) -> None:
    async with serving(app.state, 0) as port:
        other = create_app(app.state.settings)
        async with other.router.lifespan_context(other):
            with pytest.raises(SettingsError, match="CATALOG_GRPC_PORT"):
                await serving(other.state, port).__aenter__()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "server.crt", folder / "server.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths
