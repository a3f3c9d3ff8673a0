"""Attribute values as tokens: one text for each value, whatever its JSON type."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
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
    kind = type(value)
    if kind is str:
        return [value] if value else []
    if kind is list:
        return list(dict.fromkeys(map(value_text, values_of(value))))
    return [] if value is None else [value_text(value)]


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a document says of a product's own attributes, by name where it is a dict.

    `textual` are the names under which a value is not a number: one such value makes the name a text attribute.
    """

    texts: dict[str, list[str]]
    numbers: list[dict[str, Any]]
    textual: set[str]


def read_attributes(own: Mapping[str, Any], without: Collection[str] = ()) -> Attributes:
    """Every attribute that holds a value, in one pass: this is most of the work of a large catalogue's rebuild."""
    texts: dict[str, list[str]] = {}
    numbers: list[dict[str, Any]] = []
    textual: set[str] = set()
    for name, value in own.items():
        if name in without:
            continue
        if not (held := tokens(value)):
            continue
        texts[name] = held
        if type(value) is str:
            textual.add(name)
            continue
        values = values_of(value)
        found = [{"name": name, "value": item} for item in values if is_number(item)]
        numbers += found
        if len(found) < len(values):
            textual.add(name)
    return Attributes(texts, numbers, textual)
