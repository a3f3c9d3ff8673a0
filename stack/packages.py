"""What is missing on this machine, and the command of its package manager that installs it.

Where that command can be run (as root, at a terminal) it is offered; everywhere else it is named.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass

from stack.errors import StackError


@dataclass(frozen=True, slots=True)
class Manager:
    """A package manager."""

    #: The program that is looked for on PATH.
    program: str
    #: Its arguments that install packages and ask nothing.
    install: tuple[str, ...]
    #: Its arguments that bring its lists up to date; none where `install` does so itself.
    update: tuple[str, ...] = ()
    #: Whether only root may install with it.
    root: bool = True


MANAGERS = (
    Manager("apt-get", ("install", "-y", "--no-install-recommends"), update=("update",)),
    Manager("dnf", ("install", "-y")),
    Manager("zypper", ("--non-interactive", "install")),
    Manager("apk", ("add",)),
    Manager("pacman", ("-S", "--noconfirm")),
    Manager("brew", ("install",), root=False),
)

#: Packages by what they bring and by the manager that knows them so.
PACKAGES: dict[str, dict[str, tuple[str, ...]]] = {
    "Java": {
        "apt-get": ("openjdk-21-jdk-headless",),
        "dnf": ("java-21-openjdk-devel",),
        "zypper": ("java-21-openjdk-devel",),
        "apk": ("openjdk21-jdk",),
        "pacman": ("jdk21-openjdk",),
        "brew": ("openjdk@21",),
    },
    "Maven": dict.fromkeys(("apt-get", "dnf", "zypper", "apk", "pacman", "brew"), ("maven",)),
    "Postgres": {
        "apt-get": ("postgresql",),
        "dnf": ("postgresql-server", "postgresql-contrib"),
        "zypper": ("postgresql-server", "postgresql-contrib"),
        "apk": ("postgresql17", "postgresql17-contrib"),
        "pacman": ("postgresql",),
        "brew": ("postgresql@17",),
    },
    "Redis": {
        "apt-get": ("redis-server",),
        "dnf": ("valkey",),
        "zypper": ("redis",),
        "apk": ("redis",),
        "pacman": ("valkey",),
        "brew": ("redis",),
    },
}
#: The oldest Java that Elasticsearch starts on.
JAVA_OLDEST = 21
_JAVA_PACKAGE = re.compile(r"^openjdk-(\d+)-jdk-headless\b", re.MULTILINE)


def find_manager() -> Manager | None:
    """The package manager of this machine; None where it has none that is known here."""
    return next((manager for manager in MANAGERS if shutil.which(manager.program)), None)


def commands(manager: Manager, what: str) -> list[list[str]]:
    """The commands, in order, that install `what` ("Java", "Maven", "Postgres", "Redis"); none where it has no package.

    A release of Debian or Ubuntu has one or two versions of Java only: the newest is taken where it fits.
    """
    packages = PACKAGES[what].get(manager.program, ())
    if what == "Java" and manager.program == "apt-get" and (known := _java_versions()):
        packages = (f"openjdk-{max(known)}-jdk-headless",) if max(known) >= JAVA_OLDEST else ()
    if not packages:
        return []
    install = [manager.program, *manager.install, *packages]
    return [[manager.program, *manager.update], install] if manager.update else [install]


def remedy(what: str) -> str:
    """The end of a sentence that says that `what` is missing: the very command that installs it."""
    manager = find_manager()
    install = commands(manager, what) if manager else []
    if manager is None or not install:
        known = f"{what} {JAVA_OLDEST} or newer (such as Eclipse Temurin)" if what == "Java" else what
        return f"no package manager here has it: install {known} by hand, or use Docker"
    line = " && ".join(map(shlex.join, install))
    if manager.root and os.geteuid() != 0:
        line = f"sudo sh -c {shlex.quote(line)}" if manager.update else f"sudo {line}"
    return f"install it with `{line}`, or use Docker"


def offer(what: str) -> bool:
    """Install `what` where that is possible at once and the person at the terminal says yes; whether it was done.

    Raises StackError when the installation fails.
    """
    manager = find_manager()
    install = commands(manager, what) if manager else []
    if manager is None or not install or (manager.root and os.geteuid() != 0) or not sys.stdin.isatty():
        return False
    line = " && ".join(map(shlex.join, install))
    sys.stderr.write(f"{what} is missing. Install it now with `{line}`? [Y/n] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("", "y", "yes"):
        return False
    run(manager, what)
    return True


def run(manager: Manager, what: str) -> None:
    """Install `what`. Raises StackError with the command that failed."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in commands(manager, what):
        finished = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if finished.returncode:
            raise StackError(f"{what} could not be installed; run `{shlex.join(command)}` to see why.")


def _java_versions() -> list[int]:
    """The versions of Java among the packages of apt; none before its lists were loaded."""
    search = ["apt-cache", "search", "--names-only", "^openjdk-[0-9]+-jdk-headless$"]
    try:
        listing = subprocess.run(search, capture_output=True, text=True, check=False).stdout
    except OSError:
        return []
    return [int(version) for version in _JAVA_PACKAGE.findall(listing)]
