"""The one factory of Elasticsearch clients."""

from typing import Any

import orjson
from elastic_transport import AiohttpHttpNode
from elasticsearch import AsyncElasticsearch, Elasticsearch, OrjsonSerializer
from elasticsearch.serializer import NdjsonSerializer

from catalog.settings import Settings


class _Lines(NdjsonSerializer):
    """Several searches in one body: the client's own `serializer` is for single ones only, and this is five times as
    fast as what it has for these."""

    def json_dumps(self, data: Any) -> bytes:
        return orjson.dumps(data, default=self.default)


_SERIALIZERS = {OrjsonSerializer.mimetype: OrjsonSerializer(), _Lines.mimetype: _Lines()}


def _options(settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {"hosts": [settings.elasticsearch_url], "serializers": _SERIALIZERS}
    if settings.elasticsearch_username and settings.elasticsearch_password:
        options["basic_auth"] = (settings.elasticsearch_username, settings.elasticsearch_password.get_secret_value())
    if settings.elasticsearch_ca_certs:
        options["ca_certs"] = str(settings.elasticsearch_ca_certs)
    return options


def make_async_client(settings: Settings, *, node_class: type[AiohttpHttpNode] = AiohttpHttpNode) -> AsyncElasticsearch:
    """For searches. It never retries: the shopper is waiting, and a second try doubles the load of a slow server.

    `node_class` is for a caller that records what is sent.
    """
    return AsyncElasticsearch(
        **_options(settings),
        request_timeout=settings.search_timeout_seconds,
        max_retries=0,
        retry_on_timeout=False,
        connections_per_node=64,
        node_class=node_class,
    )


def make_client(settings: Settings, *, timeout: float = 30) -> Elasticsearch:
    """For indexing. It never retries: that is for `indexer` alone, where outages are told from bad documents."""
    return Elasticsearch(**_options(settings), request_timeout=timeout, max_retries=0, retry_on_timeout=False)
