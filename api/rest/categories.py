"""Categories: the tree, and its upkeep."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.auth import ServiceDep, Who, Writer
from api.dependencies import CategoryId
from api.problems import answers
from api.routing import StrictRoute
from catalog.schemas.category import CategoryIn, CategoryNode, CategoryOut, CategoryPatch

router = APIRouter(prefix="/api/v1/categories", tags=["categories"], route_class=StrictRoute)

_WRITE = answers(401, 403, 404, 409, 413, 422, 503)


@router.get("", summary="The category tree", responses=answers(401, 403, 422, 503))
async def get_tree(service: ServiceDep, who: Who) -> list[CategoryNode]:
    """The roots, each with its `children`; `product_count` includes everything below."""
    return await service.categories(who)


@router.post("", status_code=201, summary="Create a category", responses=_WRITE)
async def create_category(payload: CategoryIn, response: Response, service: ServiceDep, who: Writer) -> CategoryOut:
    """Without a `slug` it gets one from its name."""
    category = await service.create_category(who, payload)
    response.headers["Location"] = f"{router.prefix}/{category.id}"
    return category


@router.get("/{category_id}", summary="Read a category", responses=answers(401, 403, 404, 422, 503))
async def get_category(category_id: CategoryId, service: ServiceDep, who: Who) -> CategoryOut:
    return await service.category(who, category_id)


@router.put("/{category_id}", summary="Replace a category", responses=_WRITE)
async def replace_category(
    category_id: CategoryId, payload: CategoryIn, service: ServiceDep, who: Writer
) -> CategoryOut:
    """A `parent_id` left out moves it to the top; its slug, and so its address, stays unless it is sent."""
    return await service.replace_category(who, category_id, payload)


@router.patch("/{category_id}", summary="Rename or move a category", responses=_WRITE)
async def patch_category(
    category_id: CategoryId, payload: CategoryPatch, service: ServiceDep, who: Writer
) -> CategoryOut:
    """The documents of all products in it and below it follow by themselves."""
    return await service.patch_category(who, category_id, payload)


@router.delete(
    "/{category_id}", status_code=204, summary="Delete a category", responses=answers(401, 403, 404, 409, 422, 503)
)
async def delete_category(
    category_id: CategoryId,
    service: ServiceDep,
    who: Writer,
    cascade: Annotated[bool, Query(description="delete the products in it and below it too")] = False,
) -> None:
    """Its subcategories go with it. 409 with the number of products when there are any and `cascade` is not set."""
    await service.delete_category(who, category_id, cascade=cascade)
