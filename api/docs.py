"""`/docs`: Swagger UI from files of our own. The page asks nobody else for anything."""

import secrets

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles
from swagger_ui_bundle import swagger_ui_path

from api.routing import StrictRoute

ASSETS = "/docs/assets"
OPENAPI_URL = "/openapi.json"
# Swagger UI sets styles on its elements, and has its pictures in its style sheet.
_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False, route_class=StrictRoute)


def install(app: FastAPI) -> None:
    app.include_router(router)
    app.mount(ASSETS, StaticFiles(directory=swagger_ui_path), name="docs-assets")


@router.get("/docs")
async def docs(request: Request) -> Response:
    page = get_swagger_ui_html(
        title=request.app.title,
        openapi_url=OPENAPI_URL,
        swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{ASSETS}/favicon-32x32.png",
        # By default the page has a public validator look at the document.
        swagger_ui_parameters={"validatorUrl": None, "defaultModelsExpandDepth": 0},
    )
    # The one script in the page itself is named by a number used once; any other one that got in would not run.
    nonce = secrets.token_urlsafe(16)
    content = bytes(page.body).decode().replace("<script>", f'<script nonce="{nonce}">')
    return HTMLResponse(content, headers={"Content-Security-Policy": _POLICY.format(nonce=nonce)})


@router.get(OPENAPI_URL)
async def openapi(request: Request) -> Response:
    return JSONResponse(request.app.openapi())
