"""The Java that Elasticsearch runs on."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from stack.errors import StackError

OLDEST = 21
# A runtime cut down with jlink lacks these, and Elasticsearch does not start on it.
NEEDED = {"jdk.attach", "jdk.jdi", "jdk.jlink"}


def find_java() -> Path:
    """The home of the newest Java that fits. Raises StackError when there is none."""
    versions = {home: _version(home) for home in _candidates()}
    home = max(versions, key=lambda candidate: versions[candidate], default=None)
    if home is None or versions[home] < OLDEST:
        raise StackError(
            f"Elasticsearch needs Java {OLDEST} or newer, as a full JDK, and none was found; install one "
            "(such as the package openjdk-21-jdk-headless) and set JAVA_HOME to it, or use Docker."
        )
    return home


def _candidates() -> Iterator[Path]:
    for variable in ("ES_JAVA_HOME", "JAVA_HOME"):
        if os.environ.get(variable):
            yield Path(os.environ[variable]).resolve()
    for home in sorted(Path("/usr/lib/jvm").glob("*")):
        if not home.is_symlink():
            yield home
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path).resolve().parents[1]


def _version(home: Path) -> int:
    """0 where there is no Java, or one without the modules that are needed."""
    try:
        answer = subprocess.run(
            [str(home / "bin" / "java"), "--list-modules"], capture_output=True, text=True, check=False
        )
    except OSError:
        return 0
    modules = dict(line.split("@", 1) for line in answer.stdout.splitlines() if "@" in line)
    if not modules.keys() >= NEEDED:
        return 0
    match = re.match(r"\d+", modules["jdk.jdi"])
    return int(match[0]) if match else 0
