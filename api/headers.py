"""The headers of every answer that keep browsers and caches from doing what nobody meant. Pure.

An answer that has such a header of its own keeps it: a page knows its content security policy best.
"""

from starlette.types import Scope

Raw = list[tuple[bytes, bytes]]

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
# An answer that is no page loads nothing, even if somebody has a browser show it.
_DATA_POLICY = b"default-src 'none'; frame-ancestors 'none'"
_PAGE_POLICY = (
    b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; "
    b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# Over https only: a browser has to ignore it otherwise (RFC 6797, 7.2). Sub-domains are not ours to speak for.
_HSTS = (b"strict-transport-security", b"max-age=31536000")
_CREDENTIALS = (b"authorization", b"x-api-key")
# Product pictures are made to be shown in other people's pages.
_FOR_EVERYBODY = ("/pictures/", "/static/")


def protect(raw: Raw, scope: Scope, status: int) -> None:
    """Add what is missing to the headers of an answer; names are in lower case, as ASGI has them."""
    present = dict(raw)
    raw.extend(pair for pair in _ALWAYS if pair[0] not in present)
    if b"content-security-policy" not in present:
        page = present.get(b"content-type", b"").startswith(b"text/html")
        raw.append((b"content-security-policy", _PAGE_POLICY if page else _DATA_POLICY))
    if b"cross-origin-resource-policy" not in present:
        shared = scope["path"].startswith(_FOR_EVERYBODY)
        raw.append((b"cross-origin-resource-policy", b"cross-origin" if shared else b"same-origin"))
    if scope["scheme"] == "https" and _HSTS[0] not in present:
        raw.append(_HSTS)
    if b"cache-control" not in present:
        policy = cache_control(scope, status, has_etag=b"etag" in present)
        if policy:
            raw.append((b"cache-control", policy))


def cache_control(scope: Scope, status: int, *, has_etag: bool) -> bytes | None:
    """Nothing private is kept, and no error; what has an ETag may be kept by its owner, and is asked for again."""
    private = any(name in _CREDENTIALS for name, _ in scope["headers"])
    if scope["method"] not in ("GET", "HEAD") or status >= 400:
        return b"no-store"
    if private:
        return b"private, no-cache" if has_etag else b"no-store"
    return None


def vary_by_origin(raw: Raw) -> None:
    """Where other origins are allowed, an answer to one must not be shown to another by a cache."""
    for place, (name, value) in enumerate(raw):
        if name == b"vary":
            if b"origin" not in value.lower():
                raw[place] = (name, value + b", Origin")
            return
    raw.append((b"vary", b"Origin"))
