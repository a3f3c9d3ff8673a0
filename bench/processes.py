"""`catalog` commands as processes of their own, and the most memory that each process of theirs ever held."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydantic import SecretStr

from bench.errors import BenchError
from catalog.settings import PREFIX, Settings

# Short beside the life of a process, so that the last look is close to its end.
POLL_INTERVAL_SECONDS = 0.05
STOP_TIMEOUT_SECONDS = 30.0
MAX_OUTPUT_LINES = 20


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that ended well."""

    #: From start to end.
    seconds: float
    #: The largest memory of each of its processes, the largest first.
    peaks_mb: list[float]


class Peaks:
    """Watches a process and its descendants while the block runs. On Linux only: elsewhere nothing is found."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peaks: dict[int, int] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Peaks":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def megabytes(self) -> list[float]:
        return sorted((peak * 1024 / 1e6 for peak in self._peaks.values()), reverse=True)

    def _watch(self) -> None:
        while True:
            for pid in self._pids():
                # A process that ends while it is looked at keeps the peak of the look before.
                with suppress(OSError):
                    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                        if line.startswith("VmHWM:"):
                            self._peaks[pid] = int(line.split()[1])
            if self._ended.wait(POLL_INTERVAL_SECONDS):
                return

    def _pids(self) -> list[int]:
        """The process and its descendants. psutil reads every process of the machine for that, a hundred times the
        work, which would be missing in what is measured.
        """
        pids = [self._pid]
        for pid in pids:
            # Children are listed by the thread that forked them.
            for listing in Path(f"/proc/{pid}/task").glob("*/children"):
                with suppress(OSError):
                    pids += [int(child) for child in listing.read_text().split()]
        return pids


def environment(settings: Settings) -> dict[str, str]:
    """The environment that gives a child process these settings."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        if value is not None:
            variables[PREFIX + name.upper()] = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return variables


def run_command(settings: Settings, *command: str) -> Finished:
    """`catalog COMMAND` to its end. Raises BenchError, with what it said last, when it fails."""
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = _start(settings, command, output)
        with _ended_at_last(process), Peaks(process.pid) as peaks:
            code = process.wait()
            seconds = time.monotonic() - began
        if code:
            raise BenchError(f"`catalog {' '.join(command)}` ended with exit code {code}:\n{_last_lines(output)}")
    return Finished(seconds, peaks.megabytes())


@contextmanager
def running(settings: Settings, *command: str, module: str = "cli") -> Iterator[Peaks]:
    """`catalog COMMAND` (or another module's) while the block runs. Raises BenchError when it has ended by itself."""
    with tempfile.TemporaryFile() as output:
        process = _start(settings, command, output, module)
        with _ended_at_last(process), Peaks(process.pid) as peaks:
            yield peaks
            if process.poll() is not None:
                raise BenchError(
                    f"`python -m {module} {' '.join(command)}` has ended by itself:\n{_last_lines(output)}"
                )


def _start(
    settings: Settings, command: tuple[str, ...], output: IO[bytes], module: str = "cli"
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *command],
        cwd=tempfile.gettempdir(),  # away from a `.env` that may lie here
        env=environment(settings),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )


@contextmanager
def _ended_at_last(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """A Ctrl-C meant for us does not reach a session of its own, so we end it, with its children."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _last_lines(output: IO[bytes]) -> str:
    output.seek(0)
    return "\n".join(output.read().decode(errors="replace").strip().splitlines()[-MAX_OUTPUT_LINES:])
