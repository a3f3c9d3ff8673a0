"""`WS /api/v1/live`: who may open a socket, its first message, and how it ends."""

import asyncio
from contextlib import ExitStack, suppress

import structlog
from fastapi import APIRouter
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from api.limits import Limiter
from api.limits.costs import READ, SEARCH
from api.live import messages, origins
from api.live.connection_slots import Places
from api.live.messages import NoSubscription, Subscribe
from api.live.subscription import Subscription
from api.problems import from_database, respond
from catalog.errors import CatalogError, Forbidden, InvalidInput, Unauthenticated
from catalog.principals import ANYBODY, Principal
from services.identity import Identity

PATH = "/api/v1/live"
CLOSE_SECONDS = 1.0
router = APIRouter()
_log = structlog.get_logger()


@router.websocket(PATH)
async def live(socket: WebSocket) -> None:
    settings = socket.app.state.settings
    request_id = str(socket.scope.get("request_id", ""))
    if not origins.allowed(socket.headers.get("origin"), socket.headers.get("host", ""), settings.cors_origins):
        error = Forbidden("Pages of this origin may not open sockets here. CATALOG_CORS_ORIGINS names those that may.")
        await socket.send_denial_response(respond(request_id, error))
        return
    await socket.accept()
    try:
        await Caller(socket).serve()
    except WebSocketDisconnect:
        return
    except CatalogError as error:
        await _end(socket, error, request_id)
    except (DBAPIError, PoolTimeout) as error:
        _log.warning("live.database", error=str(error.__cause__ or error))
        await _end(socket, from_database(error) or CatalogError("Something went wrong here."), request_id)
    except Exception:
        _log.exception("live.failed")
        await _end(socket, CatalogError("Something went wrong here."), request_id)


async def _end(socket: WebSocket, error: CatalogError, request_id: str) -> None:
    """A slow reader does not hold up its own end."""
    code = messages.close_code(error)
    _log.info("live.closed", code=code, detail=error.detail)
    with suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            if socket.application_state is WebSocketState.CONNECTED:
                await socket.send_text(messages.refusal(error, request_id))
                await socket.close(code, error.title)


class Caller:
    """The other end of one socket."""

    def __init__(self, socket: WebSocket) -> None:
        state = socket.app.state
        self._socket, self._state, self._settings = socket, state, state.settings
        self._identity: Identity = state.identity
        self._limiter: Limiter = state.limiter
        self._places: Places = state.places
        self._address = socket.scope["client_address"]
        self._token: str | None = None

    async def serve(self) -> None:
        """Raises what ends the socket."""
        with ExitStack() as slots:
            slots.enter_context(self._places.one())
            if not self._limiter.is_exempt(self._address):
                slots.enter_context(self._places.one(f"address:{self._address.text}"))
            subscribe, who = await self._introduced()
            if not who.anonymous:
                slots.enter_context(self._places.one(f"principal:{who.id}"))
            await self._charge(READ if subscribe.search is None else SEARCH)
            await self._state.feed.join()
            try:
                await self._while_open(subscribe)
            finally:
                await self._state.feed.leave()

    async def _introduced(self) -> tuple[Subscribe, Principal]:
        """What is asked for, and by whom. A mistake is paid by the address, or guessing would be free."""
        try:
            subscribe = await self._subscribe()
            self._token = subscribe.token.get_secret_value() if subscribe.token else None
            return subscribe, await self._who()
        except CatalogError:
            await self._limiter.spend(ANYBODY, self._address, READ, "live")
            raise

    async def _subscribe(self) -> Subscribe:
        seconds = self._settings.live_subscribe_seconds
        try:
            async with asyncio.timeout(seconds):
                text = await self._receive()
        except TimeoutError:
            raise NoSubscription(f"No subscription came within {seconds:g} s.") from None
        return messages.read(text, self._settings.live_max_products)

    async def _while_open(self, subscribe: Subscribe) -> None:
        subscription = Subscription(
            self._state.services,
            self._state.feed,
            self._settings,
            self._who,
            lambda: self._charge(SEARCH),
            self._socket.send_text,
        )
        work = asyncio.create_task(subscription.serve(subscribe))
        heard = asyncio.create_task(self._receive())
        try:
            await asyncio.wait((work, heard), return_when=asyncio.FIRST_COMPLETED)
            if heard.done():
                heard.result()
                raise InvalidInput.of("message", "a socket has one subscription: open another one to change it")
            await work
        finally:
            for task in (work, heard):
                task.cancel()
            await asyncio.gather(work, heard, return_exceptions=True)

    async def _receive(self) -> str | None:
        """The text of a message, None for one that is none. Raises WebSocketDisconnect at the end."""
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text: str | None = message.get("text")
        return text

    async def _who(self) -> Principal:
        headers = self._socket.headers
        authorization, api_key = headers.get("authorization"), headers.get("x-api-key")
        if self._token is None:
            return await self._identity.identify(authorization, api_key)
        if authorization or api_key:
            raise Unauthenticated("Send one credential: either a header or the token in the first message.")
        return await self._identity.identify(f"Bearer {self._token}")

    async def _charge(self, cost: int) -> Principal:
        who = await self._who()
        await self._limiter.spend(who, self._address, cost, "live")
        return who


__all__ = ["PATH", "Places", "router"]
