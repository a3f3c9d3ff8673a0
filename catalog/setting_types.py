"""Values that settings take: addresses, networks, algorithms. Each validator raises ValueError with its rule."""

import re
from email.utils import formataddr, parseaddr
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator

from catalog.principals import RIGHTS

# Of these an issuer publishes the half that verifies and not the half that signs.
_ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")


def _postgres_url(value: str) -> str:
    if not value.startswith(("postgresql://", "postgresql+psycopg://")):
        raise ValueError("must begin with postgresql://")
    return value.replace("postgresql+psycopg://", "postgresql://", 1)


def _redis_url(value: str) -> str:
    if not value.startswith(("redis://", "rediss://")):
        raise ValueError("must begin with redis:// or rediss://")
    return value


def _http_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return value.rstrip("/")


def _mail_address(value: str) -> str:
    name, address = parseaddr(value)
    if not re.fullmatch(r"[!-?A-~]+@[A-Za-z0-9.-]+", address) or any(ord(char) < 32 for char in value):
        raise ValueError("must be an address such as shop@example.com or Shop <shop@example.com>")
    return formataddr((name, address))


def _networks(value: str) -> str:
    for network in value.replace(",", " ").split():
        ip_network(network)
    return value


def _origins(value: str) -> str:
    for origin in value.replace(",", " ").split():
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is no origin such as https://shop.example.com: no path, no *")
    return value


def _algorithms(value: str) -> str:
    wrong = [name for name in value.replace(",", " ").split() if name not in _ASYMMETRIC]
    if wrong or not value.strip(" ,"):
        raise ValueError(f"must be some of {', '.join(_ASYMMETRIC)}")
    return value


def _role_mapping(value: str) -> str:
    for pair in filter(str.strip, value.split(",")):
        theirs, equals, ours = pair.rpartition("=")
        if not equals or not theirs.strip() or ours.strip() not in RIGHTS:
            raise ValueError(f"{pair.strip()!r} is not such as `shop-admins=admin`; our roles are {', '.join(RIGHTS)}")
    return value


def _events_url(value: str) -> str:
    if not value.startswith(("redis://", "rediss://", "kafka://")):
        raise ValueError("must begin with redis://, rediss:// or kafka://")
    return value


PostgresUrl = Annotated[str, AfterValidator(_postgres_url)]
RedisUrl = Annotated[str, AfterValidator(_redis_url)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
EventsUrl = Annotated[str, AfterValidator(_events_url)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
# Several are separated by spaces or commas: a list in JSON, as the library would have it, is nothing for a shell.
Networks = Annotated[str, AfterValidator(_networks)]
Origins = Annotated[str, AfterValidator(_origins)]
Algorithms = Annotated[str, AfterValidator(_algorithms)]
RoleMapping = Annotated[str, AfterValidator(_role_mapping)]
