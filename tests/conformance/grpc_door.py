"""The gRPC door, over a channel to a server of its own."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from api.grpc.products_in import plain
from catalog.v1 import product_service_pb2 as pb
from tests.conformance.doors import Answer, Code, Fields, Parameters, Refused, World, read_facets, read_product
from tests.e2e.grpc_calls import bearer, stub_of, violations

_CODES: dict[grpc.StatusCode, Code] = {
    grpc.StatusCode.NOT_FOUND: "NOT_FOUND",
    grpc.StatusCode.INVALID_ARGUMENT: "INVALID_INPUT",
    grpc.StatusCode.UNAUTHENTICATED: "UNAUTHENTICATED",
    grpc.StatusCode.PERMISSION_DENIED: "FORBIDDEN",
    grpc.StatusCode.ALREADY_EXISTS: "CONFLICT",
    grpc.StatusCode.ABORTED: "CONFLICT",
    grpc.StatusCode.UNAVAILABLE: "UNAVAILABLE",
}
_FACET_ENDS = ("_min", "_max")
_LISTS = ("brand", "facets")
_TEXTS = ("price_min", "price_max")


class GrpcDoor:
    name = "grpc"

    def __init__(self, channel: grpc.aio.Channel, token: str | None) -> None:
        self._stub = stub_of(channel)
        self._metadata = bearer(token) if token else ()

    async def get_product(self, product_id: str) -> Answer:
        return _product(await self._ask(self._stub.GetProduct, pb.GetProductRequest(id=product_id)))

    async def list_products(self, asked: Parameters) -> Answer:
        sent: dict[str, Any] = dict(asked)
        page = await self._ask(self._stub.ListProducts, pb.ListProductsRequest(**sent))
        return {"ids": [item.id for item in page.items], "total": page.total}

    async def create_product(self, fields: Fields) -> Answer:
        request = pb.CreateProductRequest(product=_input(fields))
        return _product(await self._ask(self._stub.CreateProduct, request))

    async def patch_product(self, product_id: str, fields: Fields, version: int | None = None) -> Answer:
        request = pb.UpdateProductRequest(id=product_id, product=_input(fields), version=version)
        request.update_mask.paths.extend(fields)
        return _product(await self._ask(self._stub.UpdateProduct, request))

    async def delete_product(self, product_id: str, version: int | None = None) -> None:
        await self._ask(self._stub.DeleteProduct, pb.DeleteProductRequest(id=product_id, version=version))

    async def search(self, asked: Parameters) -> Answer:
        found = await self._ask(self._stub.Search, _search(asked))
        return {
            "ids": [hit.id for hit in found.hits],
            "total": found.total.value,
            "facets": read_facets([_facet(facet) for facet in found.facets]),
            "corrected_to": found.query.corrected_to if found.query.HasField("corrected_to") else None,
            "dropped_terms": list(found.query.dropped_terms),
            "degraded": found.degraded,
        }

    async def autocomplete(self, asked: Parameters) -> Answer:
        sent: dict[str, Any] = dict(asked)
        found = await self._ask(self._stub.Suggest, pb.SuggestRequest(**sent))
        return {
            "queries": [item.text for item in found.queries],
            "products": [item.id for item in found.products],
            "categories": [item.value for item in found.categories],
            "brands": [item.value for item in found.brands],
        }

    async def _ask(self, method: Any, request: Any) -> Any:
        try:
            call: Awaitable[Any] = method(request, metadata=self._metadata, timeout=60)
            return await call
        except grpc.aio.AioRpcError as error:
            raise Refused(_CODES[error.code()], list(violations(error))) from error


def _input(fields: Fields) -> pb.ProductInput:
    """What is None is left unset: the mask names it."""
    sent = {name: value for name, value in fields.items() if value is not None and name != "attributes"}
    message = pb.ProductInput(**sent)
    if "attributes" in fields:
        message.attributes.update(fields["attributes"])
    return message


def _search(asked: Parameters) -> pb.SearchRequest:
    sent: dict[str, Any] = {}
    filters: dict[str, pb.AttributeFilter] = {}
    for name, value in asked.items():
        if name.startswith("attr."):
            bound = name[-4:] if name.endswith(_FACET_ENDS) else ""
            item = filters.setdefault(name, pb.AttributeFilter())
            item.name = name.removeprefix("attr.").removesuffix(bound)
            if bound:
                setattr(item, bound[1:], float(str(value)))
            else:
                item.values.extend([value] if isinstance(value, str) else list(value))  # type: ignore[arg-type]
        elif name in _TEXTS:
            sent[name] = str(value)
        else:
            sent[name] = [value] if name in _LISTS and isinstance(value, str) else value
    return pb.SearchRequest(attributes=filters.values(), **sent)


def _product(message: pb.Product) -> Answer:
    held = _named(message)
    attributes: Struct = message.attributes
    return read_product(
        held
        | {
            "attributes": {name: plain(one) for name, one in attributes.fields.items()},
            "images": [_named(image) for image in message.images],
            "version": message.version,
        }
    )


def _facet(message: pb.Facet) -> Answer:
    held = _named(message)
    # 64-bit numbers are text in JSON.
    steps = [
        {**(told := _named(step)), "from": told["low"], "to": told["high"], "count": step.count}
        for step in message.buckets
    ]
    values = [{**_named(value), "count": value.count} for value in message.values]
    return held | {"total_values": message.total_values, "buckets": steps, "values": values}


def _named(message: Any) -> Answer:
    """The fields by their names; one that is absent is None, a list without items is there."""
    held: Answer = MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    return {field.name: held.get(field.name) for field in message.DESCRIPTOR.fields}


@asynccontextmanager
async def open_door(world: World, token: str | None) -> AsyncIterator[GrpcDoor]:
    yield GrpcDoor(world.channel, token)
