"""What the database itself refuses and derives, whoever writes: the last line of defence under every front door."""

from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import errors, sql

Connection = psycopg.Connection[Any]


def _product(db: Connection, **fields: Any) -> UUID:
    row = {"sku": "SKU-1", "name": "A kettle", "price": 10, **fields}
    statement = sql.SQL("INSERT INTO products ({}) VALUES ({}) RETURNING id").format(
        sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join(sql.Placeholder() * len(row))
    )
    product_id: UUID = _one(db, statement, list(row.values()))
    return product_id


def _variant(db: Connection, product_id: UUID, sku: str, price: Any = 10, inventory: int = 0) -> UUID:
    variant_id: UUID = _one(
        db,
        "INSERT INTO product_variants (product_id, sku, price, inventory, position) VALUES (%s, %s, %s, %s, 0) "
        "RETURNING id",
        [product_id, sku, price, inventory],
    )
    return variant_id


def _category(db: Connection, name: str, parent_id: UUID | None = None) -> UUID:
    category_id: UUID = _one(
        db,
        "INSERT INTO categories (name, slug, parent_id) VALUES (%s, lower(%s), %s) RETURNING id",
        [name, name, parent_id],
    )
    return category_id


def _one(db: Connection, statement: Any, values: Any = None) -> Any:
    row = db.execute(statement, values).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    ("field", "value", "constraint"),
    [
        ("name", "", "ck_products_name_not_empty"),
        ("sku", "", "ck_products_sku_not_empty"),
        ("price", -1, "ck_products_price"),
        ("price", "NaN", "ck_products_price"),
        ("compare_at_price", -1, "ck_products_compare_at_price"),
        ("compare_at_price", "NaN", "ck_products_compare_at_price"),
        ("cost", "NaN", "ck_products_cost"),
        ("inventory", -1, "ck_products_inventory"),
        ("gtin", "12ab", "ck_products_gtin"),
        ("status", "gone", "ck_products_status"),
        ("popularity", -1, "ck_products_popularity"),
        ("popularity", "NaN", "ck_products_popularity"),
        ("popularity", "Infinity", "ck_products_popularity"),
        ("attributes", "[]", "ck_products_attributes"),
        ("description", "x" * 50_001, "ck_products_description_length"),
    ],
)
def test_a_product_breaks_a_rule(db: Connection, field: str, value: Any, constraint: str) -> None:
    with pytest.raises(errors.CheckViolation) as refused:
        _product(db, **{field: value})
    assert refused.value.diag.constraint_name == constraint


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "x" * 256), ("sku", "x" * 101), ("price", 10**8), ("inventory", 2**31), ("price", "Infinity")],
)
def test_a_value_does_not_fit_its_column(db: Connection, field: str, value: Any) -> None:
    with pytest.raises(psycopg.DataError):
        _product(db, **{field: value})


@pytest.mark.parametrize("field", ["name", "sku", "price"])
def test_a_required_value_is_missing(db: Connection, field: str) -> None:
    with pytest.raises(errors.NotNullViolation):
        _product(db, **{field: None})


def test_a_publishing_window_ends_after_it_begins(db: Connection) -> None:
    with pytest.raises(errors.CheckViolation):
        _product(db, publish_from="2026-01-02", publish_until="2026-01-01")


def test_defaults(db: Connection) -> None:
    product_id = _product(db)
    row = db.execute(
        "SELECT inventory, status, attributes, popularity, created_at = updated_at FROM products WHERE id = %s",
        [product_id],
    ).fetchone()
    assert row == (0, "active", {}, 0.0, True)
    db.execute("UPDATE products SET name = 'Another'")
    assert _one(db, "SELECT updated_at > created_at FROM products")


@pytest.mark.parametrize("change", ["name = 'A mug'", "sku = 'mug'", "description = 'A mug'", "search_vector = NULL"])
def test_the_text_vector_is_that_of_the_texts_whatever_is_written(db: Connection, change: Any) -> None:
    product_id = _product(db)
    db.execute("SET session_replication_role = replica")
    db.execute(f"UPDATE products SET {change} WHERE id = %s", [product_id])
    db.execute("SET session_replication_role = origin")
    made, changed = db.execute("""
        SELECT search_vector = setweight(to_tsvector('english', name), 'A')
                               || setweight(to_tsvector('simple', sku), 'A')
                               || setweight(to_tsvector('english', coalesce(description, '')), 'C'),
               search_vector @@ 'mug'
        FROM products
    """).fetchone() or (None, None)
    assert made
    assert changed == ("mug" in change)


def test_a_price_or_stock_is_updated_without_touching_an_index(db: Connection) -> None:
    product_id = _product(db)
    with db.transaction():
        db.execute("UPDATE products SET price = 11 WHERE id = %s", [product_id])
        db.execute("UPDATE products SET inventory = 3, popularity = 2 WHERE id = %s", [product_id])
        hot = _one(db, "SELECT n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = 'products'")
    assert hot == 2


@pytest.mark.parametrize("price", [-1, "NaN"])
def test_a_variant_breaks_a_rule(db: Connection, price: Any) -> None:
    product_id = _product(db)
    with pytest.raises(errors.CheckViolation):
        _variant(db, product_id, "V-1", price)


def test_skus_are_unique_across_products_and_variants(db: Connection) -> None:
    first = _product(db, sku="P-1")
    second = _product(db, sku="P-2")
    _variant(db, first, "V-1")
    for sku, product_id in (("V-1", second), ("P-1", second), ("P-1", first)):
        with pytest.raises(errors.UniqueViolation):
            _variant(db, product_id, sku)
    for sku in ("P-1", "V-1"):
        with pytest.raises(errors.UniqueViolation):
            _product(db, sku=sku)
        with pytest.raises(errors.UniqueViolation):
            db.execute("UPDATE products SET sku = %s WHERE id = %s", [sku, second])
    with pytest.raises(errors.UniqueViolation):
        db.execute("UPDATE product_variants SET sku = 'P-2'")


def test_a_sku_is_free_again_when_its_owner_is_gone(db: Connection) -> None:
    product_id = _product(db, sku="P-1")
    variant_id = _variant(db, product_id, "V-1")
    db.execute("DELETE FROM product_variants WHERE id = %s", [variant_id])
    _variant(db, product_id, "V-1")
    db.execute("UPDATE products SET sku = 'P-2'")
    db.execute("UPDATE product_variants SET sku = 'P-1'")
    db.execute("DELETE FROM products")
    assert _one(db, "SELECT count(*) FROM skus") == 0
    _product(db, sku="V-1")


def test_variants_roll_up(db: Connection) -> None:
    product_id = _product(db, price=99, inventory=5)
    _variant(db, product_id, "V-1", 12, 3)
    cheap = _variant(db, product_id, "V-2", 7, 4)
    read = "SELECT price, inventory FROM products"
    assert db.execute(read).fetchone() == (7, 7)
    db.execute("UPDATE product_variants SET price = 8, inventory = 0 WHERE id = %s", [cheap])
    assert db.execute(read).fetchone() == (8, 3)
    db.execute("DELETE FROM product_variants WHERE id = %s", [cheap])
    assert db.execute(read).fetchone() == (12, 3)


def test_a_sum_that_does_not_fit_is_refused(db: Connection) -> None:
    product_id = _product(db)
    _variant(db, product_id, "V-1", 1, 2**31 - 1)
    with pytest.raises(errors.NumericValueOutOfRange):
        _variant(db, product_id, "V-2", 1, 1)


def test_a_product_takes_its_children_along(db: Connection) -> None:
    product_id = _product(db)
    _variant(db, product_id, "V-1")
    db.execute("INSERT INTO product_images (product_id, url, position) VALUES (%s, '/a.jpg', 0)", [product_id])
    db.execute("DELETE FROM products")
    for table in ("product_variants", "product_images", "skus"):
        assert _one(db, sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))) == 0


def test_a_category_takes_its_products_along_and_the_ledger_knows(db: Connection) -> None:
    root = _category(db, "Root")
    leaf = _category(db, "Leaf", root)
    kept = _product(db, sku="P-0")
    for number, category_id in enumerate((root, leaf, leaf), start=1):
        _product(db, sku=f"P-{number}", category_id=category_id)
    db.execute("DELETE FROM categories WHERE id = %s", [root])
    assert db.execute("SELECT id FROM products").fetchall() == [(kept,)]
    assert db.execute("SELECT deleted, version, count(*) FROM product_sync GROUP BY 1, 2 ORDER BY 1").fetchall() == [
        (False, 1, 1),
        (True, 2, 3),
    ]


def test_a_brand_leaves_its_products(db: Connection) -> None:
    brand_id = _one(db, "INSERT INTO brands (name) VALUES ('Norvane') RETURNING id")
    with pytest.raises(errors.UniqueViolation):
        db.execute("INSERT INTO brands (name) VALUES ('NORVANE')")
    _product(db, brand_id=brand_id)
    db.execute("DELETE FROM brands")
    assert _one(db, "SELECT brand_id FROM products") is None
    assert _one(db, "SELECT version FROM product_sync") == 2


def test_the_category_tree(db: Connection) -> None:
    root = _category(db, "Root")
    leaf = _category(db, "Leaf", root)
    assert db.execute("SELECT path, names, ids FROM categories WHERE id = %s", [leaf]).fetchone() == (
        "root/leaf",
        ["Root", "Leaf"],
        [root, leaf],
    )
    with pytest.raises(errors.UniqueViolation):
        _category(db, "Leaf", root)
    with pytest.raises(errors.CheckViolation) as refused:
        db.execute("UPDATE categories SET parent_id = %s WHERE id = %s", [leaf, root])
    assert refused.value.diag.constraint_name == "ck_categories_cycle"
    with pytest.raises(errors.CheckViolation):
        db.execute("UPDATE categories SET slug = 'a/b' WHERE id = %s", [leaf])
    deepest = leaf
    for level in range(8):
        deepest = _category(db, f"L{level}", deepest)
    with pytest.raises(errors.CheckViolation) as refused:
        _category(db, "Deeper", deepest)
    assert refused.value.diag.constraint_name == "ck_categories_depth"


def test_users(db: Connection) -> None:
    insert = "INSERT INTO users (email, password_hash, role) VALUES (%s, 'x', %s)"
    db.execute(insert, ["a@example.com", "admin"])
    with pytest.raises(errors.UniqueViolation):
        db.execute(insert, ["A@EXAMPLE.COM", "editor"])
    with pytest.raises(errors.CheckViolation):
        db.execute(insert, ["b@example.com", "owner"])


@pytest.mark.parametrize(
    "table", ["products", "product_images", "product_variants", "categories", "brands", "product_sync"]
)
def test_truncate_is_refused(db: Connection, table: str) -> None:
    with pytest.raises(errors.FeatureNotSupported, match="use DELETE"):
        db.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(table)))


def test_the_id_of_a_product_never_changes(db: Connection) -> None:
    _product(db)
    with pytest.raises(errors.CheckViolation):
        db.execute("UPDATE products SET id = gen_random_uuid()")
