"""InstantSearch's filters as they are sent -> clauses that must all hold, each a choice of terms. Pure.

`facetFilters` and `numericFilters` are lists: what they hold must hold together, a list within a list is a choice.
`filters` says the same in words: `a:1 AND (b:2 OR NOT c:3)`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from catalog.errors import InvalidInput

# No filter of an honest page is longer, and more conditions would be refused as parameters.
MAX_TEXT = 20_000

_WORD = re.compile(r"""\s*(?:([()])|((?:[^\s()"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')+))""")
_QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")


@dataclass(frozen=True, slots=True)
class Sent:
    """One condition as it was written. `negated`: it must not hold."""

    text: str
    negated: bool = False


def listed(parameter: str, sent: Any, by: str | None) -> list[list[Sent]]:
    """The clauses of what is sent as text, as a list, or as a list of lists; `by` separates them in plain text.

    Raises InvalidInput.
    """
    if isinstance(sent, str):
        sent = _parsed(parameter, sent) if sent.lstrip().startswith("[") else sent.split(by) if by else [sent]
        sent = [part for part in sent if part != ""]
    if sent is None:
        return []
    if not isinstance(sent, list):
        raise InvalidInput.of(parameter, "must be a list")
    clauses = [part if isinstance(part, list) else [part] for part in sent]
    if not all(isinstance(text, str) for parts in clauses for text in parts):
        raise InvalidInput.of(parameter, "must hold texts, or lists of texts")
    return [[Sent(text) for text in parts] for parts in clauses if parts]


def written(sent: Any) -> list[list[Sent]]:
    """The clauses of `filters`. Raises InvalidInput, also where brackets would be needed to tell what is meant."""
    if sent is None or sent == "":
        return []
    if not isinstance(sent, str) or len(sent) > MAX_TEXT:
        raise InvalidInput.of("filters", f"must be text with at most {MAX_TEXT} characters")
    words = list(_words(sent))
    # Nothing but choices needs no brackets.
    if "(" not in words and "OR" in words and "AND" not in words:
        words = ["(", *words, ")"]
    return _clauses(words)


def unquoted(text: str) -> str:
    """brand:"A B" -> brand:A B."""
    return _QUOTED.sub(lambda match: re.sub(r"\\(.)", r"\1", match[0][1:-1]), text)


def _clauses(words: Iterable[str]) -> list[list[Sent]]:
    clauses: list[list[Sent]] = []
    inside, joined, negated = False, "AND", False
    parts: list[str] = []

    def close() -> None:
        nonlocal negated
        if not parts:
            raise _unclear()
        term = Sent(" ".join(parts), negated)
        if joined == "AND":
            clauses.append([term])
        else:
            clauses[-1].append(term)
        parts.clear()
        negated = False

    for word in words:
        if word in ("(", ")"):
            # What is in brackets is a clause: nothing stands before it but AND, and nothing is left open.
            if (word == "(") == inside or (word == "(" and (parts or negated or joined == "OR")):
                raise _unclear()
            inside = word == "("
        elif word in ("AND", "OR"):
            # Beside AND, a choice without brackets would be read one way here and another way elsewhere.
            if (word == "OR") != inside:
                raise _unclear()
            close()
            joined = word
        elif word == "NOT" and not parts:
            if negated:
                raise _unclear()
            negated = True
        else:
            parts.append(word)
    close()
    if inside:
        raise _unclear()
    return clauses


def _words(text: str) -> Iterable[str]:
    place = 0
    text = text.rstrip()
    while place < len(text):
        match = _WORD.match(text, place)
        if match is None:
            raise _unclear()
        yield match[1] or match[2]
        place = match.end()


def _parsed(parameter: str, text: str) -> Any:
    if len(text) > MAX_TEXT:
        raise InvalidInput.of(parameter, f"must have at most {MAX_TEXT} characters")
    try:
        return orjson.loads(text)
    except ValueError:
        raise InvalidInput.of(parameter, "is not valid JSON") from None


def _unclear() -> InvalidInput:
    return InvalidInput.of(
        "filters", "must be like 'brand:\"A B\" AND (attr.color:red OR NOT attr.color:blue) AND price >= 10'"
    )
