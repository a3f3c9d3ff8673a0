"""Drawn pictures: the noun decides the shape, the colour's name the tint, and nothing of a product gets into them."""

from xml.etree import ElementTree

import pytest

from catalog.schemas.fields import slugify
from generator import generate_products
from storefront.cards import picture
from storefront.pictures import VIEWS, draw, picture_address
from storefront.pictures.nouns import SHAPE_BY_NOUN
from storefront.pictures.shapes import SHAPES
from storefront.pictures.tints import MIXED, TINTS


def test_every_shape_can_be_drawn() -> None:
    for shape in SHAPES:
        for view in range(VIEWS):
            assert ElementTree.fromstring(draw(shape, "navy", view)).tag.endswith("svg"), shape


def test_nouns_name_shapes_and_mixed_tints_are_tints() -> None:
    assert set(SHAPE_BY_NOUN.values()) == set(SHAPES)
    assert set(MIXED) <= set(TINTS)


@pytest.mark.parametrize(
    ("name", "category", "shape"),
    [
        ("Norvane NX-450 Laptop, Silver", "computers/laptops", "laptop"),
        ("Norvane Laptop Bag, Black", "computers/laptop-accessories", "camera_bag"),
        ("Kelvane 6.7\" Phone Case for Kelvane Phones", "", "phone_case"),
        ("Tarn 10,000 mAh Portable Charger, Black", "", "power_bank"),
        ("Something without a noun", "garden-tools/garden/watering", "plant"),
        ("XR-7", "sports-outdoor/camping/tents", "tent"),
        ("", "", "box"),
    ],
)  # fmt: skip
def test_the_head_noun_decides_the_shape(name: str, category: str, shape: str) -> None:
    assert picture_address(name, category).startswith(f"/pictures/{shape}-")


def test_the_colour_is_the_variants_or_the_names() -> None:
    assert picture_address("Mug, Sky Blue, 2-pack", "") == "/pictures/mug-sky_blue-0.svg"
    assert picture_address("Mug, Sky Blue", "", "Red") == "/pictures/mug-red-0.svg"


def test_hardly_any_made_up_product_is_a_box() -> None:
    boxes = 0
    for product in generate_products(2000, seed=1):
        path = "/".join(slugify(name) for name in product["category"].split(" > "))
        boxes += picture_address(product["name"], path).startswith("/pictures/box-")
    assert boxes < 20


def test_nothing_that_a_product_says_gets_into_an_address() -> None:
    address = picture_address('"><script>', '"/><svg onload=x>', "'\"")
    assert address.startswith("/pictures/box-")
    assert set(address) <= set("abcdefghijklmnopqrstuvwxyz_-/.0123456789")


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://pictures.shop.net/1.jpg", True), ("/pictures/own.svg", True), ("//elsewhere.net/1.jpg", False),
        ("http://pictures.shop.net/1.jpg", False), ("javascript:alert(1)", False), ("https://[", False), (None, False),
        ("https://images.example.com/ELE-1/2.jpg", False),
    ],
)  # fmt: skip
def test_a_picture_that_no_browser_may_load_is_drawn(url: str | None, kept: bool) -> None:
    assert (picture(url, "A Mug", "") == url) == kept


def test_further_pictures_of_made_up_products_are_further_views() -> None:
    found = {picture(f"https://images.example.com/ELE-1/{place}.jpg", "A Mug", "") for place in (1, 2, 3)}
    assert len(found) == 3
