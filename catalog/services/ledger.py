"""The sync ledger as seen from outside: how far the index is behind, for all products or for one."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.errors import NotFound
from catalog.models.sync import PENDING, QUARANTINED
from catalog.schemas.product_out import SyncOut

# A quarantined row waits for a newer version or a replay: it is not lag, and is counted apart.
LAG = f"""
    SELECT count(*) AS pending,
           coalesce(extract(epoch FROM clock_timestamp() - min(changed_at)), 0)::float AS oldest_seconds,
           (SELECT count(*) FROM product_sync WHERE {QUARANTINED}) AS quarantined,
           (SELECT count(*) FROM fanout) AS fanout
    FROM product_sync WHERE {PENDING}
"""  # noqa: S608 - constants

_STATUS = text("""
    SELECT product_id, version AS database_version, synced_version AS indexed_version,
           version <= synced_version AS in_sync, deleted,
           NOT deleted AND coalesce(dropped_version = version, false) AS dropped,
           CASE WHEN version > synced_version
                THEN greatest(extract(epoch FROM clock_timestamp() - changed_at), 0)::float ELSE 0 END AS lag_seconds,
           synced_at, attempts,
           CASE WHEN version > synced_version THEN nullif(next_attempt_at, 'infinity') END AS next_attempt_at,
           version > synced_version AND coalesce(next_attempt_at = 'infinity', false) AS quarantined, error
    FROM product_sync WHERE product_id = :id
""")


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the index is behind."""

    #: Products whose newest version is not in the index, and the age of the oldest of these changes.
    pending: int
    oldest_seconds: float
    quarantined: int
    #: Changes of categories and brands that are still to be spread over their products.
    fanout: int


async def lag(session: AsyncSession) -> Lag:
    row = (await session.execute(text(LAG))).one()
    return Lag(row.pending, max(round(row.oldest_seconds, 3), 0.0), row.quarantined, row.fanout)


async def status(session: AsyncSession, product_id: UUID) -> SyncOut:
    """Where one product stands, also after its deletion. Raises NotFound when it never existed."""
    row = (await session.execute(_STATUS, {"id": product_id})).mappings().first()
    if row is None:
        raise NotFound(f"There was never a product {product_id}.")
    return SyncOut.model_validate(dict(row))
