"""What costs the servers something and may be asked for by anybody, at any rate, is looked up once at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class OneLook(Generic[T]):
    """Whoever asks while a look is under way gets what it finds. `look` raises nothing."""

    def __init__(self, look: Callable[[], Awaitable[T]]) -> None:
        self._look = look
        self._looking: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        if self._looking is None:
            self._looking = asyncio.ensure_future(self._once())
        # Others wait for the same one: it does not end with the request that began it.
        return await asyncio.shield(self._looking)

    async def close(self) -> None:
        """End a look that nobody waits for any more: it holds connections."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _once(self) -> T:
        try:
            return await self._look()
        finally:
            self._looking = None
