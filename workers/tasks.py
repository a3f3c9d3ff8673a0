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
    drain(resources.connection(), resources.client(), get_settings(), resources.pressure(), DRAIN_SECONDS)


@app.task(name="background.spread")
def spread() -> None:
    """Bump the products of changed categories and brands, for a bounded time."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < deadline and _spread_for_a_while():
        _drain()


@app.task(name="background.reindex")
def reindex() -> None:
    """Carry a rebuild on for a bounded time, with live changes first."""
    rebuild.work(resources.connection(), resources.client(), get_settings(), seconds=DRAIN_SECONDS, between=_live_first)


@app.task(name="background.reconcile")
def reconcile() -> None:
    """Carry a round of the reconciler on for a bounded time, with live changes first; begin one when it is time."""
    reconciler.work(
        resources.connection(), resources.client(), get_settings(), seconds=RECONCILE_SECONDS, between=_live_first
    )


def _live_first() -> None:
    """Long work may hold every process of this worker: between two of its steps each of them writes what is pending.

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
    drain(resources.connection(), resources.client(), get_settings(), resources.pressure(), LIVE_SECONDS)


@app.task(name="background.expire_standby")
def expire() -> None:
    """Drop indexes that were kept long enough after a swap."""
    expire_standby(resources.connection(), resources.client(), get_settings())


@app.task(name="background.purge")
def forget_tombstones() -> None:
    """Take tombstones that are old enough out of the indexes, for a bounded time, with live changes first."""
    purge(resources.connection(), resources.client(), get_settings(), seconds=DRAIN_SECONDS, between=_live_first)


@app.task(name="background.forget_events")
def forget_events() -> None:
    """Delete published events and finished deliveries that are old enough, for a bounded time."""
    retention.forget(resources.connection(), get_settings(), DRAIN_SECONDS)
