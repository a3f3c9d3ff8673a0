"""A catalogue made by chance, with a little of everything that makes counting hard, and searches made by chance."""

from collections.abc import Callable
from random import Random
from typing import Any

COLORS = ["red", "Red", "blue", "bleu clair", "café crème", "Äpfel", "dark_blue", "10 m²"]
SIZES = ["S", "M", "L", "XL"]
MATERIALS = ["wool", "cotton", "wool mix", "æther", "steel"]
BRANDS = ["Norvane", "norvane plus", "Ñandú", "NANDÚ", "Weft"]
CATEGORIES = ["Home", "Home > Kitchen", "Home > Kitchen > Pans", "Home > Garden", "Sports", "Sports > Balls"]
NOUNS = ["lamp", "kettle", "shirt"]
ODD = "a > b [kg]"
# Names that end like the bounds of a range, and are names.
STORED = frozenset({"beam_min", "beam_max"})
VALUE_ATTRIBUTES = ["color", "size", "material", "flag", "fit", "ports", ODD, "beam_min", "beam_max", "beam"]
VALUE_FACETS = ["brand", *(f"attr.{name}" for name in VALUE_ATTRIBUTES)]
RANGE_FACETS = ["attr.weight_g", "attr.speeds", "attr.shift"]
# Beyond 16,777,216 cents a float has no room for each of them, and the last is the highest price.
PRICES = ["9.99", "10.00", "10.01", "25.00", "49.90", "100.00", "250000.01", "250000.02", "99999999.99"]


def products(count: int, seed: int) -> list[dict[str, Any]]:
    """Products with and without variants; some names are options in one and attributes of its own in another."""
    chance = Random(seed)
    return [_product(chance, number) for number in range(count)]


def _product(chance: Random, number: int) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "weight_g": round(chance.expovariate(1 / 300), chance.choice([0, 1])),
        "speeds": [chance.randint(1, 400) for _ in range(chance.randint(1, 3))],
        "shift": chance.randint(-50, 50) / 4,
        "ports": chance.randint(1, 5),
        "color": chance.choice(COLORS),
        "material": chance.sample(MATERIALS, chance.randint(1, 2)),
        "flag": chance.random() < 0.4,
        "fit": chance.choice([1, 2, "slim", "wide"]),
        "model": f"MX-{number}",
        "beam": chance.randint(1, 90),
        "beam_min": chance.choice([1, 2, "narrow"]),
        "beam_max": chance.randint(7, 9),
        ODD: chance.choice(["x/y", "z"]),
    }
    product: dict[str, Any] = {
        "sku": f"P{number}",
        "name": f"{chance.choice(NOUNS)} {number}",
        "brand": chance.choice([*BRANDS, None]),
        "category": chance.choice([*CATEGORIES, None]),
        "price": chance.choice(PRICES),
        "compare_at_price": chance.choice([None, "30.00"]),
        "inventory": chance.choice([0, 5]),
        "status": chance.choice(["active"] * 9 + ["draft"]),
        "popularity": round(chance.random(), 2),
        "attributes": {name: value for name, value in attributes.items() if chance.random() < 0.8},
    }
    if chance.random() < 0.6:
        product["variants"] = [_variant(chance, number, place) for place in range(chance.randint(1, 4))]
    return product


def _variant(chance: Random, number: int, place: int) -> dict[str, Any]:
    options = {"size": chance.choice(SIZES)} | ({"color": chance.choice(COLORS)} if chance.random() < 0.7 else {})
    return {
        "sku": f"P{number}-{place}",
        "price": chance.choice(PRICES),
        "inventory": chance.choice([0, 0, 3]),
        # Variants of one product differ in something.
        "options": options | {"number": str(place)},
    }


def filters(chance: Random) -> dict[str, Any]:
    """Parameters of a search: none to five filters, with values that may be in no product, and sometimes a word."""
    found: dict[str, Any] = {}
    for _ in range(chance.choice([0, 1, 1, 2, 2, 3, 3, 4, 5])):
        found |= chance.choice(_FILTERS)(chance)
    if chance.random() < 0.3:
        found["q"] = chance.choice(NOUNS)
    return found


_FILTERS: list[Callable[[Random], dict[str, Any]]] = [
    lambda chance: {"category": chance.choice(["home", "home/kitchen", "home/kitchen/pans", "sports"])},
    lambda chance: {"brand": chance.sample([*BRANDS, "NORVANE", "none"], 2)},
    lambda chance: {"price_min": chance.choice(PRICES[:7])},
    lambda chance: {"price_max": chance.choice(PRICES)},
    lambda _: {"in_stock": "true"},
    lambda _: {"on_sale": "true"},
    lambda chance: {"attr.color": chance.sample([*COLORS, "none"], chance.randint(1, 3))},
    lambda chance: {"attr.size": chance.sample(SIZES, chance.randint(1, 2))},
    lambda chance: {"attr.material": chance.sample(MATERIALS, chance.randint(1, 2))},
    lambda chance: {"attr.flag": [chance.choice(["true", "false"])]},
    lambda chance: {"attr.fit": chance.sample(["1", "2", "slim"], 2)},
    lambda chance: {"attr.fit_max": "1"},
    lambda chance: {"attr.ports": chance.sample(["1", "2", "5", "9"], 2)},
    lambda chance: {"attr.ports_min": "3"},
    lambda chance: {"attr.weight_g_min": str(chance.randint(0, 500))},
    lambda chance: {"attr.weight_g_min": "50", "attr.weight_g_max": str(chance.randint(50, 900) + 0.5)},
    lambda chance: {"attr.speeds_max": str(chance.randint(1, 400))},
    lambda chance: {"attr.speeds": [str(chance.randint(1, 400))], "attr.speeds_min": "20"},
    lambda chance: {"attr.shift_min": str(chance.randint(-50, 0) / 4), "attr.shift_max": "0"},
    lambda chance: {"attr.beam_min": chance.sample(["1", "narrow"], chance.randint(1, 2))},
    lambda _: {"attr.beam_max": ["8"]},
    lambda _: {f"attr.{ODD}": ["x/y"]},
]
