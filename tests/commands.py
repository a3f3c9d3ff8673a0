"""`catalog COMMAND` in this very process: what it prints and its exit code, without the seconds of starting Python.

What only a process of its own can show (a kill, a signal, a pipe, a terminal) is for `tests.processes`; there, each
command is started for real by at least one test.
"""

import contextlib
import io
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from typer.main import get_command

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
    out, err = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO())
    with _undisturbed(), _reading(stdin), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        os.environ.update(own | _prefixed(variables))
        with contextlib.chdir(folder or tempfile.gettempdir()):  # away from a `.env` in the checkout
            code = _exit_code(command)
    out.flush()
    err.flush()
    return Finished(code, out.buffer.getvalue(), err.buffer.getvalue())


def _exit_code(command: Sequence[str]) -> int:
    try:
        get_command(app).main(command, prog_name="catalog")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    raise AssertionError("a command ends with its exit code")


@contextlib.contextmanager
def _reading(content: str | bytes) -> Iterator[None]:
    """Standard input from a file, because a command may read it by its number."""
    before = sys.stdin
    with tempfile.TemporaryFile() as given, io.TextIOWrapper(given) as text:
        given.write(content.encode() if isinstance(content, str) else content)
        given.seek(0)
        sys.stdin = text
        try:
            yield
        finally:
            sys.stdin = before


def _prefixed(variables: Mapping[str, str]) -> dict[str, str]:
    return {PREFIX + name.upper(): value for name, value in variables.items()}


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """A command sets up the logs and reads the settings and the environment of its process: all are put back."""
    handlers, level, logs = logging.root.handlers, logging.root.level, structlog.get_config()
    variables = dict(os.environ)
    get_settings.cache_clear()
    try:
        yield
    finally:
        get_settings.cache_clear()
        os.environ.clear()
        os.environ.update(variables)
        logging.root.handlers = handlers
        logging.root.setLevel(level)
        structlog.configure(**logs)
