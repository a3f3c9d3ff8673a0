"""Processes that are found again and ended: which of them live, and that no signal reaches another one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from stack.process import Record, end, send, spawn, started_at, tree, wait_gone

pytestmark = pytest.mark.process

SLEEPER = "import time; time.sleep(600)"
# A shell between them, and the pids of all three, parents first.
FAMILY = """
import os, subprocess, sys, time
if len(sys.argv) < 3:
    child = subprocess.Popen([sys.executable, __file__, sys.argv[1], "x"])
else:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open(sys.argv[1], "a") as pids:
    print(child.pid, file=pids, flush=True)
time.sleep(600)
"""
# Does not wait for its child.
CARELESS = """
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", "pass"]).pid, flush=True)
time.sleep(600)
"""
# The first thread ends, another one lives on.
LEADERLESS = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
print(flush=True)
ctypes.CDLL(None).pthread_exit(None)
"""


@contextmanager
def python(code: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def until_it_is(status: str, pid: int) -> None:
    deadline = time.monotonic() + 10
    while psutil.Process(pid).status() != status:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_start_is_the_same_whenever_it_is_asked_for() -> None:
    with python(SLEEPER) as process:
        started = started_at(process.pid)
        assert started is not None
        assert started == started_at(process.pid)
        assert started != started_at(os.getpid())
    assert started_at(process.pid) is None


def test_on_linux_a_start_is_the_boot_and_the_tick() -> None:
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert started_at(os.getpid()) == f"{boot}/{fields[19]}"


def test_a_record_of_another_boot_or_of_an_earlier_process_is_not_alive() -> None:
    with python(SLEEPER) as process:
        started = started_at(process.pid) or ""
        assert Record(process.pid, started, 1).alive
        boot, tick = started.split("/")
        for other in (f"another/{tick}", f"{boot}/{int(tick) - 1}", ""):
            record = Record(process.pid, other, 1)
            assert not record.alive
            end(record, ((signal.SIGTERM, 1.0),))
        assert process.poll() is None


def test_a_zombie_has_ended_though_its_parent_does_not_reap_it() -> None:
    with python(CARELESS) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        until_it_is(psutil.STATUS_ZOMBIE, pid)
        assert started_at(pid) is None
        assert wait_gone([psutil.Process(pid)], 0)


def test_a_process_lives_as_long_as_one_of_its_threads() -> None:
    with python(LEADERLESS) as process:
        assert process.stdout is not None
        process.stdout.readline()
        until_it_is(psutil.STATUS_ZOMBIE, process.pid)
        assert started_at(process.pid) is not None
        assert not wait_gone([psutil.Process(process.pid)], 0)


def test_a_tree_has_the_descendants_after_their_parents_and_ends_as_a_whole(tmp_path: Path) -> None:
    script, listing = tmp_path / "family.py", tmp_path / "pids"
    script.write_text(FAMILY)
    root = spawn(
        [sys.executable, str(script), str(listing)],
        environment=dict(os.environ),
        folder=tmp_path,
        log=tmp_path / "log",
        identity={},
    )
    record = Record(root, started_at(root) or "", 1)
    deadline = time.monotonic() + 20
    while not listing.exists() or len(listing.read_text().split()) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    processes = tree(root)
    assert [process.pid for process in processes][:1] == [root]
    assert {process.pid for process in processes} == {root, *map(int, listing.read_text().split())}
    assert [process.ppid() for process in processes[1:]] == [process.pid for process in processes[:-1]]
    end(record, ())
    assert not record.alive
    assert wait_gone(processes, 0)
    assert tree(root) == []
    send(processes, signal.SIGTERM)  # to none of them


def test_a_paused_process_acts_on_the_signal_that_ends_it(tmp_path: Path) -> None:
    pid = spawn(
        [sys.executable, "-c", SLEEPER],
        environment=dict(os.environ),
        folder=tmp_path,
        log=tmp_path / "log",
        identity={},
    )
    record = Record(pid, started_at(pid) or "", 1)
    send(tree(pid), signal.SIGSTOP)
    until_it_is(psutil.STATUS_STOPPED, pid)
    begun = time.monotonic()
    end(record, ((signal.SIGTERM, 20.0),))
    assert not record.alive
    assert time.monotonic() - begun < 10
