"""Attribute values as tokens: one text for each value of any JSON type."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mappings.numbers import sortable_token
from mappings.units import UNITS

# Between the name of an attribute and its value, or its kind, in one token. No name holds a control character.
SEPARATOR = "\x1f"
# Kinds: text, number, and an option that variants differ in (which is text). MANY says of a NUMBER that it is several.
TEXT, NUMBER, OPTION, MANY = "t", "n", "o", "m"
# A longer value is searched as text but is neither a facet value nor a filter.
FACET_VALUE_LIMIT = 1000


def value_text(value: Any) -> str:
    """The text that a value is shown and filtered by: true, 12 (also for 12.0), 2.5, black."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def values_of(value: Any) -> list[Any]:
    """The values held under one name: a list is several values, null and empty text are none."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if item is not None and item != ""]


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


@lru_cache(8192)
def unit_of(name: str) -> str | None:
    """'weight_g' -> 'g': the unit that a name ends in; None for others."""
    stem, _, last = name.lower().rpartition("_")
    if not stem or last not in UNITS:
        return None
    return "inch" if last == "in" else last


@lru_cache(8192)
def words_of(name: str) -> str:
    """The words of a name without its unit: 'noise_cancelling' -> 'noise cancelling'."""
    return (name.rpartition("_")[0] if unit_of(name) else name).replace("_", " ")


@dataclass(slots=True)
class Attributes:
    """What a document says of a product's own attributes, as lists of texts."""

    #: `name, value` pairs of the values that can be facet values.
    tokens: list[str]
    #: `name, type` pairs, of each type that a value has.
    kinds: list[str]
    #: `name, number` pairs, in the order of their numbers as texts.
    numbers: list[str]
    #: What words find.
    searched: list[str]


def read_attributes(own: Mapping[str, Any], without: Collection[str] = ()) -> Attributes:
    """Every attribute that holds a value, in one pass: this is most of the work of a large catalogue's rebuild."""
    read = Attributes([], [], [], [])
    pairs, kinds, numbers, searched = read.tokens, read.kinds, read.numbers, read.searched
    for name, value in own.items():
        if name in without:
            continue
        kind = type(value)
        if kind is str:
            if value:
                if len(value) <= FACET_VALUE_LIMIT:
                    pairs.append(f"{name}{SEPARATOR}{value}")
                kinds.append(f"{name}{SEPARATOR}{TEXT}")
                searched.append(value)
        elif kind is bool:
            pairs.append(f"{name}{SEPARATOR}{'true' if value else 'false'}")
            kinds.append(f"{name}{SEPARATOR}{TEXT}")
            if value:  # "waterproof: true" is found as "waterproof"; shoppers do not search for "true"
                searched.append(words_of(name))
        elif kind is int or kind is float:
            text = value_text(value)
            pairs.append(f"{name}{SEPARATOR}{text}")
            kinds.append(f"{name}{SEPARATOR}{NUMBER}")
            numbers.append(f"{name}{SEPARATOR}{sortable_token(value)}")
            searched.append(text + (unit_of(name) or ""))
        elif texts := tokens(value):
            _read_several(read, name, texts, values_of(value))
    return read


def _read_several(read: Attributes, name: str, texts: list[str], values: Sequence[Any]) -> None:
    read.tokens += tokens_of(name, texts)
    numbers = [item for item in values if is_number(item)]
    read.numbers += [f"{name}{SEPARATOR}{sortable_token(item)}" for item in numbers]
    unit = unit_of(name) if numbers else None
    read.searched += [text + unit for text in texts] if unit else texts
    read.kinds.append(f"{name}{SEPARATOR}{NUMBER if len(numbers) == len(values) else TEXT}")
    if len(numbers) > 1:
        read.kinds.append(f"{name}{SEPARATOR}{MANY}")


def tokens_of(name: str, texts: Iterable[str]) -> list[str]:
    """`name, value` tokens of the values that can be facet values."""
    return [f"{name}{SEPARATOR}{text}" for text in texts if len(text) <= FACET_VALUE_LIMIT]
