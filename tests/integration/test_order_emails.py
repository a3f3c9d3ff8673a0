"""Confirmations of orders, from the event to the mailbox of a real SMTP server on this machine."""

import asyncio
import signal
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from catalog.database import Database, make_engine
from catalog.schemas.order import OrderIn
from catalog.services import orders
from catalog.settings import Settings
from stack.ports import free_port
from tests.processes import running, wait_until
from tests.support import store
from workers.consumers import Later, Reject, consume
from workers.emails import TYPES, OrderEmails, TemporarilyRefused, confirm
from workers.relay import Relay

GROUP = "order-emails"


class Mailbox:
    """What the server took. `refuses` maps a recipient to the answer that it gets instead."""

    def __init__(self) -> None:
        self.needs_login = False
        self.envelopes: list[Envelope] = []
        self.refuses: dict[str, str] = {}
        self.refused = 0

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.needs_login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if address in self.refuses:
            self.refused += 1
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return "250 OK"

    def messages(self) -> list[EmailMessage]:
        contents = [envelope.content for envelope in self.envelopes]
        messages = [message_from_bytes(content, policy=default) for content in contents if isinstance(content, bytes)]
        return [message for message in messages if isinstance(message, EmailMessage)]

    def ids(self) -> list[str]:
        return [message["Message-ID"] for message in self.messages()]


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def mailing(settings: Settings, db: psycopg.Connection[Any]) -> Settings:
    """Settings with a mail server at an address where nobody listens yet."""
    store(settings, [{"sku": "KETTLE", "name": "Kettle", "price": "29.99", "inventory": 1000}])
    return settings.model_copy(
        update={
            "smtp_host": "127.0.0.1", "smtp_port": free_port(), "smtp_security": "none",
            "smtp_from": "Shop <orders@shop.example>", "event_relay_seconds": 0.05, "event_retry_seconds": 0.05,
        }
    )  # fmt: skip


@pytest.fixture
def server(mailing: Settings, mailbox: Mailbox) -> Iterator[None]:
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailing.smtp_port)
    controller.start()
    yield
    controller.stop()


async def placed(settings: Settings, **fields: Any) -> UUID:
    """The id of an order made as the API makes it."""
    database = Database(make_engine(settings))
    payload = OrderIn.model_validate(
        {"email": "ada@example.com", "lines": [{"sku": "KETTLE", "quantity": 2}], **fields}
    )
    try:
        made = await database.run(orders.place, "user:1", str(uuid4()), payload, orders.terms_of(settings))
    finally:
        await database.engine.dispose()
    return made.order_id


@asynccontextmanager
async def subscribed(settings: Settings) -> AsyncIterator[None]:
    """The relay and the subscriber at work, until the end of the block."""
    relay, stop = Relay(settings), asyncio.Event()
    tasks = [
        asyncio.create_task(relay.run()),
        asyncio.create_task(consume(settings, GROUP, OrderEmails(settings), types=TYPES, stop=stop)),
    ]
    try:
        yield
    finally:
        relay.stop.set()
        stop.set()
        await asyncio.gather(*tasks)


async def until(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, condition, 60)


def confirmed(db: psycopg.Connection[Any], order_id: UUID) -> bool:
    row = db.execute("SELECT confirmed_at FROM orders WHERE id = %s", (order_id,)).fetchone()
    assert row is not None
    return row[0] is not None


@pytest.mark.usefixtures("server")
async def test_the_confirmation_of_an_order_arrives(
    mailing: Settings, db: psycopg.Connection[Any], mailbox: Mailbox
) -> None:
    order_id = await placed(mailing, name="Ada Lovelace")
    async with subscribed(mailing):
        await until(lambda: confirmed(db, order_id))
    (message,) = mailbox.messages()
    assert message["To"] == "Ada Lovelace <ada@example.com>"
    assert message["Message-ID"] == f"<order-{order_id}@shop.example>"
    assert [mailbox.envelopes[0].mail_from, *mailbox.envelopes[0].rcpt_tos] == [
        "orders@shop.example",
        "ada@example.com",
    ]
    text = message.get_body(("plain",))
    assert text is not None
    assert "59.98 USD" in text.get_content()


async def test_mail_waits_for_a_server_that_is_away(
    mailing: Settings, db: psycopg.Connection[Any], mailbox: Mailbox
) -> None:
    order_ids = [await placed(mailing) for _ in range(3)]
    with pytest.raises(Later):
        confirm(mailing, order_ids[0])
    async with subscribed(mailing):
        # Longer than the attempts of a mail that is refused would last.
        await asyncio.sleep(1)
        assert not any(confirmed(db, order_id) for order_id in order_ids)
        controller = Controller(mailbox, hostname="127.0.0.1", port=mailing.smtp_port)
        controller.start()
        try:
            await until(lambda: all(confirmed(db, order_id) for order_id in order_ids))
        finally:
            controller.stop()
    assert sorted(mailbox.ids()) == sorted(f"<order-{order_id}@shop.example>" for order_id in order_ids)
    assert db.execute("SELECT * FROM event_dead_letters").fetchall() == []


@pytest.mark.usefixtures("server")
async def test_a_redelivered_event_sends_nothing_twice(mailing: Settings, mailbox: Mailbox) -> None:
    order_id = await placed(mailing)
    for _ in range(3):
        confirm(mailing, order_id)
    assert len(mailbox.envelopes) == 1


@pytest.mark.usefixtures("server")
async def test_two_deliveries_at_once_send_one_mail(mailing: Settings, mailbox: Mailbox) -> None:
    order_id = await placed(mailing)
    await asyncio.gather(*(asyncio.to_thread(confirm, mailing, order_id) for _ in range(4)))
    assert len(mailbox.envelopes) == 1


@pytest.mark.process
@pytest.mark.usefixtures("server")
async def test_killed_before_it_could_note_the_mail_it_is_sent_again_with_the_same_message_id(
    mailing: Settings, db: psycopg.Connection[Any], mailbox: Mailbox
) -> None:
    order_id = await placed(mailing)
    relay = Relay(mailing)
    await relay.tick()
    await relay.close()
    doomed = Settings.model_validate({**_given(mailing), "failpoint": "emails.sent"})
    with running(doomed, "subscribers") as process:
        assert await asyncio.to_thread(process.wait, 60) == -signal.SIGKILL
    assert not confirmed(db, order_id)
    with running(Settings.model_validate(_given(mailing)), "subscribers"):
        await until(lambda: confirmed(db, order_id))
    assert mailbox.ids() == [f"<order-{order_id}@shop.example>"] * 2
    assert mailbox.envelopes[0].content == mailbox.envelopes[1].content, "byte for byte"


@pytest.mark.usefixtures("server")
async def test_a_refused_recipient_goes_to_the_dead_letters_and_holds_nobody_back(
    mailing: Settings, db: psycopg.Connection[Any], mailbox: Mailbox
) -> None:
    mailbox.refuses = {"gone@example.com": "550 No such user", "full@example.com": "452 Mailbox full"}
    gone = await placed(mailing, email="gone@example.com")
    full = await placed(mailing, email="full@example.com")
    good = await placed(mailing)
    with pytest.raises(Reject, match="550 No such user"):
        confirm(mailing, gone)
    with pytest.raises(TemporarilyRefused, match="452"):
        confirm(mailing, full)
    impatient = mailing.model_copy(update={"event_max_attempts": 2, "smtp_retry_hours": 0})

    def dead() -> dict[UUID, int]:
        rows = db.execute("SELECT (envelope ->> 'aggregate_id')::uuid, attempts FROM event_dead_letters").fetchall()
        return dict(rows)

    async with subscribed(impatient):
        await until(lambda: confirmed(db, good) and len(dead()) == 2)
        assert dead() == {gone: 1, full: 2}
        mailbox.refuses = {}
        db.execute("UPDATE event_dead_letters SET replay = true")
        await until(lambda: confirmed(db, gone) and confirmed(db, full))
    assert len(mailbox.envelopes) == 3


@pytest.mark.usefixtures("server")
async def test_a_recipient_that_is_refused_for_now_is_tried_again_until_it_is_taken(
    mailing: Settings, db: psycopg.Connection[Any], mailbox: Mailbox
) -> None:
    mailbox.refuses = {"grey@example.com": "450 4.2.0 Greylisted, come back later"}
    grey = await placed(mailing, email="grey@example.com")
    good = await placed(mailing)
    quick = mailing.model_copy(update={"event_max_attempts": 2, "event_retry_seconds": 0.01})
    async with subscribed(quick):
        await until(lambda: confirmed(db, good) and mailbox.refused > 4)
        assert not confirmed(db, grey)
        mailbox.refuses = {}
        await until(lambda: confirmed(db, grey))
    assert len(mailbox.envelopes) == 2
    assert db.execute("SELECT * FROM event_dead_letters").fetchall() == []


@pytest.mark.usefixtures("server")
async def test_a_recipient_that_is_refused_for_now_is_given_up_when_the_order_is_old(
    mailing: Settings, db: psycopg.Connection[Any], mailbox: Mailbox
) -> None:
    mailbox.refuses = {"full@example.com": "452 Mailbox full"}
    await placed(mailing, email="full@example.com")
    quick = mailing.model_copy(
        update={"event_max_attempts": 2, "event_retry_seconds": 0.01, "smtp_retry_hours": 2 / 3600}
    )
    async with subscribed(quick):
        await until(lambda: db.execute("SELECT attempts FROM event_dead_letters").fetchone() == (2,))
    assert mailbox.refused > 4, "while it was young, none counted"


async def test_without_a_mail_server_events_pass_and_it_is_said_once(
    settings: Settings, db: psycopg.Connection[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    store(settings, [{"sku": "KETTLE", "inventory": 10}])
    for _ in range(2):
        await placed(settings)
    async with subscribed(settings):
        await until(lambda: db.execute("SELECT position FROM event_consumers").fetchone() == _last(db))
    said = capsys.readouterr()
    assert (said.out + said.err).count("orders.mail_off") == 1
    assert db.execute("SELECT DISTINCT confirmed_at FROM orders").fetchall() == [(None,)]


def _last(db: psycopg.Connection[Any]) -> Any:
    row = db.execute("SELECT position FROM event_relay").fetchone()
    return row if row and row[0] >= 2 else ("not yet",)


@pytest.mark.usefixtures("server")
async def test_an_erased_order_is_not_confirmed(
    mailing: Settings, db: psycopg.Connection[Any], mailbox: Mailbox
) -> None:
    order_id = await placed(mailing)
    db.execute("DELETE FROM orders")
    confirm(mailing, order_id)
    assert mailbox.envelopes == []


@pytest.mark.usefixtures("server")
async def test_a_server_without_encryption_gets_no_mail_and_no_password(mailing: Settings, mailbox: Mailbox) -> None:
    order_id = await placed(mailing)
    careful = mailing.model_copy(update={"smtp_security": "starttls"})
    with pytest.raises(Later, match="STARTTLS"):
        confirm(careful, order_id)
    assert mailbox.envelopes == []


async def test_it_logs_in(mailing: Settings, mailbox: Mailbox) -> None:
    def authenticate(_: Any, __: Any, ___: Any, ____: Any, data: LoginPassword) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"shop", b"right"))

    mailbox.needs_login = True
    controller = Controller(
        mailbox, hostname="127.0.0.1", port=mailing.smtp_port, authenticator=authenticate, auth_require_tls=False
    )
    order_id = await placed(mailing)
    controller.start()
    try:
        for password in ("", "wrong"):
            with pytest.raises(Later):
                confirm(_with_login(mailing, password), order_id)
        confirm(_with_login(mailing, "right"), order_id)
    finally:
        controller.stop()
    assert len(mailbox.envelopes) == 1


def _with_login(settings: Settings, password: str) -> Settings:
    login = {"smtp_username": "shop", "smtp_password": password} if password else {}
    return Settings.model_validate({**_given(settings), **login})


def _given(settings: Settings) -> dict[str, Any]:
    return settings.model_dump(exclude_unset=True)


@pytest.mark.process
@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_it_encrypts_and_trusts_the_authority_of_the_setting_alone(
    mailing: Settings, mailbox: Mailbox, tmp_path: Path, security: str
) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    make = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=mail", "-days", "1")
    names = ("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate))
    await asyncio.to_thread(subprocess.run, [*make, *names], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    port = mailing.smtp_port
    controller: Controller = (
        Controller(mailbox, hostname="127.0.0.1", port=port, ssl_context=context)
        if security == "tls"
        else Controller(mailbox, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True)
    )
    order_id = await placed(mailing)
    secure = mailing.model_copy(update={"smtp_security": security})
    controller.start()
    try:
        with pytest.raises(Later, match="CERTIFICATE_VERIFY_FAILED"):
            confirm(secure, order_id)
        assert mailbox.envelopes == []
        confirm(secure.model_copy(update={"smtp_ca_certs": certificate}), order_id)
    finally:
        controller.stop()
    assert len(mailbox.envelopes) == 1
