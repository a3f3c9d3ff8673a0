"""The table: what is asked, as whom, and what part of the answer is known beforehand.

A case's answer is compared in full between the doors; `expected` is there so that two empty answers are not agreement.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

from tests.conformance.doors import Answer, Door, TreeDoor, World

NOBODY = "00000000-0000-4000-8000-000000000000"
Run = Callable[[Door, World], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """`run` answers what is compared; `refused` is the code that it is refused with, and `fields` what is wrong."""

    name: str
    run: Run
    role: str = ""
    expected: Answer = field(default_factory=dict)
    refused: str = ""
    fields: tuple[str, ...] = ()
    needs: str = "get_product"


def get(sku: str) -> Run:
    return lambda door, world: door.get_product(world.ids.get(sku, sku))


def listed(**asked: Any) -> Run:
    async def run(door: Door, world: World) -> Answer:
        return _with_skus(world, await door.list_products(asked))

    return run


def found(asked: dict[str, Any]) -> Run:
    async def run(door: Door, world: World) -> Answer:
        return _with_skus(world, await door.search(asked))

    return run


def completed(**asked: Any) -> Run:
    return lambda door, world: door.autocomplete(asked)


async def tree(door: Door, world: World) -> Answer:
    roots = await cast(TreeDoor, door).categories()
    return {"roots": [root["path"] for root in roots], "tree": roots}


def created(**fields: Any) -> Run:
    async def run(door: Door, world: World) -> Answer:
        return _written(await door.create_product(_new(door, **fields)))

    return run


def created_twice(**fields: Any) -> Run:
    async def run(door: Door, world: World) -> Answer:
        await door.create_product(_new(door, **fields))
        return _written(await door.create_product(_new(door, **fields)))

    return run


def created_beside(**fields: Any) -> Run:
    """After another product with the same fields but its sku."""

    async def run(door: Door, world: World) -> Answer:
        await door.create_product(_new(door, **fields) | {"sku": f"OLD-{door.name}"})
        return _written(await door.create_product(_new(door, **fields)))

    return run


def patched(before: Answer, **fields: Any) -> Run:
    async def run(door: Door, world: World) -> Answer:
        product = await door.create_product(_new(door, **before))
        return _written(await door.patch_product(product["id"], _own(door, fields)))

    return run


def patched_unknown(**fields: Any) -> Run:
    return lambda door, world: door.patch_product(NOBODY, fields)


def patched_twice(**fields: Any) -> Run:
    """Each time as a change of the version that was read at first."""

    async def run(door: Door, world: World) -> Answer:
        product = await door.create_product(_new(door))
        for _ in range(2):
            await door.patch_product(product["id"], fields, product["version"])
        return {}

    return run


def patched_as_read(before: Answer, **fields: Any) -> Run:
    async def run(door: Door, world: World) -> Answer:
        product = await door.create_product(_new(door, **before))
        return _written(await door.patch_product(product["id"], _own(door, fields), product["version"]))

    return run


def deleted_after_a_change(*, read_again: bool) -> Run:
    async def run(door: Door, world: World) -> Answer:
        product = await door.create_product(_new(door))
        changed = await door.patch_product(product["id"], {"name": "Changed"})
        await door.delete_product(product["id"], (changed if read_again else product)["version"])
        return {}

    return run


def deleted(*, times: int = 1) -> Run:
    async def run(door: Door, world: World) -> Answer:
        product = await door.create_product(_new(door))
        for _ in range(times):
            await door.delete_product(product["id"])
        return {}

    return run


async def read_after_delete(door: Door, world: World) -> Answer:
    product = await door.create_product(_new(door))
    await door.delete_product(product["id"])
    return await door.get_product(product["id"])


def _new(door: Door, **fields: Any) -> Answer:
    return {"sku": f"NEW-{door.name}", "name": "A kettle", "price": "29.99"} | _own(door, fields)


def _own(door: Door, fields: Answer) -> Answer:
    """With variants whose skus are this door's own."""
    if "variants" not in fields:
        return fields
    return fields | {"variants": [item | {"sku": f"{item['sku']}-{door.name}"} for item in fields["variants"]]}


def _written(product: Answer) -> Answer:
    """Without what differs because every door writes a product of its own."""
    own = ("id", "sku", "version")
    category = product["category"]
    return {name: held for name, held in product.items() if name not in own} | {
        "category": category and category["path"],
        "variants": [item | {"sku": item["sku"].rpartition("-")[0]} for item in product["variants"]],
        "versioned": product["version"] > 0,
    }


def _with_skus(world: World, answer: Answer) -> Answer:
    by_id = {product_id: sku for sku, product_id in world.ids.items()}
    return answer | {"skus": [by_id[product_id] for product_id in answer["ids"]]}


FULL = {
    "description": "Boils.", "brand": "Norvane", "category": "Kitchen > Kettles", "inventory": 7,
    "compare_at_price": "39.50", "gtin": "4006381333948", "status": "active",
    "images": [{"url": "https://example.com/kettle.jpg", "alt": "The kettle"}],
    "attributes": {"color": "black", "weight_g": 900, "cordless": True, "fits": ["gas", "induction"]},
}  # fmt: skip
VARIANTS = [{"sku": "one", "price": "10.00", "inventory": 2, "options": {"size": "S"}}]
TWO_VARIANTS = [*VARIANTS, {"sku": "two", "price": "12.50", "inventory": 3, "options": {"size": "M", "color": "red"}}]

READ = [
    Case("a product by its id", get("NX-450"), expected={"sku": "NX-450", "price": "899.00", "inventory": 3}),
    Case("a product with variants", get("TEE"), expected={"sku": "TEE", "price": "15.00", "inventory": 4}),
    Case("a reduced product", get("HP-2"), expected={"compare_at_price": "79.90", "on_sale": True}),
    Case("an unknown id", get(NOBODY), refused="NOT_FOUND"),
    Case("an id that is none", get("42"), refused="NOT_FOUND"),
    Case("a draft, by anybody", get("DRAFT"), refused="NOT_FOUND"),
    Case("a draft, by an analyst", get("DRAFT"), role="analyst", refused="NOT_FOUND"),
    Case("a draft, by an editor", get("DRAFT"), role="editor", expected={"sku": "DRAFT", "status": "draft"}),
    Case("the first page", listed(), expected={"total": 5}),
    Case("a small second page", listed(page=2, per_page=2), expected={"total": 5}),
    Case("a page past the end", listed(page=9), expected={"total": 5, "ids": []}),
    Case("a list, by an editor", listed(), role="editor", expected={"total": 8}),
    Case("a list, searched", listed(search="laptop"), expected={"total": 2}),
    Case("a list, searched by sku", listed(search="HP-2"), expected={"total": 1, "skus": ["HP-2"]}),
    Case("a list by category", listed(category="computers"), expected={"total": 2}),
    Case("a list by the names of a category", listed(category="Audio > Headphones"), expected={"skus": ["HP-2"]}),
    Case("a list by an unknown category", listed(category="nowhere"), expected={"total": 0}),
    Case("a page of none", listed(page=0), refused="INVALID_INPUT", fields=("page",)),
    Case("a page too large", listed(per_page=101), refused="INVALID_INPUT", fields=("per_page",)),
    Case("a list, searched too long", listed(search="x" * 201), refused="INVALID_INPUT", fields=("search",)),
    Case("the category tree", tree, expected={"roots": ["audio", "clothing", "computers"]}, needs="categories"),
]
SEARCH = [
    Case("a search", found({"q": "laptop"}), expected={"total": 2, "skus": ["NX-450", "BAG-1"]}),
    Case("everything, by price", found({"sort": "price_asc"}), expected={"total": 5}),
    Case("a page of a search", found({"sort": "name", "page": 2, "per_page": 2}), expected={"total": 5}),
    Case("a search by sku", found({"q": "nx450"}), expected={"skus": ["NX-450"]}),
    Case("filtered by brand", found({"brand": ["Norvane"]}), expected={"total": 2}),
    Case("filtered by two brands", found({"brand": ["Norvane", "Weft"]}), expected={"total": 3}),
    Case("filtered by category", found({"category": "computers/laptops"}), expected={"skus": ["NX-450"]}),
    Case("filtered by an attribute", found({"attr.color": ["black", "blue"]}), expected={"total": 2}),
    Case("filtered by a range", found({"attr.weight_g_min": 1000}), expected={"skus": ["NX-450"]}),
    Case("filtered by price", found({"price_min": "10", "price_max": "40.00"}), expected={"total": 2}),
    Case("what is in stock and reduced", found({"in_stock": True, "on_sale": True}), expected={"total": 0}),
    Case("with facets", found({"facets": ["brand", "category", "price", "attr.color", "in_stock"]}),
         expected={"total": 5}),
    Case("with the facets that show by themselves", found({"q": "laptop"}), expected={"total": 2}),
    Case("a facet with its own selection", found({"brand": ["Carry"], "facets": ["brand"]}), expected={"total": 1}),
    Case("without facets", found({"facets": ["none"]}), expected={"facets": []}),
    Case("with a typing error", found({"q": "headphnes"}), expected={"skus": ["HP-2"], "corrected_to": "headphones"}),
    Case("with a word too many", found({"q": "laptop zzqx"}), expected={"dropped_terms": ["zzqx"]}),
    Case("with no result", found({"q": "zzqx"}), expected={"total": 0, "ids": []}),
    Case("too long a query", found({"q": "x" * 201}), refused="INVALID_INPUT", fields=("q",)),
    Case("too deep a page", found({"page": 101, "per_page": 100}), refused="INVALID_INPUT", fields=("page",)),
    Case("too large a page", found({"per_page": 101}), refused="INVALID_INPUT", fields=("per_page",)),
    Case("a price upside down", found({"price_min": "9", "price_max": "8"}), refused="INVALID_INPUT",
         fields=("price_min",)),
    Case("an attribute upside down", found({"attr.weight_g_min": 9, "attr.weight_g_max": 8}), refused="INVALID_INPUT",
         fields=("attr.weight_g_min",)),
    Case("an unknown facet", found({"facets": ["colour"]}), refused="INVALID_INPUT", fields=("facets",)),
    Case("a forged cursor", found({"cursor": "forged"}), refused="INVALID_INPUT", fields=("cursor",)),
    Case("completions", completed(q="lap"), expected={"brands": []}),
    Case("completions of a typing error", completed(q="headpho", limit=3)),
    Case("completions in a category", completed(q="no", category="audio")),
    Case("too many completions", completed(q="a", limit=21), refused="INVALID_INPUT", fields=("limit",)),
]  # fmt: skip
WRITE = [
    Case("a new product", created(), role="editor", expected={"name": "A kettle", "price": "29.99", "inventory": 0}),
    Case("a new product, whole", created(**FULL), role="admin", expected={"category": "kitchen/kettles"}),
    Case("a new product, by nobody", created(), refused="UNAUTHENTICATED"),
    Case("a new product, by an analyst", created(), role="analyst", refused="FORBIDDEN"),
    Case("a new product, by a merchandiser", created(), role="merchandiser", refused="FORBIDDEN"),
    Case("a sku that is taken", created_twice(), role="editor", refused="CONFLICT", fields=("sku",)),
    Case("wrong fields", created(price="-1", name=" ", inventory=-2), role="editor", refused="INVALID_INPUT",
         fields=("inventory", "name", "price")),
    Case("a wrong field inside a list", created(images=[{"url": "nowhere"}]), role="editor", refused="INVALID_INPUT",
         fields=("images.0.url",)),
    Case("a price with three decimals", created(price="1.999"), role="editor", refused="INVALID_INPUT",
         fields=("price",)),
    Case("a patch", patched(FULL, price="19.00", name="A big kettle"), role="editor",
         expected={"price": "19.00", "name": "A big kettle", "inventory": 7, "description": "Boils."}),
    Case("a patch that clears", patched(FULL, description=None, brand=None, compare_at_price=None), role="editor",
         expected={"description": None, "brand": None, "compare_at_price": None, "gtin": FULL["gtin"]}),
    Case("a patch that clears what must be there", patched({}, name=None), role="editor", refused="INVALID_INPUT",
         fields=("name",)),
    Case("a patch of nothing", patched(FULL), role="editor", expected={"inventory": 7}),
    Case("a patch of an unknown id", patched_unknown(name="x"), role="editor", refused="NOT_FOUND"),
    Case("a patch, by nobody", patched_unknown(name="x"), refused="UNAUTHENTICATED"),
    Case("a patch of the version that was read", patched_as_read(FULL, name="Changed"), role="editor",
         expected={"name": "Changed", "inventory": 7}),
    Case("a patch of a stale version", patched_twice(name="Changed"), role="editor", refused="CONFLICT"),
    Case("a deletion of the version that was read", deleted_after_a_change(read_again=True), role="editor"),
    Case("a deletion of a stale version", deleted_after_a_change(read_again=False), role="editor", refused="CONFLICT"),
    Case("a deletion", deleted(), role="editor"),
    Case("a deletion, twice", deleted(times=2), role="editor", refused="NOT_FOUND"),
    Case("a product that was deleted", read_after_delete, role="editor", refused="NOT_FOUND"),
    Case("a deletion, by nobody", lambda door, world: door.delete_product(world.ids["TEE"]),
         refused="UNAUTHENTICATED"),
    Case("a deletion, by an analyst", lambda door, world: door.delete_product(world.ids["TEE"]), role="analyst",
         refused="FORBIDDEN"),
]  # fmt: skip
WRITE_VARIANTS = [
    Case("a new product with a variant", created(variants=VARIANTS), role="editor",
         expected={"price": "10.00", "inventory": 2, "variants": VARIANTS}),
    Case("a new product with two, and a price and stock of its own", created(variants=TWO_VARIANTS, inventory=99),
         role="editor", expected={"price": "10.00", "inventory": 5, "variants": TWO_VARIANTS}),
    Case("a patch beside variants", patched({"variants": TWO_VARIANTS}, name="Changed"), role="editor",
         expected={"name": "Changed", "variants": TWO_VARIANTS}),
    Case("a patch of variants", patched({"variants": TWO_VARIANTS}, variants=TWO_VARIANTS[1:]), role="editor",
         expected={"price": "12.50", "inventory": 3, "variants": TWO_VARIANTS[1:]}),
    Case("variants in another order", patched({"variants": TWO_VARIANTS}, variants=TWO_VARIANTS[::-1]), role="editor",
         expected={"price": "10.00", "inventory": 5, "variants": TWO_VARIANTS[::-1]}),
    Case("variants of the version that was read", patched_as_read({}, variants=VARIANTS), role="editor",
         expected={"price": "10.00", "variants": VARIANTS}),
    Case("a patch that takes all variants away", patched({"variants": TWO_VARIANTS}, variants=[]), role="editor",
         expected={"variants": []}),
    Case("a price where there is one variant", patched({"variants": VARIANTS}, price="8.00"), role="editor",
         expected={"price": "8.00", "variants": [VARIANTS[0] | {"price": "8.00"}]}),
    Case("a price where variants differ", patched({"variants": TWO_VARIANTS}, price="8.00"), role="editor",
         refused="INVALID_INPUT", fields=("price",)),
    Case("a stock where there are several variants", patched({"variants": TWO_VARIANTS}, inventory=8), role="editor",
         refused="INVALID_INPUT", fields=("inventory",)),
    Case("no stock of any variant", patched({"variants": TWO_VARIANTS}, inventory=0), role="editor",
         expected={"inventory": 0}),
    Case("the same variant twice", created(variants=VARIANTS * 2), role="editor", refused="INVALID_INPUT",
         fields=("variants",)),
    Case("a variant with the sku of its product", created(variants=[VARIANTS[0] | {"sku": "NEW"}]), role="editor",
         refused="INVALID_INPUT", fields=("variants",)),
    Case("wrong fields of a variant", created(variants=[*VARIANTS, {"sku": "two", "price": "1.999", "inventory": -1}]),
         role="editor", refused="INVALID_INPUT", fields=("variants.1.inventory", "variants.1.price")),
    Case("a variant's sku that is taken by another's variant", created_beside(variants=VARIANTS), role="editor",
         refused="CONFLICT", fields=("sku",)),
    Case("variants, by an analyst", created(variants=VARIANTS), role="analyst", refused="FORBIDDEN"),
]  # fmt: skip
CASES = [*READ, *SEARCH, *WRITE, *WRITE_VARIANTS]
