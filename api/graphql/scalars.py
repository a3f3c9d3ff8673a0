"""Scalars that take what REST takes: text and numbers go on as they came, and the catalogue's own rules judge them."""

from datetime import datetime
from decimal import Decimal
from typing import Any, NewType

import strawberry
from graphql import GraphQLError

# Money as text, so that no client reads it as a float.
Money = NewType("Money", Decimal)
Moment = NewType("Moment", datetime)


def money(value: Decimal | float | str) -> Money:
    """29.9 -> Decimal('29.90'); search answers prices as numbers, Postgres as decimals."""
    return Money(Decimal(str(value)).quantize(Decimal("0.01")))


def _amount(value: Any) -> Any:
    # A Decimal would be made of "1e999999999" here, and written out digit by digit later.
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise GraphQLError("must be text or a number such as 29.99")
    return value


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        raise GraphQLError("must be text such as 2026-01-31T12:00:00Z")
    return value


def _utc(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


SCALARS: dict[object, Any] = {
    Money: strawberry.scalar(
        name="Decimal",
        description='An amount of money as text with two decimals, "29.99"; a number is taken too.',
        serialize=lambda amount: str(money(amount)),
        parse_value=_amount,
    ),
    Moment: strawberry.scalar(
        name="DateTime",
        description="A time with its zone, `2026-01-31T12:00:00Z` (RFC 3339).",
        serialize=_utc,
        parse_value=_text,
    ),
}
