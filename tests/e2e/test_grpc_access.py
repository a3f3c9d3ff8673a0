"""Every method of every service: who may call it, and that one nobody has thought about is refused."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import psycopg
import pytest
from fastapi import FastAPI
from google.protobuf import message_factory
from grpc_health.v1 import health_pb2

from api.grpc.interceptor import Gate
from api.grpc.method_policies import RULES
from api.grpc.metrics import CallMetrics
from catalog.principals import RIGHTS
from catalog.settings import Settings
from catalog.v1 import product_service_pb2
from tests.e2e.grpc_calls import bearer, refusal, served, signed_in, stub_of
from tests.e2e.helpers import NOBODY

Db = psycopg.Connection[Any]
METHODS = {
    f"/{service.full_name}/{method.name}": method
    for module in (product_service_pb2, health_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
WRITES = ("CreateProduct", "UpdateProduct", "DeleteProduct")
REFUSED = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)


@pytest.fixture
async def channel(app: FastAPI, index: str) -> AsyncIterator[grpc.aio.Channel]:
    async with served(app) as channel:
        yield channel


async def code_of(channel: grpc.aio.Channel, path: str, metadata: Any = ()) -> grpc.StatusCode:
    """How an empty request to this method ends; a stream is ended after its first message or a moment without one."""
    method = METHODS[path]
    request = message_factory.GetMessageClass(method.input_type)()
    answer = message_factory.GetMessageClass(method.output_type)
    connect = channel.unary_stream if method.server_streaming else channel.unary_unary
    call: Any = connect(
        path, request_serializer=type(request).SerializeToString, response_deserializer=answer.FromString
    )(request, metadata=metadata, timeout=1 if method.server_streaming else 30)
    try:
        if not method.server_streaming:
            await call
        elif await call.read() is grpc.aio.EOF:
            code: grpc.StatusCode = await call.code()
            return code
    except grpc.aio.AioRpcError as error:
        return error.code()
    call.cancel()
    return grpc.StatusCode.OK


def test_every_method_that_is_served_has_a_rule_and_every_rule_a_method() -> None:
    assert set(RULES) == set(METHODS)


@pytest.mark.parametrize("path", METHODS)
async def test_nobody_may_read_and_not_write(channel: grpc.aio.Channel, path: str) -> None:
    code = await code_of(channel, path)
    assert (code == grpc.StatusCode.UNAUTHENTICATED) == path.endswith(WRITES)


@pytest.mark.parametrize("role", RIGHTS)
async def test_a_role_may_do_what_its_rights_say(
    channel: grpc.aio.Channel, settings: Settings, db: Db, role: str
) -> None:
    metadata = signed_in(settings, db, role)
    for path in METHODS:
        code, permission = await code_of(channel, path, metadata), RULES[path].permission
        allowed = permission is None or permission in RIGHTS[role]
        assert (code in REFUSED) == (not allowed), path


@pytest.mark.parametrize("path", [path for path, rule in RULES.items() if rule.permission])
async def test_a_bad_credential_is_refused_everywhere_but_by_health(channel: grpc.aio.Channel, path: str) -> None:
    assert await code_of(channel, path, bearer("forged")) == grpc.StatusCode.UNAUTHENTICATED
    assert await code_of(channel, path, (("x-api-key", "forged"),)) == grpc.StatusCode.UNAUTHENTICATED


async def test_a_method_without_a_rule_is_refused_to_an_administrator(app: FastAPI, settings: Settings, db: Db) -> None:
    state = app.state
    gate = Gate(state.identity, state.limiter, CallMetrics(state.metrics.registry), 30, rules={})
    server = grpc.aio.server(interceptors=[gate])

    async def answer(request: bytes, context: Any) -> bytes:
        return b"secret"

    handler: Any = grpc.unary_unary_rpc_method_handler(answer)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("new.Service", {"Method": handler})])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call: Any = channel.unary_unary("/new.Service/Method")
        error = await refusal(call(b"", metadata=signed_in(settings, db, "admin")))
    await server.stop(0)
    assert error.code() == grpc.StatusCode.PERMISSION_DENIED


async def test_a_method_that_takes_a_stream_is_not_served(app: FastAPI) -> None:
    state = app.state
    gate = Gate(state.identity, state.limiter, CallMetrics(state.metrics.registry), 30)
    server = grpc.aio.server(interceptors=[gate])

    async def answer(requests: Any, context: Any) -> bytes:
        return b"secret"

    handler: Any = grpc.stream_unary_rpc_method_handler(answer)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("new.Service", {"Method": handler})])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call: Any = channel.unary_unary("/new.Service/Method")
        error = await refusal(call(b""))
    await server.stop(0)
    assert error.code() == grpc.StatusCode.UNIMPLEMENTED


async def test_an_unknown_method_is_unimplemented(channel: grpc.aio.Channel) -> None:
    call: Any = channel.unary_unary("/catalog.v1.ProductService/Everything")
    error = await refusal(call(b""))
    assert error.code() == grpc.StatusCode.UNIMPLEMENTED


async def test_a_role_that_was_taken_away_writes_no_more(channel: grpc.aio.Channel, settings: Settings, db: Db) -> None:
    metadata = signed_in(settings, db, "editor")
    request = product_service_pb2.DeleteProductRequest(id=NOBODY)
    before = await refusal(stub_of(channel).DeleteProduct(request, metadata=metadata))
    db.execute("UPDATE users SET role = 'analyst'")
    after = await refusal(stub_of(channel).DeleteProduct(request, metadata=metadata))
    assert (before.code(), after.code()) == (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.PERMISSION_DENIED)
