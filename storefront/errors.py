"""An error as a page: what is wrong, what to do about it, and the search box with what was typed."""

from starlette.requests import Request
from starlette.responses import Response

from catalog.errors import CatalogError, InvalidInput, NotFound, Unauthenticated, Unavailable
from storefront.address import HOME, Address
from storefront.render import page

_LONGEST = 200
_TITLES = {
    InvalidInput: "That search has a mistake in it",
    NotFound: "We could not find that page",
    Unavailable: "Search is taking a break",
    Unauthenticated: "This shop is not open to everybody",
}


def respond(request: Request, error: CatalogError) -> Response:
    """The page of this error, with its status."""
    address = Address.of(request.query_params.multi_items())
    headers = {}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    wrong = {field.field for field in error.errors}
    # A range names one end of what is wrong; both go.
    ends = {f"{name.removesuffix('_min').removesuffix('_max')}{end}" for name in wrong for end in ("_min", "_max")}
    return page(
        request,
        "error.html",
        error.status,
        headers,
        title=_TITLES.get(type(error), "Something went wrong"),
        detail=error.detail if not error.errors else "",
        errors=error.errors,
        q=address.get("q")[:_LONGEST],
        retry=address.url if isinstance(error, Unavailable) and request.url.path == HOME else None,
        repaired=address.without(*wrong, *ends).url if wrong and request.url.path == HOME else None,
    )
