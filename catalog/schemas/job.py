"""A rebuild as an administrator asks for it and as the API answers it."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from catalog.schemas.product_in import Strict
from catalog.schemas.product_out import TimeOut

MAX_SHARDS = 64

Shards = Annotated[int, Field(strict=True, ge=1, le=MAX_SHARDS)]


class ReindexIn(Strict):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"shards": 2}]})

    shards: Shards | None = Field(default=None, description="of the new index; left out, as in the settings")


class JobUser(BaseModel):
    id: UUID
    email: str


class ReindexOut(BaseModel):
    """A rebuild. It is `queued` until a worker takes it; `index` and `total` are known from then on.

    `rate` is documents per second: of the last half minute while it is running, of the whole once it has ended.
    `remaining_seconds` is null while nobody can know it: before the first documents, and during the comparison.
    `cancel_requested` on a rebuild that has not ended: the workers end it at their next step.
    `created_by` is null for a rebuild that a command or the service itself has started.
    """

    id: UUID
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    phase: str = Field(examples=["filling"], description="preparing, filling, comparing or live")
    index: str | None = Field(examples=["catalog-products-20260131t120000-1a2b"])
    documents: int = Field(examples=[120_000])
    total: int = Field(examples=[200_000], description="about: products may come and go meanwhile")
    left_out: int = Field(description="products in quarantine that the new index did not take either")
    rate: float = Field(examples=[8512.4])
    remaining_seconds: float | None = Field(examples=[9.4])
    error: str | None
    cancel_requested: bool
    created_at: TimeOut
    started_at: TimeOut | None
    finished_at: TimeOut | None
    created_by: JobUser | None
    shards: int | None = Field(description="as asked for; null: as in the settings")


class ReindexPage(BaseModel):
    items: list[ReindexOut]
    total: int
    page: int
    per_page: int
