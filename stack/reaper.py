"""`python -m stack.reaper HOME PARENT`: ends the servers of a test run when the run itself was killed.

A process of its own that watches its parent, because nothing inside a process that gets SIGKILL can clean up, and
the kernel's death signal is tied to the thread that forked and is cleared when the child changes its account.
"""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

from stack.process import Record, end

# SIGQUIT is Postgres's immediate shutdown, which frees its shared memory; the others have nothing to tidy.
END_NOW = {"postgres": ((signal.SIGQUIT, 5.0),)}


def end_all(home: Path) -> None:
    """End every server recorded below `home` at once and delete the folder."""
    for path in home.glob("*.json"):
        record = Record.read(path)
        if record is not None:
            end(record, END_NOW.get(path.stem, ()))
    shutil.rmtree(home, ignore_errors=True)


def main() -> None:
    home, parent = Path(sys.argv[1]), int(sys.argv[2])
    while os.getppid() == parent:
        time.sleep(0.2)
    end_all(home)


if __name__ == "__main__":
    main()
