"""Start, stop and look at the servers together."""

import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from stack.config import StackConfig
from stack.download import Report
from stack.elasticsearch import Elasticsearch
from stack.kafka import Kafka
from stack.postgres import Postgres
from stack.redis import Redis
from stack.server import Server, ServerStatus

# What the service needs; Kafka is started only where it is named.
NEEDED: dict[str, type[Server]] = {kind.name: kind for kind in (Postgres, Redis, Elasticsearch)}
KINDS: dict[str, type[Server]] = {**NEEDED, Kafka.name: Kafka}


@dataclass(frozen=True)
class Running:
    """The servers of one call of `start`."""

    #: All of them run.
    servers: tuple[Server, ...]
    #: Those that this call started and `stop` ends.
    started: tuple[Server, ...]

    def stop(self) -> None:
        _together(self.started, Server.stop)


def start(config: StackConfig, report: Report, names: Collection[str] = tuple(NEEDED)) -> Running:
    """Start what does not run yet, all at once, and wait until every server is ready. Raises StackError, after
    stopping what was started, with the first reason."""
    cancelled = threading.Event()
    servers = [KINDS[name](config, report, cancelled) for name in KINDS if name in names]
    with ThreadPoolExecutor(len(servers)) as pool:
        futures = {server: pool.submit(server.start) for server in servers}
        try:
            done, _ = wait(futures.values(), return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        except BaseException:
            # In the pool's threads, which a second Ctrl-C does not interrupt: nothing may be left running.
            cancelled.set()
            wait([pool.submit(_undo, server, future) for server, future in futures.items()])
            raise
    return Running(tuple(servers), tuple(server for server, future in futures.items() if future.result()))


def stop(config: StackConfig, report: Report = lambda _: None) -> list[str]:
    """End what runs; the names of the servers that did."""
    servers = [kind(config, report) for kind in NEEDED.values()]
    ended = _together(servers, Server.stop)
    return [server.name for server, was_running in zip(servers, ended, strict=True) if was_running]


def status(config: StackConfig) -> list[ServerStatus]:
    return [kind(config, lambda _: None).status() for kind in NEEDED.values()]


def _undo(server: Server, starting: Future[bool]) -> None:
    if starting.exception() is None and starting.result():
        server.stop()


def _together(servers: Sequence[Server], action: Callable[[Server], bool]) -> list[bool]:
    if not servers:
        return []
    with ThreadPoolExecutor(len(servers)) as pool:
        return list(pool.map(action, servers))
