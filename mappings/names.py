"""Names of indexes and aliases. Only these functions make them, so nothing else in the code spells one out."""


def read_alias(prefix: str) -> str:
    """What searches read: filtered, so that tombstones are invisible."""
    return f"{prefix}-products"


def index_name(prefix: str, stamp: str) -> str:
    """`stamp` sorts by time, for example 20260131t120000-1a2b."""
    return f"{prefix}-products-{stamp}"


def write_alias(index: str) -> str:
    """Each index has a write alias of its own: with `require_alias`, a write never creates an index by accident."""
    return f"{index}-w"


READ_FILTER = {"term": {"deleted": False}}
