"""Logging in, tokens, roles."""

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import psycopg
import pytest
from argon2 import PasswordHasher
from jwt.warnings import InsecureKeyLengthWarning

from catalog.errors import SettingsError
from catalog.settings import Settings
from tests.apps import create_app
from tests.e2e.conftest import PASSWORD, SignedIn
from tests.e2e.helpers import CATEGORIES, NOBODY, PRODUCTS, a_product, assert_problem

TOKEN = "/api/v1/auth/token"

WRITES = [
    ("POST", PRODUCTS),
    ("POST", f"{PRODUCTS}/bulk"),
    ("PUT", f"{PRODUCTS}/{NOBODY}"),
    ("PATCH", f"{PRODUCTS}/{NOBODY}"),
    ("DELETE", f"{PRODUCTS}/{NOBODY}"),
    ("POST", CATEGORIES),
    ("PUT", f"{CATEGORIES}/{NOBODY}"),
    ("PATCH", f"{CATEGORIES}/{NOBODY}"),
    ("DELETE", f"{CATEGORIES}/{NOBODY}"),
]


async def test_log_in_and_write(admin: httpx.AsyncClient, client: httpx.AsyncClient, settings: Settings) -> None:
    answer = await client.post(TOKEN, data={"username": "Admin@Example.com", "password": PASSWORD})
    assert answer.status_code == 200
    token = answer.json()
    assert (token["token_type"], token["expires_in"]) == ("bearer", settings.jwt_ttl_seconds)
    assert answer.headers["cache-control"] == "no-store"
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    assert (await client.post(PRODUCTS, json=a_product(), headers=headers)).status_code == 201


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("admin@example.com", "wrong"),
        ("nobody@example.com", PASSWORD),
        ("no address", PASSWORD),
        ("admin@example.com\x00", PASSWORD),
        ("admin@example.com", PASSWORD + "\x00"),
        ("admin@example.com", "x" * 100_000),
    ],
)
async def test_wrong_credentials(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, email: str, password: str
) -> None:
    answer = await client.post(TOKEN, data={"username": email, "password": password})
    problem = assert_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert problem["detail"] == "The e-mail address or the password is wrong.", "it does not tell which"


async def test_an_unknown_address_costs_as_much_work_as_a_wrong_password(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the time of the answer would tell which addresses have an account."""
    hashes: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, password_hash: str, password: str) -> Any:
        hashes.append(password_hash.rpartition("$")[0].rpartition("$")[0])
        return verify(self, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    for email in ("admin@example.com", "nobody@example.com"):
        answer = await client.post(TOKEN, data={"username": email, "password": "wrong password"})
        assert_problem(answer, 401)
    assert len(hashes) == 2
    assert hashes[0] == hashes[1], "both with the same parameters of argon2"


@pytest.mark.parametrize("form", [{}, {"username": "a@b.c"}, {"password": "p"}, {"grant_type": "magic"}])
async def test_incomplete_forms(client: httpx.AsyncClient, form: dict[str, str]) -> None:
    assert_problem(await client.post(TOKEN, data=form), 422)


@pytest.mark.parametrize(("method", "address"), WRITES)
async def test_writes_need_a_token(client: httpx.AsyncClient, method: str, address: str) -> None:
    answer = await client.request(method, address, json=a_product())
    assert_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"
    basic = await client.request(method, address, json=a_product(), headers={"Authorization": "Basic YTpi"})
    assert_problem(basic, 401)


@pytest.mark.parametrize("role", ["analyst", "merchandiser", "storefront"])
@pytest.mark.parametrize(("method", "address"), WRITES)
async def test_writes_need_the_role(signed_in: SignedIn, role: str, method: str, address: str) -> None:
    async with signed_in(role) as client:
        problem = assert_problem(await client.request(method, address, json=a_product()), 403)
        assert "admin or editor" in problem["detail"]


def _claims(settings: Settings, **changes: Any) -> dict[str, Any]:
    claims = {
        "sub": NOBODY,
        "role": "admin",
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "exp": datetime.now(UTC) + timedelta(hours=1),
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def _signed(settings: Settings, *, algorithm: str = "HS256", key: str | None = None, **changes: Any) -> str:
    secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else ""
    return jwt.encode(_claims(settings, **changes), key or secret, algorithm=algorithm)


def _unsigned(settings: Settings) -> str:
    claims = _claims(settings, exp=int(time.time()) + 3600)
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


async def test_tokens_that_are_not_ours(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, settings: Settings, db: psycopg.Connection[Any]
) -> None:
    row = db.execute("SELECT id FROM users").fetchone()
    assert row is not None
    user = str(row[0])
    with pytest.warns(InsecureKeyLengthWarning):  # our key is long enough for HS256 alone
        another_algorithm = _signed(settings, sub=user, algorithm="HS384")
    forged = {
        "another key": _signed(settings, sub=user, key="another secret, just as long as the right one"),
        "expired": _signed(settings, sub=user, exp=datetime.now(UTC) - timedelta(seconds=1)),
        "no expiry": _signed(settings, sub=user, exp=None),
        "another algorithm": another_algorithm,
        "unsigned": _unsigned(settings),
        "another audience": _signed(settings, sub=user, aud="somebody else"),
        "no audience": _signed(settings, sub=user, aud=None),
        "another issuer": _signed(settings, sub=user, iss="somebody else"),
        "no issuer": _signed(settings, sub=user, iss=None),
        "nobody": _signed(settings, sub=None),
        "no id": _signed(settings, sub="admin@example.com"),
        "an unknown user": _signed(settings, sub=NOBODY),
        "rubbish": "rubbish",
        "half": _signed(settings, sub=user)[:-10],
    }
    for name, token in forged.items():
        headers = {"Authorization": f"Bearer {token}"}
        for answer in (
            await client.post(PRODUCTS, json=a_product(), headers=headers),
            await client.get(PRODUCTS, headers=headers),
        ):
            assert_problem(answer, 401)
            assert answer.headers["www-authenticate"] == "Bearer", name
    headers = {"Authorization": f"Bearer {_signed(settings, sub=user)}"}
    assert (await client.post(PRODUCTS, json=a_product(), headers=headers)).status_code == 201


async def test_the_role_is_that_of_now(editor: httpx.AsyncClient, db: psycopg.Connection[Any]) -> None:
    assert (await editor.post(PRODUCTS, json=a_product())).status_code == 201
    db.execute("UPDATE users SET role = 'analyst'")
    assert_problem(await editor.post(PRODUCTS, json=a_product()), 403)
    db.execute("UPDATE users SET role = 'admin', active = false")
    assert_problem(await editor.post(PRODUCTS, json=a_product()), 401)
    answer = await editor.post(TOKEN, data={"username": "editor@example.com", "password": PASSWORD})
    assert_problem(answer, 401)


@pytest.mark.parametrize("secret", [None, "short"])
def test_without_a_key_the_application_refuses_to_start(settings: Settings, secret: str | None) -> None:
    values = {**settings.model_dump(), "jwt_secret": secret}
    with pytest.raises(SettingsError, match="CATALOG_JWT_SECRET"):
        create_app(Settings.model_validate(values))


@pytest.mark.usefixtures("admin")
def test_passwords_are_stored_as_argon2id(db: psycopg.Connection[Any]) -> None:
    row = db.execute("SELECT password_hash FROM users").fetchone()
    assert row is not None
    assert row[0].startswith("$argon2id$")
