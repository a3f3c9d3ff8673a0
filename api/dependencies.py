"""What endpoints get handed: settings, the database, ids from the path.

All are async, though none waits: FastAPI runs any other kind in a thread, which takes longer than all of them together.
"""

import re
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path
from starlette.requests import Request

from catalog.database import Database
from catalog.errors import NotFound
from catalog.settings import Settings

EXAMPLE_ID = "0b2f7c1e-8f3d-4a57-9d1c-3f5e8a6b7c90"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def parse_id(value: str, what: str) -> UUID:
    """Raises NotFound: an id that is none names nothing."""
    if not _UUID.fullmatch(value):
        raise NotFound(f"There is no {what} {value[:100]!r}: ids are UUIDs such as {EXAMPLE_ID}.")
    return UUID(value)


async def _product_id(product_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> UUID:
    return parse_id(product_id, "product")


async def _category_id(category_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> UUID:
    return parse_id(category_id, "category")


SettingsDep = Annotated[Settings, Depends(_settings)]
DatabaseDep = Annotated[Database, Depends(_database)]
ProductId = Annotated[UUID, Depends(_product_id)]
CategoryId = Annotated[UUID, Depends(_category_id)]
