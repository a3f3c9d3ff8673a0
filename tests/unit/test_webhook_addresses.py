"""Which addresses webhooks may go to, and that a name is checked where it is connected to."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from workers.addresses import PrivateAddress, PublicResolver, connector, is_public

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


@pytest.fixture
async def listening() -> AsyncIterator[tuple[int, list[bytes]]]:
    """The port of a server on loopback, and what has reached it."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1000))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard


SPELLINGS = [
    "127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::1]", "[::]",
    "0",
    "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.1.", "127。0。0。1", "１２７.0.0.1", "127%2E0%2E0%2E1",
]  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
async def test_loopback_is_not_reached_however_it_is_spelled(host: str, listening: tuple[int, list[bytes]]) -> None:
    port, heard = listening
    async with aiohttp.ClientSession(connector=connector(1)) as client:
        with pytest.raises((PrivateAddress, aiohttp.ClientError)):
            await client.post(f"http://{host}:{port}/", data=b"secret", timeout=aiohttp.ClientTimeout(total=5))
    assert heard == []


async def test_loopback_is_reached_where_that_is_allowed(listening: tuple[int, list[bytes]]) -> None:
    port, heard = listening
    async with aiohttp.ClientSession(connector=connector(1, private=True)) as client:
        await client.post(f"http://127.0.0.1:{port}/", data=b"told")
    assert len(heard) == 1


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
