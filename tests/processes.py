"""Real workers, pumps and schedulers as processes of their own, stopped at the end of the block."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
from pydantic import SecretStr

from catalog.connections import connect
from catalog.settings import PREFIX, Settings

SESSIONS_SINCE = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_start >= %s
      AND application_name LIKE 'catalog-%%' AND application_name <> 'catalog-api'
"""


def environment(settings: Settings) -> dict[str, str]:
    """The environment that gives a child process these settings."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        if value is not None:
            given[PREFIX + name.upper()] = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return given


def run(settings: Settings, *command: str) -> subprocess.CompletedProcess[str]:
    """`catalog COMMAND` with these settings, to its end. If it was killed, also to the end of its sessions in Postgres:
    until the server has seen that they are gone, they hold their locks."""
    begun = datetime.now(UTC)
    done = subprocess.run(
        [sys.executable, "-m", "cli", *command],
        cwd=tempfile.gettempdir(),  # away from a `.env` in the checkout
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode < 0:
        with connect(settings, "test", autocommit=True) as connection:
            wait_until(lambda: connection.execute(SESSIONS_SINCE, (begun,)).fetchone() == (0,))
    return done


@contextmanager
def running(settings: Settings, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """`catalog COMMAND` with these settings; ended with its children when the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", *command],
        cwd=tempfile.gettempdir(),  # away from a `.env` in the checkout
        env=environment(settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def is_up(address: str) -> bool:
    """Whether a `catalog serve` answers at 'http://127.0.0.1:8000'."""
    try:
        return httpx.get(f"{address}/health/live").is_success
    except httpx.TransportError:
        return False


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> float:
    """Wait for `condition`; the seconds it took. Fails when it does not come true in time."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() < started + seconds, "the condition did not come true in time"
        time.sleep(0.05)
    return time.monotonic() - started
