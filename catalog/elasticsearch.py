"""The one factory of Elasticsearch clients."""

from typing import Any

from elasticsearch import AsyncElasticsearch, Elasticsearch, OrjsonSerializer

from catalog.settings import Settings


def _options(settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {"hosts": [settings.elasticsearch_url], "serializer": OrjsonSerializer()}
    if settings.elasticsearch_username and settings.elasticsearch_password:
        options["basic_auth"] = (settings.elasticsearch_username, settings.elasticsearch_password.get_secret_value())
    if settings.elasticsearch_ca_certs:
        options["ca_certs"] = str(settings.elasticsearch_ca_certs)
    return options


def make_async_client(settings: Settings) -> AsyncElasticsearch:
    """For searches. It never retries: the shopper is waiting, and a second try doubles the load of a slow server."""
    return AsyncElasticsearch(
        **_options(settings),
        request_timeout=settings.search_timeout_seconds,
        max_retries=0,
        retry_on_timeout=False,
        connections_per_node=64,
    )


def make_client(settings: Settings, *, timeout: float = 30) -> Elasticsearch:
    """For indexing. It never retries: that is for `indexer` alone, where outages are told from bad documents."""
    return Elasticsearch(**_options(settings), request_timeout=timeout, max_retries=0, retry_on_timeout=False)
