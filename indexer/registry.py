"""The registry of indexes (`search_indexes`): which are written to, and which one is read."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

import psycopg

from catalog.errors import Conflict
from mappings.names import write_alias
from mappings.schema import SCHEMAS

BUILDING, LIVE, STANDBY, RETIRED = "building", "live", "standby", "retired"

# How long an index that is not live may miss writes, again and again, before it is given up.
PATIENCE_SECONDS = 60.0
# Without a failure for so long, it has recovered.
RECOVERED_SECONDS = 30.0

_FAILING = "coalesce(failed_at > clock_timestamp() - make_interval(secs => %(recovered)s), false)"

TARGETS = f"""
SELECT name, schema_version, state, error, given_up_at IS NOT NULL AND state <> 'live', {_FAILING}
FROM search_indexes WHERE state <> 'retired' ORDER BY name
"""  # noqa: S608 - _FAILING is the constant above

# Patience is measured from the first failure of this period; every value on the right is the one before this failure.
MISSED = f"""
UPDATE search_indexes SET
    failing_since = CASE WHEN {_FAILING} THEN failing_since ELSE clock_timestamp() END,
    failed_at = clock_timestamp(),
    given_up_at = CASE WHEN given_up_at IS NULL AND {_FAILING}
                        AND failing_since < clock_timestamp() - make_interval(secs => %(patience)s)
                       THEN clock_timestamp() ELSE given_up_at END
WHERE name = %(name)s AND state IN ('building', 'standby')
RETURNING given_up_at IS NOT NULL
"""  # noqa: S608


class MissedWrite(Enum):
    """What live sync does about an index that did not take a write."""

    #: The product is written again in a while.
    RETRY = "waited for"
    #: The index is given up, or dropped: no product waits for it.
    GIVEN_UP = "given up"
    #: It has become live since: nothing is settled without it.
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Target:
    """An index that live sync keeps current."""

    name: str
    #: Of its documents: which builder in `mappings` makes them.
    schema_version: int
    #: BUILDING, LIVE or STANDBY.
    state: str
    #: The first write that did not fit; with one it never goes live.
    error: str | None = None
    #: It has missed writes for so long that live sync leaves it out.
    given_up: bool = False
    #: It has missed writes a moment ago, which are waiting for it.
    failing: bool = False

    @property
    def alias(self) -> str:
        return write_alias(self.name)

    @property
    def unsupported_schema(self) -> str | None:
        """Why this process can't write to it: newer code has made it, beside which older workers still run."""
        if self.schema_version in SCHEMAS:
            return None
        return f"{self.name} has document shape {self.schema_version}, unknown to this process: deploy newer workers"


def targets(connection: psycopg.Connection[Any]) -> list[Target]:
    """Every index that is not retired, by name."""
    return [Target(*row) for row in connection.execute(TARGETS, {"recovered": RECOVERED_SECONDS})]


def writable(connection: psycopg.Connection[Any]) -> list[Target]:
    """Every index to write to, the live one first.

    Read it in the same snapshot as the rows, or a new index can miss a change.
    """
    return sorted(
        (target for target in targets(connection) if not target.given_up), key=lambda target: target.state != LIVE
    )


def register(connection: psycopg.Connection[Any], name: str, schema_version: int) -> None:
    connection.execute(
        "INSERT INTO search_indexes (name, schema_version, state) VALUES (%s, %s, 'building')", (name, schema_version)
    )


def promote(connection: psycopg.Connection[Any], name: str) -> None:
    """Make `name` the live index; the one that was live stays current as the standby, the only one.

    What was noted on `name` before no longer counts, since readers see it: from now on it gets every write, and the
    reconciler repairs it.
    """
    others = "UPDATE search_indexes SET state = %s, retired_at = now() WHERE state = %s AND name <> %s"
    if connection.execute("SELECT 1 FROM search_indexes WHERE state = 'live' AND name <> %s", (name,)).fetchone():
        connection.execute(others, (RETIRED, STANDBY, name))
    connection.execute(others, (STANDBY, LIVE, name))
    connection.execute(
        "UPDATE search_indexes SET state = 'live', live_at = now(), retired_at = NULL, failing_since = NULL, "
        "failed_at = NULL, given_up_at = NULL, error = NULL WHERE name = %s",
        (name,),
    )


def lock(connection: psycopg.Connection[Any], name: str) -> None:
    """Until the transaction ends, no other process can note an error on `name` or retire it.

    Raises Conflict when it has an error.
    """
    row = connection.execute("SELECT error, state FROM search_indexes WHERE name = %s FOR UPDATE", (name,)).fetchone()
    if row is None or row[1] == RETIRED:
        raise Conflict(f"{name} is no longer registered. The live index is unchanged.")
    if row[0] and row[1] != LIVE:
        raise Conflict(f"{name} could not take every change: {row[0]}. The live index is unchanged.")


def note_error(connection: psycopg.Connection[Any], name: str, error: str) -> MissedWrite:
    """Keep the first failure on an index that is not live: it may not go live."""
    row = connection.execute(
        "UPDATE search_indexes SET error = CASE WHEN state = 'live' THEN error ELSE coalesce(error, %s) END "
        "WHERE name = %s RETURNING state",
        (error, name),
    ).fetchone()
    return MissedWrite.LIVE if row == (LIVE,) else MissedWrite.GIVEN_UP


def note_missed(connection: psycopg.Connection[Any], name: str, error: str) -> MissedWrite:
    """An index that is not live did not take a write now: wait for it, but not for ever."""
    with connection.transaction():
        row = connection.execute(
            MISSED, {"name": name, "recovered": RECOVERED_SECONDS, "patience": PATIENCE_SECONDS}
        ).fetchone()
        if row == (False,):
            return MissedWrite.RETRY
        return note_error(connection, name, f"it took no writes for {PATIENCE_SECONDS:.0f} s ({error})")
