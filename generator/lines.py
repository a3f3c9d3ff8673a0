"""Every kind of product tabled for drawing: its brands, prices and weights repeated as often as they should come up."""

import re
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from generator import numbers
from generator.departments import DEPARTMENTS, HOUSE_BRANDS
from generator.grammar import Department, Group, Kind
from generator.prose import openings

KIND_SLOTS = 8192
BRAND_SLOTS = 256
MOST_ATTRIBUTES = 8

_TIERS = (1.0, 1.35, 0.85, 1.1, 0.75, 1.6, 0.95, 1.2, 0.7, 1.05)
_HOUSE_TIER = 0.65
_SINGULAR = re.compile(r"\b(it|its|bottle)\b", re.IGNORECASE)
_CONSONANTS = "XTRSKMVPZNLDGHCFBWQJ"


class Brand(NamedTuple):
    """prefix: two letters that begin its model codes and no other brand's; number: its place among all brands."""

    name: str
    number: int
    prefix: str
    tier: float


class Line(NamedTuple):
    """A kind, ready to draw from: tables to index with a random number."""

    number: int
    code: str
    category: str
    kind: Kind
    openings: tuple[tuple[str, ...], ...]
    closings: tuple[str, ...]
    brands: tuple[Brand, ...]
    prices: tuple[float, ...]
    weights: tuple[int, ...]
    series: tuple[str, ...]
    editions: tuple[str, ...]
    offset: int
    model: str
    share: float
    groups: tuple[tuple[Group, int], ...]


def slots(weights: list[float], slots: int) -> list[int]:
    """Indices repeated in proportion to their weights, `slots` long: one multiplication draws one."""
    bounds = list(accumulate(weights))
    ends = [round(bound * slots / bounds[-1]) for bound in bounds]
    starts = [0, *ends[:-1]]
    return [index for index, (start, end) in enumerate(zip(starts, ends, strict=True)) for _ in range(end - start)]


@cache
def brands() -> dict[str, Brand]:
    """Every brand by name; a prefix is the first letter and the first letter after it that is still free."""
    brands: dict[str, Brand] = {}
    taken: set[str] = set()
    for name in [name for department in DEPARTMENTS for name in department.brands] + list(HOUSE_BRANDS):
        if name in brands:
            continue
        first = name[0] if name[0].isascii() else "E"
        letters = [letter for letter in name[1:].upper() if letter.isascii() and letter.isalpha()]
        prefix = next(first + letter for letter in [*letters, *_CONSONANTS] if first + letter not in taken)
        taken.add(prefix)
        tier = _HOUSE_TIER if name in HOUSE_BRANDS else _TIERS[len(brands) % len(_TIERS)]
        brands[name] = Brand(name, len(brands), prefix, tier)
    return brands


def _brands_of(department: Department, branch: int) -> tuple[Brand, ...]:
    """The brands of a second-level category: two thirds of the department's, long-tailed, and its house brands."""
    names = [name for place, name in enumerate(department.brands) if (place + branch) % 3]
    names += [name for name, codes in HOUSE_BRANDS.items() if department.code in codes]
    table = slots([1 / (place + 1.5) for place in range(len(names))], BRAND_SLOTS)
    return tuple(brands()[names[place]] for place in table)


def _groups(kind: Kind, department: Department) -> tuple[Group, ...]:
    """The kind's own groups, and the department's where that makes no more than MOST_ATTRIBUTES with its weight."""
    own = kind.groups + tuple(one.group for one in kind.axes)
    most = 1 + sum(max(len(choice.facts) for choice in group) for group in own + department.common)
    return kind.groups + department.common if most <= MOST_ATTRIBUTES else kind.groups


def _closings(kind: Kind, department: Department) -> tuple[str, ...]:
    """The department's closings; without those that say "it" when the noun is plural."""
    fit = [text for text in department.closings if not (kind.plural and _SINGULAR.search(text))]
    return tuple(fit)


@cache
def lines() -> tuple[Line, ...]:
    """Every kind of every department, tabled."""
    made: list[Line] = []
    for department in DEPARTMENTS:
        branches = list(dict.fromkeys(kind.path.split(" > ")[0] for kind in department.kinds))
        for kind in department.kinds:
            branch = branches.index(kind.path.split(" > ")[0])
            made.append(
                Line(
                    number=len(made),
                    code=department.code,
                    category=f"{department.name} > {kind.path}",
                    kind=kind,
                    openings=tuple(openings(noun, kind.uses, kind.plural) for noun in kind.nouns),
                    closings=_closings(kind, department),
                    brands=_brands_of(department, branch),
                    prices=tuple(kind.price * factor for factor in numbers.spread(kind.sigma)),
                    weights=numbers.weights(*kind.weight),
                    series=department.series,
                    editions=department.editions,
                    offset=branch * 5,
                    model=kind.model or department.model,
                    share=kind.share * department.share,
                    groups=tuple((group, len(group)) for group in _groups(kind, department)),
                )
            )
    return tuple(made)
