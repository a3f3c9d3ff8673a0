"""Alembic: the schema, revision by revision."""
