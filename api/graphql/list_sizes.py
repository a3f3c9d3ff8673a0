"""What fields cost: how long each list of the schema is taken to be, and what is dearer than reading a value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paged:
    """The argument that says how long the lists below this field are, and what it is when left out."""

    argument: str
    default: int
    most: int


# The lists that are as long as the page asked for above them.
PAGE = 0

PAGES: dict[str, Paged] = {
    "Query.products": Paged("perPage", 20, 100),
    "Category.products": Paged("perPage", 20, 100),
    "Query.search": Paged("perPage", 20, 100),
    "Query.autocomplete": Paged("limit", 8, 20),
}
# Taken, not counted: what a usual catalogue has.
LISTS: dict[str, int] = {
    "ProductConnection.edges": PAGE,
    "SearchResult.hits": PAGE,
    "SearchResult.facets": 10,
    "SearchResult.droppedTerms": 1,
    "SearchResult.appliedRules": 1,
    "Facet.values": 10,
    "Facet.buckets": 5,
    "Interpreted.words": 5,
    "Interpreted.readings": 1,
    "Interpreted.categories": 5,
    "Suggestions.queries": 5,
    "Suggestions.categories": 5,
    "Suggestions.popular": 10,
    "AutocompleteSections.queries": PAGE,
    "AutocompleteSections.products": PAGE,
    "AutocompleteSections.categories": PAGE,
    "AutocompleteSections.brands": PAGE,
    "SearchHit.missing": 1,
    "Query.categories": 20,
    "Category.children": 5,
    "Product.images": 4,
    "Product.variants": 5,
}
# Statements and searches behind a field, in fields that only read a value.
WEIGHTS: dict[str, int] = {
    "Query.product": 5,
    "Query.products": 20,
    "Query.categories": 20,
    "Query.search": 100,
    "Query.autocomplete": 50,
    "Category.products": 10,
    "SearchHit.product": 2,
    "Mutation.createProduct": 100,
    "Mutation.updateProduct": 100,
    "Mutation.deleteProduct": 100,
}
# Of the schema itself, for introspection, which has a budget of its own.
INTROSPECTION: dict[str, int] = {
    "__Schema.types": 50,
    "__Schema.directives": 5,
    "__Directive.locations": 5,
    "__Directive.args": 2,
    "__Type.fields": 10,
    "__Type.inputFields": 10,
    "__Type.enumValues": 5,
    "__Type.interfaces": 1,
    "__Type.possibleTypes": 1,
    "__Field.args": 3,
}
