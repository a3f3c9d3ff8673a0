"""Runs the machine for hours: `python -m tests.state_machine.soak [--minutes N] [--seed S]`, or `make soak MINUTES=N`.

Every round has a seed of its own. The first difference ends it with exit code 1, and says which seed to repeat.
"""

import argparse
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from catalog.settings import PREFIX, Settings
from tests.state_machine.faults import FAULTS
from tests.state_machine.machine import explore
from tests.state_machine.settle import audit
from tests.state_machine.world import Broken, World, running_world

STEPS = 40


def play(world: World, first: int, until: float, say: Callable[[str], None] = print) -> None:
    """Round after round, seeded `first`, `first + 1` and so on, until the clock says `until`. Raises Broken."""
    say(f"The first round has seed {first}.")
    began = time.monotonic()
    number = first
    while time.monotonic() < until:
        try:
            explore(world, number, steps=STEPS)
            repairs = audit(world)
            if repairs:
                raise world.fail(f"{repairs} repairs are needed")
        except Broken as broken:
            raise Broken(f"Round with seed {number}: {broken}") from None
        number += 1
        faults = sum(count for name, count in world.counts.items() if name in FAULTS)
        say(
            f"{(time.monotonic() - began) / 60:6.1f} min  {number - first} rounds, {world.counts.total()} steps, "
            f"{faults} faults, {world.reads} reads, {repairs} repairs, 0 differences"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="until it is ended when left out")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of the first round")
    arguments = parser.parse_args()
    Settings.model_config["env_file"] = None
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    # An exception, so that nothing is left running: the children are in sessions of their own.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with running_world(thorough=True) as world:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: world.interrupt())
            with suppress(KeyboardInterrupt):
                play(world, arguments.seed, time.monotonic() + arguments.minutes * 60, _say)
            for name, count in sorted(world.counts.items()):
                _say(f"{count:6}  {name}")
    except Broken as broken:
        print(broken, file=sys.stderr)
        return 1
    return 0


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
