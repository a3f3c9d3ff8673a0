"""Completions while typing: a first look at samples, a draft of what to suggest, a second look that counts. Pure.

Nothing is suggested that leads to no product: every suggestion is read off a product that the index has at this moment,
and counted under the same filters as the page that it leads to. See docs/decisions/0012-autocomplete.md.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mappings.json_types import Body, Response
from search.autocomplete.categories_and_brands import brands, categories
from search.autocomplete.counts import Counted, products_body
from search.autocomplete.highlight import completed, found
from search.autocomplete.input import AutocompleteQuery
from search.autocomplete.queries import Candidate, Found, add_categories, add_names, choose
from search.autocomplete.samples import Node, Sampled
from search.result import (
    UNTIMED,
    AutocompleteResult,
    BrandSuggestion,
    CategorySuggestion,
    ProductSuggestion,
    QuerySuggestion,
    Sections,
)
from search.text.fuzzy import Fit, fit, words_of

# With fewer products that hold what is typed, it may be a typing error.
FEW = 3


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


def draft(typed: AutocompleteQuery, samples: Mapping[str, Sequence[Sampled]]) -> Draft:
    """What the samples of a back-end suggest, by their names: see `sample_bodies`."""
    identified = tuple(product.id for product in samples.get("identified", ()))
    if not typed.completable:
        return Draft(typed.request.q, identified=identified)
    products = list({item.id: item for item in (*samples["products"], *samples.get("heads", ()))}.values())
    queries: Found = {}
    add_names(queries, typed, products)
    add_categories(queries, typed, samples["categories"])
    named = categories(typed, samples["categories"])
    makers = brands(typed, [*samples.get("brands", samples["categories"]), *products])
    ids = [product.id for product in products]
    if len(products) < FEW and not named and not makers and not _said_by(typed, products):
        mistyped = samples.get("mistyped", [])
        add_names(queries, typed, mistyped, typos=True)
        add_categories(queries, typed, mistyped, typos=True)
        named = categories(typed, mistyped, typos=True)
        makers = brands(typed, mistyped, typos=True)
        ids += [product.id for product in mistyped]
    chosen = choose(queries, typed)
    best = chosen[0].text if chosen else typed.request.q
    return Draft(best, tuple(chosen), tuple(named), tuple(makers), tuple(dict.fromkeys(ids)), identified)


def _said_by(typed: AutocompleteQuery, products: Sequence[Sampled]) -> bool:
    """Whether a product's name has every typed word as it is: then nothing is mistyped."""
    return any(
        all(any(fit(part, word, typos=False) is Fit.WHOLE for word in words_of(product.name)) for part in typed.parts)
        for product in products
    )


def products_search(typed: AutocompleteQuery, drafted: Draft) -> Body:
    """The search for the products to show."""
    best = drafted.queries[0] if drafted.queries else None
    return products_body(typed, drafted.best, best, drafted.held, drafted.identified)


def counted(drafted: Draft) -> list[Counted]:
    """What is to be counted: the products of each suggestion."""
    return [
        *(Counted("query", item.text) for item in drafted.queries),
        *(Counted("category", node.path) for node in drafted.categories),
        *(Counted("brand", brand) for brand in drafted.brands),
    ]


def read_products(typed: AutocompleteQuery, response: Response, currency: str) -> list[ProductSuggestion]:
    """The products of the response to `products_search`."""
    return [_product(hit["_source"], typed, currency) for hit in response["hits"]["hits"]]


def _product(source: Response, typed: AutocompleteQuery, currency: str) -> ProductSuggestion:
    return ProductSuggestion(
        id=source["id"],
        sku=source["sku"],
        text=source["name"],
        highlight=found(source["name"], typed.parts),
        brand=source.get("brand"),
        price=source["price_cents"] / 100,
        currency=currency,
        image=source.get("image"),
        in_stock=source["in_stock"],
    )


def build_result(
    typed: AutocompleteQuery,
    drafted: Draft,
    products: Sequence[ProductSuggestion],
    counts: Mapping[Counted, int],
    *,
    degraded: bool = False,
) -> AutocompleteResult:
    """The suggestions that lead to products, each with how many."""
    queries = [
        QuerySuggestion(item.text, completed(item.text, typed.parts), counts[Counted("query", item.text)])
        for item in _popular_first(drafted.queries, counts)
    ]
    nodes = [
        CategorySuggestion(
            text=node.name,
            highlight=completed(node.name, typed.parts),
            value=node.path,
            id=node.id,
            label=node.label,
            count=counts[Counted("category", node.path)],
        )
        for node in drafted.categories
    ]
    makers = [
        BrandSuggestion(brand, completed(brand, typed.parts), brand, counts[Counted("brand", brand)])
        for brand in drafted.brands
    ]
    sections = Sections(
        tuple(item for item in queries if item.count),
        tuple(products),
        tuple(item for item in nodes if item.count),
        tuple(item for item in makers if item.count),
    )
    return AutocompleteResult(typed.request.q, sections, UNTIMED, degraded)


def _popular_first(queries: Sequence[Candidate], counts: Mapping[Counted, int]) -> list[Candidate]:
    """The best one, whose products are shown, and then what is said by much of the sample and leads to many."""

    def order(item: Candidate) -> tuple[bool, float]:
        return not item.exact, -item.score * math.log1p(counts[Counted("query", item.text)])

    return [*queries[:1], *sorted(queries[1:], key=order)]
