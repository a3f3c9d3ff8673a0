"""What a subscriber has read and not done, by aggregate, and the position before which everything is done.

Nothing here waits or asks a server: workers/consumers.py reads, handles, and remembers the position.
"""

import asyncio
from collections import deque
from uuid import UUID

from catalog.services.events import Event

# Events that are not done; whoever holds so many reads no further.
IN_HAND = 1000
# Events since the first that is not done, most of them done: so many may come again after a restart.
AHEAD = 10_000

# An event and, when it is tried again from the dead letters, the id of its row there.
Queue = deque[tuple[Event, int | None]]


class InHand:
    """From one time that the group's lock was got until it is let go (`ended`).

    `read` is the last position that was read, whether its event was wanted or not, and `noted` the one remembered last.
    """

    def __init__(self, position: int) -> None:
        self.read = self.noted = position
        self.ended = asyncio.Event()
        self.letters: set[int] = set()
        self._queues: dict[UUID, Queue] = {}
        self._undone: set[int] = set()
        # In order, from the first that is not done.
        self._ahead: deque[int] = deque()

    def __len__(self) -> int:
        return len(self._undone)

    @property
    def full(self) -> bool:
        return len(self._undone) >= IN_HAND or len(self._ahead) >= AHEAD

    @property
    def position(self) -> int:
        """The last position before the first that is not done."""
        return self._ahead[0] - 1 if self._ahead else self.read

    def add(self, event: Event, letter: int | None = None) -> Queue | None:
        """Queue it behind its aggregate's others. Without others: the queue, which nobody is at work on yet."""
        if letter is None:
            self._ahead.append(event.position)
            self._undone.add(event.position)
        else:
            self.letters.add(letter)
        queue = self._queues.setdefault(event.aggregate_id, deque())
        queue.append((event, letter))
        return queue if len(queue) == 1 else None

    def done(self, queue: Queue) -> None:
        """Take the first one off. An empty queue is given up: whatever comes next gets a new one."""
        event, letter = queue.popleft()
        if not queue:
            del self._queues[event.aggregate_id]
        if letter is not None:
            self.letters.discard(letter)
            return
        self._undone.discard(event.position)
        while self._ahead and self._ahead[0] not in self._undone:
            self._ahead.popleft()
