"""The choice of a publisher by the broker's URL."""

import sys

import pytest

from catalog.errors import SettingsError
from catalog.settings import Settings
from workers.kafka_publisher import KafkaPublisher
from workers.publisher import RedisPublisher, make_publisher


def settings(events_url: str | None) -> Settings:
    return Settings.model_validate({"events_url": events_url, "jwt_secret": "a secret that only the tests know: 0"})


async def test_the_scheme_names_the_broker() -> None:
    for url, kind in ((None, RedisPublisher), ("redis://a", RedisPublisher), ("kafka://a:1,b:2", KafkaPublisher)):
        publisher = make_publisher(settings(url))
        assert type(publisher) is kind
        await publisher.close()


def test_a_missing_client_of_kafka_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "workers.kafka_publisher")
    monkeypatch.setitem(sys.modules, "aiokafka", None)
    with pytest.raises(SettingsError, match="pip install aiokafka"):
        make_publisher(settings("kafka://a:1"))
