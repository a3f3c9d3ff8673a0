"""Words that the tests of live updates share: a real socket to a real server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from workers.relay import Relay

SECONDS = 20


class Socket:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, **message: Any) -> None:
        await self.connection.send(orjson.dumps(message).decode())

    async def subscribe(self, **asked: Any) -> dict[str, Any]:
        """The answer to a subscription; `since` is sent as `from`."""
        if "since" in asked:
            asked["from"] = asked.pop("since")
        await self.say(type="subscribe", **asked)
        return await self.told()

    async def told(self) -> dict[str, Any]:
        async with asyncio.timeout(SECONDS):
            message: dict[str, Any] = orjson.loads(await self.connection.recv())
        return message

    async def end(self) -> tuple[int, dict[str, Any]]:
        """The code that the socket is closed with, and the last message before."""
        last: dict[str, Any] = {}
        try:
            while True:
                last = await self.told()
        except ConnectionClosed as closed:
            return (closed.rcvd.code if closed.rcvd else 1006), last


@asynccontextmanager
async def socket(address: str, **options: Any) -> AsyncIterator[Socket]:
    url = f"{address.replace('http', 'ws', 1)}/api/v1/live"
    async with connect(url, proxy=None, close_timeout=1, **options) as connection:
        yield Socket(connection)


async def published(relay: Relay) -> None:
    while await relay.tick():
        pass
