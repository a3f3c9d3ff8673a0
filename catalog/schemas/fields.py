"""Field types: what each may hold, with messages that say what to send instead."""

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

MAX_PRICE = Decimal("99999999.99")
MAX_INT = 2**31 - 1
MAX_NUMBER = 10**15
MAX_ATTRIBUTES = 500
MAX_ATTRIBUTE_NAME = 100
MAX_ATTRIBUTE_TEXT = 10_000
MAX_ATTRIBUTE_VALUES = 200
# In all attributes of a product together: each is a token of the document, and of every variant in it.
MAX_VALUES = 2000
MAX_OPTIONS = 10
MAX_OPTION_TEXT = 100
CATEGORY_SEPARATOR = ">"
MAX_CATEGORY_DEPTH = 10
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

Scalar = str | int | float | bool

# What may be the text of a JSON number.
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")
_MONEY_TEXT = re.compile(r"[0-9]{1,8}(\.[0-9]{1,2})?")


def clean_text(value: str) -> str:
    """Text that Postgres and JSON can both hold: no NUL, no lone surrogate; normalised to NFC."""
    if "\x00" in value:
        raise ValueError("must not contain the NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode text (it holds a lone surrogate)") from None
    return unicodedata.normalize("NFC", value)


def _line(value: str) -> str:
    """One line of text: inner runs of white space become one space."""
    return " ".join(clean_text(value).split())


def _sku(value: str) -> str:
    value = clean_text(value).strip()
    if any(unicodedata.category(char).startswith("C") for char in value):
        raise ValueError("must not contain control characters")
    return value


def parse_money(value: Any) -> Decimal:
    """29.99 or "29.99" -> Decimal('29.99'); anything that is not an amount with at most two decimals is refused."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError("must be a number or a string such as 29.99")
    text = value.strip() if isinstance(value, str) else format(Decimal(str(value)), "f")
    if isinstance(value, float | Decimal) and "." in text:
        text = text.rstrip("0").rstrip(".")
    if text.startswith("-"):
        raise ValueError("must be 0 or more")
    if not _MONEY_TEXT.fullmatch(text):
        raise ValueError(f"must be an amount between 0 and {MAX_PRICE} with at most two decimals")
    return Decimal(text).quantize(Decimal("0.01"))


def _scalar(value: object) -> Scalar:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        if not abs(value) <= MAX_NUMBER:
            raise ValueError(f"must be a finite number within ±{MAX_NUMBER}")
        return value
    if isinstance(value, str):
        value = clean_text(value).strip()
        if len(value) > MAX_ATTRIBUTE_TEXT:
            raise ValueError(f"must have at most {MAX_ATTRIBUTE_TEXT} characters")
        return value
    raise ValueError("must be text, a number, true, false, or a list of these")


def attribute_name(value: Any) -> str:
    name = _line(value) if isinstance(value, str) else ""
    if not name or len(name) > MAX_ATTRIBUTE_NAME:
        raise ValueError(f"must be 1 to {MAX_ATTRIBUTE_NAME} characters long")
    return name


def parse_attributes(value: Any) -> dict[str, Any]:
    """{name: scalar | [scalar, ...] | None}; None stands for "remove" in a patch and is dropped elsewhere."""
    if not isinstance(value, dict):
        raise ValueError('must be an object such as {"color": "black", "weight_g": 12}')
    if len(value) > MAX_ATTRIBUTES:
        raise ValueError(f"must have at most {MAX_ATTRIBUTES} names")
    if count_values(value) > MAX_VALUES:
        raise ValueError(f"must have at most {MAX_VALUES} values in all attributes together")
    clean: dict[str, Any] = {}
    for name, content in value.items():
        try:
            key = attribute_name(name)
            if isinstance(content, list):
                if len(content) > MAX_ATTRIBUTE_VALUES:
                    raise ValueError(f"must have at most {MAX_ATTRIBUTE_VALUES} values")
                clean[key] = [_scalar(item) for item in content]
            else:
                clean[key] = None if content is None else _scalar(content)
        except ValueError as error:
            raise ValueError(f"{str(name)[:MAX_ATTRIBUTE_NAME]!r} {error}") from None
    return clean


def count_values(attributes: Mapping[str, Any]) -> int:
    """The values held under all names together."""
    return sum(len(value) if isinstance(value, list) else 1 for value in attributes.values())


def parse_options(value: Any) -> dict[str, str]:
    """A variant's options are labels: numbers and booleans are taken as text."""
    options = parse_attributes(value)
    if len(options) > MAX_OPTIONS:
        raise ValueError(f"must have at most {MAX_OPTIONS} options")
    for name, option in options.items():
        if option is None or isinstance(option, list) or option == "" or len(option_text(option)) > MAX_OPTION_TEXT:
            raise ValueError(f"{name!r} must be one value of 1 to {MAX_OPTION_TEXT} characters")
    return {name: option_text(option) for name, option in options.items()}


def option_text(value: Scalar) -> str:
    """The text that a value is shown and filtered by: true, 12 (also for 12.0), 2.5, black."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def json_values(text: str) -> list[Scalar]:
    """Every JSON value that is shown and filtered by as this text: those of which `option_text` makes it."""
    values: list[Scalar] = [text]
    if text in ("true", "false"):
        values.append(text == "true")
    elif _NUMBER.fullmatch(text):
        number = float(text) if set(text) & {".", "e"} else int(text)
        if math.isfinite(number) and option_text(number) == text:
            values.append(number)
    return values


def parse_gtin(value: Any) -> Any:
    """Digits with or without spaces and dashes; a number is taken as its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return re.sub(r"[\s-]", "", value) if isinstance(value, str) else value


def category_names(value: str) -> tuple[str, ...]:
    """'Audio > Headphones' -> ('Audio', 'Headphones')."""
    names = tuple(_line(part) for part in value.split(CATEGORY_SEPARATOR))
    if not all(names) or any(len(name) > 255 for name in names):
        raise ValueError("must be names of 1 to 255 characters separated by ' > '")
    if any(not slugify(name) for name in names):
        raise ValueError("each name must contain a letter or a digit")
    if len(names) > MAX_CATEGORY_DEPTH:
        raise ValueError(f"must have at most {MAX_CATEGORY_DEPTH} levels")
    return names


def _moment(value: datetime) -> datetime:
    """A time that is still one in UTC, in Postgres and in Elasticsearch. Python compares without converting."""
    if not EARLIEST <= value <= LATEST:
        raise ValueError("must be a time from 1900-01-01T00:00:00Z to 2200-01-01T00:00:00Z")
    return value


def slugify(name: str) -> str:
    """'Küche & Bad' -> 'kuche-bad': letters and digits of any script, accents dropped, joined by dashes."""
    decomposed = unicodedata.normalize("NFKD", name.replace("&", " ").replace("'", "")).casefold()
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return "-".join(re.findall(r"[^\W_]+", bare))[:255].strip("-")


def _category(value: str) -> str:
    return f" {CATEGORY_SEPARATOR} ".join(category_names(value))


def _url(value: str) -> str:
    value = clean_text(value).strip()
    if not value.startswith(("http://", "https://", "/")) or re.search(r"[\s<>\"]", value):
        raise ValueError("must be an http(s) address or a path that begins with /")
    return value


Name = Annotated[str, AfterValidator(_line), Field(min_length=1, max_length=255)]
SkuText = Annotated[str, AfterValidator(_sku), Field(min_length=1, max_length=100)]
Description = Annotated[str, AfterValidator(clean_text), Field(max_length=50_000)]
Money = Annotated[Decimal, BeforeValidator(parse_money), Field(json_schema_extra={"example": 29.99})]
Inventory = Annotated[int, Field(strict=True, ge=0, le=MAX_INT)]
Popularity = Annotated[float, Field(strict=True, ge=0, le=MAX_NUMBER, allow_inf_nan=False)]
Gtin = Annotated[str, BeforeValidator(parse_gtin), Field(pattern=r"^[0-9]{8,14}$")]
CategoryPath = Annotated[str, AfterValidator(_category), Field(min_length=1, max_length=2600)]
Moment = Annotated[AwareDatetime, AfterValidator(_moment)]
Attributes = Annotated[dict[str, Any], BeforeValidator(parse_attributes)]
Options = Annotated[dict[str, str], BeforeValidator(parse_options)]
ImageUrl = Annotated[str, AfterValidator(_url), Field(min_length=1, max_length=2048)]
AltText = Annotated[str, AfterValidator(_line), Field(max_length=500)]
