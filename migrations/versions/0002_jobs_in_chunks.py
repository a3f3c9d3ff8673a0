"""Rebuilds in chunks, products dropped from quarantine, and counts that outlive processes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "reindex_chunks",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("end_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("documents", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_reindex_chunks_job_id_jobs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_reindex_chunks")),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.add_column("product_sync", sa.Column("dropped_version", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("cancel_requested", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.drop_index("uq_jobs_kind_running", table_name="jobs")
    op.create_index(
        "uq_jobs_kind_active",
        "jobs",
        ["kind"],
        unique=True,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )


def downgrade() -> None:
    op.drop_index("uq_jobs_kind_active", table_name="jobs")
    op.create_index(
        "uq_jobs_kind_running", "jobs", ["kind"], unique=True, postgresql_where=sa.text("state = 'running'")
    )
    op.drop_column("jobs", "cancel_requested")
    op.drop_column("product_sync", "dropped_version")
    op.drop_table("counters")
    op.drop_table("reindex_chunks")
