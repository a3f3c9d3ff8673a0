"""The audit log: one row for each privileged change, written in the transaction of the change itself."""

import json
from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.models import AuditEntry
from catalog.schemas.audit import AuditOut, AuditPage

# Of one field. Longer ones are cut, so that a product with a thousand variants makes no row of megabytes.
MAX_VALUE_CHARACTERS = 500
# Who has no credential: a command on a machine that reaches the database.
CLI = "cli"
# The state of an entry that `complete` may change yet; a trigger keeps all others as they are.
RUNNING = "running"
# Never in a row, from whichever caller.
_SECRET = ("password", "password_hash", "secret", "secret_hash", "token")
# They change with every change.
_NOISE = ("version", "updated_at", "generation")

_NAMES = text("""
    SELECT 'user:' || id AS actor, email AS name FROM users WHERE 'user:' || id = ANY (:actors)
    UNION ALL SELECT 'key:' || id, name FROM api_keys WHERE 'key:' || id = ANY (:actors)
""")

Fields = Mapping[str, Any]


async def record(
    session: AsyncSession,
    by: str,
    action: str,
    target: str,
    *,
    before: Fields | None = None,
    after: Fields | None = None,
) -> int:
    """Add a row; its id. `by` is a principal's id, CLI for a command; the request's id is that of the log's context."""
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    entry = AuditEntry(
        actor=by[:300], action=action, target=target[:300], request_id=str(request_id)[:100] if request_id else None,
        before=_summary(before), after=_summary(after),
    )  # fmt: skip
    session.add(entry)
    await session.flush()
    return entry.id


async def record_change(
    session: AsyncSession, by: str, action: str, target: str, before: Fields, after: Fields
) -> None:
    """Add a row with the fields that differ; none when nothing does."""
    names = [name for name in {**before, **after} if name not in _NOISE and before.get(name) != after.get(name)]
    if names:
        old, new = ({name: fields.get(name) for name in names} for fields in (before, after))
        await record(session, by, action, target, before=old, after=new)


async def complete(session: AsyncSession, entry_id: int, after: Fields) -> None:
    """Say how something ended whose row was written, with the state RUNNING, when it began."""
    entry = await session.get_one(AuditEntry, entry_id)
    entry.after = _summary(after)


async def list_page(
    session: AsyncSession, page: int, per_page: int, *, actor: str = "", action: str = "", target: str = ""
) -> AuditPage:
    """One page, the latest first; `actor`, `action` and `target` must be equal where they are given."""
    chosen = select(AuditEntry)
    for column, value in ((AuditEntry.actor, actor), (AuditEntry.action, action), (AuditEntry.target, target)):
        if value:
            chosen = chosen.where(column == value)
    total = await session.scalar(select(func.count()).select_from(chosen.subquery()))
    ordered = chosen.order_by(AuditEntry.id.desc()).limit(per_page).offset((page - 1) * per_page)
    entries = list(await session.scalars(ordered))
    actors = {"actors": sorted({entry.actor for entry in entries})}
    names = {row.actor: row.name for row in await session.execute(_NAMES, actors)}
    items = [_out(entry, names.get(entry.actor)) for entry in entries]
    return AuditPage(items=items, total=total or 0, page=page, per_page=per_page)


def _out(entry: AuditEntry, name: str | None) -> AuditOut:
    fields = {field: getattr(entry, field) for field in AuditOut.model_fields if field != "actor_name"}
    return AuditOut.model_validate({**fields, "actor_name": name})


def _summary(fields: Fields | None) -> dict[str, Any] | None:
    """The fields without secrets, each at most MAX_VALUE_CHARACTERS characters of JSON."""
    if fields is None:
        return None
    return {name: _short(value) for name, value in fields.items() if name not in _SECRET}


def _short(value: Any) -> Any:
    written = json.dumps(value, default=str, ensure_ascii=False)
    if len(written) <= MAX_VALUE_CHARACTERS:
        return json.loads(written)
    summary = value if isinstance(value, str) else written
    return f"{summary[:MAX_VALUE_CHARACTERS]}… ({len(summary):,} characters)"
