"""Results of searches as messages, copied by the names of their fields. Pure."""

from typing import Any, TypeVar

import orjson
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct

from api.grpc.products_out import money
from catalog.v1 import product_service_pb2 as pb
from search.result import AutocompleteResult, Result, SearchResult, to_json

M = TypeVar("M", bound=Message)


def search_response(result: SearchResult) -> pb.SearchResponse:
    return filled(pb.SearchResponse(), result)


def suggest_response(result: AutocompleteResult) -> pb.SuggestResponse:
    """The sections stand side by side with what is said of all of them."""
    return filled(filled(pb.SuggestResponse(), result), result.sections)


def filled(message: M, source: Result) -> M:
    """The message with each field that the result has, too; what is None there is left out."""
    for field in message.DESCRIPTOR.fields:
        value = getattr(source, field.name, None)
        if value is None:
            continue
        target = getattr(message, field.name)
        if isinstance(value, tuple):
            _extend(target, value)
        elif isinstance(value, dict) and not isinstance(target, Message):
            target.update(value)
        elif isinstance(target, Message):
            target.SetInParent()
            _fill(target, value)
        else:
            # Amounts of money are the only numbers that are sent as text.
            amount = isinstance(value, float) and isinstance(target, str)
            setattr(message, field.name, money(value) if amount else value)
    return message


def _extend(target: Any, values: tuple[Any, ...]) -> None:
    """A repeated field: of messages, which are made in their place, or of what needs no conversion."""
    for value in values:
        if isinstance(value, Result | dict):
            _fill(target.add(), value)
        else:
            target.append(value)


def _fill(message: Message, value: Any) -> None:
    if isinstance(message, Struct):
        # Anything that JSON can hold; through JSON, because a tuple or a result is nothing for a Struct.
        message.update(orjson.loads(to_json(value)))
    else:
        filled(message, value)
