"""Completions while typing, without Elasticsearch: samples of Postgres for the same draft. Pure.

Suggestions are read off products, so none of them leads to nothing; counts go up to COUNTED.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from catalog.filter_conditions import Bound, below
from mappings.folding import fold
from mappings.product_v1 import NODE_SEPARATOR
from search.autocomplete.draft import Draft, counted
from search.autocomplete.input import SHORTEST_BEGINNING, AutocompleteQuery
from search.planning.plan import make_plan
from search.postgres.conditions import Wanted, matches, visible
from search.postgres.names import Names, begun, nearest
from search.postgres.statements import IMAGE, Statement, count_statement, similar_statement
from search.postgres.words import slot_of
from search.request import SearchRequest
from search.text.fuzzy import all_fit, edits_allowed, singular

# Products that are looked at, and the most popular of these that are read.
LOOKED_AT, READ = 500, 32
COUNTED = 1000

Row = Mapping[str, Any]


def sample_statement(typed: AutocompleteQuery, names: Names, parts: Sequence[str]) -> Statement:
    """The most popular of some products that hold the words, the last one as the beginning of a word.

    `named` says that a product is in a category or of a brand whose name completes the last word.
    """
    bound = Bound()
    shown = _scope(typed, bound)
    last = parts[-1]
    before = [_begins(part, names, bound) for part in parts[:-1]]
    named = _named(last, names, bound)
    where = " AND ".join([shown, *before, f"({_in_text(last, bound)} OR {named})"])
    return _products(where, named, bound)


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
    said: dict[str, list[str]] = {}
    for row in similar:
        said.setdefault(row["word"], []).append(row["name"])
    words = set() if typed.request.forced else names.words()
    found = tuple(
        ((begun if place == len(typed.parts) else nearest)(part, [*said.get(part, ()), *words]) or part)
        if edits_allowed(part)
        else part
        for place, part in enumerate(typed.parts, 1)
    )
    return None if found == typed.parts else found


def samples(names: Names, rows: Sequence[Row], key: str = "products") -> dict[str, dict[str, Any]]:
    """Rows in the shape in which Elasticsearch answers samples."""
    hits = [_hit(names, row) for row in rows]
    named = [hit for hit, row in zip(hits, rows, strict=True) if row["named"]]
    if key != "products":
        return {key: {"hits": {"hits": hits}}}
    return {"products": {"hits": {"hits": hits}}, "categories": {"hits": {"hits": named}}}


def counts_statement(typed: AutocompleteQuery, names: Names, drafted: Draft) -> Statement | None:
    """How many products each suggestion leads to, in the order of `counted`; None with nothing to count."""
    wanted = counted(drafted)
    if not wanted:
        return None
    bound = Bound()
    shown = _scope(typed, bound)
    return count_statement([_condition(typed, names, name, bound) for name in wanted], shown, bound, COUNTED)


def hits_of(typed: AutocompleteQuery, drafted: Draft, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The products to show, as hits: what is called so, what is identified, what the best query says, then popular."""
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

    return [{"_source": _source(row)} for row in sorted(by_id.values(), key=place)[: typed.request.limit]]


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
    found = []
    for column, index in (("brand_id", names.made), ("category_id", names.held)):
        keys = sorted({key for word, held in index.items() if word.startswith((part, singular(part))) for key in held})
        if keys:
            found.append(f"p.{column} = ANY ({bound(keys, 'uuid[]')})")
    return f"({' OR '.join(found)})" if found else "false"


def _condition(typed: AutocompleteQuery, names: Names, name: str, bound: Bound) -> str:
    kind, _, text = name.partition(":")
    if kind == "category":
        return below(text, bound)
    if kind == "brand":
        made = [key for key, brand in names.brands.items() if brand.lower() == text.lower()]
        return f"p.brand_id = ANY ({bound(made, 'uuid[]')})"
    plan = make_plan(SearchRequest(q=text, facets=(), language=typed.request.language), typed.context)
    words = replace(plan.query.words, spans=()) if not typed.completable else plan.query.words
    readings = tuple(tuple(slot_of(word, names) for word, _, _ in reading) for reading in words.readings())
    return matches(Wanted(tuple(filter(None, readings)), name=text), bound)


def _hit(names: Names, row: Row) -> dict[str, Any]:
    fields: dict[str, list[str]] = {"id": [str(row["id"])], "name.folded": [fold(row["name"])]}
    if row["brand"] is not None:
        fields["brand"] = [row["brand"]]
    if (category := names.categories.get(row["category_id"])) is not None:
        above = [names.categories[key] for key in category.ids if key in names.categories]
        fields["category.path"] = [category.path]
        fields["category_nodes"] = [NODE_SEPARATOR.join((held.path, held.names[-1], str(held.id))) for held in above]
    return {"fields": fields, "sort": [row["popularity"]]}


def _source(row: Row) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "sku": row["sku"],
        "name": row["name"],
        "brand": row["brand"],
        "price_cents": int(row["price"] * 100),
        "image": row["image"],
        "in_stock": row["inventory"] > 0,
    }
