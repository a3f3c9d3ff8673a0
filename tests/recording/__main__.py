"""`python -m tests.recording record` and `compare`."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from tests.recording.comparison import compare, load, read_allowed, save
from tests.recording.recorder import record
from tests.recording.servers import servers
from tests.recording.service import commit_of


def main() -> int:
    """The exit code: 1 when recordings differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.recording", description="Answers of two commits, compared.")
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record", help="run the service of a checkout and record its answers")
    recording.add_argument("--checkout", type=Path, required=True, help="with its environment in .venv")
    recording.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    recording.add_argument("--only", default="", help="send those requests alone whose name contains this")
    comparing = commands.add_parser("compare", help="print how two recordings differ")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    comparing.add_argument("--allow", type=Path, help="names of requests that may differ, one a line")
    arguments = parser.parse_args()
    if arguments.command == "compare":
        return _compare(arguments.before, arguments.after, arguments.allow)
    # Children end with the recorder also when it is ended from outside.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    checkout = arguments.checkout.resolve()
    with servers() as addresses:
        entries = asyncio.run(record(checkout, addresses, arguments.only))
    save(arguments.out, commit_of(checkout), entries)
    print(f"{len(entries):,} answers in {arguments.out}")
    return 0


def _compare(before: Path, after: Path, allow: Path | None) -> int:
    comparison = compare(load(before), load(after), read_allowed(allow))
    for difference in comparison.differences.values():
        print(difference)
    print(comparison.summary)
    return 1 if comparison.differences else 0


if __name__ == "__main__":
    sys.exit(main())
