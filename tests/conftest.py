"""Starts real servers in the controlling process, unless nothing but unit tests is run, and tells the lane's time.

The fixtures that use the servers are in `tests.servers`: unit tests do not even know them.
"""

import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from catalog.settings import Settings
from tests import children
from tests.addresses import servers
from tests.lanes.timing import Timing

TESTS = Path(__file__).parent
# Tests of these folders may start processes without saying so: a shop, or a whole crew.
OF_PROCESSES = ("browser", "state_machine")
_running = ExitStack()
_timing: Timing


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--lane", default="", help="the name under which the run reports its time, see docs/testing.md")
    parser.addoption("--record", action="store_true", help="note the seconds of each file in tests/lanes/seconds.json")
    parser.addoption("--secure", action="store_true", help="start Elasticsearch with security on")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the servers in the controlling process, before xdist starts its workers: they inherit the addresses.

    With `TEST_POSTGRES_URL` and its sisters set, servers that are already running are used instead.
    """
    # A `.env` in this checkout is for running the service, not for its tests.
    Settings.model_config["env_file"] = None
    for name in [name for name in os.environ if name.startswith("CATALOG_")]:
        del os.environ[name]
    # Tests start many commands, and each would compile all that it imports.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # A shell has what it starts in the background ignore Ctrl-C, and so would all commands that a test interrupts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    global _timing
    _timing = Timing(config.option.lane, record=config.option.record)
    config.pluginmanager.register(_timing, "timing of the lane")
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        _running.enter_context(children.guarded())
    children.watch()
    if _only_unit_tests(config):
        return
    config.pluginmanager.import_plugin("tests.servers")
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        _running.enter_context(servers(secure=config.option.secure))


def pytest_unconfigure(config: pytest.Config) -> None:
    _running.close()
    if not hasattr(config, "workerinput"):
        _timing.close()


def _only_unit_tests(config: pytest.Config) -> bool:
    return bool(config.args) and all(_folder(Path(argument.partition("::")[0])) == "unit" for argument in config.args)


def _folder(path: Path) -> str:
    """The folder of `tests/` that holds a file."""
    path = path.resolve()
    return path.relative_to(TESTS).parts[0] if path.is_relative_to(TESTS) and path != TESTS else ""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    if config.option.dist != "loadfile":
        return None
    from tests.lanes.scheduling import Scheduling

    return Scheduling(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    marked = any(item.get_closest_marker(name) for name in ("process", "drill"))
    if not marked and _folder(item.path) not in OF_PROCESSES:
        children.refused[:] = [item.nodeid]


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    children.refused.clear()
