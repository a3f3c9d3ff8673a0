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
    """The moment a process started, in a form that is never repeated; None when it has ended."""
    child = _children.get(pid)
    if child is not None and child.poll() is not None:
        del _children[pid]
        return None
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return _started_by_ps(pid)
    # The first thread of a killed Java is a zombie for a while in which the others still hold the port.
    state, threads, start = fields[0], int(fields[17]), fields[19]
    return None if state in "ZX" and threads <= 1 else f"{boot}/{start}"


def _started_by_ps(pid: int) -> str | None:
    if Path("/proc/self/stat").exists():
        return None
    answer = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None


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


def tree(pid: int) -> list[int]:
    """The process and all its descendants, parents first."""
    found = [pid]
    for known in found:
        # Children are listed by the thread that forked them, and Java does not fork in its first thread.
        for listing in Path(f"/proc/{known}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += [int(child) for child in listing.read_text().split()]
    return found


def send(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def wait_gone(pids: Sequence[int], seconds: float) -> bool:
    """True as soon as all have ended, False when the time is over."""
    deadline = time.monotonic() + seconds
    while any(started_at(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def end(record: Record, signals: Sequence[tuple[signal.Signals, float]]) -> None:
    """Ask with one signal after the other, each with its seconds of patience; SIGKILL for the whole tree is last."""
    if not record.alive:
        return
    pids = tree(record.pid)
    for number, patience in signals:
        # A paused process does not act on a signal before it is continued.
        send(pids, signal.SIGCONT)
        send([record.pid], number)
        if wait_gone(pids, patience):
            return
    send(pids, signal.SIGKILL)
    wait_gone(pids, 10)
