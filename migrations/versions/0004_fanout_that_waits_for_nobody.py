"""Fan-outs that wait for no lock, a pending index without quarantine, and ledger triggers that always fire.

End the pump and the workers of the version before first: their looks would read the whole ledger.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

# Also in sessions in the replica role, as those of some loaders are.
ALWAYS = (
    ("products", ("ledger_insert", "ledger_update", "ledger_delete")),
    ("product_images", ("ledger_insert", "ledger_update", "ledger_delete")),
    ("product_variants", ("ledger_insert", "ledger_update", "ledger_delete")),
    ("categories", ("fanout_update",)),
    ("brands", ("fanout_update",)),
)
PENDING = "version > synced_version AND next_attempt_at IS DISTINCT FROM 'infinity'"
QUARANTINED = "version > synced_version AND next_attempt_at = 'infinity'"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("fanout", sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True))
    _kinds("'category', 'brand', 'product'")
    _enable("ENABLE ALWAYS")
    op.drop_index("ix_product_sync_pending", table_name="product_sync")
    _pending(PENDING)
    op.create_index(
        "ix_product_sync_quarantined", "product_sync", ["changed_at"], postgresql_where=sa.text(QUARANTINED)
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_product_sync_quarantined", table_name="product_sync")
    op.drop_index("ix_product_sync_pending", table_name="product_sync")
    _pending("version > synced_version")
    _enable("ENABLE")
    # The category or the brand of such a product was spread but for this one: the reconciler finds it.
    op.execute("DELETE FROM fanout WHERE kind = 'product'")
    _kinds("'category', 'brand'")
    op.drop_column("fanout", "next_attempt_at")


def _pending(which: str) -> None:
    op.create_index(
        "ix_product_sync_pending", "product_sync", ["priority", "changed_at"], postgresql_where=sa.text(which)
    )


def _kinds(kinds: str) -> None:
    op.drop_constraint(op.f("ck_fanout_kind"), "fanout", type_="check")
    op.create_check_constraint(op.f("ck_fanout_kind"), "fanout", f"kind IN ({kinds})")


def _enable(how: str) -> None:
    for table, triggers in ALWAYS:
        for trigger in triggers:
            op.execute(f"ALTER TABLE {table} {how} TRIGGER {trigger}")
