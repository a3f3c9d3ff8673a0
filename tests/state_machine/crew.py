"""The worker and the pump as processes of their own, to be killed and frozen."""

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from catalog.settings import Settings
from tests.processes import environment

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("worker", "pump")

Process = subprocess.Popen[bytes]


class Crew:
    """Runs `worker` and `pump` until `stop`; their output goes to a file for each in `folder`."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings.model_copy(update={"log_level": "INFO"})
        self.folder = folder
        self._running: dict[str, Process] = {}
        self._doomed: Process | None = None

    def start(self) -> None:
        """Start whoever does not run; neither is waited for."""
        for name in NAMES:
            if name not in self._running or self._running[name].poll() is not None:
                self._running[name] = self._spawn(self.settings, name)

    def kill(self, name: str) -> None:
        """SIGKILL for the process and its children, and a new one in its place."""
        end(self._running.pop(name))
        self.start()

    def freeze(self) -> None:
        """SIGSTOP: to everybody else the worker is as good as dead, but it will go on where it was."""
        os.killpg(self._running["worker"].pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.killpg(self._running["worker"].pid, signal.SIGCONT)

    def doomed(self, point: str, *command: str) -> Process:
        """`catalog COMMAND` that is killed at a failpoint."""
        self._doomed = self._spawn(self.settings.model_copy(update={"failpoint": point}), *command)
        return self._doomed

    def _spawn(self, settings: Settings, *command: str) -> Process:
        with (self.folder / f"{command[0]}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.state_machine.child", *command],
                cwd=tempfile.gettempdir(),  # away from a `.env` in the checkout
                env=environment(settings) | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self) -> None:
        if self._doomed and self._doomed.poll() is None:
            end(self._doomed)
        while self._running:
            end(self._running.popitem()[1])

    def said(self, lines: int = 15) -> str:
        """The last lines of every log."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(
            f"{path.name}:\n" + "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) for path in logs
        )


def end(process: Process, patience: float = 0.0) -> int:
    """Wait for a process as long as `patience` says, then SIGKILL for all of its session; its return code."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(patience)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()
