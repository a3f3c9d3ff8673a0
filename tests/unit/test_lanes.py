"""Each test is in exactly one lane, and a unit test has no way to a server."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lanes import LANES, MARKS, SHARED_SERVER
from tests.lanes.scheduling import Scheduling
from tests.lanes.timing import Timing

TESTS = Path(__file__).parents[1]
FOLDERS = sorted({path.parent.name for path in TESTS.glob("*/test_*.py")})


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_test_is_in_one_lane_whatever_its_marks(folder: str) -> None:
    for chosen in itertools.product((False, True), repeat=len(MARKS)):
        marks = {mark for mark, given in zip(MARKS, chosen, strict=True) if given}
        if (folder == "unit" and marks) or (folder == "state_machine" and not marks & {"process", "drill"}):
            continue
        if folder in ("browser", "conformance") and "process" in marks:
            continue
        lanes = [lane.name for lane in LANES.values() if not lane.secure and lane.holds(folder, marks)]
        assert len(lanes) == 1, (marks, lanes)


def test_marks_are_used_only_where_a_lane_takes_them() -> None:
    """The cases that the test above leaves out."""
    for path in TESTS.glob("*/test_*.py"):
        text = path.read_text()
        used = {mark for mark in MARKS if f"pytest.mark.{mark}" in text}
        if path.parent.name == "unit" and path != Path(__file__):
            assert used == set(), path
        if path.parent.name == "state_machine":
            assert "process" in used, path
        if path.parent.name in ("browser", "conformance"):
            assert "process" not in used, path


def test_the_secured_lane_runs_a_part_again() -> None:
    secured = LANES["secured"]
    assert secured.holds("e2e", {"secured"})
    assert secured.holds("integration", {"secured", "process"})
    assert not secured.holds("e2e", set())
    assert not secured.holds("integration", {"secured", "drill"})


def test_files_that_share_a_server_are_there_and_stay_together() -> None:
    assert all((TESTS.parent / file).is_file() for file in SHARED_SERVER)
    scopes = {Scheduling._split_scope(object.__new__(Scheduling), f"{file}::test_it") for file in SHARED_SERVER}
    assert scopes == {SHARED_SERVER[0]}


def test_a_test_that_is_no_test_of_processes_can_not_start_one() -> None:
    with pytest.raises(RuntimeError, match="mark it `process`"):
        subprocess.run([sys.executable, "-c", ""], check=False)


@pytest.mark.parametrize("name", ["settings", "db", "es", "index", "stocked"])
def test_no_fixture_leads_to_a_server(name: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises((pytest.FixtureLookupError, pytest.fail.Exception)):
        request.getfixturevalue(name)


def test_a_lane_prints_its_slowest_tests_last(capsys: pytest.CaptureFixture[str]) -> None:
    timing = Timing("example", record=False)
    for number in range(12):
        for when in ("setup", "call"):
            report = pytest.TestReport(
                f"a::test_{number}",
                ("a", 1, "test"),
                {},
                "passed",
                None,
                when,
                duration=float(number),
            )
            timing.pytest_runtest_logreport(report)
    timing.close()
    first, *slowest = capsys.readouterr().out.strip().splitlines()
    assert first.startswith("Lane example: 12 tests in ")
    assert slowest[0].split() == ["22.00", "s", "a::test_11"]
    assert len(slowest) == 10
