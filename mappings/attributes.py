"""Attribute values as tokens: one text for each value, whatever its JSON type."""

from collections.abc import Iterable, Mapping
from typing import Any


def value_text(value: Any) -> str:
    """The text that a value is shown and filtered by: true, 12 (also for 12.0), 2.5, black."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def values_of(value: Any) -> list[Any]:
    """The values held under one name: a list is several values, null and empty text are none."""
    held = value if isinstance(value, list) else [value]
    return [item for item in held if item is not None and item != ""]


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def tokens(value: Any) -> list[str]:
    """The texts of the values held under one name; repeated ones appear once."""
    if type(value) is str:
        return [value] if value else []
    if isinstance(value, list):
        return list(dict.fromkeys(map(value_text, values_of(value))))
    return [] if value is None else [value_text(value)]


def merged(parts: Iterable[Mapping[str, list[str]]]) -> dict[str, list[str]]:
    """The union of several {name: [text, ...]}, in first-seen order."""
    union: dict[str, dict[str, None]] = {}
    for part in parts:
        for name, held in part.items():
            union.setdefault(name, {}).update(dict.fromkeys(held))
    return {name: list(held) for name, held in union.items()}
