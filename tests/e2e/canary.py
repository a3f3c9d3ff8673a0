"""A product that some credentials must not learn of, and every request that would show it to the others.

Whatever there is of it, is there once: its words stand in no other product, and nearly so in some.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from catalog.settings import Settings
from mappings.identifiers import normalise_identifier

CANARY: dict[str, Any] = {
    "sku": "ZQX-77-KIV", "name": "Quillfernal Lamp", "brand": "Vorzakh", "category": "Lamps > Umbrawyck Lights",
    "description": "It has a thrumbellow made by hand.", "price": "7131.77", "inventory": 0, "gtin": "9780201379624",
    "images": ["https://img.example/vexnight.png"], "popularity": 0.9,
    "attributes": {"hue": "frostmulberry", "sparkrating": "gleamish", "model": "PLX909J", "hiddenwatts": 43219876},
    "variants": [
        {"sku": "ZQX-77-KIV-B", "price": "7131.77", "inventory": 0, "options": {"wick": "snaggletwist"}},
        {"sku": "ZQX-77-KIV-C", "price": "7132.77", "inventory": 0, "options": {"wick": "grimblesilk"}}],
}  # fmt: skip
OTHERS: list[dict[str, Any]] = [
    {"sku": f"LAMP-{number}", "name": f"{name} Lamp", "brand": "Norvane", "category": "Lamps > Desk Lamps",
     "price": "20.00", "compare_at_price": "30.00", "inventory": 5, "popularity": 0.1 * number,
     "attributes": {"hue": ["red", "blue"][number % 2], "watts": number}}
    for number, name in enumerate(["Quilted", "Vortex", "Umber", "Frosted", "Spark", "Plain", "Quiet"], 1)
]  # fmt: skip
WORDS = (
    "quillfernal", "vorzakh", "umbrawyck", "thrumbellow", "frostmulberry", "sparkrating", "gleamish", "plx909j",
    "vexnight", "snaggletwist", "grimblesilk", "hiddenwatts", "zqx-77-kiv", "zqx77kiv", "9780201379624",
    "7131.77", "43219876",
)  # fmt: skip
# Filters of which the canary holds none, and every other product holds each or nearly so.
HIDING: list[dict[str, Any]] = [
    {"brand": "norvane"},
    {"category": "lamps/desk-lamps"},
    {"attr.hue": ["red", "blue"]},
    {"in_stock": True},
    {"on_sale": True},
    {"attr.hue": "red", "in_stock": True, "brand": ["Norvane", "Weft"]},
]


@dataclass(frozen=True, slots=True)
class Door:
    """A request; `body` makes it a POST."""

    path: str
    params: tuple[tuple[str, str], ...] = ()
    body: Any = None

    @property
    def said(self) -> str:
        """All that whoever asks has said, and may be told again."""
        return f"{self.path} {self.params} {self.body}".casefold()


def _search(**params: str) -> Door:
    return Door("/api/v1/search", tuple((name.replace("__", "."), value) for name, value in params.items()))


def _values(name: str, prefix: str) -> Door:
    return Door(f"/api/v1/search/facets/{name}", (("prefix", prefix),))


def _typed(q: str, **params: str) -> Door:
    return Door("/api/v1/autocomplete", (("q", q), *params.items()))


def _listed(**params: str) -> Door:
    return Door("/api/v1/products", tuple(params.items()))


# Its words, their beginnings, and words that are nearly these, also beside words that others have.
ASKED = [
    "quillfernal", "Quillfernal Lamp", "vorzakh", "vorzakh lamp", "ZQX-77-KIV", "zqx 77 kiv", "zqx77", "9780201379624",
    "plx909j", "frostmulberry", "gleamish", "thrumbellow", "umbrawyck", "umbrawyck lights", "snaggletwist", "lamp",
    "quilfernal", "quillfernel lamp", "quilted quilfernal lamp", "vorzak", "vorzack norvane lamp", "umbrawick lamp",
    "zqx-77-kiv quilted", "lights", "lamp 9780201379624",
]  # fmt: skip
TYPED = [
    "qui", "quil", "quill", "quillf", "quilf", "quilfe", "quillfernal l", "lamp quillf", "vor", "vorz", "vorsak",
    "umb", "umbra", "umbrw", "zqx-77", "978020", "9780201", "plx9", "lamp", "l", "lights",
]  # fmt: skip


def reads(product_id: UUID, category_id: UUID) -> list[Door]:
    """Of the canary alone."""
    product = f"/api/v1/products/{product_id}"
    return [Door(product), Door(f"{product}/sync"), Door(f"/api/v1/categories/{category_id}")]


def doors(category_id: UUID) -> list[Door]:
    """Each shows the canary, among others, to whoever sees everything."""
    return [
        _search(), _search(sort="newest"), _search(sort="price_desc"), _search(sort="popularity"), _search(sort="name"),
        *(_search(q=q) for q in ASKED),
        *(_search(q=q, explain="true") for q in ("lamp", "quilfernal", "vorzack norvane lamp")),
        *(_search(q=q, sort="price_desc", facets="none") for q in ("lamp", "quilfernal", "quilted quilfernal lamp")),
        _search(q="lamp", exact="true"), _search(q="lamp", cursor="*", per_page="1", sort="price_desc"),
        _search(q="nothinglikethis"), _search(q="quil"), _search(facets="brand"), _search(facets="category"),
        _search(facets="price"), _search(facets="attr.hue", per_page="1", sort="price_asc"),
        _search(facets="attr.sparkrating", per_page="1", sort="price_asc"),
        _search(facets="attr.wick", per_page="1", sort="price_asc"),
        _search(facets="attr.hiddenwatts", per_page="1", sort="price_asc"),
        _search(category="lamps/umbrawyck-lights"), _search(category=str(category_id)), _search(category="lamps"),
        _search(category=str(category_id), price_max="1"), _search(category=str(category_id), q="vortex"),
        _search(brand="vorzakh"), _search(attr__hue="frostmulberry"), _search(attr__wick="snaggletwist"),
        _search(price_min="7000"), _search(attr__hiddenwatts_min="4000"),
        Door("/api/v1/search", body={"q": "lamp"}), Door("/api/v1/search", body={"q": "vorzak", "explain": True}),
        Door("/api/v1/search/multi", body={"searches": [{}, {"q": "quilfernal"}, {"q": "lamp", "facets": "brand"}]}),
        Door("/api/v1/instantsearch", body={"requests": [
            {"indexName": "products", "params": {"query": "quillfernal", "facets": ["*"]}},
            {"indexName": "products_price_desc", "params": {"query": "lamp", "facets": ["brand", "attr.wick"]}}]}),
        Door("/api/v1/instantsearch", body=[
            {"indexName": "products", "params": {"facetName": "brand", "facetQuery": "v"}}]),
        _values("brand", ""), _values("brand", "vor"), _values("category", "umb"), _values("attr.hue", "frost"),
        _values("attr.wick", ""), _values("attr.sparkrating", ""), _values("brand", "v"),
        *(_typed(q) for q in TYPED), _typed("qui", category="lamps"), _typed("lamp", category=str(category_id)),
        _typed("quillf", limit="20"),
        _listed(), _listed(search="quillfernal"), _listed(search="ZQX-77-KIV"), _listed(search="lamp"),
        _listed(category="lamps"), _listed(category="Lamps > Umbrawyck Lights"), _listed(category=str(category_id)),
        Door("/api/v1/categories"),
    ]  # fmt: skip


class Canary(NamedTuple):
    """The ids of the product and of its category, and what there is to know of it."""

    product_id: UUID
    category_id: UUID

    @property
    def secrets(self) -> tuple[str, ...]:
        return (*WORDS, str(self.product_id), str(self.category_id))

    @property
    def doors(self) -> list[Door]:
        return doors(self.category_id)

    @property
    def reads(self) -> list[Door]:
        return reads(self.product_id, self.category_id)

    def told(self, door: Door, text: str) -> set[str]:
        """What an answer says of the canary that whoever asks has not said."""
        found, said = text.casefold(), normalise_identifier(door.said)
        return {word for word in self.secrets if word in found and normalise_identifier(word) not in said}


def remembering(settings: Settings) -> Settings:
    """What is learned of the catalogue holds for some time, and answers are kept for others who ask the same."""
    return settings.model_copy(update={"attribute_types_ttl_seconds": 60, "cache_seconds": 60})
