"""Searches as parameters by name: the addresses of REST and of the shop, JSON bodies, and the filters of a credential.

Names alone are ambiguous: `attr.depth_min` is a bound of a range, or a value where an attribute is called so.
"""

import math
import re
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping
from decimal import Decimal
from typing import Any

from catalog.errors import InvalidInput
from catalog.filter_conditions import Forced
from catalog.schemas.fields import MAX_ATTRIBUTE_NAME, MAX_NUMBER, option_text
from search.checks import Checks, Mistakes
from search.input import AttributeFilter, AutocompleteInput, SearchInput
from search.request import (
    ATTRIBUTE,
    DEFAULT_PER_PAGE,
    DEFAULT_SUGGESTIONS,
    FORCED,
    PARAMETERS,
    SORTS,
)

MAX_NUMBER_LENGTH = 100

# A value of an address is text, one of a JSON body may be of another type.
Scalar = str | int | float | bool
Pairs = Iterable[tuple[str, Scalar]]

_BOUNDS = ("_min", "_max")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
# Out of every range: what is no number is refused as one that is too small.
_NO_PAGE = 0


class _Reader:
    """Takes parameters one by one; what is wrong with their spelling goes to `mistakes`."""

    def __init__(self, pairs: Pairs) -> None:
        self.mistakes = Mistakes()
        self.values: dict[str, list[Scalar]] = {}
        for name, value in pairs:
            if self.mistakes.are_sendable(name, name, value if isinstance(value, str) else ""):
                self.values.setdefault(name, []).append(value)

    def many(self, name: str) -> tuple[str, ...]:
        return tuple(map(option_text, self.values.pop(name, ())))

    def one(self, name: str) -> Scalar | None:
        values = self.values.pop(name, [])
        if len(values) > 1:
            self.mistakes.add(name, "must be given once")
        return values[0] if values else None

    def text(self, name: str) -> str | None:
        value = self.one(name)
        return None if value is None else option_text(value)

    def text_or(self, name: str, default: str) -> str:
        text = self.text(name)
        return default if text is None else text

    def whole(self, name: str, default: int) -> int:
        value = self.one(name)
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        text = option_text(value)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else _NO_PAGE

    def flag(self, name: str) -> bool:
        value = self.one(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        text = option_text(value)
        if text not in ("true", "false", "1", "0"):
            self.mistakes.add(name, "must be true or false")
        return text in ("true", "1")

    def number(self, name: str) -> float | None:
        """NaN for what is none: it is refused as a number out of its limits."""
        value = self.one(name)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        text = option_text(value).strip()
        # Decimal alone takes more: underscores, digits of other scripts, NaN and Infinity.
        if len(text) > MAX_NUMBER_LENGTH or not _NUMBER.fullmatch(text) or abs(Decimal(text)) > MAX_NUMBER:
            return math.nan
        return float(text)

    def attributes(self, names: Iterable[str]) -> tuple[AttributeFilter, ...]:
        """Filters by values."""
        return tuple(AttributeFilter(name[len(ATTRIBUTE) :], self.many(name)) for name in names)

    def ranges(self, names: Iterable[str]) -> tuple[AttributeFilter, ...]:
        """Filters by bounds, each from a parameter of its own."""
        bounds = ((name[len(ATTRIBUTE) : -len(_BOUNDS[0])], name) for name in names)
        return tuple(
            AttributeFilter(attribute, low=self.number(name))
            if name.endswith(_BOUNDS[0])
            else AttributeFilter(attribute, high=self.number(name))
            for attribute, name in bounds
        )

    @property
    def attribute_parameters(self) -> list[str]:
        """The names of parameters that are left and name an attribute, sorted."""
        return sorted(name for name in self.values if name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE))

    def end(self, known: tuple[str, ...]) -> None:
        """What nothing has read is unknown."""
        for name in self.values:
            self.mistakes.add_unknown(name, known)


def is_ambiguous(name: str) -> bool:
    """Whether a parameter is a bound of a range, or a value of an attribute whose own name ends like one."""
    return name.startswith(ATTRIBUTE) and name.endswith(_BOUNDS) and len(name) > len(ATTRIBUTE) + len(_BOUNDS[0])


def parse_search(pairs: Pairs, stored: Container[str] = ()) -> SearchInput:
    """What (name, value) pairs ask for; its mistakes are raised when it is checked.

    `stored` are attribute names of the catalogue: `attr.depth_min` is a value where an attribute has this name.
    """
    reader = _Reader(pairs)
    bounds = filter(is_ambiguous, reader.attribute_parameters)
    ranges = reader.ranges([name for name in bounds if name[len(ATTRIBUTE) :] not in stored])
    search = SearchInput(
        q=reader.text_or("q", ""),
        category=reader.text("category"),
        brands=reader.many("brand"),
        attributes=(*ranges, *reader.attributes(reader.attribute_parameters)),
        price_min=reader.text("price_min"),
        price_max=reader.text("price_max"),
        in_stock=reader.flag("in_stock"),
        on_sale=reader.flag("on_sale"),
        sort=reader.text_or("sort", SORTS[0]),
        page=reader.whole("page", 1),
        per_page=reader.whole("per_page", DEFAULT_PER_PAGE),
        facets=reader.many("facets"),
        cursor=reader.text("cursor"),
        explain=reader.flag("explain"),
        exact=reader.flag("exact"),
        mistakes=reader.mistakes,
    )
    reader.end(PARAMETERS)
    return search


async def read_search(pairs: Pairs, attribute_names: Callable[[], Awaitable[Container[str]]]) -> SearchInput:
    """The same; the names of the catalogue's attributes are read where they decide anything."""
    sent = list(pairs)
    ambiguous = any(is_ambiguous(name) for name, _ in sent)
    return parse_search(sent, await attribute_names() if ambiguous else ())


def parse_autocomplete(pairs: Pairs) -> AutocompleteInput:
    """q, limit and category of (name, value) pairs; its mistakes are raised when it is checked."""
    reader = _Reader(pairs)
    typed = AutocompleteInput(
        reader.text_or("q", ""),
        reader.whole("limit", DEFAULT_SUGGESTIONS),
        reader.text("category"),
        reader.mistakes,
    )
    reader.end(("q", "limit", "category"))
    return typed


def parse_prefix(pairs: Pairs) -> tuple[str, list[tuple[str, Scalar]]]:
    """The one `prefix` of (name, value) pairs, and the pairs that are left; raises InvalidInput."""
    sent = list(pairs)
    reader = _Reader(pair for pair in sent if pair[0] == "prefix")
    text, checks = reader.text_or("prefix", ""), Checks(reader.mistakes)
    prefix = checks.text("prefix", text)
    checks.finish()
    return prefix, [pair for pair in sent if pair[0] != "prefix"]


def parse_forced(pairs: Pairs) -> Forced:
    """Forced filters from (name, value) pairs; raises InvalidInput that names every wrong one.

    Whatever is behind `attr.` is the name of an attribute, also `depth_min`: ranges can't be forced. A flag that says
    false would filter nothing, and is set by those who mean something else.
    """
    sent = [(name, option_text(value)) for name, value in pairs]
    reader = _Reader(sent)
    path, names = reader.text("category"), reader.many("brand")
    flags = {name: reader.flag(name) for name in ("in_stock", "on_sale") if name in reader.values}
    by_value = reader.attributes(reader.attribute_parameters)
    reader.end(FORCED)
    checks = Checks(reader.mistakes)
    for name, value in sent:
        if "\x00" in name + value:
            checks.error(name[:MAX_ATTRIBUTE_NAME], "must not contain the NUL character")
    category, brands = checks.category(path), checks.values("brand", names)
    checks.reach(*flags)
    for name in (name for name, value in flags.items() if not value):
        checks.error(name, "must be true, or left out")
    attributes = tuple((item.name, checks.values(ATTRIBUTE + item.name, item.values)) for item in by_value)
    filters = len(attributes) + len(flags) + bool(brands) + (category is not None)
    checks.filters(dict(attributes), filters, len(brands) + sum(len(values) for _, values in attributes))
    checks.finish()
    return Forced(category, brands, attributes, flags.get("in_stock", False), flags.get("on_sale", False))


def pairs_of(body: Mapping[str, Any]) -> list[tuple[str, Scalar]]:
    """The (name, value) pairs of a JSON body with the same names; a list is a repeated parameter.

    Raises InvalidInput for values that are no scalars.
    """
    pairs: list[tuple[str, Scalar]] = []
    for name, sent in body.items():
        for value in sent if isinstance(sent, list) else [sent]:
            if value is None:
                continue
            if not isinstance(value, str | int | float | bool):
                raise InvalidInput.of(
                    name[:MAX_ATTRIBUTE_NAME], "must be text, a number, true, false, or a list of these"
                )
            if isinstance(value, float) and not math.isfinite(value):
                raise InvalidInput.of(name[:MAX_ATTRIBUTE_NAME], "must be a finite number")
            pairs.append((name, value))
    return pairs
