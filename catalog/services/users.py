"""People and programs that may sign in."""

import re
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.errors import Conflict, InvalidInput
from catalog.models import ROLES, User
from catalog.services.violations import explained

_EMAIL = re.compile(r"[^@\s\x00]+@[^@\s\x00]+")


@dataclass(frozen=True, slots=True)
class Account:
    id: UUID
    email: str
    role: str
    password_hash: str


async def by_email(session: AsyncSession, email: str) -> Account | None:
    """The active user with this address, in any case."""
    if not _EMAIL.fullmatch(email):
        return None
    return await _active(session, func.lower(User.email) == func.lower(email))


async def by_id(session: AsyncSession, user_id: UUID) -> Account | None:
    """The user, if still active."""
    return await _active(session, User.id == user_id)


async def _active(session: AsyncSession, condition: ColumnElement[bool]) -> Account | None:
    columns = (User.id, User.email, User.role, User.password_hash)
    row = (await session.execute(select(*columns).where(condition, User.active))).first()
    return Account(*row) if row else None


@explained
async def create(
    session: AsyncSession, email: str, role: str, password_hash: str, *, update: bool = False
) -> Literal["created", "updated"]:
    """A new user; with `update`, an existing one gets this role and password and is active again.

    Raises Conflict when the address is taken, InvalidInput for a wrong address or role.
    """
    if len(email) > 320 or not _EMAIL.fullmatch(email):
        raise InvalidInput.of("email", f"{email!r} is not an e-mail address")
    if role not in ROLES:
        raise InvalidInput.of("role", f"must be one of {', '.join(ROLES)}")
    statement = insert(User).values(email=email, role=role, password_hash=password_hash)
    key = [func.lower(User.email)]
    if update:
        changed = {"role": role, "password_hash": password_hash, "active": True}
        statement = statement.on_conflict_do_update(index_elements=key, set_=changed)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=key)
    # xmax is 0 on a row that this statement inserted, and ours on one that it updated.
    inserted = await session.scalar(statement.returning(literal_column("xmax = 0")))
    if inserted is None:
        raise Conflict(f"There is already a user {email}.")
    return "created" if inserted else "updated"
