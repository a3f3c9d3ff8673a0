"""Updates of prices and stock that touch no index (docs/decisions/0022-cheap-updates.md says what each step was worth).

The text vector is made by a trigger when a text of the product changes. As a generated column it was made again at every
update, because Postgres can't know what the other row triggers change.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

VECTOR = (
    "setweight(to_tsvector('english', {0}name), 'A') || setweight(to_tsvector('simple', {0}sku), 'A') || "
    "setweight(to_tsvector('english', coalesce({0}description, '')), 'C')"
)
# Also in sessions in the replica role, as those of some loaders are.
DERIVE = f"""
CREATE FUNCTION derive_search_vector() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search_vector := {VECTOR.format("NEW.")};
    RETURN NEW;
END $$;
CREATE TRIGGER derive_search_vector BEFORE INSERT OR UPDATE OF name, sku, description, search_vector ON products
    FOR EACH ROW EXECUTE FUNCTION derive_search_vector();
ALTER TABLE products ENABLE ALWAYS TRIGGER derive_search_vector;
"""
# As in 0001, but for what a missing row is inserted with.
BUMP = """
CREATE OR REPLACE FUNCTION ledger_bump(ids uuid[], gone boolean DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO product_sync AS ledger (product_id, deleted, priority, bumped_at)
    SELECT touched.id,
           coalesce(gone, {missing}),
           coalesce(nullif(current_setting('catalog.sync_priority', true), ''), '0')::smallint,
           now()
    FROM (SELECT DISTINCT unnest(ids) AS id) AS touched
    ORDER BY touched.id
    ON CONFLICT (product_id) DO UPDATE SET
        version = ledger.version + 1,
        deleted = coalesce(gone, ledger.deleted),
        priority = CASE WHEN ledger.version > ledger.synced_version THEN least(ledger.priority, excluded.priority)
                        ELSE excluded.priority END,
        changed_at = CASE WHEN ledger.version > ledger.synced_version AND ledger.next_attempt_at IS NULL
                          THEN ledger.changed_at ELSE excluded.changed_at END,
        claimed_until = NULL,
        next_attempt_at = NULL,
        attempts = 0,
        bumped_at = excluded.bumped_at
    WHERE ledger.deleted <> gone
       OR ledger.bumped_at IS DISTINCT FROM excluded.bumped_at
       OR ledger.xmin <> pg_current_xact_id()::xid
$$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE products ALTER COLUMN search_vector DROP EXPRESSION")
    op.execute(sa.text(DERIVE))
    # Nothing is found or sorted by it, and with it no new price could stay on its row's page.
    op.drop_index("ix_products_price", table_name="products")
    # Room on each page for a next version of one of its rows.
    op.execute("ALTER TABLE products SET (fillfactor = 85)")
    # To look for the product of each row was a third of the work. A row is missing only under a product that is there:
    # one that goes away without a row gets it from the trigger of its own deletion, which says so.
    op.execute(BUMP.format(missing="false"))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(BUMP.format(missing="NOT EXISTS (SELECT FROM products WHERE products.id = touched.id)"))
    op.execute("ALTER TABLE products RESET (fillfactor)")
    op.create_index(op.f("ix_products_price"), "products", ["price"])
    op.execute("DROP TRIGGER derive_search_vector ON products")
    op.execute("DROP FUNCTION derive_search_vector()")
    op.execute("ALTER TABLE products DROP COLUMN search_vector")
    op.execute(
        f"ALTER TABLE products ADD COLUMN search_vector tsvector GENERATED ALWAYS AS ({VECTOR.format('')}) STORED"
    )
    op.create_index("ix_products_search_vector", "products", ["search_vector"], postgresql_using="gin")
