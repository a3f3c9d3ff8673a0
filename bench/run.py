"""What every benchmark is run with."""

from dataclasses import dataclass, replace
from typing import Any

from bench.progress import Progress
from catalog.settings import Settings


@dataclass(frozen=True, slots=True)
class BenchRun:
    """The servers to measure, and the catalogue to load into them."""

    settings: Settings
    #: Called with every step.
    progress: Progress
    #: How many to load.
    products: int
    #: Of everything that is random: the same seed loads the same catalogue.
    seed: int

    def with_settings(self, **settings: Any) -> "BenchRun":
        """The same run with other values of some settings."""
        return replace(self, settings=self.settings.model_copy(update=settings))
