"""The rules that change the catalogue. Products whose sku begins with "kept" are changed, but never deleted."""

import threading
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from tests.state_machine.shop import BRANDS, REFUSED, line
from tests.state_machine.steps import NUMBERS, Base, step

ALL = "SELECT id FROM products WHERE NOT attributes ? 'poison' ORDER BY sku"
LOSABLE = "SELECT id FROM products WHERE sku NOT LIKE 'kept%' ORDER BY sku"
GONE = "SELECT product_id FROM product_sync WHERE deleted ORDER BY product_id"
CATEGORIES = "SELECT id FROM categories ORDER BY path"
EMPTIABLE = """
SELECT id FROM categories AS category WHERE NOT EXISTS (
    SELECT FROM products JOIN categories AS own ON own.id = products.category_id
    WHERE products.sku LIKE 'kept%' AND category.id = ANY (own.ids)) ORDER BY path
"""
BRAND_IDS = "SELECT id FROM brands ORDER BY name"

INSERT = "INSERT INTO products (id, sku, name, price) VALUES (%s, %s, %s, %s)"
REPRICE = "UPDATE products SET price = price + 1 WHERE id = %s AND price < 1000"
DELETE = "DELETE FROM products WHERE id = %s"
CHILDREN = {
    "more stock": "UPDATE product_variants SET inventory = inventory + 1 WHERE product_id = %s AND inventory < 1000",
    "no variants": "DELETE FROM product_variants WHERE product_id = %s",
    "a variant": "INSERT INTO product_variants (product_id, sku, price, options, position) "
    "SELECT id, sku || '-extra', 3, '{\"size\": \"XL\"}', 9 FROM products WHERE id = %s",
    "no images": "DELETE FROM product_images WHERE product_id = %s",
    "an image": "INSERT INTO product_images (product_id, url, position) VALUES (%s, 'https://example.com/b.png', 0)",
    "another image": "UPDATE product_images SET url = url || '?' WHERE product_id = %s AND length(url) < 60",
}
VALUES = st.sampled_from(["price = price + 1", "name = name || '.'", "status = 'draft'", "status = 'active'",
                          "category_id = NULL", "attributes = attributes || '{\"color\": \"blue\"}'"])  # fmt: skip


class Edits(Base):
    @step(number=NUMBERS, rest=st.booleans())
    def create(self, number: int, rest: bool) -> None:
        if rest and self.calm:
            self.shop.rest("POST", "/products", line(number))
        else:
            self.shop.sql(INSERT, uuid4(), f"p{number % 80}", f"Product {number}", number)

    @step(number=NUMBERS, values=VALUES)
    def update(self, number: int, values: str) -> None:
        self.shop.sql(f"UPDATE products SET {values} WHERE id = %s", self.shop.pick(ALL, number))

    @step()
    def update_all(self) -> None:
        self.shop.sql("UPDATE products SET popularity = popularity + 1")

    @precondition(lambda self: self.calm)
    @step(number=NUMBERS, other=NUMBERS, whole=st.booleans())
    def patch(self, number: int, other: int, whole: bool) -> None:
        body = line(other)
        del body["sku"]
        if whole and (row := self.shop.db.execute("SELECT sku FROM products OFFSET %s LIMIT 1", (number,)).fetchone()):
            body["sku"] = row[0]
        self.shop.rest("PUT" if whole else "PATCH", f"/products/{self.shop.pick(ALL, number)}", body)

    @step(number=NUMBERS, rest=st.booleans())
    def delete(self, number: int, rest: bool) -> None:
        if rest and self.calm:
            self.shop.rest("DELETE", f"/products/{self.shop.pick(LOSABLE, number)}")
        else:
            self.shop.sql(DELETE, self.shop.pick(LOSABLE, number))

    @step(number=NUMBERS)
    def same_sku_again(self, number: int) -> None:
        """Deleted and made anew under another id, in one transaction."""
        if (gone := self.shop.pick(LOSABLE, number)) is not None:
            sku = f"(SELECT sku FROM skus WHERE product_id = '{gone}' AND NOT is_variant)"
            again = INSERT.replace("VALUES (%s, %s, %s, %s)", "SELECT %s, sku, %s, %s FROM moved")
            keep = f"CREATE TEMPORARY TABLE moved ON COMMIT DROP AS SELECT {sku} AS sku"
            self.shop.transaction((keep, ()), (DELETE, (gone,)), (again, (uuid4(), "Again", number)))

    @step(number=NUMBERS)
    def same_id_again(self, number: int) -> None:
        """Inserted again after its deletion: its versions must go on."""
        if (back := self.shop.pick(GONE, number)) is not None:
            self.shop.sql(INSERT, back, f"back{number}", "Back", number)

    @step(number=NUMBERS, kind=st.sampled_from(sorted(CHILDREN)))
    def children(self, number: int, kind: str) -> None:
        self.shop.sql(CHILDREN[kind], self.shop.pick(ALL, number))

    @step(number=NUMBERS, rest=st.booleans())
    def rename_category(self, number: int, rest: bool) -> None:
        category = self.shop.pick(CATEGORIES, number)
        if rest and self.calm:
            self.shop.rest("PATCH", f"/categories/{category}", {"name": f"Renamed {number}"})
        else:
            self.shop.sql("UPDATE categories SET name = %s WHERE id = %s", f"Renamed {number}", category)

    @step(number=NUMBERS, other=NUMBERS)
    def move_category(self, number: int, other: int) -> None:
        moved, parent = self.shop.pick(CATEGORIES, number), self.shop.pick(CATEGORIES, other)
        self.shop.sql("UPDATE categories SET parent_id = %s WHERE id = %s", None if other % 3 == 0 else parent, moved)

    @step(number=NUMBERS, rest=st.booleans())
    def delete_category(self, number: int, rest: bool) -> None:
        """With all that is in it and below it."""
        category = self.shop.pick(EMPTIABLE, number)
        if rest and self.calm and category:
            self.shop.rest("DELETE", f"/categories/{category}?cascade=true")
        else:
            self.shop.sql("DELETE FROM categories WHERE id = %s", category)

    @step(number=NUMBERS, delete=st.booleans())
    def change_brand(self, number: int, delete: bool) -> None:
        brand = self.shop.pick(BRAND_IDS, number)
        if delete:
            self.shop.sql("DELETE FROM brands WHERE id = %s", brand)
        else:
            self.shop.sql("UPDATE brands SET name = %s WHERE id = %s", f"{BRANDS[number % 3]} {number}", brand)

    @precondition(lambda self: self.calm)
    @step(number=NUMBERS, count=st.integers(1, 30))
    def bulk_import(self, number: int, count: int) -> None:
        self.shop.bulk([line(number + place) for place in range(count)])

    @precondition(lambda self: self.late is None)
    @step(number=NUMBERS, delete=st.booleans())
    def begin_late(self, number: int, delete: bool) -> None:
        """A transaction that goes on while others begin and commit."""
        self.late = self.shop.connection()
        changed, lost = self.shop.pick(ALL, number), self.shop.pick(LOSABLE, number + 1)
        try:
            self.late.execute(REPRICE, (changed,))
            self.late.execute(INSERT, (uuid4(), f"late{number}", "Late", number))
            if delete:
                self.late.execute(DELETE, (lost,))
        except REFUSED:
            self.late.rollback()

    @precondition(lambda self: self.late is not None)
    @step(commit=st.booleans())
    def end_late(self, commit: bool) -> None:
        assert self.late is not None
        self.late.commit() if commit else self.late.rollback()
        self.late.close()
        self.late = None

    @precondition(lambda self: self.calm)
    @step(number=NUMBERS)
    def two_writers(self, number: int) -> None:
        """The same products in opposite order at the same time; Postgres may end one of the two."""
        ids = [self.shop.pick(ALL, number), self.shop.pick(ALL, number + 1)]
        writers = [threading.Thread(target=self._write, args=(order,)) for order in (ids, ids[::-1])]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()

    def _write(self, ids: list[object]) -> None:
        connection = self.shop.connection()
        try:
            for product_id in ids:
                connection.execute(CHILDREN["more stock"].encode(), (product_id,))
                connection.execute(REPRICE, (product_id,))
            connection.commit()
        except REFUSED:
            connection.rollback()
        finally:
            connection.close()

    @step(number=NUMBERS)
    def poison(self, number: int) -> None:
        """A value that Postgres takes and no document can hold."""
        poison = self.shop.pick("SELECT id FROM products WHERE sku NOT LIKE 'kept%' ORDER BY sku", number)
        self.shop.sql("UPDATE products SET attributes = attributes || '{\"poison\": 1e400}' WHERE id = %s", poison)
        # Until it is in quarantine it keeps every rebuild from its end, in many words.
        self.excuses.add("")
