"""What the attributes of the whole catalogue are: text, numbers, or options that variants differ in. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mappings.attributes import MANY, NUMBER, OPTION, SEPARATOR, TEXT
from search.text.attribute_values import Values, read_values

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds of each stored name. One product with text makes a name a text attribute everywhere.

    `values` are those that a question can name.
    """

    of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    values: Values = field(default_factory=dict)

    def __contains__(self, name: object) -> bool:
        return name in self.of

    def may_be_option(self, name: str) -> bool:
        """Whether variants of one product may differ in it. An unknown name may be anything."""
        return name not in self.of or OPTION in self.of[name]

    def is_number(self, name: str) -> bool:
        """Whether it is a number in every product, and its range can be asked for.

        With a `depth_min` in the catalogue, `attr.depth_min` is a value of that attribute and not a bound of `depth`.
        """
        if not self._holds_numbers_only(name):
            return False
        return f"{name}_min" not in self.of and f"{name}_max" not in self.of

    def has_many_numbers(self, name: str) -> bool:
        """Whether a single product may hold several numbers under this name."""
        return MANY in self.of.get(name, _NONE)

    def _holds_numbers_only(self, name: str) -> bool:
        types = self.of.get(name, _NONE)
        return NUMBER in types and not types & {TEXT, OPTION}


def read_kinds(tokens: Iterable[str], values: Iterable[str] = ()) -> Kinds:
    """From the `attribute_names` of an index, and `tokens` of it, the commonest first."""
    types: dict[str, set[str]] = {}
    for token in tokens:
        name, _, kind = token.rpartition(SEPARATOR)
        types.setdefault(name, set()).add(kind)
    return Kinds({name: frozenset(kinds) for name, kinds in types.items()}, read_values(values))
