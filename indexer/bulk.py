"""Writes documents: bulk requests with external versions, answered item by item."""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from elasticsearch import ApiError, Elasticsearch, TransportError

# Far below http.max_content_length (100 MB), and small enough for several workers to be in flight at once.
MAX_REQUEST_BYTES = 8 * 1024 * 1024
# A larger one would be sent alone and could be refused for its size by a server that says so as if it were busy.
MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
# What an index, a node or the cluster says when it can't take any write now.
INDEX_ERROR_STATUSES = (401, 403, 404, 408, 429)
# The same, where the status (400) says nothing.
INDEX_ERROR_TYPES = ("index_closed_exception",)
# What Elasticsearch says of one shard, in an answer that is a success for the documents of the others.
SHARD_ERROR_TYPE = "unavailable_shards_exception"
# How long Elasticsearch waits for a shard that is not there now: the other indexes wait behind it.
SHARD_TIMEOUT = "3s"
# The fields of an answer that are read, for each document of a request.
ITEM_FIELDS = "errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason"
# Of an error's text: it is kept in the ledger.
MAX_ERROR_CHARACTERS = 2000


class Outcome(Enum):
    """What Elasticsearch did with one document."""

    WRITTEN = "written"
    #: A document of the same version or a newer one is there already.
    CONFLICT = "conflict"
    #: The document itself is at fault: no other one is held back.
    REFUSED = "refused"
    #: The index takes no writes now.
    UNAVAILABLE = "unavailable"
    #: Nor does the one shard that the document belongs to; the others do.
    SHARD_UNAVAILABLE = "shard unavailable"

    @property
    def is_unavailable(self) -> bool:
        return self in (Outcome.UNAVAILABLE, Outcome.SHARD_UNAVAILABLE)


# Tuples, not dataclasses: there are two for each document of a rebuild, and these are made in half the time.
class Document(NamedTuple):
    """A document as it is sent."""

    product_id: UUID
    #: The ledger's.
    version: int
    body: dict[str, Any]


class Result(NamedTuple):
    """What became of one document."""

    document: Document
    outcome: Outcome
    #: `type: reason` as Elasticsearch gave it.
    error: str | None = None


def write(
    client: Elasticsearch, alias: str, documents: Sequence[Document], *, first_writer: bool = False
) -> list[Result]:
    """Write whole documents to `alias`; one Result for each, in order. Never raises for what Elasticsearch answers.

    `first_writer`: hardly any is expected to be there. Then it takes less to ask only whether all were written, and to
    send a request again when not; a document that the first try wrote is a CONFLICT.
    """
    results: list[Result] = []
    for chunk, body in _requests(documents):
        if len(body) > MAX_DOCUMENT_BYTES and len(chunk) == 1:
            error = f"document_too_large: {len(body)} bytes; the limit is {MAX_DOCUMENT_BYTES}"
            results.append(Result(chunk[0], Outcome.REFUSED, error))
            continue
        try:
            results += _send(client, alias, chunk, body, first_writer)
        except (ApiError, TransportError) as error:
            # What could not be sent is not tried either: each try against a hanging server costs a whole time limit.
            summary = _summary(error)
            return results + [Result(item, Outcome.UNAVAILABLE, summary) for item in documents[len(results) :]]
    return results


def _send(
    client: Elasticsearch, alias: str, chunk: Sequence[Document], body: bytes, first_writer: bool
) -> list[Result]:
    if first_writer and not _bulk(client, alias, body, "errors")["errors"]:
        return [Result(document, Outcome.WRITTEN) for document in chunk]
    answer = _bulk(client, alias, body, ITEM_FIELDS)
    items = answer["items"]
    if not answer["errors"] and len(items) == len(chunk):
        return [Result(document, Outcome.WRITTEN) for document in chunk]
    return [_result(document, item["index"]) for document, item in zip(chunk, items, strict=True)]


def _bulk(client: Elasticsearch, alias: str, body: bytes, filter_path: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.bulk(
        index=alias,
        operations=body,  # type: ignore[arg-type]  # bytes are sent as they are; the stub says mappings only
        require_alias=True,
        timeout=SHARD_TIMEOUT,
        filter_path=filter_path,
    ).body
    return answer


def _requests(documents: Sequence[Document]) -> Iterator[tuple[list[Document], bytes]]:
    chunk: list[Document] = []
    lines: list[bytes] = []
    size = 0
    for document in documents:
        body = orjson.dumps(document.body, option=orjson.OPT_APPEND_NEWLINE)
        if chunk and size + len(body) > MAX_REQUEST_BYTES:  # a document larger than that goes alone
            yield chunk, b"".join(lines)
            chunk, lines, size = [], [], 0
        action = b'{"index":{"_id":"%b","version":%d,"version_type":"external"}}\n'
        lines += [action % (str(document.product_id).encode(), document.version), body]
        chunk.append(document)
        size += len(body)
    if chunk:
        yield chunk, b"".join(lines)


def _result(document: Document, item: dict[str, Any]) -> Result:
    status: int = item["status"]
    if status < 300:
        return Result(document, Outcome.WRITTEN)
    if status == 409:
        return Result(document, Outcome.CONFLICT)
    error = item.get("error", {})
    text = f"{error.get('type')}: {error.get('reason')}"
    if cause := error.get("caused_by", {}).get("reason"):
        text = f"{text} ({cause})"
    return Result(document, _failure(status, error.get("type")), text[:MAX_ERROR_CHARACTERS])


def _failure(status: int, error_type: str | None) -> Outcome:
    if error_type == SHARD_ERROR_TYPE:
        return Outcome.SHARD_UNAVAILABLE
    if not 400 <= status < 500 or status in INDEX_ERROR_STATUSES or error_type in INDEX_ERROR_TYPES:
        return Outcome.UNAVAILABLE
    return Outcome.REFUSED


def stored_versions(client: Elasticsearch, alias: str, ids: Sequence[UUID]) -> dict[UUID, int]:
    """The versions that an index holds now, by id; ids without a document are left out."""
    return {UUID(item["_id"]): item["_version"] for item in stored(client, alias, ids, source=False)}


def stored(client: Elasticsearch, alias: str, ids: Sequence[UUID], *, source: bool) -> list[dict[str, Any]]:
    """The documents that an index holds now, as Elasticsearch gives them. Raises TransportError when it can't tell."""
    answer = client.mget(index=alias, ids=[str(product_id) for product_id in ids], source=source)
    for item in answer["docs"]:
        if error := item.get("error"):
            # A closed index or a shard that is not there says so here, in an answer that is a success as a whole.
            raise TransportError(f"{error.get('type')}: {error.get('reason')}")
    return [item for item in answer["docs"] if item.get("found")]


def _summary(error: ApiError | TransportError) -> str:
    return f"{type(error).__name__}: {error.message}"[:MAX_ERROR_CHARACTERS]
