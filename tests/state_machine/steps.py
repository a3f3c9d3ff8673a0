"""What the rules of the machine share: how a step is noted, and what is drawn."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from psycopg import Connection

from tests.state_machine.shop import Shop
from tests.state_machine.world import World

NUMBERS = st.integers(0, 999)

Step = Callable[..., None]


class Base(RuleBasedStateMachine):
    """The state of one example. Rules are chosen by these flags alone, so that a seed means the same steps again."""

    def __init__(self, world: World, shop: Shop) -> None:
        super().__init__()
        self.world = world
        self.shop = shop
        self.late: Connection[Any] | None = None
        self.away = False  # Elasticsearch is paused or stopped
        self.stopped = False  # it was stopped, not only paused, in this example
        self.blocked = False  # every index refuses writes
        self.frozen = False  # the worker is stopped in the middle of whatever it did
        self.excuses: set[str] = set()  # parts of errors that a rebuild may end with

    @property
    def calm(self) -> bool:
        """Nobody holds locks for longer than a moment."""
        return self.late is None and not self.frozen


def step(**arguments: st.SearchStrategy[Any]) -> Callable[[Step], Step]:
    """A rule that is noted with its arguments before it is carried out."""

    def decorate(function: Step) -> Step:
        @wraps(function)
        def noted(machine: Base, **drawn: Any) -> None:
            machine.world.note(function.__name__, drawn)
            with machine.world.blamed(function.__name__):
                function(machine, **drawn)

        decorated: Step = rule(**arguments)(noted)  # type: ignore[call-overload]  # it takes any names
        return decorated

    return decorate
