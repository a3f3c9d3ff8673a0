"""Where the servers of a test run are: environment variables, so that the processes of pytest-xdist inherit them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from stack import ephemeral

POSTGRES, REDIS, ELASTICSEARCH, PASSWORD = (
    "TEST_POSTGRES_URL",
    "TEST_REDIS_URL",
    "TEST_ELASTICSEARCH_URL",
    "TEST_ELASTICSEARCH_PASSWORD",
)


@contextmanager
def servers(*, secure: bool = False) -> Iterator[None]:
    """Started servers, with their addresses in the environment; those that are there already are used instead."""
    if POSTGRES in os.environ:
        yield
        return
    with ephemeral(lambda line: print(line, flush=True), secure=secure, in_memory=True) as running:
        addresses = {
            POSTGRES: running.postgres_url,
            REDIS: running.redis_url,
            ELASTICSEARCH: running.elasticsearch_url,
            PASSWORD: running.elasticsearch_password,
        }
        given = {name: address for name, address in addresses.items() if address is not None}
        os.environ.update(given)
        try:
            yield
        finally:
            for name in given:
                del os.environ[name]
