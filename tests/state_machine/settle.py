"""The invariant: once nothing is pending, every index that is kept current equals what Postgres makes."""

from collections.abc import Collection
from typing import Any

from elasticsearch import NotFoundError

from indexer.indexer import Indexer
from indexer.registry import LIVE, STANDBY, Target, targets
from indexer.repair import reconcile
from indexer.rows import read_products
from indexer.sync import document_of
from mappings.names import read_alias
from tests.state_machine.world import World

SETTLE_SECONDS = 120

# Whatever has to happen before all is quiet, in words; nothing at the end.
PENDING = """
SELECT 'fan-out of ' || kind || ' ' || entity_id FROM fanout
UNION ALL SELECT kind || ' ' || state || ' ' || progress::text FROM jobs WHERE state IN ('queued', 'running')
UNION ALL SELECT 'pending ' || to_jsonb(product_sync)::text FROM product_sync
WHERE version > synced_version AND next_attempt_at IS DISTINCT FROM 'infinity'
"""
QUARANTINED = (
    "SELECT product_id::text FROM product_sync WHERE version > synced_version AND next_attempt_at = 'infinity'"
)
DROPPED = "SELECT product_id::text FROM product_sync WHERE dropped_version = version"
REPAIRED = "SELECT value::text FROM counters WHERE name = 'reconcile_repairs' AND value > 0"
POISON = "SELECT id::text FROM products WHERE attributes ? 'poison'"
MEND = "UPDATE products SET attributes = attributes - 'poison' WHERE attributes ? 'poison'"
FAILED = (
    "SELECT error FROM jobs WHERE state = 'failed' UNION ALL SELECT error FROM search_indexes WHERE error IS NOT NULL"
)

Contents = dict[str, tuple[int, dict[str, Any]]]


def settle(world: World, excuses: Collection[str] = ()) -> None:
    """Wait until all is quiet, then compare. `excuses` are parts of errors that rebuilds and indexes may have."""
    world.within(SETTLE_SECONDS, lambda: _quiet(world), lambda: _still_pending(world))
    poison = _strings(world, POISON)
    if (quarantined := _strings(world, QUARANTINED)) != poison - _strings(world, DROPPED):
        raise world.fail(f"In quarantine: {sorted(quarantined)}. Poisonous: {sorted(poison)}.")
    if errors := {error for error in _strings(world, FAILED) if not excused(error, excuses)}:
        raise world.fail(f"A rebuild or an index failed: {errors}")
    found = targets(world.db)
    states = [target.state for target in found]
    if states.count(LIVE) != 1 or set(states) - {LIVE, STANDBY}:
        raise world.fail(f"Nothing is pending, but the indexes are {found}")
    for target in found:
        if not target.given_up:
            _compare_unless_expired(world, target, poison)
    if repaired := _strings(world, REPAIRED):
        raise world.fail(f"The reconciler has repaired {repaired} products")
    check_reader(world)


def _quiet(world: World) -> bool:
    """Nothing is pending, and what is read is live. The machine has no scheduler: this sends what it would send."""
    left = _strings(world, PENDING)
    if any(item.startswith("reconcile ") for item in left):
        world.send("background.reconcile")
    if not left and not (agree := _agree(world)):
        world.send("background.expire_standby")
        return agree
    return not left


def _agree(world: World) -> bool:
    return _alias(world) == {target.name for target in targets(world.db) if target.state == LIVE}


def excused(error: str, excuses: Collection[str]) -> bool:
    return any(excuse in error for excuse in excuses)


def audit(world: World) -> int:
    """How many repairs the reconciler finds to make."""
    findings = reconcile(Indexer(world.db, world.es, world.settings), repair=False)
    return sum(len(item.versions) + len(item.contents) + len(item.ahead) for item in findings)


def check_reader(world: World) -> None:
    if world.reader and world.reader.problems:
        raise world.fail("The reader saw: " + "; ".join(world.reader.problems[:5]))
    if world.reader and not world.reader.is_alive():
        raise world.fail("The reader has died")


def _compare_unless_expired(world: World, target: Target, poison: set[str]) -> None:
    """A standby whose time has come may be dropped in the midst of it; it leaves the register first."""
    try:
        _compare(world, target, poison)
    except NotFoundError:
        if target.state != STANDBY or target.name in {kept.name for kept in targets(world.db)}:
            raise


def _compare(world: World, target: Target, poison: set[str]) -> None:
    held, wanted = _contents(world, target), _expected(world, target)
    differing = [
        f"{key}: {_said(wanted.get(key), held.get(key))}"
        for key in sorted({*held, *wanted} - poison)
        if held.get(key) != wanted.get(key)
    ]
    if differing:
        listed = "\n  ".join(differing[:20])
        raise world.fail(f"{len(differing)} documents of {target.name} ({target.state}) differ:\n  {listed}")


def _contents(world: World, target: Target) -> Contents:
    """Version and whole content of every living document, by id."""
    world.es.indices.refresh(index=target.name)
    found: Contents = {}
    after: list[Any] | None = None
    while True:
        answer = world.es.search(index=target.name, size=1000, version=True, sort=[{"id": "asc"}], search_after=after)
        hits = answer["hits"]["hits"]
        found |= {hit["_id"]: (hit["_version"], hit["_source"]) for hit in hits if not hit["_source"]["deleted"]}
        if not hits:
            return found
        after = hits[-1]["sort"]


def _expected(world: World, target: Target) -> Contents:
    """The same, made afresh from Postgres. A poisonous one is left out: nothing can be made of it."""
    ids = [row[0] for row in world.db.execute("SELECT id FROM products WHERE NOT attributes ? 'poison'")]
    documents = [document_of(item, target.schema_version) for item in read_products(world.db, ids)]
    return {str(item.product_id): (item.version, item.body) for item in documents}


def _said(wanted: tuple[int, dict[str, Any]] | None, held: tuple[int, dict[str, Any]] | None) -> str:
    if wanted is None or held is None:
        return f"Postgres {wanted and wanted[0]}, index {held and held[0]}"
    names = sorted(name for name in {*wanted[1], *held[1]} if wanted[1].get(name) != held[1].get(name))
    fields = ", ".join(f"{name} {wanted[1].get(name)!r} / {held[1].get(name)!r}" for name in names)
    return f"Postgres {wanted[0]}, index {held[0]}; {fields}"[:500]


def _alias(world: World) -> set[str]:
    return set(world.es.indices.get_alias(name=read_alias(world.settings.index_prefix)).body)


def _still_pending(world: World) -> str:
    readers = f"Readers look at {_alias(world)}, the indexes are {targets(world.db)}"
    return f"Not quiet after {SETTLE_SECONDS} s:\n  " + "\n  ".join([*sorted(_strings(world, PENDING))[:20], readers])


def _strings(world: World, query: str) -> set[str]:
    return {row[0] for row in world.db.execute(query.encode())}
