"""What a recording is made of: one request, or one conversation, with its name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

ServerName = Literal["main", "degraded", "limited"]
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A part of a recording.

    `name` is unique; `interface` groups names in the file. `credential` names a token or key of `Accounts`; empty for
    none. `volatile` are JSON keys and headers whose values differ between two recordings of the same code.
    """

    name: str
    interface: str
    credential: str = ""
    server: ServerName = "main"
    volatile: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest(Step):
    """`path` holds the query as it is sent when `params` is empty. At most one of `json`, `form` and `content` is set.

    `${NAME}` in path, headers, JSON and form stands for a value that an earlier request has saved. `saves` maps such a
    name to the place in the JSON answer, with dots.
    """

    method: str = "GET"
    path: str
    params: Pairs = ()
    json: Any = None
    form: Mapping[str, str] | None = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    saves: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpcCall(Step):
    """A call of `catalog.v1.ProductService`, or with `service` of another one. `messages` of a stream are read.

    `request` has the fields of the request message as protobuf's JSON has them.
    """

    rpc: str
    request: Mapping[str, Any] = field(default_factory=dict)
    service: str = "catalog.v1.ProductService"
    messages: int = 0
    saves: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Send:
    """A message to send over a socket: JSON, or text as it is."""

    message: Any


@dataclass(frozen=True, slots=True)
class Receive:
    """So many messages are awaited and recorded."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """A request over HTTP during a conversation; its answer is not recorded."""

    request: HttpRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveConversation(Step):
    """One socket from its opening to its end; a server that closes it is awaited when `closes` is set."""

    parts: tuple[Send | Receive | Meanwhile, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    closes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed(Step):
    """Not recorded: the time until every change is in the index and can be found."""

    name: str = "wait"
    interface: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStream(Step):
    """The entries of the Redis stream of domain events, once the relay has published all."""


def get(name: str, path: str, interface: str = "rest", **options: Any) -> HttpRequest:
    return HttpRequest(name=name, path=path, interface=interface, **options)


def send(name: str, method: str, path: str, json: Any = None, interface: str = "rest", **options: Any) -> HttpRequest:
    return HttpRequest(name=name, method=method, path=path, json=json, interface=interface, **options)


def search_after_changes(name: str, query: str, interface: str, **options: Any) -> HttpRequest:
    """A search by name, without its scores.

    Old versions of documents count in scores until Elasticsearch merges them away, which it puts off for up to half a
    minute; and what was made just now has a newness that grows less with every second.
    """
    path = f"/api/v1/search?{query}&sort=name"
    return HttpRequest(name=name, path=path, interface=interface, volatile=("score",), **options)
