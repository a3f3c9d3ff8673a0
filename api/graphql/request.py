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
        batch = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not valid JSON: {error.msg} at character {error.pos}.") from None
    if not isinstance(batch, list):
        return [_read(batch)], False
    if not limits.operations:
        raise BadRequest("Batches are turned off here: send one operation in each request.")
    if len(batch) > limits.operations:
        raise LimitExceeded("batch", limits.operations, len(batch), "Send several requests.")
    if not batch:
        raise BadRequest("The batch is empty.")
    return [_read(item) for item in batch], True


def _read(operation: Any) -> Sent:
    if not isinstance(operation, dict):
        raise BadRequest('The body must be an object such as {"query": "{ products { totalCount } }"}.')
    query, variables, name = operation.get("query"), operation.get("variables"), operation.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise BadRequest("query: must be the text of a GraphQL document.")
    if not isinstance(variables, dict | None):
        raise BadRequest("variables: must be an object.")
    if not isinstance(name, str | None):
        raise BadRequest("operationName: must be text.")
    if not isinstance(operation.get("extensions"), dict | None):
        raise BadRequest("extensions: must be an object.")
    return Sent(query, variables or {}, name or None)


def prepare(sent: Sent, limits: Limits) -> Operation:
    """Raises LimitExceeded, BadRequest, and GraphQLError for bad syntax. Nothing is validated or run."""
    check_values(sent.variables)
    document = read_document(sent.query, limits)
    definition = _choose(document, sent.operation_name)
    return Operation(sent, document, definition, measure(document, definition, core(), sent.variables, limits))


def _choose(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is not None:
        operations = [node for node in operations if node.name and node.name.value == name]
        if not operations:
            raise BadRequest(f"operationName: the document has no operation {name[:100]!r}.")
    if not operations:
        raise BadRequest("The document has no operation.")
    if len(operations) > 1:
        raise BadRequest("operationName: must say which of the document's operations to run.")
    return operations[0]
