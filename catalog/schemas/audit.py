"""The audit log as the API answers it."""

from typing import Any

from pydantic import BaseModel

from catalog.schemas.product_out import TimeOut


class AuditOut(BaseModel):
    """`actor` is `user:ID`, `key:ID`, `oidc:SUBJECT` or `cli`; `actor_name` is of now.

    `before` and `after` have the fields that changed, long values cut, and never a secret.
    """

    id: int
    at: TimeOut
    actor: str
    actor_name: str | None
    action: str
    target: str
    request_id: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditPage(BaseModel):
    items: list[AuditOut]
    total: int
    page: int
    per_page: int
