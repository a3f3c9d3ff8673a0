"""What a validation error says: the field as the client wrote it, and plain words about what to send. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from catalog.errors import FieldError

MAX_ERRORS = 100
MAX_FIELD_CHARACTERS = 200

_PLACES = ("body", "query", "path", "header", "cookie")
# Rules about several fields at once begin their message with the field that they are about.
_NAMED = re.compile(r"([a-z][a-z_]*): (.+)", re.DOTALL)

Say = Callable[[Mapping[str, Any]], str]


def _fixed(message: str) -> Say:
    return lambda _: message


_NUMBER, _WHOLE = _fixed("must be a number"), _fixed("must be a whole number")
_OBJECT = _fixed("must be a JSON object, sent with the header Content-Type: application/json")
_UUID = _fixed("must be a UUID such as 0b2f7c1e-8f3d-4a57-9d1c-3f5e8a6b7c90")
_TIME = _fixed("must be a time with its zone, such as 2026-01-31T12:00:00Z")
_BOOLEAN = _fixed("must be true or false")
_SAY: dict[str, Say] = {
    "missing": _fixed("is required"),
    "string_type": _fixed("must be text"),
    "string_unicode": _fixed("must be valid Unicode text"),
    "string_too_long": lambda c: f"must have at most {c['max_length']} characters",
    "string_too_short": lambda c: (
        "must not be empty" if c["min_length"] == 1 else f"must have at least {c['min_length']} characters"
    ),
    "string_pattern_mismatch": lambda c: f"must match {c['pattern']}",
    "greater_than_equal": lambda c: f"must be {c['ge']} or more",
    "greater_than": lambda c: f"must be more than {c['gt']}",
    "less_than_equal": lambda c: f"must be {c['le']} or less",
    "less_than": lambda c: f"must be less than {c['lt']}",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": _fixed("is too large a number"),
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _fixed("must be a finite number"),
    "bool_type": _BOOLEAN,
    "bool_parsing": _BOOLEAN,
    "list_type": _fixed("must be a list"),
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "too_short": _fixed("must not be empty"),
    "too_long": lambda c: f"must have at most {c['max_length']} {c['unit']}",
    "literal_error": lambda c: f"must be {c['expected']}",
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "timezone_aware": _TIME,
    "value_error": lambda c: str(c["error"]),
}


def field_errors(errors: Iterable[Mapping[str, Any]]) -> tuple[FieldError, ...]:
    """Pydantic's errors in the order found, at most MAX_ERRORS of them."""
    return tuple(_field_error(error) for error, _ in zip(errors, range(MAX_ERRORS), strict=False))


def _field_error(error: Mapping[str, Any]) -> FieldError:
    kind, context = error["type"], dict(error.get("ctx") or {})
    # Pydantic counts what an earlier validator returned, and there has no word for the kind of thing.
    context["unit"] = "characters" if isinstance(error.get("input"), str) else "items"
    place, *location = error["loc"]
    if kind == "json_invalid":
        where = f"{context.get('error', 'it ends')} at character {location[0] if location else 0}"
        return FieldError("body", f"is not valid JSON: {where}")
    field = ".".join(map(str, location)) if place in _PLACES else ".".join(map(str, error["loc"]))
    if kind == "extra_forbidden":
        message = "is not a known parameter" if place == "query" else "is not a known field"
    elif kind == "missing" and not field:
        message = "is required: send a JSON object with the header Content-Type: application/json"
    else:
        message = _SAY[kind](context) if kind in _SAY else str(error["msg"])
    if not field and kind == "value_error" and (match := _NAMED.fullmatch(message)):
        return FieldError(match[1], match[2])
    return FieldError(field[:MAX_FIELD_CHARACTERS] or place, message)
