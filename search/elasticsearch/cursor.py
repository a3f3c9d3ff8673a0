"""Where a walk through results has come to, as a signed text that a client sends back. Pure.

The text holds a point in time of the index, the place in its order, and how the words were understood, so that every
page of a walk is of the same list, whatever changes meanwhile. It is signed because it names things inside
Elasticsearch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import jwt

from catalog.errors import InvalidInput
from mappings.json_types import Response
from search.planning.plan import MatchingStrategy, SearchPlan
from search.request import SearchRequest
from search.text.attribute_values import Named
from search.text.synonyms import restore
from search.text.words import change

# A walk begins with this instead of a cursor.
START = "*"
AUDIENCE = "cursor"
ALGORITHM = "HS256"
AGAIN = f"start again with cursor={START}"


@dataclass(frozen=True, slots=True)
class Cursor:
    """`after` are the sort values of the last hit, `position` its place; `point` the point in time, if any."""

    after: tuple[Any, ...]
    position: int
    point: str | None
    search: str
    now: str
    strictness: MatchingStrategy | None
    corrections: Mapping[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    near: tuple[tuple[str, float], ...] = ()
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    named: Named = field(default_factory=dict)


_FIELDS = [field.name for field in fields(Cursor)]


def after_last(plan: SearchPlan, response: Response, point: str | None, position: int) -> Cursor:
    """The cursor behind the last hit of a response."""
    return Cursor(
        tuple(response["hits"]["hits"][-1]["sort"]),
        position,
        response.get("pit_id", point),
        fingerprint(plan.request),
        plan.context.now.isoformat(),
        plan.query.matching,
        dict(plan.query.corrections),
        plan.query.dropped,
        plan.query.split,
        plan.query.category_shares,
        plan.query.words.synonyms,
        plan.query.attribute_values,
    )


def write(cursor: Cursor, key: str) -> str:
    """The signed text of a cursor."""
    state = {name: getattr(cursor, name) for name in _FIELDS}  # not copied at every depth, as `asdict` would
    return jwt.encode({"aud": AUDIENCE, "at": state}, key, algorithm=ALGORITHM)


def read(text: str, request: SearchRequest, key: str) -> Cursor:
    """The cursor of a text; raises InvalidInput for one that we did not write, or wrote for another search."""
    try:
        state = jwt.decode(text, key, algorithms=[ALGORITHM], audience=AUDIENCE, options={"require": ["aud"]})["at"]
        cursor = Cursor(**state)
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError) as error:
        raise InvalidInput.of("cursor", f"is not a cursor of this service; {AGAIN}") from error
    if cursor.search != fingerprint(request):
        raise InvalidInput.of("cursor", f"belongs to another search: only per_page may change; {AGAIN}")
    return cursor


def fingerprint(request: SearchRequest) -> str:
    """Equal for requests that find the same products in the same order."""
    forced = request.forced
    # As the first cursors were written: a cursor is read by older instances, and by newer ones that name things anew.
    scope = _written(
        "Forced",
        category=repr(forced.category),
        brands=repr(forced.brands),
        attributes=repr(forced.attributes),
        in_stock=repr(forced.in_stock),
        on_sale=repr(forced.on_sale),
    )
    text = _written(
        "SearchRequest",
        q=repr(request.q),
        category=repr(request.category),
        brands=repr(request.brands),
        attributes=repr(request.attributes),
        ranges=repr(request.ranges),
        price=repr(request.price),
        in_stock=repr(request.in_stock),
        on_sale=repr(request.on_sale),
        sort=repr(request.sort),
        page="1",
        per_page="1",
        facets="None",
        cursor="None",
        explain="False",
        exact=repr(request.exact),
        narrow=repr(request.narrow),
        either=repr(request.either),
        language=repr(request.language),
        forced=scope,
    )
    return sha256(text.encode()).hexdigest()[:32]


def _written(name: str, **fields: str) -> str:
    return f"{name}({', '.join(f'{field}={text}' for field, text in fields.items())})"


def resume(plan: SearchPlan, cursor: Cursor) -> SearchPlan:
    """The plan of the walk's first page, made of the request alone and what the cursor remembers."""
    corrections = dict(cursor.corrections)
    query = replace(
        plan.query,
        words=restore(change(plan.query.words, corrections, cursor.dropped, cursor.split), cursor.synonyms),
        matching=cursor.strictness,
        attribute_values={text: tuple(tokens) for text, tokens in cursor.named.items()},
        category_shares=tuple((path, share) for path, share in cursor.near),
        corrections=tuple(corrections.items()),
        dropped=tuple(cursor.dropped),
        split=tuple(cursor.split),
    )
    return replace(plan, context=replace(plan.context, now=datetime.fromisoformat(cursor.now)), query=query)
