"""The SQL of one chunk: staging tables, then statements over the whole set of staged lines.

`jsonb_populate_record(stored, fields)` is the rule of the import format in one expression: a field that the line
gives replaces the stored one, a field that it leaves out keeps it.
"""
# ruff: noqa: S608 - what is put together here are names and fragments of this module, never a value.

from catalog.importing.parse import COLUMNS
from catalog.models.sync import SyncPriority

WRITTEN = (*COLUMNS, "brand_id", "category_id")


def _columns(alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in WRITTEN)


# A chunk is small and touches few pages of tables that may be large: index lookups are the right plan from the first
# rows on, and compiling costs more than it saves. A bulk load waits behind single changes in the sync worker, which
# takes lower numbers first.
CONFIGURE = f"""
SET LOCAL jit = off;
SET LOCAL random_page_cost = 1.1;
SET LOCAL catalog.sync_priority = '{int(SyncPriority.BULK)}';
"""

FIND_STORED = "SELECT sku, id FROM products WHERE sku = ANY(%s)"

# The types are those of the real tables, because whole rows of the two are compared. `id` is that of the stored
# product, or a new one; `alts` says that some image of the line names its alt.
STAGE = """
CREATE TEMPORARY TABLE staged (
    line bigint PRIMARY KEY, id uuid NOT NULL, stored boolean NOT NULL, sku varchar(100) NOT NULL,
    fields jsonb NOT NULL, images boolean NOT NULL, alts boolean NOT NULL, variants boolean NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_images (
    line bigint, position int, url varchar(2048) NOT NULL, alt varchar(500), PRIMARY KEY (line, position)
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_variants (
    line bigint, position int, sku varchar(100) NOT NULL, price numeric(10, 2) NOT NULL, inventory int NOT NULL,
    options jsonb NOT NULL, PRIMARY KEY (line, position)
) ON COMMIT DROP;
"""
COPY_LINES = "COPY staged (line, id, stored, sku, fields, images, alts, variants) FROM STDIN"
COPY_IMAGES = "COPY staged_images (line, position, url, alt) FROM STDIN"
COPY_VARIANTS = "COPY staged_variants (line, position, sku, price, inventory, options) FROM STDIN"
ANALYZE = "ANALYZE staged (line, id, stored), staged_images (line), staged_variants (line, sku)"

# Skus that belong to another product: (line, field, sku, sku of the owner, whether it is a variant there).
FIND_CONFLICTS = """
SELECT wanted.line, wanted.field, register.sku, owner.sku, register.is_variant
FROM (
    SELECT line, id, sku, 'sku' AS field FROM staged
    UNION ALL
    SELECT s.line, s.id, v.sku, 'variants' FROM staged s JOIN staged_variants v USING (line)
) AS wanted
JOIN skus register ON register.sku = wanted.sku
JOIN products owner ON owner.id = register.product_id
WHERE register.is_variant <> (wanted.field = 'variants') OR register.product_id <> wanted.id
ORDER BY 1, 2, 3
"""
DROP_LINES = "DELETE FROM staged WHERE line = ANY(%s)"

# What a stored product is to become. Price and inventory of one that keeps its variants are derived from them,
# and not what the line says.
_NEXT = """
jsonb_populate_record(p, CASE
    WHEN s.variants OR NOT EXISTS (SELECT FROM product_variants v WHERE v.product_id = p.id) THEN s.fields
    ELSE s.fields - ARRAY['price', 'inventory'] END)
"""
_FIELDS_DIFFER = f"({_columns('p')}) IS DISTINCT FROM ({_columns('next')})"
# Alts are compared only when the line names one: otherwise those of the same addresses are kept.
_IMAGES_DIFFER = """
(SELECT array_agg((i.url, CASE WHEN s.alts THEN i.alt END) ORDER BY i.position)
 FROM product_images i WHERE i.product_id = s.id)
IS DISTINCT FROM
(SELECT array_agg((i.url, i.alt) ORDER BY i.position) FROM staged_images i WHERE i.line = s.line)
"""
_VARIANTS_DIFFER = """
(SELECT array_agg((v.sku, v.price, v.inventory, v.options) ORDER BY v.position)
 FROM product_variants v WHERE v.product_id = s.id)
IS DISTINCT FROM
(SELECT array_agg((v.sku, v.price, v.inventory, v.options) ORDER BY v.position)
 FROM staged_variants v WHERE v.line = s.line)
"""

# (line, whether the merged publish window is empty, whether anything differs) of each line whose product is stored.
COMPARE = f"""
SELECT s.line, next.publish_from >= next.publish_until,
       {_FIELDS_DIFFER} OR (s.images AND {_IMAGES_DIFFER}) OR (s.variants AND {_VARIANTS_DIFFER})
FROM staged s JOIN products p USING (id, sku) CROSS JOIN LATERAL {_NEXT} AS next
WHERE s.stored
"""
# Everything staged differs in something: also one whose variants or pictures alone do has been updated.
LOCK = "SELECT p.id FROM staged s JOIN products p USING (id, sku) WHERE s.stored ORDER BY p.id FOR NO KEY UPDATE OF p"
UPDATE = f"""
UPDATE products SET {", ".join(f"{name} = changed.{name}" for name in WRITTEN)}
FROM (
    SELECT s.id, {_columns("next")} FROM staged s JOIN products p USING (id) CROSS JOIN LATERAL {_NEXT} AS next
    WHERE s.stored
) AS changed
WHERE products.id = changed.id
"""
# In order of sku, so that two imports that insert the same ones wait for each other in one direction only.
INSERT = f"""
INSERT INTO products (id, sku, {", ".join(WRITTEN)})
SELECT s.id, s.sku, {_columns("next")}
FROM staged s CROSS JOIN LATERAL jsonb_populate_record(NULL::products, %s::jsonb || s.fields) AS next
WHERE NOT s.stored ORDER BY s.sku
"""
INSERT_IMAGES = """
INSERT INTO product_images (product_id, url, alt, position)
SELECT s.id, i.url, i.alt, i.position FROM staged s JOIN staged_images i USING (line)
WHERE NOT s.stored ORDER BY s.id, i.position
"""
INSERT_VARIANTS = """
INSERT INTO product_variants (product_id, sku, price, inventory, options, position)
SELECT s.id, v.sku, v.price, v.inventory, v.options, v.position FROM staged s JOIN staged_variants v USING (line)
WHERE NOT s.stored ORDER BY v.sku
"""

# The children of stored products, in one statement for each kind: its triggers run at its end and see the final set,
# so that the roll-up of variants finds the price and inventory that the product already has.
REPLACE_IMAGES = f"""
WITH changed AS (
    SELECT s.line, s.alts, s.id FROM staged s WHERE s.stored AND s.images AND {_IMAGES_DIFFER}
), gone AS (
    DELETE FROM product_images i USING changed WHERE i.product_id = changed.id RETURNING i.product_id, i.url, i.alt
), kept AS (
    SELECT product_id, url, min(alt) AS alt FROM gone GROUP BY product_id, url
)
INSERT INTO product_images (product_id, url, alt, position)
SELECT changed.id, i.url, CASE WHEN changed.alts THEN i.alt ELSE kept.alt END, i.position
FROM changed JOIN staged_images i USING (line) LEFT JOIN kept ON (kept.product_id, kept.url) = (changed.id, i.url)
ORDER BY changed.id, i.position
"""
REPLACE_VARIANTS = """
WITH wanted AS (
    SELECT s.id AS product_id, v.* FROM staged s JOIN staged_variants v USING (line) WHERE s.stored
), gone AS (
    DELETE FROM product_variants v USING staged s
    WHERE s.stored AND s.variants AND v.product_id = s.id
      AND NOT EXISTS (SELECT FROM staged_variants w WHERE w.line = s.line AND w.sku = v.sku)
), kept AS (
    UPDATE product_variants v
    SET price = w.price, inventory = w.inventory, options = w.options, position = w.position
    FROM wanted w
    WHERE v.sku = w.sku AND v.product_id = w.product_id
      AND (v.price, v.inventory, v.options, v.position) IS DISTINCT FROM (w.price, w.inventory, w.options, w.position)
)
INSERT INTO product_variants (product_id, sku, price, inventory, options, position)
SELECT w.product_id, w.sku, w.price, w.inventory, w.options, w.position FROM wanted w
WHERE NOT EXISTS (SELECT FROM product_variants v WHERE v.sku = w.sku AND v.product_id = w.product_id) ORDER BY w.sku
"""
