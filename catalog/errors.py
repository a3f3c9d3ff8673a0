"""The exception tree. Each error carries its HTTP status and title; `api.problems` renders them in one place.

CatalogError
├── SettingsError        a setting is unknown, malformed or missing
├── InvalidInput  422    one or more fields are wrong; `errors` names them
├── Unauthenticated 401  no credential, or one that is not valid
├── Forbidden     403    the credential's role does not allow this
├── NotFound      404
├── Conflict      409    the change contradicts what is stored
├── PreconditionFailed 412  If-Match names another version
├── TooLarge      413
├── UrlTooLong    414
├── HeadersTooLarge 431
├── TooManyRequests 429  a budget is spent; `retry_after` seconds
├── Unavailable   503    a server behind this one does not answer; `retry_after` seconds
└── DeadlineExceeded 504 the caller waits for the answer no longer
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: its name as the client wrote it, and what to do about it."""

    field: str
    message: str


class CatalogError(Exception):
    status = 500
    title = "Internal error"

    def __init__(self, detail: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors


class SettingsError(CatalogError):
    title = "Wrong setting"


class InvalidInput(CatalogError):
    status = 422
    title = "Invalid input"

    @classmethod
    def of(cls, field: str, message: str) -> "InvalidInput":
        return cls(f"{field}: {message}", (FieldError(field, message),))


class Unauthenticated(CatalogError):
    status = 401
    title = "Not authenticated"


class Forbidden(CatalogError):
    status = 403
    title = "Not allowed"


class NotFound(CatalogError):
    status = 404
    title = "Not found"


class Conflict(CatalogError):
    status = 409
    title = "Conflict"


class PreconditionFailed(CatalogError):
    status = 412
    title = "Precondition failed"


class TooLarge(CatalogError):
    status = 413
    title = "Body too large"


class UrlTooLong(CatalogError):
    status = 414
    title = "Address too long"


class HeadersTooLarge(CatalogError):
    status = 431
    title = "Headers too large"


class TooManyRequests(CatalogError):
    """`policy` names the budget that is spent: `limit` units in `window` seconds."""

    status = 429
    title = "Too many requests"

    def __init__(self, detail: str, retry_after: int, *, policy: str = "", limit: int = 0, window: int = 60) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
        self.policy = policy
        self.limit = limit
        self.window = window


class Unavailable(CatalogError):
    status = 503
    title = "Temporarily unavailable"

    def __init__(self, detail: str, retry_after: int = 5) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class DeadlineExceeded(CatalogError):
    status = 504
    title = "Deadline exceeded"

    def __init__(self, detail: str = "The answer was not ready by the deadline of the call.") -> None:
        super().__init__(detail)
