"""A user as an administrator writes and reads one."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, SecretStr

from catalog.schemas.product_in import Strict
from catalog.schemas.product_out import TimeOut
from catalog.services.passwords import MAX_PASSWORD, MIN_PASSWORD

Role = Literal["admin", "editor", "merchandiser", "analyst", "storefront"]
Password = Annotated[SecretStr, Field(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD)]


class UserIn(Strict):
    email: Annotated[str, Field(min_length=3, max_length=320)]
    role: Role
    password: Password


class UserPatch(Strict):
    """A field left out stays. A new password, or `active: false`, ends all sessions and tokens of the user at once."""

    role: Role | None = None
    active: bool | None = None
    password: Password | None = None


class UserOut(BaseModel):
    """`live_api_keys` were made by this user and have not ended: they outlive a deactivation."""

    id: UUID
    email: str
    role: Role
    active: bool
    created_at: TimeOut
    live_api_keys: int


class UserPage(BaseModel):
    items: list[UserOut]
    total: int
    page: int
    per_page: int
