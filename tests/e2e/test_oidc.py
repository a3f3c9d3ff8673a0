"""Tokens of an external issuer: its keys, their rotation, its roles, and everything that only looks like them."""

import base64
import hashlib
import hmac
import json
import warnings
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import psycopg
import pytest
from fastapi import FastAPI
from jwt.warnings import InsecureKeyLengthWarning

from catalog.errors import SettingsError
from catalog.services import oidc, tokens
from catalog.settings import Settings
from tests.apps import create_app
from tests.e2e.helpers import NOBODY, PRODUCTS, a_product, assert_problem
from tests.e2e.issuer import AUDIENCE, Issuer, ec_key, issuing, public_jwk, public_pem, rsa_key

RSA, EC, OTHER, WEAK = rsa_key(), ec_key(), rsa_key(), rsa_key(1024)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as made:
        made.keys = [public_jwk(RSA, "one"), public_jwk(EC, "two", alg="ES256")]
        yield made


@pytest.fixture
def external(settings: Settings, issuer: Issuer) -> Settings:
    values = {
        "oidc_issuer": issuer.url,
        "oidc_audience": AUDIENCE,
        "oidc_roles": "shop-admins=admin, shop-staff = editor, stats=analyst",
        "identity_cache_seconds": 0,
    }
    return Settings.model_validate({**settings.model_dump(), **values})


@pytest.fixture
async def app(external: Settings, db: psycopg.Connection[Any]) -> AsyncIterator[FastAPI]:
    app = create_app(external)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def clock(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the keys' age is measured with: set its one number."""
    now = [1000.0]
    monkeypatch.setattr(app.state.identity._oidc, "_clock", lambda: now[0])
    return now


async def _write(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post(PRODUCTS, json=a_product(), headers={"Authorization": f"Bearer {token}"})


async def test_a_token_of_either_algorithm_writes_by_its_mapped_role(client: httpx.AsyncClient, issuer: Issuer) -> None:
    assert (await _write(client, issuer.token(RSA, kid="one"))).status_code == 201
    assert (await _write(client, issuer.token(EC, kid="two", algorithm="ES256"))).status_code == 201
    # Without a kid, the only key that fits.
    assert (await _write(client, issuer.token(RSA))).status_code == 201
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"], "the keys are kept"


async def test_roles_that_are_not_mapped_give_no_rights(client: httpx.AsyncClient, issuer: Issuer) -> None:
    for roles in (["admin"], ["editor"], [], None, "admin", {"admin": True}, [["shop-admins"]], 7):
        token = issuer.token(RSA, kid="one", roles=roles)
        assert_problem(await _write(client, token), 403)
        headers = {"Authorization": f"Bearer {token}"}
        assert (await client.get(PRODUCTS, headers=headers)).status_code == 200, roles


async def test_several_roles_have_the_rights_of_all(client: httpx.AsyncClient, issuer: Issuer) -> None:
    assert (await _write(client, issuer.token(RSA, kid="one", roles="stats shop-staff"))).status_code == 201
    token = issuer.token(RSA, kid="one", roles=["shop-admins"])
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/api/v1/users", headers=headers)).status_code == 200


async def test_the_audit_log_names_the_issuers_subject(
    client: httpx.AsyncClient, issuer: Issuer, db: psycopg.Connection[Any]
) -> None:
    assert (await _write(client, issuer.token(RSA, kid="one", sub="anna"))).status_code == 201
    assert db.execute("SELECT actor, action FROM audit_log").fetchall() == [("oidc:anna", "product.create")]


async def test_a_nested_role_claim(
    settings: Settings, external: Settings, issuer: Issuer, db: psycopg.Connection[Any]
) -> None:
    nested = Settings.model_validate({**external.model_dump(), "oidc_role_claim": "realm_access.roles"})
    app = create_app(nested)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        token = issuer.token(RSA, kid="one", realm_access={"roles": ["shop-staff"]})
        assert (await _write(client, token)).status_code == 201
        assert_problem(await _write(client, issuer.token(RSA, kid="one")), 403)


async def test_a_new_key_is_fetched_once_and_not_at_every_token(
    client: httpx.AsyncClient, issuer: Issuer, clock: list[float]
) -> None:
    assert (await _write(client, issuer.token(RSA, kid="one"))).status_code == 201
    issuer.keys = [public_jwk(OTHER, "three")]
    # Somebody who invents ids makes us ask the issuer no more often than this.
    for number in range(5):
        assert_problem(await _write(client, issuer.token(OTHER, kid=f"invented-{number}")), 401)
    assert issuer.asked.count("/keys") == 1
    clock[0] += oidc.RETRY_SECONDS
    assert (await _write(client, issuer.token(OTHER, kid="three"))).status_code == 201
    assert issuer.asked.count("/keys") == 2
    assert_problem(await _write(client, issuer.token(RSA, kid="one")), 401)
    assert issuer.asked.count("/keys") == 2, "the withdrawn key is unknown, and was asked for a moment ago"


async def test_the_issuer_may_go_away(
    client: httpx.AsyncClient, issuer: Issuer, clock: list[float], external: Settings, db: psycopg.Connection[Any]
) -> None:
    assert (await _write(client, issuer.token(RSA, kid="one"))).status_code == 201
    issuer.stop()
    clock[0] += oidc.FRESH_SECONDS + 1
    assert (await _write(client, issuer.token(RSA, kid="one"))).status_code == 201, "its keys hold for a while"
    clock[0] += oidc.STALE_SECONDS
    assert_problem(await _write(client, issuer.token(RSA, kid="one")), 503)
    row = db.execute(
        "INSERT INTO users (email, password_hash, role) VALUES ('e@example.com', 'x', 'editor') RETURNING id"
    ).fetchone()
    assert row is not None
    assert (await _write(client, tokens.issue(external, row[0], "editor"))).status_code == 201, "ours go on"


@pytest.mark.parametrize(
    "fault", ["status", "redirect", "another issuer", "keys elsewhere", "no keys", "huge", "no object"]
)
async def test_an_issuer_that_answers_nonsense_gives_no_keys(
    client: httpx.AsyncClient, issuer: Issuer, fault: str
) -> None:
    if fault == "status":
        issuer.status = 500
    elif fault == "redirect":
        issuer.status = 302
    elif fault == "another issuer":
        issuer.discovery["issuer"] = "https://elsewhere.example"
    elif fault == "keys elsewhere":
        issuer.discovery["jwks_uri"] = "http://keys.example/keys"
    elif fault == "no keys":
        issuer.discovery["jwks_uri"] = f"{issuer.url}/nothing"
    elif fault == "huge":
        issuer.discovery["padding"] = "x" * oidc.MAX_DOCUMENT_BYTES
    else:
        issuer.discovery = []  # type: ignore[assignment]
    assert_problem(await _write(client, issuer.token(RSA, kid="one")), 503)


def _unsigned(issuer: Issuer, algorithm: str) -> str:
    claims = jwt.decode(issuer.token(RSA, kid="one"), options={"verify_signature": False})
    parts = ({"alg": algorithm, "typ": "JWT", "kid": "one"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


def _hs256_with(key: bytes, claims: dict[str, Any], kid: str) -> str:
    """PyJWT refuses to sign like this, for good reason."""
    parts = ({"alg": "HS256", "typ": "JWT", "kid": kid}, claims)
    text = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    signature = hmac.digest(key, text.encode(), hashlib.sha256)
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


FORGED = (
    "no algorithm", "NONE", "no signature", "public key as secret", "public key as secret, our claims", "another key",
    "a key it does not have", "another key's id", "wrong family", "algorithm not allowed", "weak key", "encryption key",
    "shared secret published", "expired", "no expiry", "no issue time", "not yet", "issued in the future",
    "another audience", "no audience", "another issuer", "no issuer", "no subject", "empty subject",
    "subject with newline", "long subject",
    "path in kid", "sql in kid", "address in kid", "list as kid", "number as kid", "jku", "x5u", "jwk",
    "unknown critical header", "changed claims", "too long", "rubbish", "too many parts", "deep header",
)  # fmt: skip


def _forged(issuer: Issuer, settings: Settings, name: str) -> str:
    now = datetime.now(UTC)
    plain = {"iss": issuer.url, "aud": AUDIENCE, "sub": "anna", "roles": ["shop-admins"], "iat": int(now.timestamp()),
             "exp": int(now.timestamp()) + 300}  # fmt: skip
    ours = {**plain, "iss": settings.jwt_issuer, "aud": settings.jwt_audience, "sub": NOBODY, "role": "admin"}
    evil = {"jku": "http://127.0.0.1:9/evil", "x5u": "http://127.0.0.1:9/evil"}
    whole = issuer.token(RSA, kid="one")
    made: dict[str, Any] = {
        "no algorithm": lambda: _unsigned(issuer, "none"),
        "NONE": lambda: _unsigned(issuer, "NONE"),
        "no signature": lambda: _unsigned(issuer, "RS256"),
        "public key as secret": lambda: _hs256_with(public_pem(RSA), plain, "one"),
        "public key as secret, our claims": lambda: _hs256_with(public_pem(RSA), ours, "one"),
        "another key": lambda: issuer.token(OTHER, kid="one"),
        "a key it does not have": lambda: issuer.token(OTHER, kid="nobody's"),
        "another key's id": lambda: issuer.token(RSA, kid="two"),
        "wrong family": lambda: issuer.token(EC, kid="one", algorithm="ES256"),
        "algorithm not allowed": lambda: issuer.token(RSA, kid="one", algorithm="RS512"),
        "weak key": lambda: issuer.token(WEAK, kid="weak"),
        "encryption key": lambda: issuer.token(OTHER, kid="encryption"),
        "shared secret published": lambda: issuer.token("s" * 64, kid="shared", algorithm="HS256"),
        "expired": lambda: issuer.token(RSA, kid="one", exp=now - timedelta(seconds=60)),
        "no expiry": lambda: issuer.token(RSA, kid="one", exp=None),
        "no issue time": lambda: issuer.token(RSA, kid="one", iat=None),
        "not yet": lambda: issuer.token(RSA, kid="one", nbf=now + timedelta(minutes=1)),
        "issued in the future": lambda: issuer.token(RSA, kid="one", iat=now + timedelta(minutes=1)),
        "another audience": lambda: issuer.token(RSA, kid="one", aud="somebody else"),
        "no audience": lambda: issuer.token(RSA, kid="one", aud=None),
        "another issuer": lambda: issuer.token(RSA, kid="one", iss=f"{issuer.url}/"),
        "no issuer": lambda: issuer.token(RSA, kid="one", iss=None),
        "no subject": lambda: issuer.token(RSA, kid="one", sub=None),
        "empty subject": lambda: issuer.token(RSA, kid="one", sub=""),
        "subject with newline": lambda: issuer.token(RSA, kid="one", sub="anna\nadmin"),
        "long subject": lambda: issuer.token(RSA, kid="one", sub="a" * 256),
        "path in kid": lambda: issuer.token(RSA, kid="../../../../dev/null"),
        "sql in kid": lambda: issuer.token(RSA, kid="one' UNION SELECT 'one"),
        "address in kid": lambda: issuer.token(OTHER, kid=f"{issuer.url}/evil"),
        "list as kid": lambda: _with_header(whole, kid=["one"]),
        "number as kid": lambda: _with_header(whole, kid=1),
        "jku": lambda: issuer.token(OTHER, kid="evil", headers=evil),
        "x5u": lambda: issuer.token(OTHER, headers=evil | {"kid": "one"}),
        "jwk": lambda: issuer.token(OTHER, kid="one", headers={"jwk": public_jwk(OTHER, "one")}),
        "unknown critical header": lambda: issuer.token(RSA, kid="one", headers={"crit": ["http://evil"]}),
        "changed claims": lambda: _with_claims(whole, roles=["shop-admins"]),
        "too long": lambda: issuer.token(RSA, kid="one", padding="x" * 8192),
        "rubbish": lambda: "eyJ.eyJ.",
        "too many parts": lambda: whole + ".e30",
        "deep header": lambda: base64.urlsafe_b64encode(b"[" * 3000).decode() + ".e30.e30",
    }  # fmt: skip
    return str(made[name]())


def _with_header(token: str, **fields: Any) -> str:
    """The same token with another header, which makes its signature wrong as well."""
    _, _, rest = token.partition(".")
    header = {**jwt.get_unverified_header(token), **fields}
    return base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=") + "." + rest


def _with_claims(token: str, **fields: Any) -> str:
    header, _, signature = token.split(".")
    claims = {**jwt.decode(token, options={"verify_signature": False}), **fields}
    return f"{header}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.{signature}"


@pytest.mark.parametrize("name", FORGED)
async def test_forged_tokens_are_refused_everywhere(
    client: httpx.AsyncClient, issuer: Issuer, external: Settings, name: str
) -> None:
    issuer.keys += [
        public_jwk(WEAK, "weak"),
        public_jwk(OTHER, "encryption", use="enc"),
        {"kty": "oct", "kid": "shared", "k": base64.urlsafe_b64encode(b"s" * 64).decode().rstrip("=")},
        {"kty": "RSA", "kid": "broken", "n": "?", "e": "AQAB"},
        {"kid": "nothing"},
        "rubbish",  # type: ignore[list-item]
    ]
    # The keys are there, so that it is the token that fails.
    assert (await _write(client, issuer.token(RSA, kid="one"))).status_code == 201
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureKeyLengthWarning)  # it is we who sign with the weak key
        token = _forged(issuer, external, name)
    headers = {"Authorization": f"Bearer {token}"}
    for answer in (
        await client.post(PRODUCTS, json=a_product(), headers=headers),
        await client.get(PRODUCTS, headers=headers),
        await client.get("/api/v1/autocomplete", params={"q": ""}, headers=headers),
    ):
        assert_problem(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert set(issuer.asked) == {"/.well-known/openid-configuration", "/keys"}, "nothing that a token names is asked"


async def test_a_token_that_is_too_long_is_refused_unread(
    client: httpx.AsyncClient, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unread(*_: Any, **__: Any) -> Any:
        raise AssertionError("it was looked at")

    monkeypatch.setattr(jwt, "get_unverified_header", unread)
    monkeypatch.setattr(jwt, "decode", unread)
    assert_problem(await _write(client, "a" * (tokens.MAX_TOKEN + 1)), 401)
    assert issuer.asked == []


async def test_without_an_external_issuer_its_tokens_are_nothing(
    settings: Settings, issuer: Issuer, db: psycopg.Connection[Any]
) -> None:
    app = create_app(settings)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        assert_problem(await _write(client, issuer.token(RSA, kid="one")), 401)
    assert issuer.asked == []


@pytest.mark.parametrize(
    ("issuer_url", "audience", "named"),
    [
        ("http://login.example.com", "catalog", "CATALOG_OIDC_ISSUER"),
        ("ftp://127.0.0.1", "catalog", "CATALOG_OIDC_ISSUER"),
        ("https://user:password@login.example.com", "catalog", "CATALOG_OIDC_ISSUER"),
        ("login.example.com", "catalog", "CATALOG_OIDC_ISSUER"),
        ("https://login.example.com", None, "CATALOG_OIDC_AUDIENCE"),
    ],
)
def test_an_unsafe_issuer_is_refused_at_the_start(
    settings: Settings, issuer_url: str, audience: str | None, named: str
) -> None:
    values = {**settings.model_dump(), "oidc_issuer": issuer_url, "oidc_audience": audience}
    with pytest.raises(SettingsError, match=named):
        create_app(Settings.model_validate(values))


@pytest.mark.parametrize(
    "values",
    [{"oidc_algorithms": "HS256"}, {"oidc_algorithms": "none"}, {"oidc_algorithms": ""}, {"oidc_roles": "a=owner"},
     {"oidc_roles": "admin"}],
)  # fmt: skip
def test_unsafe_algorithms_and_unknown_roles_are_refused(settings: Settings, values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        Settings.model_validate({**settings.model_dump(), **values})
