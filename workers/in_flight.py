"""What a subscriber has read and not done, by aggregate, and the position before which everything is done.

Nothing here waits or asks a server: workers/consumers.py reads, handles, and remembers the position.
"""

import asyncio
from collections import deque
from uuid import UUID

from catalog.services.events import Event

# Events that are not done: with so many, no more are read.
MAX_IN_FLIGHT = 1000
# Events since the first that is not done, most of them done: so many may come again after a restart.
MAX_LEAD = 10_000

# An event and, when it is tried again from the dead letters, the id of its row there.
Queue = deque[tuple[Event, int | None]]


class InFlight:
    """The events between reading and done, from one time that the group's lock was got until it is released."""

    def __init__(self, position: int) -> None:
        #: The last position that was read, whether its event is of a type that the group takes or not.
        self.read = position
        #: The position remembered last.
        self.noted = position
        #: Set when the lock is released.
        self.ended = asyncio.Event()
        #: The rows of those that are tried again from the dead letters.
        self.dead_letter_ids: set[int] = set()
        self._queues: dict[UUID, Queue] = {}
        self._undone: set[int] = set()
        # In order, from the first that is not done.
        self._lead: deque[int] = deque()

    def __len__(self) -> int:
        return len(self._undone)

    @property
    def full(self) -> bool:
        return len(self._undone) >= MAX_IN_FLIGHT or len(self._lead) >= MAX_LEAD

    @property
    def position(self) -> int:
        """The last position before the first that is not done."""
        return self._lead[0] - 1 if self._lead else self.read

    def add(self, event: Event, dead_letter_id: int | None = None) -> Queue | None:
        """Queue it behind its aggregate's others. Without others: the queue, which no task works on yet."""
        if dead_letter_id is None:
            self._lead.append(event.position)
            self._undone.add(event.position)
        else:
            self.dead_letter_ids.add(dead_letter_id)
        queue = self._queues.setdefault(event.aggregate_id, deque())
        queue.append((event, dead_letter_id))
        return queue if len(queue) == 1 else None

    def done(self, queue: Queue) -> None:
        """Take the first one off. An empty queue is given up: the aggregate's next event gets a new one."""
        event, dead_letter_id = queue.popleft()
        if not queue:
            del self._queues[event.aggregate_id]
        if dead_letter_id is not None:
            self.dead_letter_ids.discard(dead_letter_id)
            return
        self._undone.discard(event.position)
        while self._lead and self._lead[0] not in self._undone:
            self._lead.popleft()
