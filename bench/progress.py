"""How a benchmark says what it is doing; the command shows it, tests stay quiet."""

from typing import Protocol


class Progress(Protocol):
    def begin(self, step: str, total: int | None = None) -> None:
        """A new step, of `total` pieces when that is known."""

    def at(self, done: int) -> None:
        """`done` pieces of the step are done."""


class Quiet:
    """Says nothing."""

    def begin(self, step: str, total: int | None = None) -> None:
        pass

    def at(self, done: int) -> None:
        pass
