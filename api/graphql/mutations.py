"""The changes that this door makes; each is one transaction, and they run in the order in which they are written."""

from typing import Annotated

import strawberry

from api.dependencies import parse_id
from api.graphql.context import Info
from api.graphql.inputs import CreateProductInput, UpdateProductInput, part, whole
from api.graphql.products import Product, product_of
from catalog.errors import InvalidInput

Version = Annotated[
    str | None, strawberry.argument(description="The version that was read: a conflict if it has changed since.")
]


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Needs the role admin or editor, as every change does.")
    async def create_product(self, info: Info, input: CreateProductInput) -> Product:
        context = info.context
        # Who may not write is told so before what is wrong with the product.
        (await context.confirmed()).require("write")
        created = await context.services.products.create(await context.confirmed(), whole(input))
        context.forget()
        return product_of(created)

    @strawberry.mutation
    async def update_product(
        self, info: Info, id: strawberry.ID, input: UpdateProductInput, version: Version = None
    ) -> Product:
        context = info.context
        (await context.confirmed()).require("write")
        patch, wanted = part(input), parse_id(id, "product")
        updated = await context.services.products.patch(await context.confirmed(), wanted, patch, _versions(version))
        context.forget()
        return product_of(updated)

    @strawberry.mutation(description="true; an error for a product that is not there.")
    async def delete_product(self, info: Info, id: strawberry.ID, version: Version = None) -> bool:
        context = info.context
        (await context.confirmed()).require("write")
        wanted = parse_id(id, "product")
        await context.services.products.delete(await context.confirmed(), wanted, _versions(version))
        context.forget()
        return True


def _versions(version: str | None) -> frozenset[int] | None:
    if version is None:
        return None
    if not (version.isascii() and version.isdigit() and len(version) < 19):
        raise InvalidInput.of("version", "must be a version as a product has it, such as 7")
    return frozenset([int(version)])
