"""The limits of what a client may ask for. Mistakes are collected, so that one answer names all of them."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from catalog.errors import FieldError, InvalidInput
from catalog.schemas.fields import MAX_ATTRIBUTE_NAME, MAX_NUMBER, parse_money
from search.request import (
    ATTRIBUTE,
    FIXED_FACETS,
    MAX_CATEGORY,
    MAX_CURSOR,
    MAX_FACETS,
    MAX_FILTER_VALUES,
    MAX_FILTERS,
    MAX_QUERY,
    MAX_VALUE_LENGTH,
    Range,
)

MAX_ERRORS = 20

Amount = str | int | float | Decimal


@dataclass(slots=True)
class Mistakes:
    """What was wrong with the spelling of fields, before their values can be checked.

    first: named before anything else.
    of_field: messages by the field with whose checks they are named.
    unknown: fields that there are not, named last.
    """

    first: list[FieldError] = field(default_factory=list)
    of_field: dict[str, list[str]] = field(default_factory=dict)
    unknown: list[FieldError] = field(default_factory=list)

    def copy(self) -> "Mistakes":
        return Mistakes([*self.first], {name: [*messages] for name, messages in self.of_field.items()}, [*self.unknown])

    def add(self, name: str, message: str) -> None:
        self.of_field.setdefault(name, []).append(message)

    def add_unknown(self, name: str, known: Sequence[str]) -> None:
        message = f"unknown parameter; known are {', '.join(known)}"
        self.unknown.append(FieldError(name[:MAX_ATTRIBUTE_NAME], message))

    def are_sendable(self, name: str, *texts: str) -> bool:
        """Whether these texts can be sent on: JSON can spell a lone surrogate, and no server behind this takes one."""
        try:
            for text in texts:
                text.encode()
        except UnicodeEncodeError:
            message = "must be valid Unicode text (it holds a lone surrogate)"
            self.first.append(FieldError(name[:MAX_ATTRIBUTE_NAME], message))
            return False
        return True


class Checks:
    """Each method takes the value of one field and returns it as a request has it.

    Where the value is wrong, the mistake is noted and what is returned is as good as no value: `finish` raises.
    """

    def __init__(self, mistakes: Mistakes) -> None:
        self.mistakes = mistakes.copy()
        self._errors: list[FieldError] = []

    def error(self, name: str, message: str) -> None:
        self._errors.append(FieldError(name, message))

    def reach(self, *names: str) -> None:
        """Name what is wrong with the spelling of these fields."""
        for name in names:
            for message in self.mistakes.of_field.get(name, ()):
                self.error(name, message)

    def finish(self) -> None:
        """Raises InvalidInput where anything was wrong."""
        errors = (*self.mistakes.first, *self._errors, *self.mistakes.unknown)
        if errors:
            raise InvalidInput(f"{errors[0].field}: {errors[0].message}", errors[:MAX_ERRORS])

    def text(self, name: str, text: str) -> str:
        """Free text, cleaned; its length is checked before, for the work, and after, because NFC can lengthen it."""
        self.reach(name)
        cleaned = clean(text) if len(text) <= MAX_QUERY else text
        if len(cleaned) > MAX_QUERY:
            self.error(name, f"must have at most {MAX_QUERY} characters")
            return ""
        return cleaned

    def values(self, name: str, values: Sequence[str]) -> tuple[str, ...]:
        """Values as the catalogue stores them: any other change would lose the clicks on what it changes."""
        if len(values) > MAX_FILTER_VALUES:
            self.error(name, f"at most {MAX_FILTER_VALUES} values are allowed")
            return ()
        if any(len(value) > MAX_VALUE_LENGTH for value in values):
            self.error(name, f"each value must have 1 to {MAX_VALUE_LENGTH} characters")
            return ()
        stored = tuple(dict.fromkeys(unicodedata.normalize("NFC", value).strip() for value in values))
        if not all(stored):
            self.error(name, f"each value must have 1 to {MAX_VALUE_LENGTH} characters")
        return stored

    def whole(self, name: str, number: int, most: int, default: int) -> int:
        """A whole number from 1 on."""
        self.reach(name)
        if not 1 <= number <= most:
            self.error(name, f"must be a whole number from 1 to {most}")
            return default
        return number

    def choice(self, name: str, text: str, choices: tuple[str, ...]) -> str:
        self.reach(name)
        if text not in choices:
            self.error(name, f"must be one of {', '.join(choices)}")
            return choices[0]
        return text

    def cents(self, name: str, amount: Amount | None) -> int | None:
        """An amount of money, in cents."""
        self.reach(name)
        if amount is None:
            return None
        try:
            return int(parse_money(amount if isinstance(amount, Decimal) else str(amount)) * 100)
        except ValueError as error:
            self.error(name, str(error))
            return None

    def number(self, name: str, *numbers: float) -> float | None:
        """The one number that there may be."""
        self.reach(name)
        if len(numbers) > 1:
            self.error(name, "must be given once")
        if not numbers:
            return None
        if not abs(numbers[0]) <= MAX_NUMBER:
            self.error(name, f"must be a number within ±{MAX_NUMBER}")
            return None
        # Adding nothing makes 0.0 of -0.0, so that equal searches are equal objects.
        return float(numbers[0]) + 0.0

    def interval(self, name: str, low: float | None, high: float | None) -> Range | None:
        """The closed interval of `{name}_min` and `{name}_max`; None where both ends are open."""
        if low is not None and high is not None and low > high:
            self.error(f"{name}_min", f"must not be greater than {name}_max")
        return None if low is None and high is None else Range(low, high)

    def category(self, text: str | None, *, blank: bool = False) -> str | None:
        """`blank` where a form may send its field with nothing chosen in it."""
        self.reach("category")
        if text is None:
            return None
        if len(text) > MAX_CATEGORY:
            self.error("category", f"must have at most {MAX_CATEGORY} characters")
            return None
        category = clean(text)
        if not category and not blank:
            self.error("category", "must be a category's path or id")
        return category or None

    def cursor(self, text: str | None, page: int) -> str | None:
        self.reach("cursor")
        if text is not None and len(text) > MAX_CURSOR:
            self.error("cursor", f"must have at most {MAX_CURSOR} characters")
            return None
        if text is not None and page != 1:
            self.error("cursor", "cannot be given together with page: it says itself where to go on")
        return text or None

    def facets(self, texts: Sequence[str]) -> tuple[str, ...] | None:
        """Names, repeated or separated by commas: None for `auto` or nothing, empty for `none`."""
        names = tuple(dict.fromkeys(name for text in self.values("facets", texts) for name in _split_names(text)))
        if not names or names == ("auto",):
            return None
        if names == ("none",):
            return ()
        for name in names:
            if len(name) > len(ATTRIBUTE) + MAX_ATTRIBUTE_NAME:
                self.error("facets", f"each name must have at most {MAX_ATTRIBUTE_NAME} characters after {ATTRIBUTE}")
            elif name not in FIXED_FACETS and not (name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE)):
                self.error("facets", f"{name[:50]!r} is not auto, none, {', '.join(FIXED_FACETS)} or attr.NAME")
        if len(names) > MAX_FACETS:
            self.error("facets", f"at most {MAX_FACETS} names are allowed")
        return names

    def filters(self, attribute_names: Iterable[str], filters: int, values: int) -> None:
        """The names of the attributes that are filtered by, and how many filters and values there are in all."""
        for name in attribute_names:
            if len(name) > MAX_ATTRIBUTE_NAME:
                self.error(ATTRIBUTE + name[:MAX_ATTRIBUTE_NAME], f"must have at most {MAX_ATTRIBUTE_NAME} characters")
        if values > MAX_FILTER_VALUES:
            self.error("attr", f"at most {MAX_FILTER_VALUES} filter values are allowed")
        if filters > MAX_FILTERS:
            self.error("attr", f"at most {MAX_FILTERS} different filters are allowed")


def clean(text: str) -> str:
    """Text with control characters as spaces and single spaces between words, in NFC."""
    printable = "".join(" " if unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") else char for char in text)
    return " ".join(unicodedata.normalize("NFC", printable).split())


def _split_names(text: str) -> list[str]:
    """The names between commas; one in an attribute's name is followed by what is no facet's name."""
    names: list[str] = []
    for part in text.split(","):
        whole = part.strip() in FIXED_FACETS or part.strip().startswith(ATTRIBUTE)
        if names and not whole and names[-1].startswith(ATTRIBUTE):
            names[-1] += "," + part
        else:
            names.append(part)
    return [name.strip() for name in names]
