"""Words that the tests of the gRPC door share."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import grpc
from fastapi import FastAPI
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RequestInfo
from grpc_status import rpc_status

from api.grpc.server import serving
from catalog.services import tokens
from catalog.settings import Settings
from catalog.v1.product_service_pb2 import WatchProductsRequest
from catalog.v1.product_service_pb2_grpc import ProductServiceStub

Metadata = tuple[tuple[str, str], ...]


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[grpc.aio.Channel]:
    """The application's gRPC server on a port of its own, and a channel to it."""
    async with serving(app.state, 0) as port, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel


def stub_of(channel: grpc.aio.Channel) -> Any:
    return ProductServiceStub(channel)


@asynccontextmanager
async def watching(stub: Any, metadata: Metadata = (), **asked: Any) -> AsyncIterator[Any]:
    """A call of WatchProducts to read changes from."""
    call = stub.WatchProducts(WatchProductsRequest(**asked), metadata=metadata, timeout=60)
    try:
        yield call
    finally:
        call.cancel()


def signed_in(settings: Settings, db: Any, role: str) -> Metadata:
    """Metadata with the token of a new user of this role."""
    row = db.execute(
        "INSERT INTO users (email, password_hash, role) VALUES (%s, '', %s) RETURNING id",
        [f"{role}@example.com", role],
    ).fetchone()
    return bearer(tokens.issue(settings, UUID(str(row[0])), role))


def bearer(token: str) -> Metadata:
    return (("authorization", f"Bearer {token}"),)


async def refusal(call: Any) -> grpc.aio.AioRpcError:
    """The error that a call ends with."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error
    raise AssertionError("the call was answered")


def violations(error: grpc.aio.AioRpcError) -> dict[str, str]:
    """The wrong fields that an error names, with what is wrong."""
    details = rpc_status.from_call(error).details
    told = _unpacked(details, BadRequest)
    return {} if told is None else {wrong.field: wrong.description for wrong in told.field_violations}


def reason(error: grpc.aio.AioRpcError) -> str:
    told = _unpacked(rpc_status.from_call(error).details, ErrorInfo)
    return "" if told is None else str(told.reason)


def told_id(error: grpc.aio.AioRpcError) -> str:
    told = _unpacked(rpc_status.from_call(error).details, RequestInfo)
    return "" if told is None else str(told.request_id)


def _unpacked(details: Any, kind: Callable[[], Any]) -> Any:
    message = kind()
    return next((message for held in details if held.Unpack(message)), None)
