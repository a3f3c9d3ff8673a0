"""A request as GraphQL over HTTP has it -> operations that may be run. Everything is refused here that can be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import DocumentNode, OperationDefinitionNode

from api.graphql.cost import Measured, measure
from api.graphql.errors import BadRequest, LimitExceeded
from api.graphql.limits import Limits, check_values, read_document
from api.graphql.schema import core

JSON_TYPE = "application/json"
RESPONSE_TYPE = "application/graphql-response+json"


@dataclass(frozen=True, slots=True)
class Sent:
    """One operation as it was sent; `operation_name` chooses among those of the text."""

    query: str
    variables: Mapping[str, Any]
    operation_name: str | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One that has been parsed and measured."""

    sent: Sent
    document: DocumentNode
    definition: OperationDefinitionNode
    measured: Measured

    @property
    def name(self) -> str | None:
        return self.definition.name.value if self.definition.name else None

    @property
    def kind(self) -> str:
        return self.definition.operation.value


def read_body(body: bytes, limits: Limits) -> tuple[list[Sent], bool]:
    """The operations of a body, and whether they came as a batch. Raises BadRequest and LimitExceeded."""
    try:
        held = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not valid JSON: {error.msg} at character {error.pos}.") from None
    if not isinstance(held, list):
        return [_read(held)], False
    if not limits.operations:
        raise BadRequest("Batches are turned off here: send one operation in each request.")
    if len(held) > limits.operations:
        raise LimitExceeded("batch", limits.operations, len(held), "Send several requests.")
    if not held:
        raise BadRequest("The batch is empty.")
    return [_read(item) for item in held], True


def _read(held: Any) -> Sent:
    if not isinstance(held, dict):
        raise BadRequest('The body must be an object such as {"query": "{ products { totalCount } }"}.')
    query, variables, name = held.get("query"), held.get("variables"), held.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise BadRequest("query: must be the text of a GraphQL document.")
    if not isinstance(variables, dict | None):
        raise BadRequest("variables: must be an object.")
    if not isinstance(name, str | None):
        raise BadRequest("operationName: must be text.")
    if not isinstance(held.get("extensions"), dict | None):
        raise BadRequest("extensions: must be an object.")
    return Sent(query, variables or {}, name or None)


def prepare(sent: Sent, limits: Limits) -> Operation:
    """Raises LimitExceeded, BadRequest, and GraphQLError for bad syntax. Nothing is validated or run."""
    check_values(sent.variables)
    document = read_document(sent.query, limits)
    definition = _choose(document, sent.operation_name)
    return Operation(sent, document, definition, measure(document, definition, core(), sent.variables, limits))


def _choose(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    found = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is not None:
        found = [node for node in found if node.name and node.name.value == name]
        if not found:
            raise BadRequest(f"operationName: the document has no operation {name[:100]!r}.")
    if not found:
        raise BadRequest("The document has no operation.")
    if len(found) > 1:
        raise BadRequest("operationName: must say which of the document's operations to run.")
    return found[0]
