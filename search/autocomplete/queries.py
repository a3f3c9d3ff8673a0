"""Queries to suggest, read off sampled products: what is typed, completed, and what the products are. Pure.

"wireless h" in "Aero Wireless Over-ear Headphones, Black" makes "wireless headphones": the last word is completed in
the context of those before it, because both stand in one product. No words are put together that no product has.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from mappings.folding import fold
from mappings.heads import QUALITIES
from mappings.numbers import holds_digit
from search.autocomplete.input import SHORTEST_BEGINNING, AutocompleteQuery
from search.autocomplete.match import Completion, NameWords, complete, name_words
from search.autocomplete.samples import Sampled
from search.text.fuzzy import Fit, best_fit, singular, singulars_of, words_of

# How much a product says for each kind of suggestion. What is typed, completed, is what most products say.
BASE = 1.0
# A word that is no noun, as "wireless" is, says less on its own; with one or two letters typed, or a colour, much less.
BASE_QUALITY = 0.7
BASE_SHORT = 0.3
PHRASE = 0.75
WITH_NOUN = 0.65
WITH_BRAND = 0.2
CATEGORY = 0.9
# For each typing error.
MISTYPED = 0.3
# Another word of a name that has what is typed as it is typed: "usb charger" beside "usb c".
LESS_LITERAL = 0.6
# Another word of a name whose noun is already what is typed: a brand perhaps, or a series.
ASIDE = 0.3
# Words between what is typed and the noun that still make a phrase people type.
GAP = 2
CATEGORY_WORDS = 3
# Suggestions that lead to the same products: 'norvane', and that these are laptops.
SAME_PRODUCTS = 2

Found = dict[frozenset[str], "Candidate"]


@dataclass(slots=True)
class Candidate:
    """`words` are what its spellings have in common, `texts` these with how much they are said, `products` the ids of
    those that say it, with how much they do. `exact`: some say it without a typing error."""

    words: frozenset[str]
    texts: dict[str, float] = field(default_factory=dict)
    score: float = 0.0
    exact: bool = False
    products: dict[str, float] = field(default_factory=dict)
    leaves: dict[str, int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return min(self.texts, key=lambda text: (-self.texts[text], text))


def add_names(candidates: Found, typed: AutocompleteQuery, samples: Iterable[Sampled], *, typos: bool = False) -> None:
    """What the names and brands of products suggest."""
    readings = typed.readings[:1] if typos else typed.readings
    for product in samples:
        _add(candidates, product, _said(readings, product, typos=typos), exact=not typos)


def add_categories(
    candidates: Found, typed: AutocompleteQuery, samples: Iterable[Sampled], *, typos: bool = False
) -> None:
    """What the categories of products suggest: 'runn' is 'running shoes'."""
    for product in samples:
        _add(candidates, product, _called(typed.parts, product, typos=typos), exact=not typos)


def _called(parts: Sequence[str], product: Sampled, *, typos: bool) -> Iterator[tuple[str, float]]:
    *before, last = parts
    for node in product.nodes:
        words = words_of(node.name)
        how = best_fit(last, words, typos=typos)[0] if len(words) <= CATEGORY_WORDS else Fit.NONE
        if how:
            others = [part for part in before if not best_fit(part, words, typos=typos)[0]]
            if others and node is not product.nodes[-1]:
                # "usb computers": what is said of a product is said of the thing it is, not of its department.
                continue
            context = (*words_of(product.name), *words_of(product.brand or ""), *words_of(node.label))
            completed = [best_fit(part, context, typos=typos)[1] for part in others]
            if None not in completed:
                share = CATEGORY * MISTYPED if how is Fit.TYPO else CATEGORY
                # "usb c" may be all that is meant.
                share *= LESS_LITERAL if before and len(last) < SHORTEST_BEGINNING else 1
                yield " ".join([*filter(None, completed), node.name.lower()]), share


def _add(candidates: Found, product: Sampled, forms: Iterable[tuple[str, float]], *, exact: bool) -> None:
    """A product counts once for each suggestion, as what it says best."""
    best: dict[frozenset[str], tuple[float, str]] = {}
    for spelled, share in forms:
        text = _accented(spelled, product.brand)
        key = singulars_of(text)
        if key and share > best.get(key, (0.0, ""))[0]:
            best[key] = share, text
    for key, (share, text) in best.items():
        candidate = candidates.get(key)
        if candidate is None:
            candidate = candidates[key] = Candidate(key)
        candidate.exact |= exact
        candidate.texts[text] = candidate.texts.get(text, 0) + share
        before, now = candidate.products.get(product.id, 0.0), share * (1 + min(product.popularity, 1))
        if now > before:
            # It may be in two samples.
            candidate.score += now - before
            candidate.products[product.id] = now
        if product.leaf:
            candidate.leaves[product.leaf] = candidate.leaves.get(product.leaf, 0) + 1


def _accented(text: str, brand: str | None) -> str:
    """Names come without accents, brands as they are written."""
    if brand is None or brand.isascii() or (plain := fold(brand)) not in text:
        return text
    return text.replace(plain, brand.lower())


def _said(readings: Sequence[Sequence[str]], product: Sampled, *, typos: bool) -> Iterator[tuple[str, float]]:
    """The suggestions of one product, each with its share of the product's weight; some come twice."""
    name = name_words(product.name, product.brand)
    for reading in readings:
        completions = complete(reading, product, name, typos=typos)
        for completion in completions:
            share = MISTYPED**completion.errors
            if completion is not completions[0]:
                share *= LESS_LITERAL if completions[0].literal else ASIDE if name.noun in completions[0].places else 1
            for text, form_share in _forms(reading, product, name, completion):
                yield text, share * form_share
        if completions:
            return


def _forms(
    reading: Sequence[str], product: Sampled, name: NameWords, completion: Completion
) -> Iterator[tuple[str, float]]:
    text, noun = completion.text, name.noun
    if noun is None or noun in completion.places:
        yield text, BASE
        if product.brand and completion.places and len(reading) == 1:
            yield f"{product.brand.lower()} {text}", WITH_BRAND
        return
    yield text, _base(reading, completion)
    if completion.together and 0 < noun - completion.last <= GAP + 1 and name.is_phrase(completion.first, noun):
        yield name.text(completion.first, noun), PHRASE
    yield f"{text} {name.noun_text()}", WITH_NOUN


def _base(reading: Sequence[str], completion: Completion) -> float:
    """A noun is missing: what is said without it?"""
    if completion.brand or completion.literal:
        return BASE
    if len(completion.completed) == 1:
        return 0.0
    short = len(reading) == 1 and len(reading[0]) < SHORTEST_BEGINNING
    return BASE_SHORT if short or completion.completed in QUALITIES else BASE_QUALITY


def choose(candidates: Found, typed: AutocompleteQuery) -> list[Candidate]:
    """The best ones that differ from each other: not the same thing in another size or colour, nor the same products.

    Ties are broken by the text, so that equal requests have equal answers.
    """
    chosen: list[Candidate] = []
    things: set[frozenset[str]] = set()
    spelled: set[str] = set()
    for candidate in sorted(candidates.values(), key=_order):
        thing = _thing(candidate.words, typed.parts)
        # "usb c", "usb-c" and "usbc" lead to the same page.
        letters = "".join(map(singular, words_of(candidate.text)))
        if (
            thing in things
            or letters in spelled
            or sum(candidate.products.keys() == other.products.keys() for other in chosen) == SAME_PRODUCTS
        ):
            continue
        things.add(thing)
        spelled.add(letters)
        chosen.append(candidate)
        if len(chosen) == typed.request.limit:
            break
    return chosen


def _order(candidate: Candidate) -> tuple[bool, float, int, str]:
    return not candidate.exact, -candidate.score, len(candidate.words), candidate.text


def _thing(words: frozenset[str], typed: Sequence[str]) -> frozenset[str]:
    """The words without sizes, colours and numbers. Who types a number wants to choose one."""
    numbers = any(map(holds_digit, typed))
    return frozenset(word for word in words if word not in QUALITIES and (numbers or not holds_digit(word))) or words
