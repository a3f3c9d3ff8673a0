"""The load program: a process of its own that sends ready requests over HTTP and times the answers.

The service and its reference are loaded by the same code. The answers are read whole and looked at, not parsed.
"""

import asyncio
import re
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

import aiohttp

from bench.errors import BenchError

TIMEOUT_SECONDS = 30.0
# Requests that wait at the same time; past it the server can't keep up and there is nothing to measure.
MAX_OPEN_REQUESTS = 500
MAX_ERRORS = 5
# Words of an answer that is not a whole one: Elasticsearch's and ours.
FAILURE_MARKERS = (b'"timed_out":true', b'"failures":[', b'"error":{', b'"degraded":true')
TOOK = re.compile(rb'"took(?:_ms)?":\s*([0-9.]+)')


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request."""

    method: str
    url: str
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()


# A search: its calls, one after the other.
Search = tuple[Call, ...]
T = TypeVar("T")


@dataclass(slots=True)
class Measured:
    """What the requests of one measurement came to."""

    #: From the first request to the last answer.
    seconds: float = 0.0
    #: Of the answers that were whole, in the order sent.
    milliseconds: list[float] = field(default_factory=list)
    #: What the server says of the same answers itself.
    took: list[float] = field(default_factory=list)
    #: How many others there were.
    failed: int = 0
    #: The first of the failures.
    errors: list[str] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.milliseconds) / self.seconds if self.seconds else 0.0

    def fail(self, error: str) -> None:
        self.failed += 1
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(error)


# Sends one of what is asked, timed since a moment, and says in a Measured what became of it. It does not raise.
Send = Callable[[T, float, Measured], Coroutine[Any, Any, None]]


class Load:
    """Asks the load program and waits for what it measured; see `load_program`."""

    def __init__(self, process: Connection) -> None:
        self._process = process

    def in_turn(self, streams: Sequence[Sequence[Search]], seconds: float) -> list[Measured]:
        """One client: the first search of each stream, then the second of each…; whole rounds, at least one.

        Each stream is first as often as any other, so that none finds the machine warmer.
        """
        measured: list[Measured] = self._ask("in_turn", streams, seconds)
        return measured

    def closed(self, searches: Sequence[Search], clients: int, seconds: float) -> Measured:
        """So many clients, each of which sends the next search when the one before is answered."""
        measured: Measured = self._ask("closed", searches, clients, seconds)
        return measured

    def paced(self, searches: Sequence[Search], per_second: float, seconds: float) -> Measured:
        """Searches at fixed moments, whether or not those before are answered; timed from the moment they were due."""
        measured: Measured = self._ask("paced", searches, per_second, seconds)
        return measured

    def _ask(self, *order: Any) -> Any:
        self._process.send(order)
        try:
            answer = self._process.recv()
        except EOFError:
            raise BenchError("The load program has ended by itself.") from None
        if isinstance(answer, str):
            raise BenchError(f"The load program failed: {answer}")
        return answer


@contextmanager
def load_program() -> Iterator[Load]:
    """The process while the block runs."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    there.close()
    try:
        yield Load(here)
    finally:
        process.terminate()
        process.join()
        here.close()


def _serve(orders: Connection) -> None:
    # A Ctrl-C reaches every process of the terminal; this one is ended by the one that it works for.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work: dict[str, Callable[..., Coroutine[Any, Any, Any]]] = {"in_turn": _in_turn, "closed": _closed, "paced": _paced}
    while True:
        try:
            name, *arguments = orders.recv()
        except EOFError:
            return
        try:
            orders.send(asyncio.run(_with_session(work[name], arguments)))
        except Exception as error:
            orders.send(f"{type(error).__name__}: {error}")


async def _with_session(work: Callable[..., Awaitable[Any]], arguments: Sequence[Any]) -> Any:
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
        # Elasticsearch's client asks for no compression either.
        skip_auto_headers=("Accept-Encoding", "User-Agent"),
    ) as session:
        return await work(session, *arguments)


async def _in_turn(
    session: aiohttp.ClientSession, streams: Sequence[Sequence[Search]], seconds: float
) -> list[Measured]:
    measured = [Measured() for _ in streams]
    ends = time.perf_counter() + seconds
    while True:
        for number, turn in enumerate(zip(*streams, strict=True)):
            for offset in range(len(turn)):
                stream = (number + offset) % len(turn)
                began = time.perf_counter()
                await _send(session, turn[stream], began, measured[stream])
                measured[stream].seconds += time.perf_counter() - began
        if time.perf_counter() >= ends:
            return measured


async def _closed(session: aiohttp.ClientSession, searches: Sequence[Search], clients: int, seconds: float) -> Measured:
    return await closed(partial(_send, session), searches, clients, seconds)


async def closed(send: Send[T], requests: Sequence[T], clients: int, seconds: float) -> Measured:
    """What `Load.closed` does, with anything that can be sent."""
    measured = Measured()
    began = time.perf_counter()
    place = 0

    async def client() -> None:
        nonlocal place
        while time.perf_counter() < began + seconds:
            one = requests[place % len(requests)]
            place += 1
            await send(one, time.perf_counter(), measured)

    await asyncio.gather(*(client() for _ in range(clients)))
    measured.seconds = time.perf_counter() - began
    return measured


async def _paced(
    session: aiohttp.ClientSession, searches: Sequence[Search], per_second: float, seconds: float
) -> Measured:
    return await paced(partial(_send, session), searches, per_second, seconds)


async def paced(send: Send[T], requests: Sequence[T], per_second: float, seconds: float) -> Measured:
    """What `Load.paced` does, with anything that can be sent."""
    measured = Measured()
    waiting: set[asyncio.Task[None]] = set()
    began = time.perf_counter()
    for number in range(max(1, round(seconds * per_second))):
        due = began + number / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        if len(waiting) >= MAX_OPEN_REQUESTS:
            measured.fail(f"more than {MAX_OPEN_REQUESTS} requests were waiting at {per_second:.0f} a second")
            break
        task = asyncio.create_task(send(requests[number % len(requests)], due, measured))
        waiting.add(task)
        task.add_done_callback(waiting.discard)
    await asyncio.gather(*waiting)
    measured.seconds = time.perf_counter() - began
    return measured


async def _send(session: aiohttp.ClientSession, search: Search, since: float, measured: Measured) -> None:
    bodies: list[bytes] = []
    try:
        for call in search:
            request = session.request(call.method, call.url, data=call.body, headers=call.headers)
            async with request as response:
                bodies.append(await response.read())
            if response.status != 200:
                measured.fail(f"{response.status} {call.url}: {_beginning(bodies[-1])}")
                return
    except (aiohttp.ClientError, TimeoutError) as error:
        measured.fail(f"{type(error).__name__} {error}: {search[0].url}")
        return
    milliseconds = (time.perf_counter() - since) * 1000
    for body in bodies:
        if any(word in body for word in FAILURE_MARKERS):
            measured.fail(f"not a whole answer from {search[-1].url}: {_beginning(body)}")
            return
    measured.milliseconds.append(milliseconds)
    # The first is the whole answer's: a multi-search says it for each of its parts as well.
    measured.took.append(sum(float(took[1]) for took in map(TOOK.search, bodies) if took))


def _beginning(body: bytes) -> str:
    return body[:200].decode(errors="replace")
