"""`catalog COMMAND` in this very process: what it prints and its exit code, without the seconds of starting Python.

What only a process of its own can show (a kill, a signal, a pipe, a terminal) is for `tests.processes`; there, each
command is started for real by at least one test.
"""

import contextlib
import logging
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
from typer.testing import CliRunner

from catalog.settings import PREFIX, Settings, get_settings
from cli.main import app
from tests.processes import environment


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended and what it wrote, as text and as bytes."""

    returncode: int
    stdout_bytes: bytes
    stderr_bytes: bytes

    @property
    def stdout(self) -> str:
        return self.stdout_bytes.decode()

    @property
    def stderr(self) -> str:
        return self.stderr_bytes.decode()


def invoke(
    settings: Settings, *command: str, stdin: str | bytes = "", folder: Path | None = None, **variables: str
) -> Finished:
    """Run a command to its end with these settings, in `folder`; `variables` replace settings by name.

    Raises what the command did not foresee, where `catalog` itself would print a traceback.
    """
    own = {name: value for name, value in environment(settings).items() if name.startswith(PREFIX)}
    with _undisturbed(), contextlib.chdir(folder or tempfile.gettempdir()):  # away from a `.env` in the checkout
        result = CliRunner().invoke(app, command, input=stdin, env=own | _prefixed(variables), prog_name="catalog")
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Finished(result.exit_code, result.stdout_bytes, result.stderr_bytes)


def _prefixed(variables: Mapping[str, str]) -> dict[str, str]:
    return {PREFIX + name.upper(): value for name, value in variables.items()}


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """A command sets up the logs and reads the settings of its process: both are put back."""
    handlers, level, logs = logging.root.handlers, logging.root.level, structlog.get_config()
    get_settings.cache_clear()
    try:
        yield
    finally:
        get_settings.cache_clear()
        logging.root.handlers = handlers
        logging.root.setLevel(level)
        structlog.configure(**logs)
