"""The shop's pages: search, product, pictures and files. Errors become pages too, and keep the shopper's words."""

import re
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import msgspec
import structlog
from fastapi import APIRouter
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match
from starlette.types import Scope

from catalog.database import Database
from catalog.errors import CatalogError, NotFound, Unavailable
from catalog.settings import Settings
from search.failover import FailoverSearch
from search.input import AutocompleteInput
from search.parameters import read_search
from search.result import to_json
from storefront import assets, errors, home, product
from storefront.address import HOME, Address
from storefront.cards import shop_suggestion
from storefront.catalogue import product_with_names
from storefront.no_results import help_without_hits
from storefront.pictures import VIEWS, draw
from storefront.render import HEADERS, page, takes_gzip
from storefront.results import results

PER_PAGE = "24"
SUGGESTIONS = 6
VIEW_NUMBERS = tuple("12345678")
# Drawn anew at every request, and the same for a day at least.
_A_DAY = "public, max-age=86400"
_UUID_AT_END = re.compile(r"(?:.*-)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", re.IGNORECASE)
_PICTURE = re.compile(r"([a-z_\-]{1,40})-([a-z_]{1,20})-([0-9])\.svg")
_log = structlog.get_logger()

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """A route whose errors are pages. Where there is GET there is HEAD: the server drops the body."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await handle(request)
            except CatalogError as error:
                return errors.respond(request, error)
            except (DBAPIError, PoolTimeout) as error:
                _log.warning("storefront.database", error=str(error.__cause__ or error))
                return errors.respond(request, Unavailable("The catalogue does not answer at the moment."))
            except Exception:
                _log.exception("storefront.failed", path=request.url.path)
                return errors.respond(request, CatalogError("Something went wrong on our side."))

        return handler


class LastRoute(PageRoute):
    """Takes what no other route knows, from browsers alone: programs get the problem that the API answers."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        accepts = next((value for name, value in scope.get("headers", ()) if name == b"accept"), b"")
        if b"text/html" not in accepts or scope.get("path", "").startswith("/api/"):
            return Match.NONE, {}
        return match, child


router = APIRouter(include_in_schema=False, route_class=PageRoute)
unknown = APIRouter(include_in_schema=False, route_class=LastRoute)


@router.api_route(HOME, methods=["GET", "HEAD"])
async def front(request: Request) -> Response:
    """The home page, or with parameters the results."""
    pairs = request.query_params.multi_items()
    address = Address.of(pairs)
    if any(not value for _, value in address.pairs):
        # A form sends what was left empty as well; such an address is neither short nor what the interface takes.
        return RedirectResponse(address.url, 303, HEADERS)
    engine: FailoverSearch = request.app.state.search
    settings: Settings = request.app.state.settings
    if not pairs:
        return page(request, "home.html", home=await home.contents(engine))
    parameters = address.pairs if address.get("per_page") else (*address.pairs, ("per_page", PER_PAGE))
    search = await read_search(parameters, engine.attribute_types)
    result = await engine.search(search.to_request())
    view = results(result, address, settings.currency)
    helping = await help_without_hits(engine, view) if not view.total else None
    return page(request, "results.html", found=view, helping=helping, q=address.get("q"))


@router.api_route("/suggest", methods=["GET", "HEAD"])
async def suggest(request: Request) -> Response:
    """The interface's autocomplete for the search box, with addresses and pictures that this shop can show."""
    engine: FailoverSearch = request.app.state.search
    typed = AutocompleteInput(request.query_params.get("q", ""), SUGGESTIONS)
    sections = (await engine.autocomplete(typed.to_request())).sections
    sections = msgspec.structs.replace(sections, products=tuple(map(shop_suggestion, sections.products)))
    return Response(to_json({"sections": sections}), headers=HEADERS, media_type="application/json")


@router.api_route("/p/{key}", methods=["GET", "HEAD"])
async def product_page(request: Request, key: str) -> Response:
    """`key` is the product's id, alone or after words for people. `variant` and `view` choose what is shown first."""
    match = _UUID_AT_END.fullmatch(key)
    if match is None:
        raise NotFound("There is no such product.")
    settings: Settings = request.app.state.settings
    database: Database = request.app.state.database
    engine: FailoverSearch = request.app.state.search
    row, names = await database.run(product_with_names, UUID(match[1]), settings.currency)
    view = request.query_params.get("view", "1")
    chosen = request.query_params.get("variant", "")
    shown = product.product_page(row, names, chosen, int(view) - 1 if view in VIEW_NUMBERS else 0)
    related = await home.related(engine, row.category.path, str(row.id)) if row.category else []
    return page(request, "product.html", product=shown, related=related)


@router.api_route("/pictures/{name}", methods=["GET", "HEAD"])
async def drawn_picture(request: Request, name: str) -> Response:
    """'phone_case-navy-0.svg': shape, tint, view."""
    match = _PICTURE.fullmatch(name)
    try:
        if match is None or int(match[3]) >= VIEWS:
            raise KeyError(name)
        svg = draw(match[1].replace("_", " "), match[2].replace("_", " "), int(match[3]))
    except KeyError:
        raise NotFound("There is no such picture.") from None
    headers = {
        "Cache-Control": _A_DAY,
        "Content-Security-Policy": "default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(svg, headers=headers, media_type="image/svg+xml")


@router.api_route("/static/{digest}/{name}", methods=["GET", "HEAD"])
async def static_file(request: Request, digest: str, name: str) -> Response:
    answer = assets.response(digest, name, packed=takes_gzip(request))
    if answer is None:
        raise NotFound("There is no such file.")
    return answer


@router.api_route("/favicon.ico", methods=["GET", "HEAD"])
async def favicon() -> Response:
    """Browsers ask for it where no page names another one, as beside the API's answers."""
    return RedirectResponse(assets.address("icon.svg"), 308)


@unknown.api_route("/{path:path}", methods=["GET", "HEAD"])
async def nothing_here(request: Request, path: str) -> Response:
    raise NotFound("There is no page at this address.")
