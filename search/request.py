"""What a search asks for: typed and frozen, parsed from parameters with errors that name them."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from catalog.errors import FieldError, InvalidInput
from catalog.schemas.fields import MAX_ATTRIBUTE_NAME, option_text, parse_money

MAX_QUERY = 200
MAX_PER_PAGE = 100
MAX_WINDOW = 10_000
MAX_FILTER_VALUES = 200
MAX_VALUE_LENGTH = 1000
MAX_FACETS = 30
SORTS = ("relevance", "price_asc", "price_desc", "newest", "popularity", "name")
ATTRIBUTE = "attr."
FIXED_FACETS = ("category", "brand", "price", "in_stock", "on_sale")
PARAMETERS = (
    "q", "category", "brand", "attr.NAME", "attr.NAME_min", "attr.NAME_max", "price_min", "price_max",
    "in_stock", "on_sale", "sort", "page", "per_page", "facets",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Range:
    """Closed interval; None is open. Cents for the price, the attribute's own unit otherwise."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """`attributes` and `ranges` are sorted by name, so that equal searches are equal objects."""

    q: str = ""
    category: str | None = None
    brands: tuple[str, ...] = ()
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    ranges: tuple[tuple[str, Range], ...] = ()
    price: Range | None = None
    in_stock: bool = False
    on_sale: bool = False
    sort: str = "relevance"
    page: int = 1
    per_page: int = 20
    facets: tuple[str, ...] | None = None

    @property
    def auto_facets(self) -> bool:
        return self.facets is None


class _Reader:
    """Takes parameters one by one and collects what is wrong, so that one answer names every mistake."""

    def __init__(self, items: Iterable[tuple[str, str]]) -> None:
        self.values: dict[str, list[str]] = {}
        self.errors: list[FieldError] = []
        for name, value in items:
            self.values.setdefault(name, []).append(value)

    def error(self, name: str, message: str) -> None:
        self.errors.append(FieldError(name, message))

    def many(self, name: str) -> tuple[str, ...]:
        values = dict.fromkeys(clean(value) for value in self.values.pop(name, []))
        for value in values:
            if not value or len(value) > MAX_VALUE_LENGTH:
                self.error(name, f"each value must have 1 to {MAX_VALUE_LENGTH} characters")
        return tuple(values)

    def one(self, name: str) -> str | None:
        values = self.values.pop(name, [])
        if len(values) > 1:
            self.error(name, "must be given once")
        return values[0] if values else None

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        text = self.one(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
            self.error(name, f"must be a whole number from {low} to {high}")
            return default
        return int(text)

    def flag(self, name: str) -> bool:
        text = self.one(name)
        if text not in (None, "true", "false", "1", "0"):
            self.error(name, "must be true or false")
        return text in ("true", "1")

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        text = self.one(name)
        if text is not None and text not in choices:
            self.error(name, f"must be one of {', '.join(choices)}")
            return choices[0]
        return text or choices[0]

    def cents(self, name: str) -> int | None:
        text = self.one(name)
        if text is None:
            return None
        try:
            return int(parse_money(text) * 100)
        except ValueError as error:
            self.error(name, str(error))
            return None

    def number(self, name: str) -> float | None:
        text = self.one(name)
        if text is None:
            return None
        try:
            number = Decimal(text.strip())
        except ArithmeticError:
            number = Decimal("NaN")
        if not number.is_finite() or abs(number) > 10**15:
            self.error(name, "must be a number")
            return None
        return float(number)

    def range(self, name: str, low: float | None, high: float | None) -> Range | None:
        if low is not None and high is not None and low > high:
            self.error(f"{name}_min", f"must not be greater than {name}_max")
        return None if low is None and high is None else Range(low, high)


def clean(text: str) -> str:
    """Text with control characters as spaces and single spaces between words, in NFKC."""
    kept = "".join(" " if unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") else char for char in text)
    return " ".join(unicodedata.normalize("NFKC", kept).split())


def parse_request(items: Iterable[tuple[str, str]]) -> SearchRequest:
    """A request from (name, value) pairs; raises InvalidInput that names every wrong parameter."""
    reader = _Reader(items)
    q = reader.one("q") or ""
    if len(q) > MAX_QUERY:
        reader.error("q", f"must have at most {MAX_QUERY} characters")
        q = ""
    page = reader.integer("page", 1, 1, MAX_WINDOW)
    per_page = reader.integer("per_page", 20, 1, MAX_PER_PAGE)
    if page * per_page > MAX_WINDOW:
        reader.error("page", f"page × per_page must be at most {MAX_WINDOW}; narrow the search with filters")
    category = reader.one("category")
    if category is not None and not (category := clean(category)):
        reader.error("category", "must be a category's path or id")
    brands = reader.many("brand")
    price = reader.range("price", reader.cents("price_min"), reader.cents("price_max"))
    in_stock, on_sale = reader.flag("in_stock"), reader.flag("on_sale")
    sort = reader.choice("sort", SORTS)
    facets = _facets(reader)
    ranges = _ranges(reader)
    attributes = tuple((name[len(ATTRIBUTE) :], reader.many(name)) for name in _attribute_parameters(reader))
    for name in (*dict(attributes), *dict(ranges)):
        if len(name) > MAX_ATTRIBUTE_NAME:
            reader.error(ATTRIBUTE + name[:MAX_ATTRIBUTE_NAME], f"must have at most {MAX_ATTRIBUTE_NAME} characters")
    if len(brands) + sum(len(values) for _, values in attributes) + len(ranges) > MAX_FILTER_VALUES:
        reader.error("attr", f"at most {MAX_FILTER_VALUES} filter values are allowed")
    for name in reader.values:
        reader.error(name[:MAX_ATTRIBUTE_NAME], f"unknown parameter; known are {', '.join(PARAMETERS)}")
    if reader.errors:
        first = reader.errors[0]
        raise InvalidInput(f"{first.field}: {first.message}", tuple(reader.errors[:20]))
    return SearchRequest(
        clean(q), category, brands, attributes, ranges, price, in_stock, on_sale, sort, page, per_page, facets
    )


def parameters_of(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The (name, value) pairs of a JSON body with the same names; a list is a repeated parameter."""
    items: list[tuple[str, str]] = []
    for name, value in body.items():
        for held in value if isinstance(value, list) else [value]:
            if held is None:
                continue
            if not isinstance(held, str | int | float | bool):
                raise InvalidInput.of(name, "must be text, a number, true, false, or a list of these")
            items.append((name, option_text(held)))
    return items


def _facets(reader: _Reader) -> tuple[str, ...] | None:
    """None for auto, empty for none, otherwise names (repeated or separated by commas)."""
    names = tuple(dict.fromkeys(part.strip() for text in reader.many("facets") for part in text.split(",")))
    if not names or names == ("auto",):
        return None
    if names == ("none",):
        return ()
    for name in names:
        if name not in FIXED_FACETS and not (name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE)):
            reader.error("facets", f"{name[:50]!r} is not auto, none, {', '.join(FIXED_FACETS)} or attr.NAME")
    if len(names) > MAX_FACETS:
        reader.error("facets", f"at most {MAX_FACETS} names are allowed")
    return names


def _attribute_parameters(reader: _Reader) -> list[str]:
    return sorted(name for name in reader.values if name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE))


def _ranges(reader: _Reader) -> tuple[tuple[str, Range], ...]:
    found = {
        name[len(ATTRIBUTE) : -4]
        for name in _attribute_parameters(reader)
        if name.endswith(("_min", "_max")) and len(name) > len(ATTRIBUTE) + 4
    }
    ranges = []
    for name in sorted(found):
        parameter = ATTRIBUTE + name
        limits = reader.range(parameter, reader.number(f"{parameter}_min"), reader.number(f"{parameter}_max"))
        if limits is not None:
            ranges.append((name, limits))
    return tuple(ranges)
