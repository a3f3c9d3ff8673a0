"""Connections of one worker process: made on first use, after the fork, and made again after a failure."""

from typing import Any

import psycopg
from elasticsearch import Elasticsearch

from catalog.connections import connect
from catalog.elasticsearch import make_client
from catalog.settings import get_settings
from indexer.backoff import Pressure

_connection: psycopg.Connection[Any] | None = None
_client: Elasticsearch | None = None
_pressure: Pressure | None = None


def connection() -> psycopg.Connection[Any]:
    """This process's Postgres connection, in autocommit mode."""
    global _connection
    if _connection is None or _connection.closed or _connection.broken:
        _connection = connect(get_settings(), autocommit=True)
    return _connection


def client() -> Elasticsearch:
    global _client
    if _client is None:
        _client = make_client(get_settings())
    return _client


def pressure() -> Pressure:
    global _pressure
    if _pressure is None:
        settings = get_settings()
        _pressure = Pressure(settings.sync_batch_size, settings.sync_lease_seconds / 6)
    return _pressure
