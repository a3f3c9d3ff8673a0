"""API keys: `prefix.secret`. The prefix finds the row; of the whole only an HMAC-SHA256 is kept."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.errors import Conflict, Forbidden, InvalidInput, NotFound
from catalog.models import ApiKey
from catalog.principals import KEY, PERMISSIONS, Permission, Principal
from catalog.schemas.api_key import ApiKeyCreated, ApiKeyIn, ApiKeyOut, ApiKeyPage
from catalog.services import audit
from catalog.services.tokens import signing_key
from catalog.settings import Settings

PREFIX = "ck_"
_KEY = re.compile(r"(ck_[0-9a-f]{16})\.[A-Za-z0-9_-]{43}")
# What changes more than single products of its own, or tells of all of them, can't be held within forced filters.
UNFORCED: frozenset[Permission] = frozenset(["write", "merchandise", "analyse", "administer", "read_orders"])
MAX_KEYS = 10_000

Forced = Sequence[tuple[str, str]]

_FIND = text("""
    SELECT id, secret_hash, scopes, forced, rate, last_used_at IS NULL OR last_used_at < now() - interval '1 minute'
           AS unnoted
    FROM api_keys WHERE prefix = :prefix AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
""")
# A request that meets the row locked leaves the note to the one that has it.
_NOTE_USE = text("""
    UPDATE api_keys SET last_used_at = now() WHERE id IN
        (SELECT id FROM api_keys WHERE id = :id FOR NO KEY UPDATE SKIP LOCKED)
""")
_VALID = text("""
    SELECT id, scopes, forced, rate FROM api_keys
    WHERE id = :id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
""")


@dataclass(frozen=True, slots=True)
class ApiKeyMatch:
    """A valid key with the prefix that was looked up."""

    principal: Principal
    #: The hash that the whole of the key must have.
    secret_hash: bytes


def pepper(settings: Settings) -> bytes:
    """What a stolen table lacks to test guesses: a setting of its own, or derived from the key that signs tokens."""
    if settings.api_key_pepper:
        return settings.api_key_pepper.get_secret_value().encode()
    return hmac.digest(signing_key(settings).encode(), b"catalog: pepper of API keys", "sha256")


def prefix_of(key: str) -> str | None:
    """The prefix; None for what is not written like a key of ours."""
    match = _KEY.fullmatch(key)
    return match[1] if match else None


def digest(settings: Settings, key: str) -> bytes:
    return hmac.digest(pepper(settings), key.encode(), hashlib.sha256)


async def find(session: AsyncSession, prefix: str) -> ApiKeyMatch | None:
    """The valid key with this prefix; that it is used is noted at most once a minute."""
    row = (await session.execute(_FIND, {"prefix": prefix})).first()
    if row is None:
        return None
    if row.unnoted:
        await session.execute(_NOTE_USE, {"id": row.id})
    return ApiKeyMatch(_principal(row), bytes(row.secret_hash))


async def standing(session: AsyncSession, key_id: UUID) -> Principal | None:
    """The principal of a key with the rights of now; None when it has ended."""
    row = (await session.execute(_VALID, {"id": key_id})).first()
    return _principal(row) if row else None


def _principal(row: object) -> Principal:
    scopes = frozenset(name for name in PERMISSIONS if name in row.scopes)  # type: ignore[attr-defined]
    forced = tuple((name, value) for name, value in row.forced)  # type: ignore[attr-defined]
    return Principal(f"{KEY}{row.id}", None, scopes, forced, rate=row.rate)  # type: ignore[attr-defined]


async def create(
    session: AsyncSession, by: Principal, settings: Settings, payload: ApiKeyIn, forced: Forced
) -> ApiKeyCreated:
    """A new key, shown this once. `forced` are the parameters that `payload.forced` makes, checked by the caller.

    Raises Forbidden for a scope that its maker has not, InvalidInput, and Conflict when there are MAX_KEYS.
    """
    if missing := sorted(set(payload.scopes) - by.may):
        raise Forbidden(f"You can't give a key the scope {', '.join(missing)}, which you have not yourself.")
    if forced and (wide := sorted(set(payload.scopes) & UNFORCED)):
        raise InvalidInput.of("scopes", f"{', '.join(wide)} can't be held within forced filters")
    if (await session.scalar(select(func.count()).select_from(ApiKey)) or 0) >= MAX_KEYS:
        raise Conflict(f"There are {MAX_KEYS:,} keys already, and no room for more.")
    prefix = PREFIX + secrets.token_hex(8)
    key = f"{prefix}.{secrets.token_urlsafe(32)}"
    values = {
        **payload.model_dump(include={"name", "scopes", "expires_at", "rate"}),
        "prefix": prefix,
        "secret_hash": digest(settings, key),
        "forced": [list(pair) for pair in forced],
        "created_by": by.id,
    }
    entry = (await session.scalars(insert(ApiKey).values(values).returning(ApiKey))).one()
    made = _out(entry)
    fields = made.model_dump(mode="json", include={"prefix", "name", "scopes", "forced", "rate", "expires_at"})
    await audit.record(session, by.id, "api_key.create", f"{KEY}{made.id}", after=fields)
    return ApiKeyCreated(**made.model_dump(), key=key)


async def list_page(session: AsyncSession, page: int, per_page: int) -> ApiKeyPage:
    """One page, the newest first, also those that have ended."""
    total = await session.scalar(select(func.count()).select_from(ApiKey))
    ordered = select(ApiKey).order_by(ApiKey.created_at.desc(), ApiKey.id)
    entries = await session.scalars(ordered.limit(per_page).offset((page - 1) * per_page))
    return ApiKeyPage(items=[_out(entry) for entry in entries], total=total or 0, page=page, per_page=per_page)


async def by_prefix(session: AsyncSession, prefix: str) -> UUID:
    """The id of the key with this prefix. Raises NotFound."""
    key_id = await session.scalar(select(ApiKey.id).where(ApiKey.prefix == prefix))
    if key_id is None:
        raise NotFound(f"There is no API key {prefix}.")
    return key_id


async def revoke(session: AsyncSession, by: str, key_id: UUID) -> None:
    """End a key for good; once more does no harm. Raises NotFound."""
    name = await session.scalar(select(ApiKey.name).where(ApiKey.id == key_id))
    if name is None:
        raise NotFound(f"There is no API key {key_id}.")
    ended = update(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None)).values(revoked_at=func.now())
    if (await session.execute(ended.returning(ApiKey.id))).scalar() is not None:
        await audit.record(session, by, "api_key.revoke", f"{KEY}{key_id}", before={"name": name})


def _out(entry: ApiKey) -> ApiKeyOut:
    forced: dict[str, list[str]] = {}
    for name, value in entry.forced:
        forced.setdefault(name, []).append(value)
    fields = {name: getattr(entry, name) for name in ApiKeyOut.model_fields}
    return ApiKeyOut.model_validate({**fields, "forced": forced})
