"""The schema, and its text in `schema.graphql`, which is committed: `python -m api.graphql.schema` writes it anew."""

from collections.abc import Iterator
from pathlib import Path

import strawberry
from graphql import DocumentNode, GraphQLError, GraphQLSchema
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from api.graphql.context import Context
from api.graphql.mutations import Mutation
from api.graphql.queries import Query
from api.graphql.scalars import SCALARS

FILE = Path(__file__).with_name("schema.graphql")


class _Parsed(SchemaExtension):
    """The document was parsed when it was measured, and is not parsed again."""

    def on_operation(self) -> Iterator[None]:
        self.execution_context.graphql_document = self.execution_context.context.document
        yield


class _Schema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing: `api.graphql.errors` logs what nobody foresaw, and the rest is the client's."""


schema = _Schema(query=Query, mutation=Mutation, extensions=[_Parsed], config=StrawberryConfig(scalar_map=SCALARS))


def core() -> GraphQLSchema:
    """The schema as the reference library has it."""
    return schema._schema


def sdl() -> str:
    """The schema in the schema definition language."""
    return schema.as_str().strip() + "\n"


__all__ = ["Context", "DocumentNode", "core", "schema", "sdl"]

if __name__ == "__main__":
    FILE.write_text(sdl())
