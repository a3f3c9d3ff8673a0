"""Who calls: what the interceptor has found out about the call at hand, for its method."""

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import grpc

from catalog.principals import Principal


@dataclass(frozen=True, slots=True)
class Caller:
    """`again` looks at the credential once more. Raises Unauthenticated when it holds no longer."""

    who: Principal
    again: Callable[[], Awaitable[Principal]]


FORWARDED_FOR = "x-forwarded-for"
_caller: ContextVar[Caller] = ContextVar("caller")
set_caller = _caller.set


def caller() -> Caller:
    """Raises LookupError where no interceptor let the call in: nothing is answered to a caller nobody looked at."""
    return _caller.get()


def metadata_of(context: grpc.aio.ServicerContext[Any, Any]) -> Mapping[str, str]:
    """The text of the call's metadata. Of several with one name the first, but for what each proxy adds to."""
    headers: dict[str, str] = {}
    for name, value in context.invocation_metadata() or ():
        if not isinstance(value, str):
            continue
        if name == FORWARDED_FOR and name in headers:
            headers[name] += f",{value}"
        headers.setdefault(name, value)
    return headers


def peer_of(context: grpc.aio.ServicerContext[Any, Any]) -> str:
    """'ipv4:127.0.0.1:5000', 'ipv6:%5B::1%5D:5000' -> the address and port."""
    _, _, address = unquote(context.peer()).partition(":")
    return address
