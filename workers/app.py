"""The Celery application. Messages are hints only: everything that must not be lost is a row in Postgres."""

from typing import Any

from celery import Celery, Task
from celery.signals import setup_logging, worker_process_init

from catalog.gc import tune_gc
from catalog.settings import Settings, get_settings
from catalog.tracing import configure_tracing, span
from workers import broker

SYNC_QUEUE = "sync"
BACKGROUND_QUEUE = "background"
DRAIN_SECONDS = 15.0
# Of live sync between two steps of background work.
LIVE_SECONDS = 1.0
# Of a renamed category's spread at the same place.
SPREAD_SECONDS = 0.3
# Of a run of the reconciler.
RECONCILE_SECONDS = 10.0
TIME_LIMIT_SECONDS = 120


def configure(settings: Settings) -> dict[str, Any]:
    """Celery's configuration for these settings."""
    return {
        "broker_url": settings.redis_url,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # A redelivered hint does no harm, and the hard limit stays far below half the visibility timeout.
        "broker_transport_options": {"visibility_timeout": 600, "socket_timeout": 10, "socket_connect_timeout": 3},
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_ignore_result": True,
        "task_time_limit": TIME_LIMIT_SECONDS,
        "task_default_queue": SYNC_QUEUE,
        "task_routes": {"background.*": {"queue": BACKGROUND_QUEUE}},
        "worker_prefetch_multiplier": 1,
        "worker_concurrency": settings.worker_concurrency,
        "worker_hijack_root_logger": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_send_task_events": False,
        "task_serializer": "json",
        "accept_content": ["json"],
        "beat_schedule": {
            # The sweep behind the pump: hints may be lost and the pump may be down.
            "sweep": {"task": "sync.drain", "schedule": settings.sync_sweep_seconds, "options": {"expires": 10}},
            "spread": {
                "task": "background.spread",
                "schedule": settings.sync_sweep_seconds,
                "options": {"expires": 10},
            },
            "reindex": {
                "task": "background.reindex",
                "schedule": settings.sync_sweep_seconds,
                "options": {"expires": 10},
            },
            # Also when the reconciler is turned off: a run that has begun is carried to its end.
            "reconcile": {
                "task": "background.reconcile",
                "schedule": settings.sync_sweep_seconds,
                "options": {"expires": 10},
            },
            "expire-standby": {"task": "background.expire_standby", "schedule": 300.0, "options": {"expires": 120}},
            "forget-events": {"task": "background.forget_events", "schedule": 3600.0, "options": {"expires": 600}},
            "purge": {"task": "background.purge", "schedule": 3600.0, "options": {"expires": 600}},
        },
    }


@setup_logging.connect
def _leave_logs_alone(**_: Any) -> None:
    """Celery sets up its own logs unless there is a listener: `catalog.logs` has done it for the whole process."""


@worker_process_init.connect
def _begin(**_: Any) -> None:
    tune_gc()
    # What exports traces is a thread, which a fork would not take along.
    configure_tracing(get_settings(), "worker")


class Traced(Task):  # type: ignore[misc]
    """A task with a span of its own."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with span(f"task {self.name}", {"messaging.system": "celery"}):
            return super().__call__(*args, **kwargs)


broker.register()
app = Celery("catalog", task_cls=Traced, include=["workers.tasks"])
app.config_from_object(configure(get_settings()))
