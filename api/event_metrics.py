"""Prometheus metrics of domain events and webhooks: they live in Postgres, because other processes do the work."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from catalog.services.events import EventState


class EventCollector:
    """Nothing at all while Postgres is away, so that nobody takes silence for zero."""

    state: EventState | None = None

    def collect(self) -> Iterator[Metric]:
        state = self.state
        if state is None:
            return
        for name, gauge, help_text in (
            ("events_unpublished", state.unpublished, "Domain events that the broker does not have yet"),
            ("events_oldest_unpublished_seconds", state.oldest_seconds, "Age of the oldest of them"),
            ("events_dead_letters", state.dead_letters, "Events that a subscriber could not handle"),
            ("webhooks_pending", state.deliveries_pending, "Deliveries to webhooks that are still to be made"),
        ):
            yield GaugeMetricFamily(f"catalog_{name}", help_text, value=gauge)
        for name, count, help_text in (
            ("events_published", state.published, "Domain events that were published"),
            ("webhooks_failures", state.webhook_failures, "Deliveries to webhooks that failed and were tried again"),
        ):
            yield CounterMetricFamily(f"catalog_{name}", help_text, value=count)
