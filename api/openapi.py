"""The OpenAPI document, in version 3.0: the bundled Swagger UI reads nothing newer."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import versioning
from api.problems import Problem, answers
from mappings.json_types import Json

_RETRY_AFTER = {
    "Retry-After": {"description": "Seconds until the budget allows it again", "schema": {"type": "integer"}}
}
VERSION = "3.0.3"
TAGS = [
    {"name": "products", "description": "The catalogue's products. Reading is free; writing needs admin or editor."},
    {"name": "categories", "description": "The tree that products hang in."},
    {
        "name": "orders",
        "description": "What was bought: orders reserve their stock. Needs storefront or admin.",
    },
    {"name": "search", "description": "Search, facets and suggestions, answered from Elasticsearch."},
    {"name": "merchandising", "description": "What ranks where, and what words mean. Needs merchandiser or admin."},
    {"name": "auth", "description": "Log in for a token, then send `Authorization: Bearer <token>`."},
    {"name": "users", "description": "Users and API keys. Needs the role admin."},
    {
        "name": "admin",
        "description": "Rebuilds of the index, what it refused, and who changed what. Needs the role admin.",
    },
    {"name": "webhooks", "description": "Who is told of domain events (/asyncapi lists them). Needs the role admin."},
    {"name": "health", "description": "For load balancers and Prometheus."},
]
DESCRIPTION = """\
A product catalogue with faceted search. Postgres is the truth, Elasticsearch answers the searches.

Errors are `application/problem+json` (RFC 9457); `errors` names the wrong fields as they were written. Unknown fields
and unknown parameters are refused. Every answer carries an `X-Request-ID`. Requests spend units of a budget:
`RateLimit` tells what is left of it, and a 429 says when to come back.
"""


def install(app: FastAPI) -> None:
    def openapi() -> Json:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes, tags=TAGS
            )
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas.update(_problem_schemas())
            _replace_validation_errors(document)
            _add_limits(document)
            versioning.mark(document)
            app.openapi_schema = {**to_3_0(document), "openapi": VERSION}
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _replace_validation_errors(document: Json) -> None:
    """FastAPI describes a validation error in its own format; here it is a problem like every other."""
    for methods in document["paths"].values():
        for operation in methods.values():
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                operation["responses"]["422"] = answers(422)[422]
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(unused, None)


def _add_limits(document: Json) -> None:
    """What stands before every endpoint may refuse a request to each of them: `api.limits` and `api.request_limits`."""
    for path, methods in document["paths"].items():
        for operation in methods.values():
            responses = operation["responses"]
            if not path.startswith(("/health/", "/metrics")):
                responses["429"] = {**answers(429)[429], "headers": _RETRY_AFTER}
            responses.setdefault("503", answers(503)[503])


def _problem_schemas() -> Json:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), "Problem": schema}


def to_3_0(node: Any) -> Any:
    """JSON Schema 2020-12, which 3.1 uses, in the words of 3.0: nullable, a one-valued enum, one example. Pure."""
    if isinstance(node, list):
        return [to_3_0(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {name: value if name in ("example", "examples") else to_3_0(value) for name, value in node.items()}
    if "const" in node:
        node["enum"] = [node.pop("const")]
    if isinstance(node.get("examples"), list):
        node["example"] = node.pop("examples")[0]
    for bound in ("Minimum", "Maximum"):
        limit = node.get(f"exclusive{bound}")
        if isinstance(limit, int | float) and not isinstance(limit, bool):
            node[bound.lower()], node[f"exclusive{bound}"] = limit, True
    return _nullable(node)


def _nullable(node: Json) -> Json:
    choices = node.get("anyOf")
    if not isinstance(choices, list) or {"type": "null"} not in choices:
        return node
    rest = [choice for choice in choices if choice != {"type": "null"}]
    outer = {name: value for name, value in node.items() if name != "anyOf"}
    if len(rest) > 1:
        return {**outer, "anyOf": rest, "nullable": True}
    # Next to a $ref 3.0 ignores everything, so that it is wrapped.
    inner = {"allOf": rest} if "$ref" in rest[0] else rest[0]
    return {**inner, **outer, "nullable": True}
