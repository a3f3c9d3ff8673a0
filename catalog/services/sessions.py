"""Sessions: a log-in and the refresh tokens that follow from it, each used once for the next (RFC 9700, 4.14).

One that comes a second time was stolen, or its answer was: which of the two clients is the thief can't be told, so the
whole session ends.
"""

import hashlib
import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.principals import USER
from catalog.services import audit

PREFIX = "rt_"
_LENGTH = len(PREFIX) + 43
# Of one user at a time: a program that logs in for every request must not fill the table. The oldest end first.
MAX_SESSIONS = 100

_BEGIN = text("""
    INSERT INTO sessions (user_id, expires_at) VALUES (:user_id, now() + make_interval(secs => :seconds)) RETURNING id
""")
_PRUNE = text("""
    DELETE FROM sessions WHERE user_id = :user_id AND (expires_at < now() OR id IN
        (SELECT id FROM sessions WHERE user_id = :user_id ORDER BY created_at DESC, id OFFSET :kept))
""")
_ADD = text("INSERT INTO refresh_tokens (hash, session_id) VALUES (:hash, :session_id)")
# The lock lets one of two requests with the same token go first.
_FIND = text("""
    SELECT sessions.id AS session_id, users.id AS user_id, users.role, users.generation, refresh_tokens.used_at,
           users.active AND sessions.revoked_at IS NULL AND sessions.expires_at > now() AS valid
    FROM refresh_tokens JOIN sessions ON sessions.id = refresh_tokens.session_id JOIN users ON users.id = user_id
    WHERE refresh_tokens.hash = :hash FOR UPDATE OF sessions, refresh_tokens
""")
_USE = text("UPDATE refresh_tokens SET used_at = clock_timestamp() WHERE hash = :hash")
_REVOKE = text("""
    UPDATE sessions SET revoked_at = now() WHERE id = :id AND revoked_at IS NULL RETURNING user_id
""")
_REVOKE_ALL = text("UPDATE sessions SET revoked_at = now() WHERE user_id = :user_id AND revoked_at IS NULL")
_NEXT_GENERATION = text("UPDATE users SET generation = generation + 1 WHERE id = :user_id")
_OWNER = text("SELECT session_id FROM refresh_tokens WHERE hash = :hash")
# A user who was logged out or deactivated, whose account has a new generation, or who ended this one session, has none.
_STANDING = text("""
    SELECT role, generation FROM users WHERE id = :user_id AND active AND (CAST(:session_id AS uuid) IS NULL OR EXISTS
        (SELECT FROM sessions WHERE id = :session_id AND user_id = users.id AND revoked_at IS NULL))
""")


@dataclass(frozen=True, slots=True)
class UserState:
    """A user's account as it is now."""

    role: str
    #: Counted up when all tokens of the account end.
    generation: int


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """What a new access token is made from, and the refresh token beside it."""

    user_id: UUID
    role: str
    #: Of the account.
    generation: int
    session_id: UUID
    #: In clear: only its hash is stored.
    refresh_token: str


@dataclass(frozen=True, slots=True)
class TokenReuse:
    """A refresh token came a second time; its session has ended."""

    user_id: UUID
    session_id: UUID


async def begin(session: AsyncSession, user_id: UUID, role: str, generation: int, seconds: int) -> TokenGrant:
    """A new session of this user, which ends by itself after `seconds`."""
    session_id = await session.scalar(_BEGIN, {"user_id": user_id, "seconds": seconds})
    assert session_id is not None
    await session.execute(_PRUNE, {"user_id": user_id, "kept": MAX_SESSIONS})
    return TokenGrant(user_id, role, generation, session_id, await _add(session, session_id))


async def rotate(session: AsyncSession, token: str) -> TokenGrant | TokenReuse | None:
    """The next refresh token for this one; None when it is not valid.

    The answer to a reused one is returned and not raised, so that the end of its session is committed.
    """
    digest = _digest(token)
    if digest is None:
        return None
    row = (await session.execute(_FIND, {"hash": digest})).first()
    if row is None or not row.valid:
        return None
    if row.used_at is not None:
        await session.execute(_REVOKE, {"id": row.session_id})
        await audit.record(
            session, f"{USER}{row.user_id}", "session.reuse_detected", f"session:{row.session_id}",
            after={"revoked": True},
        )  # fmt: skip
        return TokenReuse(row.user_id, row.session_id)
    await session.execute(_USE, {"hash": digest})
    token = await _add(session, row.session_id)
    return TokenGrant(row.user_id, row.role, row.generation, row.session_id, token)


async def revoke(session: AsyncSession, token: str) -> None:
    """End the session of a refresh token, used or not; nothing happens for an unknown one (RFC 7009, 2.2)."""
    digest = _digest(token)
    session_id = await session.scalar(_OWNER, {"hash": digest}) if digest else None
    if session_id is not None:
        await end(session, session_id)


async def end(session: AsyncSession, session_id: UUID) -> None:
    """End one session, and with it the access tokens that came from it."""
    user_id = await session.scalar(_REVOKE, {"id": session_id})
    if user_id is not None:
        await audit.record(session, f"{USER}{user_id}", "session.revoke", f"session:{session_id}")


async def end_all(session: AsyncSession, user_id: UUID) -> None:
    """End all sessions of a user, and every token that was ever given to them. Not audited here: it is part of more."""
    await session.execute(_NEXT_GENERATION, {"user_id": user_id})
    await session.execute(_REVOKE_ALL, {"user_id": user_id})


async def standing(session: AsyncSession, user_id: UUID, session_id: UUID | None) -> UserState | None:
    """What the user is now; None when the account is not active or the session has ended."""
    row = (await session.execute(_STANDING, {"user_id": user_id, "session_id": session_id})).first()
    return UserState(row.role, row.generation) if row else None


async def _add(session: AsyncSession, session_id: UUID) -> str:
    token = PREFIX + secrets.token_urlsafe(32)
    await session.execute(_ADD, {"hash": _digest(token), "session_id": session_id})
    return token


def _digest(token: str) -> bytes | None:
    """None for what can't be one of ours. A plain hash does: 256 random bits can't be guessed."""
    if len(token) != _LENGTH or not token.startswith(PREFIX) or not token.isascii():
        return None
    return hashlib.sha256(token.encode()).digest()
