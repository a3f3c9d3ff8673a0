"""The two small numbers in every document that make comparing an index with Postgres cheap.

Both are computed in SQL as well (`indexer.compare`): md5 is the one hash that Postgres 15 and Python share. (crc32 is
only in Postgres 18, and the fast internal hashes of Postgres may change with its major version.)
"""

from hashlib import md5
from uuid import UUID

BUCKETS = 256


def bucket(product_id: str) -> int:
    """0..255: the first byte of the id, so that a bucket is a range of the primary key."""
    return int(product_id[:2], 16)


def bucket_keys(number: int) -> tuple[UUID, UUID]:
    """The first and the last id of a bucket."""
    first = bytes([number])
    return UUID(bytes=first + bytes(15)), UUID(bytes=first + b"\xff" * 15)


def checksum(product_id: str, version: int) -> int:
    """0..2**32-1, of `id:version`, the id in lower case.

    The sum over a million documents stays exact in a double.
    """
    digest = md5(f"{product_id}:{version}".encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:4], "big")
