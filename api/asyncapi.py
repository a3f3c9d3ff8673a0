"""`/asyncapi.json` and `/asyncapi`: what is sent to the broker, as AsyncAPI 3.0 made from the models of the events."""

import html
import json

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from api.routing import StrictRoute
from catalog.schemas.event import TYPES, Envelope
from catalog.settings import Settings
from mappings.json_types import Json

VERSION = "3.0.0"
_REF = "#/components/schemas/{model}"
DESCRIPTION = (
    "What happens to products and orders. Each event comes at least once, and those of one aggregate in order; "
    "a repeated one has the same `id`. A Redis stream entry has one field, `__data__`, with the envelope as JSON, and "
    "its id is `<position>-0`; a Kafka record has it as value and the aggregate's id as key."
)

router = APIRouter(include_in_schema=False, route_class=StrictRoute)


def document(settings: Settings, version: str) -> Json:
    """The AsyncAPI document. It names the stream and not where the broker is: that is not for everybody."""
    kafka = (settings.events_url or "").startswith("kafka://")
    schemas: Json = {}
    messages = {}
    for name, model in TYPES.items():
        _add(schemas, model)
        envelope = Envelope.model_json_schema(ref_template=_REF)
        envelope["properties"]["type"] = {"const": name, "type": "string"}
        envelope["properties"]["data"] = {"$ref": _REF.format(model=name)}
        envelope["title"] = f"{name}Envelope"
        schemas[f"{name}Envelope"] = envelope
        messages[name] = {
            "name": name,
            "title": name,
            "summary": " ".join((model.__doc__ or name).split()),
            "contentType": "application/json",
            "payload": {"$ref": _REF.format(model=f"{name}Envelope")},
        }
    return {
        "asyncapi": VERSION,
        "info": {"title": "Catalog events", "version": version, "description": DESCRIPTION},
        "defaultContentType": "application/json",
        "channels": {
            "events": {
                "address": settings.events_stream,
                "description": "A Kafka topic" if kafka else "A Redis stream",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": {"publish": {"action": "send", "channel": {"$ref": "#/channels/events"}}},
        "components": {"messages": messages, "schemas": schemas},
    }


def _add(schemas: Json, model: type[BaseModel]) -> None:
    schema = model.model_json_schema(ref_template=_REF)
    schemas.update(schema.pop("$defs", {}))
    schemas[model.__name__] = schema


@router.get("/asyncapi.json")
async def asyncapi(request: Request) -> Response:
    return JSONResponse(document(request.app.state.settings, request.app.version))


@router.get("/asyncapi")
async def page(request: Request) -> Response:
    """The same to read: plain HTML, which asks nobody else for anything."""
    schema_document = document(request.app.state.settings, request.app.version)
    parts = [f"<p>{html.escape(DESCRIPTION)}</p>", "<p><a href='/asyncapi.json'>asyncapi.json</a></p>"]
    for name, message in schema_document["components"]["messages"].items():
        schema = json.dumps(schema_document["components"]["schemas"][name], indent=2)
        parts += [
            f"<h2 id='{name}'>{name}</h2><p>{html.escape(message['summary'])}</p>",
            f"<details><summary>data</summary><pre>{html.escape(schema)}</pre></details>",
        ]
    envelope = json.dumps(Envelope.model_json_schema(), indent=2)
    parts.append(f"<h2>Envelope</h2><pre>{html.escape(envelope)}</pre>")
    return HTMLResponse(
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'><title>Catalog events</title></head>"
        f"<body><h1>Catalog events</h1>{''.join(parts)}</body></html>"
    )
