"""Draws products from the tabled kinds, a few random numbers each."""

from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from generator import numbers
from generator.grammar import Axis, Choice, Facts, Group
from generator.lines import BRAND_SLOTS, KIND_SLOTS, Brand, Line, brands, lines, slots
from generator.prose import described, listed

FAMILY = 4
"""Numbered models of one brand and kind that share a series before the next series begins."""


class Offer(NamedTuple):
    """What the variants of one product add up to. cents: lowest price; sentences: about the choice."""

    cents: int
    inventory: int
    variants: list[dict[str, Any]]
    sentences: list[str]


class Catalogue:
    """The products of one seed, in order; holds only the random state and two tables of counters."""

    def __init__(self, seed: int) -> None:
        """`seed`: any whole number."""
        self._draw = Random(seed).random  # noqa: S311 - made-up products need repeatability, not secrecy
        self._lines = tuple(lines()[place] for place in slots([line.share for line in lines()], KIND_SLOTS))
        self._models = [0] * len(brands())
        self._made = [0] * (len(lines()) * len(brands()))

    def product(self, index: int) -> dict[str, Any]:
        """The next product, in the import format; `index` counts from 0 and gives it its sku and gtin."""
        draw = self._draw
        line = self._lines[int(draw() * KIND_SLOTS)]
        brand = line.brands[int(draw() * BRAND_SLOTS)]
        kind = line.kind
        sku = numbers.sku(line.code, index)

        chosen = [group[int(draw() * size)] for group, size in line.groups]
        axes: tuple[Axis, ...] = ()
        if kind.axes:
            used = 0 if draw() >= kind.vary else 1 if draw() < 0.5 else 2
            axes = kind.axes[:used]
            chosen += [one.group[int(draw() * len(one.group))] for one in kind.axes[used:]]
        attributes, before, after, sentences, factor = _summed(chosen)
        attributes["weight_g"] = line.weights[int(draw() * 64)]

        series = self._series(line, brand)
        noun = int(draw() * len(kind.nouns))
        amount = line.prices[int(draw() * numbers.QUANTILES)] * brand.tier * factor
        ending = draw()
        in_stock = draw() >= 0.08
        offer = self._offer(sku, axes, amount, ending, in_stock)
        sentences[2:] = offer.sentences or sentences[2:]
        opening = line.openings[noun]
        lead = opening[int(draw() * len(opening))].format(f"{brand.name} {series}")
        roll = draw()
        product: dict[str, Any] = {
            "sku": sku,
            "name": f"{brand.name} {series}{before} {kind.nouns[noun]}{after}",
            "description": described(lead, sentences, line.closings, int(draw() * len(line.closings))),
            "brand": brand.name,
            "category": line.category,
            "price": numbers.money(offer.cents),
            "cost": numbers.money(int(offer.cents * (0.41 + 0.33 * draw()))),
            "currency": "USD",
            "status": "active" if roll < 0.96 else "draft" if roll < 0.98 else "archived",
            "inventory": offer.inventory,
            "images": [f"https://images.example.com/{sku}/{place}.jpg" for place in range(1, 2 + int(draw() * 3))],
            "popularity": numbers.popularity(draw()),
            "gtin": numbers.gtin(index),
            "attributes": attributes,
        }
        if draw() < 0.2:
            was = numbers.shelf_price(offer.cents / 100 * (1.12 + 0.5 * draw()), ending)
            product["compare_at_price"] = numbers.money(max(was, offer.cents + 100))
        if offer.variants:
            product["variants"] = offer.variants
        return product

    def _series(self, line: Line, brand: Brand) -> str:
        """Series and model number; never the same twice for one brand and kind, so names are distinct."""
        pair = line.number * len(self._models) + brand.number
        made = self._made[pair]
        self._made[pair] = made + 1
        style = line.model
        place = line.offset + brand.number * 11 + (made if style == "series" else made // FAMILY)
        turn, word = divmod(place, len(line.series))
        turn -= (line.offset + brand.number * 11) // len(line.series)
        name = line.series[word]
        if turn:
            again, edition = divmod(turn - 1, len(line.editions))
            name = f"{name} {line.editions[edition]}{f' {again + 1}' if again else ''}"
        if style == "series":
            return name
        number = numbers.model_number(self._models[brand.number], brand.number)
        self._models[brand.number] += 1
        return f"{name} {brand.prefix}-{number}" if style == "code" else f"{name} {number}"

    def _offer(self, sku: str, axes: tuple[Axis, ...], amount: float, ending: float, in_stock: bool) -> Offer:
        """Price and stock, of the product itself or rolled up from its variants."""
        draw = self._draw
        if not axes:
            stock = 1 + int(400 * draw() ** 3) if in_stock else 0
            return Offer(numbers.shelf_price(amount, ending), stock, [], [])
        runs = [self._run(one) for one in axes]
        first, first_run = axes[0].option, runs[0]
        variants: list[dict[str, Any]] = []
        lowest, total = 0, 0
        for one in first_run:
            cents = numbers.shelf_price(amount * one.factor, ending)
            price = numbers.money(cents)
            lowest = cents if not lowest or cents < lowest else lowest
            for other in runs[1] if len(runs) == 2 else (None,):
                stock = max(0, int(66 * draw() ** 2) - 1) if in_stock else 0
                total += stock
                code = f"{sku}-{one.code}"
                options = {first: one.value}
                if other is not None:
                    code = f"{code}-{other.code}"
                    options[axes[1].option] = other.value
                variants.append({"sku": code, "price": price, "inventory": stock, "options": options})
        if in_stock and not total:
            variants[0]["inventory"] = total = 3
        return Offer(lowest, total, variants, _available(axes, runs))

    def _run(self, one: Axis) -> Group:
        """Neighbouring choices of an axis, as many as it asks for."""
        size = one.least + int(self._draw() * (one.most - one.least + 1))
        start = int(self._draw() * (len(one.group) - size + 1))
        return one.group[start : start + size]


def _summed(chosen: list[Choice]) -> tuple[Facts, str, str, list[str], float]:
    """(attributes, text before the noun, text after it, sentences, price factor) of the choices together."""
    attributes: Facts = {}
    before = after = ""
    sentences: list[str] = []
    factor = 1.0
    for one in chosen:
        attributes.update(one.facts)
        before += one.before
        after += one.after
        factor *= one.factor
        if one.says:
            sentences.append(one.says)
    return attributes, before, after, sentences, factor


def _available(axes: tuple[Axis, ...], runs: list[Group]) -> list[str]:
    """["Comes in black and navy.", "Sizes run from S to XL."]"""
    return [
        one.says.format(run[0].value, run[-1].value, listed([choice.value for choice in run]))
        for one, run in zip(axes, runs, strict=True)
    ]


def products(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """`count` products of `seed`; see `generator.generate_products`."""
    catalogue = Catalogue(seed)
    for index in range(count):
        yield catalogue.product(index)
