"""Indexes that take no writes for a while, and what the planner should know about buckets."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name in ("failing_since", "failed_at", "given_up_at"):
        op.add_column("search_indexes", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    # There are 256 buckets, not as many as rows: the comparison of sums can then be planned for several processes.
    op.execute("CREATE STATISTICS product_sync_buckets ON (get_byte(uuid_send(product_id), 0)) FROM product_sync")


def downgrade() -> None:
    op.execute("DROP STATISTICS product_sync_buckets")
    for name in ("given_up_at", "failed_at", "failing_since"):
        op.drop_column("search_indexes", name)
