"""Products as messages. Pure."""

from datetime import datetime
from decimal import Decimal

from google.protobuf.timestamp_pb2 import Timestamp

from catalog.schemas.product_out import CategoryRef, ProductOut, ProductPage
from catalog.v1 import product_service_pb2 as pb


def money(value: Decimal | float) -> str:
    """29.9 -> "29.90"."""
    return f"{value:.2f}"


def moment(value: datetime | None) -> Timestamp | None:
    if value is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(value)
    return stamp


def page(found: ProductPage) -> pb.ListProductsResponse:
    return pb.ListProductsResponse(
        items=map(product, found.items), total=found.total, page=found.page, per_page=found.per_page
    )


def _category(held: CategoryRef | None) -> pb.Category | None:
    return None if held is None else pb.Category(id=str(held.id), name=held.name, path=held.path)


def product(held: ProductOut) -> pb.Product:
    message = pb.Product(
        id=str(held.id),
        sku=held.sku,
        name=held.name,
        description=held.description,
        price=money(held.price),
        compare_at_price=None if held.compare_at_price is None else money(held.compare_at_price),
        currency=held.currency,
        on_sale=held.on_sale,
        inventory=held.inventory,
        gtin=held.gtin,
        brand=held.brand,
        category=_category(held.category),
        images=[
            pb.Image(id=str(image.id), url=image.url, alt=image.alt, position=image.position) for image in held.images
        ],
        variants=[
            pb.Variant(
                id=str(item.id),
                sku=item.sku,
                price=money(item.price),
                inventory=item.inventory,
                options=item.options,
                position=item.position,
            )
            for item in held.variants
        ],
        status=held.status,
        publish_from=moment(held.publish_from),
        publish_until=moment(held.publish_until),
        popularity=held.popularity,
        created_at=moment(held.created_at),
        updated_at=moment(held.updated_at),
        version=held.version,
    )
    message.attributes.update(held.attributes)
    return message
