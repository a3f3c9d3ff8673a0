"""The position that is remembered, and the queues of aggregates."""

import random
from datetime import UTC, datetime
from uuid import UUID, uuid4

from catalog.services.events import Event
from workers.in_flight import InFlight, Queue


def event(position: int, aggregate: UUID) -> Event:
    return Event(uuid4(), position, "ProductDeleted", aggregate, datetime.now(UTC), {}, 1)


def test_the_position_is_the_last_before_the_first_that_is_not_done() -> None:
    in_flight = InFlight(10)
    queues = {position: in_flight.add(event(position, uuid4())) for position in (12, 13, 15)}
    in_flight.read = 16
    positions = [in_flight.position]
    for position in (13, 12, 15):
        queue = queues[position]
        assert queue is not None
        in_flight.done(queue)
        positions.append(in_flight.position)
    assert positions == [11, 11, 14, 16]
    assert not in_flight


def test_an_aggregate_has_one_queue_at_a_time_in_order() -> None:
    chosen, aggregates = random.Random(1), [uuid4() for _ in range(5)]
    in_flight, at_work, seen = InFlight(0), list[Queue](), list[Event]()
    for position in range(1, 500):
        queue = in_flight.add(event(position, chosen.choice(aggregates)))
        if queue is not None:
            at_work.append(queue)
        assert len({queue[0][0].aggregate_id for queue in at_work}) == len(at_work)
        if chosen.random() < 0.9:
            queue = chosen.choice(at_work)
            seen.append(queue[0][0])
            in_flight.done(queue)
            at_work = [queue for queue in at_work if queue]
    for aggregate in aggregates:
        positions = [each.position for each in seen if each.aggregate_id == aggregate]
        assert positions == sorted(positions)


def test_a_dead_letter_waits_for_its_aggregate_and_moves_no_position() -> None:
    in_flight, aggregate = InFlight(4), uuid4()
    queue = in_flight.add(event(5, aggregate))
    assert queue is not None
    assert in_flight.add(event(2, aggregate), dead_letter_id=7) is None
    in_flight.read = 5
    assert (in_flight.dead_letter_ids, len(in_flight), in_flight.position) == ({7}, 1, 4)
    in_flight.done(queue)
    assert (in_flight.dead_letter_ids, len(in_flight), in_flight.position) == ({7}, 0, 5)
    in_flight.done(queue)
    assert (in_flight.dead_letter_ids, len(in_flight), in_flight.position) == (set(), 0, 5)
