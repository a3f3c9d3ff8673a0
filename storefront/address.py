"""The address of a result page: what is searched, filtered and sorted, under the REST interface's parameter names."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

HOME = "/"
# Whoever changes what is looked for begins at the first page of it.
_PLACE = ("page", "cursor")
# Parameters that say how results are shown, not which.
_NO_FILTERS = ("q", "sort", "per_page", "facets", "exact", *_PLACE)


@dataclass(frozen=True, slots=True)
class Address:
    """Pairs in the order in which they were sent. Every method that changes something gives a new address."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Address":
        """Values as search reads them, so that what is selected can be recognised and taken out."""
        return cls(tuple((name, unicodedata.normalize("NFC", value).strip()) for name, value in pairs))

    @property
    def url(self) -> str:
        """'/?q=mug&brand=Carry'; blank parameters, as forms send them, are left out."""
        pairs = [(name, _sendable(value)) for name, value in self.pairs if value]
        return f"{HOME}?{urlencode(pairs, quote_via=quote, safe='/:,')}" if pairs else HOME

    def get(self, name: str) -> str:
        return next((value for key, value in self.pairs if key == name), "")

    def has(self, name: str, value: str) -> bool:
        return bool(self._spelled(name, value))

    @property
    def filters(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, value) for name, value in self.pairs if value and name not in _NO_FILTERS)

    def without(self, *names: str) -> "Address":
        return Address(tuple(pair for pair in self.pairs if pair[0] not in names and pair[0] not in _PLACE))

    def without_filters(self) -> "Address":
        return Address(tuple(pair for pair in self.pairs if pair[0] in _NO_FILTERS and pair[0] not in _PLACE))

    def put(self, name: str, value: str | None) -> "Address":
        """With this one value for the parameter; None takes it out."""
        pairs = self.without(name).pairs
        return Address(pairs if value is None else (*pairs, (name, value)))

    def toggled(self, name: str, value: str) -> "Address":
        """With this value beside the parameter's others, or without it where it is set."""
        spelled = self._spelled(name, value)
        pairs = tuple(pair for pair in self.pairs if pair[0] not in _PLACE and pair not in spelled)
        return Address(pairs if spelled else (*pairs, (name, value)))

    def between(self, name: str, low: str | None, high: str | None) -> "Address":
        """With these limits, both included, for a range."""
        return self.put(f"{name}_min", low).put(f"{name}_max", high)

    def at_page(self, page: int) -> "Address":
        address = self.without(*_PLACE)
        return address if page == 1 else Address((*address.pairs, ("page", str(page))))

    def fields(self, *names: str) -> list[tuple[str, str]]:
        """The hidden fields of a form that sets these names itself."""
        return [pair for pair in self.without(*names).pairs if pair[1]]

    def _spelled(self, name: str, value: str) -> list[tuple[str, str]]:
        """The pairs that mean this value; a brand counts whatever its case."""
        exact = [(name, value)] if (name, value) in self.pairs else []
        folded = [pair for pair in self.pairs if pair[0] == name and pair[1].casefold() == value.casefold()]
        return exact or (folded if name == "brand" else [])


def _sendable(value: str) -> str:
    return value.encode(errors="replace").decode()
