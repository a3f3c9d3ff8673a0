"""The Java that Elasticsearch and Kafka run on."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from stack import packages
from stack.errors import StackError
from stack.packages import JAVA_OLDEST

# A runtime cut down with jlink lacks these, and Elasticsearch does not start on it.
NEEDED = {"jdk.attach", "jdk.jdi", "jdk.jlink"}


def find_java() -> Path:
    """The home of the newest Java that fits; installed first, where that is offered and agreed to.

    Raises StackError when there is none.
    """
    home = _newest() or (_newest() if packages.offer("Java") else None)
    if home is None:
        raise StackError(
            f"Elasticsearch (or Kafka) needs Java {JAVA_OLDEST} or newer, as a full JDK, and none was found: "
            f"{packages.remedy('Java')}."
        )
    return home


def _newest() -> Path | None:
    versions = {home: _version(home) for home in _candidates()}
    home = max(versions, key=lambda candidate: versions[candidate], default=None)
    return home if home is not None and versions[home] >= JAVA_OLDEST else None


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
