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


def page(products: ProductPage) -> pb.ListProductsResponse:
    return pb.ListProductsResponse(
        items=map(product, products.items), total=products.total, page=products.page, per_page=products.per_page
    )


def _category(category: CategoryRef | None) -> pb.Category | None:
    return None if category is None else pb.Category(id=str(category.id), name=category.name, path=category.path)


def product(row: ProductOut) -> pb.Product:
    message = pb.Product(
        id=str(row.id),
        sku=row.sku,
        name=row.name,
        description=row.description,
        price=money(row.price),
        compare_at_price=None if row.compare_at_price is None else money(row.compare_at_price),
        currency=row.currency,
        on_sale=row.on_sale,
        inventory=row.inventory,
        gtin=row.gtin,
        brand=row.brand,
        category=_category(row.category),
        images=[
            pb.Image(id=str(image.id), url=image.url, alt=image.alt, position=image.position) for image in row.images
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
            for item in row.variants
        ],
        status=row.status,
        publish_from=moment(row.publish_from),
        publish_until=moment(row.publish_until),
        popularity=row.popularity,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
        version=row.version,
    )
    message.attributes.update(row.attributes)
    return message
