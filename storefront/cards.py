"""A hit as the shop shows it in a grid: what it is, what it costs, whether it can be had, and its picture. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from catalog.schemas.fields import slugify
from search.result import Hit, ProductSuggestion
from storefront.formatting import money
from storefront.pictures import picture_address

# Reserved by RFC 2606, so that no picture is ever found there: made-up catalogues use them.
_NOWHERE = ("example.com", "example.org", "example.net", ".example", ".test", ".invalid")
_PLACE = re.compile(r"/(\d)\.\w+$")
COLOR_OPTIONS = ("color", "colour")


@dataclass(frozen=True, slots=True)
class Card:
    """`options` are those of the variant that holds the filters: ('Navy', 'M'). `missing`: words that it lacks."""

    id: str
    variant: str | None
    url: str
    name: str
    brand: str | None
    price: str
    in_stock: bool
    options: tuple[str, ...]
    missing: tuple[str, ...]
    picture: str
    drawn: str


def card(hit: Hit) -> Card:
    """A hit of a search; where a variant holds the filters, its price, stock, colour and address."""
    options = hit.variant.options if hit.variant else {}
    sku = hit.variant.sku if hit.variant else None
    category = hit.category.path if hit.category else ""
    color = color_of(options)
    return Card(
        id=hit.id,
        variant=sku,
        url=product_url(hit.id, hit.name, sku),
        name=hit.name,
        brand=brand_apart(hit.brand, hit.name),
        price=money(hit.price, hit.currency),
        in_stock=hit.in_stock,
        options=tuple(options.values()),
        missing=hit.missing or (),
        picture=picture(hit.image, hit.name, category, color),
        drawn=picture_address(hit.name, category, color),
    )


def brand_apart(brand: str | None, name: str) -> str | None:
    """The brand, unless the name begins with it anyway."""
    return brand if brand and not name.casefold().startswith(brand.casefold()) else None


class ShopSuggestion(ProductSuggestion, frozen=True):
    """A product of autocomplete as the search box shows it."""

    #: The address of its page.
    url: str
    #: The address of a picture that can be shown.
    picture: str
    #: The address of a drawn one, where the picture can't be loaded.
    drawn: str


def shop_suggestion(product: ProductSuggestion) -> ShopSuggestion:
    """A product of autocomplete, with the address of its page and a picture that can be shown."""
    fields = {name: getattr(product, name) for name in product.__struct_fields__}
    return ShopSuggestion(
        **fields,
        url=product_url(product.id, product.text),
        picture=picture(product.image, product.text, ""),
        drawn=picture_address(product.text, ""),
    )


def product_url(product_id: Any, name: str, variant: str | None = None) -> str:
    """'/p/cotton-t-shirt-0b2f7c1e-…?variant=TEE-L'; the id alone finds the product."""
    slug = slugify(name)[:80].strip("-")
    query = f"?{urlencode({'variant': variant})}" if variant else ""
    return f"/p/{slug}-{product_id}{query}" if slug.isascii() and slug else f"/p/{product_id}{query}"


def color_of(options: Mapping[str, str]) -> str:
    return next((options[name] for name in COLOR_OPTIONS if name in options), "")


def picture(url: str | None, name: str, category: str, color: str = "") -> str:
    """The product's own picture if a browser may load it, otherwise one that is drawn here."""
    if url and url.startswith("/") and not url.startswith("//"):
        return url
    parts = _split(url)
    if parts is not None and parts[0] == "https" and not parts[1].endswith(_NOWHERE):
        return url or ""
    place = _PLACE.search(url or "")
    return picture_address(name, category, color, int(place[1]) - 1 if place else 0)


def _split(url: str | None) -> tuple[str, str] | None:
    try:
        parts = urlsplit(url or "")
        return parts.scheme, parts.hostname or ""
    except ValueError:
        return None
