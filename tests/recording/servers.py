"""The real servers that a recording runs on, emptied for it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import psycopg
import redis

DATABASE = "recording"
INDEX_PREFIX = "recording"
REDIS_DATABASE = 9


@dataclass(frozen=True, slots=True)
class Addresses:
    """URLs of a database, a Redis database and an Elasticsearch for this recording alone."""

    postgres: str
    redis: str
    elasticsearch: str


@contextmanager
def servers() -> Iterator[Addresses]:
    """Running servers as TEST_POSTGRES_URL and its sisters name them, otherwise new ones that end with the block."""
    if "TEST_POSTGRES_URL" in os.environ:
        names = ("TEST_POSTGRES_URL", "TEST_REDIS_URL", "TEST_ELASTICSEARCH_URL")
        yield _empty(*(os.environ[name] for name in names))
        return
    # Nothing of the service: `stack` starts servers where there is no container engine.
    from stack import ephemeral

    with ephemeral(lambda line: print(line, flush=True)) as running:
        yield _empty(running.postgres_url, running.redis_url, running.elasticsearch_url)


def _empty(postgres: str, redis_url: str, elasticsearch: str) -> Addresses:
    server = postgres.rpartition("/")[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    redis_url = f"{redis_url.rpartition('/')[0]}/{REDIS_DATABASE}"
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    with httpx.Client(base_url=elasticsearch, timeout=30) as client_of_indexes:
        # By their names: Elasticsearch refuses to delete by a pattern.
        for index in client_of_indexes.get(f"/{INDEX_PREFIX}-*").raise_for_status().json():
            client_of_indexes.delete(f"/{index}").raise_for_status()
    return Addresses(f"{server}/{DATABASE}", redis_url, elasticsearch)
