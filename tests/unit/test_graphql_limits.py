"""Documents made to be slow or large are refused before anything is validated or run, after a bounded work."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from graphql import get_introspection_query

from api.graphql.cost import Measured
from api.graphql.errors import BadRequest, LimitExceeded
from api.graphql.limits import MAX_FIELDS, Limits, limits_of
from api.graphql.request import Sent, prepare
from catalog.settings import Settings

LIMITS = limits_of(Settings())


def measured(text: str, limits: Limits = LIMITS, **variables: object) -> Measured:
    return prepare(Sent(text, variables, None), limits).measured


def refused(text: str, limits: Limits = LIMITS, **variables: object) -> str:
    """The name of the limit."""
    with pytest.raises(LimitExceeded) as caught:
        measured(text, limits, **variables)
    assert caught.value.limit["name"] in str(caught.value)
    return str(caught.value.limit["name"])


def nested(times: int) -> str:
    return "{ categories " + "{ parent " * times + "{ id }" + " }" * times + " }"


def fragments_that_double(times: int) -> str:
    """Each spreads the next one twice: 2^times fields when written out."""
    chain = " ".join(
        f"fragment f{number} on Query {{ __typename ...f{number + 1} ...f{number + 1} }}" for number in range(times)
    )
    return f"{{ ...f0 }} {chain} fragment f{times} on Query {{ __typename }}"


def fragments_in_a_chain(times: int) -> str:
    chain = " ".join(f"fragment f{number} on Query {{ ...f{number + 1} }}" for number in range(times))
    return f"{{ ...f0 }} {chain} fragment f{times} on Query {{ __typename }}"


def same_fields_deep(width: int, depth: int) -> str:
    """The same list of fields again and again, each with such a list in it: validation compares all with all."""
    inner = "id"
    for _ in range(depth):
        inner = " ".join(f"children {{ {inner} }}" for _ in range(width))
    return f"{{ categories {{ {inner} }} }}"


BOMBS: dict[str, tuple[Callable[[], str], str]] = {
    "a long document": (lambda: "{ products { totalCount } } #" + "x" * 40_000, "bytes"),
    "many tokens": (lambda: "{" + " a" * 3000 + "}", "tokens"),
    "one field again and again": (lambda: "{" + " __typename" * 500 + "}", "repetition"),
    "one field under many names": (lambda: "{" + " ".join(f"a{n}: __typename" for n in range(100)) + "}", "aliases"),
    "many root fields": (
        lambda: "{" + " ".join(f"a{n}: products {{ totalCount }}" for n in range(11)) + "}", "root fields"),
    "brackets in brackets": (lambda: "{a" * 400, "nesting"),
    "lists in lists": (lambda: "{ search(q: " + "[" * 600 + ") { total { value } } }", "nesting"),
    "lists of lists of types": (lambda: "query ($a: " + "[" * 600 + "Int" + "]" * 600 + ") { __typename }", "nesting"),
    "deep fields": (lambda: nested(20), "depth"),
    "directives": (lambda: "{ __typename " + "@skip(if: false)" * 60 + "}", "directives"),
    "unknown directives": (lambda: "{ __typename " + "@a" * 600 + "}", "directives"),
    "fragments that double": (lambda: fragments_that_double(15), "fields"),
    "a chain of fragments": (lambda: fragments_in_a_chain(100), "fragments"),
    "the same fields, deep": (lambda: same_fields_deep(3, 4), "repetition"),
    "pages in pages": (
        lambda: "{ products(perPage: 100) { edges { node { category { products(perPage: 100) "
                "{ edges { node { id } } } } } } } }", "cost"),
    "trees of pages": (
        lambda: "{ categories { children { children { products { edges { node { id name price } } } } } } }", "cost"),
    "searches by the dozen": (
        lambda: "{" + " ".join(
            f"a{n}: search(perPage: 100) {{ hits {{ product {{ variants {{ sku price inventory options }} }} }} }}"
            for n in range(10)) + "}", "cost"),
    "the schema in itself": (
        lambda: "{ __schema { types " + "{ fields { type " * 4 + "{ name }" + "} }" * 4 + "} }", "introspection"),
    "the schema again and again": (
        lambda: "{" + " ".join(
            f"a{n}: __schema {{ types {{ fields {{ args {{ name }} type {{ name }} }} }} }}" for n in range(30)
        ) + "}", "root fields"),
    "the types of types": (lambda: "{ __schema { types " + "{ ofType " * 20 + "{ name }" + "}" * 20 + "} }", "depth"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_by_the_limit_that_is_named(name: str) -> None:
    make, limit = BOMBS[name]
    assert refused(make()) == limit


@pytest.mark.parametrize("name", BOMBS)
def test_measuring_a_bomb_is_bounded_work(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: however the document is made, no more than so many of its parts are looked at."""
    seen: list[Measured] = []
    make = Measured.__init__

    def noted(self: Measured, *values: int, **named: int) -> None:
        make(self, *values, **named)
        seen.append(self)

    monkeypatch.setattr(Measured, "__init__", noted)
    refused(BOMBS[name][0]())
    assert all(found.visited <= MAX_FIELDS + 1 for found in seen)


def test_a_bomb_beside_the_operation_is_found() -> None:
    """Validation goes through all that a document defines."""
    bomb = "query Bomb {" + " __typename" * 100 + "}"
    with pytest.raises(LimitExceeded, match="repetition"):
        prepare(Sent("query Good { __typename } " + bomb, {}, "Good"), LIMITS)
    unused = "fragment unused on Query {" + " __typename" * 100 + "}"
    assert refused("{ __typename } " + unused) == "repetition"


@pytest.mark.parametrize(
    "text",
    [
        "{ ...a } fragment a on Query { ...a }",
        "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
        "{ __typename } fragment a on Category { children { ...a } }",
    ],
)
def test_fragments_in_a_circle_are_refused(text: str) -> None:
    with pytest.raises((BadRequest, LimitExceeded)):
        measured(text)


def test_lists_multiply_the_cost() -> None:
    one = measured("{ products(perPage: 1) { edges { node { id } } } }").cost
    hundred = measured("{ products(perPage: 100) { edges { node { id } } } }").cost
    assert hundred - one == 99 * 2
    assert measured("query ($n: Int) { products(perPage: $n) { edges { node { id } } } }", n=100).cost == hundred
    assert measured("query ($n: Int = 100) { products(perPage: $n) { edges { node { id } } } }").cost == hundred
    default = measured("{ products { edges { node { id } } } }").cost
    assert default - one == 19 * 2


@pytest.mark.parametrize("page", ["99999999999999999999", "-5", '"100"', "1e9", "null", "[1]", "{a: 1}"])
def test_a_page_that_is_none_costs_no_less_than_the_largest(page: str) -> None:
    cost = measured(f"{{ products(perPage: {page}) {{ edges {{ node {{ id }} }} }} }}").cost
    assert cost in (
        measured("{ products(perPage: 100) { edges { node { id } } } }").cost,
        measured("{ products(perPage: 1) { edges { node { id } } } }").cost,
    )


def test_a_field_said_twice_costs_once() -> None:
    once = measured("{ products { edges { node { id name } } } }").cost
    twice = measured("{ products { edges { node { id } } } products { edges { node { name } } } }").cost
    assert once == twice


def test_the_usual_questions_fit() -> None:
    whole = "id sku name description price compareAtPrice currency onSale inventory gtin brand" \
            " category { id name path } images { id url alt position } attributes" \
            " variants { id sku price inventory options position } status createdAt updatedAt version"  # fmt: skip
    page = f"totalCount pageInfo {{ hasNextPage endCursor }} edges {{ cursor node {{ {whole} }} }}"
    facets = "name label type totalValues min max unit values { value label count selected level }" \
             " buckets { from to label count }"  # fmt: skip
    for text in (
        f"{{ products(perPage: 100) {{ {page} }} }}",
        "{ categories { id name path productCount children { id name path productCount children { id name } } } }",
        "{ categories { id name products { totalCount edges { node { id name price images { url } } } } } }",
        f'{{ search(q: "a", perPage: 60) {{ total {{ value }} hits {{ id name price product {{ {whole} }} }} '
        f"facets {{ {facets} }} suggestions {{ queries {{ text }} }} }} }}",
        f"fragment all on Product {{ {whole} }} {{ a: product(id: 1) {{ ...all }} b: product(id: 2) {{ ...all }} }}",
    ):
        measured(text)


def test_the_introspection_of_tools_fits() -> None:
    text = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    assert measured(text).introspection > 0


def test_introspection_is_a_setting() -> None:
    off = replace(LIMITS, introspection=False)
    for text in ("{ __schema { queryType { name } } }", '{ __type(name: "Product") { name } }',
                 "{ ...a } fragment a on Query { s: __schema { types { name } } }"):  # fmt: skip
        with pytest.raises(BadRequest, match="Introspection"):
            measured(text, off)
    measured("{ __typename }", off)


def test_too_many_values_in_the_variables_are_refused() -> None:
    assert refused("{ __typename }", many=[0] * 30_000) == "values"
    assert refused("{ __typename }", many={"a": [{"b": [0] * 10} for _ in range(3000)]}) == "values"


def test_every_limit_has_a_setting() -> None:
    settings = Settings.model_validate(
        {"graphql_max_depth": 3, "graphql_max_cost": 100, "graphql_max_aliases": 0, "graphql_max_tokens": 50,
         "graphql_max_root_fields": 1, "graphql_max_bytes": 1024}
    )  # fmt: skip
    limits = limits_of(settings)
    assert refused("{ products { edges { node { id } } } }", limits) == "depth"
    assert refused("{ search { took: tookMs } }", limits) == "aliases"
    assert refused("{ search { tookMs total { value } } }", limits) == "cost"
    assert refused("{ product(id: 1) { id } categories { id } }", limits) == "root fields"
    assert refused("{" + " __typename" * 60 + "}", limits) == "tokens"
    assert limits.operations == 0
    assert limits_of(Settings.model_validate({"graphql_batching": True, "graphql_max_batch": 7})).operations == 7
