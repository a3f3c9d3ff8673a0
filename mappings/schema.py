"""Document shapes by number. This version and the one before are kept, so that a deploy never breaks live sync."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mappings import product_v1
from mappings.checksum import bucket, checksum
from mappings.row import ProductRow


@dataclass(frozen=True, slots=True)
class Schema:
    """One version of the documents and of the index that they fit."""

    version: int
    #: Of the index.
    settings: Mapping[str, Any]
    mappings: Mapping[str, Any]
    #: Makes the document of a row at the ledger's version.
    build: Callable[[ProductRow, int], dict[str, Any]]


SCHEMAS: dict[int, Schema] = {
    1: Schema(1, product_v1.SETTINGS, product_v1.MAPPINGS, product_v1.build),
}
CURRENT = max(SCHEMAS)


def tombstone(product_id: UUID, version: int) -> dict[str, Any]:
    """What stays of a deleted product in an index, in every schema: it keeps late writes of older versions out."""
    key = str(product_id)
    return {
        "id": key,
        "version": version,
        "deleted": True,
        "bucket": bucket(key),
        "checksum": checksum(key, version),
    }
