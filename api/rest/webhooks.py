"""Webhooks, for administrators: who is told of which events, and what came of it (docs/events.md)."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from starlette.responses import Response

from api.auth import Admin
from api.dependencies import DatabaseDep, SettingsDep, parse_id
from api.problems import answers
from api.rest.products import Page, PerPage
from api.routing import StrictRoute
from catalog.schemas.product_in import Strict
from catalog.schemas.webhook import (
    DeliveryOut,
    DeliveryPage,
    ReplayOut,
    SecretOut,
    WebhookCreated,
    WebhookIn,
    WebhookOut,
    WebhookPage,
)
from catalog.services import webhooks

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"], route_class=StrictRoute)


class Selection(Strict):
    """Dead deliveries to send again; without ids, all of them."""

    ids: list[Annotated[int, Field(ge=1, lt=2**63)]] | None = Field(default=None, min_length=1, max_length=1000)


async def _webhook_id(webhook_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> UUID:
    return parse_id(webhook_id, "webhook")


WebhookId = Annotated[UUID, Depends(_webhook_id)]
State = Annotated[Literal["pending", "delivered", "dead"] | None, Query(description="only those in this state")]


@router.get("", summary="List webhooks", responses=answers(401, 403, 422, 503))
async def list_webhooks(database: DatabaseDep, _: Admin, page: Page = 1, per_page: PerPage = 20) -> WebhookPage:
    """Newest first."""
    return await database.run(webhooks.list_page, page, per_page)


@router.post("", status_code=201, summary="Add a webhook", responses=answers(401, 403, 409, 413, 422, 503))
async def create_webhook(
    payload: WebhookIn, response: Response, settings: SettingsDep, database: DatabaseDep, admin: Admin
) -> WebhookCreated:
    """It is told of what happens from now on. `secret` is shown in this answer and never again."""
    entry = await database.run(webhooks.create, admin.id, settings, payload)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Location"] = f"{router.prefix}/{entry.id}"
    return entry


@router.get("/{webhook_id}", summary="Read a webhook", responses=answers(401, 403, 404, 422, 503))
async def get_webhook(webhook_id: WebhookId, database: DatabaseDep, _: Admin) -> WebhookOut:
    return await database.run(webhooks.get, webhook_id)


@router.delete("/{webhook_id}", status_code=204, summary="Delete a webhook", responses=answers(401, 403, 404, 422, 503))
async def delete_webhook(webhook_id: WebhookId, database: DatabaseDep, admin: Admin) -> None:
    """With its deliveries, also those still to be made."""
    await database.run(webhooks.delete, admin.id, webhook_id)


@router.post("/{webhook_id}/rotate", summary="Change the secret", responses=answers(401, 403, 404, 422, 503))
async def rotate_secret(
    webhook_id: WebhookId, response: Response, settings: SettingsDep, database: DatabaseDep, admin: Admin
) -> SecretOut:
    """For a day deliveries are signed with both. The new secret is shown in this answer and never again."""
    response.headers["Cache-Control"] = "no-store"
    return await database.run(webhooks.rotate, admin.id, settings, webhook_id)


@router.post("/{webhook_id}/enable", summary="Turn it on again", responses=answers(401, 403, 404, 422, 503))
async def enable_webhook(webhook_id: WebhookId, database: DatabaseDep, admin: Admin) -> WebhookOut:
    """After it was turned off because it failed for too long; what is pending is sent."""
    return await database.run(webhooks.enable, admin.id, webhook_id)


@router.post(
    "/{webhook_id}/ping", status_code=202, summary="Send a test event", responses=answers(401, 403, 404, 422, 503)
)
async def ping_webhook(webhook_id: WebhookId, database: DatabaseDep, _: Admin) -> DeliveryOut:
    """See the list of deliveries for what comes of it."""
    return await database.run(webhooks.ping, webhook_id)


@router.get("/{webhook_id}/deliveries", summary="List deliveries", responses=answers(401, 403, 404, 422, 503))
async def list_deliveries(
    webhook_id: WebhookId, database: DatabaseDep, _: Admin, state: State = None, page: Page = 1, per_page: PerPage = 20
) -> DeliveryPage:
    """The latest first."""
    return await database.run(webhooks.deliveries, webhook_id, state, page, per_page)


@router.post(
    "/{webhook_id}/replay", summary="Send dead deliveries again", responses=answers(401, 403, 404, 413, 422, 503)
)
async def replay_deliveries(
    webhook_id: WebhookId, payload: Selection, database: DatabaseDep, admin: Admin
) -> ReplayOut:
    return ReplayOut(replayed=await database.run(webhooks.replay, admin.id, webhook_id, payload.ids))
