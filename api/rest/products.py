"""Products: list, read, create, replace, patch, delete, and where they stand in the index."""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from pydantic import AfterValidator
from starlette.responses import Response

from api.auth import ProductsDep, Who, Writer
from api.dependencies import ProductId
from api.etags import etag, not_modified, required_versions
from api.problems import answers
from api.routing import StrictRoute
from catalog.schemas.fields import clean_text
from catalog.schemas.product_in import ProductIn, ProductPatch
from catalog.schemas.product_out import ProductOut, ProductPage, SyncOut

router = APIRouter(prefix="/api/v1/products", tags=["products"], route_class=StrictRoute)

QueryText = Annotated[str, AfterValidator(clean_text), AfterValidator(str.strip)]
Page = Annotated[int, Query(ge=1, le=1_000_000_000)]
PerPage = Annotated[int, Query(ge=1, le=100)]
Search = Annotated[QueryText, Query(max_length=200, description="full text (`or`, `-word`, quotes), or a sku")]
Category = Annotated[
    QueryText,
    Query(max_length=2600, description="`electronics/audio`, `Electronics > Audio` or an id; with all below it"),
]
IfMatch = Annotated[str | None, Header(description='the ETag that was read, `"7"`: 412 if it has changed since')]
IfNoneMatch = Annotated[str | None, Header(description="an ETag that is known already: 304 if it still holds")]


def _answer(product: ProductOut, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Serialised once: the model was validated when it was read."""
    headers = {"ETag": etag(product.version), **(headers or {})}
    return Response(product.model_dump_json(), status, headers, "application/json")


@router.get("", response_model=ProductPage, summary="List products", responses=answers(401, 403, 422, 503))
async def list_products(
    products: ProductsDep,
    who: Who,
    page: Page = 1,
    per_page: PerPage = 20,
    search: Search = "",
    category: Category = "",
) -> Response:
    """Newest first, or best match first when searched. Anonymous callers get published products only."""
    product_page = await products.list(who, page=page, per_page=per_page, search=search, category=category)
    return Response(product_page.model_dump_json(), media_type="application/json")


@router.post(
    "",
    status_code=201,
    response_model=ProductOut,
    summary="Create a product",
    responses=answers(401, 403, 409, 413, 422, 503),
)
async def create_product(payload: ProductIn, products: ProductsDep, who: Writer) -> Response:
    """Its brand and category are made if they are missing. With `variants`, price and inventory are theirs."""
    product = await products.create(who, payload)
    return _answer(product, 201, {"Location": f"{router.prefix}/{product.id}"})


@router.get(
    "/{product_id}", response_model=ProductOut, summary="Read a product", responses=answers(401, 403, 404, 422, 503)
)
async def get_product(
    product_id: ProductId, products: ProductsDep, who: Who, if_none_match: IfNoneMatch = None
) -> Response:
    product = await products.get(who, product_id)
    if not_modified(if_none_match, product.version):
        return Response(status_code=304, headers={"ETag": etag(product.version)})
    return _answer(product)


@router.put(
    "/{product_id}",
    response_model=ProductOut,
    summary="Replace a product",
    responses=answers(401, 403, 404, 409, 412, 413, 422, 503),
)
async def replace_product(
    product_id: ProductId,
    payload: ProductIn,
    products: ProductsDep,
    who: Writer,
    if_match: IfMatch = None,
) -> Response:
    """The whole product: a field left out gets its default, and images and variants left out are removed."""
    return _answer(await products.replace(who, product_id, payload, required_versions(if_match)))


@router.patch(
    "/{product_id}",
    response_model=ProductOut,
    summary="Change a product",
    responses=answers(401, 403, 404, 409, 412, 413, 422, 503),
)
async def patch_product(
    product_id: ProductId,
    payload: ProductPatch,
    products: ProductsDep,
    who: Writer,
    if_match: IfMatch = None,
) -> Response:
    """JSON merge patch (RFC 7396): a field left out is kept, `null` clears, `attributes` merge, lists are replaced."""
    return _answer(await products.patch(who, product_id, payload, required_versions(if_match)))


@router.delete(
    "/{product_id}", status_code=204, summary="Delete a product", responses=answers(401, 403, 404, 412, 422, 503)
)
async def delete_product(product_id: ProductId, products: ProductsDep, who: Writer, if_match: IfMatch = None) -> None:
    await products.delete(who, product_id, required_versions(if_match))


@router.get(
    "/{product_id}/sync", summary="Where a product stands in the index", responses=answers(401, 403, 404, 422, 503)
)
async def get_sync(product_id: ProductId, products: ProductsDep, who: Who) -> SyncOut:
    """Database version, indexed version, lag; also after its deletion. The error is shown to signed-in callers."""
    return await products.sync_status(who, product_id)
