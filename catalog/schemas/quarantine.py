"""Quarantined products as the API answers them, and which of them something is to be done about."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from catalog.schemas.product_in import Strict
from catalog.schemas.product_out import TimeOut

MAX_IDS = 10_000
_EXAMPLE_ID = "0b2f7c1e-8f3d-4a57-9d1c-3f5e8a6b7c90"


class QuarantinedOut(BaseModel):
    """`changed_at` is the time of the change that is not in the index, or of its last replay.

    `sku` and `name` are null when the product does not exist any more.
    """

    product_id: UUID
    sku: str | None
    name: str | None
    deleted: bool
    version: int
    attempts: int
    error: str | None = Field(examples=["document_parsing_exception: failed to parse field [inventory]"])
    changed_at: TimeOut


class QuarantinePage(BaseModel):
    items: list[QuarantinedOut]
    total: int
    page: int
    per_page: int


class QuarantineSelection(Strict):
    """Either `ids` or `all`."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"ids": [_EXAMPLE_ID]}], "minProperties": 1, "maxProperties": 1}
    )

    ids: Annotated[list[UUID], Field(min_length=1, max_length=MAX_IDS)] | None = None
    all: Annotated[bool, Field(strict=True, description="true, for everything in quarantine")] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.ids is not None and self.all is not None:
            raise ValueError('all: send either "ids" or "all", not both')
        if self.ids is None and self.all is None:
            raise ValueError('ids: is required: a list of ids, or send {"all": true} for everything in quarantine')
        if self.all is False:
            raise ValueError("all: must be true")
        return self


class ReplayOut(BaseModel):
    """`not_quarantined` are ids of the request that nothing was done about."""

    replayed: int
    not_quarantined: list[UUID]


class DropOut(BaseModel):
    """`not_quarantined` are ids of the request that nothing was done about."""

    dropped: int
    not_quarantined: list[UUID]
