"""The one error of this room, and the one line of a program's output that goes into it."""

import re

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# From the most to the least telling.
CAUSE_WORDS = ("No space left", "could not", "error", "")


class StackError(Exception):
    """A server cannot be started or stopped; the message is one sentence that ends with the remedy."""


def reason(output: str) -> str:
    """Why a program failed, by its own words: the first line that tells, without a trailing full stop."""
    lines = [COLOUR.sub("", line).strip() for line in output.splitlines()]
    for word in CAUSE_WORDS:
        for line in lines:
            if word.lower() in line.lower() and line and not line.endswith(":"):
                return line[:300].rstrip(".")
    return "it gave no reason"
