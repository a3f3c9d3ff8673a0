"""Access tokens: JWT by RFC 7519, signed with HS256 and nothing else."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt

from catalog.errors import SettingsError, Unauthenticated
from catalog.settings import Settings

ALGORITHM = "HS256"
MIN_SECRET = 32
REQUIRED = ["exp", "iss", "aud", "sub"]


@dataclass(frozen=True, slots=True)
class Claims:
    """Who the token was given to, and the role of that moment. Writes read the role again."""

    user_id: UUID
    role: str


def signing_key(settings: Settings) -> str:
    """Raises SettingsError when the key is missing or too short to be safe."""
    key = settings.jwt_secret.get_secret_value() if settings.jwt_secret else ""
    if len(key) < MIN_SECRET:
        raise SettingsError(
            f"CATALOG_JWT_SECRET is {'too short' if key else 'not set'}: set it to at least {MIN_SECRET} random "
            "characters, for example the output of `openssl rand -hex 32`."
        )
    return key


def issue(settings: Settings, user_id: UUID, role: str) -> str:
    now = datetime.now(UTC)
    claims = {
        "sub": str(user_id),
        "role": role,
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "iat": now,
        "exp": now + timedelta(seconds=settings.jwt_ttl_seconds),
    }
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
        return Claims(UUID(claims["sub"]), str(claims.get("role", "")))
    except jwt.ExpiredSignatureError:
        raise Unauthenticated("The token has expired. Ask for a new one at /api/v1/auth/token.") from None
    except (jwt.InvalidTokenError, ValueError):
        raise Unauthenticated("The token is not valid. Ask for a new one at /api/v1/auth/token.") from None
