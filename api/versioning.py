"""Which parts of the interface are on their way out, and how clients are told. The policy is docs/versioning.md.

A route that is to go gets a line in DEPRECATED. Its answers then carry `Deprecation` (RFC 9745), `Sunset` (RFC 8594)
and links (RFC 8288), and the OpenAPI document marks it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime

from mappings.json_types import Json


@dataclass(frozen=True, slots=True)
class Deprecated:
    """`route` is a template as the OpenAPI document has it; no `methods` means all of them. Days begin in UTC."""

    route: str
    since: date
    sunset: date
    explained_at: str
    methods: frozenset[str] = frozenset()
    successor: str | None = None

    def concerns(self, method: str, route: str) -> bool:
        return route == self.route and (not self.methods or method in self.methods)

    def headers(self) -> list[tuple[bytes, bytes]]:
        links = [f'<{self.explained_at}>; rel="deprecation"; type="text/html"']
        if self.successor:
            links.append(f'<{self.successor}>; rel="successor-version"')
        since, sunset = (datetime.combine(day, time(), UTC) for day in (self.since, self.sunset))
        return [
            (b"deprecation", f"@{int(since.timestamp())}".encode()),
            (b"sunset", format_datetime(sunset, usegmt=True).encode()),
            (b"link", ", ".join(links).encode()),
        ]


DEPRECATED: tuple[Deprecated, ...] = ()


def headers_of(method: str, route: str, table: Iterable[Deprecated] | None = None) -> list[tuple[bytes, bytes]]:
    """What the answers of this route carry, and nothing for one that stays."""
    for entry in DEPRECATED if table is None else table:
        if entry.concerns(method, route):
            return entry.headers()
    return []


def mark(document: Json, table: Iterable[Deprecated] | None = None) -> None:
    """Say it in the OpenAPI document, in place."""
    for entry in DEPRECATED if table is None else table:
        for method, operation in document["paths"].get(entry.route, {}).items():
            if entry.concerns(method.upper(), entry.route):
                operation["deprecated"] = True
