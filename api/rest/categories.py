"""Categories: the tree, and its upkeep."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.auth import CategoriesDep, Who, Writer
from api.dependencies import CategoryId
from api.problems import answers
from api.routing import StrictRoute
from catalog.schemas.category import CategoryIn, CategoryNode, CategoryOut, CategoryPatch

router = APIRouter(prefix="/api/v1/categories", tags=["categories"], route_class=StrictRoute)

_WRITE = answers(401, 403, 404, 409, 413, 422, 503)


@router.get("", summary="The category tree", responses=answers(401, 403, 422, 503))
async def get_tree(categories: CategoriesDep, who: Who) -> list[CategoryNode]:
    """The roots, each with its `children`; `product_count` includes everything below."""
    return await categories.tree(who)


@router.post("", status_code=201, summary="Create a category", responses=_WRITE)
async def create_category(
    payload: CategoryIn, response: Response, categories: CategoriesDep, who: Writer
) -> CategoryOut:
    """Without a `slug` it gets one from its name."""
    category = await categories.create(who, payload)
    response.headers["Location"] = f"{router.prefix}/{category.id}"
    return category


@router.get("/{category_id}", summary="Read a category", responses=answers(401, 403, 404, 422, 503))
async def get_category(category_id: CategoryId, categories: CategoriesDep, who: Who) -> CategoryOut:
    return await categories.get(who, category_id)


@router.put("/{category_id}", summary="Replace a category", responses=_WRITE)
async def replace_category(
    category_id: CategoryId, payload: CategoryIn, categories: CategoriesDep, who: Writer
) -> CategoryOut:
    """A `parent_id` left out moves it to the top; its slug, and so its address, stays unless it is sent."""
    return await categories.replace(who, category_id, payload)


@router.patch("/{category_id}", summary="Rename or move a category", responses=_WRITE)
async def patch_category(
    category_id: CategoryId, payload: CategoryPatch, categories: CategoriesDep, who: Writer
) -> CategoryOut:
    """The documents of all products in it and below it follow by themselves."""
    return await categories.patch(who, category_id, payload)


@router.delete(
    "/{category_id}", status_code=204, summary="Delete a category", responses=answers(401, 403, 404, 409, 422, 503)
)
async def delete_category(
    category_id: CategoryId,
    categories: CategoriesDep,
    who: Writer,
    cascade: Annotated[bool, Query(description="delete the products in it and below it too")] = False,
) -> None:
    """Its subcategories go with it. 409 with the number of products when there are any and `cascade` is not set."""
    await categories.delete(who, category_id, cascade=cascade)
