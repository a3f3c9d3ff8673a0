"""Many products in one request: JSON Lines in, a result line for each line out."""

import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from typing import IO

import anyio.to_thread
import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.auth import ProductsDep, Writer
from api.dependencies import EXAMPLE_ID, SettingsDep
from api.problems import Responses, answers
from api.routing import StrictRoute
from catalog.errors import InvalidInput
from catalog.importing import LineResult, import_lines
from catalog.settings import Settings

router = APIRouter(prefix="/api/v1/products", tags=["products"], route_class=StrictRoute)

PATH = "/api/v1/products/bulk"
MEDIA_TYPE = "application/x-ndjson"
# Below this size a body stays in memory.
SPOOL_BYTES = 1024 * 1024
CHUNK_BYTES = 64 * 1024

_BODY = {
    "required": True,
    "content": {
        MEDIA_TYPE: {
            "schema": {"type": "string"},
            "example": '{"sku": "A-1", "name": "Kettle", "price": 29.99}\n{"sku": "A-2", "price": 4.5}\n',
        }
    },
}
_RESULTS: Responses = {
    200: {
        "description": "One line per line sent, in its order",
        "content": {
            MEDIA_TYPE: {
                "schema": {"type": "string"},
                "example": f'{{"line":1,"status":"created","sku":"A-1","id":"{EXAMPLE_ID}","errors":[]}}\n',
            }
        },
    }
}


@router.post(
    "/bulk",
    summary="Create and change many products",
    response_class=StreamingResponse,
    responses={**_RESULTS, **answers(401, 403, 413, 422, 503)},
    openapi_extra={"requestBody": _BODY},
)
async def bulk(request: Request, settings: SettingsDep, products: ProductsDep, who: Writer) -> Response:
    """Upsert by sku, in the format of `catalog import`: a field left out keeps what is stored.

    A bad line is `rejected` with its errors and the others land. The answer comes when all lines are done.
    """
    lines = tempfile.SpooledTemporaryFile(SPOOL_BYTES)  # noqa: SIM115 - closed below, or by the answer's end
    results = tempfile.SpooledTemporaryFile(SPOOL_BYTES)  # noqa: SIM115
    try:
        async for chunk in request.stream():
            lines.write(chunk)
        if not lines.tell():
            raise InvalidInput.of("body", "is empty: send one JSON object per line")
        counts: Counter[str] = Counter()
        limiter: anyio.CapacityLimiter = request.app.state.bulk_limiter
        async with products.importing(who, lines.tell(), counts):
            lines.seek(0)
            await anyio.to_thread.run_sync(_import, lines, results, settings, counts, limiter=limiter)
    except BaseException:
        results.close()
        raise
    finally:
        lines.close()
    return StreamingResponse(_chunks(results), media_type=MEDIA_TYPE)


def _import(lines: IO[bytes], results: IO[bytes], settings: Settings, counts: Counter[str]) -> None:
    for result in import_lines(lines, settings):
        counts[result.status] += 1
        results.write(_line(result))
    results.seek(0)


def _line(result: LineResult) -> bytes:
    errors = [{"field": wrong.field, "message": wrong.message} for wrong in result.errors]
    line = {"line": result.line, "status": result.status, "sku": result.sku, "id": result.id, "errors": errors}
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


async def _chunks(results: IO[bytes]) -> AsyncIterator[bytes]:
    with results:
        while chunk := results.read(CHUNK_BYTES):
            yield chunk
