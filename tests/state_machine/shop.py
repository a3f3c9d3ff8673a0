"""The two ways into the catalogue that the machine uses: raw SQL and REST."""

import asyncio
import random
from typing import Any
from uuid import UUID

import httpx
import orjson
import psycopg
from psycopg import errors

from api.app import create_app
from catalog.connections import connect
from catalog.importing import import_lines
from catalog.services import tokens
from catalog.settings import Settings

# What a writer has to expect when others are at work; its transaction is rolled back then.
REFUSED = (
    errors.LockNotAvailable,
    errors.DeadlockDetected,
    errors.UniqueViolation,
    errors.ForeignKeyViolation,
    errors.CheckViolation,
)
CATEGORIES = ("Audio", "Audio > Headphones", "Audio > Headphones > In-ear", "Video", "Garden > Tools", "Garden")
BRANDS = ("Acme", "Bolt", "Crane")


def line(number: int, **fields: Any) -> dict[str, Any]:
    """A product as the import takes it; the same number always gives the same sku."""
    draw = random.Random(number)
    product: dict[str, Any] = {
        "sku": f"p{number % 80}",
        "name": f"Product {number}",
        "description": "words " * draw.randrange(6) or None,
        "price": f"{draw.randrange(10_000) / 100:.2f}",
        "inventory": draw.randrange(5),
        "category": draw.choice([None, *CATEGORIES]),
        "brand": draw.choice([None, *BRANDS]),
        "status": draw.choice(["active", "active", "draft"]),
        "attributes": {"color": draw.choice(["black", "red"]), "weight_g": number},
        "images": ["https://example.com/a.png"] * draw.randrange(2),
    } | fields
    if draw.randrange(3) == 0:
        sku = product["sku"]
        product["variants"] = [{"sku": f"{sku}-{size}", "price": "5", "options": {"size": size}} for size in "SM"]
        del product["inventory"]
    return product


class Shop:
    """Writes as a service would. Raw SQL waits a second for a lock and then gives up, as any writer may."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.db = self.connection(autocommit=True)
        self._runner = asyncio.Runner()
        app = create_app(settings)
        self._lifespan = app.router.lifespan_context(app)
        self._runner.run(self._lifespan.__aenter__())
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://test")

    def connection(self, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        opened = connect(self.settings, "machine-shop", autocommit=True)
        opened.execute("SET lock_timeout = '1s'")
        opened.autocommit = autocommit
        return opened

    def close(self) -> None:
        self.db.close()
        self._runner.run(self._close())
        self._runner.close()

    async def _close(self) -> None:
        await self._client.aclose()
        await self._lifespan.__aexit__(None, None, None)

    def sign_in(self) -> None:
        row = self.db.execute(
            "INSERT INTO users (email, password_hash, role) VALUES ('admin@example.com', '-', 'admin') RETURNING id"
        ).fetchone()
        assert row is not None
        self._client.headers["Authorization"] = f"Bearer {tokens.issue(self.settings, row[0], 'admin')}"

    def rest(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        """One request; refusals that depend on what is stored are fine, failures are not."""
        answer = self._runner.run(self._client.request(method, f"/api/v1{path}", json=body))
        assert answer.is_success or answer.status_code in (404, 409, 422), f"{method} {path}: {answer.text}"

    def sql(self, statement: str, *parameters: Any) -> bool:
        """One statement in a transaction of its own; False when it was refused."""
        return self.transaction((statement, parameters))

    def transaction(self, *statements: tuple[str, tuple[Any, ...]]) -> bool:
        """All of them or, when one is refused, none."""
        try:
            with self.db.transaction():
                for statement, parameters in statements:
                    self.db.execute(statement.encode(), parameters)
        except REFUSED:
            return False
        return True

    def bulk(self, lines: list[dict[str, Any]]) -> None:
        for result in import_lines([orjson.dumps(item) for item in lines], self.settings):
            assert result.status in ("created", "updated", "unchanged", "rejected"), result

    def pick(self, query: str, number: int) -> UUID | None:
        """One of the ids that a query gives, in its order."""
        rows = self.db.execute(query.encode()).fetchall()
        return rows[number % len(rows)][0] if rows else None
