"""Conversations over the live WebSocket."""

import asyncio
import json
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.recording.http_client import HttpClient, credential_header
from tests.recording.normalisation import json_lines, normalise, with_values
from tests.recording.steps import LiveConversation, Meanwhile, Receive, Send

SECONDS = 60
Written = tuple[dict[str, Any], dict[str, Any]]


async def converse(
    step: LiveConversation, url: str, client: HttpClient, credentials: dict[str, str], values: dict[str, str]
) -> Written:
    """What was sent and what came back, as they are written down."""
    headers = credential_header(step.credential, credentials) | dict(step.headers)
    summary = {
        "as": step.credential,
        "headers": dict(step.headers),
        "messages": [part.message for part in step.parts if isinstance(part, Send)],
    }
    try:
        async with connect(url, proxy=None, close_timeout=1, additional_headers=headers) as connection:
            return summary, await _conversation(step, connection, client, values)
    except InvalidStatus as refusal:
        response = refusal.response
        return summary, {"status": response.status_code, "body": json_lines(normalise(response.body.decode()))}


async def _conversation(
    step: LiveConversation, connection: ClientConnection, client: HttpClient, values: dict[str, str]
) -> dict[str, Any]:
    messages: list[list[str]] = []
    for part in step.parts:
        if isinstance(part, Send):
            text = part.message if isinstance(part.message, str) else json.dumps(part.message)
            await connection.send(with_values(text, values))
        elif isinstance(part, Meanwhile):
            await client.send(part.request)
        elif isinstance(part, Receive):
            messages += [await _message(connection, step.volatile) for _ in range(part.count)]
    if not step.closes:
        return {"messages": messages}
    try:
        while True:
            messages.append(await _message(connection, step.volatile))
    except ConnectionClosed as closed:
        end = closed.rcvd
        return {"messages": messages, "close": [end.code, end.reason] if end else None}


async def _message(connection: ClientConnection, volatile: tuple[str, ...]) -> list[str]:
    async with asyncio.timeout(SECONDS):
        text = await connection.recv()
    return json_lines(normalise(text if isinstance(text, str) else text.decode(), volatile))
