"""catalog.v1.ProductService: read the request, call the service, write the answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import grpc
from google.protobuf.empty_pb2 import Empty

from api.dependencies import parse_id
from api.grpc import products_in, products_out, search_out
from api.grpc.caller import caller
from api.grpc.search_in import autocomplete_input, search_input
from api.grpc.watch import Watch
from catalog.errors import InvalidInput, NotFound
from catalog.services.products import Versions
from catalog.v1 import product_service_pb2 as pb
from catalog.v1.product_service_pb2_grpc import ProductServiceServicer
from services.container import Services

Context = grpc.aio.ServicerContext[Any, Any]


class ProductService(ProductServiceServicer):
    def __init__(self, services: Services, watch: Watch) -> None:
        self._products = services.products
        self._search = services.search
        self._watch = watch

    async def GetProduct(self, request: pb.GetProductRequest, context: Context) -> pb.Product:  # noqa: N802
        with _named(request.id) as product_id:
            return products_out.product(await self._products.get(caller().who, product_id))

    async def ListProducts(  # noqa: N802
        self, request: pb.ListProductsRequest, context: Context
    ) -> pb.ListProductsResponse:
        query = products_in.listed(request)
        page = await self._products.list(
            caller().who, page=query.page, per_page=query.per_page, search=query.search, category=query.category
        )
        return products_out.page(page)

    async def CreateProduct(self, request: pb.CreateProductRequest, context: Context) -> pb.Product:  # noqa: N802
        payload = products_in.whole(request.product)
        return products_out.product(await self._products.create(caller().who, payload))

    async def UpdateProduct(self, request: pb.UpdateProductRequest, context: Context) -> pb.Product:  # noqa: N802
        paths, versions = tuple(request.update_mask.paths), _versions(request)
        who = caller().who
        if paths == (products_in.WHOLE,):
            whole = products_in.whole(request.product)
            with _named(request.id) as product_id:
                return products_out.product(await self._products.replace(who, product_id, whole, versions))
        part = products_in.part(request.product, paths)
        with _named(request.id) as product_id:
            return products_out.product(await self._products.patch(who, product_id, part, versions))

    async def DeleteProduct(self, request: pb.DeleteProductRequest, context: Context) -> Empty:  # noqa: N802
        with _named(request.id) as product_id:
            await self._products.delete(caller().who, product_id, _versions(request))
        return Empty()

    async def Search(self, request: pb.SearchRequest, context: Context) -> pb.SearchResponse:  # noqa: N802
        return search_out.search_response(await self._search.search(caller().who, search_input(request)))

    async def Suggest(self, request: pb.SuggestRequest, context: Context) -> pb.SuggestResponse:  # noqa: N802
        return search_out.suggest_response(await self._search.autocomplete(caller().who, autocomplete_input(request)))

    async def WatchProducts(self, request: pb.WatchProductsRequest, context: Context) -> None:  # noqa: N802
        await self._watch.serve(request, caller(), context.write)


@contextmanager
def _named(sent: str) -> Iterator[UUID]:
    """The id; a product that is not found in this block is named in the words of this door."""
    if not sent:
        raise InvalidInput.of("id", "is required")
    try:
        yield parse_id(sent, "product")
    except NotFound:
        raise NotFound(f"Product {sent[:100]} not found") from None


def _versions(request: pb.UpdateProductRequest | pb.DeleteProductRequest) -> Versions:
    return frozenset([request.version]) if request.HasField("version") else None
