"""Rows to documents, and the numbers that compare them."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.attributes import tokens, value_text
from mappings.checksum import bucket, checksum
from mappings.heads import head_of, head_span, joined_bigrams
from mappings.identifiers import normalise_identifier
from mappings.numbers import parse_token, sortable_token
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
        name="Norvane NX-450 Laptop", description="d", compare_at_cents=2999, gtin="4006381333931",
        publish_from="2026-01-01T00:00:00+00:00",
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
    assert document["variants"][0]["tokens"] == ["material\x1fwool", "size\x1fM", "color\x1fred"]
    assert document["tokens"] == [
        "material\x1fwool", "size\x1fM", "size\x1fL", "color\x1fred", "color\x1fblue",
    ]  # fmt: skip
    assert (document["prices"], document["has_variants"]) == ([100, 200], True)


def test_a_product_without_variants_has_no_nested_documents() -> None:
    document = build(row(attributes={"color": "black"}), 1)
    assert (document.get("variants"), document["prices"], document["has_variants"]) == (None, 1999, False)


def test_numbers_are_numbers_and_everything_else_is_text() -> None:
    document = build(row(attributes={"weight_g": 12.0, "mixed": [1, "a"], "on": True, "gone": None, "empty": []}), 1)
    assert document["tokens"] == ["weight_g\x1f12", "mixed\x1f1", "mixed\x1fa", "on\x1ftrue"]
    assert {"weight_g\x1fn", "mixed\x1ft", "on\x1ft"} <= set(document["attribute_names"])
    assert f"weight_g\x1f{sortable_token(12)}" in document["numbers"]


def test_numbers_are_searched_with_their_units_and_flags_by_their_names() -> None:
    document = build(row(attributes={"storage_gb": 256, "noise_cancelling": True, "wireless": False}), 1)
    assert document["attributes_text"] == ["256gb", "noise cancelling"]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2))
def test_number_tokens_sort_as_their_numbers(values: list[float]) -> None:
    assert [parse_token(token) for token in sorted(map(sortable_token, values))] == sorted(values)


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("Norvane Laptop Bag 15 inch, black", "Bag"), ("Norvane Book 14 Laptop", "Laptop"),
        ("Phone Charger for Norvane X", "Charger"), ("Running Shoes, Teal", "Shoes"), ("450", None),
        ("HP Pavilion Notebook Silver 43.2 cm", "Notebook"), ("Mens Jacket Black", "Jacket"),
        ("(2 Pack) Phone Charger", "Charger"), ("3 in 1 Charger", "Charger"), ("12 for Laptops", None),
        ("Chair without Arms", "Chair"), ("Chair w/o Arms", "Chair"), ("6 Pack - for Laptop Bags", None),
        ("Black and White Poster", "Poster"), ("4 by 6 Picture Frame", "Frame"), ("450 in Red Velvet", None),
        ("Samsung QLED TV 55 inch", "TV"), ("tv", "tv"), ("TV Stand", "Stand"), ("Gaming PC", "PC"), ("4 K", None),
        ("Headphones Wireless", "Headphones"), ("Slim Case Compatible (Phone 15)", "Case"),
        (",;|" * 2000, None),
    ],
)  # fmt: skip
def test_the_head_of_a_name(name: str, head: str | None) -> None:
    assert head_of(name) == text_of_head(name) == head


@pytest.mark.parametrize(
    ("name", "brand", "head"),
    [
        ("Laptop Lenovo X", "Lenovo", "Laptop"), ("Mouse by Norvane", "Norvane", "Mouse"),
        ("Norvaneous Lamp Norvane", "norvane", "Lamp"), ("İİİ Laptop Foo", "Foo", "Laptop"),
        ("Torrent & Tide Cairn Head Torch", "Torrent & Tide", "Torch"), ("C+ Drill", "C+", "Drill"),
        # Where there is no other noun the brand says it; what comes behind a model does not.
        ("Norvane 450", "Norvane", "Norvane"), ("Crocs", "Crocs", "Crocs"),
        ("Norvane 450, 16GB, Windows Home", "Norvane", "Norvane"), ("Norvane X200 (for iPad)", "Norvane", "Norvane"),
    ],
)  # fmt: skip
def test_a_brand_is_no_head(name: str, brand: str, head: str | None) -> None:
    assert head_of(name, brand) == text_of_head(name, brand) == head


_PARTS = st.sampled_from([
    "Norvane", "norvane", "C+", "Bag", "ring", "ring-original", "TV", "é", "İ", "ß", "a_b", "t-shirt", "3", "450",
    "for", "with", "in", "by", "and", "&", "(", ")", ",", "|", "-", "black",
])  # fmt: skip


@given(st.lists(_PARTS, max_size=9).map(" ".join), st.sampled_from([None, "Norvane", "C+", "Bag", "é", "TV"]))
def test_a_head_stands_where_it_is_said_to_stand(name: str, brand: str | None) -> None:
    assert text_of_head(name, brand) == head_of(name, brand)


def text_of_head(name: str, brand: str | None = None) -> str | None:
    span = head_span(name, brand)
    return None if span is None else name[span[0] : span[1]]


def test_neighbours_are_also_one_word() -> None:
    assert joined_bigrams("Wi-Fi Head Set") == ["wifi", "fihead", "headset"]


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
