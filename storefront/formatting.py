"""Small texts of the pages: money, numbers, labels. Pure."""

from decimal import Decimal
from typing import Any

from mappings.attributes import unit_of, words_of

_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "CAD": "CA$", "AUD": "A$"}


def money(amount: float | Decimal, currency: str) -> str:
    """(1299, 'USD') -> '$1,299.00'; a currency without a sign of its own is named: 'CHF 12.50'."""
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    return f"{symbol}{amount:,.2f}"


def whole_money(amount: float, currency: str) -> str:
    """As `money`, without '.00'."""
    return money(amount, currency).removesuffix(".00")


def number(value: float) -> str:
    """1400.0 -> '1,400'; 0.5 -> '0.5'."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4f}".rstrip("0").rstrip(".")


def parameter(value: float) -> str:
    """A number as an address carries it: 19.99, 25, without exponent and grouping."""
    return f"{value:.0f}" if value == int(value) else f"{value:.10f}".rstrip("0")


def label(name: str) -> str:
    """'attr.screen_size' -> 'Screen size', 'weight_g' -> 'Weight'."""
    text = words_of(name.removeprefix("attr.")).strip()
    return text[:1].upper() + text[1:]


def fact(value: Any, name: str = "") -> str:
    """An attribute's value for people: True -> 'Yes', ['ios', 'android'] -> 'ios, android', 1400 -> '1,400 g'."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        unit = unit_of(name)
        return f"{number(value)} {unit}" if unit else number(value)
    if isinstance(value, list):
        return ", ".join(fact(item, name) for item in value)
    return str(value)


def count(amount: int, noun: str) -> str:
    """(1, 'product') -> '1 product'; (1200, 'product') -> '1,200 products'."""
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"
