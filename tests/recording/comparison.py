"""Two recordings side by side."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import Any

Entry = dict[str, Any]
_LINES_AROUND = 2


@dataclass(slots=True)
class Comparison:
    """`differences` are unified diffs by request name; `allowed` those of names that may differ."""

    total: int = 0
    differences: dict[str, str] = field(default_factory=dict)
    allowed: dict[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        rest = f" ({len(self.allowed):,} more may differ)" if self.allowed else ""
        return f"{self.total:,} requests, {len(self.differences):,} differ{rest}"


def load(path: Path) -> list[Entry]:
    """The entries of a recording; raises ValueError when two have one name."""
    entries: list[Entry] = json.loads(path.read_text())["answers"]
    names = [entry["name"] for entry in entries]
    if len(set(names)) != len(names):
        raise ValueError(f"{path} has two answers of one name")
    return entries


def save(path: Path, commit: str, entries: list[Entry]) -> None:
    text = json.dumps({"commit": commit, "answers": entries}, indent=1, ensure_ascii=False) + "\n"
    # A lone surrogate, which a request may have, is written as JSON's escape.
    path.write_bytes(text.encode(errors="backslashreplace"))


def read_allowed(path: Path | None) -> set[str]:
    """Names of requests, one a line; `#` begins a remark."""
    if path is None:
        return set()
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    return {line for line in lines if line}


def compare(before: list[Entry], after: list[Entry], allowed: set[str]) -> Comparison:
    """Every request of either recording, in the order of the first; a request that only one has differs."""
    old = {entry["name"]: entry for entry in before}
    new = {entry["name"]: entry for entry in after}
    comparison = Comparison()
    for name in dict.fromkeys((*old, *new)):
        comparison.total += 1
        if difference := _difference(name, old.get(name), new.get(name)):
            (comparison.allowed if name in allowed else comparison.differences)[name] = difference
    return comparison


def _difference(name: str, before: Entry | None, after: Entry | None) -> str:
    """Empty for equal ones, in which order of keys counts."""
    lines = unified_diff(
        list(_lines(before)), list(_lines(after)), f"{name} (before)", f"{name} (after)", n=_LINES_AROUND, lineterm=""
    )
    return "\n".join(lines)


def _lines(entry: Entry | None) -> Iterator[str]:
    if entry is not None:
        yield from json.dumps(entry, indent=1, ensure_ascii=False).splitlines()
