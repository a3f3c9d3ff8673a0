"""The rules that break something, and those that rebuild."""

import random
import time
from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from catalog.errors import Conflict
from catalog.models.job import REINDEX
from indexer import jobs, reconciler
from indexer.rebuild import start
from indexer.switch import rollback
from tests.state_machine.crew import end
from tests.state_machine.edits import DELETE, INSERT, LOSABLE
from tests.state_machine.settle import MEND, excused, settle
from tests.state_machine.shop import REFUSED
from tests.state_machine.steps import NUMBERS, Base, step
from workers.app import BACKGROUND_QUEUE, SYNC_QUEUE

TASKS = (("sync.drain", SYNC_QUEUE), ("background.spread", BACKGROUND_QUEUE), ("background.reindex", BACKGROUND_QUEUE))
SYNC_POINTS = ["sync.after_claim", "sync.after_write", "sync.after_settle"]
REBUILD_POINTS = ["rebuild.after_create", "rebuild.after_chunk", "rebuild.before_switch", "switch.after_move"]
# Of processes that are meant to die at a failpoint: whoever has not reached it by then is killed where it is.
PATIENCE = 15.0
REBUILD_SECONDS = 90
GOES_ON_SECONDS = 45
SYNCED = "SELECT 1 FROM products JOIN product_sync ON product_id = id WHERE sku = %s AND synced_version >= 1"
# These answers to a rollback are right at any time.
NO_ROLLBACK = ("A rebuild is running", "There is no index to go back to", "takes no writes now")
# What an index is given up for that is not read, when it is away for longer than others wait for it.
OUTAGE = "it took no writes for"
# What a rebuild may say that meets a closed index.
CLOSED = "losed"

# Names of rules below that count as faults.
FAULTS = frozenset({
    "kill", "kill_worker_at", "freeze", "cut_connections", "change_hints", "lose_hints", "flush", "restart_redis",
    "pause", "stop_elasticsearch", "block", "kill_rebuild", "kill_rollback", "close_and_open", "cancel_rebuild",
    "poison",
})  # fmt: skip


class Faults(Base):
    @step(tenths=st.integers(1, 30))
    def let_pass(self, tenths: int) -> None:
        """Time, so that workers get on: also past their leases and time limits where there is time for that."""
        time.sleep(tenths / (10 if self.world.thorough else 50))

    @step()
    def start_rebuild(self) -> None:
        with suppress(Conflict):
            start(self.shop.db)

    @precondition(lambda self: not (self.away or self.blocked or self.frozen))
    @step()
    def finish_rebuild(self) -> None:
        db = self.world.db
        self.world.within(
            REBUILD_SECONDS,
            lambda: jobs.active(db, REINDEX) is None,
            lambda: f"The rebuild does not end: {jobs.active(db, REINDEX)}",
        )

    @precondition(lambda self: not self.away)
    @step(point=st.sampled_from(REBUILD_POINTS))
    def kill_rebuild(self, point: str) -> None:
        """`catalog reindex` is killed halfway; workers may carry on what it began."""
        end(self.world.crew.doomed(point, "reindex"), PATIENCE)

    @step()
    def cancel_rebuild(self) -> None:
        with suppress(*REFUSED):
            jobs.request_cancel(self.shop.db, REINDEX)

    @precondition(lambda self: not self.away)
    @step()
    def roll_back(self) -> None:
        try:
            rollback(self.world.settings, self.world.es)
        except Conflict as refused:
            if not excused(str(refused), {*NO_ROLLBACK, *self.excuses}):
                raise self.world.fail(f"The rollback was refused: {refused}") from None

    @precondition(lambda self: not self.away)
    @step()
    def kill_rollback(self) -> None:
        """Killed when readers see the other index and nobody has written it down; or it ends by itself, refused."""
        end(self.world.crew.doomed("switch.after_move", "rollback"), PATIENCE)

    @step()
    def reconcile(self) -> None:
        """A round begins, or goes on. It must find nothing, whatever else is going on."""
        with suppress(Conflict, *REFUSED):
            reconciler.begin(self.shop.db)
        self._send([("background.reconcile", BACKGROUND_QUEUE)])

    @precondition(lambda self: self.calm)
    @step(drop=st.booleans())
    def end_quarantine(self, drop: bool) -> None:
        self.shop.rest("POST", f"/admin/quarantine/{'drop' if drop else 'replay'}", {"all": True})

    @precondition(lambda self: not (self.away or self.blocked or self.frozen))
    @step(number=NUMBERS)
    def close_and_open(self, number: int) -> None:
        """Every index forgets which documents were deleted; products come and go meanwhile."""
        self.excuses.add(CLOSED)
        self.excuses.add(OUTAGE)
        self.world.close_indexes()
        self.shop.sql(DELETE, self.shop.pick(LOSABLE, number))
        self.shop.sql(INSERT.replace("%s", "gen_random_uuid()", 1), f"closed{number}", "Closed", number)
        self.world.open_indexes()

    @precondition(lambda self: self.late is not None and not (self.away or self.blocked or self.frozen))
    @step(number=NUMBERS)
    def others_go_on(self, number: int) -> None:
        """However long a transaction of somebody else stays open, and whatever is to be done about its products."""
        self.shop.sql("UPDATE categories SET name = name || '.' WHERE parent_id IS NULL AND length(name) < 100")
        sku = f"alone{number}-{len(self.world.steps)}"
        if not self.shop.sql(INSERT.replace("%s", "gen_random_uuid()", 1), sku, "Alone", number):
            return
        self.world.within(
            GOES_ON_SECONDS,
            lambda: self.shop.db.execute(SYNCED, (sku,)).fetchone() is not None,
            lambda: f"{sku} is not in the index while a transaction is open",
        )

    @step()
    def standby_expires(self) -> None:
        """A day passes for every index that was kept after a swap."""
        with suppress(*REFUSED):
            self.shop.db.execute("UPDATE search_indexes SET retired_at = 'epoch' WHERE state = 'standby'")
        self._send([("background.expire_standby", BACKGROUND_QUEUE)])

    @precondition(lambda self: not (self.frozen or self.away))
    @step()
    def purge(self) -> None:
        """A month passes for every tombstone. A worker that wrote a month late would be too late for this."""
        with suppress(*REFUSED):
            self.shop.db.execute("UPDATE product_sync SET synced_at = 'epoch' WHERE deleted")
        self._send([("background.purge", BACKGROUND_QUEUE)])

    @precondition(lambda self: not self.frozen)
    @step(name=st.sampled_from(["worker", "pump"]))
    def kill(self, name: str) -> None:
        self.world.crew.kill(name)

    @precondition(lambda self: not (self.away or self.frozen))
    @step(point=st.sampled_from(SYNC_POINTS), number=NUMBERS)
    def kill_worker_at(self, point: str, number: int) -> None:
        """The other worker is frozen meanwhile, so that this one gets something to do."""
        doomed = self.world.crew.doomed(point, "worker", "--pool", "solo")
        self.world.crew.freeze()
        self.shop.sql(INSERT.replace("%s", "gen_random_uuid()", 1), f"doomed{number}", "Doomed", number)
        end(doomed, PATIENCE)
        self.world.crew.thaw()

    @precondition(lambda self: not self.frozen)
    @step()
    def freeze(self) -> None:
        self.frozen = True
        self.world.crew.freeze()

    @precondition(lambda self: self.frozen)
    @step()
    def thaw(self) -> None:
        self.world.crew.thaw()
        self.frozen = False

    @step()
    def cut_connections(self) -> None:
        """Postgres ends the connections of everybody but the shop's writers."""
        self.world.db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'catalog-%%' "
            "AND application_name <> 'catalog-api'"
        )

    @step(seed=NUMBERS)
    def change_hints(self, seed: int) -> None:
        """Every hint that waits comes twice and in another order, with some more that nobody sent."""
        draw = random.Random(seed)
        for queue in (SYNC_QUEUE, BACKGROUND_QUEUE):
            waiting = 2 * self.world.redis.lrange(queue, 0, -1)
            draw.shuffle(waiting)
            if waiting:
                self.world.redis.lpush(queue, *waiting)
        self._send(draw.choices(TASKS, k=10))

    @step()
    def lose_hints(self) -> None:
        self.world.redis.delete(SYNC_QUEUE, BACKGROUND_QUEUE)

    @step()
    def flush(self) -> None:
        self.world.redis.flushall()

    @step()
    def restart_redis(self) -> None:
        self.world.servers.redis.kill()
        self.world.servers.redis.start()

    @precondition(lambda self: not self.away)
    @step()
    def pause(self) -> None:
        self.away = True
        self.excuses.add(OUTAGE)
        self.world.pause()

    @precondition(lambda self: self.world.thorough and not (self.away or self.stopped))
    @step()
    def stop_elasticsearch(self) -> None:
        """Once in an example: a start takes longer than all the rest."""
        self.away = self.stopped = True
        self.excuses.add(OUTAGE)
        self.world.kill()

    @precondition(lambda self: self.away)
    @step()
    def bring_back(self) -> None:
        self.world.bring_back()
        self.away = False

    @precondition(lambda self: not (self.blocked or self.away))
    @step()
    def block(self) -> None:
        self.blocked = True
        self.excuses.add(OUTAGE)
        self.world.block(True)

    @precondition(lambda self: self.blocked and not self.away)
    @step()
    def unblock(self) -> None:
        self.world.block(False)
        self.blocked = False

    @step()
    def settle(self) -> None:
        """All faults end; then all must be equal."""
        self.end_faults()
        settle(self.world, self.excuses)

    def end_faults(self, *, mend: bool = False) -> None:
        """Put everything right that a rule broke, but no document that is wrong, unless `mend`."""
        if self.late is not None:
            self.late.commit()
            self.late.close()
            self.late = None
        if self.frozen:
            self.world.crew.thaw()
        if self.away:
            self.world.bring_back()
        self.world.crew.start()
        if self.blocked:
            self.world.block(False)
        self.frozen = self.away = self.blocked = False
        if mend:
            self.shop.db.execute(MEND)

    def _send(self, tasks: list[tuple[str, str]]) -> None:
        for task, queue in tasks:
            self.world.celery.send_task(task, queue=queue)
