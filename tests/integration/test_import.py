"""Importing into a real Postgres: upsert by sku, taxonomy, variants, idempotence."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from random import Random
from typing import Any
from uuid import uuid4

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from catalog.importing import import_lines
from catalog.settings import Settings
from generator import generate
from tests.integration.importing import Db, images, line, load, statuses, stored, variant, variants, versions

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
MONEY = st.decimals(0, 1000, places=2).map(str)
NUMBERS = st.one_of(st.integers(-(10**15), 10**15), st.floats(-1e15, 1e15, allow_nan=False))
SCALARS: st.SearchStrategy[Any] = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
PRODUCTS = st.fixed_dictionaries(
    {"sku": st.sampled_from(["A", "B", "C"]), "name": st.just("N"), "price": MONEY},
    optional={
        "description": st.none() | TEXTS,
        "compare_at_price": st.none() | MONEY,
        "brand": st.none() | st.sampled_from(["x", "X", "É", "é", "İ", "i̇"]),
        "category": st.none() | st.sampled_from(["a", "A > b", "a > B > c"]),
        "inventory": st.none() | st.integers(0, 100),
        "status": st.none() | st.sampled_from(["draft", "active", "archived"]),
        "publish_from": st.none()
        | st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1)).map(lambda at: at.isoformat() + "Z"),
        "popularity": st.none() | st.floats(0, 1e15),
        "attributes": st.none()
        | st.dictionaries(st.sampled_from("ab"), SCALARS | st.lists(SCALARS.filter(lambda v: v is not None))),
        "images": st.none() | st.lists(st.sampled_from(["/1", "/2", {"url": "/1", "alt": "x"}]), max_size=3),
        "variants": st.none()
        | st.lists(st.sampled_from("uvw"), unique=True).flatmap(
            lambda skus: st.tuples(
                *(
                    st.fixed_dictionaries(
                        {"sku": st.just(sku), "price": MONEY},
                        optional={"inventory": st.integers(0, 9), "options": st.just({"size": "M"})},
                    )
                    for sku in skus
                )
            )
        ),
    },
)


class TestUpsert:
    def test_a_whole_product(self, settings: Settings, db: Db) -> None:
        full = line(
            description="Light.",
            brand="Norvane",
            category="Audio > Headphones",
            compare_at_price=12,
            cost="4.00",
            currency="USD",
            status="draft",
            inventory=3,
            images=["https://a.example/1.jpg", {"url": "/2.jpg", "alt": "Side"}],
            popularity=0.7,
            gtin="4006381333931",
            attributes={"color": "black", "weight_g": 12.5, "os": ["ios", "android"]},
            publish_from="2030-01-01T00:00:00+02:00",
        )
        (result,) = load(settings, full)
        assert (result.line, result.status, result.sku, result.errors) == (1, "created", "A-1", ())
        assert result.id == stored(db, "id")
        assert stored(db, "(SELECT name FROM brands WHERE id = brand_id)") == "Norvane"
        assert stored(db, "(SELECT names FROM categories WHERE id = category_id)") == ["Audio", "Headphones"]
        assert stored(db, "(price, compare_at_price, cost, inventory, status, gtin)") == (
            "9.90",
            "12.00",
            "4.00",
            "3",
            "draft",
            "4006381333931",
        )
        assert stored(db, "attributes") == {"color": "black", "weight_g": 12.5, "os": ["ios", "android"]}
        assert images(db) == [("https://a.example/1.jpg", None), ("/2.jpg", "Side")]
        assert statuses(settings, full) == ["unchanged"]

    def test_left_out_keeps_and_null_clears(self, settings: Settings, db: Db) -> None:
        load(
            settings,
            line(description="Old", brand="B", category="C", inventory=5, images=["/1.jpg"], attributes={"a": 1}),
        )
        assert statuses(settings, line()) == ["unchanged"]
        assert statuses(settings, line(price="8.00")) == ["updated"]
        assert stored(db, "(description, inventory, attributes)") == ("Old", "5", '{"a": 1}')
        cleared: dict[str, Any] = dict.fromkeys(
            ("description", "brand", "category", "inventory", "images", "attributes")
        )
        assert statuses(settings, line(price="8.00", **cleared)) == ["updated"]
        assert stored(db, "brand_id IS NULL AND category_id IS NULL AND description IS NULL AND inventory = 0")
        assert stored(db, "attributes") == {}
        assert images(db) == []

    def test_attributes_are_replaced_as_a_whole(self, settings: Settings, db: Db) -> None:
        load(settings, line(attributes={"a": 1, "b": 2}))
        load(settings, line(attributes={"b": 3, "c": None}))
        assert stored(db, "attributes") == {"b": 3}

    def test_the_same_sku_twice_is_taken_in_order(self, settings: Settings, db: Db) -> None:
        assert statuses(settings, line(), line("B"), line(name="New"), line(name="New")) == [
            "created",
            "created",
            "updated",
            "unchanged",
        ]
        assert stored(db, "name") == "New"

    def test_bad_lines_are_reported_and_the_rest_lands(self, settings: Settings, db: Db) -> None:
        results = load(settings, line(), b"{", b"", line("B", colour="red"), line("C", currency="EUR"), line("D"))
        assert [(r.line, r.status) for r in results] == [
            (1, "created"),
            (2, "rejected"),
            (4, "rejected"),
            (5, "rejected"),
            (6, "created"),
        ]
        assert [r.errors[0].field for r in results if r.errors] == ["line", "colour", "currency"]

    def test_a_publish_window_is_checked_with_what_is_stored(self, settings: Settings, db: Db) -> None:
        load(settings, line(publish_until="2030-01-01T00:00:00Z"))
        bad, good = load(settings, line(publish_from="2031-01-01T00:00:00Z"), line("B"))
        assert (bad.status, bad.errors[0].field) == ("rejected", "publish_until")
        assert good.status == "created"

    def test_an_alt_is_kept_unless_the_line_names_one(self, settings: Settings, db: Db) -> None:
        load(settings, line(images=[{"url": "/1.jpg", "alt": "Front"}]))
        before = stored(db, "updated_at")
        assert statuses(settings, line(images=["/1.jpg"])) == ["unchanged"]
        assert stored(db, "updated_at") == before
        assert statuses(settings, line(images=["/2.jpg", "/1.jpg"])) == ["updated"]
        assert stored(db, "updated_at") > before, "pictures are part of the product"
        assert images(db) == [("/2.jpg", None), ("/1.jpg", "Front")]
        assert statuses(settings, line(images=["/2.jpg", {"url": "/1.jpg", "alt": None}])) == ["updated"]
        assert images(db) == [("/2.jpg", None), ("/1.jpg", None)]


class TestTaxonomy:
    def test_brands_are_one_whatever_the_case(self, settings: Settings, db: Db) -> None:
        assert (
            statuses(settings, line(brand="ACME"), line("B", brand="Acme"), line("C", brand="acme")) == ["created"] * 3
        )
        assert db.execute("SELECT count(*) FROM brands").fetchone() == (1,)
        assert statuses(settings, line(brand="aCME")) == ["unchanged"]

    def test_categories_are_found_by_slug_path(self, settings: Settings, db: Db) -> None:
        load(settings, line(category="Küche & Bad > Töpfe"), line("B", category="kuche bad>TÖPFE"))
        assert db.execute("SELECT path FROM categories ORDER BY path").fetchall() == [
            ("kuche-bad",),
            ("kuche-bad/topfe",),
        ]

    def test_a_category_by_id_must_exist(self, settings: Settings, db: Db) -> None:
        load(settings, line(category="Audio"))
        known = str(stored(db, "category_id"))
        results = load(settings, line("B", category_id=known), line("C", category_id=str(uuid4())))
        assert [r.status for r in results] == ["created", "rejected"]
        assert results[1].errors[0].field == "category_id"

    def test_a_path_that_no_index_holds_costs_only_its_line(self, settings: Settings, db: Db) -> None:
        # Ten levels of 255 characters in no order, which do not compress: more than an entry of the unique index holds.
        letters = Random(1).choices([chr(code) for code in range(0x4E00, 0x9000)], k=2550)
        deep = " > ".join("".join(letters[start : start + 255]) for start in range(0, 2550, 255))
        results = load(settings, *(line(str(n)) for n in range(20)), line("deep", category=deep))
        assert [r.status for r in results] == ["created"] * 20 + ["rejected"]

    def test_imports_that_need_the_same_new_ones_at_once(self, settings: Settings, db: Db) -> None:
        def run(worker: int) -> set[str]:
            lines = [
                line(f"{worker}-{n}", brand=f"Brand {n * (-1) ** worker % 30}", category=f"Root > L{n % 7} > M{n % 13}")
                for n in range(60)
            ]
            return {result.status for result in import_lines(lines[:: (-1) ** worker], settings, chunk_size=10)}

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(run, range(4))) == [{"created"}] * 4
        assert db.execute("SELECT count(*) FROM products WHERE brand_id IS NULL").fetchone() == (0,)


class TestVariants:
    def test_price_and_inventory_are_derived(self, settings: Settings, db: Db) -> None:
        given = line(price="99.00", inventory=1, variants=[variant("V-1", "7.00", 2), variant("V-2", "6.50", 3)])
        assert statuses(settings, given) == ["created"]
        assert stored(db, "(price, inventory)") == ("6.50", "5")
        before = versions(db)
        assert statuses(settings, given) == ["unchanged"]
        assert versions(db) == before

    def test_they_are_matched_by_sku(self, settings: Settings, db: Db) -> None:
        load(settings, line(variants=[variant("V-1"), variant("V-2"), variant("V-3")]))
        ids = dict(db.execute("SELECT sku, id FROM product_variants").fetchall())
        (before,) = versions(db)
        changed = [variant("V-3", "4.00"), variant("V-1", size="M"), variant("V-4")]
        assert statuses(settings, line(variants=changed)) == ["updated"]
        assert [row[0] for row in variants(db)] == ["V-3", "V-1", "V-4"]
        after = dict(db.execute("SELECT sku, id FROM product_variants").fetchall())
        assert {sku: after[sku] for sku in ("V-1", "V-3")} == {sku: ids[sku] for sku in ("V-1", "V-3")}
        assert stored(db, "(price, inventory)") == ("4.00", "3")
        assert versions(db) == [(before[0], before[1] + 1)]
        assert statuses(settings, line(variants=changed)) == ["unchanged"]

    def test_a_line_without_them_keeps_the_derived_price(self, settings: Settings, db: Db) -> None:
        load(settings, line(variants=[variant("V-1", "7.00", 2)]))
        assert statuses(settings, line(price="1.00", inventory=50)) == ["unchanged"]
        assert stored(db, "(price, inventory)") == ("7.00", "2")

    def test_removing_all_of_them(self, settings: Settings, db: Db) -> None:
        load(settings, line(variants=[variant("V-1", "7.00", 2)]))
        assert statuses(settings, line(price="1.00", variants=None)) == ["updated"]
        assert variants(db) == []
        assert stored(db, "(price, inventory)") == ("1.00", "2")

    def test_a_sku_of_another_product_is_refused(self, settings: Settings, db: Db) -> None:
        load(settings, line("A", variants=[variant("V")]), line("B"))
        results = load(
            settings,
            line("V"),
            line("C", variants=[variant("V")]),
            line("D", variants=[variant("B")]),
            line("E"),
        )
        assert [r.status for r in results] == ["rejected", "rejected", "rejected", "created"]
        assert [r.errors[0].field for r in results[:3]] == ["sku", "variants", "variants"]
        assert "'V' is a variant of the product 'A'" in results[0].errors[0].message

    @pytest.mark.parametrize("chunk_size", [1, 100])
    def test_a_variant_may_move_when_an_earlier_line_gave_it_up(
        self, settings: Settings, db: Db, chunk_size: int
    ) -> None:
        load(settings, line("A", variants=[variant("V"), variant("W")]))
        lines = [line("A", variants=[variant("X")]), line("B", variants=[variant("V")]), line("W")]
        assert statuses(settings, *lines, chunk_size=chunk_size) == ["updated", "created", "created"]
        assert statuses(settings, *lines, chunk_size=chunk_size) == ["unchanged"] * 3

    def test_a_variant_does_not_move_before_it_is_given_up(self, settings: Settings, db: Db) -> None:
        load(settings, line("A", variants=[variant("V")]))
        lines = [line("B", variants=[variant("V")]), line("A", variants=[])]
        assert statuses(settings, *lines) == ["rejected", "updated"]


class TestIdempotence:
    def test_generated_products(self, settings: Settings, db: Db) -> None:
        lines = list(generate(1500, 11))
        assert set(statuses(settings, *lines, chunk_size=400)) == {"created"}
        before = versions(db)
        assert set(statuses(settings, *lines, chunk_size=700)) == {"unchanged"}
        assert versions(db) == before
        assert len(before) == 1500
        assert {version for _, version in before} == {1}

    def test_a_load_waits_behind_single_changes(self, settings: Settings, db: Db) -> None:
        load(settings, line())
        assert db.execute("SELECT priority FROM product_sync").fetchone() == (5,)

    @hypothesis_settings(
        max_examples=40, database=None, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(lines=st.lists(PRODUCTS, max_size=6))
    def test_the_second_time_nothing_is_written(self, settings: Settings, db: Db, lines: list[dict[str, Any]]) -> None:
        """Whatever is stored: a line that was just taken, taken again, changes nothing."""
        for product in lines:
            (first,) = load(settings, orjson.dumps(product))
            before = versions(db)
            (second,) = load(settings, orjson.dumps(product))
            assert (first.status == "rejected") == (second.status == "rejected"), second
            if second.status != "rejected":
                assert second.status == "unchanged"
            assert versions(db) == before
