"""The words departments are written in: choices, groups of choices, axes of variants, kinds of product.

A department file states what can be true of a product together (a wireless headset has Bluetooth and a battery, a
wired one has neither), so the engine only has to pick one choice of each group.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

Fact = str | int | float | bool | list[str]
Facts = dict[str, Fact]


class Choice(NamedTuple):
    """One way a product can be.

    before, after: what it adds to the name, before and after the noun (" Wireless"; ", 256 GB"), "" for nothing.
    facts: attributes it sets. says: a whole sentence for the description, or "".
    factor: what it does to the price. code: its part of a variant's sku; value: its option text (axes only).
    """

    before: str
    after: str
    facts: Facts
    says: str = ""
    factor: float = 1.0
    code: str = ""
    value: str = ""


Group = tuple[Choice, ...]


class Axis(NamedTuple):
    """An option variants differ by; a product without variants on it takes one choice as its attribute.

    least, most: how many neighbouring choices a product offers. says: the description's sentence; `{0}` and `{1}` are
    the first and last value offered, `{2}` the list of all.
    """

    option: str
    group: Group
    least: int
    most: int
    says: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of product: one noun phrase (or several that mean the same) in one leaf category.

    path: the leaf below the department. price: median in dollars, spread by `sigma` (of the logarithm).
    weight: lightest and heaviest, in grams. uses: noun phrases that complete "made for ...".
    vary: share of products with variants on axes[0]; half of these vary on axes[1] too. share: relative frequency.
    """

    path: str
    nouns: tuple[str, ...]
    price: float
    weight: tuple[int, int]
    uses: tuple[str, ...]
    groups: tuple[Group, ...]
    axes: tuple[Axis, ...]
    vary: float
    sigma: float
    share: float
    plural: bool
    model: str


@dataclass(frozen=True, slots=True)
class Department:
    """A top-level category.

    code: begins its skus. model: how its kinds are numbered unless they say otherwise: "code" (Nova NX-450), "number"
    (Aero 300) or "series" (Alder). common: groups of every kind. closings: last sentences of descriptions.
    share: multiplies the shares of its kinds.
    """

    name: str
    code: str
    brands: tuple[str, ...]
    common: tuple[Group, ...]
    series: tuple[str, ...]
    editions: tuple[str, ...]
    closings: tuple[str, ...]
    kinds: tuple[Kind, ...]
    model: str = "code"
    share: float = 1.0


def _placed(label: str) -> tuple[str, str]:
    """A label that begins with a comma follows the noun; any other precedes it."""
    if not label:
        return "", ""
    return ("", label) if label.startswith(",") else (f" {label}", "")


def crossed(*groups: Group) -> Group:
    """Every combination of the groups' choices as one group, so that `+` can set it beside other choices."""
    made: Group = (choice(),)
    for group in groups:
        made = tuple(
            Choice(
                one.before + more.before,
                one.after + more.after,
                one.facts | more.facts,
                " ".join(filter(None, (one.says, more.says))),
                one.factor * more.factor,
            )
            for one in made
            for more in group
        )
    return made


def _titled(text: str) -> str:
    """A value as a name shows it: "carbon fibre" -> "Carbon Fibre"; "f/1.8" and "OLED" stay."""
    return " ".join(
        word[0].upper() + word[1:] if word.islower() and word.replace("-", "").isalpha() else word
        for word in text.split(" ")
    )


def choice(label: str = "", says: str = "", factor: float = 1.0, **facts: Fact) -> Choice:
    """Facts that go together: choice("Wireless", "Pairs in seconds.", 1.3, wireless=True, connectivity="bluetooth")."""
    before, after = _placed(label)
    return Choice(before, after, facts, says, factor)


def build(*choices: Choice) -> Group:
    """A group in which every choice is equally likely."""
    return choices


def pick(name: str, *values: Fact, label: str = "", says: str = "", rise: float = 0.0) -> Group:
    """One attribute with these values; `{}` in label and says is the value; each step adds `rise` to the factor."""
    group = []
    for step, value in enumerate(values):
        before, after = _placed(label.format(_titled(value) if isinstance(value, str) else value))
        sentence = says.format(value)
        group.append(Choice(before, after, {name: value}, sentence[:1].upper() + sentence[1:], 1.0 + rise * step))
    return tuple(group)


def flag(name: str, chance: float, label: str = "", says: str = "", otherwise: str = "", factor: float = 1.1) -> Group:
    """A yes-or-no attribute that holds for `chance` (in tenths) of the products."""
    yes = round(chance * 10)
    no = choice("", otherwise, **{name: False})
    return (choice(label, says, factor, **{name: True}),) * yes + (no,) * (10 - yes)


def axis(
    option: str,
    values: Sequence[tuple[str, str] | tuple[str, str, Facts]],
    *,
    least: int = 2,
    most: int = 4,
    rise: float = 0.0,
    says: str,
    label: str = ", {}",
) -> Axis:
    """Variants by `option`: (value, sku code, numeric facts that go with it); each step adds `rise` to the price."""
    group = []
    for step, (value, code, *facts) in enumerate(values):
        before, after = _placed(label.format(value))
        chosen: Facts = {option: value}
        for more in facts:
            chosen |= more
        group.append(Choice(before, after, chosen, "", 1.0 + rise * step, code, value))
    if len({one.code for one in group}) < len(group):
        raise ValueError(f"the sku codes of {option!r} must differ: {[one.code for one in group]}")
    return Axis(option, tuple(group), least, min(most, len(group)), says)


def kind(
    path: str,
    nouns: str,
    price: float,
    weight: tuple[int, int],
    uses: str,
    *groups: Group,
    axes: tuple[Axis, ...] = (),
    vary: float = 0.0,
    sigma: float = 0.4,
    share: float = 1.0,
    plural: bool = False,
    model: str = "",
) -> Kind:
    """A kind of product; `nouns` and `uses` are alternatives separated by "|"."""
    return Kind(
        path,
        tuple(nouns.split("|")),
        price,
        weight,
        tuple(uses.split("|")),
        groups,
        axes,
        vary,
        sigma,
        share,
        plural,
        model,
    )
