"""Lighter triggers for updates of products (docs/decisions/0022-cheap-updates.md says what each step was worth).

An event gets its id together with its position, from the relay: a random id and an index over these cost a writer as
much as the rest of the row. End the relay of the version before first: it finds no event by its id until then.
"""

import re
from importlib import import_module
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

SQL = Path(__file__).parent.parent / "sql"
# Nothing about an event changes but its position and, together with that, an id that it did not have.
REFUSE_UPDATE = """
CREATE TRIGGER refuse_update BEFORE UPDATE ON domain_events FOR EACH ROW
    WHEN (OLD.position IS NOT NULL OR NEW.position IS NULL
          OR ({id}, OLD.sequence, OLD.type, OLD.aggregate_id, OLD.occurred_at, OLD.data, OLD.schema_version)
             IS DISTINCT FROM
             (NEW.id, NEW.sequence, NEW.type, NEW.aggregate_id, NEW.occurred_at, NEW.data, NEW.schema_version))
    EXECUTE FUNCTION refuse_event_change()
"""
REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'domain_events is append-only: % of event % was refused', TG_OP, OLD.{key}
        USING ERRCODE = 'feature_not_supported';
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TRIGGER refuse_update ON domain_events")
    op.drop_constraint(op.f("pk_domain_events"), "domain_events", type_="primary")
    op.alter_column("domain_events", "id", nullable=True, server_default=None)
    op.create_primary_key(op.f("pk_domain_events"), "domain_events", ["sequence"])
    op.create_check_constraint(
        op.f("ck_domain_events_published"), "domain_events", "position IS NULL OR id IS NOT NULL"
    )
    op.execute(REFUSE_CHANGE.format(key="sequence"))
    op.execute(REFUSE_UPDATE.format(id="coalesce(OLD.id, NEW.id)"))
    op.execute(sa.text((SQL / "0011_lean_triggers.sql").read_text()))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(import_module("migrations.versions.0010_cheap_updates").BUMP.format(missing="false"))
    op.execute(sa.text(_publish_before()))
    op.execute("DROP TRIGGER refuse_update ON domain_events")
    op.drop_constraint(op.f("ck_domain_events_published"), "domain_events", type_="check")
    op.execute("UPDATE domain_events SET id = gen_random_uuid() WHERE id IS NULL")
    op.drop_constraint(op.f("pk_domain_events"), "domain_events", type_="primary")
    op.alter_column("domain_events", "id", nullable=False, server_default=sa.text("gen_random_uuid()"))
    op.create_primary_key(op.f("pk_domain_events"), "domain_events", ["id"])
    op.execute(REFUSE_CHANGE.format(key="id"))
    op.execute(REFUSE_UPDATE.format(id="OLD.id"))


def _publish_before() -> str:
    """The trigger's function as migration 0007 made it."""
    text = (SQL / "0007_domain_events.sql").read_text()
    function = re.search(r"CREATE (FUNCTION publish_products_updated\(\).*?END \$\$;)", text, re.DOTALL)
    assert function is not None
    return f"CREATE OR REPLACE {function[1]}"
