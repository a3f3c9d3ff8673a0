"""Access tokens of our own: JWT by RFC 7519, signed with HS256 and nothing else."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from catalog.errors import SettingsError, Unauthenticated
from catalog.settings import Settings

ALGORITHM = "HS256"
MIN_SECRET_CHARACTERS = 32
REQUIRED = ["exp", "iss", "aud", "sub"]
# Far more than any token of ours or of an identity provider has. A longer one is refused before it is looked at.
MAX_TOKEN = 8192


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says."""

    user_id: UUID
    #: Of the moment at which it was made. Writes read the role again.
    role: str
    #: Of the account.
    generation: int = 0
    #: The log-in from which the token comes; None for one without.
    session: UUID | None = None


def signing_key(settings: Settings) -> str:
    """Raises SettingsError when the key is missing or too short to be safe."""
    key = settings.jwt_secret.get_secret_value() if settings.jwt_secret else ""
    if len(key) < MIN_SECRET_CHARACTERS:
        raise SettingsError(
            f"CATALOG_JWT_SECRET is {'too short' if key else 'not set'}: set it to at least {MIN_SECRET_CHARACTERS} "
            "random characters, for example the output of `openssl rand -hex 32`."
        )
    return key


def issue(settings: Settings, user_id: UUID, role: str, *, generation: int = 0, session: UUID | None = None) -> str:
    now = datetime.now(UTC)
    claims: dict[str, Any] = {
        "sub": str(user_id),
        "role": role,
        "gen": generation,
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "iat": now,
        "exp": now + timedelta(seconds=settings.jwt_ttl_seconds),
    }
    if session is not None:
        claims["sid"] = str(session)
    return jwt.encode(claims, signing_key(settings), algorithm=ALGORITHM)


def verify(settings: Settings, token: str) -> Claims:
    """Raises Unauthenticated unless the token is ours, whole and in date."""
    try:
        claims = jwt.decode(
            token,
            signing_key(settings),
            algorithms=[ALGORITHM],
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            options={"require": REQUIRED},
        )
        session = UUID(claims["sid"]) if "sid" in claims else None
        return Claims(UUID(claims["sub"]), str(claims.get("role", "")), int(claims.get("gen", 0)), session)
    except jwt.ExpiredSignatureError:
        raise Unauthenticated("The token has expired. Ask for a new one at /api/v1/auth/token.") from None
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, RecursionError):
        raise not_valid() from None


def not_valid() -> Unauthenticated:
    """Why exactly a token is refused is not for a client that can't make a valid one."""
    return Unauthenticated("The token is not valid. Ask for a new one at /api/v1/auth/token.")
