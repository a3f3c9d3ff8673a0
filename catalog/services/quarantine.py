"""Products whose document the live index refused too often: list them, try them again, or do without them.

A product is in quarantine while its newest version is not in the index and no worker will try it again by itself. A
newer version that succeeds releases it without any of this.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.database import Database
from catalog.models.sync import QUARANTINED, requeue_sql
from catalog.schemas.quarantine import QuarantinedOut, QuarantinePage
from catalog.services import audit

# Rows of one transaction when all products are meant: their locks last for well under a second.
CHUNK_SIZE = 5000
FIRST_ID = UUID(int=0)

_LIST = text(f"""
    SELECT product_id, sku, name, deleted, version, attempts, error, changed_at
    FROM product_sync LEFT JOIN products ON products.id = product_id
    WHERE {QUARANTINED} ORDER BY changed_at DESC, product_id LIMIT :limit OFFSET :offset
""")  # noqa: S608 - QUARANTINED is the constant above
_TOTAL = text(f"SELECT count(*) FROM product_sync WHERE {QUARANTINED}")  # noqa: S608

_BY_ID = "product_id = ANY (:ids)"
_FOLLOWING = "product_id > :after"


class Action(Enum):
    """What can be done about a quarantined product; the value is what is assigned beside making it pending.

    A drop is a tombstone until the product's next change. It has a new version, because an index that is being built or
    kept may hold the very version that the live index refused, and there a tombstone of that version would be too late.
    """

    REPLAY = ""
    DROP = "version = ledger.version + 1, dropped_version = ledger.version + 1"


async def list_page(session: AsyncSession, page: int, per_page: int) -> QuarantinePage:
    """One page of what is in quarantine, the latest change first."""
    total = await session.scalar(_TOTAL)
    rows = (await session.execute(_LIST, {"limit": per_page, "offset": (page - 1) * per_page})).mappings()
    items = [QuarantinedOut.model_validate(dict(row)) for row in rows]
    return QuarantinePage(items=items, total=total or 0, page=page, per_page=per_page)


async def apply(session: AsyncSession, action: Action, ids: Sequence[UUID], by: str = audit.CLI) -> list[UUID]:
    """Replay or drop these products; those of `ids`, in their order, that are not in quarantine."""
    statement = text(requeue_sql(_BY_ID, ":limit", action.value))
    done = set((await session.scalars(statement, {"ids": list(ids), "limit": len(ids)})).all())
    if done:
        details = {"count": len(done), "products": sorted(map(str, done))}
        await audit.record(session, by, f"quarantine.{action.name.lower()}", "quarantine", after=details)
    return [product_id for product_id in dict.fromkeys(ids) if product_id not in done]


async def apply_to_all(
    database: Database, action: Action, report: Callable[[int], None] = lambda done: None, by: str = audit.CLI
) -> int:
    """Replay or drop all of them, CHUNK_SIZE in each transaction; how many. `report` is called after each."""
    statement = text(requeue_sql(_FOLLOWING, ":limit", action.value))
    after, done = FIRST_ID, 0

    async def next_chunk(session: AsyncSession) -> Sequence[UUID]:
        return (await session.scalars(statement, {"after": after, "limit": CHUNK_SIZE})).all()

    event = (by, f"quarantine.{action.name.lower()}", "quarantine")
    entry = await database.run(audit.record, *event, after={"state": audit.RUNNING, "all": True})
    # By key, so that one that is refused again meanwhile is not met a second time.
    while ids := await database.run(next_chunk):
        after = max(ids)
        done += len(ids)
        report(done)
    await database.run(audit.complete, entry, {"state": "done", "all": True, "count": done})
    return done
