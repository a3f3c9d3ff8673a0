"""Fixed ids of what is stored before the first request."""

from uuid import UUID, uuid5

NAMESPACE = UUID("6f2ad5a8-7f0e-4c53-9a53-0c9d6b1c5a11")
# An id that names nothing.
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def product_id(sku: str) -> str:
    return str(uuid5(NAMESPACE, f"product:{sku}"))


def category_id(path: str) -> str:
    """Of a slug path such as 'kitchen/kettles'."""
    return str(uuid5(NAMESPACE, f"category:{path}"))


def user_id(role: str) -> str:
    """Of the user `ROLE@example.com`."""
    return str(uuid5(NAMESPACE, f"user:{role}@example.com"))


def variant_id(sku: str) -> str:
    return str(uuid5(NAMESPACE, f"variant:{sku}"))


def image_id(sku: str, position: int) -> str:
    return str(uuid5(NAMESPACE, f"image:{sku}:{position}"))


def brand_id(name: str) -> str:
    return str(uuid5(NAMESPACE, f"brand:{name}"))
