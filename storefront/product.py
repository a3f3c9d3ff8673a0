"""A product as its page shows it: pictures, price, stock, variants, facts, and the same for machines. Pure."""

from dataclasses import dataclass
from typing import Any

from catalog.schemas.product_out import ProductOut, VariantOut
from mappings.json_types import Json
from storefront.address import Address
from storefront.cards import color_of, picture, product_url
from storefront.formatting import fact, label, money
from storefront.pictures import VIEWS, picture_address, swatch

FEW_LEFT = 5
MOST_PICTURES = 8
_NOTHING: tuple[Any, ...] = (None, [], "")


@dataclass(frozen=True, slots=True)
class Picture:
    """`link` is the page that shows it large."""

    url: str
    alt: str
    drawn: str
    link: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Option:
    """One value of an option; `url` is the page of the variant that has it and is otherwise nearest."""

    label: str
    url: str
    selected: bool
    in_stock: bool
    swatch: str | None


@dataclass(frozen=True, slots=True)
class VariantRow:
    sku: str
    options: list[str]
    price: str
    stock: str
    in_stock: bool
    url: str
    selected: bool


@dataclass(frozen=True, slots=True)
class ProductPage:
    """`machine` is schema.org's Product; the template writes it so that nothing in it can end the script element."""

    id: str
    variant: str | None
    url: str
    name: str
    brand: str | None
    brand_url: str
    sku: str
    gtin: str | None
    crumbs: list[tuple[str, str]]
    pictures: list[Picture]
    price: str
    was: str | None
    saved: str | None
    stock: str
    in_stock: bool
    paragraphs: list[str]
    pickers: list[tuple[str, list[Option]]]
    option_names: list[str]
    rows: list[VariantRow]
    facts: list[tuple[str, str]]
    machine: Json


def product_page(product: ProductOut, names: list[str], chosen: str, view: int) -> ProductPage:
    """`names`: the category's, from the root; `chosen`: a variant's sku, or '' for the product as a whole; `view`: the
    picture to show large, from 0.
    """
    variants = sorted(product.variants, key=lambda variant: variant.position)
    variant = next((candidate for candidate in variants if candidate.sku == chosen), None)
    price, inventory = (variant.price, variant.inventory) if variant else (product.price, product.inventory)
    was = product.compare_at_price if product.compare_at_price and product.compare_at_price > price else None
    several = variant is None and any(candidate.price != product.price for candidate in variants)
    option_names = list(dict.fromkeys(name for candidate in variants for name in candidate.options))
    own_url = product_url(product.id, product.name)
    return ProductPage(
        id=str(product.id),
        variant=variant.sku if variant else None,
        url=own_url,
        name=product.name,
        brand=product.brand,
        brand_url=Address((("brand", product.brand or ""),)).url,
        sku=variant.sku if variant else product.sku,
        gtin=product.gtin,
        crumbs=_crumbs(product, names),
        pictures=_pictures(product, variant, view),
        price=("From " if several else "") + money(price, product.currency),
        was=money(was, product.currency) if was else None,
        saved=f"{(was - price) / was:.0%}" if was else None,
        stock=_stock(inventory),
        in_stock=inventory > 0,
        paragraphs=[text for text in (product.description or "").splitlines() if text.strip()],
        pickers=[(label(name), _options(product, variants, variant, name)) for name in option_names],
        option_names=[label(name) for name in option_names],
        rows=[_row(product, candidate, option_names, candidate is variant) for candidate in variants],
        facts=[(label(key), fact(value, key)) for key, value in product.attributes.items() if value not in _NOTHING],
        machine=_machine(product, variants, own_url),
    )


def _crumbs(product: ProductOut, names: list[str]) -> list[tuple[str, str]]:
    slugs = product.category.path.split("/") if product.category else []
    paths = ["/".join(slugs[: depth + 1]) for depth in range(len(slugs))]
    return [
        (name, Address((("category", path),)).url) for name, path in zip(names, paths, strict=len(names) == len(paths))
    ]


def _pictures(product: ProductOut, variant: VariantOut | None, view: int) -> list[Picture]:
    """The product's pictures; a product without any gets every view of a drawn one."""
    category = product.category.path if product.category else ""
    color = color_of(variant.options) if variant else ""
    images = [(image.url, image.alt) for image in sorted(product.images, key=lambda image: image.position)]
    if not images:
        images = [(f"/{number}.svg", None) for number in range(1, VIEWS + 1)]
        urls = [picture_address(product.name, category, color, number) for number in range(VIEWS)]
    else:
        urls = [picture(url, product.name, category, color) for url, _ in images]
    link = product_url(product.id, product.name, variant.sku if variant else None)
    shown = view if view < len(images) else 0
    return [
        Picture(
            url=url,
            alt=alt or product.name,
            drawn=picture_address(product.name, category, color, number),
            link=f"{link}{'&' if variant else '?'}view={number + 1}" if number else link,
            selected=number == shown,
        )
        for number, (url, (_, alt)) in enumerate(zip(urls[:MOST_PICTURES], images, strict=False))
    ]


def _options(product: ProductOut, variants: list[VariantOut], chosen: VariantOut | None, name: str) -> list[Option]:
    options: list[Option] = []
    for value in dict.fromkeys(candidate.options[name] for candidate in variants if name in candidate.options):
        having = [candidate for candidate in variants if candidate.options.get(name) == value]
        nearest = max(
            having,
            key=lambda candidate: (_shared(candidate, chosen, name), candidate.inventory > 0, -candidate.position),
        )
        options.append(
            Option(
                label=value,
                url=product_url(product.id, product.name, nearest.sku),
                selected=chosen is not None and chosen.options.get(name) == value,
                in_stock=nearest.inventory > 0,
                swatch=swatch(value),
            )
        )
    return options


def _shared(variant: VariantOut, chosen: VariantOut | None, but: str) -> int:
    """How many of the chosen variant's other options this one has as well."""
    if chosen is None:
        return 0
    return sum(variant.options.get(name) == value for name, value in chosen.options.items() if name != but)


def _row(product: ProductOut, variant: VariantOut, option_names: list[str], selected: bool) -> VariantRow:
    return VariantRow(
        sku=variant.sku,
        options=[variant.options.get(name, "–") for name in option_names],
        price=money(variant.price, product.currency),
        stock=_stock(variant.inventory),
        in_stock=variant.inventory > 0,
        url=product_url(product.id, product.name, variant.sku),
        selected=selected,
    )


def _stock(inventory: int) -> str:
    if inventory > FEW_LEFT:
        return "In stock"
    return f"Only {inventory} left" if inventory else "Sold out"


def _machine(product: ProductOut, variants: list[VariantOut], url: str) -> Json:
    """https://schema.org/Product, for search engines."""
    prices = [variant.price for variant in variants] or [product.price]
    availability = "https://schema.org/InStock" if product.inventory else "https://schema.org/OutOfStock"
    offer: Json = {"@type": "Offer", "price": f"{product.price:.2f}"}
    if variants:
        limits = {"lowPrice": f"{min(prices):.2f}", "highPrice": f"{max(prices):.2f}", "offerCount": len(variants)}
        offer = {"@type": "AggregateOffer", **limits}
    machine: Json = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.name,
        "sku": product.sku,
        "url": url,
        "offers": offer | {"priceCurrency": product.currency, "availability": availability},
    }
    if product.description:
        machine["description"] = product.description[:5000]
    if product.brand:
        machine["brand"] = {"@type": "Brand", "name": product.brand}
    if product.gtin:
        machine["gtin"] = product.gtin
    return machine
