"""Every case through every door: the answer is REST's, and holds what is known beforehand."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
import pytest_asyncio
from fastapi import FastAPI
from grpc.aio import Channel

from catalog.services import tokens
from catalog.settings import Settings
from tests.apps import create_app
from tests.conformance import graphql_door, grpc_door, rest_door
from tests.conformance.cases import CASES, Case
from tests.conformance.doors import Answer, OpenDoor, Refused, World
from tests.e2e.grpc_calls import served

pytestmark = [pytest.mark.secured, pytest.mark.asyncio(loop_scope="module")]

REFERENCE: OpenDoor = rest_door.open_door
# A driver is added here, and nowhere else; what its door does not offer is left out by the methods that it has.
DOORS: dict[str, tuple[OpenDoor, type]] = {
    "rest": (rest_door.open_door, rest_door.RestDoor),
    "graphql": (graphql_door.open_door, graphql_door.GraphqlDoor),
    "grpc": (grpc_door.open_door, grpc_door.GrpcDoor),
}
ROLES = ("admin", "editor", "merchandiser", "analyst", "storefront")
TABLE = [
    pytest.param(case, name, id=f"{name}: {case.name}")
    for name, (_, kind) in DOORS.items()
    for case in CASES
    if hasattr(kind, case.needs)
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """One application for all cases, as in production: what it remembers between them must not matter."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def channel(app: FastAPI) -> AsyncIterator[Channel]:
    async with served(app) as channel:
        yield channel


@pytest.fixture
def world(
    settings: Settings, app: FastAPI, channel: Channel, db: psycopg.Connection[Any], stocked: dict[str, UUID]
) -> World:
    ids = {sku: str(product_id) for sku, product_id in stocked.items()}
    signed_in: dict[str, str] = {}
    for role in ROLES:
        row = db.execute(
            "INSERT INTO users (email, password_hash, role) VALUES (%s, '', %s) RETURNING id",
            [f"{role}@example.com", role],
        ).fetchone()
        assert row is not None
        signed_in[role] = tokens.issue(settings, row[0], role)
    return World(settings, app, channel, ids, signed_in)


@pytest.fixture(scope="module")
def references() -> dict[tuple[str, str], Answer]:
    """What REST has answered, by the name of the case and the catalogue that was asked."""
    return {}


async def outcome(case: Case, open_door: OpenDoor, world: World) -> Answer:
    """The answer, or how it was refused."""
    async with open_door(world, world.tokens.get(case.role)) as door:
        try:
            return {"answer": await case.run(door, world)}
        except Refused as refused:
            return {"refused": refused.code, "fields": refused.fields}


@pytest.mark.parametrize(("case", "name"), TABLE)
async def test_every_door_gives_the_same_answer(
    case: Case, name: str, world: World, references: dict[tuple[str, str], Answer]
) -> None:
    open_door, _ = DOORS[name]
    given = await outcome(case, open_door, world)
    if case.refused:
        assert given["refused"] == case.refused
        assert given["fields"] == sorted(case.fields)
    else:
        assert given["answer"].items() >= case.expected.items(), given
    asked = (case.name, str(world.ids))
    if name == "rest":
        references[asked] = given
    elif asked not in references:
        references[asked] = await outcome(case, REFERENCE, world)
    assert given == references[asked]
