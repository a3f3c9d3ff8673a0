"""Processes that outlive the one that started them: how they are found again, and how they are ended.

A pid alone is not an identity, because the kernel gives it to another process later. The boot and the moment of the
start are recorded beside it, so that no signal ever reaches a process that is not ours.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from stack.account import Identity

# Children of this very process, kept so that they can be reaped; a zombie would count as alive otherwise.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Record:
    """One started server, as it is written beside its data."""

    pid: int
    started: str
    port: int
    secure: bool = False

    @property
    def alive(self) -> bool:
        return self.started == started_at(self.pid)

    def write(self, path: Path) -> None:
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(self)))
        partial.replace(path)

    @classmethod
    def read(cls, path: Path) -> "Record | None":
        """None when nothing was recorded, or when what is there cannot be read."""
        try:
            return cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return None


def started_at(pid: int) -> str | None:
    """The moment a process started, in a form that is never repeated; None when it has ended.

    On Linux it is counted in ticks since the boot, which no change of the clock moves, as it does `create_time`.
    """
    child = _children.get(pid)
    if child is not None and child.poll() is not None:
        del _children[pid]
        return None
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            # The first thread of a killed Java is a zombie for a while in which the others still hold the port.
            if process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1:
                return None
            ticks = (process.create_time() - psutil.boot_time()) * os.sysconf("SC_CLK_TCK")
        return f"{_boot()}/{round(ticks)}"
    except psutil.NoSuchProcess:
        return None


def _boot() -> str:
    with contextlib.suppress(FileNotFoundError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{psutil.boot_time():.0f}"


def spawn(
    command: Sequence[str], *, environment: Mapping[str, str], folder: Path, log: Path, identity: Identity
) -> int:
    """Start a process in a session of its own, so that a Ctrl-C meant for us does not reach it. The log before is
    kept as `.old`."""
    with contextlib.suppress(FileNotFoundError):
        log.replace(log.with_suffix(".old"))
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **identity,
        )
    _children[child.pid] = child
    return child.pid


def tree(pid: int) -> list[psutil.Process]:
    """The process and all its descendants, parents first; empty when it has ended."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def send(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def wait_gone(processes: Sequence[psutil.Process], seconds: float) -> bool:
    """True as soon as all have ended, False when the time is over.

    Not `psutil.wait_procs`: for that, a zombie that its parent does not reap, as in a container without an init, has
    not ended.
    """
    deadline = time.monotonic() + seconds
    while any(process.is_running() and started_at(process.pid) for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def end(record: Record, signals: Sequence[tuple[signal.Signals, float]]) -> None:
    """Ask with one signal after the other, each with its seconds of patience; SIGKILL for the whole tree is last."""
    if not record.alive:
        return
    processes = tree(record.pid)
    for number, patience in signals:
        # A paused process does not act on a signal before it is continued.
        send(processes, signal.SIGCONT)
        send(processes[:1], number)
        if wait_gone(processes, patience):
            return
    send(processes, signal.SIGKILL)
    wait_gone(processes, 10)
