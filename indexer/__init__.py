"""Postgres -> Elasticsearch: read rows, write bulks, rebuild, compare."""
