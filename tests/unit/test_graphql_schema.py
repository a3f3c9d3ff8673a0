"""The committed schema is the code's, and every list in it has a size in the table of costs."""

from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType

from api.graphql.list_sizes import LISTS, PAGES, WEIGHTS
from api.graphql.schema import FILE, core, sdl


def test_the_committed_schema_is_that_of_the_code() -> None:
    assert FILE.read_text() == sdl(), "run `python -m api.graphql.schema` and commit what it writes"


def _fields() -> dict[str, object]:
    return {
        f"{kind.name}.{name}": field.type
        for kind in core().type_map.values()
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")
        for name, field in kind.fields.items()
    }


def test_every_list_has_a_size() -> None:
    lists = {
        name
        for name, kind in _fields().items()
        if isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)
    }
    assert lists == set(LISTS)


def test_what_has_a_price_exists() -> None:
    assert {*LISTS, *PAGES, *WEIGHTS} <= set(_fields())


def test_the_pages_are_those_of_the_schema() -> None:
    for name, paged in PAGES.items():
        kind, _, field = name.partition(".")
        owner = core().type_map[kind]
        assert isinstance(owner, GraphQLObjectType)
        assert owner.fields[field].args[paged.argument].default_value == paged.default


def test_money_is_text_and_a_version_is_too() -> None:
    text = sdl()
    assert "price: Decimal!" in text
    assert "version: String!" in text
    assert "deleteProduct(" in text
    assert "scalar Upload" not in text
