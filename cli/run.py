"""Commands that run the service: migrate, serve, worker, scheduler, pump."""

import signal
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Annotated

import psycopg
import structlog
import typer
from alembic import command
from alembic.config import Config
from rich.console import Console

from catalog.elasticsearch import make_client
from catalog.errors import Unavailable
from catalog.gc import tune_gc
from catalog.settings import Settings, get_settings
from catalog.tracing import configure_tracing
from indexer.rebuild import ensure_index
from stack.ports import require_free

ROOT = Path(__file__).parent.parent
# Of what a client sends over a web socket, in bytes.
LARGEST_LIVE_MESSAGE = 64 * 1024
# "migr" as a number.
MIGRATION_LOCK = 0x6D696772
console = Console(stderr=True)


def migrate_database(settings: Settings, revision: str = "head") -> None:
    """Run the migrations against `settings.database_url`; raises Unavailable when Postgres does not answer."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.pool import NullPool

    config = Config(str(ROOT / "alembic.ini"))
    url = settings.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            # Several copies of the service may start at once: the second one waits and finds nothing to do.
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
            connection.commit()
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    except Exception as error:
        cause = getattr(error, "orig", None)
        if isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None:
            message = str(cause).strip().splitlines()[0]
            raise Unavailable(f"Postgres does not answer: {message}. Start it with `catalog up`.") from error
        raise


def migrate() -> None:
    """Bring the database schema up to date and create the first index."""
    settings = get_settings()
    migrate_database(settings)
    console.print("database schema is up to date")
    with closing(make_client(settings)) as client:
        created = ensure_index(settings, client)
    console.print(f"index {created} created" if created else "index exists")


def serve() -> None:
    """Run the API: HTTP and, unless its port is 0, gRPC."""
    import uvicorn

    from api.app import create_app
    from api.protocol import bounded_protocol

    settings = get_settings()
    if settings.grpc_port:
        from api.grpc.server import credentials

        require_free(settings.grpc_port, "gRPC", "CATALOG_GRPC_PORT")
        credentials(settings)
    configure_tracing(settings, "serve")
    app = create_app(settings, grpc=settings.grpc_port != 0)
    tune_gc()
    uvicorn.run(
        app,
        host=settings.http_host,
        port=settings.http_port,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=10,
        http=bounded_protocol(settings),
        ws_max_size=LARGEST_LIVE_MESSAGE,
        # Small messages to many: packing each would cost more than it saves.
        ws_per_message_deflate=False,
        server_header=False,
        # Who is a proxy is one setting for every door: `api.limits.addresses`.
        proxy_headers=False,
    )


def worker(
    pool: Annotated[str, typer.Option(help="prefork, or solo for one process without children")] = "prefork",
) -> None:
    """Run a Celery worker: it writes pending changes into the index."""
    from workers.app import BACKGROUND_QUEUE, SYNC_QUEUE, app

    queues = f"{SYNC_QUEUE},{BACKGROUND_QUEUE}"
    app.worker_main(
        ["worker", "--loglevel", get_settings().log_level, "-Q", queues, "--pool", pool, "--without-mingle"]
    )


def scheduler() -> None:
    """Run the Celery scheduler: the sweep behind the pump, and periodic upkeep. One is enough."""
    from workers.app import app

    # The schedule holds nothing worth keeping: after a restart every task is simply due again.
    with tempfile.TemporaryDirectory(prefix="catalog-beat-") as folder:
        app.start(["beat", "--loglevel", get_settings().log_level, "--schedule", f"{folder}/schedule", "--pidfile="])


def pump() -> None:
    """Run the pump: it wakes the workers within milliseconds of a change. One is enough, two do no harm."""
    from workers.pump import Pump

    running = Pump(get_settings())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: running.stop.set())
    structlog.get_logger().info("pump.started")
    running.run()


__all__ = ["migrate", "migrate_database", "pump", "scheduler", "serve", "typer", "worker"]
