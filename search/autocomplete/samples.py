"""The first look: the most popular products that hold what is typed, and what they are called. Pure.

Suggestions are read off a few products, and not off all of them: the cost stays nearly the same however many there are,
because Elasticsearch skips products that are less popular than those it has. A sample is complete where fewer match.
See docs/decisions/0012-autocomplete.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mappings.identifiers import spellings_of
from mappings.json_types import Body, Clause, Response
from mappings.product_v1 import NODE_SEPARATOR
from search.autocomplete.input import SHORTEST_BEGINNING, AutocompleteQuery
from search.autocomplete.typo_patterns import mistyped
from search.clauses.filters import category_clause
from search.clauses.scope import visible

# Products in each sample.
PRODUCTS = 24
HEADS = 12
CATEGORIES = 12
BRANDS = 8
MISTYPED = 16
IDENTIFIED = 20

# Products looked at before Elasticsearch begins to skip: to begin at once costs twice as much, as does never to begin.
SKIP_AFTER = 1000

# Words as they are written: of a stem, as "run" is of "running", what is typed would be no beginning.
FIELDS = ("name.written", "brand.written", "category_text.written")
SHORTEST_STEM = 4
SHORTEST_PAIR = 4

NAMED = ("name.folded", "brand")


@dataclass(frozen=True, slots=True)
class Node:
    """A category of a product; `label` has the names of all levels: 'Shoes > Women > Sandals'."""

    path: str
    name: str
    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Sampled:
    """A product of a sample, as far as the sample has it. The name is folded; `nodes` run from the root on."""

    id: str
    popularity: float
    name: str = ""
    brand: str | None = None
    leaf: str | None = None
    nodes: tuple[Node, ...] = ()


def sample_bodies(typed: AutocompleteQuery, *, doubted: bool = True) -> dict[str, Body]:
    """The samples to ask for, by name; together they are one round trip. `doubted`: there may be a typing error."""
    bodies: dict[str, Body] = {}
    if typed.completable:
        last = typed.parts[-1]
        before = [_anywhere(part) for part in typed.parts[:-1]]
        bodies["products"] = _sample(typed, _in_any_reading(typed), PRODUCTS, (*NAMED, "category.path"))
        brand = {"bool": {"filter": [_begins("brand", part) for part in typed.parts]}}
        category = {"bool": {"filter": [*before, _begins("category_text", last)]}}
        if len(last) < SHORTEST_BEGINNING:
            bodies["categories"] = _sample(typed, [category], CATEGORIES, (*NAMED, "category_nodes"))
            bodies["brands"] = _sample(typed, [brand], BRANDS, ("brand",))
        else:
            # Hardly anything begins both brands and categories: one sample is enough, and costs less than two.
            either = {"bool": {"should": [category, brand]}}
            bodies["categories"] = _sample(typed, [either], CATEGORIES + BRANDS, (*NAMED, "category_nodes"))
        if doubted and typed.may_be_mistyped:
            wrong = [_mistyped(part) if typed.edits_allowed(part) else _anywhere(part) for part in typed.parts]
            if not typed.edits_allowed(last):
                wrong[-1] = _any_of([_last(last), _begins("category_text", last)])
            bodies["mistyped"] = _sample(typed, wrong, MISTYPED, (*NAMED, "category_nodes"))
        if len(last) < SHORTEST_BEGINNING:
            # Many words begin with a letter or two; who has typed no more of a word means a thing.
            head = {"prefix": {"head": last}}
            bodies["heads"] = _sample(typed, [*before, head], HEADS, (*NAMED, "category.path"))
    if typed.identifier:
        # Only the first of them: a series of numbers may have more than anybody could choose from.
        prefix = {"value": typed.identifier}
        if not typed.request.forced:  # else the first of them may be hidden, and others not
            prefix["rewrite"] = f"top_terms_boost_{IDENTIFIED}"
        begins: list[Clause] = [{"prefix": {"identifiers": prefix}}]
        if others := spellings_of(typed.identifier)[1:]:
            begins.append({"terms": {"identifiers": others}})
        bodies["identified"] = _sample(typed, [_any_of(begins)], IDENTIFIED, ())
    return bodies


def read_samples(responses: Mapping[str, Response]) -> dict[str, list[Sampled]]:
    """The products of each sample, by its name."""
    return {name: _read_sample(response) for name, response in responses.items()}


def _read_sample(response: Response) -> list[Sampled]:
    """The products of one sample, the most popular first."""
    samples = []
    for hit in response["hits"]["hits"]:
        fields = hit["fields"]
        samples.append(
            Sampled(
                fields["id"][0],
                hit["sort"][0] or 0.0,
                fields.get("name.folded", ("",))[0],
                fields.get("brand", (None,))[0],
                fields.get("category.path", (None,))[0],
                read_nodes(tuple(fields.get("category_nodes", ()))),
            )
        )
    return samples


@lru_cache(4096)
def read_nodes(tokens: tuple[str, ...]) -> tuple[Node, ...]:
    """The categories of a product from the root on, of the tokens that its document has for them."""
    nodes: list[Node] = []
    for token in sorted(tokens, key=lambda token: token.count("/", 0, token.index(NODE_SEPARATOR))):
        path, name, category_id = token.split(NODE_SEPARATOR)
        label = f"{nodes[-1].label} > {name}" if nodes else name
        nodes.append(Node(path, name, category_id, label))
    return tuple(nodes)


def scope(typed: AutocompleteQuery) -> list[Clause]:
    """What may be seen, below the chosen category."""
    shown = visible(typed.context.visibility_time, typed.request.forced)
    return [shown, *([category_clause(typed.request.category)] if typed.request.category else [])]


def _sample(typed: AutocompleteQuery, clauses: list[Clause], size: int, fields: Sequence[str]) -> Body:
    """Columns only: reading whole documents would cost several times as much."""
    return {
        "size": size,
        "track_total_hits": SKIP_AFTER,
        "stored_fields": "_none_",
        "docvalue_fields": ["id", *fields],
        "query": {"bool": {"filter": [*scope(typed), *clauses]}},
        "sort": [{"popularity": "desc"}],
    }


def _in_any_reading(typed: AutocompleteQuery) -> list[Clause]:
    readings = [[*map(_anywhere, reading[:-1]), _last(reading[-1])] for reading in typed.readings]
    if len(readings) == 1:
        return readings[0]
    return [{"bool": {"should": [{"bool": {"filter": slots}} for slots in readings]}}]


def _anywhere(part: str) -> Clause:
    """A word before the last one: it begins a word of the name, the brand or a category, or is an attribute."""
    way = "prefix" if len(part) >= SHORTEST_BEGINNING else "term"
    clauses: list[Clause] = [{way: {field: part}} for field in FIELDS]
    clauses += [{"match": {field: {"query": part, "operator": "and"}}} for field in ("name", "attributes_text")]
    if len(part) >= SHORTEST_PAIR:
        clauses.append({"term": {"pairs": part}})
    return _any_of(clauses)


def _last(part: str) -> Clause:
    """The word that is being typed begins a word of the name or the brand, or is one."""
    clauses: list[Clause] = [{"prefix": {"name.written": part}}, {"prefix": {"brand.written": part}}]
    if len(part) >= SHORTEST_STEM:
        clauses.append({"match": {"name": {"query": part, "operator": "and"}}})
    return _any_of(clauses)


def _begins(field: str, part: str) -> Clause:
    """A word of the brand or of a category begins with it, or is the same word in another number."""
    clauses: list[Clause] = [{"prefix": {f"{field}.written": part}}]
    if len(part) >= SHORTEST_STEM:
        stemmed = "brand.text" if field == "brand" else field
        clauses.append({"match": {stemmed: {"query": part, "operator": "and"}}})
    return _any_of(clauses)


def _mistyped(part: str) -> Clause:
    """Nearly such a word; or 'headse', which begins 'Head Set' when its words are read as one."""
    pattern = {"value": mistyped(part), "flags": "NONE"}
    clauses: list[Clause] = [{"regexp": {field: pattern}} for field in FIELDS]
    if len(part) >= SHORTEST_PAIR:
        clauses.append({"prefix": {"pairs": part}})
    return _any_of(clauses)


def _any_of(clauses: list[Clause]) -> Clause:
    return clauses[0] if len(clauses) == 1 else {"bool": {"should": clauses}}
