"""`python -m tests.lanes NAME…`: runs lanes one after the other with as few starts of servers as possible.

Exit code 1 when a test of any lane fails. With `--coverage` the covered lanes are measured, and too little fails too.
"""

import argparse
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import ExitStack

from tests.addresses import servers
from tests.lanes import LANES, Lane


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.lanes")
    parser.add_argument("lanes", nargs="+", choices=list(LANES), metavar="LANE", help=", ".join(LANES))
    parser.add_argument("-n", "--workers", type=int, default=2, help="processes that run tests (2)")
    parser.add_argument("--coverage", action="store_true", help="measure branches in the covered lanes")
    parser.add_argument(
        "--record", action="store_true", help="note the seconds of each file, by which they are ordered"
    )
    options, further = parser.parse_known_args()
    # Ended by a signal, the lane that is running is ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if options.coverage:
        subprocess.run([sys.executable, "-m", "coverage", "erase"], check=True)
    lines, failed = [], False
    with ExitStack() as running:
        for lane in [LANES[name] for name in options.lanes]:
            started = time.monotonic()
            if lane.secure:
                running.close()
            if lane.name != "unit":
                running.enter_context(servers(secure=lane.secure))
            code = subprocess.run(_command(lane, options, further), check=False).returncode
            lines.append(f"{lane.name:12} {time.monotonic() - started:6.0f} s" + (" FAILED" if code else ""))
            failed = failed or code != 0
    if options.coverage:
        failed = subprocess.run([sys.executable, "-m", "coverage", "report"], check=False).returncode != 0 or failed
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    print("\nSeconds of each lane, with the start of its servers:", *lines, sep="\n")
    print(f"processor time of all, servers included: {spent.ru_utime + spent.ru_stime:.0f} s", flush=True)
    return int(failed)


def _command(lane: Lane, options: argparse.Namespace, further: list[str]) -> list[str]:
    command = [sys.executable, "-m", "pytest", *(f"tests/{folder}" for folder in lane.folders)]
    command += ["--lane", lane.name, "-n", str(options.workers), "--dist", "loadfile", "--no-loadscope-reorder"]
    if lane.markers:
        command += ["-m", lane.markers]
    if options.record:
        command += ["--record"]
    if options.coverage and lane.covered:
        command += ["--cov", "--cov-append", "--cov-report=", "--cov-fail-under=0"]
    return command + further


if __name__ == "__main__":
    sys.exit(main())
