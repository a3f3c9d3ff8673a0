"""What a search asks for: typed and frozen, parsed from parameters with errors that name them."""

import math
import re
import unicodedata
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from catalog.errors import FieldError, InvalidInput
from catalog.filter_conditions import NOTHING_FORCED, Forced
from catalog.schemas.fields import MAX_ATTRIBUTE_NAME, MAX_NUMBER, option_text, parse_money

MAX_QUERY = 200
MAX_PER_PAGE = 100
MAX_WINDOW = 10_000
MAX_CATEGORY = 2600
MAX_FILTERS = 20
MAX_FILTER_VALUES = 200
MAX_VALUE_LENGTH = 1000
MAX_NUMBER_LENGTH = 100
MAX_FACETS = 30
SORTS = ("relevance", "price_asc", "price_desc", "newest", "popularity", "name")
ATTRIBUTE = "attr."
FIXED_FACETS = ("category", "brand", "price", "in_stock", "on_sale")
PARAMETERS = (
    "q", "category", "brand", "attr.NAME", "attr.NAME_min", "attr.NAME_max", "price_min", "price_max",
    "in_stock", "on_sale", "sort", "page", "per_page", "cursor", "facets", "explain", "exact",
)  # fmt: skip
# What a credential can force on its principal.
FORCED = ("category", "brand", "attr.NAME", "in_stock", "on_sale")
# A point in time names every shard of an index.
MAX_CURSOR = 16_000
MAX_SUGGESTIONS = 20
MAX_ERRORS = 20

_BOUNDS = ("_min", "_max")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Range:
    """Closed interval; None is open. Cents for the price, the attribute's own unit otherwise."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Either:
    """A choice between filters that need not be of one facet. Of each request only the filters count: one of `held`
    holds for the product, or one of `without` does not."""

    held: tuple["SearchRequest", ...] = ()
    without: tuple["SearchRequest", ...] = ()


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """`attributes` and `ranges` are sorted by name, so that equal searches are equal objects.

    `exact`: the words as they are typed, none corrected and none left out. `narrow`: a facet's own selection holds for
    its counts, too, and an attribute may be there several times: then each of its choices must hold. Each of `either`
    must hold besides. `forced` are filters of the principal that asks: they hold for all that it is shown, and unlike
    the shopper's filters also for what decides how.
    """

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
    cursor: str | None = None
    explain: bool = False
    exact: bool = False
    narrow: bool = False
    either: tuple[Either, ...] = ()
    language: str = "en"
    forced: Forced = NOTHING_FORCED

    @property
    def auto_facets(self) -> bool:
        return self.facets is None


class _Reader:
    """Takes parameters one by one and collects what is wrong, so that one answer names every mistake."""

    def __init__(self, items: Iterable[tuple[str, str]]) -> None:
        self.values: dict[str, list[str]] = {}
        self.errors: list[FieldError] = []
        for name, value in items:
            if _sendable(name) and _sendable(value):
                self.values.setdefault(name, []).append(value)
            else:
                self.error(name[:MAX_ATTRIBUTE_NAME], "must be valid Unicode text (it holds a lone surrogate)")

    def error(self, name: str, message: str) -> None:
        self.errors.append(FieldError(name, message))

    def many(self, name: str) -> tuple[str, ...]:
        """Values as the catalogue stores them: any other change would lose the clicks on what it changes."""
        sent = self.values.pop(name, [])
        if len(sent) > MAX_FILTER_VALUES:
            self.error(name, f"at most {MAX_FILTER_VALUES} values are allowed")
            return ()
        if any(len(value) > MAX_VALUE_LENGTH for value in sent):
            self.error(name, f"each value must have 1 to {MAX_VALUE_LENGTH} characters")
            return ()
        values = tuple(dict.fromkeys(unicodedata.normalize("NFC", value).strip() for value in sent))
        if not all(values):
            self.error(name, f"each value must have 1 to {MAX_VALUE_LENGTH} characters")
        return values

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
        text = text.strip()
        # Decimal alone takes more: underscores, digits of other scripts, NaN and Infinity.
        if len(text) > MAX_NUMBER_LENGTH or not _NUMBER.fullmatch(text) or abs(Decimal(text)) > MAX_NUMBER:
            self.error(name, f"must be a number within ±{MAX_NUMBER}")
            return None
        return float(text)

    def text(self, name: str) -> str:
        """Free text, cleaned; its length is held before, for the work, and after, because NFC can lengthen it."""
        text = self.one(name) or ""
        cleaned = clean(text) if len(text) <= MAX_QUERY else text
        if len(cleaned) > MAX_QUERY:
            self.error(name, f"must have at most {MAX_QUERY} characters")
            return ""
        return cleaned

    def category(self, *, blank: bool = False) -> str | None:
        """`blank` where a form may send its field with nothing chosen in it."""
        text = self.one("category")
        if text is None:
            return None
        if len(text) > MAX_CATEGORY:
            self.error("category", f"must have at most {MAX_CATEGORY} characters")
            return None
        category = clean(text)
        if not category and not blank:
            self.error("category", "must be a category's path or id")
        return category or None

    def cursor(self, page: int) -> str | None:
        text = self.one("cursor")
        if text is not None and len(text) > MAX_CURSOR:
            self.error("cursor", f"must have at most {MAX_CURSOR} characters")
            return None
        if text is not None and page != 1:
            self.error("cursor", "cannot be given together with page: it says itself where to go on")
        return text or None

    def range(self, name: str, low: float | None, high: float | None) -> Range | None:
        if low is not None and high is not None and low > high:
            self.error(f"{name}_min", f"must not be greater than {name}_max")
        return None if low is None and high is None else Range(low, high)

    def finish(self, known: tuple[str, ...]) -> None:
        """Raises InvalidInput for what was wrong, and for parameters that nothing has read."""
        for name in self.values:
            self.error(name[:MAX_ATTRIBUTE_NAME], f"unknown parameter; known are {', '.join(known)}")
        if self.errors:
            first = self.errors[0]
            raise InvalidInput(f"{first.field}: {first.message}", tuple(self.errors[:MAX_ERRORS]))


def clean(text: str) -> str:
    """Text with control characters as spaces and single spaces between words, in NFC."""
    kept = "".join(" " if unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") else char for char in text)
    return " ".join(unicodedata.normalize("NFC", kept).split())


def may_be_stored(name: str) -> bool:
    """Whether a parameter is a bound of a range, or a value of an attribute whose own name ends like one."""
    return name.startswith(ATTRIBUTE) and name.endswith(_BOUNDS) and len(name) > len(ATTRIBUTE) + len(_BOUNDS[0])


def parse_request(items: Iterable[tuple[str, str]], stored: Container[str] = ()) -> SearchRequest:
    """A request from (name, value) pairs; raises InvalidInput that names every wrong parameter.

    `stored` are attribute names of the catalogue: `attr.depth_min` is a value where an attribute has this name.
    """
    reader = _Reader(items)
    q = reader.text("q")
    page = reader.integer("page", 1, 1, MAX_WINDOW)
    per_page = reader.integer("per_page", 20, 1, MAX_PER_PAGE)
    if page * per_page > MAX_WINDOW:
        reader.error("page", f"page × per_page must be at most {MAX_WINDOW}; go on with cursor, or narrow the search")
    cursor = reader.cursor(page)
    category = reader.category()
    brands = reader.many("brand")
    price = reader.range("price", reader.cents("price_min"), reader.cents("price_max"))
    in_stock, on_sale = reader.flag("in_stock"), reader.flag("on_sale")
    explain, exact = reader.flag("explain"), reader.flag("exact")
    sort = reader.choice("sort", SORTS)
    facets = _facets(reader)
    ranges = _ranges(reader, stored)
    attributes = tuple((name[len(ATTRIBUTE) :], reader.many(name)) for name in _attribute_parameters(reader))
    for name in (*dict(attributes), *dict(ranges)):
        if len(name) > MAX_ATTRIBUTE_NAME:
            reader.error(ATTRIBUTE + name[:MAX_ATTRIBUTE_NAME], f"must have at most {MAX_ATTRIBUTE_NAME} characters")
    if len(brands) + sum(len(values) for _, values in attributes) + len(ranges) > MAX_FILTER_VALUES:
        reader.error("attr", f"at most {MAX_FILTER_VALUES} filter values are allowed")
    names = {ATTRIBUTE + name for name in (*dict(attributes), *dict(ranges))}
    fixed = (category is not None, bool(brands), price is not None, in_stock, on_sale)
    if len(names) + sum(fixed) > MAX_FILTERS:
        reader.error("attr", f"at most {MAX_FILTERS} different filters are allowed")
    reader.finish(PARAMETERS)
    return SearchRequest(
        q, category, brands, attributes, ranges, price, in_stock, on_sale, sort, page, per_page, facets, cursor,
        explain, exact,
    )  # fmt: skip


def parse_forced(items: Iterable[tuple[str, str]]) -> Forced:
    """Forced filters from (name, value) pairs; raises InvalidInput that names every wrong one.

    Whatever is behind `attr.` is the name of an attribute, also `depth_min`: ranges can't be forced. A flag that says
    false would filter nothing, and whoever sets it means something else.
    """
    sent = list(items)
    reader = _Reader(sent)
    for name, value in sent:
        if "\x00" in name + value:
            reader.error(name[:MAX_ATTRIBUTE_NAME], "must not contain the NUL character")
    category = reader.category()
    brands = reader.many("brand")
    flags = {name: reader.flag(name) for name in ("in_stock", "on_sale") if name in reader.values}
    for name in (name for name, value in flags.items() if not value):
        reader.error(name, "must be true, or left out")
    attributes = tuple((name[len(ATTRIBUTE) :], reader.many(name)) for name in _attribute_parameters(reader))
    for name, _ in attributes:
        if len(name) > MAX_ATTRIBUTE_NAME:
            reader.error(ATTRIBUTE + name[:MAX_ATTRIBUTE_NAME], f"must have at most {MAX_ATTRIBUTE_NAME} characters")
    if len(brands) + sum(len(values) for _, values in attributes) > MAX_FILTER_VALUES:
        reader.error("attr", f"at most {MAX_FILTER_VALUES} filter values are allowed")
    if len(attributes) + len(flags) + bool(brands) + (category is not None) > MAX_FILTERS:
        reader.error("attr", f"at most {MAX_FILTERS} different filters are allowed")
    reader.finish(FORCED)
    return Forced(category, brands, attributes, flags.get("in_stock", False), flags.get("on_sale", False))


def parse_autocomplete(items: Iterable[tuple[str, str]]) -> tuple[str, int, str | None]:
    """q, limit and category from (name, value) pairs; raises InvalidInput that names every wrong parameter."""
    reader = _Reader(items)
    q = reader.text("q")
    limit = reader.integer("limit", 8, 1, MAX_SUGGESTIONS)
    category = reader.category(blank=True)
    reader.finish(("q", "limit", "category"))
    return q, limit, category


def parse_prefix(items: Iterable[tuple[str, str]]) -> tuple[str, list[tuple[str, str]]]:
    """The one `prefix` of (name, value) pairs, and the pairs that are left; raises InvalidInput."""
    left = list(items)
    reader = _Reader(item for item in left if item[0] == "prefix")
    prefix = reader.text("prefix")
    reader.finish(("prefix",))
    return prefix, [item for item in left if item[0] != "prefix"]


def parameters_of(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The (name, value) pairs of a JSON body with the same names; a list is a repeated parameter."""
    items: list[tuple[str, str]] = []
    for name, value in body.items():
        for held in value if isinstance(value, list) else [value]:
            if held is None:
                continue
            if not isinstance(held, str | int | float | bool):
                raise InvalidInput.of(
                    name[:MAX_ATTRIBUTE_NAME], "must be text, a number, true, false, or a list of these"
                )
            if isinstance(held, float) and not math.isfinite(held):
                raise InvalidInput.of(name[:MAX_ATTRIBUTE_NAME], "must be a finite number")
            items.append((name, option_text(held)))
    return items


def _facets(reader: _Reader) -> tuple[str, ...] | None:
    """None for auto, empty for none, otherwise names (repeated or separated by commas)."""
    names = tuple(dict.fromkeys(name for text in reader.many("facets") for name in _names(text)))
    if not names or names == ("auto",):
        return None
    if names == ("none",):
        return ()
    for name in names:
        if len(name) > len(ATTRIBUTE) + MAX_ATTRIBUTE_NAME:
            reader.error("facets", f"each name must have at most {MAX_ATTRIBUTE_NAME} characters after {ATTRIBUTE}")
        elif name not in FIXED_FACETS and not (name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE)):
            reader.error("facets", f"{name[:50]!r} is not auto, none, {', '.join(FIXED_FACETS)} or attr.NAME")
    if len(names) > MAX_FACETS:
        reader.error("facets", f"at most {MAX_FACETS} names are allowed")
    return names


def _names(text: str) -> list[str]:
    """The names between commas; one in an attribute's name is followed by what is no facet's name."""
    found: list[str] = []
    for part in text.split(","):
        whole = part.strip() in FIXED_FACETS or part.strip().startswith(ATTRIBUTE)
        if found and not whole and found[-1].startswith(ATTRIBUTE):
            found[-1] += "," + part
        else:
            found.append(part)
    return [name.strip() for name in found]


def _sendable(text: str) -> bool:
    """JSON can spell a lone surrogate; no server behind this one takes it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _attribute_parameters(reader: _Reader) -> list[str]:
    return sorted(name for name in reader.values if name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE))


def _ranges(reader: _Reader, stored: Container[str]) -> tuple[tuple[str, Range], ...]:
    bounds = [name for name in _attribute_parameters(reader) if may_be_stored(name)]
    sent = {name for name in bounds if name[len(ATTRIBUTE) :] not in stored}
    ranges = []
    for parameter in sorted({name[: -len(_BOUNDS[0])] for name in sent}):
        low, high = (reader.number(parameter + end) if parameter + end in sent else None for end in _BOUNDS)
        limits = reader.range(parameter, low, high)
        if limits is not None:
            ranges.append((parameter[len(ATTRIBUTE) :], limits))
    return tuple(ranges)
