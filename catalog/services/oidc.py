"""Tokens of an external OpenID Connect issuer: its keys by discovery (OIDC Discovery 1.0) and JWKS (RFC 7517).

What a token's header says about keys (`jku`, `jwk`, `x5u`, `x5c`) is never looked at; `kid` is only compared. Keys come
from the configured issuer alone.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import jwt
import orjson
import structlog

from catalog.errors import SettingsError, Unauthenticated, Unavailable
from catalog.principals import EXTERNAL, Principal, of_roles
from catalog.services.tokens import not_valid
from catalog.settings import Settings

REQUIRED = ["exp", "iss", "aud", "sub", "iat"]
# The issuer's clock is not ours.
LEEWAY_SECONDS = 5
# Keys are fetched again after so long, and no sooner than so long after the last attempt, for all tokens that come in.
FRESH_SECONDS = 600.0
RETRY_SECONDS = 10.0
# While the issuer does not answer, the keys that it had go on to hold for a day.
STALE_SECONDS = 86_400.0
TIMEOUT_SECONDS = 3.0
MAX_DOCUMENT_BYTES = 256 * 1024
MAX_KEYS = 100
MAX_SUBJECT_CHARACTERS = 255
MIN_RSA_BITS = 2048
FAMILIES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
DISCOVERY = "/.well-known/openid-configuration"

_log = structlog.get_logger()
Jwk = dict[str, Any]


class Oidc:
    """One instance serves a whole process; connected to nothing until a token of the issuer comes."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises SettingsError for an issuer that could be impersonated by another machine on the line."""
        self.issuer = settings.oidc_issuer or ""
        self._audience = settings.oidc_audience or ""
        if not self._audience:
            raise SettingsError("CATALOG_OIDC_AUDIENCE must be set together with CATALOG_OIDC_ISSUER.")
        if not is_safe(self.issuer):
            raise SettingsError("CATALOG_OIDC_ISSUER must begin with https:// (http:// on a loopback address only).")
        self._algorithms = settings.oidc_algorithms.replace(",", " ").split()
        self._claim = settings.oidc_role_claim.split(".")
        self._roles = dict(_pairs(settings.oidc_roles))
        self._clock = clock
        self._keys: list[Jwk] = []
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._fetching = asyncio.Lock()

    def takes(self, algorithm: Any) -> bool:
        return isinstance(algorithm, str) and algorithm in self._algorithms

    async def identify(self, token: str, header: dict[str, Any]) -> Principal:
        """The principal of a token whose header has an algorithm that `takes` allows.

        Raises Unauthenticated for a bad token, and Unavailable when its issuer does not answer and never has.
        """
        try:
            key = await self._key(header.get("kid"), header["alg"])
            claims = jwt.decode(
                token,
                key,
                algorithms=[header["alg"]],
                issuer=self.issuer,
                audience=self._audience,
                leeway=LEEWAY_SECONDS,
                options={"require": REQUIRED},
            )
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("The token has expired. Ask its issuer for a new one.") from None
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise not_valid() from None
        return self._principal(claims)

    def _principal(self, claims: dict[str, Any]) -> Principal:
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_CHARACTERS or not subject.isprintable():
            raise not_valid()
        claim: Any = claims
        for part in self._claim:
            claim = claim.get(part) if isinstance(claim, dict) else None
        names = claim.split() if isinstance(claim, str) else claim if isinstance(claim, list) else []
        roles = [self._roles[name] for name in names if isinstance(name, str) and name in self._roles]
        return of_roles(EXTERNAL + subject, roles)

    async def _key(self, kid: Any, algorithm: str) -> jwt.PyJWK:
        """Raises Unavailable, and PyJWTError when the issuer has no such key."""
        await self._refresh(lambda: self._age() > FRESH_SECONDS)
        key = self._find(kid, algorithm)
        if key is None:
            # A key that is not known may be a new one.
            await self._refresh(lambda: self._find(kid, algorithm) is None)
            key = self._find(kid, algorithm)
        if key is None:
            raise jwt.InvalidKeyError("unknown key")
        return jwt.PyJWK(key, algorithm)

    def _find(self, kid: Any, algorithm: str) -> Jwk | None:
        """The issuer's key with this id and for this algorithm; without an id, the only one there is for it."""
        fitting = [key for key in self._keys if _fits(key, algorithm)]
        if kid is None:
            return fitting[0] if len(fitting) == 1 else None
        return next((key for key in fitting if key.get("kid") == kid), None)

    def _age(self) -> float:
        return self._clock() - self._fetched_at if self._fetched_at is not None else float("inf")

    async def _refresh(self, is_due: Callable[[], bool]) -> None:
        """Fetch the keys if they are wanted still when it is our turn, and were not asked for a moment ago.

        Raises Unavailable when there are none after all.
        """
        if is_due():
            async with self._fetching:
                if is_due() and (self._tried_at is None or self._clock() - self._tried_at >= RETRY_SECONDS):
                    self._tried_at = self._clock()
                    await self._fetch()
        if self._age() > STALE_SECONDS:
            raise Unavailable("The issuer of this token does not answer. Try again in a moment.")

    async def _fetch(self) -> None:
        """The issuer's keys of now; those of before stay where it does not answer as it should."""
        try:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
            async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as client:
                document = await _document(client, self.issuer + DISCOVERY)
                if document.get("issuer") != self.issuer:
                    raise ValueError("the discovery document is another issuer's")
                address = document.get("jwks_uri")
                if not isinstance(address, str) or not is_safe(address):
                    raise ValueError("the address of the keys is not safe")
                keys = (await _document(client, address)).get("keys")
            if not isinstance(keys, list):
                raise ValueError("there are no keys")
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as error:
            _log.warning("oidc.keys_not_fetched", issuer=self.issuer, error=f"{type(error).__name__}: {error}"[:300])
            return
        self._keys = [key for key in keys[:MAX_KEYS] if isinstance(key, dict) and _usable(key)]
        self._fetched_at = self._clock()
        _log.info("oidc.keys_fetched", issuer=self.issuer, count=len(self._keys))


def _pairs(mapping: str) -> Iterator[tuple[str, str]]:
    """'a=admin, b=editor' -> ('a', 'admin'), ('b', 'editor')."""
    for pair in filter(str.strip, mapping.split(",")):
        theirs, _, ours = pair.rpartition("=")
        yield theirs.strip(), ours.strip()


def is_safe(address: str) -> bool:
    """Whether no machine in between can answer in the issuer's place: https, or this machine itself."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not host or parts.username or parts.fragment:
        return False
    if parts.scheme == "https":
        return True
    try:
        return parts.scheme == "http" and (host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        return False


async def _document(client: aiohttp.ClientSession, address: str) -> dict[str, Any]:
    """A JSON object from exactly this address. Raises ValueError or what aiohttp raises."""
    async with client.get(address, allow_redirects=False) as answer:
        if answer.status != 200:
            raise ValueError(f"answered {answer.status}")
        content = b""
        async for chunk in answer.content.iter_chunked(16 * 1024):
            content += chunk
            if len(content) > MAX_DOCUMENT_BYTES:
                raise ValueError("answered too much")
    document = orjson.loads(content)
    if not isinstance(document, dict):
        raise ValueError("answered no object")
    return document


def _fits(key: Jwk, algorithm: str) -> bool:
    return key.get("kty") == FAMILIES.get(algorithm[:2]) and key.get("alg", algorithm) == algorithm


def _usable(key: Jwk) -> bool:
    """A public key for signatures that is strong enough. A shared secret (`oct`) is never one."""
    if key.get("kty") not in FAMILIES.values() or key.get("use", "sig") != "sig":
        return False
    try:
        bits = getattr(jwt.PyJWK(key).key, "key_size", MIN_RSA_BITS)
    except (jwt.PyJWTError, ValueError, TypeError):
        return False
    return bool(key["kty"] != "RSA" or bits >= MIN_RSA_BITS)
