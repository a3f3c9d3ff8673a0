"""Connections of one worker process: made on first use, after the fork, and made again after a failure."""

from typing import Any

import psycopg
from elasticsearch import Elasticsearch

from catalog.connections import connect
from catalog.elasticsearch import make_client
from catalog.settings import get_settings
from indexer.backoff import Backoff
from indexer.indexer import Indexer

_connection: psycopg.Connection[Any] | None = None
_client: Elasticsearch | None = None
_backoff: Backoff | None = None


def indexer() -> Indexer:
    """This process's connections, as the indexer takes them."""
    return Indexer(connection(), client(), get_settings())


def connection() -> psycopg.Connection[Any]:
    """This process's Postgres connection, in autocommit mode."""
    global _connection
    if _connection is None or _connection.closed or _connection.broken:
        _connection = connect(get_settings(), autocommit=True)
    return _connection


def client() -> Elasticsearch:
    """This process's Elasticsearch client."""
    global _client
    if _client is None:
        _client = make_client(get_settings())
    return _client


def backoff() -> Backoff:
    """The size of this process's next batch, and its pause."""
    global _backoff
    if _backoff is None:
        settings = get_settings()
        _backoff = Backoff(settings.sync_batch_size, settings.sync_lease_seconds / 6)
    return _backoff
