"""What the reconciler has found and done, and whether an index is newer than Postgres or has been given up."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# A product that is pending is left out of the comparison; live sync notes in its row that the index is ahead of it.
_STATE = text("""
    SELECT (SELECT max(finished_at) FROM jobs WHERE kind = 'reconcile' AND state = 'done') AS last_finished_at,
           coalesce((SELECT value FROM counters WHERE name = 'reconcile_rounds'), 0) AS rounds,
           coalesce((SELECT value FROM counters WHERE name = 'reconcile_repairs'), 0) AS repairs,
           coalesce((SELECT (progress -> 'ahead' ->> live.name)::bigint
                     FROM jobs, (SELECT name FROM search_indexes WHERE state = 'live') AS live
                     WHERE kind = 'reconcile' AND progress -> 'compared' ? live.name
                     ORDER BY jobs.created_at DESC LIMIT 1), 0)
           + (SELECT count(*) FROM product_sync
              WHERE version > synced_version AND next_attempt_at IS DISTINCT FROM 'infinity'
                AND starts_with(error, 'index_ahead')) AS ahead,
           (SELECT count(*) FROM search_indexes
            WHERE given_up_at IS NOT NULL AND state IN ('building', 'standby')) AS given_up
""")


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What the reconciler has come to so far."""

    last_finished_at: datetime | None
    #: Runs that ended.
    rounds: int
    #: Products repaired in all.
    repairs: int
    #: Documents of the live index that are newer than Postgres.
    ahead: int
    #: Standby or building indexes that took no writes for so long that they are written to no more.
    given_up: int


async def state(session: AsyncSession) -> Reconciliation:
    row = (await session.execute(_STATE)).one()
    return Reconciliation(row.last_finished_at, row.rounds, row.repairs, row.ahead, row.given_up)
