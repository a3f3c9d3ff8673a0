"""Products over gRPC: read, list, create, update with a field mask, delete."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import httpx
import psycopg
import pytest
from fastapi import FastAPI

from catalog.settings import Settings
from catalog.v1 import product_service_pb2 as pb
from tests.e2e.grpc_calls import Metadata, reason, refusal, served, signed_in, stub_of, violations
from tests.e2e.helpers import NOBODY, PRODUCTS

Db = psycopg.Connection[Any]


@pytest.fixture
async def stub(app: FastAPI) -> AsyncIterator[Any]:
    async with served(app) as channel:
        yield stub_of(channel)


@pytest.fixture
def editor_metadata(settings: Settings, db: Db) -> Metadata:
    return signed_in(settings, db, "editor")


def kettle(**fields: Any) -> pb.ProductInput:
    return pb.ProductInput(**{"sku": "K-1", "name": "A kettle", "price": "29.9", **fields})


async def created(stub: Any, metadata: Metadata, **fields: Any) -> pb.Product:
    product: pb.Product = await stub.CreateProduct(pb.CreateProductRequest(product=kettle(**fields)), metadata=metadata)
    return product


async def updated(
    stub: Any, metadata: Metadata, product: pb.Product, *paths: str, version: int | None = None, **fields: Any
) -> pb.Product:
    request = pb.UpdateProductRequest(id=product.id, product=pb.ProductInput(**fields), version=version)
    request.update_mask.paths.extend(paths)
    answer: pb.Product = await stub.UpdateProduct(request, metadata=metadata)
    return answer


async def test_a_price_is_a_decimal_string_with_two_decimals(stub: Any, editor_metadata: Metadata) -> None:
    product = await created(stub, editor_metadata, compare_at_price="40")
    read = await stub.GetProduct(pb.GetProductRequest(id=product.id))
    assert (read.price, read.compare_at_price) == ("29.90", "40.00")


async def test_an_unknown_id_is_not_found_by_name(stub: Any) -> None:
    error = await refusal(stub.GetProduct(pb.GetProductRequest(id=NOBODY)))
    assert error.code() == grpc.StatusCode.NOT_FOUND
    assert error.details() == f"Product {NOBODY} not found"


async def test_an_id_that_is_none_is_not_found(stub: Any) -> None:
    error = await refusal(stub.GetProduct(pb.GetProductRequest(id="42")))
    assert (error.code(), error.details()) == (grpc.StatusCode.NOT_FOUND, "Product 42 not found")


async def test_an_absent_id_is_an_invalid_argument(stub: Any) -> None:
    error = await refusal(stub.GetProduct(pb.GetProductRequest()))
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "id" in violations(error)


async def test_every_wrong_field_is_named(stub: Any, editor_metadata: Metadata) -> None:
    wrong = kettle(price="1.999", inventory=-1, images=[pb.ImageInput(url="nowhere")])
    error = await refusal(stub.CreateProduct(pb.CreateProductRequest(product=wrong), metadata=editor_metadata))
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert set(violations(error)) == {"price", "inventory", "images.0.url"}
    assert reason(error) == "INVALID_INPUT"


async def test_a_time_outside_the_calendar_is_an_invalid_argument(stub: Any, editor_metadata: Metadata) -> None:
    wrong = kettle()
    wrong.publish_from.seconds = 2**62
    error = await refusal(stub.CreateProduct(pb.CreateProductRequest(product=wrong), metadata=editor_metadata))
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert set(violations(error)) == {"publish_from"}


async def test_many_wrong_fields_leave_room_for_the_status(stub: Any, editor_metadata: Metadata) -> None:
    wrong = kettle(images=[pb.ImageInput(url="é" * 2000)] * 50, name="é" * 2000)
    error = await refusal(stub.CreateProduct(pb.CreateProductRequest(product=wrong), metadata=editor_metadata))
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert violations(error)


async def test_a_sku_that_is_taken_already_exists(stub: Any, editor_metadata: Metadata) -> None:
    await created(stub, editor_metadata)
    error = await refusal(created(stub, editor_metadata))
    assert error.code() == grpc.StatusCode.ALREADY_EXISTS
    assert "K-1" in (error.details() or "")


async def test_attributes_keep_their_kinds_and_read_the_same_by_rest(
    stub: Any, editor_metadata: Metadata, client: httpx.AsyncClient
) -> None:
    product = kettle()
    product.attributes.update({"color": "black", "weight_g": 900, "share": 0.5, "cordless": True, "fits": ["gas"]})
    answer = await stub.CreateProduct(pb.CreateProductRequest(product=product), metadata=editor_metadata)
    read = (await client.get(f"{PRODUCTS}/{answer.id}")).json()
    assert read["attributes"] == {"color": "black", "weight_g": 900, "share": 0.5, "cordless": True, "fits": ["gas"]}
    assert isinstance(read["attributes"]["weight_g"], int)
    assert read["version"] == answer.version


async def test_a_mask_changes_what_it_names_alone(stub: Any, editor_metadata: Metadata) -> None:
    product = await created(stub, editor_metadata, description="Boils.", inventory=3)
    answer = await updated(stub, editor_metadata, product, "price", price="19.00", name="not in the mask")
    assert (answer.price, answer.name, answer.inventory) == ("19.00", "A kettle", 3)


async def test_a_field_in_the_mask_without_a_value_is_cleared(stub: Any, editor_metadata: Metadata) -> None:
    product = await created(stub, editor_metadata, description="Boils.", images=[pb.ImageInput(url="/a.jpg")])
    answer = await updated(stub, editor_metadata, product, "description", "images")
    assert not answer.HasField("description")
    assert not answer.images


async def test_without_a_mask_the_fields_that_are_set_change(stub: Any, editor_metadata: Metadata) -> None:
    product = await created(stub, editor_metadata, description="Boils.")
    answer = await updated(stub, editor_metadata, product, inventory=0, name="A pot")
    assert (answer.name, answer.inventory, answer.description) == ("A pot", 0, "Boils.")


async def test_a_star_replaces_the_whole_product(stub: Any, editor_metadata: Metadata) -> None:
    product = await created(stub, editor_metadata, description="Boils.", inventory=3)
    answer = await updated(stub, editor_metadata, product, "*", sku="K-2", name="A pot", price="5")
    assert (answer.sku, answer.price, answer.inventory) == ("K-2", "5.00", 0)
    assert not answer.HasField("description")


async def test_one_attribute_is_changed_or_removed_by_its_path(stub: Any, editor_metadata: Metadata) -> None:
    held = kettle()
    held.attributes.update({"color": "black", "size.max": 1, "shape": "round"})
    product = await stub.CreateProduct(pb.CreateProductRequest(product=held), metadata=editor_metadata)
    change = pb.ProductInput()
    change.attributes.update({"color": "red", "shape": "square"})
    request = pb.UpdateProductRequest(id=product.id, product=change)
    request.update_mask.paths.extend(["attributes.color", "attributes.size.max"])
    answer = await stub.UpdateProduct(request, metadata=editor_metadata)
    assert dict(answer.attributes.items()) == {"color": "red", "shape": "round"}


@pytest.mark.parametrize("path", ["colour", "images.url", "id", "", "attributes.", "Name", "*"])
async def test_a_path_that_is_no_field_is_named(stub: Any, editor_metadata: Metadata, path: str) -> None:
    product = await created(stub, editor_metadata)
    error = await refusal(updated(stub, editor_metadata, product, "name", path, name="x"))
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert repr(path) in violations(error)["update_mask"]


async def test_a_name_can_not_be_cleared(stub: Any, editor_metadata: Metadata) -> None:
    product = await created(stub, editor_metadata)
    error = await refusal(updated(stub, editor_metadata, product, "name"))
    assert set(violations(error)) == {"name"}


async def test_an_update_of_an_old_version_is_aborted(stub: Any, editor_metadata: Metadata) -> None:
    product = await created(stub, editor_metadata)
    answer = await updated(stub, editor_metadata, product, name="A pot", version=product.version)
    error = await refusal(updated(stub, editor_metadata, product, name="A pan", version=product.version))
    assert error.code() == grpc.StatusCode.ABORTED
    assert str(answer.version) in (error.details() or "")


async def test_a_deleted_product_is_not_found(stub: Any, editor_metadata: Metadata) -> None:
    product = await created(stub, editor_metadata)
    await stub.DeleteProduct(pb.DeleteProductRequest(id=product.id), metadata=editor_metadata)
    error = await refusal(stub.DeleteProduct(pb.DeleteProductRequest(id=product.id), metadata=editor_metadata))
    assert (error.code(), error.details()) == (grpc.StatusCode.NOT_FOUND, f"Product {product.id} not found")


async def test_a_page_of_none_is_an_invalid_argument(stub: Any) -> None:
    error = await refusal(stub.ListProducts(pb.ListProductsRequest(page=0, per_page=101)))
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert set(violations(error)) == {"page", "per_page"}
