"""The state before the first request: the catalogue with fixed ids, users, keys, synonyms, and an index."""

import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import psycopg

from tests.recording.catalogue import GENERATED_COUNT, GENERATED_SEED, PRODUCTS, SYNONYMS
from tests.recording.identifiers import brand_id, category_id, image_id, product_id, user_id, variant_id
from tests.recording.principals import KEYS, PASSWORD, ROLES
from tests.recording.servers import INDEX_PREFIX, Addresses
from tests.recording.service import Checkout

INDEXING_SECONDS = 180
# Products were created in the order of their skus, one each hour, long ago: then newness adds nothing to a score,
# whenever the recording is made, and the newest is always the same. One product alone is new.
_MOVE_IDS = """
    UPDATE categories AS row SET
        parent_id = (SELECT new FROM new_ids WHERE old = row.parent_id),
        ids = ARRAY(SELECT new FROM unnest(row.ids) WITH ORDINALITY AS step (id, place) JOIN new_ids ON old = step.id
                    ORDER BY place);
    UPDATE categories AS row SET id = new FROM new_ids WHERE row.id = old;
    UPDATE brands AS row SET id = new FROM new_ids WHERE row.id = old;
    UPDATE users AS row SET id = new FROM new_ids WHERE row.id = old;
    UPDATE product_variants AS row SET id = new FROM new_ids WHERE row.id = old;
    UPDATE product_variants AS row SET product_id = new FROM new_ids WHERE row.product_id = old;
    UPDATE product_images AS row SET id = new FROM new_ids WHERE row.id = old;
    UPDATE product_images AS row SET product_id = new FROM new_ids WHERE row.product_id = old;
    UPDATE skus AS row SET product_id = new FROM new_ids WHERE row.product_id = old;
    UPDATE product_sync AS row SET product_id = new FROM new_ids WHERE row.product_id = old;
    UPDATE products AS row SET
        id = (SELECT new FROM new_ids WHERE old = row.id),
        brand_id = (SELECT new FROM new_ids WHERE old = row.brand_id),
        category_id = (SELECT new FROM new_ids WHERE old = row.category_id),
        created_at = CASE WHEN row.sku = 'FRESH' THEN row.created_at
                          ELSE timestamptz '1850-01-01 00:00:00+00' + place * interval '1 hour' END,
        updated_at = timestamptz '1960-01-01 00:00:00+00' + place * interval '1 hour'
    FROM (SELECT id, row_number() OVER (ORDER BY sku COLLATE "C") AS place FROM products) AS sorted
    WHERE sorted.id = row.id;
    UPDATE categories SET created_at = '1850-01-01 00:00:00+00', updated_at = '1960-01-01 00:00:00+00';
    DELETE FROM domain_events;
"""


def fill(checkout: Checkout) -> None:
    """Migrate, import, fix the ids, and build the index. Nothing else of the service may run meanwhile."""
    checkout.run("migrate")
    generated = checkout.run("generate", "--count", str(GENERATED_COUNT), "--seed", str(GENERATED_SEED))
    own = "".join(json.dumps(product) + "\n" for product in PRODUCTS).encode()
    checkout.run("import", "-", stdin=generated + own)
    checkout.run(
        "user", "create", "--email", "admin@example.com", "--role", "admin", "--password-stdin", stdin=PASSWORD.encode()
    )
    with psycopg.connect(checkout.addresses.postgres) as connection:
        _fix_ids(connection)
    with psycopg.connect(checkout.addresses.postgres, autocommit=True) as connection:
        # Rows stand in the order of their new ids, where nothing else decides in which order they are read.
        for table in ("products", "product_variants", "product_images", "product_sync", "categories", "brands"):
            connection.execute(f"CLUSTER {table} USING pk_{table}")
        connection.execute("VACUUM ANALYZE")
    checkout.run("reindex")


def _fix_ids(connection: psycopg.Connection[Any]) -> None:
    # No trigger sees this: an id never changes in the life of the service, and nothing of this is to be published.
    connection.execute("SET LOCAL session_replication_role = replica")
    triggers = connection.execute("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgenabled = 'A'")
    always = triggers.fetchall()
    for table, trigger in always:
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    connection.execute("CREATE TEMPORARY TABLE new_ids (old uuid PRIMARY KEY, new uuid NOT NULL UNIQUE) ON COMMIT DROP")
    connection.cursor().executemany("INSERT INTO new_ids VALUES (%s, %s)", list(_ids(connection)))
    connection.execute(_MOVE_IDS)
    for table, trigger in always:
        connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")


def _ids(connection: psycopg.Connection[Any]) -> Iterator[tuple[UUID, str]]:
    """Each id that is stored, with the one that takes its place."""
    for old, sku in connection.execute("SELECT id, sku FROM products"):
        yield old, product_id(sku)
    for old, sku in connection.execute("SELECT id, sku FROM product_variants"):
        yield old, variant_id(sku)
    images = "SELECT product_images.id, sku, position FROM product_images JOIN products ON products.id = product_id"
    for old, sku, position in connection.execute(images):
        yield old, image_id(sku, position)
    for old, path in connection.execute("SELECT id, path FROM categories"):
        yield old, category_id(path)
    for old, name in connection.execute("SELECT id, name FROM brands"):
        yield old, brand_id(name)
    for old, email in connection.execute("SELECT id, email FROM users"):
        yield old, user_id(email.partition("@")[0])


def enter(client: httpx.Client, postgres: str) -> dict[str, str]:
    """Make users, keys and synonyms over REST; the headers' values that show each role and key, by name."""
    credentials = {"admin": _log_in(client, "admin")}
    admin = {"Authorization": f"Bearer {credentials['admin']}"}
    for role in ROLES[1:]:
        body = {"email": f"{role}@example.com", "role": role, "password": PASSWORD}
        _success(client.post("/api/v1/users", json=body, headers=admin))
    with psycopg.connect(postgres) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        for role in ROLES[1:]:
            row = (user_id(role), f"{role}@example.com")
            connection.execute("UPDATE users SET id = %s WHERE email = %s", row)
    for role in ROLES[1:]:
        credentials[role] = _log_in(client, role)
    for name, key in KEYS.items():
        credentials[name] = _success(client.post("/api/v1/api-keys", json=key, headers=admin)).json()["key"]
    for entry in SYNONYMS:
        _success(client.post("/api/v1/merchandising/synonyms", json=entry, headers=admin))
    return credentials


def _log_in(client: httpx.Client, role: str) -> str:
    form = {"username": f"{role}@example.com", "password": PASSWORD}
    token: str = _success(client.post("/api/v1/auth/token", data=form)).json()["access_token"]
    return token


def _success(response: httpx.Response) -> httpx.Response:
    """The response; raises RuntimeError with its text when it refuses."""
    if not response.is_success:
        raise RuntimeError(f"{response.request.url} answers {response.status_code}: {response.text}")
    return response


def await_index(addresses: Addresses) -> None:
    """Return when every change is in the index and can be found; raises TimeoutError."""
    waiting = """
        SELECT (SELECT count(*) FROM product_sync WHERE version > synced_version AND attempts = 0)
             + (SELECT count(*) FROM fanout)
    """
    with psycopg.connect(addresses.postgres, autocommit=True) as connection:
        _await(lambda: connection.execute(waiting).fetchone() == (0,), "changes are not in the index")
    httpx.post(f"{addresses.elasticsearch}/{INDEX_PREFIX}-*/_refresh", timeout=INDEXING_SECONDS).raise_for_status()


def await_events(addresses: Addresses) -> None:
    """Return when the relay has published every event; raises TimeoutError."""
    waiting = """
        SELECT (SELECT count(*) FROM domain_events WHERE position IS NULL)
             + (SELECT position - published FROM event_relay)
    """
    with psycopg.connect(addresses.postgres, autocommit=True) as connection:
        _await(lambda: connection.execute(waiting).fetchone() == (0,), "events are not published")


def _await(condition: Any, message: str) -> None:
    deadline = time.monotonic() + INDEXING_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{message} after {INDEXING_SECONDS} s")
        time.sleep(0.05)
