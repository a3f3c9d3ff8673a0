"""Credential -> principal, for every front door: a request, a call's metadata, a socket's first message."""

import hmac
from dataclasses import replace
from typing import Any
from uuid import UUID

import jwt

from catalog.database import Database
from catalog.errors import Unauthenticated
from catalog.principals import ANYBODY, KEY, USER, Principal, of_role
from catalog.services import api_keys, sessions, tokens
from catalog.services.api_keys import ApiKeyMatch
from catalog.services.oidc import Oidc
from catalog.services.recent import Recent
from catalog.services.sessions import UserState
from catalog.services.tokens import Claims
from catalog.settings import Settings

_BEARER = "bearer "
_ENDED = "The account of this token is no longer active, or its session has ended. Log in again."
_NO_KEY = "The API key is not valid: it is unknown, has expired or was revoked."


class Identity:
    """One instance serves a whole process.

    What it has looked up holds for `identity_cache_seconds`, so that a search pays no round trip to the database; a
    revocation takes effect within that time, and at once for all that calls `confirm`.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        """Raises SettingsError for an external issuer that is not set up safely."""
        self._settings = settings
        self._database = database
        self._oidc = Oidc(settings) if settings.oidc_issuer else None
        self._standings: Recent[tuple[UUID, UUID | None], UserState] = Recent(settings.identity_cache_seconds)
        self._keys: Recent[str, ApiKeyMatch] = Recent(settings.identity_cache_seconds)

    async def identify(self, authorization: str | None = None, api_key: str | None = None) -> Principal:
        """The principal of an Authorization header, or of an X-API-Key; ANYBODY without either.

        Raises Unauthenticated for a bad one, and for two of them. `Bearer` takes our tokens, those of the external
        issuer, and API keys.
        """
        if authorization and api_key:
            raise Unauthenticated("Send one credential: either Authorization or X-API-Key.")
        if api_key:
            return await self._of_key(api_key.strip())
        if not authorization:
            return ANYBODY
        if not authorization.lower().startswith(_BEARER):
            raise Unauthenticated("The Authorization header must be `Bearer` and a token or an API key.")
        token = authorization[len(_BEARER) :].strip()
        if len(token) > tokens.MAX_TOKEN:
            raise tokens.not_valid()
        if token.startswith(api_keys.PREFIX):
            return await self._of_key(token)
        header = _header(token)
        # Each algorithm has one verifier: a signature made with a public key as its secret meets our secret alone.
        if header.get("alg") == tokens.ALGORITHM:
            return await self._of_user(tokens.verify(self._settings, token))
        if self._oidc is not None and self._oidc.takes(header.get("alg")):
            return await self._oidc.identify(token, header)
        raise tokens.not_valid()

    async def confirm(self, who: Principal) -> Principal:
        """The principal with the rights of this moment. Raises Unauthenticated for one that is no longer active.

        Of an external issuer's user nobody here knows more than the token says.
        """
        if who.confirmed:
            return who
        if who.id.startswith(KEY):
            principal = await self._database.run(api_keys.standing, UUID(who.id.removeprefix(KEY)))
            if principal is None:
                raise Unauthenticated(_NO_KEY)
            return replace(principal, confirmed=True)
        user_id = who.user_id
        if user_id is None:
            return who if who.anonymous else replace(who, confirmed=True)
        standing = await self._database.run(sessions.standing, user_id, who.session)
        return replace(_user(user_id, who.generation, who.session, standing), confirmed=True)

    async def _of_user(self, claims: Claims) -> Principal:
        # Without the database a token is believed for its short life: searches do not need the database.
        standing = await self._standings.get(
            (claims.user_id, claims.session),
            lambda: self._database.run(sessions.standing, claims.user_id, claims.session),
            UserState(claims.role, claims.generation),
        )
        return _user(claims.user_id, claims.generation, claims.session, standing)

    async def _of_key(self, key: str) -> Principal:
        prefix = api_keys.prefix_of(key)
        match = await self._keys.get(prefix, lambda: self._database.run(api_keys.find, prefix)) if prefix else None
        if match is None or not hmac.compare_digest(match.secret_hash, api_keys.digest(self._settings, key)):
            raise Unauthenticated(_NO_KEY)
        return match.principal


def _user(user_id: UUID, generation: int, session: UUID | None, standing: UserState | None) -> Principal:
    if standing is None or standing.generation != generation:
        raise Unauthenticated(_ENDED)
    return replace(of_role(f"{USER}{user_id}", standing.role), generation=generation, session=session)


def _header(token: str) -> dict[str, Any]:
    """A token's header, which nobody has signed yet. Raises Unauthenticated for what is no token."""
    try:
        return jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise tokens.not_valid() from None
