"""Synonyms, and a revision that tells processes when to read them again."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

# One function for all tables that processes keep in memory: the trigger says which.
REVISE = """
CREATE FUNCTION revise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO revisions (name) VALUES (TG_TABLE_NAME)
    ON CONFLICT (name) DO UPDATE SET value = gen_random_uuid();
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER revise AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON synonyms
FOR EACH STATEMENT EXECUTE FUNCTION revise()
"""


def upgrade() -> None:
    op.create_table(
        "synonyms",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("terms", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('two_way', 'one_way')", name=op.f("ck_synonyms_kind")),
        sa.CheckConstraint("cardinality(terms) BETWEEN 2 AND 50", name=op.f("ck_synonyms_terms")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_synonyms_created_by_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["users.id"], name=op.f("fk_synonyms_updated_by_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_synonyms")),
        sa.UniqueConstraint("digest", name=op.f("uq_synonyms_digest")),
    )
    op.create_table(
        "revisions",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_revisions")),
    )
    op.execute(REVISE)
    op.execute(TRIGGER)
    # Loaders in the replica role change them too.
    op.execute("ALTER TABLE synonyms ENABLE ALWAYS TRIGGER revise")


def downgrade() -> None:
    op.drop_table("synonyms")
    op.execute("DROP FUNCTION revise()")
    op.drop_table("revisions")
