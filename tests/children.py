"""Processes that tests start: only by tests of the lanes for it, and none outlives the run, however that ends."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stack.ephemeral import guarded_folder
from stack.process import Record, started_at

# The folder in which children are recorded; in the environment, so that processes of pytest-xdist inherit it.
FOLDER = "TEST_CHILDREN"
# The test that is running and may not start any; none between tests.
refused: list[str] = []


@contextmanager
def guarded() -> Iterator[None]:
    """End recorded children with the block, and also when this process is killed."""
    with guarded_folder() as folder:
        os.environ[FOLDER] = str(folder)
        try:
            yield
        finally:
            del os.environ[FOLDER]


def watch() -> None:
    """From now on each child of this process is recorded, and one that a test may not start is an error."""
    start = subprocess.Popen.__init__

    def checked(self: Any, *arguments: Any, **options: Any) -> None:
        if refused:
            raise RuntimeError(f"{refused[0]} starts a process: mark it `process`, or run the command in this one")
        start(self, *arguments, **options)
        _record(self.pid)

    subprocess.Popen.__init__ = checked  # type: ignore[method-assign]


def _record(pid: int) -> None:
    if FOLDER not in os.environ:
        return
    started = started_at(pid)
    if started is not None:
        Record(pid, started, 0).write(Path(os.environ[FOLDER], f"{pid}.json"))
