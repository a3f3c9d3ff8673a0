"""What a document may ask for, and the first look at it: text, tokens, nesting. See docs/decisions/0015."""

from dataclasses import dataclass

from graphql import DocumentNode, GraphQLError, Lexer, Source, TokenKind, parse

from api.graphql.errors import LimitExceeded
from catalog.settings import Settings

# Enough for the introspection query of every tool, and few enough for a parser that calls itself.
MAX_BRACKETS = 50
MAX_DIRECTIVES = 50
# Fields as they are met when fragments are written out, in everything that the document defines.
MAX_FIELDS = 2000
# Pairs of fields of the same name at the same place: validation compares each with each.
MAX_PAIRS = 1000
MAX_SPREADS = 20
MAX_INTROSPECTION_DEPTH = 16
MAX_INTROSPECTION_COST = 100_000
# Values in the variables: a product with 500 variants and 2,000 attribute values has room in it.
MAX_VALUES = 20_000

_OPENS = (TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L)
_CLOSES = (TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R)


@dataclass(frozen=True, slots=True)
class Limits:
    """Those that a setting changes. `operations` is how many one request may hold; 0: no batches."""

    document_bytes: int
    tokens: int
    depth: int
    cost: int
    aliases: int
    root_fields: int
    operations: int
    introspection: bool


def limits_of(settings: Settings) -> Limits:
    return Limits(
        document_bytes=settings.graphql_max_bytes,
        tokens=settings.graphql_max_tokens,
        depth=settings.graphql_max_depth,
        cost=settings.graphql_max_cost,
        aliases=settings.graphql_max_aliases,
        root_fields=settings.graphql_max_root_fields,
        operations=settings.graphql_max_batch if settings.graphql_batching else 0,
        introspection=settings.graphql_introspection,
    )


def read_document(text: str, limits: Limits) -> DocumentNode:
    """The document, parsed. Raises LimitExceeded before any work that grows faster than its text, and GraphQLError."""
    size = len(text.encode())
    if size > limits.document_bytes:
        raise LimitExceeded("bytes", limits.document_bytes, f"{size:,}", "Send long values as variables.")
    _count_tokens(text, limits)
    return parse(text)


def _count_tokens(text: str, limits: Limits) -> None:
    lexer = Lexer(Source(text))
    tokens = brackets = directives = 0
    while (token := lexer.advance()).kind is not TokenKind.EOF:
        tokens += 1
        if tokens > limits.tokens:
            raise LimitExceeded("tokens", limits.tokens, "more", "Ask for less at a time, or send values as variables.")
        if token.kind in _OPENS:
            brackets += 1
            if brackets > MAX_BRACKETS:
                raise LimitExceeded("nesting", MAX_BRACKETS, "more", "Nest fewer brackets in each other.")
        elif token.kind in _CLOSES:
            brackets -= 1
        elif token.kind is TokenKind.AT:
            directives += 1
            if directives > MAX_DIRECTIVES:
                raise LimitExceeded("directives", MAX_DIRECTIVES, "more", "Leave out fields instead of skipping them.")


def check_values(variables: object) -> None:
    """Raises LimitExceeded for more values than any input of this schema has."""
    left, count = [variables], 0
    while left:
        value = left.pop()
        items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        count += len(items)
        if count > MAX_VALUES:
            raise LimitExceeded("values", MAX_VALUES, "more", "Send fewer values in the variables.")
        left += items


__all__ = ["GraphQLError", "Limits", "check_values", "limits_of", "read_document"]
