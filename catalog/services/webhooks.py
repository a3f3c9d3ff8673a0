"""Webhooks: which events they subscribe to, how deliveries are signed, and what came of each. Only rows change here."""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.errors import Conflict, InvalidInput, NotFound
from catalog.models import Webhook, WebhookDelivery
from catalog.schemas.webhook import (
    DeliveryOut,
    DeliveryPage,
    SecretOut,
    WebhookCreated,
    WebhookIn,
    WebhookOut,
    WebhookPage,
)
from catalog.services import audit
from catalog.services.events import Event
from catalog.services.tokens import signing_key
from catalog.settings import Settings

# Each makes a copy of every event.
MAX_WEBHOOKS = 50
OVERLAP = "interval '24 hours'"
PING = "Ping"
# "whks" as a number.
LOCK = 0x77686B73

_ROTATE = text(f"""
    UPDATE webhooks SET old_salt = salt, old_until = now() + {OVERLAP}, salt = :salt WHERE id = :id RETURNING old_until
""")  # noqa: S608 - a constant
_ADD = text("""
    INSERT INTO webhook_deliveries (webhook_id, event_id, type, aggregate_id, body)
    SELECT id, CAST(:event_id AS uuid), CAST(:type AS text), CAST(:aggregate_id AS uuid), :body FROM webhooks
    WHERE active AND created_at <= CAST(:occurred_at AS timestamptz)
      AND (types = '{}' OR CAST(:type AS text) = ANY (types))
    ON CONFLICT (webhook_id, event_id) DO NOTHING
""")
_REPLAY = text("""
    UPDATE webhook_deliveries SET state = 'pending', attempts = 0, next_attempt_at = clock_timestamp(),
                                  finished_at = NULL
    WHERE webhook_id = :id AND state = 'dead' AND (CAST(:every AS boolean) OR id = ANY (CAST(:ids AS bigint[])))
""")


def secret(settings: Settings, webhook_id: UUID, salt: bytes) -> str:
    """What signs for a webhook: made from the service's key, so that it can't be read in the database."""
    made = hmac.digest(signing_key(settings).encode(), b"webhook:" + webhook_id.bytes + salt, hashlib.sha256)
    return "whsec_" + base64.urlsafe_b64encode(made).decode().rstrip("=")


def signature(secrets: Sequence[str], timestamp: int, body: bytes) -> str:
    """`t=…,v1=…` with a v1 for each secret: HMAC-SHA256 over the timestamp, a dot, and the body as it is sent."""
    signed = str(timestamp).encode() + b"." + body
    made = [hmac.new(each.encode(), signed, hashlib.sha256).hexdigest() for each in secrets]
    return ",".join([f"t={timestamp}", *(f"v1={each}" for each in made)])


async def create(session: AsyncSession, by: str, settings: Settings, payload: WebhookIn) -> WebhookCreated:
    """Raises InvalidInput for http:// where that is not allowed, Conflict when there are too many."""
    if urlsplit(payload.url).scheme == "http" and not settings.webhook_allow_http:
        raise InvalidInput.of("url", "must begin with https://")
    # Two at once must not both find room for one more.
    await session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    if (await session.scalar(select(func.count()).select_from(Webhook)) or 0) >= MAX_WEBHOOKS:
        raise Conflict(f"There are {MAX_WEBHOOKS} webhooks already: delete one first.")
    entry = Webhook(
        url=payload.url, types=sorted(set(payload.types)), description=payload.description, salt=os.urandom(32),
        created_by=by[:100],
    )  # fmt: skip
    session.add(entry)
    await session.flush()
    await session.refresh(entry)
    await audit.record(session, by, "webhook.create", f"webhook:{entry.id}", after=_told(entry))
    values = WebhookOut.model_validate(entry, from_attributes=True).model_dump()
    return WebhookCreated(**values, secret=secret(settings, entry.id, entry.salt))


async def list_page(session: AsyncSession, page: int, per_page: int) -> WebhookPage:
    """Newest first."""
    total = await session.scalar(select(func.count()).select_from(Webhook)) or 0
    query = (
        select(Webhook).order_by(Webhook.created_at.desc(), Webhook.id).limit(per_page).offset((page - 1) * per_page)
    )
    items = [WebhookOut.model_validate(row, from_attributes=True) for row in await session.scalars(query)]
    return WebhookPage(items=items, total=total, page=page, per_page=per_page)


async def get(session: AsyncSession, webhook_id: UUID) -> WebhookOut:
    """Raises NotFound."""
    return WebhookOut.model_validate(await _find(session, webhook_id), from_attributes=True)


async def delete(session: AsyncSession, by: str, webhook_id: UUID) -> None:
    """With its deliveries. Raises NotFound."""
    entry = await _find(session, webhook_id)
    await audit.record(session, by, "webhook.delete", f"webhook:{webhook_id}", before=_told(entry))
    await session.delete(entry)


async def enable(session: AsyncSession, by: str, webhook_id: UUID) -> WebhookOut:
    """Turn one on again that failed for too long; it goes on with what is pending. Raises NotFound."""
    entry = await _find(session, webhook_id)
    entry.active, entry.failing_since, entry.disabled_at = True, None, None
    await audit.record(session, by, "webhook.enable", f"webhook:{webhook_id}")
    await session.flush()
    return WebhookOut.model_validate(entry, from_attributes=True)


async def rotate(session: AsyncSession, by: str, settings: Settings, webhook_id: UUID) -> SecretOut:
    """A new secret; the one of before signs beside it for a day. Raises NotFound."""
    salt = os.urandom(32)
    until = await session.scalar(_ROTATE, {"id": webhook_id, "salt": salt})
    if until is None:
        raise _unknown(webhook_id)
    await audit.record(session, by, "webhook.rotate", f"webhook:{webhook_id}")
    return SecretOut(secret=secret(settings, webhook_id, salt), old_until=until)


async def ping(session: AsyncSession, webhook_id: UUID) -> DeliveryOut:
    """A delivery that tries the address, on its way at once. Raises NotFound."""
    await _find(session, webhook_id)
    event_id = uuid4()
    body = {
        "id": str(event_id), "type": PING, "aggregate_id": str(webhook_id), "position": None,
        "occurred_at": datetime.now(UTC).isoformat(), "data": {"message": "It works."}, "schema_version": 1,
    }  # fmt: skip
    entry = WebhookDelivery(
        webhook_id=webhook_id, event_id=event_id, type=PING, aggregate_id=webhook_id, body=json.dumps(body)
    )
    session.add(entry)
    await session.flush()
    await session.refresh(entry)
    return _delivery(entry)


async def deliveries(
    session: AsyncSession, webhook_id: UUID, state: str | None, page: int, per_page: int
) -> DeliveryPage:
    """The latest first. Raises NotFound."""
    await _find(session, webhook_id)
    conditions = [WebhookDelivery.webhook_id == webhook_id]
    if state is not None:
        conditions.append(WebhookDelivery.state == state)
    total = await session.scalar(select(func.count()).select_from(WebhookDelivery).where(*conditions)) or 0
    query = select(WebhookDelivery).where(*conditions).order_by(WebhookDelivery.id.desc())
    rows = await session.scalars(query.limit(per_page).offset((page - 1) * per_page))
    return DeliveryPage(items=[_delivery(row) for row in rows], total=total, page=page, per_page=per_page)


async def replay(session: AsyncSession, by: str, webhook_id: UUID, ids: Sequence[int] | None = None) -> int:
    """Send dead deliveries again, all of them or these; how many. Raises NotFound."""
    await _find(session, webhook_id)
    result = await session.execute(_REPLAY, {"id": webhook_id, "every": ids is None, "ids": list(ids or ())})
    count: int = result.rowcount  # type: ignore[attr-defined]
    await audit.record(session, by, "webhook.replay", f"webhook:{webhook_id}", after={"deliveries": count})
    return count


async def add_deliveries(session: AsyncSession, event: Event) -> None:
    """A delivery for every webhook that subscribes to this event; once more does nothing."""
    values = {
        "event_id": event.id, "type": event.type, "aggregate_id": event.aggregate_id,
        "occurred_at": event.occurred_at, "body": json.dumps(event.envelope(), ensure_ascii=False),
    }  # fmt: skip
    await session.execute(_ADD, values)


async def turn_off(session: AsyncSession, webhook_id: UUID) -> None:
    """It has failed for too long."""
    values = {"active": False, "disabled_at": func.now()}
    await session.execute(update(Webhook).where(Webhook.id == webhook_id).values(**values))
    await audit.record(session, "webhooks", "webhook.disable", f"webhook:{webhook_id}")


async def _find(session: AsyncSession, webhook_id: UUID) -> Webhook:
    webhook = await session.get(Webhook, webhook_id)
    if webhook is None:
        raise _unknown(webhook_id)
    return webhook


def _unknown(webhook_id: UUID) -> NotFound:
    return NotFound(f"There is no webhook {webhook_id}.")


def _told(entry: Webhook) -> dict[str, object]:
    return {"url": entry.url, "types": entry.types, "description": entry.description}


def _delivery(row: WebhookDelivery) -> DeliveryOut:
    out = DeliveryOut.model_validate(row, from_attributes=True)
    return out if row.state == "pending" else out.model_copy(update={"next_attempt_at": None})
