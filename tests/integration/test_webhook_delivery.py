"""Webhooks against a real HTTP server on loopback: signatures, order, retries, dead letters, addresses, redirects."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg
import pytest
from aiohttp import web

from catalog.database import Database, make_engine
from catalog.schemas.webhook import WebhookCreated, WebhookIn
from catalog.services import webhooks
from catalog.settings import Settings
from tests.integration.test_event_relay import append, relayed
from tests.processes import running, wait_until
from workers.consumers import Subscriber
from workers.webhooks import Fanout, Sender

Db = psycopg.Connection[Any]


@dataclass
class Sink:
    """Answers with `status`, one after the other and the last for ever, and keeps what came."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [200])
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        await asyncio.sleep(self.delay)
        return web.Response(status=status, headers=self.headers, body=self.body)

    @property
    def positions(self) -> list[int]:
        return [orjson.loads(body)["position"] for _, body in self.got]


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    held = Sink()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", held.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    held.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield held
    await runner.cleanup()


@pytest.fixture
def open_settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={
            "webhook_allow_http": True, "webhook_allow_private": True, "webhook_retry_seconds": 0.01,
            "webhook_max_attempts": 3, "webhook_timeout_seconds": 5.0, "event_max_attempts": 1,
        }
    )  # fmt: skip


@pytest.fixture
async def database(settings: Settings, db: Db) -> AsyncIterator[Database]:
    engine = make_engine(settings)
    yield Database(engine)
    await engine.dispose()


async def added(database: Database, settings: Settings, url: str, *types: str) -> WebhookCreated:
    return await database.run(webhooks.create, "test", settings, WebhookIn(url=url, types=list(types)))


async def told(settings: Settings, database: Database) -> None:
    """Publish what there is and make deliveries of it."""
    await relayed(settings)
    subscriber = Subscriber(settings, "webhooks", Fanout(database), stop=asyncio.Event())
    while await subscriber.tick():
        pass
    await subscriber.close()


async def sent(settings: Settings, database: Database, rounds: int = 60) -> None:
    sender = Sender(settings, database, asyncio.Event())
    for _ in range(rounds):
        await sender.tick()
        await asyncio.sleep(0.01)
    await sender.close()


def states(db: Db) -> list[tuple[str, int | None]]:
    return db.execute("SELECT state, status FROM webhook_deliveries ORDER BY id").fetchall()


def right(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """The check that docs/events.md gives to receivers."""
    parts = [part.split("=", 1) for part in headers["Catalog-Signature"].split(",")]
    timestamp = next(value for name, value in parts if name == "t")
    wanted = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return any(name == "v1" and hmac.compare_digest(value, wanted) for name, value in parts)


async def test_a_webhook_gets_the_events_that_it_wants_signed(
    open_settings: Settings, database: Database, db: Db, sink: Sink
) -> None:
    hook = await added(database, open_settings, sink.url, "PriceChanged")
    db.execute("INSERT INTO products (sku, name, price) VALUES ('A', 'Kettle', 1)")
    db.execute("UPDATE products SET price = 2")
    await told(open_settings, database)
    await sent(open_settings, database, 5)
    [(headers, body)] = sink.got
    event = orjson.loads(body)
    assert (event["type"], event["data"]["new"]) == ("PriceChanged", "2.00")
    assert headers["Catalog-Event-Id"] == event["id"]
    assert right(hook.secret, headers, body)
    assert not right(hook.secret, headers, body + b" ")
    assert not right("whsec_other", headers, body)


async def test_both_secrets_sign_after_a_rotation(
    open_settings: Settings, database: Database, db: Db, sink: Sink
) -> None:
    hook = await added(database, open_settings, sink.url)
    fresh = await database.run(webhooks.rotate, "test", open_settings, hook.id)
    await database.run(webhooks.ping, hook.id)
    await sent(open_settings, database, 3)
    [(headers, body)] = sink.got
    assert fresh.secret != hook.secret
    assert right(hook.secret, headers, body)
    assert right(fresh.secret, headers, body)
    assert orjson.loads(body)["type"] == "Ping"


async def test_a_failed_delivery_is_tried_again_and_the_next_of_its_product_waits(
    open_settings: Settings, database: Database, db: Db, sink: Sink
) -> None:
    await added(database, open_settings, sink.url)
    sink.statuses = [500, 503, 200]
    one = uuid4()
    for _ in range(2):
        append(db, aggregate=one)
    await told(open_settings, database)
    await sent(open_settings, database)
    assert sink.positions == [1, 1, 1, 2]
    assert states(db) == [("delivered", 200), ("delivered", 200)]


async def test_after_the_last_attempt_it_is_dead_until_it_is_replayed(
    open_settings: Settings, database: Database, db: Db, sink: Sink
) -> None:
    hook = await added(database, open_settings, sink.url)
    sink.statuses, sink.body = [410], b"gone \xff"
    append(db)
    await told(open_settings, database)
    await sent(open_settings, database)
    assert states(db) == [("dead", 410)]
    assert len(sink.got) == 3
    sink.statuses = [204]
    assert await database.run(webhooks.replay, "test", hook.id) == 1
    await sent(open_settings, database, 3)
    assert states(db) == [("delivered", 204)]


async def test_a_redirect_is_a_failure_and_not_followed(
    open_settings: Settings, database: Database, db: Db, sink: Sink
) -> None:
    await added(database, open_settings, sink.url)
    sink.statuses, sink.headers = [302], {"Location": sink.url.replace("/hook", "/elsewhere")}
    append(db)
    await told(open_settings, database)
    await sent(open_settings, database)
    assert len(sink.got) == 3
    assert states(db) == [("dead", 302)]


async def test_an_answer_that_takes_too_long_is_a_failure(
    open_settings: Settings, database: Database, db: Db, sink: Sink
) -> None:
    await added(database, open_settings, sink.url)
    sink.delay = 30
    append(db)
    await told(open_settings, database)
    await sent(
        open_settings.model_copy(update={"webhook_timeout_seconds": 0.2, "webhook_max_attempts": 1}), database, 1
    )
    assert states(db) == [("dead", None)]


async def test_of_a_large_answer_only_the_beginning_is_read(
    open_settings: Settings, database: Database, db: Db, sink: Sink
) -> None:
    await added(database, open_settings, sink.url)
    sink.statuses, sink.body = [500], b"x" * 5_000_000
    append(db)
    await told(open_settings, database)
    await sent(open_settings, database)
    [(error,)] = db.execute("SELECT error FROM webhook_deliveries").fetchall()
    assert len(error) <= 500


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"])
async def test_an_address_that_is_not_public_is_never_connected_to(
    open_settings: Settings, database: Database, db: Db, sink: Sink, host: str
) -> None:
    await added(database, open_settings, sink.url.replace("127.0.0.1", host))
    append(db)
    await told(open_settings, database)
    closed = open_settings.model_copy(update={"webhook_allow_private": False, "webhook_max_attempts": 1})
    await sent(closed, database, 2)
    assert sink.got == []
    [(state, error)] = db.execute("SELECT state, error FROM webhook_deliveries").fetchall()
    assert state == "dead"
    assert "not a public address" in error


async def test_one_that_fails_for_too_long_is_turned_off_and_can_be_turned_on_again(
    open_settings: Settings, database: Database, db: Db, sink: Sink
) -> None:
    hook = await added(database, open_settings, sink.url)
    sink.statuses = [500]
    append(db)
    await told(open_settings, database)
    db.execute("UPDATE webhooks SET failing_since = now() - interval '100 hours'")
    await sent(open_settings, database, 2)
    assert not (await database.run(webhooks.get, hook.id)).active
    assert db.execute("SELECT action FROM audit_log ORDER BY id DESC LIMIT 1").fetchone() == ("webhook.disable",)
    assert (await database.run(webhooks.enable, "test", hook.id)).active


async def test_a_failing_webhook_does_not_hold_back_another(
    open_settings: Settings, database: Database, db: Db, sink: Sink
) -> None:
    broken = await added(database, open_settings, "http://127.0.0.1:1/closed")
    await added(database, open_settings, sink.url)
    for _ in range(20):
        append(db)
    await told(open_settings, database)
    await sent(open_settings.model_copy(update={"webhook_retry_seconds": 100}), database, 20)
    assert sorted(sink.positions) == list(range(1, 21))
    tried = db.execute("SELECT sum(attempts) FROM webhook_deliveries WHERE webhook_id = %s", (broken.id,)).fetchone()
    assert tried is not None
    assert tried[0] <= 20  # those of the first round; then the oldest alone, after its pause


@pytest.mark.process
async def test_a_sender_killed_after_sending_sends_once_more(
    open_settings: Settings, database: Database, db: Db, sink: Sink
) -> None:
    await added(database, open_settings, sink.url)
    append(db)
    with running(open_settings, "relay"):
        with running(open_settings.model_copy(update={"failpoint": "webhooks.sent"}), "subscribers") as process:
            await asyncio.to_thread(wait_until, lambda: process.poll() is not None)
        # Not the lease of a killed process: the test does not wait for it.
        db.execute("UPDATE webhook_deliveries SET next_attempt_at = now()")
        with running(open_settings, "subscribers"):
            await asyncio.to_thread(wait_until, lambda: states(db) == [("delivered", 200)])
    assert sink.positions == [1, 1]


async def test_a_webhook_is_not_told_of_what_was_before_it(
    open_settings: Settings, database: Database, db: Db, sink: Sink
) -> None:
    append(db)
    hook = await added(database, open_settings, sink.url)
    append(db)
    await told(open_settings, database)
    await sent(open_settings, database, 3)
    assert sink.positions == [2]
    assert isinstance(hook.id, UUID)
