"""Every operation of the OpenAPI document gets values that its schema allows and values that it does not, over HTTP.

No answer may be a 5xx, of another type than described, or against its schema. The examples are the same in every run;
`EXAMPLES=200` in the environment looks further.
"""

import itertools
import os
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
import schemathesis
from elasticsearch import Elasticsearch
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from schemathesis import Case
from schemathesis.checks import CHECKS, load_all_checks

from catalog.services import tokens
from catalog.services.passwords import hash_password
from catalog.settings import Settings
from indexer.rebuild import ensure_index
from tests.apps import create_app
from tests.e2e.served import served
from tests.e2e.small_catalogue import CATALOGUE
from tests.kept import emptied
from tests.support import store, sync_all

EXAMPLES = int(os.environ.get("EXAMPLES", "12"))
load_all_checks()


@schemathesis.serializer("application/x-ndjson")
def _as_it_is(ctx: schemathesis.SerializationContext, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")


WANTED: list[Any] = [
    CHECKS.get_one(name) for name in ("not_a_server_error", "content_type_conformance", "response_schema_conformance")
]
# Nothing is connected to until somebody asks.
DOCUMENT = create_app(Settings(jwt_secret="a secret for the document alone: 0123456789")).openapi()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS: list[Any] = [found.ok() for found in SCHEMA.get_all_operations()]  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def catalogue(settings: Settings, es: Elasticsearch) -> Iterator[psycopg.Connection[Any]]:
    with emptied(settings, es) as connection:
        ensure_index(settings, es)
        store(settings, CATALOGUE)
        sync_all(settings, connection, es)
        yield connection


@pytest.fixture(scope="module")
def address(settings: Settings, catalogue: psycopg.Connection[Any]) -> Iterator[str]:
    with served(settings) as address:
        yield address


@pytest.fixture
def authorization(settings: Settings, catalogue: psycopg.Connection[Any], password_hash: str) -> str:
    """Of an administrator of this test's own: some operations end sessions or delete users."""
    row = catalogue.execute(
        "INSERT INTO users (email, password_hash, role) VALUES (gen_random_uuid() || '@example.com', %s, 'admin') "
        "RETURNING id",
        [password_hash],
    ).fetchone()
    assert row is not None
    return f"Bearer {tokens.issue(settings, row[0], 'admin')}"


@pytest.fixture(scope="session")
def password_hash() -> str:
    return hash_password("a password for tests")


def _known_ids(catalogue: psycopg.Connection[Any]) -> dict[str, UUID]:
    found: dict[str, UUID] = {}
    for name, table in (("product_id", "products"), ("category_id", "categories"), ("user_id", "users")):
        row = catalogue.execute(f"SELECT id FROM {table} ORDER BY id LIMIT 1").fetchone()
        if row is not None:
            found[name] = row[0]
    return found


@pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.label for operation in OPERATIONS])
def test_every_answer_is_as_described(
    operation: Any, address: str, authorization: str, catalogue: psycopg.Connection[Any]
) -> None:
    numbers = itertools.count()

    @given(case=operation.as_strategy())
    @examples(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Case[Any]) -> None:
        if next(numbers) % 2:
            # Otherwise hardly anything would ever be found.
            known = _known_ids(catalogue)
            for name in set(case.path_parameters or {}) & set(known):
                case.path_parameters[name] = str(known[name])
        headers = {"Authorization": authorization} if operation.path != "/api/v1/auth/token" else {}
        answer = case.call(base_url=address, headers=headers, timeout=60)
        case.validate_response(answer, checks=WANTED)

    check()
