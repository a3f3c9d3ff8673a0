"""People and programs that may sign in."""

import re
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, func, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.errors import Conflict, InvalidInput, NotFound
from catalog.models import ROLES, User
from catalog.principals import USER
from catalog.schemas.user import UserOut, UserPage
from catalog.services import audit, sessions
from catalog.services.constraint_errors import translated

_EMAIL = re.compile(r"[^@\s\x00]+@[^@\s\x00]+")

_LIST = """
    SELECT id, email, role, active, created_at,
           (SELECT count(*) FROM api_keys WHERE created_by = 'user:' || users.id AND revoked_at IS NULL
            AND (expires_at IS NULL OR expires_at > now())) AS live_api_keys
    FROM users
"""
_PAGE = text(_LIST + "ORDER BY created_at DESC, id LIMIT :limit OFFSET :offset")
_ONE = text(_LIST + "WHERE id = :id")
# All administrators are locked in one order, or two of them could take the role from each other at the same moment.
_ADMINS = text("SELECT id FROM users WHERE role = 'admin' AND active ORDER BY id FOR UPDATE")


@dataclass(frozen=True, slots=True)
class Account:
    """A user who may log in."""

    id: UUID
    email: str
    role: str
    password_hash: str
    #: Counted up when all tokens of the account end.
    generation: int


async def by_email(session: AsyncSession, email: str) -> Account | None:
    """The active user with this address, in any case."""
    if not _EMAIL.fullmatch(email):
        return None
    return await _active(session, func.lower(User.email) == func.lower(email))


async def by_id(session: AsyncSession, user_id: UUID) -> Account | None:
    """The user, if still active."""
    return await _active(session, User.id == user_id)


async def _active(session: AsyncSession, condition: ColumnElement[bool]) -> Account | None:
    columns = (User.id, User.email, User.role, User.password_hash, User.generation)
    row = (await session.execute(select(*columns).where(condition, User.active))).first()
    return Account(*row) if row else None


@translated
async def create(
    session: AsyncSession, email: str, role: str, password_hash: str, *, update: bool = False, by: str = audit.CLI
) -> Literal["created", "updated"]:
    """A new user; with `update`, an existing one gets this role and password, is active again and is logged out.

    Raises Conflict when the address is taken, InvalidInput for a wrong address or role.
    """
    if len(email) > 320 or not _EMAIL.fullmatch(email) or not email.isprintable():
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
    returned = statement.returning(User.id, literal_column("xmax = 0", Boolean))
    written = (await session.execute(returned)).first()
    if written is None:
        raise Conflict(f"There is already a user {email}.")
    user_id, is_new = written
    if not is_new:
        await sessions.end_all(session, user_id)
    action = "user.create" if is_new else "user.update"
    after = {"email": email, "role": role, "active": True, "new_password": True}
    await audit.record(session, by, action, f"{USER}{user_id}", after=after)
    return "created" if is_new else "updated"


async def list_page(session: AsyncSession, page: int, per_page: int) -> UserPage:
    """One page, the newest first."""
    total = await session.scalar(select(func.count()).select_from(User))
    rows = (await session.execute(_PAGE, {"limit": per_page, "offset": (page - 1) * per_page})).mappings()
    items = [UserOut.model_validate(dict(row)) for row in rows]
    return UserPage(items=items, total=total or 0, page=page, per_page=per_page)


async def get(session: AsyncSession, user_id: UUID) -> UserOut:
    """Raises NotFound."""
    row = (await session.execute(_ONE, {"id": user_id})).mappings().first()
    if row is None:
        raise NotFound(f"There is no user {user_id}.")
    return UserOut.model_validate(dict(row))


async def find(session: AsyncSession, email: str) -> UserOut:
    """The user with this address, active or not. Raises NotFound."""
    user_id = await session.scalar(select(User.id).where(func.lower(User.email) == func.lower(email)))
    if user_id is None:
        raise NotFound(f"There is no user {email[:100]!r}.")
    return await get(session, user_id)


async def patch(
    session: AsyncSession,
    by: str,
    user_id: UUID,
    *,
    role: str | None = None,
    active: bool | None = None,
    password_hash: str | None = None,
) -> UserOut:
    """Change what is given. Raises NotFound, and Conflict when no administrator would be left.

    A user who is deactivated or gets another password is logged out everywhere.
    """
    admins = set(await session.scalars(_ADMINS))
    before = await get(session, user_id)
    if admins == {user_id} and (role not in (None, "admin") or active is False):
        raise Conflict("This is the last administrator: make somebody else one first.")
    fields = {"role": role, "active": active, "password_hash": password_hash}
    values: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
    if values:
        await session.execute(update(User).where(User.id == user_id).values(values))
    if active is False or password_hash is not None:
        await sessions.end_all(session, user_id)
    after = await get(session, user_id)
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    if password_hash is not None:
        new["new_password"] = True
    await audit.record_change(session, by, "user.update", f"{USER}{user_id}", old, new)
    return after


async def log_out(session: AsyncSession, by: str, user_id: UUID) -> None:
    """End all sessions and tokens of a user. Raises NotFound."""
    await get(session, user_id)
    await sessions.end_all(session, user_id)
    await audit.record(session, by, "user.log_out", f"{USER}{user_id}")
