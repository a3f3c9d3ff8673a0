"""What a machine without a server's program is told: one sentence with the very command of its package manager."""

import os
import stat
import sys
from pathlib import Path

import pytest

from stack import packages
from stack.download import Artifact, maven
from stack.errors import StackError
from stack.packages import MANAGERS, PACKAGES

pytestmark = pytest.mark.process

ARTIFACT = Artifact("org.example", "thing", "1", "jar", 1, "0")


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that is all of PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def program(folder: Path, name: str, script: str = "exit 0") -> None:
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys\n{script}\n" if script != "exit 0" else "#!/bin/sh\nexit 0\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize("manager", MANAGERS, ids=lambda manager: manager.program)
@pytest.mark.parametrize("what", PACKAGES)
def test_every_manager_has_a_command_for_everything(programs: Path, manager: packages.Manager, what: str) -> None:
    program(programs, manager.program)
    remedy = packages.remedy(what)
    assert packages.find_manager() == manager
    assert " ".join((manager.program, *manager.install, *PACKAGES[what][manager.program])) in remedy
    assert ("sudo" in remedy) == (manager.root and os.geteuid() != 0)


def test_the_newest_java_of_the_release_is_named(programs: Path) -> None:
    program(programs, "apt-get")
    program(programs, "apt-cache", "print('openjdk-21-jdk-headless - x\\nopenjdk-25-jdk-headless - x')")
    assert "openjdk-25-jdk-headless" in packages.remedy("Java")


def test_a_release_without_a_java_that_fits_says_so(programs: Path) -> None:
    program(programs, "apt-get")
    program(programs, "apt-cache", "print('openjdk-17-jdk-headless - x')")
    assert "apt-get" not in packages.remedy("Java")
    assert "install Java 21 or newer (such as Eclipse Temurin) by hand" in packages.remedy("Java")


def test_a_machine_without_a_known_manager_is_told_what_to_install(programs: Path) -> None:
    assert packages.remedy("Maven") == "no package manager here has it: install Maven by hand, or use Docker"


def test_without_a_terminal_nothing_is_installed(programs: Path) -> None:
    program(programs, "apt-get", f"open({str(programs / 'ran')!r}, 'w')")
    assert not packages.offer("Maven")
    assert not (programs / "ran").exists()


def test_a_missing_maven_is_one_sentence_with_the_command(programs: Path, tmp_path: Path) -> None:
    program(programs, "dnf")
    with pytest.raises(StackError, match="Maven, which is missing: install it with") as error:
        maven(ARTIFACT, "Thing", tmp_path, lambda line: None)
    assert "dnf install -y maven`, or use Docker." in str(error.value)
    assert str(error.value).count(". ") == 0


def test_an_installation_that_fails_names_its_command(programs: Path) -> None:
    program(programs, "dnf", "sys.exit(3)")
    manager = packages.find_manager()
    assert manager is not None
    with pytest.raises(StackError, match="run `dnf install -y maven` to see why"):
        packages.run(manager, "Maven")
