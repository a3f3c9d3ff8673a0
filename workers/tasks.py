"""The tasks. Each is a few lines: what it does is decided in `indexer`."""

import time

from catalog.settings import get_settings
from indexer import rebuild, reconciler
from indexer.drain import drain
from indexer.fanout import spread_chunk
from indexer.maintenance import expire_standby
from indexer.purge import purge
from workers import resources, retention
from workers.app import DRAIN_SECONDS, LIVE_SECONDS, RECONCILE_SECONDS, SPREAD_SECONDS, app


@app.task(name="sync.drain")
def sync_drain() -> None:
    """Write everything that is pending."""
    drain(resources.indexer(), resources.backoff(), DRAIN_SECONDS)


@app.task(name="background.spread")
def spread() -> None:
    """Bump the products of changed categories and brands, for a bounded time."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < deadline and _spread_for_a_while():
        _drain()


@app.task(name="background.reindex")
def reindex() -> None:
    """Carry a rebuild on for a bounded time, with live changes first."""
    rebuild.run(resources.indexer(), seconds=DRAIN_SECONDS, on_step=_yield_to_live_sync)


@app.task(name="background.reconcile")
def reconcile() -> None:
    """Carry a run of the reconciler on for a bounded time, with live changes first; begin one when it is time."""
    reconciler.run(resources.indexer(), seconds=RECONCILE_SECONDS, on_step=_yield_to_live_sync)


def _yield_to_live_sync() -> None:
    """Long work may occupy every process of this worker: between two of its steps each of them writes what is pending.

    It also carries on what is to be spread, the hints for which wait in the queue behind those for the long work.
    """
    _spread_for_a_while()
    _drain()


def _spread_for_a_while() -> bool:
    """Enough for full batches in every process; False when there is nothing to spread now."""
    deadline = time.monotonic() + SPREAD_SECONDS
    spread_any = False
    while spread_chunk(resources.connection()):
        spread_any = True
        if time.monotonic() >= deadline:
            break
    return spread_any


def _drain() -> None:
    drain(resources.indexer(), resources.backoff(), LIVE_SECONDS)


@app.task(name="background.expire_standby")
def expire() -> None:
    """Drop indexes whose time on standby after a swap is over."""
    expire_standby(resources.indexer())


@app.task(name="background.purge")
def forget_tombstones() -> None:
    """Take tombstones that are old enough out of the indexes, for a bounded time, with live changes first."""
    purge(resources.indexer(), seconds=DRAIN_SECONDS, on_step=_yield_to_live_sync)


@app.task(name="background.forget_events")
def forget_events() -> None:
    """Delete published events and finished deliveries that are old enough, for a bounded time."""
    retention.forget(resources.connection(), get_settings(), DRAIN_SECONDS)
