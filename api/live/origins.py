"""Which pages may open a socket: browsers ask nobody before they do, so the server has to look. Pure."""

from urllib.parse import urlsplit

_USUAL = {"http": ":80", "https": ":443"}


def allowed(origin: str | None, host: str, origins: str) -> bool:
    """Whether a page of this origin may: our own, or one of the CORS setting. Programs send none."""
    if origin is None or origin in origins.replace(",", " ").split():
        return True
    try:
        scheme, netloc = urlsplit(origin)[:2]
    except ValueError:  # as of "http://[x"
        return False
    usual = _USUAL.get(scheme)
    return usual is not None and netloc.lower().removesuffix(usual) == host.lower().removesuffix(usual)
