"""Redis as Celery's broker, for messages that may be lost.

Kombu 5.7 gives back and acknowledges a message on the connection that it came by, even when that one is closed. Then
it raises AttributeError, which Celery does not take for a lost connection: a worker whose Redis was killed during a
task ended instead of connecting again. Messages here are hints: neither is worth doing on a closed connection.
"""

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis


class Channel(redis.Channel):
    # What was not acknowledged is not put back at the end: the pump sends another hint.
    do_restore = False

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        if not self.closed:
            super().basic_ack(delivery_tag, multiple=multiple)  # type: ignore[no-untyped-call]

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        if not self.closed:
            super().basic_reject(delivery_tag, requeue=requeue)  # type: ignore[no-untyped-call]


class Transport(redis.Transport):
    Channel: type[Any] = Channel


def register() -> None:
    """Take this transport for redis:// and rediss:// URLs; those of other brokers keep theirs."""
    TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), "workers.broker:Transport"))
