"""What the servers have in common: start once, find again, wait until ready, end."""

import contextlib
import shutil
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

import psutil

from stack.account import private_folder, server_account, shared_folder
from stack.cache import locked
from stack.config import Endpoint, StackConfig, endpoint
from stack.download import Report
from stack.errors import StackError
from stack.ports import require_free
from stack.process import Record, end, send, spawn, started_at, tree

State = Literal["running", "not answering", "crashed", "stopped"]


@dataclass(frozen=True)
class ServerStatus:
    """One server as it is now."""

    name: str
    state: State
    url: str
    #: None when it does not run, or was not started here.
    pid: int | None
    #: The file of its output.
    log: Path


@dataclass(frozen=True)
class Command:
    """What to run."""

    #: The program first.
    arguments: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)


class Server(ABC):
    """One server of a stack; its data stay below `config.home` when it is stopped or killed."""

    name: ClassVar[str]
    title: ClassVar[str]
    setting: ClassVar[str]
    default_port: ClassVar[int]
    ready_within: ClassVar[float]
    stop_signals: ClassVar[Sequence[tuple[signal.Signals, float]]]

    def __init__(self, config: StackConfig, report: Report, cancelled: threading.Event | None = None) -> None:
        self.config = config
        self.report = report
        self.endpoint: Endpoint = endpoint(self.url, self.default_port)
        self.folder = config.home / self.name
        self.log = config.home / f"{self.name}.log"
        self._record_file = config.home / f"{self.name}.json"
        self._cancelled = cancelled or threading.Event()

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def prepare(self) -> Command:
        """Find or download the server and make its data folder; called only when it is about to start."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether a client can work with it now."""

    @abstractmethod
    def finish(self) -> None:
        """What remains to be done when it answers; called also when it was found running."""

    @property
    def secured(self) -> bool:
        """Whether clients have to log in."""
        return False

    @property
    def pid(self) -> int | None:
        """The server's own process, None while it is not running."""
        record = self._running()
        return record.pid if record else None

    def start(self) -> bool:
        """Start it and wait until it answers; False when it was running already. Raises StackError."""
        shared_folder(self.config.home)
        with locked(self.config.home / f"{self.name}.lock"):
            running = self._running()
            if running is None:
                self._launch()
            else:
                self._check_same(running)
            try:
                self._wait_until_ready()
                self.finish()
            except BaseException:
                if running is None:
                    self.stop()
                raise
        if running is None:
            self.report(f"{self.title} is ready on port {self.endpoint.port}")
        return running is None

    def stop(self) -> bool:
        """End it in an orderly way; False when it was not running."""
        return self._end(self.stop_signals)

    def kill(self) -> bool:
        """SIGKILL for the server and every process of it, as a power cut would."""
        return self._end(())

    def pause(self) -> None:
        """SIGSTOP: its connections stay open and nothing answers."""
        send(self._processes(), signal.SIGSTOP)

    def resume(self) -> None:
        send(self._processes(), signal.SIGCONT)

    def status(self) -> ServerStatus:
        record = self._running()
        state: State = "stopped"
        if record is not None:
            state = "running" if self.answers() else "not answering"
        elif self._record_file.exists():
            state = "crashed"
        return ServerStatus(self.name, state, self.url, record.pid if record else None, self.log)

    def _running(self) -> Record | None:
        record = Record.read(self._record_file)
        return record if record is not None and record.alive else None

    def _processes(self) -> list[psutil.Process]:
        record = self._running()
        return tree(record.pid) if record else []

    def _check_same(self, running: Record) -> None:
        if (running.port, running.secure) != (self.endpoint.port, self.secured):
            raise StackError(
                f"{self.title} runs already with other options (port {running.port}, "
                f"security {'on' if running.secure else 'off'}); run `catalog down` first."
            )

    def _launch(self) -> None:
        self._record_file.unlink(missing_ok=True)
        require_free(self.endpoint.port, self.title, self.setting)
        try:
            command = self.prepare()
            # What is left of a crash is a lock file that names a dead process; the record above says that it is dead.
            pid = spawn(
                command.arguments,
                environment=command.environment,
                folder=private_folder(self.folder),
                log=self.log,
                identity=server_account().identity,
            )
        except OSError as error:
            raise StackError(
                f"{self.title} cannot be started ({error}); check the disk and the rights of {self.config.home}."
            ) from None
        Record(pid, started_at(pid) or "", self.endpoint.port, self.secured).write(self._record_file)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self.ready_within
        while not self.answers():
            if self._cancelled.is_set():
                raise StackError(f"The start of {self.title} was cancelled.")
            if self._running() is None:
                raise StackError(f"{self.title} ended while it was starting; its log {self.log} says:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise StackError(
                    f"{self.title} did not answer within {self.ready_within:.0f} s; "
                    f"its log {self.log} says:\n{self.tail()}"
                )
            time.sleep(0.05)

    def _end(self, signals: Sequence[tuple[signal.Signals, float]]) -> bool:
        record = self._running()
        if record is not None:
            end(record, signals)
        self._record_file.unlink(missing_ok=True)
        return record is not None

    def tail(self, lines: int = 15) -> str:
        """The last lines of its log."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return "(no log)"

    def delete(self) -> None:
        """Remove its data; it must be stopped."""
        shutil.rmtree(self.folder, ignore_errors=True)
