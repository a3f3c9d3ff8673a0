"""What a product by id costs without a product around it: a bare FastAPI endpoint and a bare gRPC method.

`python -m bench.baseline_api HTTP_PORT GRPC_PORT`, with the settings of the service: the same SELECT through the same
pool. No rights, limits, filters, metrics, representation or ETag.
"""

import asyncio
import sys
from uuid import UUID

import grpc
import orjson
import uvicorn
from fastapi import FastAPI, Response
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncEngine

from catalog.database import make_engine
from catalog.services.product_reads import GET_PUBLISHED
from catalog.settings import get_settings
from catalog.v1 import product_service_pb2 as pb
from catalog.v1.product_service_pb2_grpc import ProductServiceServicer, add_ProductServiceServicer_to_server


async def _row(engine: AsyncEngine, product_id: UUID) -> RowMapping:
    async with engine.begin() as connection:
        return (await connection.execute(GET_PUBLISHED, {"id": product_id})).mappings().one()


def rest(engine: AsyncEngine) -> FastAPI:
    app = FastAPI()

    @app.get("/products/{product_id}")
    async def get_product(product_id: UUID) -> Response:
        row = await _row(engine, product_id)
        return Response(orjson.dumps(dict(row), default=str), media_type="application/json")

    return app


class BaselineService(ProductServiceServicer):
    """The one method; the message has the texts of the product alone."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def GetProduct(  # noqa: N802 - the name in the .proto
        self, request: pb.GetProductRequest, context: grpc.aio.ServicerContext[pb.GetProductRequest, pb.Product]
    ) -> pb.Product:
        row = await _row(self._engine, UUID(request.id))
        return pb.Product(id=str(row["id"]), sku=row["sku"], name=row["name"], description=row["description"])


async def main(http_port: int, grpc_port: int) -> None:
    engine = make_engine(get_settings())
    server = grpc.aio.server()
    add_ProductServiceServicer_to_server(BaselineService(engine), server)
    server.add_insecure_port(f"127.0.0.1:{grpc_port}")
    await server.start()
    config = uvicorn.Config(rest(engine), host="127.0.0.1", port=http_port, log_level="warning", access_log=False)
    await uvicorn.Server(config).serve()
    await server.stop(0)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
