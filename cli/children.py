"""The processes of the demonstration: started beside each other, watched, ended together."""

import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from stack import StackError
from stack.process import Record, end, spawn, started_at

CATALOG = [sys.executable, "-m", "cli"]
# A worker finishes the tasks it has begun before it ends.
PATIENCE = ((signal.SIGTERM, 20.0),)


@dataclass(frozen=True)
class Child:
    name: str
    record: Record
    log: Path


class Children:
    """`catalog` commands that run until they are stopped; each writes its own log below `home`."""

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        self._home = home
        self._environment = environment
        self._children: list[Child] = []

    def start(self, name: str) -> None:
        log = self._home / f"demo-{name}.log"
        pid = spawn([*CATALOG, name], environment=self._environment, folder=Path.cwd(), log=log, identity={})
        self._children.append(Child(name, Record(pid, started_at(pid) or "", 0), log))

    def check(self) -> None:
        """Raises StackError, with the end of its log, when one has ended by itself."""
        for child in self._children:
            if not child.record.alive:
                lines = child.log.read_text(errors="replace").splitlines()[-20:]
                raise StackError(f"`catalog {child.name}` has ended; its log {child.log} says:\n" + "\n".join(lines))

    def stop(self) -> None:
        if self._children:
            with ThreadPoolExecutor(len(self._children)) as pool:
                list(pool.map(lambda child: end(child.record, PATIENCE), self._children))

    def run(self, *arguments: str, stdin: str | None = None) -> None:
        """One command to its end. Raises StackError with what it said when it fails."""
        answer = subprocess.run(
            [*CATALOG, *arguments], env=self._environment, input=stdin, capture_output=True, text=True, check=False
        )
        self._expect(answer.returncode, arguments, answer.stderr or answer.stdout)

    def pipe(self, producer: list[str], consumer: list[str]) -> None:
        """`producer | consumer`, both to their ends."""
        with subprocess.Popen([*CATALOG, *producer], env=self._environment, stdout=subprocess.PIPE) as source:
            sink = subprocess.run(
                [*CATALOG, *consumer],
                env=self._environment,
                stdin=source.stdout,
                capture_output=True,
                text=True,
                check=False,
            )
        self._expect(sink.returncode, consumer, sink.stderr or sink.stdout)
        self._expect(source.returncode, producer, "")

    @staticmethod
    def _expect(code: int, arguments: tuple[str, ...] | list[str], output: str) -> None:
        if code != 0:
            end_of_it = "\n".join(output.strip().splitlines()[-20:])
            raise StackError(f"`catalog {' '.join(arguments)}` failed with exit code {code}:\n{end_of_it}")
