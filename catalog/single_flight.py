"""What many ask for at the same time is computed once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from catalog import deadline

K = TypeVar("K")
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """Callers that ask for a key while it is computed get the same result, or the same exception.

    Nothing is remembered: the next call computes anew. A computation ends neither with the caller that began it nor
    at that caller's deadline.
    """

    def __init__(self) -> None:
        self._tasks: dict[K, asyncio.Task[V]] = {}

    def __contains__(self, key: K) -> bool:
        """Whether it is being computed."""
        return key in self._tasks

    async def get(self, key: K, compute: Callable[[], Awaitable[V]]) -> V:
        """The result of the computation under way, or else of `compute`. Raises what the computation raises."""
        return await asyncio.shield(self.begin(key, compute))

    def begin(self, key: K, compute: Callable[[], Awaitable[V]]) -> asyncio.Task[V]:
        """The computation under way, or else a new one; not to be cancelled by a caller that no longer waits."""
        task = self._tasks.get(key)
        if task is None:
            with deadline.within(None):
                task = self._tasks[key] = asyncio.create_task(self._compute(key, compute))
            task.add_done_callback(_retrieve)
        return task

    async def close(self) -> None:
        """End what is under way, and wait until it has ended: it holds connections."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()  # also of those that were ended before they had begun

    async def _compute(self, key: K, compute: Callable[[], Awaitable[V]]) -> V:
        try:
            return await compute()
        finally:
            self._tasks.pop(key, None)


def _retrieve(task: asyncio.Task[V]) -> None:
    """An exception that no caller waits for any more would be reported as one that was never retrieved."""
    if not task.cancelled():
        task.exception()
