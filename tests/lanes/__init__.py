"""The lanes that the tests run in: which tests are in which, how they are run, what is told of their time.

Every test is in exactly one lane. `secured` is another run of some of them, against an Elasticsearch with security on.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lane:
    """`folders` are below `tests/`; `markers` selects among their tests, as `pytest -m` does; empty means all.

    `covered` lanes are those that the coverage of branches is measured in.
    """

    name: str
    folders: tuple[str, ...]
    markers: str = ""
    secure: bool = False
    covered: bool = False

    def holds(self, folder: str, marks: set[str]) -> bool:
        """Whether a test of this folder with these marks of ours is in the lane."""
        known = {mark: mark in marks for mark in MARKS}
        return folder in self.folders and bool(eval(self.markers or "True", {}, known))


MARKS = ("process", "drill", "secured")
IN_PROCESS = ("e2e", "integration")
LANES = {
    lane.name: lane
    for lane in (
        Lane("unit", ("unit",), covered=True),
        Lane("in-process", IN_PROCESS, "not process and not drill", covered=True),
        Lane("conformance", ("conformance",)),
        Lane("browser", ("browser",), "not drill"),
        Lane("process", (*IN_PROCESS, "state_machine"), "process and not drill"),
        Lane("drill", (*IN_PROCESS, "browser", "state_machine"), "drill"),
        Lane("secured", (*IN_PROCESS, "conformance"), "secured and not drill", secure=True),
    )
}
# These share one Elasticsearch of their own, which they stop and block, so one worker runs them all.
SHARED_SERVER = (
    "tests/integration/test_outage.py",
    "tests/integration/test_degraded_outage.py",
    "tests/integration/test_pressure.py",
    "tests/integration/test_grpc_deadlines.py",
)
