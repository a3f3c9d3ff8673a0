"""Completions while typing, without Elasticsearch: samples of Postgres for the same draft. Pure.

Suggestions are read off products, so none of them leads to nothing; counts go up to COUNTED.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from catalog.filter_conditions import Bound, below
from mappings.folding import fold
from search.autocomplete.counts import Counted
from search.autocomplete.draft import Draft
from search.autocomplete.highlight import found as marked
from search.autocomplete.input import SHORTEST_BEGINNING, AutocompleteQuery
from search.autocomplete.samples import Node, Sampled
from search.planning.plan import make_plan
from search.postgres.conditions import Wanted, matches, visible
from search.postgres.names import Names, begun, nearest
from search.postgres.statements import IMAGE, Row, Statement, count_statement, similar_statement
from search.postgres.words import slot_of
from search.request import SearchRequest
from search.result import ProductSuggestion
from search.text.fuzzy import all_fit, edits_allowed, singular

# Products that are looked at, and the most popular of these that are read.
LOOKED_AT, READ = 500, 32
COUNTED = 1000


def sample_statement(typed: AutocompleteQuery, names: Names, readings: Iterable[Sequence[str]]) -> Statement:
    """The most popular of some products that hold the words of a reading, the last one as the beginning of a word.

    `named` says that a product is in a category or of a brand whose name completes the last word.
    """
    bound = Bound()
    shown = _scope(typed, bound)
    conditions, named = [], []
    for *before, last in readings:
        name = _named(last, names, bound)
        words = [*(_begins(part, names, bound) for part in before), f"({_in_text(last, bound)} OR {name})"]
        conditions.append(f"({' AND '.join(words)})")
        named.append(name)
    return _products(f"{shown} AND ({' OR '.join(conditions)})", " OR ".join(named), bound)


def identified_products(typed: AutocompleteQuery, ids: Sequence[UUID]) -> Statement:
    """Products that were found by their identifiers."""
    bound = Bound()
    return _products(f"{_scope(typed, bound)} AND p.id = ANY ({bound(list(ids), 'uuid[]')})", "false", bound)


def mistyped_statement(typed: AutocompleteQuery) -> Statement | None:
    """Names of products like the words that may be mistyped; None where none may."""
    words = [part for part in typed.parts if typed.edits_allowed(part)]
    return similar_statement(SearchRequest(forced=typed.request.forced), words) if words else None


def corrected(typed: AutocompleteQuery, names: Names, similar: Iterable[Row]) -> tuple[str, ...] | None:
    """The words with those corrected that the catalogue has something near to; None where it has not."""
    names_by_word: dict[str, list[str]] = {}
    for row in similar:
        names_by_word.setdefault(row["word"], []).append(row["name"])
    words = set() if typed.request.forced else names.words()
    parts = tuple(
        ((begun if place == len(typed.parts) else nearest)(part, [*names_by_word.get(part, ()), *words]) or part)
        if edits_allowed(part)
        else part
        for place, part in enumerate(typed.parts, 1)
    )
    return None if parts == typed.parts else parts


def sampled(names: Names, rows: Iterable[Row]) -> list[Sampled]:
    """Rows of products as suggestions are read off them, the most popular first."""
    return [_sampled(names, row) for row in rows]


def counts_statement(typed: AutocompleteQuery, names: Names, items: Iterable[Counted]) -> Statement | None:
    """How many products each suggestion leads to, in this order; None with nothing to count."""
    bound = Bound()
    shown = _scope(typed, bound)
    conditions = [_condition(typed, names, item, bound) for item in items]
    return count_statement(conditions, shown, bound, COUNTED) if conditions else None


def products(typed: AutocompleteQuery, drafted: Draft, rows: Iterable[Row], currency: str) -> list[ProductSuggestion]:
    """The products to show: what is called so, what is identified, what the best query says, then popular."""
    by_id = {str(row["id"]): row for row in rows}
    best = fold(drafted.best).split()

    def place(row: Row) -> tuple[Any, ...]:
        name = fold(row["name"])
        says = all_fit(best, name.split(), typos=False) if best else False
        return (
            name != fold(typed.request.q),
            str(row["id"]) not in drafted.identified,
            not says,
            -row["popularity"],
            row["id"],
        )

    return [_product(typed, row, currency) for row in sorted(by_id.values(), key=place)[: typed.request.limit]]


def _products(where: str, named: str, bound: Bound) -> Statement:
    sql = f"""
        SELECT p.id, p.sku, p.name, p.price, p.inventory, p.popularity, p.category_id, b.name AS brand,
               coalesce({named}, false) AS named, {IMAGE} AS image
        FROM (SELECT p.id FROM products p WHERE {where} LIMIT {LOOKED_AT}) AS held
        JOIN products p ON p.id = held.id LEFT JOIN brands b ON b.id = p.brand_id
        ORDER BY p.popularity DESC, p.id LIMIT {READ}
    """  # noqa: S608
    return Statement(sql, bound.values)


def _scope(typed: AutocompleteQuery, bound: Bound) -> str:
    shown = visible(typed.request.forced, bound)
    return f"{shown} AND {below(typed.request.category, bound)}" if typed.request.category else shown


def _begins(part: str, names: Names, bound: Bound) -> str:
    """A word of the text, the brand or the category begins with it; a short one is one."""
    return f"({_in_text(part, bound, whole=len(part) < SHORTEST_BEGINNING)} OR {_named(part, names, bound)})"


def _in_text(part: str, bound: Bound, *, whole: bool = False) -> str:
    quoted = "'" + part.replace("\\", "\\\\").replace("'", "''") + "'"
    sent = bound(quoted if whole else quoted + ":*", "text")
    # As it is written and as its stem: "run" begins what is kept of "running", and "headphones" is kept as "headphon".
    return f"p.search_vector @@ (to_tsquery('simple', {sent}) || to_tsquery('english', {sent}))"


def _named(part: str, names: Names, bound: Bound) -> str:
    conditions = []
    for column, index in (("brand_id", names.made), ("category_id", names.held)):
        keys = sorted(
            {
                key
                for word, matching_keys in index.items()
                if word.startswith((part, singular(part)))
                for key in matching_keys
            }
        )
        if keys:
            conditions.append(f"p.{column} = ANY ({bound(keys, 'uuid[]')})")
    return f"({' OR '.join(conditions)})" if conditions else "false"


def _condition(typed: AutocompleteQuery, names: Names, item: Counted, bound: Bound) -> str:
    if item.kind == "category":
        return below(item.text, bound)
    if item.kind == "brand":
        made = [key for key, brand in names.brands.items() if brand.lower() == item.text.lower()]
        return f"p.brand_id = ANY ({bound(made, 'uuid[]')})"
    plan = make_plan(SearchRequest(q=item.text, facets=(), language=typed.request.language), typed.context)
    words = replace(plan.query.words, spans=()) if not typed.completable else plan.query.words
    readings = tuple(tuple(slot_of(word, names) for word, _, _ in reading) for reading in words.readings())
    return matches(Wanted(tuple(filter(None, readings)), name=item.text), bound)


def _sampled(names: Names, row: Row) -> Sampled:
    leaf: str | None = None
    nodes: list[Node] = []
    if (category := names.categories.get(row["category_id"])) is not None:
        leaf = category.path
        for key in category.ids:
            if (above := names.categories.get(key)) is not None:
                label = f"{nodes[-1].label} > {above.names[-1]}" if nodes else above.names[-1]
                nodes.append(Node(above.path, above.names[-1], str(above.id), label))
    return Sampled(str(row["id"]), row["popularity"] or 0.0, fold(row["name"]), row["brand"], leaf, tuple(nodes))


def _product(typed: AutocompleteQuery, row: Row, currency: str) -> ProductSuggestion:
    return ProductSuggestion(
        id=str(row["id"]),
        sku=row["sku"],
        text=row["name"],
        highlight=marked(row["name"], typed.parts),
        brand=row["brand"],
        price=float(row["price"]),
        currency=currency,
        image=row["image"],
        in_stock=row["inventory"] > 0,
    )
