"""Completions while typing: a first look at samples, a draft of what to suggest, a second look that counts. Pure.

Nothing is suggested that leads to no product: every suggestion is read off a product that the index has at this moment,
and counted under the same filters as the page that it leads to. See docs/decisions/0012-autocomplete.md.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search.autocomplete.categories_and_brands import brands, categories
from search.autocomplete.counts import count_body, products_body, query_clause
from search.autocomplete.highlight import completed, found
from search.autocomplete.input import AutocompleteQuery, read_typed
from search.autocomplete.queries import Candidate, Found, add_categories, add_names, choose
from search.autocomplete.samples import Node, Sampled, read_sample, sample_bodies
from search.text.fuzzy import Fit, fit, words_of

__all__ = [
    "AutocompleteQuery",
    "Draft",
    "build_response",
    "count_search",
    "counted",
    "draft",
    "products_of",
    "read_typed",
    "sample_bodies",
]  # fmt: skip

# With fewer products that hold what is typed, it may be a typing error.
FEW = 3
# What is counted, by name.
_END = ":"
_QUERY, _CATEGORY, _BRAND = "query:", "category:", "brand:"


@dataclass(frozen=True, slots=True)
class Draft:
    """What may be suggested. `best` is the query whose products are shown, `held` products that hold what is typed."""

    best: str = ""
    queries: tuple[Candidate, ...] = ()
    categories: tuple[Node, ...] = ()
    brands: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    identified: tuple[str, ...] = ()

    @property
    def words(self) -> set[str]:
        """Words of the catalogue that suggestions are made of, none of them corrected."""
        return {word for item in self.queries if item.exact for word in words_of(item.text)}


def draft(typed: AutocompleteQuery, answers: Mapping[str, dict[str, Any]]) -> Draft:
    """What the samples suggest."""
    samples = {name: read_sample(answer) for name, answer in answers.items()}
    identified = tuple(product.id for product in samples.get("identified", ()))
    if not typed.completable:
        return Draft(typed.request.q, identified=identified)
    products = list({item.id: item for item in (*samples["products"], *samples.get("heads", ()))}.values())
    queries: Found = {}
    add_names(queries, typed, products)
    add_categories(queries, typed, samples["categories"])
    named = categories(typed, samples["categories"])
    makers = brands(typed, [*samples.get("brands", samples["categories"]), *products])
    held = [product.id for product in products]
    if len(products) < FEW and not named and not makers and not _said_by(typed, products):
        mistyped = samples.get("mistyped", [])
        add_names(queries, typed, mistyped, typos=True)
        add_categories(queries, typed, mistyped, typos=True)
        named = categories(typed, mistyped, typos=True)
        makers = brands(typed, mistyped, typos=True)
        held += [product.id for product in mistyped]
    chosen = choose(queries, typed)
    best = chosen[0].text if chosen else typed.request.q
    return Draft(best, tuple(chosen), tuple(named), tuple(makers), tuple(dict.fromkeys(held)), identified)


def _said_by(typed: AutocompleteQuery, products: Sequence[Sampled]) -> bool:
    """Whether a product's name has every typed word as it is: then nothing is mistyped."""
    return any(
        all(any(fit(part, word, typos=False) is Fit.WHOLE for word in words_of(product.name)) for part in typed.parts)
        for product in products
    )


def products_of(typed: AutocompleteQuery, drafted: Draft) -> dict[str, Any]:
    """The search for the products to show."""
    best = drafted.queries[0] if drafted.queries else None
    return products_body(typed, drafted.best, best, drafted.held, drafted.identified)


def counted(drafted: Draft) -> list[str]:
    """Names of what is to be counted: the products of each suggestion."""
    return [
        *(_QUERY + item.text for item in drafted.queries),
        *(_CATEGORY + node.path for node in drafted.categories),
        *(_BRAND + brand for brand in drafted.brands),
    ]


def count_search(typed: AutocompleteQuery, name: str) -> dict[str, Any]:
    """The search that counts what has this name."""
    kind, _, text = name.partition(_END)
    if kind + _END == _QUERY:
        return count_body(typed, query_clause(typed, text))
    return count_body(typed, {"term": {"category_paths" if kind + _END == _CATEGORY else "brand.lower": text}})


def build_response(
    typed: AutocompleteQuery, drafted: Draft, hits: Sequence[dict[str, Any]], counts: Mapping[str, int], currency: str
) -> dict[str, Any]:
    """Sections in the contract's order. `highlight` is safe HTML."""
    queries = [
        _suggested(item.text, typed) | {"count": counts[_QUERY + item.text]}
        for item in _popular_first(drafted.queries, counts)
    ]
    named = [
        _suggested(node.name, typed)
        | {"value": node.path, "id": node.id, "label": node.label, "count": counts[_CATEGORY + node.path]}
        for node in drafted.categories
    ]
    makers = [_suggested(brand, typed) | {"value": brand, "count": counts[_BRAND + brand]} for brand in drafted.brands]
    sections = {
        "queries": [item for item in queries if item["count"]],
        "products": [_product(hit["_source"], typed, currency) for hit in hits],
        "categories": [item for item in named if item["count"]],
        "brands": [item for item in makers if item["count"]],
    }
    return {"query": typed.request.q, "sections": sections}


def _popular_first(queries: Sequence[Candidate], counts: Mapping[str, int]) -> list[Candidate]:
    """The best one, whose products are shown, and then what is said by much of the sample and leads to many."""
    rest = sorted(queries[1:], key=lambda item: (not item.exact, -item.score * math.log1p(counts[_QUERY + item.text])))
    return [*queries[:1], *rest]


def _suggested(text: str, typed: AutocompleteQuery) -> dict[str, Any]:
    return {"text": text, "highlight": completed(text, typed.parts)}


def _product(source: dict[str, Any], typed: AutocompleteQuery, currency: str) -> dict[str, Any]:
    return {
        "id": source["id"],
        "sku": source["sku"],
        "text": source["name"],
        "highlight": found(source["name"], typed.parts),
        "brand": source.get("brand"),
        "price": source["price_cents"] / 100,
        "currency": currency,
        "image": source.get("image"),
        "in_stock": source["in_stock"],
    }
