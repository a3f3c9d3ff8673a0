"""Around every call: an id, who asks, whether they may, the deadline, a log line, a metric, and the one way to fail."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
import structlog
from opentelemetry.trace import Span

from api.grpc.caller import FORWARDED_FOR, Caller, metadata_of, peer_of, set_caller
from api.grpc.errors import DETAILS, explain, render
from api.grpc.method_policies import RULES, Rule
from api.grpc.metrics import CallMetrics
from api.limits import Limiter
from api.request_ids import HEADER, request_id
from catalog import deadline, tracing
from catalog.errors import DeadlineExceeded, Forbidden, Unauthenticated
from catalog.principals import ANYBODY, Principal
from services.identity import Identity

REQUEST_ID = HEADER.lower()
# A call without a deadline says that it has one in some hundred years.
FOREVER = 10 * 365 * 86_400.0
Context = grpc.aio.ServicerContext[Any, Any]
T = TypeVar("T")
_log = structlog.get_logger()

if TYPE_CHECKING:  # generic in the stubs alone
    Handler = grpc.RpcMethodHandler[Any, Any]


class Gate(grpc.aio.ServerInterceptor):
    """The only one. A method without a rule is refused, whoever asks."""

    def __init__(
        self,
        identity: Identity,
        limiter: Limiter,
        metrics: CallMetrics,
        longest: float,
        rules: Mapping[str, Rule] = RULES,
    ) -> None:
        """`longest`: seconds that a call takes at most when it has no deadline of its own; not for streams."""
        self._identity = identity
        self._limiter = limiter
        self._metrics = metrics
        self._longest = longest
        self._rules = rules

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable["Handler | None"]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "Handler | None":
        handler = await continuation(handler_call_details)
        if handler is None:  # gRPC itself answers UNIMPLEMENTED
            return None
        method = str(handler_call_details.method)
        if handler.unary_unary is not None:
            inner: Callable[..., Any] = handler.unary_unary

            async def unary(request: Any, context: Context) -> Any:
                return await self._guard(method, request, context, self._longest, lambda: inner(request, context))

            return grpc.unary_unary_rpc_method_handler(unary, handler.request_deserializer, handler.response_serializer)
        if handler.unary_stream is not None:
            stream: Callable[..., Any] = handler.unary_stream

            async def streamed(request: Any, context: Context) -> None:
                await self._guard(method, request, context, None, lambda: stream(request, context))

            return grpc.unary_stream_rpc_method_handler(
                streamed, handler.request_deserializer, handler.response_serializer
            )
        # None of ours takes a stream: nobody has thought about how one is held in bounds.
        return None

    async def _guard(
        self, method: str, request: Any, context: Context, longest: float | None, work: Callable[[], Awaitable[T]]
    ) -> T:
        sent = metadata_of(context)
        name = request_id(sent.get(REQUEST_ID))
        trailing = ((REQUEST_ID, name),)
        context.set_trailing_metadata(trailing)
        started, code = time.perf_counter(), grpc.StatusCode.OK
        attributes = {"rpc.system": "grpc", "rpc.method": method.lstrip("/"), "catalog.request_id": name}
        with (
            tracing.server_span(method.lstrip("/"), sent.get("traceparent"), attributes) as span,
            structlog.contextvars.bound_contextvars(request_id=name, **_trace(span)),
        ):
            try:
                seconds = _seconds(context, longest)
                with deadline.within(seconds):
                    return await _ended_by(seconds, self._answer(method, request, context, sent, work))
            except asyncio.CancelledError:
                code = grpc.StatusCode.CANCELLED
                raise
            except grpc.aio.AbortError:
                code = context.code() or grpc.StatusCode.UNKNOWN
                raise
            except Exception as error:
                problem = explain(error)
                if problem is None:
                    _log.exception("grpc.failed", method=method)
                rendered = render(problem, name)
                code = rendered.code
                await context.abort(code, rendered.message, (*trailing, (DETAILS, rendered.details)))
            finally:
                took = time.perf_counter() - started
                self._metrics.observe(method, code.name, took)
                span.set_attribute("rpc.grpc.status_code", code.value[0])
                _log.info("grpc.call", method=method, code=code.name, seconds=round(took, 4))

    async def _answer(
        self, method: str, request: Any, context: Context, sent: Mapping[str, str], work: Callable[[], Awaitable[T]]
    ) -> T:
        await self._admit(method, request, context, sent)
        return await work()

    async def _admit(self, method: str, request: Any, context: Context, sent: Mapping[str, str]) -> None:
        """Raises Unauthenticated, Forbidden and TooManyRequests."""
        rule = self._rules.get(method)
        if rule is None:
            raise Forbidden("Nobody may call this method.")
        if rule.permission is None:
            return

        async def identify() -> Principal:
            return await self._identity.identify(sent.get("authorization"), sent.get("x-api-key"))

        address = self._limiter.address(peer_of(context), sent.get(FORWARDED_FOR, ""))
        cost = rule.cost(request)
        try:
            who = await identify()
        except Unauthenticated:
            # A credential that does not hold costs the address something, or guessing would be free.
            await self._limiter.spend(ANYBODY, address, cost, rule.kind)
            raise
        await self._limiter.spend(who, address, cost, rule.kind)
        who.require(rule.permission)
        set_caller(Caller(who, identify))


def _trace(span: Span) -> dict[str, str]:
    trace_id = tracing.trace_id(span)
    return {"trace_id": trace_id} if trace_id else {}


async def _ended_by(seconds: float | None, work: Coroutine[Any, Any, T]) -> T:
    """What the work answers. Raises DeadlineExceeded after so many seconds.

    It is cancelled once and waited for: gRPC cancels at the deadline as well, and a second cancellation would break off
    the first one while that is still on its way to Postgres.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait((task,), timeout=seconds)
    except asyncio.CancelledError:
        await _cancelled(task)
        raise
    if not task.done():
        if await _cancelled(task):
            raise asyncio.CancelledError
        raise DeadlineExceeded
    return task.result()


async def _cancelled(task: "asyncio.Task[Any]") -> bool:
    """Cancel the task and wait until it has ended; whether somebody cancelled this meanwhile."""
    task.cancel()
    again = False
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError:
            again = True
    if not task.cancelled():
        task.exception()
    return again


def _seconds(context: Context, longest: float | None) -> float | None:
    """How long the call may take, None for as long as it likes. Raises DeadlineExceeded."""
    left = context.time_remaining()
    if left is None or left > FOREVER:
        return longest
    if left <= 0:
        raise DeadlineExceeded
    return left if longest is None else min(left, longest)
