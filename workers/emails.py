"""The subscriber that sends the confirmation of an order by SMTP.

The event names the order and no address: the order is read when its mail is sent. That the mail server took it
is noted in the order, so that an event which comes again, even years later, sends nothing twice; only a process that
is killed between the server's "250" and this note does, with the same Message-ID. (docs/decisions/0018-orders.md)
"""

import asyncio
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from uuid import UUID

import psycopg
import structlog
from psycopg.rows import dict_row

from catalog.connections import connect
from catalog.failpoints import failpoint
from catalog.schemas.order import OrderOut
from catalog.services.events import Event
from catalog.services.orders import READ
from catalog.settings import Settings
from workers.consumers import Later, Reject
from workers.order_mail import confirmation, sender_domain

TYPES = frozenset({"OrderCreated"})
# 421 closes the connection, 530 asks for a log-in: not this mail is wrong, but the server or the settings.
_OUR_FAULT_CODES = (421, 530)
_TEMPORARY_CODES = range(400, 500)

# The order is locked while its mail is on the way: a second delivery of its event waits, and sees it sent.
_LOCK_ORDER = "SELECT confirmed_at FROM orders WHERE id = %s FOR NO KEY UPDATE"
_CONFIRMED = "UPDATE orders SET confirmed_at = clock_timestamp() WHERE id = %s"

_log = structlog.get_logger()


class TemporarilyRefused(Exception):
    """The server asks to come back with this mail: a full mailbox, or greylisting, which wants minutes."""


class OrderEmails:
    """Handles OrderCreated. Without a mail server (`smtp_host`) it says so once and lets every event pass."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._off_logged = False

    async def __call__(self, event: Event) -> None:
        """Raises what `send` raises, but Later for a mail that is refused for now, as long as its event is young."""
        if self._settings.smtp_host is None:
            if not self._off_logged:
                self._off_logged = True
                _log.warning(
                    "orders.mail_off", remedy="set CATALOG_SMTP_HOST and CATALOG_SMTP_FROM to send confirmations"
                )
            return
        try:
            await asyncio.to_thread(confirm, self._settings, event.aggregate_id)
        except TemporarilyRefused as error:
            # That of an older event counts as an attempt, so that it does not come for ever.
            if datetime.now(UTC) - event.occurred_at < timedelta(hours=self._settings.smtp_retry_hours):
                raise Later(str(error)) from error
            raise


def confirm(settings: Settings, order_id: UUID) -> None:
    """Send the order's confirmation unless it was sent. An order that was erased since has no recipient."""
    try:
        with connect(settings, "catalog-emails") as connection, connection.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(_LOCK_ORDER, (order_id,)).fetchone()
            if row is None or row["confirmed_at"] is not None:
                return
            row = cursor.execute(READ, {"id": order_id}).fetchone()
            order = OrderOut.model_validate(row)
            send(settings, _message(order, settings.smtp_from))
            failpoint(settings, "emails.sent")
            cursor.execute(_CONFIRMED, (order_id,))
    except psycopg.OperationalError as error:
        raise Later(f"Postgres does not answer: {error}") from error
    _log.info("orders.confirmed", order_id=str(order_id))


def _message(order: OrderOut, sender: str) -> EmailMessage:
    try:
        return confirmation(order, sender)
    except ValueError as error:
        raise Reject(f"no mail can be addressed to this order: {error}") from error


def send(settings: Settings, mail: EmailMessage) -> None:
    """Hand the mail to the server. Raises Reject when it refuses this recipient or this text for good,
    TemporarilyRefused when it does so for now, else Later: a wrong password, a refused sender or a missing certificate
    is put right by people, and no mail may be lost meanwhile.
    """
    try:
        with _connected(settings) as server:
            sender, recipient = (mail[name].addresses[0].addr_spec for name in ("From", "To"))
            server.send_message(mail, from_addr=sender, to_addrs=[recipient])
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = next(iter(error.recipients.values()))
        raise _refused(code, reply) from error
    except smtplib.SMTPDataError as error:
        raise _refused(error.smtp_code, error.smtp_error) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Later(f"the mail server does not take mail: {type(error).__name__}: {error}") from error


@contextmanager
def _connected(settings: Settings) -> Iterator[smtplib.SMTP]:
    host, port, seconds = settings.smtp_host or "", settings.smtp_port, settings.smtp_timeout_seconds
    # Else the library asks DNS for the name of this machine.
    name = sender_domain(settings.smtp_from)
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, name, timeout=seconds, context=_tls(settings))
    else:
        server = smtplib.SMTP(host, port, name, timeout=seconds)
    try:
        if settings.smtp_security == "starttls":
            server.starttls(context=_tls(settings))
        if settings.smtp_username and settings.smtp_password:
            server.login(settings.smtp_username, settings.smtp_password.get_secret_value())
        yield server
        # The mail was taken, however the server says goodbye.
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
    finally:
        server.close()


def _tls(settings: Settings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=settings.smtp_ca_certs)


def _refused(code: int, reply: bytes | str) -> Exception:
    answer = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    why = f"the mail server refused the mail: {code} {answer}"
    if code in _OUR_FAULT_CODES:
        return Later(why)
    return TemporarilyRefused(why) if code in _TEMPORARY_CODES else Reject(why)
