"""Calls over gRPC, with messages made from the checkout's own .proto file."""

import importlib.resources
import json
import tempfile
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, json_format, message_factory, text_format
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2
from grpc_tools import protoc

from tests.recording.normalisation import headers_of, message_lines, normalise, with_values
from tests.recording.steps import GrpcCall

SECONDS = 60
PROTO = "catalog/v1/product_service.proto"
# Messages that are looked up by name must have been loaded.
DETAILS = (error_details_pb2, health_pb2)


@cache
def load_messages(checkout: Path) -> None:
    """Put the messages of the checkout's service into the pool of this process; raises RuntimeError."""
    shipped = importlib.resources.files("grpc_tools") / "_proto"
    with tempfile.TemporaryDirectory(prefix="recording-") as folder:
        output = f"{folder}/descriptors"
        code = protoc.main(
            ["protoc", f"-I{checkout / 'proto'}", f"-I{shipped}", f"--descriptor_set_out={output}", PROTO]
        )
        if code:
            raise RuntimeError(f"{PROTO} of {checkout} can't be compiled")
        files = descriptor_pb2.FileDescriptorSet.FromString(Path(output).read_bytes())
    for file in files.file:
        for name in file.dependency:
            importlib.import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2")
        descriptor_pool.Default().Add(file)


class GrpcClient:
    """Calls of one server. `values` are what `${NAME}` stands for; what a call saves is put there."""

    def __init__(self, checkout: Path, address: str, credentials: dict[str, str], values: dict[str, str]) -> None:
        load_messages(checkout)
        self._channel = grpc.aio.insecure_channel(address)
        self._credentials, self._values = credentials, values

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._channel.close()

    async def call(self, step: GrpcCall) -> tuple[dict[str, Any], dict[str, Any]]:
        """What was sent and what came back, as they are written down."""
        service: Any = descriptor_pool.Default().FindServiceByName(step.service)
        method = service.FindMethodByName(step.rpc)
        body = with_values(json.dumps(dict(step.request)), self._values)
        request = json_format.Parse(body, message_factory.GetMessageClass(method.input_type)())
        answer_class = message_factory.GetMessageClass(method.output_type)
        make: Any = self._channel.unary_stream if step.messages else self._channel.unary_unary
        invoke = make(
            f"/{step.service}/{step.rpc}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer_class.FromString,
        )
        call = invoke(request, metadata=self._metadata(step), timeout=SECONDS)
        summary = {"rpc": step.rpc, "server": step.server, "as": step.credential, "message": dict(step.request)}
        try:
            messages = [await call] if not step.messages else await _first(call, step.messages)
        except grpc.aio.AioRpcError as error:
            return summary, _refusal(error, step.volatile)
        for name, field in step.saves.items():
            self._values[name] = str(getattr(messages[0], field))
        answer: dict[str, Any] = {"code": "OK", "messages": [_lines(message, step.volatile) for message in messages]}
        if not step.messages:
            answer["metadata"] = _metadata_lines(await call.initial_metadata(), await call.trailing_metadata())
        return summary, answer

    def _metadata(self, step: GrpcCall) -> list[tuple[str, str]]:
        if not step.credential:
            return []
        value = self._credentials[step.credential]
        if step.credential.startswith("key-"):
            return [("x-api-key", value)]
        return [("authorization", f"Bearer {value}")]


async def _first(call: Any, count: int) -> list[Any]:
    messages = []
    async for message in call:
        messages.append(message)
        if len(messages) == count:
            break
    call.cancel()
    return messages


def _refusal(error: grpc.aio.AioRpcError, volatile: tuple[str, ...]) -> dict[str, Any]:
    answer: dict[str, Any] = {"code": error.code().name, "detail": normalise(error.details() or "")}
    trailing = dict(error.trailing_metadata() or ())
    if packed := trailing.get("grpc-status-details-bin"):
        status = status_pb2.Status.FromString(packed if isinstance(packed, bytes) else packed.encode())
        answer["details"] = [_detail_lines(detail, volatile) for detail in status.details]
    answer["metadata"] = _metadata_lines(error.initial_metadata(), error.trailing_metadata())
    return answer


def _detail_lines(detail: any_pb2.Any, volatile: tuple[str, ...]) -> list[str]:
    kind: Any = descriptor_pool.Default().FindMessageTypeByName(detail.TypeName())
    message = message_factory.GetMessageClass(kind)()
    detail.Unpack(message)
    return [detail.TypeName(), *_lines(message, ("request_id", *volatile))]


def _metadata_lines(*parts: Any) -> list[str]:
    pairs = [(str(name), str(value)) for part in parts for name, value in part or () if not name.endswith("-bin")]
    return headers_of(pairs)


def _lines(message: Any, volatile: tuple[str, ...]) -> list[str]:
    """A message in protobuf's text format, whose fields are sorted by their numbers; unknown fields are printed too."""
    text = text_format.MessageToString(message, as_utf8=True, print_unknown_fields=True)
    return message_lines(text, volatile)
