"""An API key as an administrator asks for it and as the API answers it."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from catalog.principals import Permission
from catalog.schemas.fields import clean_text
from catalog.schemas.product_in import Strict
from catalog.schemas.product_out import TimeOut

MAX_RATE = 1_000_000
LAST_YEAR = 9000


def _name(value: str) -> str:
    name = " ".join(clean_text(value).split())
    if not name:
        raise ValueError("must not be empty")
    return name


def _later(value: datetime) -> datetime:
    if value.year > LAST_YEAR or value <= datetime.now(UTC):
        raise ValueError("must be in the future, and a date that clocks can hold")
    return value


def _once(scopes: list[Permission]) -> list[Permission]:
    return sorted(set(scopes))


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_name)]
Scopes = Annotated[list[Permission], Field(max_length=50), AfterValidator(_once)]
Expiry = Annotated[AwareDatetime, AfterValidator(_later)]


class ApiKeyIn(Strict):
    """`scopes` are all that the key may do: one with none may do nothing, not even search."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "Shop of Norvane", "scopes": ["search", "read"], "forced": {"brand": "Norvane"}, "rate": 600}
            ]
        },
    )

    name: Name
    scopes: Scopes
    expires_at: Expiry | None = Field(default=None, description="with its zone; null is never")
    forced: dict[str, Any] = Field(
        default={}, description="filters on all that the key is shown: category, brand, attr.NAME, in_stock, on_sale"
    )
    rate: Annotated[int, Field(ge=1, le=MAX_RATE)] | None = Field(default=None, description="requests a minute")


class ApiKeyOut(BaseModel):
    """`prefix` is the part of the key that is no secret. `last_used_at` is exact to the minute."""

    id: UUID
    prefix: str
    name: str
    scopes: list[str]
    forced: dict[str, list[str]]
    rate: int | None
    created_by: str
    created_at: TimeOut
    expires_at: TimeOut | None
    last_used_at: TimeOut | None
    revoked_at: TimeOut | None


class ApiKeyCreated(ApiKeyOut):
    """`key` is shown this once: only a hash of it is kept."""

    key: str


class ApiKeyPage(BaseModel):
    items: list[ApiKeyOut]
    total: int
    page: int
    per_page: int
