"""Rows to documents, and the numbers that compare them."""

from typing import Any
from uuid import UUID

import pytest

from mappings.attributes import tokens, value_text
from mappings.checksum import bucket, checksum
from mappings.identifiers import normalise_identifier
from mappings.product_v1 import MAPPINGS, build
from mappings.row import ProductRow
from mappings.schema import tombstone

ID = "ab000000-0000-4000-8000-000000000001"


def row(**given: Any) -> ProductRow:
    base: dict[str, Any] = {
        "id": ID, "sku": "NX-450", "name": "Norvane NX-450", "description": None, "price_cents": 1999,
        "compare_at_cents": None, "inventory": 3, "gtin": None, "status": "active", "publish_from": None,
        "publish_until": None, "popularity": 0.5, "attributes": {}, "brand": None, "category_path": None,
        "category_names": None, "category_ids": None, "image": None, "variants": [],
        "created_at": "2026-01-01T00:00:00+00:00", "updated_at": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip
    return base | given  # type: ignore[return-value]


def test_every_field_of_a_document_is_mapped() -> None:
    full = row(
        description="d", compare_at_cents=2999, gtin="4006381333931", publish_from="2026-01-01T00:00:00+00:00",
        publish_until="2027-01-01T00:00:00+00:00", brand="Norvane", category_path="a/b", category_names=["A", "B"],
        category_ids=["1", "2"], image="/x.svg", attributes={"color": "black", "weight_g": 12.5},
        variants=[{"sku": "NX-450-M", "price_cents": 1999, "inventory": 1, "options": {"size": "M"}}],
    )  # fmt: skip
    assert set(build(full, 1)) <= set(MAPPINGS["properties"])
    assert set(MAPPINGS["properties"]) - set(build(full, 1)) == set()


def test_a_variant_carries_the_attributes_of_its_product_and_its_own_options() -> None:
    variants: Any = [
        {"sku": "a", "price_cents": 100, "inventory": 0, "options": {"size": "M", "color": "red"}},
        {"sku": "b", "price_cents": 200, "inventory": 1, "options": {"size": "L", "color": "blue"}},
    ]
    document = build(row(attributes={"color": "black", "material": "wool"}, variants=variants), 1)
    assert document["variants"][0]["attributes"] == {"material": ["wool"], "size": ["M"], "color": ["red"]}
    assert document["attributes"] == {"material": ["wool"], "size": ["M", "L"], "color": ["red", "blue"]}


def test_a_product_without_variants_has_an_implicit_one() -> None:
    document = build(row(attributes={"color": "black"}), 1)
    assert [(item["sku"], item["real"]) for item in document["variants"]] == [("NX-450", False)]


def test_numbers_are_numbers_and_everything_else_is_text() -> None:
    document = build(row(attributes={"weight_g": 12.0, "mixed": [1, "a"], "on": True, "gone": None, "empty": []}), 1)
    assert document["attributes"] == {"weight_g": ["12"], "mixed": ["1", "a"], "on": ["true"]}
    assert document["text_attribute_names"] == ["mixed", "on"]
    assert {"name": "weight_g", "value": 12.0} in document["numbers"]


def test_category_tokens_run_from_the_root() -> None:
    document = build(row(category_path="a/b", category_names=["A", "B"], category_ids=["1", "2"]), 1)
    assert document["category_paths"] == ["a", "a/b"]
    assert document["category_nodes"] == ["a\x1fA\x1f1", "a/b\x1fB\x1f2"]


@pytest.mark.parametrize("text", ["NX-450", "nx 450", "NX450", "nx.450"])
def test_identifiers_ignore_case_and_punctuation(text: str) -> None:
    assert normalise_identifier(text) == "nx450"


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (12.0, "12"), (2.5, "2.5"), (7, "7"), ("x", "x")])
def test_value_text(value: Any, text: str) -> None:
    assert value_text(value) == text


def test_repeated_values_count_once() -> None:
    assert tokens(["red", "red", "", None, 1.0]) == ["red", "1"]
    assert tokens(None) == tokens("") == []


def test_on_sale_means_cheaper_than_before() -> None:
    assert build(row(compare_at_cents=2000), 1)["on_sale"] is True
    assert build(row(compare_at_cents=1999), 1)["on_sale"] is False


def test_tombstone_holds_only_what_comparing_needs() -> None:
    product_id = UUID(ID)
    assert tombstone(product_id, 7) == {
        "id": ID,
        "version": 7,
        "deleted": True,
        "bucket": bucket(str(product_id)),
        "checksum": checksum(str(product_id), 7),
    }
    assert bucket(str(product_id)) == 0xAB
