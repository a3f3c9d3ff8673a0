"""What a lane tells of its time, and the order of its files: the longest first, so that none is left over."""

import json
import time
from pathlib import Path

import pytest

# Seconds of each file when it was last recorded, by `python -m tests.lanes --record`.
SECONDS = Path(__file__).with_name("seconds.json")
SLOWEST = 10


class Timing:
    """Collects the seconds of each test, set-up and teardown included, and prints them when the run is over."""

    def __init__(self, lane: str, *, record: bool) -> None:
        self._lane = lane
        self._record = record
        self._started = time.monotonic()
        self._seconds: dict[str, float] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        recorded = _recorded()
        items.sort(key=lambda item: -recorded.get(_file(item.nodeid), 0))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0) + report.duration

    def close(self) -> None:
        """Print the lane's wall time and its slowest tests."""
        if self._record:
            _write(self._seconds)
        if not self._lane or not self._seconds:
            return
        wall = time.monotonic() - self._started
        print(f"\nLane {self._lane}: {len(self._seconds)} tests in {wall:.0f} s; the slowest:")
        slowest = sorted(self._seconds.items(), key=lambda item: -item[1])[:SLOWEST]
        for test, seconds in slowest:
            print(f"{seconds:8.2f} s  {test}")


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def _recorded() -> dict[str, float]:
    recorded: dict[str, float] = json.loads(SECONDS.read_text())
    return recorded


def _write(seconds: dict[str, float]) -> None:
    files: dict[str, float] = {}
    for test, spent in seconds.items():
        files[_file(test)] = files.get(_file(test), 0) + spent
    recorded = _recorded() | {file: round(spent, 1) for file, spent in files.items()}
    SECONDS.write_text(json.dumps(dict(sorted(recorded.items())), indent=0) + "\n")
