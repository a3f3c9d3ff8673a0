"""The whole machine, and how a seed of it is run."""

from contextlib import closing

from hypothesis import HealthCheck, Phase, assume, seed, settings
from hypothesis.stateful import initialize, run_state_machine_as_test

from tests.state_machine.edits import Edits
from tests.state_machine.faults import Faults
from tests.state_machine.settle import settle
from tests.state_machine.shop import CATEGORIES, Shop, line
from tests.state_machine.steps import NUMBERS
from tests.state_machine.world import World

PRODUCTS = 30
KEPT = 6


class Machine(Edits, Faults):
    """One example: a small catalogue in sync, then steps in any order, then quiet, and all is equal."""

    begun = False

    @initialize(number=NUMBERS)
    def begin(self, number: int) -> None:
        # The first example is always the smallest: the same step with the smallest arguments again and again.
        assume(number)
        with self.world.blamed("begin"):
            self._begin(number)

    def _begin(self, number: int) -> None:
        self.world.begin()
        self.begun = True
        self.shop.sign_in()
        kept = [line(number + place, sku=f"kept{place}", category=CATEGORIES[place % 3]) for place in range(KEPT)]
        self.shop.bulk(kept + [line(number + place) for place in range(PRODUCTS)])
        settle(self.world)
        ids = [row[0] for row in self.world.db.execute("SELECT id FROM products WHERE sku LIKE 'kept%'")]
        assert len(ids) == KEPT
        self.world.watch(ids)

    def teardown(self) -> None:
        """Also runs when a step failed or was interrupted: then there is nothing more to say."""
        if not self.begun or self.world.over:
            return
        with self.world.blamed("teardown"):
            self.end_faults(mend=True)
            settle(self.world, self.excuses)
            self.world.unwatch()


def explore(world: World, number: int, *, steps: int, examples: int = 1) -> None:
    """Run `examples` of `steps` steps each, all drawn from the seed `number`. Raises Broken."""
    with closing(Shop(world.settings)) as shop:

        @seed(number)
        def machine() -> Machine:
            return Machine(world, shop)

        run_state_machine_as_test(
            machine,  # type: ignore[arg-type]  # a function that makes one will do
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
