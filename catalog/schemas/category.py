"""A category as a client sends it and as the API answers it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from catalog.schemas.fields import CATEGORY_SEPARATOR, MAX_INT, Name, slugify
from catalog.schemas.product_in import Strict


def _nameable(name: str) -> str:
    if not slugify(name):
        raise ValueError("must contain a letter or a digit")
    if CATEGORY_SEPARATOR in name:
        # 'Audio > Headphones' addresses a category by its names: such a name could not be told from two.
        raise ValueError(f"must not contain {CATEGORY_SEPARATOR}")
    return name


def _slug(value: str) -> str:
    if value != slugify(value):
        raise ValueError("must be small letters and digits joined by dashes, such as in-ear")
    return value


CategoryName = Annotated[Name, AfterValidator(_nameable)]
Slug = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_slug)]
Position = Annotated[int, Field(strict=True, ge=0, le=MAX_INT, description="order among its siblings")]


class CategoryPatch(Strict):
    """Any part of a category: a field left out keeps what is stored; `parent_id: null` moves it to the top."""

    name: CategoryName | None = None
    parent_id: UUID | None = None
    slug: Slug | None = Field(default=None, description="its part of the address; kept on a rename unless it is sent")
    position: Position | None = None

    @field_validator("name", "slug", "position")
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("must not be null")
        return value


class CategoryIn(CategoryPatch):
    """A whole category: only the name is required."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "In-ear", "parent_id": None, "slug": "in-ear", "position": 0}]},
    )

    name: CategoryName
    position: Position = 0


class CategoryOut(BaseModel):
    """`path` joins the slugs from the root, `names` are the names on the way; `product_count` includes descendants."""

    id: UUID
    parent_id: UUID | None
    name: str
    slug: str
    path: str
    names: list[str]
    position: int
    product_count: int
    created_at: datetime
    updated_at: datetime


class CategoryNode(CategoryOut):
    children: list["CategoryNode"] = Field(default_factory=list)
