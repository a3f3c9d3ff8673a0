"""What a test has started ends with the test run, also when that is killed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stack.process import started_at

pytestmark = pytest.mark.process

CHECKOUT = Path(__file__).parents[2]
# As pytest does it: the controlling process guards; another process, which inherits the folder, starts a child.
RUN = """
import subprocess, sys
from tests import children
children.watch()
with children.guarded():
    subprocess.run([sys.executable, "-c", sys.argv[1]])
"""
WORKER = """
import os, subprocess, sys, time
from tests import children
children.watch()
forks = "import subprocess, time; print(subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", forks], stdout=subprocess.PIPE, text=True, start_new_session=True)
print(os.getpid(), child.pid, child.stdout.readline(), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_children_of_a_killed_test_run_end_with_their_own_children(number: signal.Signals) -> None:
    command = [sys.executable, "-c", RUN, WORKER]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        pids = [int(pid) for pid in run.stdout.readline().split()]
        assert len(pids) == 3
        assert all(started_at(pid) for pid in pids)
        run.send_signal(number)
        assert run.wait(10) == -number
        deadline = time.monotonic() + 15
        while any(started_at(pid) for pid in pids):
            assert time.monotonic() < deadline, "children outlived the run that started them"
            time.sleep(0.05)
