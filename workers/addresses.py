"""Which addresses a webhook may go to: those that its connections go to are checked, and not only what its URL says.

A name must stand for public addresses alone: its resolver sees to that. The socket is made for the very address that
is connected to next, however the URL had written it, so nothing can change between the check and the connection.
"""

import ipaddress
import socket
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import AddrInfoType, TCPConnector
from aiohttp.resolver import ThreadedResolver

# They carry an IPv4 address to a gateway that takes it out again: 6to4, Teredo, NAT64.
_TUNNELS = tuple(ipaddress.ip_network(net) for net in ("2002::/16", "2001::/32", "64:ff9b::/96", "64:ff9b:1::/48"))


class PrivateAddress(Exception):
    """The host is not on the public internet."""


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet: not loopback, private, link-local, reserved …"""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return is_public(str(parsed.ipv4_mapped))
        # The old IPv4-compatible form, and what is in a tunnel.
        if int(parsed) < 2**32 or any(parsed in net for net in _TUNNELS):
            return False
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def public_socket(info: AddrInfoType) -> socket.socket:
    """A socket for this address. Raises PrivateAddress."""
    family, type_, protocol, _, address = info
    if not is_public(str(address[0])):
        raise PrivateAddress(f"{address[0]} is not a public address")
    return socket.socket(family, type_, protocol)


class PublicResolver(AbstractResolver):
    """Refuses a name when any one of its addresses is not public."""

    def __init__(self, resolver: AbstractResolver | None = None) -> None:
        self._resolver = resolver or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        results: list[Any] = await self._resolver.resolve(host, port, family)
        for each in results:
            if not is_public(each["host"]):
                raise PrivateAddress(f"{host} stands for {each['host']}, which is not a public address")
        return results

    async def close(self) -> None:
        await self._resolver.close()


def connector(limit: int, *, private: bool = False) -> TCPConnector:
    """Connections of an HTTP client, each looked up and made anew; to private addresses where these are allowed."""
    if private:
        return TCPConnector(use_dns_cache=False, force_close=True, limit=limit)
    return TCPConnector(
        use_dns_cache=False, force_close=True, limit=limit, resolver=PublicResolver(), socket_factory=public_socket
    )
