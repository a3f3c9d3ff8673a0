"""Indexes for searching without Elasticsearch: typing errors in names, and identifiers however they are spelled.

They are built beside the writers, so the migration is no transaction: run it again where it was broken off. Without the
right to create the extension pg_trgm there is no index of trigrams, and typing errors find nothing while Elasticsearch
is away. `CREATE EXTENSION pg_trgm` by whoever may, and this migration's own index, bring it later.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

SPELLED = r"lower(regexp_replace({0}, '\W|_', '', 'g'))"
MODEL = "coalesce(attributes ->> 'model', attributes ->> 'model_number', attributes ->> 'mpn')"
# A longer text is no model number, and more than an index takes.
SHORT_MODEL = f"left({MODEL}, 100)"
INDEXES = {
    "ix_skus_spelled": f"skus ({SPELLED.format('sku')} text_pattern_ops)",
    "ix_products_gtin": "products (gtin text_pattern_ops) WHERE gtin IS NOT NULL",
    "ix_products_model": f"products ({SPELLED.format(SHORT_MODEL)} text_pattern_ops) WHERE {MODEL} IS NOT NULL",
}
TRIGRAMS = "ix_products_name_trgm"
EXTENSION = """
DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
    RAISE NOTICE 'no pg_trgm: typing errors find nothing while Elasticsearch is away';
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(EXTENSION)
    there = op.get_bind().scalar(sa.text("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'"))
    wanted = INDEXES | ({TRIGRAMS: "products USING gin (name gin_trgm_ops)"} if there else {})
    with op.get_context().autocommit_block():
        for name, what in wanted.items():
            # One that was broken off is there and not valid.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {what}")


def downgrade() -> None:
    # The extension stays: others may use it.
    with op.get_context().autocommit_block():
        for name in (*INDEXES, TRIGRAMS):
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
