"""The made-up catalogue: repeatable, valid for import, and shaped like a shop's."""

import hashlib
from collections import defaultdict
from decimal import Decimal
from itertools import islice
from typing import Any

import orjson
import pytest

from catalog.schemas.product_in import ProductIn
from generator import generate, generate_products
from generator.departments import DEPARTMENTS
from generator.lines import brands, lines
from generator.numbers import gtin, model_number, shelf_price, sku
from generator.prose import article, described, listed, prose

MANY = 20_000


@pytest.fixture(scope="module")
def shop() -> list[dict[str, Any]]:
    return list(generate_products(MANY, seed=1))


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert list(generate(500, 42)) == list(generate(500, 42))
    assert list(generate(500, 42)) != list(generate(500, 43))


def test_bytes_are_pinned() -> None:
    """Guards against order or arithmetic that differs between machines; change it with the generator."""
    digest = hashlib.sha256(b"".join(generate(2000, 42))).hexdigest()
    assert digest == "589b596087f8cd288eb447a2f4c68345ae05a7903d2fe6ba0066d39a6830175e"


def test_a_smaller_count_is_a_prefix() -> None:
    assert list(generate(100, 5)) == list(islice(generate(3000, 5), 100))


def test_lines_are_one_json_object_each() -> None:
    for line in generate(200, 3):
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        assert orjson.loads(line)["currency"] == "USD"


def test_count_is_kept_and_checked() -> None:
    assert list(generate(0, 1)) == []
    assert len(list(generate(7, 1))) == 7
    with pytest.raises(ValueError, match="0 or more"):
        generate_products(-1, 1)


def test_every_line_is_a_valid_product() -> None:
    for line in generate(3000, 9):
        product = ProductIn.model_validate(orjson.loads(line))
        if product.variants:
            assert product.rolled_up() == (product.price, product.inventory)


def test_skus_are_unique_over_products_and_variants(shop: list[dict[str, Any]]) -> None:
    skus = [product["sku"] for product in shop]
    skus += [variant["sku"] for product in shop for variant in product.get("variants", ())]
    assert len(set(skus)) == len(skus)


def test_skus_stay_unique_past_their_usual_length() -> None:
    around = [*range(1000), *range(2**25 - 500, 2**25 + 500), *range(2**30, 2**30 + 500)]
    assert len({sku("ELE", index) for index in around}) == len(around)


def test_gtins_are_ean_13_and_unique(shop: list[dict[str, Any]]) -> None:
    for product in shop:
        digits = [int(digit) for digit in product["gtin"]]
        assert len(digits) == 13
        assert digits[0] == 2
        assert (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0
    assert len({product["gtin"] for product in shop}) == MANY
    assert len({gtin(10**9 + index) for index in range(1000)}) == 1000


def test_names_are_distinct(shop: list[dict[str, Any]]) -> None:
    assert len({product["name"] for product in shop}) == MANY
    assert max(len(product["name"]) for product in shop) <= 255


def test_prices_roll_up_and_are_ordered(shop: list[dict[str, Any]]) -> None:
    for product in shop:
        price, cost = Decimal(product["price"]), Decimal(product["cost"])
        assert Decimal("0.40") <= cost / price <= Decimal("0.75")
        assert product["price"][-2:] in {"99", "95", "00"}
        if "compare_at_price" in product:
            assert Decimal(product["compare_at_price"]) > price
        if "variants" in product:
            assert len(product["variants"]) > 1
            assert price == min(Decimal(variant["price"]) for variant in product["variants"])
            assert product["inventory"] == sum(variant["inventory"] for variant in product["variants"])


def test_an_attribute_has_one_type_and_is_no_option_too(shop: list[dict[str, Any]]) -> None:
    types: dict[str, set[str]] = defaultdict(set)
    for product in shop:
        assert 4 <= len(product["attributes"]) <= 8
        for name, value in product["attributes"].items():
            types[name].add("number" if type(value) in (int, float) else type(value).__name__)
        for variant in product.get("variants", ()):
            assert not set(variant["options"]) & set(product["attributes"])
            for name, value in variant["options"].items():
                types[name].add(type(value).__name__)
    assert {name: found for name, found in types.items() if len(found) > 1} == {}
    assert {kind for found in types.values() for kind in found} == {"str", "number", "bool", "list"}


def test_options_differ_within_a_product(shop: list[dict[str, Any]]) -> None:
    for product in shop:
        options = [tuple(variant["options"].items()) for variant in product.get("variants", ())]
        assert len(set(options)) == len(options)


def test_shares_are_those_of_a_shop(shop: list[dict[str, Any]]) -> None:
    def share(holds: list[bool]) -> float:
        return sum(holds) / MANY

    assert share(["variants" in product for product in shop]) == pytest.approx(0.35, abs=0.05)
    differing = [len({one["price"] for one in product.get("variants", ())}) > 1 for product in shop]
    assert share(differing) == pytest.approx(0.1, abs=0.03)
    assert share(["compare_at_price" in product for product in shop]) == pytest.approx(0.2, abs=0.02)
    assert share([product["inventory"] == 0 for product in shop]) == pytest.approx(0.08, abs=0.015)
    assert share([product["status"] == "active" for product in shop]) == pytest.approx(0.96, abs=0.01)
    assert share([product["popularity"] > 0.5 for product in shop]) < 0.05
    assert all(0 < product["popularity"] <= 1 for product in shop)


def test_two_thousand_products_fill_the_tree(shop: list[dict[str, Any]]) -> None:
    paths = {product["category"] for product in shop[:2000]}
    assert len(paths) >= 80
    assert len({path.split(" > ")[0] for path in paths}) >= 8
    assert all(2 <= len(path.split(" > ")) <= 4 for path in paths)
    assert not any(other.startswith(f"{path} > ") for path in paths for other in paths)


def test_descriptions_are_short_prose(shop: list[dict[str, Any]]) -> None:
    for product in shop:
        text = product["description"]
        assert 30 <= len(text.split()) <= 60
        assert text[0].isupper()
        assert text.endswith((".", "?"))
        assert not any(mark in text or mark in product["name"] for mark in ("{", "}", "  ", ",,", "None"))


def test_every_kind_is_drawn_from_every_department() -> None:
    assert len({line.kind.nouns for line in lines()}) >= 150
    assert {line.code for line in lines()} == {department.code for department in DEPARTMENTS}
    assert len({brand.prefix for brand in brands().values()}) == len(brands()) >= 150


def test_model_numbers_come_once() -> None:
    numbers = [model_number(made) for made in range(20_000)]
    assert len(set(numbers)) == len(numbers)
    assert sorted(numbers[:90]) == list(range(100, 1000, 10))
    assert [model_number(made, shift=1) for made in range(5)] != numbers[:5]


def test_shelf_price_never_falls_as_the_amount_rises() -> None:
    for draw in (0.0, 0.7, 0.9):
        prices = [shelf_price(amount / 10, draw) for amount in range(1, 5000)]
        assert prices == sorted(prices)


def test_prose() -> None:
    assert prose("USB-C Travel Charger") == "USB-C travel charger"
    assert [article(noun) for noun in ("laptop", "e-reader", "USB hub", "LED bulb", "ultrabook", "TV")] == [
        "a", "an", "a", "an", "an", "a",
    ]  # fmt: skip
    assert listed(["black"]) == "black"
    assert listed(["black", "navy", "sand"]) == "black, navy and sand"


def test_descriptions_are_cut_and_filled_to_length() -> None:
    ten = "One two three four five six seven eight nine ten."
    assert len(described(ten, [ten] * 9, [ten], 0).split()) == 60
    assert len(described(ten, [], [ten, ten], 0).split()) == 30
