"""Which domain events changes of products write, whoever makes them, and that nobody changes an event."""

from typing import Any
from uuid import UUID

import psycopg
import pytest

from catalog.connections import connect
from catalog.schemas.event import TYPES
from catalog.settings import Settings
from tests.support import store

Db = psycopg.Connection[Any]


def written(db: Db) -> list[tuple[str, dict[str, Any]]]:
    """Type and data of every event since the last call, in order. Each follows its schema."""
    rows = db.execute("SELECT type, data FROM domain_events ORDER BY sequence").fetchall()
    db.execute("SET session_replication_role = replica")
    db.execute("TRUNCATE domain_events")
    db.execute("SET session_replication_role = origin")
    for kind, data in rows:
        TYPES[kind].model_validate(data)
    return rows


def a_product(db: Db, sku: str = "A", price: str = "10.00", inventory: int = 3) -> UUID:
    row = db.execute(
        "INSERT INTO products (sku, name, price, inventory) VALUES (%s, 'Kettle', %s, %s) RETURNING id",
        (sku, price, inventory),
    ).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def test_an_inserted_product_says_what_it_is(db: Db) -> None:
    a_product(db)
    assert written(db) == [
        (
            "ProductCreated",
            {
                "sku": "A", "name": "Kettle", "price": "10.00", "inventory": 3, "status": "active",
                "brand_id": None, "category_id": None,
            },
        )
    ]  # fmt: skip


def test_price_and_stock_have_events_of_their_own(db: Db) -> None:
    a_product(db)
    written(db)
    db.execute("UPDATE products SET price = 9.5, inventory = 2")
    assert sorted(written(db)) == [
        ("PriceChanged", {"sku": "A", "old": "10.00", "new": "9.50"}),
        ("StockChanged", {"sku": "A", "old": 3, "new": 2}),
    ]


def test_an_update_names_what_changed_with_old_and_new_values(db: Db) -> None:
    a_product(db)
    written(db)
    db.execute("UPDATE products SET name = 'Steel kettle', description = 'New', cost = 5, gtin = '12345678'")
    [(kind, data)] = written(db)
    assert kind == "ProductUpdated"
    assert data == {
        "sku": "A",
        "changed": ["cost", "description", "gtin", "name"],
        "old": {"name": "Kettle", "gtin": None},
        "new": {"name": "Steel kettle", "gtin": "12345678"},
    }


def test_an_update_that_changes_nothing_tells_nothing(db: Db) -> None:
    a_product(db)
    written(db)
    db.execute("UPDATE products SET name = name, price = price, updated_at = now()")
    assert written(db) == []


def test_each_statement_of_a_transaction_tells_its_own_change(db: Db) -> None:
    product_id = a_product(db)
    written(db)
    with db.transaction():
        db.execute("UPDATE products SET price = 11 WHERE id = %s", (product_id,))
        db.execute("UPDATE products SET price = 12 WHERE id = %s", (product_id,))
    assert [(data["old"], data["new"]) for _, data in written(db)] == [("10.00", "11.00"), ("11.00", "12.00")]


def test_what_was_rolled_back_is_not_told(db: Db) -> None:
    with db.transaction(force_rollback=True):
        a_product(db)
    assert written(db) == []


def test_a_deleted_category_tells_of_each_product_that_goes_with_it(db: Db) -> None:
    category = db.execute("INSERT INTO categories (name, slug) VALUES ('C', 'c') RETURNING id").fetchone()
    assert category is not None
    for sku in ("A", "B"):
        product_id = a_product(db, sku)
        db.execute("UPDATE products SET category_id = %s WHERE id = %s", (category[0], product_id))
        db.execute("INSERT INTO product_images (product_id, url, position) VALUES (%s, 'u', 0)", (product_id,))
    written(db)
    db.execute("DELETE FROM categories")
    assert sorted(written(db), key=str) == [
        ("ProductDeleted", {"sku": "A", "name": "Kettle", "status": "active"}),
        ("ProductDeleted", {"sku": "B", "name": "Kettle", "status": "active"}),
    ]


def test_copy_and_loaders_in_the_replica_role_are_told_of(db: Db) -> None:
    with db.cursor().copy("COPY products (sku, name, price) FROM STDIN") as copy:
        for number in range(3):
            copy.write_row((f"C-{number}", "Copied", "1.00"))
    assert [kind for kind, _ in written(db)] == ["ProductCreated"] * 3
    db.execute("SET session_replication_role = replica")
    a_product(db)
    assert [kind for kind, _ in written(db)] == ["ProductCreated"]


def test_an_import_tells_once_of_a_new_product_with_all_that_is_in_it(settings: Settings, db: Db) -> None:
    store(settings, [{"sku": "A", "images": ["https://x.example/1.png"]}])
    assert [kind for kind, _ in written(db)] == ["ProductCreated"]
    store(settings, [{"sku": "A", "images": ["https://x.example/2.png"]}])
    assert [data["changed"] for kind, data in written(db) if kind == "ProductUpdated"] != []
    store(settings, [{"sku": "A", "images": ["https://x.example/2.png"]}])
    assert written(db) == []


def test_a_variants_price_and_stock_are_rolled_up_into_events_of_the_product(db: Db) -> None:
    product_id = a_product(db)
    db.execute(
        "INSERT INTO product_variants (product_id, sku, price, inventory, position) "
        "VALUES (%(id)s, 'A-1', 20, 1, 0), (%(id)s, 'A-2', 30, 2, 1)",
        {"id": product_id},
    )
    events = written(db)
    assert ("PriceChanged", {"sku": "A", "old": "10.00", "new": "20.00"}) in events
    db.execute("UPDATE product_variants SET inventory = inventory - 1 WHERE sku = 'A-2'")
    stock, variants = written(db)
    assert stock == ("StockChanged", {"sku": "A", "old": 3, "new": 2})
    assert variants[1]["changed"] == ["variants"]
    assert [item["inventory"] for item in variants[1]["old"]["variants"]] == [2]
    assert [item["inventory"] for item in variants[1]["new"]["variants"]] == [1]


def test_one_event_of_a_kind_for_each_product_of_a_statement(db: Db) -> None:
    ids = [a_product(db, f"S-{number}") for number in range(50)]
    written(db)
    db.execute("UPDATE products SET price = price + 1, name = name || '!'")
    rows = db.execute("SELECT type, aggregate_id, count(*) FROM domain_events GROUP BY 1, 2").fetchall()
    assert {(kind, key): count for kind, key, count in rows} == {
        (kind, key): 1 for kind in ("PriceChanged", "ProductUpdated") for key in ids
    }


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE domain_events SET data = '{}'",
        "UPDATE domain_events SET position = 5, type = 'Other'",
        "UPDATE domain_events SET occurred_at = now()",
        "DELETE FROM domain_events",
        "TRUNCATE domain_events",
        # It was not published: not even the retention job takes it.
        "SET catalog.event_retention = 'on'; DELETE FROM domain_events",
    ],
)
def test_an_event_is_never_changed_or_taken_away(settings: Settings, db: Db, statement: str) -> None:
    a_product(db)
    with connect(settings, "test", autocommit=True) as other, pytest.raises(psycopg.errors.FeatureNotSupported):
        other.execute(statement)


def test_a_position_is_given_once(db: Db) -> None:
    a_product(db)
    with pytest.raises(psycopg.errors.CheckViolation):
        db.execute("UPDATE domain_events SET position = 1")
    db.execute("UPDATE domain_events SET position = 1, id = gen_random_uuid()")
    for again in ("position = 2", "id = gen_random_uuid()"):
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            db.execute(f"UPDATE domain_events SET {again}")
