"""Whatever happens in whatever order, the index ends equal to Postgres, and readers never notice (I1 to I9)."""

import secrets
import time

import pytest

from tests.state_machine.machine import explore
from tests.state_machine.soak import play
from tests.state_machine.world import Broken, running_world

pytestmark = pytest.mark.process

SEED = 27
DRILL_SECONDS = 240


def test_whatever_happens_the_index_ends_equal_to_postgres() -> None:
    """The same few dozen steps each time: a seed that comes by nearly every rule, and by few of the slow ones."""
    try:
        with running_world(thorough=False) as world:
            explore(world, SEED, examples=3, steps=22)
    except Broken as broken:
        raise AssertionError(str(broken)) from None


@pytest.mark.drill
def test_minutes_of_steps_that_nobody_has_seen_before() -> None:
    try:
        with running_world(thorough=True) as world:
            play(world, secrets.randbelow(10**6), until=time.monotonic() + DRILL_SECONDS)
    except Broken as broken:
        raise AssertionError(str(broken)) from None
