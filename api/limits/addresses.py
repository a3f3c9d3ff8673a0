"""Whose address a request comes from. A header is believed only as far as trusted proxies wrote it. Pure."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

IPAddress = IPv4Address | IPv6Address
Networks = tuple[IPv4Network | IPv6Network, ...]

# One customer of a provider has this many addresses at least, and may use another one for every request.
IPV6_PREFIX = 64


@dataclass(frozen=True, slots=True)
class Address:
    """`text` is what is counted: an IPv4 address, or the /64 of an IPv6 one; `ip` is None for what is no address.

    `direct`: nobody claims to have forwarded the request. `believed`: the peer is no proxy, or a trusted one.
    """

    text: str
    ip: IPAddress | None = None
    direct: bool = True
    believed: bool = True


@lru_cache(64)
def networks(text: str) -> Networks:
    """'10.0.0.0/8, ::1' -> networks. Raises ValueError."""
    return tuple(ip_network(one) for one in text.replace(",", " ").split())


@lru_cache(4096)
def parsed(text: str) -> IPAddress | None:
    """An address as a peer or a header has it, with a port or without; None for anything else."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    # A socket for both families shows IPv4 peers so.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@lru_cache(4096)
def within(address: IPAddress, those: Networks) -> bool:
    return any(address in network for network in those)


def client_address(peer: str | None, forwarded_for: str, trusted: Networks) -> Address:
    """The right-most address that no trusted proxy stands for; everything to its left is hearsay.

    `peer` is the other end of the connection, `forwarded_for` the X-Forwarded-For header, several joined by commas.
    """
    nearest = parsed(peer or "")
    if nearest is None:
        return Address(peer or "unknown", direct=not forwarded_for)
    if not forwarded_for:
        return Address(group(nearest), nearest)
    if not within(nearest, trusted):
        return Address(group(nearest), nearest, direct=False, believed=False)
    for hop in reversed(forwarded_for.split(",")):
        address = parsed(hop)
        if address is None:  # what stands to the left of nonsense is worth no more
            break
        nearest = address
        if not within(address, trusted):
            break
    return Address(group(nearest), nearest, direct=False)


@lru_cache(4096)
def group(address: IPAddress) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, IPV6_PREFIX), strict=False))
