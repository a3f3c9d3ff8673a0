"""Numbers of a shop: skus, EAN-13 codes, model numbers, price endings, long-tailed tables. Pure functions."""

import math
from functools import lru_cache
from statistics import NormalDist

QUANTILES = 256

_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(high + low for high in _BASE32 for low in _BASE32)
_SCRAMBLE_BITS = 25
_SCRAMBLE_MASK = (1 << _SCRAMBLE_BITS) - 1
_SCRAMBLE = 20_134_651
"""Odd, so that multiplying by it permutes the 25-bit numbers: neighbours in the file get unlike skus."""

_GTIN_SCRAMBLE = 7_236_067_977
"""Coprime to ten, so that multiplying by it permutes the ten-digit numbers."""

_THREES = tuple(number // 100 + 3 * (number // 10 % 10) + number % 10 for number in range(1000))
_ONES = tuple(3 * (number // 100) + number // 10 % 10 + 3 * (number % 10) for number in range(1000))


def sku(code: str, index: int) -> str:
    """("ELE", 7) -> "ELE-" and five or more base-32 digits (no I, L, O, U), different for every index."""
    low = (index * _SCRAMBLE + 23_571_113) & _SCRAMBLE_MASK
    high = index >> _SCRAMBLE_BITS
    lead = ""
    while high:
        lead = _BASE32[high & 31] + lead
        high >>= 5
    return f"{code}-{lead}{_BASE32[low >> 20]}{_PAIRS[low >> 10 & 1023]}{_PAIRS[low & 1023]}"


def gtin(index: int) -> str:
    """A valid EAN-13 of the range 20-29 (in-store numbers); different for every index below 10**10.

    The check digit makes the sum of the digits, weighted 1 and 3 in turn, a multiple of ten (GS1 General
    Specifications, 7.9). It is summed over groups of three digits.
    """
    body = (20 + index % 10) * 10_000_000_000 + (index * _GTIN_SCRAMBLE + 4_142_135_623) % 10_000_000_000
    total = (
        _THREES[body // 1_000_000_000]
        + _ONES[body // 1_000_000 % 1000]
        + _THREES[body // 1000 % 1000]
        + _ONES[body % 1000]
    )
    return str(body * 10 + -total % 10)


def model_number(made: int, shift: int = 0) -> int:
    """The number of a brand's `made`-th model (from 0): 100, 110, ... 990 first, then four digits, five and so on.

    Each number comes once, in scattered order; `shift`, one per brand, keeps brands from counting in step.
    """
    if made < 90:
        return 100 + 10 * ((made * 37 + shift * 29) % 90)
    made -= 90
    size = 9000
    while made >= size:
        made -= size
        size *= 10
    return size // 9 + (made * 3607 + shift * 1811) % size


@lru_cache
def spread(sigma: float) -> tuple[float, ...]:
    """QUANTILES factors of a lognormal distribution with median 1, rounded so that every machine has the same ones."""
    normal = NormalDist()
    return tuple(round(math.exp(sigma * normal.inv_cdf((step + 0.5) / QUANTILES)), 6) for step in range(QUANTILES))


def shelf_price(amount: float, draw: float) -> int:
    """An amount in dollars -> cents with an ending shops use (.99, .95, .00), by `draw` in [0, 1).

    Never falls as the amount rises, so the larger of two variants is never the cheaper one.
    """
    whole = int(amount)
    if whole >= 200:
        whole = whole // 10 * 10 + 9
    elif whole >= 40:
        whole = whole // 5 * 5 + 4
    elif whole < 1:
        whole = 1
    if draw < 0.6:
        return whole * 100 + 99
    return whole * 100 + 95 if draw < 0.8 else whole * 100


def money(cents: int) -> str:
    """19990 -> "199.90"."""
    return f"{cents // 100}.{cents % 100:02d}"


def popularity(draw: float) -> float:
    """A draw in [0, 1) -> popularity in (0, 1] that falls with the rank as Zipf's law does; four decimals."""
    return round(0.02 / (draw + 0.02), 4)


def weights(lightest: int, heaviest: int, steps: int = 64) -> tuple[int, ...]:
    """Whole grams from lightest to heaviest in equal ratios, as coarse as a data sheet gives them."""
    table = []
    for step in range(steps):
        grams = lightest * (heaviest / lightest) ** (step / (steps - 1))
        unit = 1 if grams < 100 else 5 if grams < 1000 else 50
        table.append(max(1, round(grams / unit) * unit))
    return tuple(table)
