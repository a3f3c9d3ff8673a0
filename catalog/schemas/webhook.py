"""Webhooks and their deliveries as administrators send and see them."""

from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from catalog.schemas.event import TYPES
from catalog.schemas.fields import clean_text
from catalog.schemas.product_in import Strict
from catalog.schemas.product_out import TimeOut


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("must be an address such as https://shop.example.com/hook")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or a password: check the signature instead")
    if parts.fragment:
        raise ValueError("must not have a fragment")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("the port must be a number up to 65535") from None
    if port == 0 or not all("!" <= char <= "~" for char in value):
        raise ValueError("must be an address such as https://shop.example.com/hook")
    return value


def _type(value: str) -> str:
    if value not in TYPES:
        raise ValueError(f"must be one of {', '.join(sorted(TYPES))}")
    return value


class WebhookIn(Strict):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://shop.example.com/hook", "types": ["PriceChanged"]}]},
    )

    url: Annotated[str, Field(min_length=1, max_length=2048), AfterValidator(_url)]
    types: list[Annotated[str, AfterValidator(_type)]] = Field(
        default_factory=list, max_length=20, description="of events; none means all of them"
    )
    description: Annotated[str, Field(max_length=200), AfterValidator(clean_text)] = ""


class WebhookOut(BaseModel):
    """`failing_since`: no delivery has succeeded since. `disabled_at`: it failed for too long and was turned off."""

    id: UUID
    url: str
    types: list[str]
    description: str
    active: bool
    failing_since: TimeOut | None
    disabled_at: TimeOut | None
    created_by: str | None
    created_at: TimeOut


class WebhookCreated(WebhookOut):
    """`secret` is shown here and never again."""

    secret: str


class WebhookPage(BaseModel):
    items: list[WebhookOut]
    total: int
    page: int
    per_page: int


class SecretOut(BaseModel):
    """The new `secret`; signatures are also made with the one before until `old_until`."""

    secret: str
    old_until: TimeOut


class DeliveryOut(BaseModel):
    """`status` is the last answer's HTTP status, null when there was none."""

    id: int
    event_id: UUID
    type: str
    aggregate_id: UUID
    state: Literal["pending", "delivered", "dead"]
    attempts: int
    next_attempt_at: TimeOut | None
    status: int | None
    error: str | None
    created_at: TimeOut
    finished_at: TimeOut | None


class DeliveryPage(BaseModel):
    items: list[DeliveryOut]
    total: int
    page: int
    per_page: int


class ReplayOut(BaseModel):
    """How many dead deliveries are sent again."""

    replayed: int
