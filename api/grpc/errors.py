"""The one place that renders errors of this door: a status, and what is wrong in it as `google.rpc` details."""

from collections.abc import Sequence
from dataclasses import dataclass

import grpc
import structlog
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import code_pb2, status_pb2
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RequestInfo, RetryInfo
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.problems import from_database
from catalog.errors import CatalogError, Conflict, DeadlineExceeded, FieldError

DOMAIN = "catalog"
DETAILS = "grpc-status-details-bin"
MASKED = "Something went wrong here. The request id finds it in the log."
# Clients take 8 KB of metadata by default, in base64, and what is more would hide the status itself.
MAX_DETAIL, MAX_VIOLATIONS_BYTES = 500, 3000

_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ABORTED,
    410: grpc.StatusCode.OUT_OF_RANGE,
    412: grpc.StatusCode.ABORTED,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rendered:
    code: grpc.StatusCode
    message: str
    details: bytes


def explain(error: BaseException) -> CatalogError | None:
    """The error that a client is told; None for what nobody foresaw."""
    if isinstance(error, CatalogError):
        return error
    if isinstance(error, TimeoutError) and not isinstance(error, PoolTimeout):
        return DeadlineExceeded()
    if isinstance(error, DBAPIError | PoolTimeout):
        problem = from_database(error)
        if problem is not None:
            _log.warning("database.refused", error=str(error.__cause__ or error), status=problem.status)
        return problem
    return None


def render(error: CatalogError | None, request_id: str) -> Rendered:
    if error is None:
        error = CatalogError(MASKED)
    code = _code(error)
    message = _sendable(error.detail)[:MAX_DETAIL]
    details: list[Message] = [
        ErrorInfo(reason=error.title.upper().replace(" ", "_"), domain=DOMAIN),
        RequestInfo(request_id=request_id),
    ]
    if error.errors:
        details.append(_bad_request(error.errors))
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        details.append(RetryInfo(retry_delay=Duration(seconds=int(retry_after))))
    status = status_pb2.Status(code=getattr(code_pb2, code.name), message=message)
    for detail in details:
        status.details.add().Pack(detail)
    return Rendered(code, message, status.SerializeToString())


def _code(error: CatalogError) -> grpc.StatusCode:
    if isinstance(error, Conflict) and error.errors:
        # A value that another one has already; without a field it is a race that is worth another try.
        return grpc.StatusCode.ALREADY_EXISTS
    return _CODES.get(error.status, grpc.StatusCode.INTERNAL)


def _bad_request(errors: Sequence[FieldError]) -> BadRequest:
    """The fields that are wrong, as many as there is room for."""
    violations = BadRequest()
    for wrong in errors:
        violations.field_violations.add(
            field=_sendable(wrong.field)[:100], description=_sendable(wrong.message)[:MAX_DETAIL]
        )
        if violations.ByteSize() > MAX_VIOLATIONS_BYTES:
            del violations.field_violations[-1]
            break
    return violations


def _sendable(text: str) -> str:
    """A lone surrogate in what the client sent can't be sent back."""
    return text.encode(errors="replace").decode()
