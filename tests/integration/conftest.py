"""An Elasticsearch and a Redis that tests may stop, block and empty: nothing else in the run uses them."""

from collections.abc import Iterator
from contextlib import closing

import pytest
import redis
from elasticsearch import Elasticsearch

from stack import Ephemeral, ephemeral


@pytest.fixture(scope="session")
def private_servers() -> Iterator[Ephemeral]:
    """Started once: `tests.lanes.SHARED_SERVER` has one worker run all files that use them."""
    with ephemeral(servers={"elasticsearch", "redis"}, in_memory=True) as servers:
        yield servers


@pytest.fixture(scope="module")
def private(private_servers: Ephemeral) -> Ephemeral:
    """The servers, running and empty."""
    with closing(Elasticsearch(private_servers.elasticsearch_url)) as client:
        if indexes := list(client.indices.get(index="test-*", expand_wildcards="all")):
            client.indices.delete(index=indexes)
    with closing(redis.Redis.from_url(private_servers.redis_url)) as broker:
        broker.flushall()
    return private_servers
