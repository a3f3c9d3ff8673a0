"""The commands of docs/tour.md and what the page says that they print, and a shell that runs them."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TOUR = Path(__file__).parents[1] / "docs" / "tour.md"
# Begins what the shell prints before each command, and after it with the exit code.
_MARK = "\x1e"
# The page waits two seconds for the index. The shell waits until nothing is pending, and then for a refresh.
_PREAMBLE = """
sleep() {
    until [ "$(curl -s "${API%/api/v1}/health/ready" | jq .sync.pending)" = 0 ]; do command sleep 0.1; done
    command sleep 1.2
}
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the page."""

    #: What is typed after the prompt; it may have several lines.
    command: str
    #: The lines that the page shows under it.
    output: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """What a command did."""

    exit_code: int
    output: tuple[str, ...]


def steps(page: str) -> list[Step]:
    """The commands in the page's `console` blocks. A line that is indented by four goes on with its command."""
    commands: list[Step] = []
    for block in re.findall(r"^```console\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.rstrip("\n").split("\n")
            size = 1
            while size < len(lines) and lines[size].startswith("    "):
                size += 1
            commands.append(Step("\n".join(lines[:size]), tuple(lines[size:])))
    return commands


def run(page: list[Step], variables: Mapping[str, str], environment: Mapping[str, str], folder: Path) -> list[Run]:
    """Run the commands one after the other in one shell; `variables` replace what the page assigns to these names."""
    script = [_PREAMBLE]
    for step in page:
        name = step.command.partition("=")[0]
        command = f"{name}={variables[name]}" if name in variables else step.command
        script.append(f"printf '{_MARK}'\n{command}\nprintf '{_MARK}%s' $?")
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=folder,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,  # as on a terminal
        text=True,
        check=True,
        timeout=900,
    )
    parts = done.stdout.split(_MARK)[1:]
    return [
        Run(int(code), tuple(output.rstrip("\n").split("\n")) if output else ())
        for output, code in zip(parts[::2], parts[1::2], strict=True)
    ]
