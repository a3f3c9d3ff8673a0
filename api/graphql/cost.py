"""What a document asks for, measured before it is validated or run: depth, cost, aliases, root fields, repetition.

Fragments are written out and fields of one name at one place are merged, as execution does it. Every step is
counted and the count is bounded, so that a document made to be slow is refused after as much work as any other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)  # fmt: skip

from api.graphql.errors import BadRequest, LimitExceeded
from api.graphql.limits import (
    MAX_FIELDS,
    MAX_INTROSPECTION_COST,
    MAX_INTROSPECTION_DEPTH,
    MAX_PAIRS,
    MAX_SPREADS,
    Limits,
)  # fmt: skip
from api.graphql.list_sizes import INTROSPECTION, LISTS, PAGE, PAGES, WEIGHTS
from mappings.json_types import Json

_ROOTS = ("__schema", "__type")
Sets = Sequence[tuple[SelectionSetNode, GraphQLNamedType | None]]
Group = list[tuple[FieldNode, GraphQLNamedType | None]]


@dataclass(slots=True)
class Measured:
    """`visited` is the work that measuring took, in fields and fragments."""

    cost: int = 0
    introspection: int = 0
    depth: int = 0
    aliases: int = 0
    pairs: int = 0
    visited: int = 0


@dataclass(slots=True)
class _Meter:
    schema: GraphQLSchema
    limits: Limits
    variables: Mapping[str, Any]
    fragments: Mapping[str, FragmentDefinitionNode]
    measured: Measured = field(default_factory=Measured)

    def collect(self, sets: Sets, groups: dict[str, Group], within: tuple[str, ...] = ()) -> dict[str, Group]:
        """The fields of these selections by the name under which they are answered, fragments written out."""
        for selections, parent in sets:
            for node in selections.selections:
                self.step()
                if isinstance(node, FieldNode):
                    name = node.alias.value if node.alias else node.name.value
                    if node.alias:
                        self.count_alias()
                    groups.setdefault(name, []).append((node, parent))
                elif isinstance(node, InlineFragmentNode):
                    named = node.type_condition.name.value if node.type_condition else None
                    inside = self.schema.get_type(named) if named else parent
                    self.collect([(node.selection_set, inside)], groups, within)
                elif isinstance(node, FragmentSpreadNode):
                    self.spread(node.name.value, groups, within)
        return groups

    def spread(self, name: str, groups: dict[str, Group], within: tuple[str, ...]) -> None:
        if name in within:
            raise BadRequest(f"The fragment {name} holds itself.")
        if len(within) >= MAX_SPREADS:
            raise LimitExceeded("fragments", MAX_SPREADS, "more", "Spread fewer fragments within each other.")
        fragment = self.fragments.get(name)
        if fragment is not None:  # Validation says it of one that does not exist.
            inside = self.schema.get_type(fragment.type_condition.name.value)
            self.collect([(fragment.selection_set, inside)], groups, (*within, name))

    def level(self, sets: Sets, depth: int, times: int, page: int) -> None:
        """The fields of one level and all below them; each is answered `times` times."""
        most = MAX_INTROSPECTION_DEPTH if any(_about_schema(parent) for _, parent in sets) else self.limits.depth
        if depth > most:
            raise LimitExceeded("depth", most, "more", "Nest fewer fields in each other.")
        self.measured.depth = max(self.measured.depth, depth)
        for nodes in self.collect(sets, {}).values():
            self.count_pairs(len(nodes))
            node, parent = nodes[0]
            below = [(each.selection_set, each_parent) for each, each_parent in nodes if each.selection_set]
            self.field(node, parent, below, depth, times, page)

    def field(
        self, node: FieldNode, parent: GraphQLNamedType | None, below: Any, depth: int, times: int, page: int,
    ) -> None:  # fmt: skip
        name = node.name.value
        if name in _ROOTS and not self.limits.introspection:
            raise BadRequest("Introspection is turned off here. The schema is in the documentation.")
        key = f"{parent.name}.{name}" if parent else name
        if name in _ROOTS or _about_schema(parent):
            self.add_introspection(times)
            size = INTROSPECTION.get(key, 1)
        else:
            self.add_cost(times * WEIGHTS.get(key, 1))
            size = LISTS.get(key, 1)
        if size == PAGE:
            size = page
        if key in PAGES:
            page = self.page_of(node, key)
        kind = self.type_of(parent, name)
        if below:
            sets = [(selections, kind) for selections, _ in below]
            self.level(sets, depth + 1, times * size, page)

    def type_of(self, parent: GraphQLNamedType | None, name: str) -> GraphQLNamedType | None:
        if not isinstance(parent, GraphQLObjectType):
            return None
        definition: GraphQLField | None = self.schema.get_field(parent, name)
        return get_named_type(definition.type) if definition else None

    def page_of(self, node: FieldNode, key: str) -> int:
        """What the paging argument will be: a value that is none, or too large, is refused later and costs most."""
        paged = PAGES[key]
        sent: Any = paged.default
        for argument in node.arguments or ():
            if argument.name.value != paged.argument:
                continue
            if isinstance(argument.value, IntValueNode):
                # More digits than any page has are more than the most.
                sent = int(argument.value.value) if len(argument.value.value) < 10 else paged.most
            elif isinstance(argument.value, VariableNode):
                sent = self.variables.get(argument.value.name.value, paged.default)
            else:
                sent = paged.most
        return min(max(sent, 1), paged.most) if isinstance(sent, int) else paged.most

    def step(self) -> None:
        self.measured.visited += 1
        if self.measured.visited > MAX_FIELDS:
            raise LimitExceeded("fields", MAX_FIELDS, "more", "Ask for fewer fields; fragments count each time.")

    def count_alias(self) -> None:
        self.measured.aliases += 1
        if self.measured.aliases > self.limits.aliases:
            raise LimitExceeded("aliases", self.limits.aliases, "more", "Send several requests.")

    def count_pairs(self, fields: int) -> None:
        self.measured.pairs += fields * (fields - 1) // 2
        if self.measured.pairs > MAX_PAIRS:
            raise LimitExceeded("repetition", MAX_PAIRS, "more pairs", "Ask for each field once.")

    def add_cost(self, cost: int) -> None:
        self.measured.cost += cost
        if self.measured.cost > self.limits.cost:
            raise LimitExceeded(
                "cost", self.limits.cost, "more", "Ask for smaller pages or fewer fields: lists in lists multiply."
            )

    def add_introspection(self, cost: int) -> None:
        self.measured.introspection += cost
        if self.measured.introspection > MAX_INTROSPECTION_COST:
            raise LimitExceeded("introspection", MAX_INTROSPECTION_COST, "more", "Ask for less of the schema.")


def measure(
    document: DocumentNode, operation: OperationDefinitionNode, schema: GraphQLSchema, variables: Mapping[str, Any],
    limits: Limits,
) -> Measured:  # fmt: skip
    """Raises LimitExceeded, and BadRequest for introspection that is turned off and for fragments in a circle.

    Cost and depth are those of `operation`; everything else that the document defines is gone through as well, because
    validation goes through it.
    """
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    meter = _Meter(schema, limits, {**_defaults(operation), **variables}, fragments)
    root = schema.get_root_type(operation.operation)
    _check_roots(meter, operation, root)
    meter.measured = Measured(visited=meter.measured.visited)
    meter.level([(operation.selection_set, root)], 1, 1, 1)
    measured = meter.measured
    for selections, kind in _others(document, operation, schema):
        # Work goes on being counted; cost and depth are of the operation that is run.
        meter.measured = Measured(visited=measured.visited, pairs=measured.pairs)
        meter.level([(selections, kind)], 1, 1, 1)
        measured.visited, measured.pairs = meter.measured.visited, meter.measured.pairs
    return measured


def _about_schema(kind: GraphQLNamedType | None) -> bool:
    """Whether a type is one that introspection answers; those have a budget of their own."""
    return kind is not None and kind.name.startswith("__")


def _check_roots(meter: _Meter, operation: OperationDefinitionNode, root: GraphQLNamedType | None) -> None:
    roots = meter.collect([(operation.selection_set, root)], {})
    if len(roots) > meter.limits.root_fields:
        raise LimitExceeded("root fields", meter.limits.root_fields, len(roots), "Send several requests.")


def _others(
    document: DocumentNode, operation: OperationDefinitionNode, schema: GraphQLSchema
) -> Iterator[tuple[SelectionSetNode, GraphQLNamedType | None]]:
    for node in document.definitions:
        if isinstance(node, FragmentDefinitionNode):
            yield node.selection_set, schema.get_type(node.type_condition.name.value)
        elif isinstance(node, OperationDefinitionNode) and node is not operation:
            yield node.selection_set, schema.get_root_type(node.operation)


def _defaults(operation: OperationDefinitionNode) -> Json:
    """The defaults of variables that are whole numbers, which is what pages are."""
    return {
        node.variable.name.value: int(node.default_value.value)
        for node in operation.variable_definitions or ()
        if isinstance(node.default_value, IntValueNode) and len(node.default_value.value) < 10
    }
