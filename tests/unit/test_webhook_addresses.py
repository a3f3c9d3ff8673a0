"""Which addresses webhooks may go to, and that a name is checked where it is connected to."""

import socket
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from workers.addresses import PrivateAddress, PublicResolver, check_literal, is_public

PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1",
    "::ffff:127.0.0.1", "::127.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "2001:0:1::1", "not an address", "",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_on_the_public_internet_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_pass(address: str) -> None:
    assert is_public(address)
    check_literal(address)


def test_an_address_in_place_of_a_name_is_checked_too() -> None:
    with pytest.raises(PrivateAddress):
        check_literal("169.254.169.254")
    check_literal("shop.example.com")


class Fixed(AbstractResolver):
    """Names that stand for these addresses."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=each, port=port, family=family, proto=0, flags=0)
            for each in self._addresses
        ]

    async def close(self) -> None: ...


async def test_a_name_with_one_private_address_among_its_own_is_refused() -> None:
    with pytest.raises(PrivateAddress):
        await PublicResolver(Fixed("8.8.8.8", "10.0.0.1")).resolve("shop.example.com")
    found = await PublicResolver(Fixed("8.8.8.8")).resolve("shop.example.com", 443)
    assert [each["host"] for each in found] == ["8.8.8.8"]
